# The same segments as pairs, in a tar, as COCO, as label maps of every kind: the same figures.
python3 "$SOURCE/tests/cli/eval_sets.py" .
MILL="maskmill eval --masks masks"
$MILL --json pairs >want
$MILL --json sa.tar | cmp - want && echo tar
$MILL --json --coco coco.json images | cmp - want && echo coco
for kind in gray deep palette rgb; do
    $MILL --json --ignore 255 --label-maps maps-$kind images | cmp - want && echo $kind
done
$MILL --json --label-codes cityscapes --ignore 0-999 --label-maps cities city | cmp - want && echo cityscapes
$MILL --json --label-codes ade20k --label-maps ade ade | cmp - want && echo ade20k
sed 's/"file_name": "/"coco_url": "http:\/\/images.example\/val2017\//g' coco.json >lvis.json
$MILL --json --coco lvis.json images | cmp - want && echo lvis
# Tars: the record first, an image without one, a folder beside them, a damaged end.
tar -cf other.tar -C pairs sa_0.json sa_0.png sa_1.png sa_2.json -C .. names 2>/dev/null || true
mkdir -p masks/other && cp masks/sa_0.json masks/other
status $MILL other.tar | head -n 1
mkdir tars && cp sa.tar tars && head -c 9300 sa.tar >tars/t.tar && mkdir -p masks/t && cp masks/sa/* masks/t
status $MILL tars | head -n 1
# Several folders; of images of one name the first counts.
mkdir first second && cp pairs/sa_[0-2].* first && cp pairs/sa_[2-5].* second
status $MILL --json first second >both
tail -n 1 both
head -n 1 both | cmp - want && echo folders
# By class, with names of the document or of a file; all numbers of a map; its parts.
$MILL --by-class --coco coco.json images | tail -n 3
printf '# classes\n3: Auto\n\n7 Bus\n' >names
$MILL --by-class --class-names names --label-maps maps-gray --background -1 images | tail -n 5
$MILL --components --label-maps maps-gray --ignore 3,255 images | sed -n 2p
$MILL --json --by-class --max-images 2 --coco coco.json images | sed 's/.*"classes"/"classes"/' | cut -c 1-90

# Results are gone on with, put together from shards, and cut off where a line is torn: the same figures.
for i in 0 1 2; do
    $MILL --shard $i/3 --results shard-$i.ndjson --name toys pairs >/dev/null
done
grep -c '"image":' shard-?.ndjson
SLURM_ARRAY_TASK_ID=1 SLURM_ARRAY_TASK_COUNT=3 $MILL --shard auto --results shard-1.ndjson --name toys pairs | head -n 1
status env SLURM_ARRAY_TASK_ID=2 SLURM_ARRAY_TASK_COUNT=3 $MILL --shard auto --results shard-1.ndjson --name toys pairs
maskmill eval --json --from shard-2.ndjson shard-0.ndjson shard-1.ndjson | cmp - want && echo shards
$MILL --max-images 2 --results all.ndjson --name toys pairs | head -n 1
printf '{"image": "sa_3.png", "cli' >>all.ndjson
$MILL --json --results all.ndjson --name toys pairs | cmp - want && echo gone on
wc -l <all.ndjson
cat all.ndjson >before
$MILL --results all.ndjson --name toys pairs >/dev/null
cmp all.ndjson before && echo nothing left
$MILL --results maps.ndjson --name "toys, again" --label-maps maps-gray images >/dev/null
maskmill eval --from all.ndjson maps.ndjson --csv table.csv
maskmill eval --from all.ndjson maps.ndjson --by-class --csv table.csv | sed -n '1,3p;$p'
cut -d , -f 1-4,7 table.csv
maskmill eval --from --json all.ndjson maps.ndjson | sed 's/.*"mean"/"mean"/' | cut -c 1-60

# A model: what it is told decides over going on.
model() { maskmill eval --model "$MODEL" --set points-per-side=2 --results model.ndjson --max-images 1 "$@" >model.out; }
model pairs
status model --clicks 2 pairs
status model --set pred-iou-thresh=0.5 pairs
# Failures are lines, too, and are tried again.
mv pairs/sa_1.json pairs/kept
status $MILL --results failed.ndjson pairs | head -n 2
grep -c failed failed.ndjson
mv pairs/kept pairs/sa_1.json
$MILL --json --results failed.ndjson pairs | cmp - want && echo tried again
head -c 9300 sa.tar >one.tar && cp -r masks/sa masks/one
status $MILL --results tar.ndjson one.tar | head -n 1
cp sa.tar one.tar
$MILL --json --results tar.ndjson one.tar | cmp - want && echo tar again
wc -l <tar.ndjson
$MILL --json --results tar.ndjson one.tar | cmp - want && wc -l <tar.ndjson
# What is refused.
status $MILL --results coco.json pairs
status $MILL --csv coco.json pairs
status $MILL --results all.ndjson pairs
status $MILL --name toys --annotator 0 --results all.ndjson pairs
status $MILL --name toys --results all.ndjson ./pairs/ | head -n 1
status $MILL --name toys --results all.ndjson images
status maskmill eval --masks pairs --name toys --results all.ndjson pairs
status $MILL --results maps.ndjson --name "toys, again" --label-maps maps-palette images
mkdir one two
$MILL --results one/r.ndjson --max-images 1 pairs >one/figures
$MILL --results two/r.ndjson --max-images 1 sa.tar >two/figures
status maskmill eval --from one/r.ndjson two/r.ndjson
status maskmill eval --from coco.json
status maskmill eval --from nothing
status $MILL --label-maps maps-gray --coco coco.json images
status $MILL --ignore 255 images
status $MILL --ignore 7-3 --label-maps maps-gray images
status $MILL --max-images 1 --shard 0/2 pairs
status $MILL --coco names images
status $MILL --label-maps masks images
status $MILL --class-names coco.json pairs
status maskmill eval --edges --results r pairs
status maskmill eval --from --masks masks all.ndjson
sed 's/"annotations": \[/"annotations": [{"image_id": 100, "segmentation": 7}, /; s/sa_2.png/..\/sa_2.png/' coco.json >odd.json
status $MILL --json --coco odd.json images | cut -c 1-60
(cat all.ndjson; echo '{"image": "x.png"}') >short.ndjson
status maskmill eval --from short.ndjson
(cat all.ndjson; echo nonsense) >noise.ndjson
maskmill eval --json --from noise.ndjson | cut -c 1-40
