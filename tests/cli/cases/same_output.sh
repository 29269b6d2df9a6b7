# Two inputs that would write the same file: an error that names both, before any work.
mkdir photos
cp "$IMAGES/tall.png" photos/a.png
cp "$IMAGES/tall.png" photos/a.jpg
status maskmill run $QUICK photos -o out
tree .
