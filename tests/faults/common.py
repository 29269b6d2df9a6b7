"""What the tests of this folder share: small images, starts of the program, and the promises that its
output folder must keep at any moment."""

import hashlib
import json
import os
import random
import struct
import subprocess
import sys
import zlib

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
PROGRAM = os.path.join(SOURCE, os.environ.get("BUILD", "build"), "maskmill")
MODEL = os.path.join(SOURCE, "tests/parity/models/vit_xs.safetensors")
# A small model, few prompts, and no filter: many images with masks in little time.
OPTIONS = ["--model", MODEL, "--points-per-side", "2", "--pred-iou-thresh", "0", "--stability-score-thresh", "0",
           "--threads", "1"]
STATE = ".maskmill"
ALL_DONE, SOME_FAILED, USAGE, ENVIRONMENT, STOPPED, TOO_MANY_FAILURES = range(6)


def png(width, height, rows=None, seed=0):
    """The bytes of an RGB PNG; a drawing of a few rectangles where no rows are given."""
    if rows is None:
        chance = random.Random(seed)
        picture = [[chance.randrange(256) for _ in range(3)] * width for _ in range(height)]
        for _ in range(4):
            x, y = chance.randrange(width), chance.randrange(height)
            colour = [chance.randrange(256) for _ in range(3)]
            right = min(width, x + 12)
            for row in picture[y : y + 12]:
                row[3 * x : 3 * right] = colour * (right - x)
        rows = b"".join(b"\0" + bytes(row) for row in picture)

    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def write(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(data)


def make_images(folder, count):
    """`count` small PNGs in a few folders; the same ones every time."""
    chance = random.Random(7)
    for i in range(count):
        data = png(chance.randrange(20, 48), chance.randrange(20, 48), seed=i)
        write(os.path.join(folder, f"part {i % 7}", f"image-{i}.png"), data)


def command(images, out, *more):
    return [PROGRAM, "run", images, "-o", out, *OPTIONS, *more]


def run(arguments, env=None, timeout=600):
    """Runs to the end; returns the exit status (negative: a signal) and what was said."""
    done = subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          env=dict(os.environ, **(env or {})), timeout=timeout, check=False)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def build_shim(folder):
    """Compiles shim.c into `folder`; returns the library's path."""
    shim = os.path.join(folder, "shim.so")
    subprocess.run([os.environ.get("CC", "cc"), "-shared", "-fPIC", "-O1", "-D_GNU_SOURCE", "-o", shim,
                    os.path.join(HERE, "shim.c"), "-ldl", "-lpthread"], check=True)
    return shim


def is_temporary(name):
    return name.endswith(b".maskmill-tmp")


def outputs(out):
    """Digest of each visible output, by its path below the folder (bytes). What the run keeps about itself
    is left out."""
    digests = {}
    top = os.fsencode(out)
    for folder, folders, names in os.walk(top):
        if folder == top:
            folders[:] = [name for name in folders if name != os.fsencode(STATE)]
        for name in names:
            path = os.path.join(folder, name)
            relative = os.path.relpath(path, top)
            if is_temporary(name) or (name.endswith(b".ndjson") and b"/" not in relative):
                continue
            with open(path, "rb") as file:
                digests[relative] = hashlib.sha256(file.read()).digest()
    return digests


def temporaries(out):
    return [os.path.join(folder, name) for folder, _, names in os.walk(os.fsencode(out))
            for name in names if is_temporary(name)]


def key_of(line):
    return bytes.fromhex(line["path_hex"]) if "path_hex" in line else line["path"].encode()


def read_ndjson(path, torn_allowed=False):
    """The objects of a file of lines; a line torn by a kill may be allowed."""
    with open(path, "rb") as file:
        text = file.read()
    found = []
    for line in text.split(b"\n"):
        if not line:
            continue
        try:
            found.append(json.loads(line.decode("utf-8")))
        except ValueError:
            if not torn_allowed:
                raise
    return found


def ledgers(out):
    """All good lines of all ledgers."""
    state = os.path.join(out, STATE)
    names = sorted(os.listdir(state)) if os.path.isdir(state) else []
    return [line for name in names if name.startswith("ledger-")
            for line in read_ndjson(os.path.join(state, name), torn_allowed=True)]


def check_promises(out, expected):
    """What holds whenever the program is not running: visible outputs are complete and right, and what a
    ledger calls done is there. Returns the number of images that are done."""
    there = outputs(out) if os.path.isdir(out) else {}
    for path, digest in there.items():
        assert path in expected, f"an output that nobody asked for: {path!r}"
        assert digest == expected[path], f"half-written or wrong: {path!r}"
    done = {key_of(line) for line in ledgers(out) if line.get("status") == "done"}
    for key in done:
        record = os.path.splitext(key)[0] + b".json"
        assert record in there, f"the ledger says done, but there is no {record!r}"
    return len(done)


def check_complete(out, expected):
    """What holds after a run that ended well: the undisturbed bytes, nothing lost, doubled or left over."""
    there = outputs(out)
    assert there == expected, (f"{len(expected.keys() - there.keys())} lost, {len(there.keys() - expected.keys())} "
                               f"too many, {sum(there[k] != expected[k] for k in there.keys() & expected.keys())} wrong")
    assert not temporaries(out), f"left over: {temporaries(out)}"
    code, text = run([PROGRAM, "merge", out])
    assert code == ALL_DONE, text
    merged = [key_of(line) for line in read_ndjson(os.path.join(out, "ledger.ndjson"))]
    records = [path for path in expected if path.endswith(b".json") and b"@" not in path]
    assert len(merged) == len(set(merged)) == len(records), f"{len(merged)} lines for {len(records)} records"


def children(process):
    """The processes whose parent it is."""
    found = []
    for name in os.listdir("/proc"):
        try:
            with open(f"/proc/{name}/stat", encoding="ascii", errors="replace") as file:
                fields = file.read().rsplit(")", 1)[1].split()
            if name.isdigit() and int(fields[1]) == process and fields[0] != "Z":
                found.append(int(name))
        except (OSError, IndexError):
            pass
    return found


def run_tests(tests):
    """Runs each function, prints a line for each and the summary; returns the exit status."""
    failed = 0
    for test in tests:
        try:
            said = test()
            print(f"{test.__name__}: ok{', ' + said if said else ''}", flush=True)
        except Exception as reason:  # pylint: disable=broad-except
            failed += 1
            print(f"{test.__name__}: FAILED: {type(reason).__name__}: {reason}", flush=True)
            sys.excepthook(*sys.exc_info())
    print(f"{len(tests) - failed} passed, {failed} failed", flush=True)
    return failed > 0
