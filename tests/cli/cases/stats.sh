# What records look like, for people and as JSON.
mkdir records
echo '{"image": {"image_id": 1, "width": 7, "height": 5, "file_name": "a.jpg"}, "annotations": [{"segmentation": {"size": [5, 7], "counts": ";32NO012004"}, "area": 11, "bbox": [2, 1, 3, 2], "predicted_iou": 0.9300000071525574, "point_coords": [[3.0, 2.5]], "stability_score": 0.9750000238418579, "crop_box": [0, 0, 7, 5], "id": 0}, {"segmentation": {"size": [5, 7], "counts": "01R1"}, "area": 1, "bbox": [0, 0, 0, 0], "predicted_iou": 1.0, "point_coords": [[0.3, 0.1]], "stability_score": 0.5, "crop_box": [0, 0, 4, 5], "id": 1}]}' >records/a.json
echo '{"image": {"image_id": 2, "width": 7, "height": 5, "file_name": "b.jpg"}, "annotations": []}' >records/b.json
status maskmill stats records
maskmill stats records --json >stats.json
python3 - <<'PYTHON'
import json
stats = json.load(open("stats.json"))
print({name: value for name, value in stats.items() if isinstance(value, int)})
for name in "masks_per_image", "area", "predicted_iou", "stability_score", "relative_size", "concavity":
    told = stats[name]
    print(name, told["count"], round(told["mean"], 6), told["min"], told["max"], sum(told["counts"]), len(told["edges"]))
print(sum(map(sum, stats["centres"])))
PYTHON
mkdir none
status maskmill stats none
echo '{' >records/c.json
status maskmill stats records | tail -n 1
status maskmill stats
status maskmill stats nowhere
