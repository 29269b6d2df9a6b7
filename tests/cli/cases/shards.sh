# Tar shards of a run hold the images with their records, wherever the images came from, and are input again.
mkdir photos
cp "$IMAGES/tall.png" photos/a.png
maskmill run $QUICK --stability-score-thresh 0.3 --format tar -o out photos "$IMAGES/enlarged.png"
tar tf out/@tar/000000.tar
maskmill run $QUICK --stability-score-thresh 0.3 -o again out/@tar/000000.tar
for name in a enlarged; do
    sed 's/^.*"annotations"//' out/$name.json >first
    sed 's/^.*"annotations"//' again/000000/$name.json >second
    cmp first second && echo the same masks
done
# Images that lie in a tar are not copied: the records stand alone.
tar cf photos.tar photos
maskmill run $QUICK --stability-score-thresh 0.3 --format tar -o from-tar photos.tar
tar tf from-tar/@tar/000000.tar
