# maskmill show RECORDS: a contact sheet, of images taken evenly, those that are missing or damaged on gray.
maskmill run $QUICK "$IMAGES" -o run 2>/dev/null
maskmill show run -o sheet.jpg --images "$IMAGES"
maskmill show run -o again.jpg --images "$IMAGES"
cmp sheet.jpg again.jpg && echo "the same again"
python3 - <<'PYTHON'
import json, os
record = json.load(open("run/tall.json"))
os.makedirs("many")
for i in range(10):
    name = "%02d.png" % i if i != 9 else "a_very_long_name_%s.png" % ("x" * 200)
    image = dict(record["image"], image_id=i, file_name=name)
    json.dump(dict(record, image=image), open("many/%02d.json" % i, "w"))
PYTHON
mkdir photos
for i in 00 02 04 05 06 08; do cp "$IMAGES/tall.png" photos/$i.png; done
head -c 100 "$IMAGES/tall.png" >photos/04.png
cp "$IMAGES/shrunk.png" photos/06.png

# Five of ten: the first, the third, and so on; of these 04 is damaged and 06 has another size.
status maskmill show many -o five.png --images photos --count 5 --columns 5 --size 1000
echo damaged >many/02.json
rm photos/08.png
status maskmill show many -o rest.png --images photos --count 5
status maskmill show many -o gray.jpg --size 300
status maskmill show many/03.json -o one.png --size 200

# A file of many images is a run, too.
maskmill export run --format ndjson -o nd >/dev/null
maskmill show nd/records.ndjson -o nd.jpg --images "$IMAGES" && cmp sheet.jpg nd.jpg && echo "the same from one file"

python3 - <<'PYTHON'
import struct
def size(name):
    data = open(name, "rb").read()
    if name.endswith("png"):
        return struct.unpack(">II", data[16:24])
    frame = data.index(b"\xff\xc0")
    return struct.unpack(">HH", data[frame + 5:frame + 9])[::-1]
print("sheet: no side over 2400:", max(size("sheet.jpg")) <= 2400 and max(size("sheet.jpg")) > 2300)
width, height = size("five.png")
print("five in a row:", width == 1000 and 200 < height < 500)
for name, most in [("gray.jpg", 300), ("one.png", 200)]:
    print(name, "fits:", most - 20 < max(size(name)) <= most)
PYTHON

# A bare list without masks does not say a size; --images finds it.
cp "$IMAGES/tall.png" photos/tall.png
mkdir bare && echo '[]' >bare/00.json && cp run/tall.json bare/01.json
status maskmill show bare -o bare.jpg --count 5
status maskmill show bare -o bare.jpg --count 5 --images photos --overwrite

# What is refused, and why.
mkdir empty
status maskmill show empty -o x.jpg
status maskmill show run -o x.svg
status maskmill show run -o x.jpg --only 3
status maskmill show run -o sheet.jpg --images "$IMAGES"
status maskmill show run -o x.jpg --images nowhere
status maskmill show many/02.json -o x.jpg
status maskmill show many -o x.jpg --columns 10 --size 40
ls x.jpg 2>/dev/null || true
