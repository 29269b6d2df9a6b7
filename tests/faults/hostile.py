#!/usr/bin/env python3
"""A batch of hostile images among good ones: the run ends, the good ones are done, each bad one is in failed.ndjson
with its reason, and every line of JSON stays valid.

  tests/faults/hostile.py"""

import os
import struct
import sys
import tempfile
import zlib

import common
from common import SOME_FAILED

WORK = tempfile.TemporaryDirectory(prefix="maskmill-hostile-")
IN = os.fsencode(os.path.join(WORK.name, "in"))
OUT = os.path.join(WORK.name, "out")
GOOD = common.png(40, 30, seed=1)


def png_header(width, height, data):
    """A PNG that claims any size."""
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)) +
            chunk(b"IDAT", data) + chunk(b"IEND", b""))


def tiff(width, height, offset, count):
    """A TIFF of one strip at `offset` with `count` bytes, whatever is there."""
    tags = [(256, 4, width), (257, 4, height), (258, 3, 8), (259, 3, 1), (262, 3, 1), (273, 4, offset), (277, 3, 1),
            (278, 4, height), (279, 4, count)]
    return (b"II*\0" + struct.pack("<IH", 8, len(tags)) +
            b"".join(struct.pack("<HHII", tag, kind, 1, value) for tag, kind, value in tags) + struct.pack("<I", 0))


def bomb():
    """Black pixels, 20 GB of them, in a small file's worth of compressed data."""
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(bytes(1 << 20)) for _ in range(64)) + packer.flush()


SVG = b"""<?xml version="1.0"?><!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>
<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" width="64" height="64">
<image xlink:href="file:///etc/passwd" width="64" height="64"/><text>&x;</text></svg>"""
PDF = b"""%PDF-1.4
1 0 obj<</Type/Catalog/Pages 2 0 R/OpenAction<</S/URI/URI(http://127.0.0.1:1/)>>>>endobj
2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj
3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 100000 100000]>>endobj
trailer<</Root 1 0 R>>"""
JPEG = bytes.fromhex("ffd8ffe000104a46494600010100000100010000ffc0000b08ffffffff01011100ffda0008010100003f00")

