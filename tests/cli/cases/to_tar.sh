# For each input tar an output tar of the same name, with the records in the order of the images, and lines about
# them beside it. Unpacked, the records are those that a run writes into a folder.
cp "$IMAGES/tall.png" 0001.png
cp "$IMAGES/shrunk.png" "odd name.v2.PNG"
cp "$IMAGES/enlarged.png" 0003.png
echo "no image" >0002.jpg
echo caption >0001.txt
echo '{"caption": 1}' >0001.json
cp 0003.png 0001.jpg
mkdir -p in/sub
tar cf in/000.tar 0001.png 0001.txt 0001.json 0002.jpg "odd name.v2.PNG"
tar czf in/sub/001.tgz ./0003.png ./0003.png
tar cf in/002.tar 0001.png 0001.jpg
# Several threads have something to say.
sorted() {
    status "$@" >said 2>&1
    sort said
}
run() {
    sorted maskmill run $QUICK in "$@"
}
run -o out --to tar --copy-images
tree out
for tar in 000 sub/001 002; do
    tar -tvf out/$tar.tar --full-time --utc | sed '/error/! s/ [0-9]* \(1970.*\.json\)$/ N \1/'
    sed 's/"seconds":[0-9.]*/"seconds":S/; s/"\(record_\)\?\(offset\|bytes\)":[0-9]*/"\1\2":N/g; s/\[[^]]\{9,\}/[.../g' out/$tar.ndjson
done
# Numbers of a record, and so its size, depend on the kind of CPU; where it lies is what the tar says.
python3 - <<'P'
import json, tarfile
for name in "000", "sub/001", "002":
    members, end = {member.name: member for member in tarfile.open(f"out/{name}.tar")}, 0
    for line in map(json.loads, open(f"out/{name}.ndjson")):
        record = members[line["key"] + (".json" if line["status"] == "done" else ".error.json")]
        print(record.name, line["offset"] == end, line["record_offset"] == record.offset_data, line["record_bytes"] == record.size)
        end += line["bytes"]
P
tar -xOf out/000.tar 0002.error.json
echo
tar -xOf out/000.tar 0001.png | cmp - 0001.png

echo "--- as in a folder"
maskmill run $QUICK in -o folder 2>/dev/null || true
for record in 000/0001 sub/001/0003 002/0001; do
    tar -xOf out/${record%/*}.tar ${record##*/}.json | cmp - folder/$record.json
done
tar -xOf out/000.tar odd%20name%2Ev2.json | cmp - "folder/000/odd name.v2.json"

echo "--- again: nothing is done"
cksum out/*.tar out/sub/*.tar >before
run -o out --to tar --copy-images
cksum out/*.tar out/sub/*.tar | cmp - before
maskmill status out | awk '$1 == "all" { print $2 " done, " $3 " failed" }'

echo "--- other options, other outputs"
run -o out
run -o out --to tar
run -o out2 --to tar --overlay
tar -tf out2/sub/001.tar
run -o out3 --to tar --format coco
run -o out3 --to tar --report
run -o out3 --to tar --tile 512
run -o out3 --copy-images
run -o out3 --to zip
sorted maskmill run $QUICK 0001.png in/000.tar -o out3 --to tar
sorted maskmill run $QUICK in/000.tar -o in --to tar --overwrite
mkdir mine
echo mine >mine/000.tar
run -o mine --to tar
cat mine/000.tar
mkdir lines
echo mine >lines/002.ndjson
run -o lines --to tar

echo "--- names with braces"
sorted maskmill run $QUICK 'in/{000,002}.tar' -o out4 --to tar
sorted maskmill run $QUICK 'in/{000..002..2}.tar' -o out4 --to tar
sorted maskmill run $QUICK 'in/{0..2}.tar' -o out4 --to tar
sorted maskmill run $QUICK 'in/{00..99999999}.tar' -o out4 --to tar
tree out4
mv in/000.tar 'in/{000}.tar'
cp in/002.tar 'in/{4,5}.tar'
sorted maskmill run $QUICK 'in/{000}.tar' 'in/{4,5}.tar' -o out5 --to tar
tree out5

echo "--- an empty tar, and a damaged one"
tar cf empty.tar -T /dev/null
sorted maskmill run $QUICK empty.tar -o out6 --to tar
tar -tvf out6/empty.tar
sorted maskmill run $QUICK empty.tar -o out6 --to tar
head -c 3000 in/002.tar >damaged.tar
sorted maskmill run $QUICK damaged.tar empty.tar -o out7 --to tar
tree out7

echo "--- names of the run's own files"
mkdir -p own
for name in failed ledger failed-10-of-20 failed-of ledger2; do
    cp empty.tar $name.tar
    sorted maskmill run $QUICK $name.tar -o out8 --to tar
done
mv failed.tar own
sorted maskmill run $QUICK own empty.tar -o out8 --to tar
mkdir deeper
mv own deeper
sorted maskmill run $QUICK deeper empty.tar -o out8 --to tar

echo "--- names that cannot be, twice"
python3 - <<'P'
import io, tarfile
picture = open("0001.png", "rb").read()
with tarfile.open("twice.tar", "w") as tar:
    for name in "a.jpg", "a.png", "../up.png", "a.png", "../up.png", "a.jpg":
        member = tarfile.TarInfo(name)
        member.size = len(picture)
        tar.addfile(member, io.BytesIO(picture))
P
sorted maskmill run $QUICK twice.tar -o out9 --to tar
tar -tf out9/twice.tar
