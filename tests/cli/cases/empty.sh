# No mask passes: a valid, empty record.
status maskmill run --quiet --model "$MODEL" --points-per-side 2 --pred-iou-thresh 1 "$IMAGES/tall.png" -o out
cat out/tall.json
