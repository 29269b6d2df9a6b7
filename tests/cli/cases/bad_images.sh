# Images that are none: each is reported, the others are done, status 1, and nothing half-written is left.
mkdir photos
cp "$IMAGES/tall.png" photos/good.png
echo 'this is text' >photos/text.jpg
: >photos/empty.png
head -c 2000 "$IMAGES/enlarged.png" >photos/truncated.png
status maskmill run $QUICK photos -o out
tree out
