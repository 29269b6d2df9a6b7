# Every format from records that are there; a damaged record is refused and the others go on.
mkdir -p records/deep images/deep
cat >records/deep/a.v2.json <<'JSON'
{"image": {"image_id": 7, "width": 7, "height": 5, "file_name": "deep/a.v2.jpg"}, "annotations": [{"segmentation": {"size": [5, 7], "counts": ";32NO012004"}, "area": 11, "bbox": [2, 1, 3, 2], "predicted_iou": 0.9300000071525574, "point_coords": [[3.0, 2.5]], "stability_score": 0.9750000238418579, "crop_box": [0, 0, 7, 5], "id": 0}]}
JSON
sed 's/"image_id": 7/"image_id": 8/; s/deep.a.v2.jpg/b.jpg/' records/deep/a.v2.json >records/b.json
printf '\377\330\377img' >images/deep/a.v2.jpg
printf '\377\330\377img' >images/b.jpg

status maskmill export records -f sa1b,ndjson,rle,coco,coco-results,polygons,png,labels,yolo,tar -o out --images images
tree out
{ cat out/sa1b/deep/a.v2.json; echo; } | cmp - records/deep/a.v2.json
cat out/coco/instances.json out/coco-results/results.json out/polygons/instances.json out/yolo/b.txt out/png/b/metadata.csv
echo
tar -tvf out/tar/000000.tar --full-time --utc

echo "--- started again: the same bytes"
find out -type f | LC_ALL=C sort | xargs sha256sum >sums
maskmill export records -f sa1b,ndjson,rle,coco,coco-results,polygons,png,labels,yolo,tar -o out --images images
sha256sum --check --quiet sums

echo "--- damaged records and images"
printf '{"image": {' >records/c.json
sed 's/"area": 11/"area": 12/' records/b.json >records/d.json
rm images/b.jpg
status maskmill export records -f coco -o out2
status maskmill export records -f tar -o out3 --images images
tree out3

echo "--- usage"
status maskmill export records -f voc -o out4
status maskmill export records -f coco
status maskmill export -f coco -o out4
status maskmill export records -o out4
status maskmill export records -f coco -o out4 --ids random
status maskmill export records -f tar -o out4 --shard-images 0
status maskmill export records -f tar -o out4 --shard-prefix a/b
status maskmill export records -f sa1b -o out4 --fields centre
status maskmill export nowhere -f coco -o out4
status maskmill export records -f rle -o records
status maskmill export records -f rle -o records/deep/rle
maskmill export records -f coco -o records/@coco 2>/dev/null || ls records

# Two images of one document whose names differ in their endings only: the second does not replace the first.
python3 - <<'PYTHON'
import json
image = {"id": 1, "width": 2, "height": 1, "file_name": "a.jpg"}
mask = {"id": 1, "image_id": 1, "category_id": 1, "bbox": [0, 0, 1, 1], "area": 1, "iscrowd": 0,
        "segmentation": {"size": [1, 2], "counts": [0, 1, 1]}}
json.dump({"images": [image, dict(image, id=2, file_name="a.png")], "categories": [],
           "annotations": [mask, dict(mask, id=2, image_id=2)]}, open("twice.json", "w"))
PYTHON
status maskmill export twice.json -f sa1b,coco -o twice
python3 -c '
import json
print([image["file_name"] for image in json.load(open("twice/coco/instances.json"))["images"]])
print(json.load(open("twice/sa1b/a.json"))["image"]["file_name"])'
