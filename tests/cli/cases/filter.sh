# `filter`: what it reads, what it refuses, and when it says that a run may give other masks. That its records are
# those of a run is in filter_run.sh.
python3 - <<'PYTHON'
import json, os
def mask(x, width, iou, stability, **more):
    # Columns x .. x + width - 1 of 10 x 8 pixels.
    counts = [x * 8, width * 8, (10 - x - width) * 8]
    return {"segmentation": {"size": [8, 10], "counts": counts[:-1] if counts[-1] == 0 else counts},
            "area": width * 8, "bbox": [x, 0, width - 1, 7], "predicted_iou": iou,
            "point_coords": [[x + 0.5, 4.0]], "stability_score": stability, "crop_box": [0, 0, 10, 8], **more}
masks = [mask(0, 4, 0.75, 0.5), mask(1, 4, 1.0, 0.75), mask(6, 3, 0.5, 1.0), mask(9, 1, 0.9, 0.25)]
def put(name, content):
    os.makedirs(os.path.dirname(name) or b".", exist_ok=True)
    with open(name, "w") as file:
        json.dump(content, file)
def record(name, number, **more):
    return {"image": {"image_id": number, "width": 10, "height": 8, "file_name": name, **more},
            "annotations": [dict(m, id=10 * i) for i, m in enumerate(masks)]}
put(b"records/a.json", record("a.jpg", 1))
put(b"records/deep/b.v2.json", record("deep/b.v2.jpg", 2))
put(b"records/bad.json", {"image": record("bad.jpg", 3)["image"], "annotations": [dict(masks[0], id=0, area=3)]})
put(b"odd/x\xff\n.json", record("x\ufffd\n.jpg", 4, file_name_hex=b"x\xff\n.jpg".hex()))
put(b"odd/<b>'\".json", record("<b>'\".jpg", 5))
put(b"amg/a.json", masks)
put(b"amg/empty.json", [])
coco = lambda m, i: {k: v for k, v in m.items() if k in ("segmentation", "area", "predicted_iou")} | {"image_id": i}
images = [{"id": i, "width": 10, "height": 8, "file_name": name} for i, name in
          enumerate(["a.jpg", "a.png", "x/c.png", "../up.png", "@coco/d.png", ".maskmill/filter.png", "n" * 300 + ".jpg"])]
put(b"coco.json", {"images": images, "annotations": [dict(coco(m, i), id=10 * i + j) for i in range(len(images))
                                                     for j, m in enumerate(masks)]})
lacking = [dict(masks[0]), dict(masks[1])]
del lacking[1]["predicted_iou"], lacking[1]["stability_score"], lacking[1]["crop_box"]
put(b"lacking/l.json", lacking)
put(b"sizes/s.json", {"image": record("s.jpg", 6)["image"], "annotations": [dict(masks[2], id=0), dict(masks[0], id=1, predicted_iou=0.5)]})
put(b"none/notes.txt", {})
PYTHON
# Of each mask: id, first column, area, predicted IoU, stability.
show() {
    python3 - "$@" <<'PYTHON'
import json, sys
for name in sys.argv[1:]:
    print(name, [(a["id"], a["bbox"][0], a["area"], a.get("predicted_iou"), a.get("stability_score"))
                 for a in json.load(open(name))["annotations"]])
PYTHON
}

echo "--- one bad record costs nothing else; ids count from 0"
status maskmill filter records -o out/a --pred-iou-thresh 0.5 --min-area 16
tree out/a
show out/a/a.json
maskmill verify out/a
echo "--- thresholds: above, at least; order of NMS"
maskmill filter sizes -o out/b --stability-score-thresh 0.5 --pred-iou-thresh 0.25
maskmill filter records -o out/c --stability-score-thresh 0.75 2>/dev/null || show out/c/a.json
maskmill filter records -o out/d --box-nms-thresh 0.4 2>/dev/null || show out/d/a.json
maskmill filter records -o out/e --mask-nms-thresh 0.5 --max-masks 2 2>/dev/null || show out/e/a.json
maskmill filter records -o out/f --non-overlapping better 2>/dev/null || show out/f/a.json
maskmill filter records -o out/g --max-area-fraction 0.4 2>/dev/null || show out/g/a.json

echo "--- odd names"
status maskmill filter odd -o out/odd --pred-iou-thresh 0.8
python3 -c 'import os; print(sorted(n for n in os.listdir(b"out/odd") if n != b".maskmill"))'
cat out/odd/x*.json
echo

