# `maskmill predict --boxes`: a detector's boxes in COCO's forms and in NDJSON to instance masks.
mkdir -p photos/some
cp "$IMAGES/tall.png" "$IMAGES/enlarged.png" photos
cp "$IMAGES/enlarged.png" photos/some/b.png
cp "$IMAGES/enlarged.png" photos/some/c.png
boxes() { maskmill predict --quiet --model "$MODEL" "$@"; }

cat >made.py <<'PYTHON'
"""Boxes of a detector: a COCO document, COCO's results, NDJSON; some of them bad."""
import json
IMAGES = [{"id": 7, "file_name": "tall.png", "width": 90, "height": 256, "license": 3}, {"id": 2, "file_name": "some/b.png"},
          {"id": 3, "file_name": "missing.png"}, {"id": 4, "file_name": "enlarged.png", "width": 136, "height": 200},
          {"id": 5, "file_name": "../photos/tall.png"}, {"id": 6, "file_name": "some/b.png"}, {"id": 8},
          {"id": 9, "file_name": "some/c.png", "width": 3}, {"id": 10, "file_name": ".//tall.png"}]
CATEGORIES = [{"id": 3, "name": "cat", "supercategory": "animal"}, {"id": 80, "name": "na\u00efve"}]
def box(number, image, bbox, **more):
    return dict({"id": number, "image_id": image, "category_id": 3, "bbox": bbox}, **more)
BOXES = [box(100, 7, [10, 20, 70.5, 180], score=0.98, area=1.5, iscrowd=1, segmentation=[[1, 2, 3, 4, 5, 6]], predicted_iou=7),
         box(50, 7, [-5, 0, 500, 30.25], category_id=80, category="its own", more={"a": [1, 2.5, None, True, "\u00e9"]}), box(101, 7, [10, 20, 0, 9]),
         box(102, 7, [10, 20, -3, 9]), box(103, 7, [95, 20, 3, 9]), box(104, 7, [float("nan"), 20, 3, 9]), box(105, 7, [1, 2, 3]),
         box(106, 7, "x"), {"image_id": 7}, 5, box(107, 3, [1, 2, 3, 4]), box(108, 4, [1, 2, 3, 4]), box(109, 44, [1, 2, 3, 4]),
         {"image_id": 7, "bbox": [1, 2, 1e9, 4]}, {"image_id": 7, "bbox": [1, 2, 30, 40]},
         {"image_id": 7, "bbox": [1, 2, 30, 40], "category": "dog"}]
json.dump({"info": {"year": 2026}, "images": IMAGES, "annotations": BOXES, "categories": CATEGORIES}, open("coco.json", "w"))
json.dump({"images": IMAGES[:1], "annotations": BOXES[:1], "categories": CATEGORIES}, open("one.json", "w"))
results = [{k: b[k] for k in ("image_id", "category_id", "bbox")} for b in BOXES[:2]]
json.dump([dict(results[0], image_id=2, score=0.25), dict(results[0], score=1), dict(results[1], score=0.5)], open("results.json", "w"))
with open("lines.ndjson", "w") as out:
    for line in ({"image": "tall.png", "boxes": [[10, 20, 80.5, 200], [-5, 0, 495, 30.25]], "categories": ["cat", "dog"], "scores": [0.98, 1]},
                 {"image": "some/b.png", "boxes": [[1, 2, 30, 40], [5, 5, 5, 9], [1, 2]], "categories": ["dog", "cat", "bird"]},
                 {"image": "enlarged.png", "boxes": []}, {"image": "photos/../tall.png", "boxes": [[1, 2, 3, 4]]},
                 {"image": "tall.png", "boxes": [[1, 2, 3, 4]]}, {"image": "x.png", "boxes": [[1, 2, 3, 4]], "scores": []},
                 {"image": 5, "boxes": []}, {"image": "x.png", "boxes": 3}, 7):
        out.write(json.dumps(line) + "\n")
    out.write("\n{\n")
long = "x" * 250 + ".png"
json.dump({"image": long, "boxes": [[1, 2, 30, 40]], "categories": [17]}, open("long.ndjson", "w", encoding="utf-8-sig"))
open("long.ndjson", "a").write("\n" + json.dumps({"image": "tall.png", "boxes": [[1, 2, 30, 40]], "categories": [17]}) + "\n")
PYTHON
cat >say.py <<'PYTHON'
"""A COCO document in lines; its masks are those of the records, and what COCO says of them follows from the runs."""
import json, os, sys
folder = sys.argv[1]
results = folder + "/@coco-results/results.json"
document = json.load(open(results if os.path.exists(results) else folder + "/@coco/instances.json"))
if isinstance(document, list):
    document = {"annotations": document}
