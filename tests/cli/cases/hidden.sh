# Hidden images that a list names have records that verify, stats and export see; none is written over the run's own
# files.
mkdir -p .cache/x .maskmill
cp "$IMAGES/tall.png" .cache/x/.a.png
cp "$IMAGES/tall.png" .maskmill/run.png
printf '.cache/x/.a.png\n' >list.txt
status maskmill run $QUICK --list list.txt -o out
printf '.maskmill/run.png\n' >own.txt
status maskmill run $QUICK --list own.txt -o out
(cd .maskmill && tar -cf ../.maskmill.tar run.png)
status maskmill run $QUICK .maskmill.tar -o out
tree out
cmp out/.maskmill/run.json out/.cache/x/.a.json 2>/dev/null || echo run.json is no record
mkdir -p out/.snapshot/hourly
cp out/.cache/x/.a.json out/.snapshot/hourly/a.json
echo junk >out/.cache/x/._.a.json
status maskmill verify out --images .
maskmill stats out | head -n 1
status maskmill export out --format coco -o coco
