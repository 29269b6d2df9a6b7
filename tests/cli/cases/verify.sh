# Nothing on good output; every fault of damaged records, with file and reason, and status 1.
mkdir -p good/deep images/deep
record() {
    echo '{"image": {"image_id": '"$1"', "width": 7, "height": 5, "file_name": "'"$2"'"}, "annotations": [{"segmentation": {"size": [5, 7], "counts": ";32NO012004"}, "area": 11, "bbox": [2, 1, 3, 2], "predicted_iou": 0.9300000071525574, "point_coords": [[3.0, 2.5]], "stability_score": 0.9750000238418579, "crop_box": [0, 0, 7, 5], "id": 0}]}'
}
picture() {
    python3 - "$@" <<'PYTHON'
import struct, sys, zlib
path, width, height = sys.argv[1], int(sys.argv[2]), int(sys.argv[3])
def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))
with open(path, "wb") as file:
    file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
               + chunk(b"IDAT", zlib.compress(bytes(height * (width + 1)))) + chunk(b"IEND", b""))
PYTHON
}
record 1 a.png >good/a.json
record 2 deep/b.c.png >good/deep/b.c.json
picture images/a.png 7 5
picture images/deep/b.c.png 7 5
status maskmill verify good
status maskmill verify good --images images

echo "--- damage"
cp -r good bad
record 1 c.png >bad/c.json
record 4 other.png >bad/d.json
record 5 e.png | sed 's/area": 11/area": 10/; s/crop_box": .0/crop_box": [1/; s/0.975/1.975/' >bad/e.json
record 6 f.png | head -c 200 >bad/f.json
: >bad/g.json
status maskmill verify bad
rm images/a.png
picture images/deep/b.c.png 5 7
status maskmill verify good --images images

echo "--- usage"
status maskmill verify
status maskmill verify good bad
status maskmill verify --nonsense good
status maskmill verify nowhere
