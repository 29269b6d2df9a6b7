# Masks that are there stay byte for byte, and the grid fills what they leave; boxes become masks.
MILL="maskmill run $QUICK --box-nms-thresh 0.7"
mkdir photos
cp "$IMAGES"/tall.png "$IMAGES"/shrunk.png photos
python3 "$SOURCE/tests/cli/known.py" make photos known
for parts in '' --known-parts; do
    $MILL --known known/records $parts -o "out$parts" photos
    python3 "$SOURCE/tests/cli/known.py" check known/records "out$parts" 0.7
done
maskmill verify out --images photos | sed 's/[0-9]* good/N good/'
maskmill stats out | sed -n '2s/[0-9]* grid/N grid/p'
# Images without known masks are searched as in any run.
$MILL -o plain photos
python3 "$SOURCE/tests/cli/known.py" same plain out shrunk

# The same masks as a COCO document and as NDJSON; the same bytes from any number of threads.
for from in coco.json lines.ndjson; do
    $MILL --known known/$from --threads 3 -o "$from" photos
    python3 "$SOURCE/tests/cli/known.py" masks out "$from"
done
# A detector's boxes: a mask each, with the members of the box.
$MILL --known known/boxes.json --overlay --format coco,png,rle,ndjson -o boxes photos
python3 "$SOURCE/tests/cli/known.py" boxes known/boxes.json boxes
tree boxes | grep -v '[0-9].png'
maskmill verify boxes/@rle | sed 's/[0-9]* good/N good/'
grep -o '"source": "[a-z]*"' boxes/@coco/instances.json | sort -u
# From tar to tar, and as a stream; the records are the same.
tar -cf t.tar -C photos shrunk.png tall.png
mkdir -p tars/t && cp known/records/* tars/t
$MILL --known tars --to tar -o totar t.tar
mkdir untarred && tar -xf totar/t.tar -C untarred
python3 "$SOURCE/tests/cli/known.py" masks out untarred
$MILL --known known/records -o - - <t.tar | tar -tf -
# Tiles keep known masks, too.
$MILL --known known/records --tile 128 --halo 32 -o tiled photos
python3 "$SOURCE/tests/cli/known.py" check known/records tiled 0.7
# The filters leave them.
maskmill filter out -o kept --max-masks 1 --min-area 100000 | sed 's/[0-9]* of [0-9]*/some/'
python3 "$SOURCE/tests/cli/known.py" kept known/records kept

# What goes wrong in one image's file is that image's; it may be corrected.
mkdir bad && cp known/records/tall.json bad
sed -i 's/"size":\[/&7/' bad/tall.json
status $MILL --known bad -o failed photos
cp known/records/tall.json bad
status $MILL --known bad --retry-failed -o failed photos
cmp failed/tall.json out/tall.json && echo the same
status $MILL --known known/boxes.json --tile 128 --halo 32 -o tiled-boxes photos

# What goes wrong with all is told at the start.
status $MILL --known known/coco.json -o out photos
sed -i 's/"id": 1/"id": 2/' known/coco.json
status $MILL --known known/coco.json -o coco.json photos
status $MILL --known out -o out photos
status $MILL --known . -o new photos
status $MILL --known nowhere -o new photos
status $MILL --known t.tar -o new photos
status $MILL --known boxes/@png -o new photos
status $MILL --known-parts -o new photos
status maskmill pipe --known known
cat known/lines.ndjson known/lines.ndjson >twice.ndjson
status $MILL --known twice.ndjson -o new photos
mkdir else && cp known/records/tall.json else/other.json
status $MILL --known else -o new photos
