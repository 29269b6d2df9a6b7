# --overlay writes a JPEG of the image's size beside the record.
maskmill run $QUICK --overlay "$IMAGES/tall.png" -o out
tree out
head -c 3 out/tall.overlay.jpg | od -An -tx1

# Options of pictures decide it: run.json names those that are not the defaults, so runs that are older go on.
grep -c 'palette\|alpha\|labels\|outline' out/.maskmill/run.json || true
maskmill run $QUICK --overlay --palette bright --alpha 0.4 "$IMAGES/tall.png" -o out
status maskmill run $QUICK --overlay --palette okabe-ito "$IMAGES/tall.png" -o out
maskmill run $QUICK --overlay --palette okabe-ito --labels iou --outline-width 0 --alpha 1 "$IMAGES/tall.png" -o styled
grep 'palette\|alpha\|labels\|outline' styled/.maskmill/run.json | tr -d ' ,' | sort
cmp out/tall.json styled/tall.json
cmp -s out/tall.overlay.jpg styled/tall.overlay.jpg || echo "another picture"
status maskmill run $QUICK --overlay --palette neon "$IMAGES/tall.png" -o out
status maskmill run $QUICK --overlay --alpha 1.5 "$IMAGES/tall.png" -o out

# The same bytes for any number of threads and workers.
for way in "--threads 1 --workers 1" "--threads 3 --workers 2"; do
    maskmill run $QUICK $way --overlay --labels number "$IMAGES" -o "way$way" 2>/dev/null || true
done
diff -r -x .maskmill -x '*.ndjson' "way--threads 1 --workers 1" "way--threads 3 --workers 2" && echo "the same"
