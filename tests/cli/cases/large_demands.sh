# Records of some hundred bytes that describe images of billions of pixels: each costs itself, not the memory.
mkdir records
record() {
    printf '{"image":{"image_id":%s,"width":%s,"height":%s,"file_name":"%s.jpg"},"annotations":[{"segmentation":{"size":[%s,%s],"counts":[0,%s]},"area":%s,"bbox":[0,0,%s,%s],"predicted_iou":0.9,"stability_score":0.9,"point_coords":[[1,0]],"crop_box":[0,0,%s,%s],"id":0}]}' \
        "$4" "$1" "$2" "$3" "$2" "$1" $(($1 * $2)) $(($1 * $2)) $(($1 - 1)) $(($2 - 1)) "$1" "$2" >"records/$3.json"
}
record 2147483647 1 wide 1
record 65535 65535 square 2
record 640 480 small 3
# Without an image object, the masks say the size.
printf '[{"segmentation":{"size":[65535,65535],"counts":[0,4294836225]}}]' >records/list.json
limit_memory 4000000
status maskmill stats records 2>&1 | head -n 6
status maskmill verify records
status maskmill export records --format png -o png
tree png
status maskmill stats records/small.json --max-pixels 1000 | tail -n 2
mkdir -p run/.maskmill
printf '{"event":"start","time":"2026-01-01T00:00:00Z","host":"h","images":1}\n' >run/.maskmill/ledger-0-of-4294967295.ndjson
status maskmill status run

echo "--- values by the million in few bytes"
mkdir values
python3 - <<'PYTHON'
def put(name, begin, value, end, count=4000000):
    with open("values/" + name, "w") as file:
        file.write(begin + ",".join([value] * count) + end)
put("arrays.json", '{"annotations":[', "[[],[]]", "]}", 2000000)
put("objects.json", "[", "{}", "]")
put("inside.json", '[{"a":[', "{}", "]}]")
put("beside.json", '{"info":[', "[]", '],"annotations":[]}')
put("image.json", '{"image":{"a":[', "[]", ']},"annotations":[]}')
put("unclosed.json", "[", "[],[]", "")
put("line.ndjson", '{"image":{"file_name":"a.jpg","width":2,"height":1},"annotations":[{"a":[', "{}", "]}]}\n")
PYTHON
OMP_NUM_THREADS=2 # each thread takes address space
export OMP_NUM_THREADS
limit_memory 1000000
status maskmill stats values
status maskmill stats values/line.ndjson
status maskmill verify values | sort | uniq -c | sed 's/^ *//' | grep -v ': annotation [0-9]*: '
mkdir truth
touch truth/a.jpg
status maskmill run --config values/arrays.json --print-config
mv values/objects.json values/a.json
cp values/inside.json truth/a.json
status maskmill eval truth --masks values | head -n 1

echo "--- collections larger than what is read of a record at once"
python3 - <<'PYTHON'
import json
annotation = '{"id":%d,"image_id":%d,"segmentation":{"size":[2,3],"counts":[1,2,3]},"area":2,"bbox":[0,0,1,1],"note":"' + "x" * 1000 + '"}'
with open("coco.json", "w") as file:
    file.write('{"annotations":[' + ",\n".join(annotation % (i, i % 1000) for i in range(90000)) + '],"info":{"images":[1]},"images":[')
    file.write(",".join('{"id":%d,"file_name":"i%d.jpg","width":3,"height":2}' % (i, i) for i in range(1000)) + "]}")
with open("one.json", "w") as file:
    file.write('{"images":[{"id":0,"file_name":"a.jpg","width":3,"height":2},{"id":7,"file_name":"b.jpg","width":3,"height":2},{"id":7,"file_name":"c.jpg","width":3,"height":2}],')
    file.write('"annotations":[' + ",".join(annotation % (i, 0) for i in range(70000)) + "," + annotation % (1, 7) + "]}")
PYTHON
limit_memory 400000
status maskmill stats coco.json | head -n 1
status maskmill stats one.json | sed -n "1,/^$/p"

echo "--- a record of a larger image than allowed is not evaluated"
printf '{"annotations":[{"segmentation":{"size":[2,3],"counts":[1,2,3]}}]}' >truth/a.json
cp truth/a.json values/a.json
status maskmill eval truth --masks values --max-pixels 5 | head -n 1
