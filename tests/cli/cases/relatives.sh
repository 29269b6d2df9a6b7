# Checkpoints of SAM's relatives, which have its tensors, give the same masks as those tensors alone.
TINY=$SOURCE/tests/parity/models/tiny_xs.safetensors
python3 "$SOURCE/tests/cli/relatives.py" "$MODEL" "$TINY"
records() {
    maskmill run $QUICK --model "$@" "$IMAGES/tall.png" && sed 's/.*"annotations"//' "$output/tall.json"
}
output=vit records "$MODEL" -o vit >expected
for model in micro-sam-best.pt micro-sam-vit_b_lm.pt medsam_vit_b.pth medsam_model_latest.pth; do
    output=out-$model records "$model" -o "out-$model" | cmp - expected && echo "$model: the same masks"
done
mv expected other
output=tiny records "$TINY" -o tiny >expected
cmp -s other expected || echo "the other model has others"
output=out-tinysam records tinysam.pth --image-size 256 -o out-tinysam | cmp - expected && echo "tinysam.pth: the same masks"
grep -c counts expected
maskmill info micro-sam-best.pt | grep -E '^(weights in|prefix)'

# Heads 14 wide, as in SlimSAM-77.
maskmill info "$SOURCE/tests/parity/models/slim_xs.safetensors" | grep -E '^(names of|architecture|image size)'
