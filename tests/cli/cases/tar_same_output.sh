# Two images in a tar that would write the same record: the first is done, the second fails with both names, and a
# second start does nothing again.
mkdir -p in/sub
cp "$IMAGES/tall.png" in/a.png
cp "$IMAGES/shrunk.png" in/a.jpg
cp "$IMAGES/shrunk.png" in/sub/a.png
cp "$IMAGES/shrunk.png" in/a.b.png
tar cf t.tar -C in a.jpg sub/a.png a.png a.b.png
status maskmill run $QUICK t.tar -o masks
status maskmill run $QUICK t.tar -o masks
status maskmill run $QUICK t.tar -o masks --retry-failed
cat masks/.maskmill/ledger-0-of-1.ndjson | cut -d, -f1-3 | grep path | sort
grep -o '"width": [0-9]*' masks/t/a.json | head -n 1
# The very same name twice: the first counts.
tar cf t.tar -C in a.png
tar rf t.tar -C in a.png
status maskmill run $QUICK t.tar -o twice
tree twice
