# maskmill show: pixels and paths of known masks, in every form of records.
cat >made.py <<'PYTHON'
"""A gray image, 120 x 80, and masks on it: a square, a disc in it with a hole, a bar at the border."""
import json, os, struct, sys, zlib
WIDTH, HEIGHT = 120, 80
SHAPES = [lambda x, y: 20 <= x < 70 and 10 <= y < 60,
          lambda x, y: 36 <= (x - 45) ** 2 + (y - 35) ** 2 < 400,
          lambda x, y: x >= 100]

def runs(inside):
    counts, last = [0], False
    for x in range(WIDTH):
        for y in range(HEIGHT):
            if inside(x, y) != last:
                counts.append(0)
                last = not last
            counts[-1] += 1
    return counts

def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

def png(name, width=WIDTH, height=HEIGHT):
    rows = (b"\0" + bytes([100]) * width * 3) * height
    with open(name, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
                   chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))

def annotation(number, inside, **more):
    counts = runs(inside)
    ys = [(x, y) for x in range(WIDTH) for y in range(HEIGHT) if inside(x, y)]
    box = [min(x for x, _ in ys), min(y for _, y in ys)]
    box += [max(x for x, _ in ys) - box[0], max(y for _, y in ys) - box[1]]
    return dict({"segmentation": {"size": [HEIGHT, WIDTH], "counts": counts}, "area": sum(counts[1::2]), "bbox": box,
                 "predicted_iou": 0.5 + number / 20, "point_coords": [[3.0, 2.5]], "stability_score": 0.975,
                 "crop_box": [0, 0, WIDTH, HEIGHT], "id": number}, **more)

ANNOTATIONS = [annotation(3 + i, shape) for i, shape in enumerate(SHAPES)]

def record(name, hexadecimal=None):
    image = {"image_id": 1, "width": WIDTH, "height": HEIGHT, "file_name": name}
    if hexadecimal:
        image["file_name_hex"] = hexadecimal
    return {"image": image, "annotations": ANNOTATIONS}

