# A damaged tar counts as one failed image. Put in order again, it is read whole by the next start or by
# --retry-failed, and then nothing is left of its failure.
mkdir in
for i in 1 2 3; do
    cp "$IMAGES/tall.png" in/$i.png
done
tar cf good.tar -C in 1.png 2.png 3.png
damage() {
    head -c 8000 good.tar >t.tar
}
start() {
    status maskmill run $QUICK t.tar -o masks "$@"
}
counts() {
    maskmill status masks | awk '$1 == "all" { print $2 " done, " $3 " failed" }'
    cut -d, -f1-2 masks/failed.ndjson
}
damage
start
start --retry-failed
counts
cp good.tar t.tar
start --retry-failed
counts
start
maskmill merge masks >table
cut -d, -f1-2 masks/ledger.ndjson | sort

echo "without --retry-failed"
rm -r masks
damage
start
cp good.tar t.tar
start
counts

echo "with --overwrite"
damage
start
cp good.tar t.tar
start --overwrite
counts
