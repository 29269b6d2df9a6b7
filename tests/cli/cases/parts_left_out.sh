# What is written beside the record never costs it: an overlay of a very wide image is reduced; a name that is
# too long with its ending, or a folder in the way, leaves that part out with a warning.
python3 - <<'PYTHON'
import struct, zlib

def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

def png(width, height, name):
    rows = (b"\0" + bytes(x * 7 % 256 for x in range(width * 3))) * height
    with open(name, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
                   chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))

png(70000, 2, "wide.png")
png(64, 48, "n" * 245 + ".png")
png(64, 48, "blocked.png")
PYTHON
mkdir -p out/blocked.overlay.jpg out/@labels/blocked.png
status maskmill run $QUICK --workers 1 --overwrite --overlay --format labels,png *.png -o out 2>&1 | sed 's/n\{200,\}/NNN/g; s/temporary.*//; s/renamed from [^ ]*/renamed from .../'
for record in out/*.json; do
    printf '%s: ' "$record" | sed 's/n\{200,\}/NNN/g'
    grep -o '"width": [0-9]*, "height": [0-9]*' "$record"
done
python3 - <<'PYTHON'
import struct
content = open("out/wide.overlay.jpg", "rb").read()
frame = content.index(b"\xff\xc0")
print("the wide overlay: %d x %d" % struct.unpack(">HH", content[frame + 5:frame + 9])[::-1])
PYTHON