def pixels(name):
    """Rows of (r, g, b) of an 8-bit RGB PNG."""
    data, at, packed = open(name, "rb").read(), 8, b""
    while at < len(data):
        length, kind = struct.unpack(">I4s", data[at:at + 8])
        content = data[at + 8:at + 8 + length]
        if kind == b"IHDR":
            width, height, depth, colour = struct.unpack(">IIBB", content[:10])
            assert (depth, colour) == (8, 2)
        packed += content if kind == b"IDAT" else b""
        at += 12 + length
    raw, before, rows = zlib.decompress(packed), bytes(3 * width), []
    for y in range(height):
        line = bytearray(raw[y * (3 * width + 1):(y + 1) * (3 * width + 1)])
        how = line.pop(0)
        for i in range(3 * width):
            a, b, c = line[i - 3] if i > 2 else 0, before[i], before[i - 3] if i > 2 else 0
            p = a + b - c
            nearest = min((abs(p - a), 0, a), (abs(p - b), 1, b), (abs(p - c), 2, c))[2]
            line[i] = (line[i] + [0, a, b, (a + b) // 2, nearest][how]) % 256
        rows.append([tuple(line[i:i + 3]) for i in range(0, 3 * width, 3)])
        before = bytes(line)
    return rows
PYTHON
python3 - <<'PYTHON'
import json, os, made
os.makedirs("run/deep"); os.makedirs("photos/deep")
made.png("photos/deep/a.png"); made.png("photos/other.png"); made.png("photos/small.png", 60, 40)
json.dump(made.record("deep/a.png"), open("run/deep/a.json", "w"))
json.dump(made.record("other.png"), open("run/other.json", "w"))
json.dump(made.record("small.png"), open("run/small.json", "w"))
json.dump(made.ANNOTATIONS, open("amg.json", "w"))
coco = [{"id": i, "width": 120, "height": 80, "file_name": name} for i, name in enumerate(["other.png", "a.png"])]
json.dump({"images": coco, "annotations": [dict(a, image_id=1) for a in made.ANNOTATIONS],
           "categories": []}, open("coco.json", "w"))
PYTHON

# The same picture from a record, a folder of them, a bare list and a file of many.
for records in run/deep/a.json run amg.json coco.json; do
    maskmill show photos/deep/a.png $records -o "out/$(basename $records).png" --outline-width 0 --alpha 1
    cmp out/a.json.png "out/$(basename $records).png"
done
python3 - <<'PYTHON'
import made
rows = made.pixels("out/a.json.png")
print(len(rows[0]), "x", len(rows))
square, disc, bar = rows[12][22], rows[35][55], rows[40][110]
print("outside is the photograph:", rows[5][5] == (100, 100, 100), "; colours differ:", len({square, disc, bar}) == 3)
print("the hole shows the square:", rows[35][45] == square, "; the bar ends where it should:", rows[40][98] == (100,) * 3)
PYTHON

# Of two records whose names end the image's path, the longer name counts.
mkdir -p both/deep
cp run/deep/a.json both/deep/a.json
python3 -c 'import json, made; json.dump(dict(made.record("a.png"), annotations=[]), open("both/a.json", "w"))'
maskmill show photos/deep/a.png both -o both.png --outline-width 0 --alpha 1
cmp both.png out/a.json.png

# Only one mask, in the same colour; half of it; its outline.
maskmill show photos/deep/a.png run -o only.png --only 4 --outline-width 0 --alpha 1
maskmill show photos/deep/a.png run -o half.png --only 4 --outline-width 0 --alpha 0.5
maskmill show photos/deep/a.png run -o line.png --only 3 --outline-width 3 --alpha 0
maskmill show photos/deep/a.png run -o twice.png --side-by-side --labels number
maskmill show photos/deep/a.png run -o large.png --size 480 --labels area
maskmill show photos/deep/a.png run -o picture.JPG --palette okabe-ito
head -c 3 picture.JPG | od -An -tx1
python3 - <<'PYTHON'
import made
both, only, half, line = (made.pixels(name) for name in ["out/a.json.png", "only.png", "half.png", "line.png"])
print("only:", only[35][55] == both[35][55], only[12][22] == (100,) * 3, only[40][110] == (100,) * 3)
mixed = [abs(h - (100 + c) / 2) <= 1 for h, c in zip(half[35][55], only[35][55])]
print("half:", mixed)
near = max(abs(a - b) for a, b in zip(line[35][69], both[12][22]))
print("line:", near < 12, line[35][65] == (100,) * 3, line[35][74] == (100,) * 3)
twice = made.pixels("twice.png")
print("side by side:", len(twice[0]), "x", len(twice), all(set(row[:120]) == {(100,) * 3} for row in twice),
      twice[5][122] == (255,) * 3, twice[12][146] != (100,) * 3)
large = made.pixels("large.png")
print("large:", len(large[0]), "x", len(large))
print("white letters within the disc:", any((255,) * 3 in row[120:250] for row in large[60:220]))
PYTHON

# SVG: XML whatever the name is; the area of a path is its mask's.
python3 - <<'PYTHON'
import json, made, os
name = b'photos/<b> "a"&\'\xff\n.png'
made.png(name)
made.png(b"photos/p\xc3\xbc.png")
os.makedirs("odd")
json.dump(made.record('<b> "a"&\'\ufffd\n.png', (b'<b> "a"&\'\xff\n.png').hex()), open("odd/odd.json", "w"))
classes = made.record("p\u00fc.png")
classes["annotations"] = [dict(a, category="<b> & p\u00fc") for a in classes["annotations"]]
json.dump(classes, open("odd/classes.json", "w"))
PYTHON
odd=$(printf 'photos/<b> "a"&\047\377\n.png')
maskmill show "$odd" odd/odd.json -o svg/odd.svg --labels iou
maskmill show "$odd" odd/odd.json -o svg/embedded.svg --embed --side-by-side --palette scores
maskmill show photos/pü.png amg.json -o plain.svg --size 240 2>/dev/null
maskmill show photos/pü.png odd/classes.json -o classes.svg --labels class
python3 - <<'PYTHON'
import base64, os, re, urllib.parse, xml.etree.ElementTree as ET, made
S = "{http://www.w3.org/2000/svg}"
def area(path):
    total = 0
    for ring in path.split("Z")[:-1]:
        points = [tuple(map(float, p.split())) for p in re.split("[ML]", ring)[1:]]
        total += sum(a[0] * b[1] - b[0] * a[1] for a, b in zip(points, points[1:] + points[:1])) / 2
    return total
for name, scale in [("svg/odd.svg", 1), ("svg/embedded.svg", 1), ("plain.svg", 4), ("classes.svg", 1)]:
    root = ET.parse(name).getroot()
    paths = list(root.iter(S + "path"))
    wanted = {"mask-%d" % a["id"]: a["area"] * scale for a in made.ANNOTATIONS}
    print(name, root.get("width"), root.get("height"), repr(root.find(S + "title").text), [p.get("id") for p in paths],
          all(abs(area(p.get("d")) - wanted[p.get("id")]) < 0.01 * wanted[p.get("id")] for p in paths))
    href = root.find(".//" + S + "image").get("href")
    if href.startswith("data:image/jpeg;base64,"):
        print("a JPEG:", base64.b64decode(href.split(",")[1], validate=True)[:3] == b"\xff\xd8\xff")
    else:
        there = os.path.join(os.path.dirname(name), urllib.parse.unquote_to_bytes(href).decode("utf8", "surrogateescape"))
        print(href, os.path.exists(there))
    print([t.text for t in root.iter(S + "text")], root.find(".//" + S + "path/" + S + "title").text)
PYTHON

# What is refused, and why; nothing is written over.
status maskmill show photos/deep/a.png run -o only.png
status maskmill show photos/deep/a.png run -o only.png --overwrite
status maskmill show photos/deep/a.png run -o a.bmp
status maskmill show photos/deep/a.png run
status maskmill show photos/deep/a.png -o x.png
status maskmill show photos/deep/a.png run --only 9 -o x.png
status maskmill show photos/deep/a.png run --only x -o x.png
status maskmill show photos/deep/a.png run --embed -o x.png
status maskmill show photos/small.png run -o x.png
status maskmill show photos/none.png run -o x.png
cp "$IMAGES/tall.png" .
status maskmill show tall.png run -o x.png
status maskmill show photos/deep/a.png photos -o x.png
echo '{' >broken.json
status maskmill show photos/deep/a.png broken.json -o x.png
ls x.png 2>/dev/null || true
