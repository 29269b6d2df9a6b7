# Content decides what a file is, not its ending alone: tars in upper case, under short endings, and, if they are
# named, under any name; an image with the ending of a tar is an image.
cp "$IMAGES/tall.png" a.png
cp "$IMAGES/shrunk.png" b.png
mkdir in
tar -cf plain a.png b.png
gzip -c plain >packed
bzip2 -c plain >in/two.tbz2
xz -c plain >in/three.TXZ
cp packed in/four.Tgz
cp plain in/one.TAR
cp plain in/five.dat
cp packed in/six
cp a.png in/really_an_image.tar
echo text >in/broken.tar
echo text | gzip >in/text.gz
run() {
    status maskmill run --model "$MODEL" --points-per-side 2 "$@" 2>&1 | grep -v "images done"
}
echo "a folder"
run in -o folder
tree folder
echo "named"
run in/* -o named
tree named
echo "a list"
(cd in && ls | sed 's|^|in/|') >list
run --list list -o listed
tree listed
run --list list -o listed
echo "clashes"
cp plain in/one
run in/one in/one.TAR -o clash
