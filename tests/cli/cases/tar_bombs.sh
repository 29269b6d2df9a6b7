# A tar that unpacks to far more than it is, without end, into too large a memory or to
# names without number, costs itself alone: the images before that and the image beside it are done.
cat >make.py <<'P'
import gzip, io, lzma, struct, sys, tarfile, zlib

picture = open(sys.argv[1], "rb").read()

def tar(name, size):
    """A tar of the picture and the beginning of a member that claims to be larger."""
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as tar:
        member = tarfile.TarInfo(name)
        member.size = len(picture)
        tar.addfile(member, io.BytesIO(picture))
        end = tar.offset
    large = tarfile.TarInfo("large.bin")
    large.size = size
    return file.getvalue()[:end] + large.tobuf(tarfile.GNU_FORMAT)

# 64 GiB of zeros, compressed twice.
zeros = gzip.compress(bytes(16 << 20), 6)
with lzma.open("endless.tar.xz", "wb", preset=1) as file:
    file.write(gzip.compress(tar("a.png", 1 << 36)))
    for _ in range(1 << 12):
        file.write(zeros)

# 350 MiB of zeros through a dictionary of 768 MiB, which the header asks for.
def packed():
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        member = tarfile.TarInfo("b.png")
        member.size = len(picture)
        tar.addfile(member, io.BytesIO(picture))
        member.name = "zeros"
        member.size = 350 << 20
        tar.addfile(member, open("/dev/zero", "rb"))
        member.name = "c.png"
        member.size = len(picture)
        tar.addfile(member, io.BytesIO(picture))
    return lzma.compress(file.getvalue(), preset=0)

plain = packed()
header = bytearray(plain[12:24])
assert header[2:4] == b"\x21\x01"
header[4] = 35
header[8:12] = struct.pack("<I", zlib.crc32(bytes(header[:8])))
open("dictionary.tar.xz", "wb").write(plain[:12] + bytes(header) + plain[24:])

# Images of 1 GiB, of zeros.
with open("images.tar.gz", "wb") as file:
    for name in "1.png", "2.png":
        member = tarfile.TarInfo(name)
        member.size = 1 << 30
        file.write(gzip.compress(member.tobuf()) + zeros * 64)
    file.write(gzip.compress(bytes(1024)))

# 300 MB of long names.
def links():
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w", format=tarfile.GNU_FORMAT) as tar:
        member = tarfile.TarInfo("n" * 4000)
        tar.addfile(member)
        member.type = tarfile.LNKTYPE
        member.linkname = member.name
        for _ in range(1000):
            tar.addfile(member)
        return file.getvalue()[:tar.offset]

with open("names.tar.gz", "wb") as file:
    file.write(gzip.compress(links()) * 40)
P
mkdir in
cp "$IMAGES/tall.png" in/tall.png
(cd in && python3 ../make.py tall.png)
cat >limited.py <<'P'
import resource, subprocess, sys
status = subprocess.run(sys.argv[1:]).returncode
most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss >> 10
print("status", status, "within the limit" if most < 600 else f"with {most} MiB")
P
python3 limited.py maskmill run $QUICK --image-timeout $((2 * ${EMULATOR_SLOWER:-1})) --memory 600M in -o out 2>&1 |
    sed 's/than [0-9]* MiB/than N MiB/; s/in [0-9]* s of computing/in N s of computing/'
tree out
cut -d, -f1-2 out/failed.ndjson
status maskmill run $QUICK --memory 8G in/dictionary.tar.xz -o large
tree large
