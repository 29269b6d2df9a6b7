# Hostile images: bombs, lying sizes, truncated and damaged files, other kinds of file, loops of links, names that
# break careless programs. The run ends, the good ones are done, each bad one is named with its reason.
python3 - <<'PYTHON'
import gzip, os, struct, zlib
data = os.environ["SOURCE"] + "/tests/data/images"
os.mkdir("photos")

def put(name, content):
    if isinstance(name, str):  # the stem names the output, so it has to be the only one
        name = (name.replace(".", "-") + name[name.index("."):]).encode()
    with open(os.path.join(b"photos", name), "wb") as file:
        file.write(content)

def get(name):
    return open(f"{data}/{name}", "rb").read()

def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

def png(width, height, content, interlaced=0):
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, interlaced)) +
            chunk(b"IDAT", zlib.compress(content)) + chunk(b"IEND", b""))

def tiff(*tags):
    entries = b"".join(struct.pack("<HHII", *tag) for tag in tags)
    return b"II*\0" + struct.pack("<IH", 8, len(tags)) + entries + struct.pack("<I", 8)

jpeg, good_png = get("rgb420.jpg"), get("rgb.png")
frame = jpeg.index(b"\xff\xc0")
# Good ones under bad names.
for name in (b"new\nline.jpg", b"q'uo\"te.jpg", b"back\\slash.jpg", b"\xff\xfe.jpg", b"-o.jpg", b"%s%n.jpg", b"[page=2].jpg", b"a b.jpg"):
    put(name, jpeg)
# Bombs and lying sizes.
put("bomb.png", png(60000, 60000, b"\0" * 100000))
put("bomb-interlaced.png", png(60000, 60000, b"\0" * 100000, 1))
put("bomb.gif", b"GIF89a\xff\xff\xff\xff\x80\0\0" + b"\0" * 6 + b",\0\0\0\0\xff\xff\xff\xff\0\x02\x02L\x01\0;")
put("bomb.jpg", jpeg[:frame + 5] + b"\xff\xdc\xff\xdc" + jpeg[frame + 9:])
put("bomb.tif", tiff((256, 4, 1, 2000000000), (257, 4, 1, 2000000000), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (273, 4, 1, 8), (278, 4, 1, 2000000000), (279, 4, 1, 100)))
put("bomb.webp", b"RIFF\x1a\0\0\0WEBPVP8L\x0d\0\0\0/\xff\xff\xff\x0f" + b"\0" * 8)
put("zero.png", png(0, 0, b""))
put("one-row.png", png(2000000000, 1, b"\0" * 1000))
put("more-rows.png", png(37, 300, b"\0" * 112 * 29))
put("tiles.tif", tiff((256, 4, 1, 64), (257, 4, 1, 64), (258, 3, 1, 8), (259, 3, 1, 1), (262, 3, 1, 1), (322, 4, 1, 0xfffffff0), (323, 4, 1, 0xfffffff0), (324, 4, 1, 8), (325, 4, 1, 8)))
put("directory-loop.tif", tiff())
# Truncated and damaged.
for name in ("rgb420.jpg", "progressive.jpg", "rgb.png", "lzw.tif", "lossy.webp", "palette.gif", "lossy.avif"):
    content = get(name)
    put("half-" + name, content[:len(content) // 2])
put("checksum.png", good_png[:60] + bytes([good_png[60] ^ 1]) + good_png[61:])
put("header-only.jpg", jpeg[:frame + 19])
put("empty.jpg", b"")
put("zeros.jpg", b"\0" * 1000)
put("start.jpg", b"\xff\xd8\xff")
# Other kinds of file.
svg = b'<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]><svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"><image href="http://127.0.0.1:9/x.png"/><text>&x;</text></svg>'
put("drawing.png", svg)
put("compressed.png", gzip.compress(svg, mtime=0))
put("page.jpg", b"%PDF-1.4\n1 0 obj<</Type/Catalog/OpenAction<</S/URI/URI(http://127.0.0.1:9)>>>>endobj\n")
put("script.jpg", b"push graphic-context\nimage over 0,0 0,0 'https://127.0.0.1/'\n")
put("matrix.jpg", b"2 2\n1 2\n3 4\n")
put("page.png", b"<html><body>404 Not Found</body></html>")
put("pixmap.png", b"P6 1 1 255 abc")
put("film.avif", b"\0\0\0\x18ftypisom" + b"\0" * 100)
for name in ("float.tif", "ycbcr.tif"):
    put(name, get(name))
# What is no file.
os.symlink("loop-b.jpg", "photos/loop-a.jpg")
os.symlink("loop-a.jpg", "photos/loop-b.jpg")
os.symlink("nowhere.jpg", "photos/dangling.jpg")
os.mkfifo("photos/pipe.jpg")
os.symlink(".", "photos/folder-loop")
PYTHON
status maskmill run $QUICK photos -o out 2>errors
python3 - <<'PYTHON'
import glob, json, os
failed = [json.loads(line) for line in open("out/failed.ndjson", encoding="utf-8")]
done = [name for name in os.listdir(b"out") if name.endswith(b".json")]
for name in done:
    json.load(open(os.path.join(b"out", name), encoding="utf-8"))
for line in sorted(line["path"] + " | " + line["error"] for line in failed):
    print(line)
print(len(done), "done:", *sorted(map(repr, done)))
print(len(failed), "failed of", len(os.listdir("photos")))
PYTHON
