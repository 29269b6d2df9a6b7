# Checkpoints as training scripts write them.
python3 "$SOURCE/tests/cli/training_checkpoints.py" "$MODEL"
for model in *.pth; do
    echo "$model"
    maskmill info "$model" 2>&1 | grep -E '^(weights in|prefix dropped|wrapper dropped|parameters|maskmill)' || true
done
maskmill info --json prefix-sam.pth | grep -oE '"(weights_in|prefix_dropped)": "[^"]*"'

# A run says once that it drops a prefix, unless it is quiet, and finds the same masks.
run() {
    model=$1 output=$2
    shift 2
    maskmill run "$@" --model "$model" --points-per-side 4 --box-nms-thresh 1 --pred-iou-thresh 0 \
        --stability-score-thresh 0 "$IMAGES/tall.png" -o "$output"
}
masks() {
    sed 's/.*"annotations"//' "$1/tall.json"
}
run prefix-sam.pth sam 2>&1 | grep 'prefix "'
run prefix-module.pth module --quiet
run "$MODEL" official --quiet
run wrapped.pth wrapped 2>&1 | grep 'dropped'
run wrapped-model.pth both 2>&1 | grep 'dropped'
masks official >expected
for output in sam module wrapped both; do
    masks "$output" | cmp - expected && echo "the same masks"
done

# eval and bench say it, too.
mkdir photos
cp "$IMAGES/tall.png" photos/a.png
echo '{"image": {"width": 90, "height": 256}, "annotations": [
    {"segmentation": {"size": [256, 90], "counts": [0, 11520, 11520]}}]}' >photos/a.json
maskmill eval --json --model prefix-sam.pth --set points-per-side=4 photos 2>&1 | grep dropped
maskmill bench --json --model wrapped.pth --set points-per-side=2 --repeat 1 photos/a.png 2>&1 | grep dropped
