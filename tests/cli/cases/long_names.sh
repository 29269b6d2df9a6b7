# A record's name that is too long for the file system costs its image only.
long=$(printf 'n%.0s' $(seq 251))
mkdir in
cp "$IMAGES/tall.png" in/$long.png
cp "$IMAGES/tall.png" in/tall.png
status maskmill run $QUICK in -o out 2>&1 | sed "s/$long/LONG/g"
tree out
grep -c "$long" out/failed.ndjson
