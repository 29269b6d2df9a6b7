# A tar from standard input, a tar to standard output. What breaks off has no end, and a status that says so.
cp "$IMAGES/tall.png" 0001.png
cp "$IMAGES/shrunk.png" 0003.png
echo "no image" >0002.jpg
mkdir @coco
cp 0001.png @coco/x.png
tar cf reserved.tar @coco/x.png
rm -r @coco
tar cf in.tar 0001.png 0002.jpg 0003.png
tar czf in.tgz 0001.png
# The status goes to standard error, beside which the tar is.
run() {
    code=0
    maskmill run $QUICK "$@" || code=$?
    echo "status $code" >&2
}
run - -o - --copy-images <in.tar >out.tar
# The size of a record depends on the last digits of its scores, and so on the CPU.
tar -tvf out.tar --full-time --utc | sed -E '/ [0-9]+\.json$/s/ [0-9]+ (1970)/ SIZE \1/; s/ +/ /g'
run in.tar -o - --copy-images >file.tar 2>/dev/null
tar -xOf out.tar 0001.json | cut -c1-100
tar -xOf file.tar 0001.json | cut -c1-100
cat in.tgz | maskmill run $QUICK - -o - | tar tf -

echo "--- into a folder, and into a folder of tars"
run - -o files <in.tar
tree files
run - -o files <in.tar
run - -o tars --to tar <in.tar
tree tars
tar tf tars/stdin.tar
run - -o reserved <reserved.tar
mkdir mine
echo mine >mine/0001.json
run - -o mine <in.tar

echo "--- broken off"
head -c 6000 in.tar | run - -o - >broken.tar
head -c 9216 in.tar | run - -o broken
run - -o - </dev/null >empty.tar
run in.tar -o - >/dev/full
head -c 6000 in.tar >damaged.tar
run damaged.tar -o - >broken2.tar
truncated() {
    python3 -c '
import sys, tarfile
for mode in ("r|", "r:"):
    try:
        list(tarfile.open(sys.argv[1], mode))
        print("whole")
    except tarfile.ReadError as reason:
        print(reason)' $1
}
truncated out.tar
truncated broken.tar
truncated broken2.tar
wc -c <empty.tar

echo "--- what cannot be"
run - in.tar -o - <in.tar
run - -o out --shard 0/2 <in.tar
printf '%s\n' - 0001.png >list
run --list list -o out <in.tar
run '{-,in.tar}' -o out <in.tar
run in.tar in.tgz -o -
run 0001.png -o -
run . -o -
run in.tar -o - --overwrite
run in.tar -o - --report
run in.tar -o - --print-config >config
head -n 2 config
