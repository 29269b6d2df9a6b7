# The configuration as JSON and back, presets, and a point grid that is part of what decides a run.
maskmill run --preset sa1b --pred-iou-thresh 0.5 --format coco,yolo --print-config >first.json
maskmill run --config first.json --print-config >second.json
cmp first.json second.json && cat first.json
echo '{"preset": "sa1b", "points_per_side": 8}' >preset.json
maskmill run --config preset.json --print-config | grep -E 'points_per_side|crop_n_layers|max_area_fraction'
for text in '{"no_such": 1}' '{"points_per_side": 0}' '{"points_per_side": [1]}' '{"overlay": 1}' '[]' '{' ; do
    echo "$text" >bad.json
    status maskmill run --config bad.json --print-config
done

printf '# two points\n0.5,0.5\n0.25 0.75\n' >grid.txt
status maskmill run $QUICK --point-grid grid.txt "$IMAGES/tall.png" -o out
printf '0.5,0.5\n0.25,0.75\n' >grid.txt
status maskmill run $QUICK --point-grid grid.txt "$IMAGES/tall.png" -o out
printf '0.5,0.5\n0.25,0.76\n' >grid.txt
status maskmill run $QUICK --point-grid grid.txt "$IMAGES/tall.png" -o out
for line in 0.5 0.5,1.5 0.5,0.5,0.5 '' '0.5;0.5'; do
    echo "$line" >grid.txt
    status maskmill run $QUICK --point-grid grid.txt "$IMAGES/tall.png" -o other
done
status maskmill run $QUICK --point-grid missing.txt "$IMAGES/tall.png" -o other