images = document.get("images", [])
for image in images:
    print("image", json.dumps(image))
for category in document.get("categories", []):
    print("category", json.dumps(category))
for a in document["annotations"]:
    shown = {k: v for k, v in a.items() if k not in ("segmentation", "area", "bbox", "predicted_iou", "stability_score")}
    print(json.dumps(shown), sorted(set(a) - set(shown)))
for image in images:
    record = json.load(open(folder + "/" + image["file_name"].rsplit(".", 1)[0] + ".json"))
    assert (record["image"]["width"], record["image"]["height"]) == (image["width"], image["height"])
    mine = [a for a in document["annotations"] if a["image_id"] == image["id"]]
    assert len(mine) == len(record["annotations"]), image
    for a, b in zip(mine, record["annotations"]):
        assert a["segmentation"] == b["segmentation"] and a["area"] == b["area"] and a["predicted_iou"] == b["predicted_iou"]
        assert a["bbox"][:2] == b["bbox"][:2] and (a["area"] == 0 or a["bbox"][2:] == [s + 1 for s in b["bbox"][2:]])
        assert a.get("score") == b.get("score") and b["source"] == "box"
        print("  in the record:", b.get("category"), b.get("score"))
PYTHON
python3 made.py

echo "-- a COCO document"
status boxes --boxes coco.json --images photos -o coco
tree coco
python3 say.py coco
maskmill verify coco

echo "-- a document of one image; the same masks as boxes of the command line"
boxes --boxes one.json --images photos -o one
python3 say.py one
boxes photos/tall.png --box 10,20,80.5,200 --json >line.json
python3 -c 'import json; a, b = [json.load(open(f))["annotations"][0] for f in ("one/tall.json", "line.json")]; assert a["segmentation"] == b["segmentation"]; assert a["predicted_iou"] == b["predicted_iou"]'

echo "-- COCO's results: their images are in another document"
status boxes --boxes results.json --images photos -o results
boxes --boxes results.json --coco coco.json --images photos -o results --overwrite
python3 say.py results
tree results

echo "-- NDJSON"
status boxes --boxes lines.ndjson --images photos -o lines --png --overlay --format yolo
cat lines/@yolo/data.yaml
cut -c1-2 lines/@yolo/tall.txt
tree lines
python3 say.py lines

echo "-- a name that is too long with its endings; categories that are numbers"
cp photos/tall.png "photos/$(printf '%0250d' 0 | tr 0 x).png"
status boxes --boxes long.ndjson --images photos --overlay -o long 2>&1 | sed 's/xxx*/x.../g'
python3 say.py long
tree long

echo "-- one image of the file"
boxes --boxes one.json photos/tall.png -o only
tree only
status boxes --boxes coco.json photos/tall.png -o only --overwrite 2>only.log
grep -c tall.png only.log
grep -v tall.png only.log || true
status boxes --boxes lines.ndjson photos/some/b.png -o b 2>/dev/null
tree b
status boxes --boxes lines.ndjson photos/none.png -o none
status boxes --boxes one.json photos/none.png -o none

echo "-- nothing is replaced unasked; the same bytes for any number of threads"
status boxes --boxes one.json --images photos -o one
cp -r one before
boxes --boxes one.json --images photos -o one --overwrite -t 3
diff -r before one
for threads in 1 2 5; do
    boxes --boxes coco.json --images photos -o "t$threads" --overlay -t $threads >"t$threads.log" 2>&1 || true
done
diff -r t1 t2 && cmp t1.log t2.log && diff -r t1 t5 && cmp t1.log t5.log && echo "the same"
diff -r -x '*.overlay.jpg' t1 coco

echo "-- refused"
echo '{"annotations": []}' >none.json
echo '[1' >torn.json
for wrong in "--boxes missing.json --images photos" "--boxes none.json --images photos" "--boxes torn.json --images photos" \
    "--boxes made.py --images photos" "--boxes one.json" "--boxes one.json --images nowhere" "--boxes one.json --images photos photos/tall.png" \
    "--boxes one.json --images photos --point 1,1" "--boxes one.json --images photos --multimask" \
    "--boxes one.json --images photos --json" "--boxes one.json --images photos --format coco" \
    "--boxes results.json --coco lines.ndjson --images photos" "--boxes results.json --coco none.json --images photos"; do
    status boxes $wrong -o refused
    rm -rf refused
done
status boxes --boxes one.json --images photos
