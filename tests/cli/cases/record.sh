# A record as SA-1B has it: the fields, and the numbers of the image.
maskmill run $QUICK "$IMAGES/enlarged.png" -o out
python3 - <<'PYTHON'
import json
record = json.load(open("out/enlarged.json"))
print(sorted(record), sorted(record["image"]), record["image"]["width"], record["image"]["height"], record["image"]["file_name"])
print(sorted(record["annotations"][0]), record["annotations"][0]["segmentation"]["size"])
print([mask["id"] for mask in record["annotations"]] == list(range(len(record["annotations"]))))
PYTHON
