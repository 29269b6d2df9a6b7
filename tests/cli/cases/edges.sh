# Edges of images: a PNG each, the same for any number of threads; only what is missing is made; bad images are left out.
mkdir photos photos/a
cp "$IMAGES/tall.png" photos/a/tall.png
echo no image >photos/bad.jpg
status maskmill edges --model "$MODEL" --grid 4 -t 1 photos -o one
status maskmill edges --model "$MODEL" --grid 4 -t 3 photos/a/tall.png -o three
cmp one/a/tall.png three/tall.png && echo same
find one -type f | sort
file one/a/tall.png | sed 's/.*PNG/PNG/'
echo kept >one/a/tall.png
rm photos/bad.jpg
status maskmill edges --model "$MODEL" --grid 4 photos -o one
cat one/a/tall.png
status maskmill edges --model "$MODEL" --grid 4 --bits 16 --thick --overwrite photos -o one
file one/a/tall.png | sed 's/.*PNG/PNG/'
# Wrong usage.
status maskmill edges photos
status maskmill edges -o one
status maskmill edges --bits 12 photos -o one
mkdir empty
status maskmill edges empty -o one
# Against true segments: the map of the segments' own border is perfect, but for its last row and column.
cp "$IMAGES/tall.png" photos/tall.png
rm -r photos/a
echo '{"image": {"width": 90, "height": 256}, "annotations": [
    {"segmentation": {"size": [256, 90], "counts": [0, 11520, 11520]}},
    {"segmentation": {"size": [256, 90], "counts": [11520, 11520]}}]}' >photos/tall.json
mkdir maps
cp one/a/tall.png maps/tall.png
maskmill eval --json --edges photos --maps maps | sed -E 's/, "ods.*//'
status maskmill eval --edges photos --maps nowhere
status maskmill eval photos --maps maps
status maskmill eval --edges --masks maps photos
maskmill eval --json --model "$MODEL" --edges photos | sed -E 's/, "ods.*//'
