# Tars in folders are taken, under the same names as tars that are listed, and go on where they stopped.
mkdir -p in/deep
cp "$IMAGES/tall.png" 1.png
cp "$IMAGES/tall.png" 2.png
tar -cf in/sa_0.tar 1.png 2.png
tar -cf in/deep/SA_1.TAR 1.png
cp 1.png in/a.png
maskmill run $QUICK in -o out
tree out
(cd in && find . -type f | maskmill run $QUICK --list - -o ../listed)
tree listed
rm out/sa_0/2.json
maskmill run $QUICK in -o out
maskmill status out | awk '$1 == "all" { print $2 " done, " $4 " left" }'
for i in 0 1 2; do
    maskmill run $QUICK in -o sharded --shard $i/3
done
tree sharded
status maskmill run $QUICK in -o tiles --tile 512
mkdir in/sa_0
cp 1.png in/sa_0
status maskmill run $QUICK in -o clash
