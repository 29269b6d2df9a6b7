# `filter` on a broad run gives byte for byte the records of a run with these options. The built-in model, at
# a small input size, with few points, on two small images.
mkdir photos
cp "$IMAGES/enlarged.png" photos
cp "$IMAGES/tall.png" photos
SMALL="--quiet --image-size 128 --points-per-side 6 --pred-iou-thresh 0 --stability-score-thresh 0 --box-nms-thresh 1 --min-mask-region-area 0"

# Says whether some masks were dropped, not how many: another kind of CPU may find others.
some() {
    awk '/masks kept, 0 refused/ { print ($3 > 0 && $3 < $5) ? "some of the masks are kept" : $0; next } { print }'
}

# compare BROAD OPTION...: filters the run BROAD and runs with the same options.
compare() {
    broad=$1
    shift
    rm -rf filtered run
    maskmill filter "$broad" -o filtered "$@" >said
    maskmill run photos -o run $SMALL $(cat "$broad.options") "$@"
    some <said
    diff -r -x .maskmill -x failed.ndjson run filtered && echo "as run: $*"
}

echo "--crop-n-layers 0" >plain.options
echo "--crop-n-layers 1 --points-per-side 4 --crop-nms-thresh 1 --fields centroid,runs" >crops.options
for broad in plain crops; do
    maskmill run photos -o $broad $SMALL $(cat $broad.options)
done
compare plain --pred-iou-thresh 0.3
compare plain --stability-score-thresh 0.4
compare plain --box-nms-thresh 0.6
compare plain --pred-iou-thresh 0.2 --stability-score-thresh 0.3 --box-nms-thresh 0.7 --max-area-fraction 0.2
compare plain --min-mask-region-area 200 --box-nms-thresh 0.8 --min-area 300 --max-area 60000
compare plain --min-mask-region-area 100 --region-cleanup sa1b --mask-nms-thresh 0.5
compare plain --stability-score-thresh 0.4 --mask-nms-thresh 0.7 --containment-thresh 0.8
compare plain --max-masks 20 --non-overlapping better
compare plain --box-nms-thresh 0.7 --non-overlapping smaller
compare crops --box-nms-thresh 0.7 --crop-nms-thresh 0.7
compare crops --pred-iou-thresh 0.2 --stability-score-thresh 0.4 --box-nms-thresh 0.7 --crop-nms-thresh 0.5 \
    --min-mask-region-area 100 --max-masks 30

echo "--- in two steps, where the order does not matter"
maskmill filter crops -o step --stability-score-thresh 0.4 --max-area-fraction 0.5 | some
maskmill filter step -o steps --crop-nms-thresh 0.6 --max-masks 40 | some
maskmill filter crops -o once --stability-score-thresh 0.4 --max-area-fraction 0.5 --crop-nms-thresh 0.6 \
    --max-masks 40 | some
diff -r once steps && echo "the same"

echo "--- from a narrow run: a threshold of predicted IoU, the filters after NMS"
echo "--crop-n-layers 0 --box-nms-thresh 0.7 --stability-score-thresh 0.3 --max-area 90000" >narrow.options
maskmill run photos -o narrow $SMALL $(cat narrow.options)
compare narrow --pred-iou-thresh 0.3 --max-area 70000 --min-area 100 --mask-nms-thresh 0.8

echo "--- the same records for any number of threads"
for threads in 1 7; do
    OMP_NUM_THREADS=$threads maskmill filter crops -o threads$threads --box-nms-thresh 0.7 --crop-nms-thresh 0.7 \
        --containment-thresh 0.9 | some
done
diff -r threads1 threads7 && echo "the same"
