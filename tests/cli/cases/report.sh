# maskmill report: what the page is given, of one run and of two, as a folder and as one file.
CHECK="python3 $SOURCE/tests/cli/report_check.py"
mkdir -p photos/deep
cp "$IMAGES/tall.png" photos/
cp "$IMAGES/shrunk.png" photos/deep/wide.png
cp "$IMAGES/tall.png" photos/gone.png
printf 'no image' >photos/broken.jpg
maskmill run $QUICK photos -o run 2>/dev/null || true
rm photos/gone.png
echo '{"image": {}}' >run/damaged.json

echo "--- a folder"
status maskmill report run --images photos -o out/page
$CHECK show out/page
rm run/damaged.json
status maskmill report run --images photos -o out/page
status maskmill report run --images photos -o out/page/ --overwrite
$CHECK same out/page run
ls -A out

echo "--- links, and no photographs"
status maskmill report run --images photos -o linked --photos link
$CHECK show linked | sed -n 1,2p
status maskmill report run
$CHECK show report | sed -n 1,2p

echo "--- one file"
status maskmill report run --images photos --single-file
$CHECK same report.html run
status maskmill report run --images photos --single-file -o report.html
cp report.html old.html
status maskmill report run --images photos --single-file --overwrite
ls -A

echo "--- two runs"
mkdir fewer
cp run/tall.json fewer/
python3 - <<'PYTHON'
import json, os
record = json.load(open("run/deep/wide.json"))
record["annotations"] = record["annotations"][:3]
os.makedirs("fewer/deep")
json.dump(record, open("fewer/deep/wide.json", "w"))
record["image"].update(file_name="other.png", image_id=5)
json.dump(record, open("fewer/other.json", "w"))
PYTHON
status maskmill report run fewer --photos none -o two
$CHECK show two | grep pair
maskmill export fewer -f coco -o coco
status maskmill report coco/instances.json fewer --photos none -o three
$CHECK show three | grep -E "pair|run"
status maskmill report coco/instances.json coco/instances.json --photos none -o four
status maskmill report run fewer coco -o four
[ ! -e four ]

echo "--- other tools' records"
maskmill export fewer -f png,ndjson -o others
for records in others/png others/ndjson coco; do
    status maskmill report $records --images photos -o "others/${records##*/}.report"
    $CHECK show "others/${records##*/}.report" | sed -n 1,2p
done

python3 - <<'PYTHON'
import json
found = json.load(open("coco/instances.json"))
image, annotation = found["images"][0], found["annotations"][0]
found["images"] = [dict(image, id=number, file_name=f"{number:03}.png") for number in range(501)]
found["annotations"] = [dict(annotation, id=number + 1, image_id=number) for number in range(501)]
json.dump(found, open("many.json", "w"))
PYTHON
maskmill report many.json --images photos -o many 2>/dev/null
$CHECK show many | sed -n 1p

echo "--- filtered records have the options of both"
maskmill filter run -o strict --min-area 50 2>/dev/null
maskmill report strict --photos none -o strict.report
grep -o '"min-area":"50"' strict.report/data/report.js

echo "--- at the end of a run"
maskmill run $QUICK photos/tall.png photos/deep -o own --report
$CHECK show own/@report
cp -r own before
maskmill run $QUICK photos/tall.png photos/deep -o own --report
diff -r before/@report own/@report | grep -v created | grep '^Only' || true
status maskmill run $QUICK photos -o own --shard 0/2 --report --extend
mkdir -p fresh/@report
echo mine >fresh/@report/notes.txt
status maskmill run $QUICK photos/tall.png -o fresh --report
find fresh -name '*.json' ! -path '*/.maskmill/*'
