# Classes from CLIP: a small model of random weights names the masks of two photographs.
LOOK="python3 $SOURCE/tests/cli/classes.py"
python3 "$SOURCE/tests/cli/clip_model.py" clip 2
printf 'wheel\ncat\n\n  car door \r\ncat\n' >names.txt
mkdir photos
cp "$IMAGES"/tall.png "$IMAGES"/shrunk.png photos
CLASSES="--classes names.txt --clip clip/clip.safetensors"
MILL="maskmill run $QUICK --box-nms-thresh 0.7"
$MILL -o plain photos
$MILL $CLASSES -o out photos
tree out
$LOOK check out names.txt
# But for the classes they are the records of a run without.
$LOOK bare out bare && $LOOK bare plain bare-plain && diff -r bare bare-plain && echo "the same masks"
grep -o '"c[a-z]*_sha256"' out/.maskmill/run.json

echo "--- any threads and workers, a second start, tars, a stream"
$MILL $CLASSES --threads 3 -o threads photos
$MILL $CLASSES --workers 2 --threads 1 -o workers photos
rm threads/tall.json
$MILL $CLASSES --workers 2 -o threads photos
for other in threads workers; do
    diff -r -x .maskmill -x failed.ndjson out $other && echo "the same"
done
tar -cf t.tar -C photos shrunk.png tall.png
$MILL $CLASSES --to tar -o totar t.tar
mkdir untarred && tar -xf totar/t.tar -C untarred
for name in shrunk tall; do
    sed 's/"image": {.*}, "annotations/"annotations/' out/$name.json >a
    sed 's/"image": {.*}, "annotations/"annotations/' untarred/$name.json >b
    cmp a b && echo "the same"
done
$MILL $CLASSES -o - - <t.tar | tar -tf -
status $MILL --classes "$SOURCE/tests/cli/cases/classes.sh" --clip clip/clip.safetensors -o out photos 2>&1 |
    sed 's/"[0-9a-f]\{64\}"/SUM/g; s/[0-9a-f]\{64\}/SUM/g'

# A byte order mark is no part of the first name, so these are the same classes.
printf '\357\273\277wheel\r\ncat\r\ncar door\r\n' >windows.txt
status $MILL --classes windows.txt --clip clip/clip.safetensors -o out photos

echo "--- other commands read them"
maskmill verify out --images photos | sed 's/[0-9]* good/N good/'
maskmill export out -f coco --classes names.txt -o coco
$MILL $CLASSES --format coco -o with-coco photos
cmp coco/instances.json with-coco/@coco/instances.json && echo "the same"
grep -o '"categories": .*' coco/instances.json
maskmill filter out -o few --max-masks 2
$LOOK check few names.txt

echo "--- label: the same bytes"
LABEL="maskmill label $CLASSES --images photos"
$LABEL plain -o labelled | sed 's/[0-9]* of [0-9]*/all/'
diff -r -x .maskmill -x failed.ndjson out labelled && echo "the same"
$LABEL plain -o labelled
rm labelled/tall.json
$LABEL plain -o labelled | sed 's/[0-9]* of [0-9]*/all/'
diff -r -x .maskmill -x failed.ndjson out labelled && echo "the same"
mkdir of-tar && cp -r photos of-tar/t
maskmill label $CLASSES --images of-tar totar -o from-tar | sed 's/[0-9]* of [0-9]*/all/'
tree from-tar
status $LABEL --class-min 0.5 plain -o labelled
status $LABEL --scale-16bit minmax plain -o labelled
status $LABEL --class-min 1 --overwrite plain -o labelled | sed 's/of [0-9]*/of all/'
diff -r -x .maskmill -x failed.ndjson plain labelled && echo "as without classes"
# Where a start with --overwrite was stopped, what is there counts for nothing.
ls labelled/.maskmill
rm labelled/.maskmill/filter.json
status $LABEL --class-min 1 plain -o labelled
status $LABEL plain -o plain
status $LABEL plain -o photos
# A class from people stays, one from a model goes; all else stays as it is written.
mkdir mine
printf '[ {"category":"cat","category_score":0.5,"x" : 1,"segmentation": {"size": [2, 3], "counts": [2, 1, 3]}},
  {"category": "dog", "y":[1,2], "segmentation": {"size": [2, 3], "counts": [2, 1, 3]}} ]\n' >mine/small.json
