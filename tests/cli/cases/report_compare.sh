# Two runs whose records do not name their images, or cannot be compared.
CHECK="python3 $SOURCE/tests/cli/report_check.py"
mkdir photos a b many others
cp "$IMAGES/tall.png" photos/one.png
cp "$IMAGES/shrunk.png" photos/two.png
maskmill run $QUICK photos -o run 2>/dev/null
python3 - <<'PYTHON'
import json
for name in "one", "two":
    record = json.load(open(f"run/{name}.json"))
    for folder in "a", "b":
        json.dump(record["annotations"][:2], open(f"{folder}/{name}.json", "w"))
for folder in "many", "others":
    record["annotations"] = [dict(record["annotations"][0], id=number) for number in range(2200)]
    json.dump(record, open(f"{folder}/two.json", "w"))
PYTHON

# Their names are those of the photographs.
status maskmill report a b --images photos -o page
$CHECK show page

# Pairs of equal masks are as many as the square of their number.
status maskmill report many others --photos none -o page --overwrite
$CHECK show page
