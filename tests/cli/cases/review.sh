# maskmill review: what it refuses before it serves. tests/faults/review.py asks the server itself.
mkdir photos
cp "$SOURCE/examples/camera.jpg" photos/
maskmill run photos -o out --quiet --points-per-side 2 --pred-iou-thresh 0 --stability-score-thresh 0

case $(maskmill review nothing 2>&1) in *libmicrohttpd*) exit 77 ;; esac

echo "- no run, or none that can be reviewed"
status maskmill review
status maskmill review out more
status maskmill review nothing
status maskmill review out/camera.json
mkdir empty
status maskmill review empty

echo "- options"
status maskmill review out --images nothing
status maskmill review out --port 65536
status maskmill review out --model nothing
printf 'cat\n\377\n' >classes
status maskmill review out --classes classes
status maskmill review out --classes nothing
ls out/.maskmill/review* 2>&1 | sed 's/^.*: //'

echo "- the address alone on standard output; a signal ends it well"
maskmill review out --by anna >address 2>said &
server=$!
while ! grep -qs token address; do sleep 0.1; done
kill -TERM $server
status wait $server
sed 's/1:[0-9]*/1:PORT/; s/[0-9a-f]\{64\}/TOKEN/' address
cat said
