# Options out of range or no numbers: the option, the value and the range.
for option in 'points-per-side 0' 'points-per-side many' 'points-per-side 3.5' 'points-per-batch -1' 'pred-iou-thresh nan' \
    'stability-score-thresh 1.5' 'stability-score-offset -1' 'box-nms-thresh 2' 'image-size -16' 'threads -1' 'precision f64'; do
    status maskmill run --${option% *} "${option#* }" a.png -o out
done
tree .
