# `maskmill predict IMAGE`: prompts of the command line and of files, what is written, what is refused.
cp "$IMAGES/tall.png" "$IMAGES/enlarged.png" .
predict() { maskmill predict --quiet --model "$MODEL" "$@"; }
# What a record says, in a line a mask.
cat >say.py <<'PYTHON'
import json, sys
for line in sys.stdin:
    record = json.loads(line)
    print(record["image"]["file_name"], record["image"]["width"], record["image"]["height"])
    for a in record["annotations"]:
        print(" ", a["id"], a["source"], a.get("point_coords"), "empty" if a["area"] == 0 else "iou %.2f" % a["predicted_iou"],
              sorted(set(a) - {"id", "source", "point_coords", "area", "predicted_iou"}) if len(sys.argv) > 1 else "")
PYTHON
say() { python3 say.py "$@"; }

echo "-- prompts"
predict tall.png --point 40,100 -o out
tree out
say members <out/tall.json
predict tall.png --point 40,100 --json | cmp - - <<RECORD
$(cat out/tall.json)
RECORD
predict tall.png --point 40,100 --point 20,30,0 --json | say
predict tall.png --point 40,100 --box 10,20,80,200 --json | say
predict tall.png --box 10,20,80,200 --box -5,0,300,100.5 --json | say
predict tall.png --point 40,100 --multimask --json | say

echo "-- an earlier mask: a picture, a record's annotation, run lengths, of either size"
predict tall.png --point 40,100 --png -o png
predict tall.png --mask png/@png/tall/0.png --json >picture
python3 -c 'import json; print(json.dumps(json.load(open("png/tall.json"))["annotations"][0]))' >annotation.json
predict tall.png --mask annotation.json --json | cmp - picture
predict tall.png --mask "$(cat annotation.json)" --json | cmp - picture
predict tall.png --mask png/tall.json --json | cmp - picture
printf '\357\273\277' | cat - annotation.json >marked.json # as some editors save it
predict tall.png --mask marked.json --json | cmp - picture
predict tall.png --point 40,100 --multimask --json >three.json
status predict tall.png --mask three.json --json
predict tall.png --mask - --json </dev/null 2>&1 | sed 's/^.*: -/-/' || true
cat annotation.json | predict tall.png --mask /dev/stdin --json | cmp - picture
say <picture
predict tall.png --point 40,100 --mask png/@png/tall/0.png --json | say
low=$(maskmill info "$MODEL" | sed -n 's/^mask logits *\([0-9]*\) x.*/\1/p')
predict tall.png --mask "{\"size\": [$low, $low], \"counts\": [$((low * 4)), $((low * 4)), $((low * low - low * 8))]}" --json | say

echo "-- prompts of a file"
echo '{"prompts": [{"points": [[40, 100]]}, {"box": [10, 20, 80, 200], "points": [[1, 2, 0]]}]}' >prompts.json
predict tall.png --prompts prompts.json --json | say
predict tall.png --prompts /dev/stdin --multimask --json <prompts.json | say
status predict tall.png --prompts prompts.json --point 1,2 -o out
echo '{"points": [[40, 100]], "box": [1, 2, 3, 4]}' >wrong.json
status predict tall.png --prompts wrong.json -o out

echo "-- formats, and the same bytes for any number of threads"
predict tall.png --box 10,20,80,200 --box 5,5,50,50 --overlay --png --format coco,yolo,png --fields centroid -t 1 -o one
predict tall.png --box 10,20,80,200 --box 5,5,50,50 --overlay --png --format coco,yolo,png --fields centroid -t 3 -o three
diff -r one three
tree one
grep -o '"centroid"' one/tall.json | wc -l
maskmill verify one
maskmill show tall.png one -o shown.png

echo "-- nothing is replaced unasked"
status predict tall.png --point 40,100 -o out
rm png/tall.json
status predict tall.png --point 40,100 --png -o png
predict enlarged.png --point 40,100 -o out
status predict enlarged.png --point 1,1 --format coco --overwrite -o out
status predict tall.png --point 1,1 --format coco -o out
status predict tall.png --point 40,100 --overwrite -o out
mkdir -p run/.maskmill && touch run/.maskmill/run.json
status predict tall.png --point 40,100 --overwrite -o run

echo "-- refused"
for wrong in "" "--point 1" "--point 1,2,3" "--point 1,x" "--point nan,1" "--point 91,1" "--box 1,2,3" "--box 5,5,5,9" \
    "--box 100,1,200,9" "--box 1,2,3,4 --box 1,2,3,4 --point 1,1" "--box 1,2,3,4 --box 1,2,3,4 --mask x.png" "--mask x.png" "--mask {" \
    '--mask {"size":[3,3],"counts":[0,9]}' '--mask {"size":[256,90],"counts":[23040]}' "--boxes x.json" "--coco x.json --point 1,1" \
    "--images . --point 1,1" "--point 1,1 --format nonsense"; do
    status predict tall.png $wrong -o refused
done
status predict --point 1,1 -o refused
status predict tall.png --point 1,1
status predict tall.png --point 1,1 --json --png
status predict missing.png --point 1,1 -o refused
status predict tall.png enlarged.png --point 1,1 -o refused
status maskmill predict --quiet --model missing.pth tall.png --point 1,1 -o refused
tree refused 2>/dev/null || true
full() { predict tall.png --point 40,100 --json >/dev/full; }
status full