echo "--- amg.py, COCO, NDJSON, PNG; names that may not be"
status maskmill filter amg -o out/amg --pred-iou-thresh 0.7
show out/amg/a.json
status maskmill filter coco.json -o out/coco --pred-iou-thresh 0.7 2>&1 | sed 's/n\{9,\}/nnn/g'
tree out/coco
show out/coco/a.json out/coco/x/c.json
status maskmill filter coco.json -o out/coco2 --stability-score-thresh 0.7 2>&1 | grep -v nnn
maskmill export records -f ndjson,png -o made 2>/dev/null || status maskmill filter made/ndjson -o out/ndjson --pred-iou-thresh 0.5 --min-area 16
diff -r out/a out/ndjson && echo "the same"
status maskmill filter made/png -o out/png --pred-iou-thresh 0.5 --min-area 16
show out/png/a.json

echo "--- scores that are not there"
status maskmill filter lacking -o out/lacking --pred-iou-thresh 0.1
status maskmill filter lacking -o out/lacking --max-masks 1
status maskmill filter lacking -o out/lacking --crop-nms-thresh 0.5
status maskmill filter lacking -o out/lacking --min-area 1 --pred-iou-thresh 0 --mask-nms-thresh 1 --non-overlapping smaller
show out/lacking/l.json

echo "--- what a run's records have been through"
mkdir -p run/.maskmill
cp records/a.json run
cat >run/.maskmill/run.json <<'JSON'
{"maskmill": "0.1.0", "pred-iou-thresh": "0.3", "stability-score-thresh": "0", "box-nms-thresh": "0.7",
 "crop-nms-thresh": "0.7", "crop-n-layers": "0", "max-masks": "9", "tile": "0", "fields": "centroid", "min-area": "2"}
JSON
status maskmill filter run -o out/run --pred-iou-thresh 0.4 --min-area 2
cat out/run/.maskmill/filter.json
grep -o '"centroid": [^]]*]' out/run/a.json
status maskmill filter run -o out/run1 --stability-score-thresh 0.6 --min-area 3
status maskmill filter run -o out/run2 --pred-iou-thresh 0.2 --max-masks 0 --box-nms-thresh 0.8 --min-area 9 --mask-nms-thresh 0.9
grep -E 'pred|max-m|area|nms' out/run2/.maskmill/filter.json
status maskmill filter out/run -o out/run3 --pred-iou-thresh 0.3
diff -r out/run out/run3 && echo "the same"
status maskmill filter out/run -o out/run4 --pred-iou-thresh 0.95 --max-masks 5
status maskmill filter run -o out/run5 --max-area 1 --fields runs
cat out/run5/a.json
echo
status maskmill filter run -o run --pred-iou-thresh 0.4
echo '{"pred-iou-thresh": "high"}' >run/.maskmill/run.json
status maskmill filter run -o out/run6 --pred-iou-thresh 0.4
echo 'text' >run/.maskmill/run.json
status maskmill filter run -o out/run6 --pred-iou-thresh 0.4
[ ! -e out/run6 ]

echo "--- nothing is replaced unasked"
status maskmill filter odd -o out/odd --pred-iou-thresh 0.8
status maskmill filter odd -o out/odd --pred-iou-thresh 0.9
status maskmill filter records -o out/amg --pred-iou-thresh 0.7
mkdir -p out/theirs/deep
cp records/a.json out/theirs/z.json
status maskmill filter records -o out/theirs --pred-iou-thresh 0.5 --min-area 16
echo mine >out/theirs/deep/b.v2.json
rm -r out/theirs/.maskmill out/theirs/a.json
status maskmill filter records -o out/theirs --pred-iou-thresh 0.5 --min-area 16
tree out/theirs
status maskmill filter records -o out/theirs --pred-iou-thresh 0.5 --min-area 16 --overwrite
tree out/theirs
diff out/a/deep/b.v2.json out/theirs/deep/b.v2.json
mkdir out/arun
cp -r run/.maskmill out/arun
status maskmill filter records -o out/arun --min-area 16 --overwrite

echo "--- without a filter: the same records, in a run's form"
maskmill filter coco.json -o out/copy 2>/dev/null || show out/copy/a.json
maskmill filter records -o out/copy2 2>/dev/null || show out/copy2/a.json

echo "--- usage"
status maskmill filter records --min-area 3
status maskmill filter -o out/usage --min-area 3
status maskmill filter records -o out/usage --min-area 3 --max-area 2
status maskmill filter records -o out/usage --pred-iou-thresh 2
status maskmill filter records -o out/usage --points-per-side 8
status maskmill filter records -o out/usage --fields centre --min-area 3
status maskmill filter records -o records/new --min-area 3
status maskmill filter records -o records/@new --min-area 3
status maskmill filter none -o out/usage --min-area 3
status maskmill filter nowhere -o out/usage --min-area 3
ls -A out/usage records
