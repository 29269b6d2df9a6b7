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
ulimit -v 4000000
status maskmill stats records 2>&1 | head -n 6
status maskmill verify records
status maskmill export records --format png -o png
tree png
status maskmill stats records/small.json --max-pixels 1000 | tail -n 2
mkdir -p run/.maskmill
printf '{"event":"start","time":"2026-01-01T00:00:00Z","host":"h","images":1}\n' >run/.maskmill/ledger-0-of-4294967295.ndjson
status maskmill status run