# What is wrong with each file is in its name.
BAD = {
    b"empty.png": b"",
    b"one-byte.jpg": b"\xff",
    b"text.jpg": b"this is a text\n" * 50,
    b"page.png": b"<html><body>404 not found</body></html>",
    b"script.jpg": b"#!/bin/sh\ntouch /tmp/maskmill-was-here\n",
    b"noise.png": bytes(zlib.crc32(bytes([i % 256, i // 256])) % 256 for i in range(5000)),
    b"zeros.tif": bytes(4096),
    b"header-only.png": GOOD[:33],
    b"cut-in-the-middle.png": GOOD[: len(GOOD) // 2],
    b"cut-chunk.png": GOOD[:60],
    b"no-pixels.png": png_header(10, 10, b""),
    b"wrong-checksum.png": GOOD[:40] + bytes([GOOD[40] ^ 0xFF]) + GOOD[41:],
    b"zero-size.png": png_header(0, 0, zlib.compress(b"")),
    b"zero-height.png": png_header(100, 0, zlib.compress(b"")),
    b"largest-size.png": png_header(0x7FFFFFFF, 0x7FFFFFFF, zlib.compress(bytes(100))),
    b"negative-size.png": png_header(0xFFFFFFFF, 0xFFFFFFFF, zlib.compress(bytes(100))),
    b"bomb.png": png_header(80000, 80000, bomb()),
    b"wide-bomb.png": png_header(2000000000, 1, bomb()),
    b"absurd.jpg": JPEG,
    b"cut-jpeg.jpg": JPEG[:20],
    b"markers-only.jpg": b"\xff\xd8" + b"\xff\xfe\x00\x04ab" * 200 + b"\xff\xd9",
    b"huge.tif": tiff(0xFFFFFFFF, 0xFFFFFFFF, 8, 0xFFFFFFFF),
    b"strip-outside.tif": tiff(100, 100, 0x7FFFFFF0, 10000),
    b"loop.tif": b"II*\0" + struct.pack("<IHI", 8, 0, 8),
    b"cut-gif.gif": b"GIF89a\xff\xff\xff\xff\xf7\0\0",
    b"cut-webp.webp": b"RIFF\xff\xff\xff\xffWEBPVP8 \xff\xff\xff\x7f",
    b"cut-avif.avif": struct.pack(">I", 0x7FFFFFFF) + b"ftypavif" + bytes(20),
    b"boxes.heic": struct.pack(">I", 24) + b"ftypheic" + bytes(12) + struct.pack(">I", 0) + b"meta",
    b"drawing.svg.png": SVG,
    b"document.pdf.jpg": PDF,
    b"formula.tif": b"push graphic-context\nfill 'url(https://127.0.0.1/\"|touch /tmp/maskmill-was-here\")'\npop",
    b"postscript.jpg": b"%!PS\n(/tmp/maskmill-was-here) (w) file closefile\n",
    b"archive.png": b"PK\x03\x04" + bytes(100),
    b"new\nline.png": b"bad",
    b"q\"uo'te.png": b"bad",
    b"back\\slash.png": b"bad",
    b"not-\xff\xfe-utf8.png": b"bad",
    b"surrogate-\xed\xa0\x80.png": b"bad",
    b"control-\x01\x1b[31m\x7f.png": b"bad",
    b"percent-%s%n%x.png": b"bad",
}
FINE = [b"fine.png", b"also\nfine.png", b"\"fine\".png", b"fine\\.png", b"fine-\xff.png", b"$(fine) `fine`.png",
        b"-fine.png", b"deep/er/fine.png"]
LINKS = [(b"..", b"deep/up"), (b".", b"here.png"), (b"self.jpg", b"self.jpg")]


def make():
    for name, data in BAD.items():
        common.write(os.path.join(IN, b"bad", name), data)
    for name in FINE:
        common.write(os.path.join(IN, name), GOOD)
    for target, name in LINKS:
        os.symlink(target, os.path.join(IN, name))
    os.mkfifo(os.path.join(IN, b"pipe.png"))
    os.mkdir(os.path.join(IN, b"folder.jpg"))


def batch():
    assert len(BAD) == 40
    code, text = common.run(common.command(os.fsdecode(IN), OUT, "--image-timeout", "30s", "--log-format", "json"),
                            timeout=300)
    assert code == SOME_FAILED, f"exit status {code}: {text}"
    for line in text.splitlines():
        common.json.loads(line)
    failed = {common.key_of(line): line for line in common.read_ndjson(os.path.join(OUT, "failed.ndjson"))}
    # A link to itself cannot be opened; the other links, the pipe and the folder are no images.
    expected = {b"bad/" + name for name in BAD} | {b"self.jpg"}
    assert set(failed) == expected, f"not failed: {expected - set(failed)}, failed: {set(failed) - expected}"
    for key, line in failed.items():
        assert len(line["error"]) > 20, f"{key!r}: {line['error']!r}"
    there = common.outputs(OUT)
    assert set(there) == {os.path.splitext(name)[0] + b".json" for name in FINE}, sorted(there)
    done = {common.key_of(line) for line in common.ledgers(OUT) if line.get("status") == "done"}
    assert done == set(FINE)
    assert not os.path.exists("/tmp/maskmill-was-here"), "something in an image was carried out"
    return f"{len(failed)} refused, {len(done)} done"


def bad_ones_stay_failed():
    code, text = common.run(common.command(os.fsdecode(IN), OUT))
    assert code == SOME_FAILED, text
    attempts = sum(line.get("status") == "failed" for line in common.ledgers(OUT))
    assert attempts == len(BAD) + 1, f"{attempts} attempts"
    code, text = common.run(common.command(os.fsdecode(IN), OUT, "--retry-failed"))
    assert code == SOME_FAILED, text
    attempts = sum(line.get("status") == "failed" for line in common.ledgers(OUT))
    assert attempts == 2 * (len(BAD) + 1), f"{attempts} attempts"


def too_many_failures_stop_the_run():
    out = OUT + "-stopped"
    code, text = common.run(common.command(os.fsdecode(IN), out, "--max-failures", "5"))
    assert code == common.TOO_MANY_FAILURES, f"exit status {code}: {text}"
    attempts = sum(line.get("status") == "failed" for line in common.ledgers(out))
    assert 5 < attempts < 20, f"{attempts} attempts"


if __name__ == "__main__":
    make()
    sys.exit(common.run_tests([batch, bad_ones_stay_failed, too_many_failures_stop_the_run]))
