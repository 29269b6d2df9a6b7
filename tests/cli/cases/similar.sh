# maskmill similar: the nearest masks, duplicates, and an index that follows the embeddings.
cat >made.py <<'PYTHON'
"""made.py NAME FILE_NAME VECTOR...: a record of 60 x 40 pixels with a square mask for each vector, ids from 5, and its
embeddings; or made.py image NAME: a gray PNG of that size."""
import json, math, os, struct, sys, zlib
WIDTH, HEIGHT = 60, 40

def annotation(number):
    x0, y0, side = 4 * number, 3 * number, 10
    counts = [x0 * HEIGHT + y0]
    for _ in range(side):
        counts += [side, HEIGHT - side]
    counts[-1] = WIDTH * HEIGHT - sum(counts[:-1])
    return {"segmentation": {"size": [HEIGHT, WIDTH], "counts": counts}, "area": side * side,
            "bbox": [x0, y0, side - 1, side - 1], "predicted_iou": 0.5, "point_coords": [[x0 + 1.0, y0 + 1.0]],
            "stability_score": 0.9, "crop_box": [0, 0, WIDTH, HEIGHT], "id": 5 + number}

def place(path):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    return open(path, "wb")

def npy(path, rows):
    header = "{'descr': '<f2', 'fortran_order': False, 'shape': (%d, %d), }" % (len(rows), len(rows[0]))
    header = header.ljust(117) + "\n"
    with place(path) as file:
        file.write(b"\x93NUMPY\x01\x00" + struct.pack("<H", len(header)) + header.encode())
        for row in rows:
            length = math.sqrt(sum(x * x for x in row))
            file.write(struct.pack("<%de" % len(row), *(x / length for x in row)))

def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

if sys.argv[1] == "image":
    with place(sys.argv[2]) as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 0, 0, 0, 0)) +
                   chunk(b"IDAT", zlib.compress((b"\0" + bytes([90]) * WIDTH) * HEIGHT)) + chunk(b"IEND", b""))
else:
    name, file_name = sys.argv[1:3]
    rows = [[float(x) for x in vector.split(",")] for vector in sys.argv[3:]]
    with place("run/" + name + ".json") as file:
        file.write(json.dumps({"image": {"image_id": 1, "width": WIDTH, "height": HEIGHT, "file_name": file_name},
                               "annotations": [annotation(i) for i in range(len(rows))]}).encode())
    npy("run/@embeddings/" + name + ".npy", rows)
PYTHON
made() { python3 made.py "$@"; }
similar() { status maskmill similar "$@"; }
made a a.png 1,0,0 0,1,0 1,1,0
made b/c:d b/c:d.png 1,0.1,0 0,0,1
made e e.png 1,0.1,0 0,1,0.01 1,1,0.01
made image photos/a.png
made image photos/e.png

echo "-- the nearest, by path and by the record's name, with ids of the record"
similar run --mask a.png:5 -k 3
similar run --mask b/c:d:6 -k 1 --mask b/c:d.png:5 --threshold 0.9
similar run --mask e:6 --within
similar run --mask e:6 --within --threshold 1
echo "-- duplicates of masks and of images"
similar run --duplicates --threshold 0.999 --share 0.6
similar run --duplicates --share 0.6
similar run --duplicates --within --threshold 0.7

echo "-- a sheet"
similar run --mask a.png:5 -k 4 --sheet sheet.png --images photos >lines
wc -l <lines
similar run --mask a.png:5 --sheet sheet.png
similar run --mask a.png:5 --sheet sheet.webp -k 1
similar run --mask a.png:5 --sheet sheet.jpg --size 500 --images photos -k 1
python3 - <<'PYTHON'
import struct
png = open("sheet.png", "rb").read()
print("png", struct.unpack(">II", png[16:24]), "webp", open("sheet.webp", "rb").read()[8:12], "jpg", open("sheet.jpg", "rb").read()[:3])
PYTHON

cp made.py photos/e.png
similar run --mask a.png:5 -k 4 --sheet broken.png --images photos >lines
made image photos/e.png

echo "-- the index follows the embeddings: replaced, added, removed"
first=$(cksum <run/@embeddings.index)
touch -d 2001-01-01 run/@embeddings.index
similar run --mask a.png:6 -k 1
[ -z "$(find run/@embeddings.index -newermt 2002-01-01)" ] && echo "used as it was"
made e e.png 1,0.1,0 0,0,1 1,1,0.01
similar run --mask a.png:6 -k 1
made f f.png 0,1,0
similar run --mask a.png:6 -k 1
rm run/@embeddings/f.npy
similar run --mask a.png:6 -k 1
rm run/f.json
made e e.png 1,0.1,0 0,1,0.01 1,1,0.01
similar run --mask a.png:6 -k 1
[ "$(cksum <run/@embeddings.index)" != "$first" ] && echo "another time of e.npy"

echo "-- damaged and planted indexes are made anew"
head -c 100 run/@embeddings.index >short && cp short run/@embeddings.index
similar run --mask a.png:6 -k 1
echo "not an index, but long enough to be one, if it were one; $(seq -s ' ' 60)" >run/@embeddings.index
similar run --mask a.png:6 -k 1
echo "-- elsewhere"
rm run/@embeddings.index
similar run --mask a.png:6 -k 1 --index own/e.index
ls run own
echo "precious, and longer than an index's head" >notes.txt
similar run --mask a.png:6 -k 1 --index notes.txt
cat notes.txt
: >own/empty.index
similar run --mask a.png:6 -k 1 --index own/empty.index

echo "-- what cannot be used"
echo broken >run/@embeddings/b/c:d.npy
similar run --mask a.png:5 -k 9 >lines
wc -l <lines
echo "and again, with the index that is there"
similar run --mask a.png:5 -k 9 >lines
wc -l <lines
made e e.png 1,0.1,0 0,1,0.01
python3 - <<'PYTHON'
import json
record = json.load(open("run/e.json"))
del record["annotations"][0]
json.dump(record, open("run/e.json", "w"))
PYTHON
similar run --mask a.png:5 -k 9
similar run --mask a.png:99
similar run --mask e.png:5
similar run --mask b/c:d:5
similar run --mask no.png:5
similar run --mask a.png
similar run
similar run --mask a.png:5 --duplicates
similar run --duplicates -k 3
similar run --mask a.png:5 --share 0.5
similar run --mask a.png:5 --sheet sheet.gif
similar photos --mask a.png:5
similar missing --mask a.png:5
mkdir only_tars && cp run/a.json only_tars/records.ndjson
similar only_tars --duplicates
