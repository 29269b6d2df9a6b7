# Where a report goes: nothing of others is replaced, nothing is left half written, and what a killed one left is removed.
mkdir run
echo '{"image": {"image_id": 1, "width": 7, "height": 5, "file_name": "a.png"}, "annotations": []}' >run/a.json
REPORT="maskmill report run --photos none"

echo "--- something is there"
echo mine >thesis.html
mkdir thesis empty
echo mine >thesis/index.html
status $REPORT -o thesis --overwrite
status $REPORT -o thesis.html --single-file --overwrite
status $REPORT -o thesis.html --overwrite
cat thesis.html thesis/index.html
status $REPORT -o empty
status $REPORT -o empty --single-file --overwrite

for place in . .. run/. /; do
    status $REPORT -o $place --overwrite
done

echo "--- files of others in a report stay"
echo mine >empty/notes.txt
status $REPORT -o empty --overwrite
cat empty/notes.txt
rm -rf empty

echo "--- a killed report"
mkdir -p .page.maskmill-tmp/data
echo half >.page.maskmill-tmp/data/report.js
echo half >.page.maskmill-tmp/data/.report.js.n1.1.1.1.maskmill-tmp
echo half >.page.maskmill-tmp/.index.html.n1.1.1.1.maskmill-tmp
status $REPORT -o page
ls -A

echo "--- no records"
mkdir none
status maskmill report none -o nothing
status maskmill report missing -o nothing
status maskmill report run -o nothing --images missing
status maskmill report
[ ! -e nothing ]

echo "--- a full disk"
(
    ulimit -f 16 # blocks of 512 bytes: the page does not fit
    status $REPORT -o full
    status $REPORT -o full.html --single-file
)
ls -A

echo "--- two at once"
mkdir .page.maskmill-tmp
exec 9<.page.maskmill-tmp
flock 9
status $REPORT -o page --overwrite
flock -u 9
status $REPORT -o page --overwrite
ls -A

echo "--- links that others have put there"
mkdir -p site/data linked
echo mine >site/index.html
echo mine >site/data/mine.js
ln -s ../site linked/.page.maskmill-tmp
status $REPORT -o linked/page
rm linked/.page.maskmill-tmp
ln -s ../page linked/page
status $REPORT -o linked/page --overwrite
cat site/index.html site/data/mine.js
ls -A linked page
