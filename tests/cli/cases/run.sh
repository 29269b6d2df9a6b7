# A folder, a file and a list: where records go, and what is said.
mkdir -p photos/sub/deep
cp "$IMAGES/enlarged.png" photos/a.png
cp "$IMAGES/tall.png" photos/sub/deep/b.png
echo no image >photos/notes.txt
status maskmill run $QUICK photos -o from-folder
tree from-folder
status maskmill run $QUICK photos/sub/deep/b.png -o from-file
tree from-file
find photos -name '*.png' | status maskmill run $QUICK --list - -o from-list
tree from-list
