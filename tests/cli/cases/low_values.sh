# 16-bit images whose values are all low give a nearly black picture, as in OpenCV: a warning says so, and
# --scale-16bit minmax spreads the values. It decides the masks, so it is part of the run's configuration. A JPEG
# without its end marker is read, with a warning. Images with further pages or frames are counted.
python3 - <<'PYTHON'
import os, struct, zlib

def chunk(kind, content):
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

def png(name, greatest):
    rows = b"".join(b"\0" + struct.pack(">60H", *[(x // 20 + y // 20) % 3 * greatest // 2 for x in range(60)])
                    for y in range(60))
    with open(name, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", 60, 60, 16, 0, 0, 0, 0)) +
                   chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))

png("low.png", 4095)
png("full.png", 65535)
os.mkdir("many")
for i in range(12):
    png(f"many/{i:02}.png", 1000 + i)
with open("endless.jpg", "wb") as file:
    file.write(open(os.environ["SOURCE"] + "/tests/data/images/rgb420.jpg", "rb").read()[:-2])
PYTHON
status maskmill run $QUICK low.png full.png endless.jpg -o none
status maskmill run $QUICK --scale-16bit minmax low.png full.png -o minmax
status maskmill run $QUICK --scale-16bit minmax --tile 1024 low.png -o tiled
status maskmill run $QUICK --tile 1024 low.png endless.jpg -o tiles 2>&1 | sort
masks() { sed 's/.*"annotations"/"annotations"/' "$1"; }
masks minmax/low.json >low.masks
masks minmax/full.json >full.masks
masks none/low.json >none.masks
masks none/full.json | cmp - full.masks && echo "full range: minmax changes nothing"
cmp -s low.masks none.masks || echo "low values: minmax changes the masks"
status maskmill run $QUICK many -o manyout
status maskmill run $QUICK --scale-16bit minmax low.png -o none
status maskmill run $QUICK --scale-16bit full low.png -o none
maskmill run --scale-16bit minmax --print-config | grep scale
echo '{"scale_16bit": "minmax"}' >config.json
maskmill run --config config.json --print-config | grep scale
data=$SOURCE/tests/data/images
status maskmill run ${QUICK#--quiet } "$data/pages.tif" "$data/frames.webp" "$data/big.tif" -o pages 2>&1 | grep -v done
