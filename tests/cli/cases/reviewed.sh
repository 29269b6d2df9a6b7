# What people decided about masks (RUN/.maskmill/review.ndjson) in every format; records stay as they are.
mkdir -p records/deep records/.maskmill
cat >records/a.json <<'JSON'
{"image": {"image_id": 7, "width": 7, "height": 5, "file_name": "a.jpg"}, "annotations": [{"segmentation": {"size": [5, 7], "counts": ";32NO012004"}, "area": 11, "bbox": [2, 1, 3, 2], "predicted_iou": 0.9300000071525574, "point_coords": [[3.0, 2.5]], "stability_score": 0.9750000238418579, "crop_box": [0, 0, 7, 5], "id": 0}, {"segmentation": {"size": [5, 7], "counts": "01R1"}, "area": 1, "bbox": [0, 0, 0, 0], "predicted_iou": 1.0, "point_coords": [[0.5, 0.5]], "stability_score": 0.5, "crop_box": [0, 0, 7, 5], "id": 4}, {"segmentation": {"size": [5, 7], "counts": "11Q1"}, "area": 1, "bbox": [0, 1, 0, 0], "predicted_iou": 0.75, "point_coords": [[0.5, 1.5]], "stability_score": 0.5, "crop_box": [0, 0, 7, 5], "id": 5}]}
JSON
sed 's/"image_id": 7/"image_id": 8/; s/a.jpg/deep\/b.jpg/' records/a.json >records/deep/b.json
sed 's/"image_id": 7/"image_id": 9/; s/a.jpg/c.jpg/' records/a.json >records/c.json
sed 's/"image_id": 7/"image_id": 10/; s/a.jpg/d.jpg/' records/a.json >records/d.json
find records -name '*.json' | LC_ALL=C sort | xargs sha256sum >sums

# event NUMBER IMAGE MEMBERS
event() { printf '{"event": %d, "time": 1767225600.5, "by": "anna", "image": "%s", %s}\n' "$@"; }
log=records/.maskmill/review.ndjson
new='{"segmentation": {"size": [5, 7], "counts": [30, 5]}, "predicted_iou": 0.875, "point_coords": [[6, 1], [6, 3]], "source": "point"}'
other='{"segmentation": {"size": [5, 7], "counts": [0, 5, 30]}, "source": "mask"}'
{
    event 1 a.jpg '"op": "accept", "mask": 0'
    event 2 a.jpg '"op": "reject", "mask": 4'
    event 3 deep/b.jpg '"op": "add", "mask": 6, "annotation": '"$new"
    event 4 deep/b.jpg '"op": "class", "mask": 6, "class": "zebra"'
    event 5 deep/b.jpg '"op": "replace", "mask": 4, "annotation": '"$other"
    event 6 deep/b.jpg '"op": "class", "mask": 4, "class": "ape"'
    event 7 deep/b.jpg '"op": "remove", "mask": 5'
    event 8 deep/b.jpg '"op": "reject", "mask": 0'
    event 9 deep/b.jpg '"op": "undo", "undoes": 8'
    event 10 c.jpg '"op": "accept", "mask": 0'
    event 11 c.jpg '"op": "image", "status": "rejected"'
    event 12 d.jpg '"op": "image", "status": "done"'
    event 13 d.jpg '"op": "class", "mask": 4, "class": "a\"b \u00fc"'
    printf '{"event": 14, "time'
} >$log

echo "--- all formats"
status maskmill export records -f sa1b,ndjson,rle,coco,coco-results,polygons,png,labels,yolo,tar -o out --reviewed
tree out
cat out/ndjson/records.ndjson out/coco/instances.json out/coco-results/results.json out/yolo/deep/b.txt out/yolo/d.txt out/yolo/data.yaml
sha256sum --check --quiet sums

echo "--- only what was accepted"
status maskmill export records -f sa1b,coco -o accepted --accepted-only
tree accepted
grep -c . accepted/coco/instances.json
for image in a deep/b d; do
    echo "$image: $(grep -o '"id": [0-9]*\|"source": "[a-z]*"' accepted/sa1b/$image.json | tr '\n' ' ')"
done

echo "--- read back: verified, filtered, exported again, to the same numbers"
status maskmill verify out/sa1b
maskmill export out/sa1b -f coco,yolo -o again
python3 - <<'PYTHON'
import json
def masks(path):
    document = json.load(open(path))
    names = {category["id"]: category["name"] for category in document["categories"]}
    return [(mask["image_id"], mask["area"], names[mask["category_id"]]) for mask in document["annotations"]]
print(masks("out/coco/instances.json") == masks("again/coco/instances.json") == masks("out/polygons/instances.json"))
print([category["name"] for category in json.load(open("again/coco/instances.json"))["categories"]])
PYTHON
maskmill filter out/sa1b -o filtered --min-area 5
grep -o '"area": [0-9]*\|"category": "[^,]*"' filtered/deep/b.json
printf 'zebra\n\nlion\n' >classes.txt
maskmill export records -f coco,yolo -o named --reviewed --classes classes.txt
cat named/yolo/data.yaml

echo "--- records without classes and reviews without decisions change nothing"
mkdir plain
cp -r records/deep records/a.json plain
mkdir plain/.maskmill
: >plain/.maskmill/review.ndjson
maskmill export plain -f coco,polygons,yolo -o plain-out
maskmill export plain -f coco,polygons,yolo -o plain-reviewed --reviewed
diff -r plain-out plain-reviewed
grep -c '"name": "object"' plain-out/coco/instances.json

echo "--- records in tars"
tar -cf photos.tar -C "$IMAGES" tall.png enlarged.png
maskmill run $QUICK photos.tar --to tar -o tars
{
    event 1 photos/tall.png '"op": "reject", "mask": 0'
    event 2 photos/tall.png '"op": "class", "mask": 1, "class": "cat"'
} >tars/.maskmill/review.ndjson
status maskmill export tars -f ndjson -o tars-out --reviewed
python3 - <<'PYTHON'
import json
before = {line["file_name"]: line["masks"] for line in map(json.loads, open("tars/photos.ndjson"))}
for record in map(json.loads, open("tars-out/records.ndjson")):
    name, masks = record["image"]["file_name"], record["annotations"]
    print(name, before[name] - len(masks), "fewer", masks[0]["id"], masks[0].get("category"))
PYTHON
status maskmill export tars -f tar -o tars-again --accepted-only

echo "--- lists"
for kind in rejected accepted done open; do
    echo "$kind:" $(maskmill review records --print $kind)
done
maskmill review records --print rejected --images ./photos --null | tr '\0' '|'
echo
maskmill review records --print open --images photos/
event 1 ../../secret.jpg '"op": "image", "status": "done"' >$log
status maskmill review records --print done --images photos
status maskmill review records --print all
status maskmill review nowhere --print open
