# What a review cannot be applied to is refused by name; what is no event, by its line.
mkdir -p run/.maskmill
cat >run/a.json <<'JSON'
{"image": {"image_id": 7, "width": 7, "height": 5, "file_name": "a.jpg"}, "annotations": [{"segmentation": {"size": [5, 7], "counts": "01R1"}, "area": 1, "bbox": [0, 0, 0, 0], "predicted_iou": 1.0, "point_coords": [[0.5, 0.5]], "stability_score": 0.5, "crop_box": [0, 0, 7, 5], "id": 4}]}
JSON
sed 's/"image_id": 7/"image_id": 8/; s/a.jpg/b.jpg/' run/a.json >run/b.json
log=run/.maskmill/review.ndjson
event() { printf '{"event": %d, "time": 1767225600.5, "by": "anna", "image": "%s", %s}\n' "$@"; }
mask() { printf '"annotation": {"segmentation": {"size": [%s], "counts": [%s]}, "source": "point"}' "$1" "$2"; }
reviewed() {
    status maskmill export run -f sa1b -o out --reviewed
    if [ -e out ]; then (cd out && ls && rm -r ../out); fi
}

echo "--- no review"
reviewed
status maskmill export run/a.json -f sa1b -o out --reviewed

echo "--- not of these records"
{
    event 1 a.jpg '"op": "accept", "mask": 0'
    event 2 c.jpg '"op": "accept", "mask": 4'
    event 3 d.jpg '"op": "accept", "mask": 4'
    event 4 d.jpg '"op": "undo", "undoes": 3'
} >$log
reviewed
event 1 a.jpg "\"op\": \"replace\", \"mask\": 4, $(mask 5,8 '39, 1')" >$log
reviewed
event 1 a.jpg "\"op\": \"add\", \"mask\": 4, $(mask 5,7 '34, 1')" >$log
reviewed
event 1 a.jpg '"record": "0123456789abcdef", "op": "reject", "mask": 4' >$log
reviewed
event 2 a.jpg '"op": "undo", "undoes": 1' >>$log
reviewed

echo "--- no events"
event 1 a.jpg '"op": "accept", "mask": 4' >$log
printf 'noise\n' >>$log
reviewed
printf '\n' >$log
reviewed
event 2 a.jpg '"op": "accept", "mask": 4' >$log
reviewed
event 1 a.jpg '"op": "approve", "mask": 4' >$log
reviewed
event 1 a.jpg '"op": "class", "mask": 4, "class": "a\u202eb"' >$log
reviewed
event 1 a.jpg "\"op\": \"replace\", \"mask\": 4, $(mask 5,7 '34, 2')" >$log
reviewed
event 1 a.jpg '"op": "accept", "mask": 4' | tr -d '\n' >$log
head -c 3000000 /dev/zero | tr '\0' ' ' >>$log
echo >>$log
reviewed
{ event 1 a.jpg '"op": "accept", "mask": 4'; event 2 a.jpg '"op": "undo", "undoes": 2'; } >$log
reviewed
rm $log
ln -s "$PWD/run/a.json" $log
reviewed
status maskmill review run --print done
