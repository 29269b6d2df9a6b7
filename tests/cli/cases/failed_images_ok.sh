# With --failed-images-ok, images that fail make no status 1. They are recorded and counted as without it, and no other
# status changes.
mkdir -p in/sub
cp "$IMAGES/tall.png" in/good.png
echo 'this is text' >in/sub/text.jpg
counts() {
    maskmill status "$1" | awk '$1 == "all" { print $2 " done, " $3 " failed, " $4 " left" }'
    cut -d, -f1-2 "$1/failed.ndjson"
}
LOUD=$(echo "$QUICK" | sed 's/--quiet//')

echo "without it"
status maskmill run $QUICK in -o without
counts without
echo "with it"
status maskmill run $QUICK in -o with --failed-images-ok
counts with
tree with
status maskmill status with >table
tail -n 1 table

echo "started again: failed earlier"
status maskmill run $QUICK in -o with --failed-images-ok
status maskmill run $QUICK in -o with
status maskmill run $QUICK in -o with --failed-images-ok --retry-failed
counts with

echo "the summary, as JSON, and the metrics"
status maskmill run $LOUD in -o words --failed-images-ok 2>log
tail -n 1 log | cut -d, -f 1-2
status maskmill run $LOUD in -o json --failed-images-ok --log-format json --metrics m.prom 2>log
tail -n 1 log | grep -o '"exit_status":[0-9]*\|"done":[0-9]*\|"failed":[0-9]*'
grep 'images_total{' m.prom

echo "all images fail"
mkdir bad
echo text >bad/a.jpg
status maskmill run $QUICK bad -o none --failed-images-ok
counts none

echo "other statuses stay"
status maskmill run $QUICK in -o two --failed-images-ok --no-such-option 2>/dev/null
mkdir empty
status maskmill run $QUICK empty -o two --failed-images-ok 2>/dev/null
: >file
status maskmill run $QUICK in -o file/three --failed-images-ok 2>/dev/null
status maskmill run $QUICK in -o four --failed-images-ok --max-time 0.000001 2>/dev/null
status maskmill run $QUICK bad in -o five --failed-images-ok --max-failures 0 2>/dev/null

echo "a damaged tar"
tar -cf whole.tar -C in good.png
head -c 2000 whole.tar >torn.tar
status maskmill run $QUICK torn.tar -o tar --failed-images-ok 2>/dev/null
counts tar
