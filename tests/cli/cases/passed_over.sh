# What is passed over is counted and said: at the end of a run, in JSON, and by `status`.
photo() {
    mkdir -p "$(dirname "$1")"
    cp "$IMAGES/tall.png" "$1"
}
run() {
    maskmill run --model "$MODEL" --points-per-side 2 "$@" 2>&1 | grep -e "passed over" -e "warning" || true
}
photo in/a.PNG
photo in/sub/b.png
photo in/@eaDir/a.png/SYNOPHOTO_THUMB_M.png
photo in/.hidden/c.png
touch in/1.bmp in/2.BMP in/notes.txt in/README in/IM.1.2.840 in/Thumbs.db in/.DS_Store in/a.overlay.jpg
ln -s . in/loop
mkfifo in/pipe.png
run in -o out
tree out
maskmill status out | tail -n 1
maskmill status out --json | grep -o '"passed_over.*\]'| sed 's/,"shards".*//'
maskmill run --model "$MODEL" in -o out --points-per-side 2 --log-format json 2>&1 | grep -o '"passed_over.*\]'
echo "quiet"
run in -o out --quiet

# Every shard walks the same folder: status does not add them up.
for i in 0 1 2; do
    run in -o sharded --shard $i/3
done
maskmill status sharded | tail -n 1

# The output among the inputs.
photo both/a.png
run both -o both --overlay --format png
run both -o both --overlay --format png
tree both
