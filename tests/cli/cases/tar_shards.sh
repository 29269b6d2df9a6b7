# Shards take tars as a whole: a second start of each has nothing to do and keeps its failures, `status` counts the
# images where their tar was read, and another number of shards knows what was done.
mkdir in
echo "no image" >in/bad.png
for tar in a b c; do
    for i in 1 2 3; do
        cp "$IMAGES/tall.png" in/$i.png
    done
    tar cf $tar.tar -C in bad.png 1.png 2.png 3.png
done
start() {
    status maskmill run $QUICK a.tar b.tar c.tar -o masks --shard $1 2>/dev/null
}
attempts() {
    cat masks/.maskmill/ledger-*.ndjson | grep -c '"status"'
}
for shard in 0 1 2; do
    start $shard/3
done
attempts
for shard in 0 1 2; do
    start $shard/3
    cut -d, -f1-3 masks/failed-$shard-of-3.ndjson
done
attempts
maskmill status masks | awk '{ print $1, $2, $3 }'
start 0/2
start 1/2
maskmill run $QUICK a.tar b.tar c.tar -o masks || true
cut -d, -f1-3 masks/failed.ndjson
attempts
