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

# A photograph may have any name; the run's own run.json lies in a folder of its own.
cp photos/a.png photos/run.png
status maskmill run $QUICK --min-area 1 --format coco photos/run.png -o own-name
tree own-name
python3 -c 'import json; print(*(image["file_name"] for image in json.load(open("own-name/@coco/instances.json"))["images"]))'
maskmill verify own-name | sed 's/[0-9]* good/N good/'