$LOOK png 3 2 photos/small.png
$LABEL mine -o named
sed 's/"category_score": 0\.[0-9]*/"category_score": X/' named/small.json
echo '[{"segmentation": {"size": [2, 4], "counts": [2, 1, 5]}}]' >mine/small.json
echo '[{"segmentation": {"size": [2, 4], "counts": [2, 1, 5]}}]' >mine/gone.json
echo '[]' >mine/none.json
status $LABEL mine -o refused
cat refused/none.json

echo "--- CLIP's embeddings of masks"
CLIP="--embeddings clip --clip clip/clip.safetensors"
$MILL $CLIP -o rows photos/shrunk.png photos/tall.png
$MILL $CLIP $CLASSES --threads 3 -o rows-too photos/shrunk.png photos/tall.png
tree rows
diff -r rows/@embeddings rows-too/@embeddings && echo "the same"
cmp rows-too/tall.json out/tall.json && cmp rows/tall.json plain/tall.json && echo "the same records"
maskmill verify rows | sed 's/[0-9][0-9]* good/N good/; s/of [0-9]* masks/of M masks/'
head -c 128 rows/@embeddings/tall.npy | tr -cd "[:print:]" | sed "s/([0-9]*, /(N, /; s/ *$//" && echo
grep -o '"c[a-z]*_sha256"' rows/.maskmill/run.json
status $MILL --embeddings clip -o no photos

# What is most like a text, among them.
maskmill similar rows --text "a wheel" --clip clip/clip.safetensors -k 1000 >lines
maskmill run $QUICK --box-nms-thresh 0.7 --embeddings clip --clip clip/clip.safetensors -o one photos/tall.png
maskmill similar one --text "a wheel" --clip clip/clip.safetensors -k 1000 >lines-of-one
maskmill predict --quiet --model "$MODEL" --set points-per-side=4 --set pred-iou-thresh=0 --set stability-score-thresh=0 \
    --set box-nms-thresh=0.7 photos/tall.png --text "a wheel" -k 0 --clip clip/clip.safetensors -o ranked
$LOOK alike lines-of-one ranked/tall.json
head -n 1 lines-of-one | sed 's/"similarity.*/.../'
maskmill similar rows --mask tall:0 --text "a cat" --text "a wheel" --clip clip/clip.safetensors -k 1 \
    --sheet sheet.png --images photos | sed 's/"similarity.*/.../'
python3 "$SOURCE/tests/cli/clip_model.py" other 3
status maskmill similar rows --text "a wheel" --clip other/clip.safetensors
$MILL --embeddings image -o of-sam photos/tall.png
status maskmill similar of-sam --text "a wheel" --clip clip/clip.safetensors
status maskmill similar rows --text "a wheel"
status maskmill similar rows --clip clip/clip.safetensors --mask tall:0
status maskmill similar rows --text "a wheel" --clip clip/clip.safetensors --within
status maskmill similar rows --text "a wheel" --clip clip/clip.safetensors --duplicates

echo "--- what is refused"
status $MILL --classes names.txt -o no photos
status $MILL --clip clip/clip.safetensors -o no photos
status $MILL --class-min 0.5 -o no photos
status $MILL --clip-background keep -o no photos
status $MILL $CLASSES --tile 128 --halo 32 -o no photos
status $MILL $CLASSES --template cat -o no photos
status $MILL --classes names.txt --clip "$MODEL" -o no photos 2>&1 | sed "s|$SOURCE/||"
printf '\n' >empty.txt
status $MILL --classes empty.txt --clip clip/clip.safetensors -o no photos
yes whatever | head -n 200 | tr '\n' ' ' | cut -c 1-250 >long.txt
status $MILL --classes long.txt --clip clip/clip.safetensors -o no photos
mkdir apart && cp clip/clip.safetensors apart
status $MILL --classes names.txt --clip apart/clip.safetensors -o no photos
$MILL --classes names.txt --clip apart/clip.safetensors --clip-vocab clip/merges.txt -o apart-out photos
diff -r -x .maskmill -x failed.ndjson -x small.json out apart-out && echo "the same"
sed 3d clip/merges.txt >apart/merges.txt
status $MILL --classes names.txt --clip apart/clip.safetensors -o no photos
status maskmill label plain --classes names.txt --clip clip/clip.safetensors -o no
status maskmill label plain --clip clip/clip.safetensors --images photos -o no
