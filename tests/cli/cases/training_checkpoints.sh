# Checkpoints as training scripts write them.
python3 "$SOURCE/tests/cli/training_checkpoints.py" "$MODEL"
for model in *.pth; do
    echo "$model"
    maskmill info "$model" 2>&1 | grep -E '^(weights in|prefix dropped|parameters|maskmill)' || true
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
masks official >expected
for output in sam module; do
    masks "$output" | cmp - expected && echo "the same masks"
done
