# EfficientSAM: what is said of a model, and what it cannot do.
model="$SOURCE/tests/parity/models/efficientsam_xs.safetensors"
maskmill info "$model" | sed -n '/^family/,/^parameters/p'
maskmill run --print-config --model "$model" | grep pred_iou_thresh
status maskmill run $QUICK --model "$model" --use-m2m "$IMAGES/tall.png" -o out
