# The masks of an image that texts name: a small model of random weights finds and ranks them.
LOOK="python3 $SOURCE/tests/cli/classes.py"
python3 "$SOURCE/tests/cli/clip_model.py" clip 2
cp "$IMAGES/tall.png" .
PREDICT="maskmill predict --quiet --model $MODEL --set points-per-side=4 --set pred-iou-thresh=0 --set stability-score-thresh=0 --set box-nms-thresh=0.7"
CLIP="--clip clip/clip.safetensors"
$PREDICT tall.png --text "a wheel" $CLIP -o one
$LOOK texts one/tall.json
$PREDICT tall.png --text "a wheel" --text "a cat" -k 3 $CLIP --png --overlay --format coco -o two
$LOOK texts two/tall.json
tree two
maskmill verify two | sed 's/[0-9]* good/N good/'
$PREDICT tall.png --text "a wheel" --text "a cat" --top 3 --threads 3 $CLIP --json >printed.json
$LOOK texts printed.json
# All of them are the masks of a run.
$PREDICT tall.png --text "a wheel" -k 0 $CLIP -o all
maskmill run --quiet --model "$MODEL" --points-per-side 4 --pred-iou-thresh 0 --stability-score-thresh 0 \
    --box-nms-thresh 0.7 -o run tall.png
for folder in all run; do
    grep -o '"counts": "[^"]*"' $folder/tall.json | sort >$folder.counts
done
cmp all.counts run.counts && echo "the same masks"
$PREDICT tall.png --text "a wheel" -k 0 --clip-background keep $CLIP -o keep
$LOOK texts keep/tall.json | sed 's/ [0-9]* / all /'
cmp -s all/tall.json keep/tall.json || echo "but others come first"

echo "--- what is refused"
status $PREDICT tall.png --text "a wheel" -o no
status $PREDICT tall.png --text "a wheel" --point 3,3 $CLIP -o no
status $PREDICT tall.png --point 3,3 $CLIP -o no
status $PREDICT tall.png --point 3,3 -k 2 -o no
status $PREDICT tall.png --text "" $CLIP -o no
status $PREDICT tall.png --text "a wheel" $CLIP
status $PREDICT tall.png --text "a wheel" $CLIP -o one
