#!/usr/bin/env python3
"""Small images whose decoder wants far more memory than there is, one or more of each format: each fails alone, with
what to do, the others are done, and all processes together stay within --memory. In all commands that read images.

  tests/faults/bombs.py"""

import base64
import json
import os
import struct
import subprocess
import sys
import tempfile
import time
import zlib

import common
from common import ALL_DONE, ENVIRONMENT, MODEL, OPTIONS, PROGRAM, SOME_FAILED, png, write

WORK = tempfile.TemporaryDirectory(prefix="maskmill-bombs-")
SIDE = 12000  # 432 MB of pixels
BUDGET = 300  # MiB
# What may be in use for a moment beyond a limit (images/image_watch.h).
TOLERANCE = 48
MEMORY = ["--memory", f"{BUDGET}M"]

# Black pixels, SIDE x SIDE; packed, because encoders are not in Python's library.
AVIF = (
    "eNpjYGCQSSupLEgsy0xjAAIQnZuZZpibmQjkM2rnppYkMkCAYkZKThGUzVCQmVzCgAb4CjJLcsEsRiA2yczJTwZxXBwYmMAiDIz+EJqBgY0L"
    "KAYE7JEwEYZ9QGyRmZkHdgZYVhTISWWCmpdYZmDIgCTICFLiWgFxdVZmQVEBkPbOLEjOB9LCyfk5RXnJORVARUwMbA1AIZ7EMkPnRnkekHKR"
    "zOKCVIiteg8gmEGgILMiEyTCzMHBAaTEMwtyYT5nZGBkaWxibgEypTKLUtNg/k1OKU4G+w3oPrYLuSmJJUIMXNzy3/Pu765vYmHh5TD6wS3A"
    "wcClsQioNf5bxKoT+y+drbnN9O3K6ZSzJacTY2u7gu14rxx6bGt4jScw0Vki+czHlFvpyZo/+1bvSWk/F17FMUFdn6dVfj6rWaPx3U3Htho+"
    "bRds3fzL9sVxsc5XsUwv31m+3PnK5VPmcZHYE0PfgmiSLFhTdO7XuwqHlHixCuOdh4+ddMj5dz7RNymu++T1Of+b5lk2PwkunJ/jNjEwam/B"
    "zagDo+E/Gv4jOfyjaeZ615qGoWs4bYK8xwFUyUGqJ09PLQZQjcLGIMTIDK7uQFiKkRVMhwGxNJQdB8QaUDWgek+YCaE+s50FTMMqHwtg3fqC"
    "GUGzMTBMYGdgAcoYGBkaME6EsBmBJjAsgIobGhgwLoCY+P8/0IYFEBMf6AErPSQ2CAAAIXlyqA==")
HEIC = (
    "eNrt2D9ME1EcB/Df65XSKAKKAiJqQUkQQtMaExkMNgoDm5PRQUK9tuEFCpfSmBoTrH8ZXBAdjAs10WjURNzUwYBRBycXo2MnY8SBgQQSMefv"
    "7loh7CT+ku8v9+797r137z59uaZ3JaLmVPaiNZTUJnGkdSrq5GkdTxGpm+lkNk5etAwlRjKlnCxtZmlDVFs6m3YzxeWIHhlzp+yNkc9tIfXU"
    "q4kmfnMbR/5RuYXecunWejTlHjm9u/gg6SvNN3TBjNK6RuUM6ctpd/gHbWUsrh9ryxzj+hKPPqkM6x/NXqTVPysrRDVGiE9tjKkqZdvOAIOm"
    "nB1v9htfrIU7wyeU2tBToHPvaOurs6MPp+9/L8Zic3mn2d1db+VTKnvVfGb2fIyvtFOPW0nvouGiV6jW0jnttBjBYJCrem2ly6uqSBlXfNc4"
    "a9KZZKq8lGZi3HSXjT/65fl0Is6rPbHcrl74axuuhn89H15YeDbsRWdnx08xUVzd+/W4/eX90eCnl9PTn29VL9WWFvm/31TXk0Nd2x58nJEC"
    "Jhqcu1O9tCLHa9BMflISl/x3RXENlRTl7SpI4qo2SdqKY5K0NY2StM2nJGl7ipK0N/KStK/z+HXYJOyyIKxRL+iZJiHHWiHo+SuwJMcavCfH"
    "uiUnx1r1TY615owc6/ZFOdY6QdaGiBzrbkHWplk5VkkvM/sE3QP7Bb12hQT9EdM6KMd6IATrplgFfbcOFmCFFVZYYd2MrQ1WWGGFFVZYYYUV"
    "VlhhhRVWWGGFFVZYYYUVVlhhhRVWWGGFFVZYYYUVVlhhhRVWWGGFFVZYYYUVVlhhhRVWWGGFFVZYYYUVVlhhhRVWWGGFFVZYYYUVVlhhhRVW"
    "WGGFFVZYYYUVVlhhhRVWWGGFFVZYYYUVVlhh7QkRUaAvp1NE/f0dFHQOaYcySHHmlCZV4danuewp5QNc2ktjfFzqfGvj9aTfrXlCN7pNoh/G"
    "Wh0gmqokP/dEDkcj6raXK56BCqX2aCSiCt6Mts1XKHgzFsMsXpc78RdIfx6I")
# 16000 x 16000
WEBP = (
    "eNoL8nRze8fAwBDu6hQQFmARwQVkcwBxvR0IAUV8+IA8/fp/8/nZBQT/8ru4/Gd2jfB02wUUda3ITGNg8PTUAutgYxBiZGZgBLJAWIqRFUyH"
    "AbE0lB0HxBpQNUxALMyEUJ/ZzgKmgQaCgUUyA8MLZgTNxsAwgZ2BBShjYGRowDgRwmYEmsCwACpuaGDAuABi4v//QBsWQExssGNgYEZigwAA"
    "UdUfMg==")


def unpack(text):
    return zlib.decompress(base64.b64decode(text))


def packed(count, byte=b"\0"):
    """One byte so many times, compressed."""
    packer = zlib.compressobj(9)
    return b"".join(packer.compress(byte * min(1 << 20, count - i)) for i in range(0, count, 1 << 20)) + packer.flush()


def chunk(kind, data):
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def png_of(width, height, interlaced=0, texts=0):
    """Black, with so many compressed texts of 8 MB."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, interlaced)
    text = packed(7900000, b"a") if texts else b""
    more = b"".join(chunk(b"zTXt", b"text %d\0\0" % i + text) for i in range(texts))
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + more + chunk(b"IDAT", packed((3 * width + 1) * height)) +
            chunk(b"IEND", b""))


def jpeg(side, progressive):
    """Every coefficient is zero: one bit for each block's first one and, if not progressive, one for the rest. Three
    scans of a colour each, or one progressive scan; either needs all coefficients in memory."""
    def segment(marker, data):
        return bytes([0xFF, marker]) + struct.pack(">H", len(data) + 2) + data

    def scan(colours, bits, last):
        head = bytes([len(colours)]) + b"".join(bytes([colour, 0]) for colour in colours) + bytes([0, last, 0])
        return segment(0xDA, head) + bytes((len(colours) * bits * (side // 8) ** 2 + 7) // 8)

    frame = struct.pack(">BHHB", 8, side, side, 3) + b"".join(bytes([colour, 0x11, 0]) for colour in (1, 2, 3))
    code = bytes([1] + 15 * [0]) + b"\0"
    scans = scan([1, 2, 3], 1, 0) if progressive else b"".join(scan([colour], 2, 63) for colour in (1, 2, 3))
    return (b"\xff\xd8" + segment(0xDB, b"\0" + bytes([16] * 64)) + segment(0xC2 if progressive else 0xC0, frame) +
            segment(0xC4, b"\0" + code) + segment(0xC4, b"\x10" + code) + scans + b"\xff\xd9")


def tiff(side):
    """64 x 64 pixels in tiles of side x side, in four planes apart that share their bytes."""
    data = packed(side * side)
    data += bytes(len(data) % 2)
    at = 8 + len(data)
    arrays = struct.pack("<4H8I", 8, 8, 8, 8, *[8] * 4, *[len(data)] * 4)
    tags = [(256, 4, 1, 64), (257, 4, 1, 64), (258, 3, 4, at), (259, 3, 1, 8), (262, 3, 1, 2), (277, 3, 1, 4),
            (284, 3, 1, 2), (322, 4, 1, side), (323, 4, 1, side), (324, 4, 4, at + 8), (325, 4, 4, at + 24),
            (338, 3, 1, 2)]
    return (b"II*\0" + struct.pack("<I", at + len(arrays)) + data + arrays + struct.pack("<H", len(tags)) +
            b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4))


def gif(screen, side):
    """A screen of any size, and a frame of another, of which there is one pixel."""
    return (b"GIF89a" + struct.pack("<HHBBB", screen, screen, 0x80, 0, 0) + bytes(6) + b"," +
            struct.pack("<HHHHB", 0, 0, side, side, 0) + b"\2\2" + bytes([0b01000100, 0b1]) + b"\0;")


def lying(image):
    """HEIC and AVIF say their size outside of the coded picture."""
    assert image.count(b"ispe") == 1
    at = image.index(b"ispe") + 8
    return image[:at] + struct.pack(">II", 64, 64) + image[at + 8:]


# Their headers say how large they are, so that they are refused by that; or they do not.
HONEST = {
    "progressive.jpg": jpeg(SIDE, True),
    "scans.jpg": jpeg(SIDE, False),
    "wide.png": png_of(SIDE, SIDE),
    "interlaced.png": png_of(SIDE, SIDE, interlaced=1),
    "tiles.tif": tiff(9984),
    "wide-web.webp": unpack(WEBP),
    "frame.gif": gif(64, SIDE),
    "wide-av1.avif": unpack(AVIF),
    "wide-too.heic": unpack(HEIC),
}
LYING = {
    "texts.png": png_of(64, 64, texts=60),
    "small.avif": lying(unpack(AVIF)),
    "small-too.heic": lying(unpack(HEIC)),
}
BOMBS = {**HONEST, **LYING}
GOOD = {f"good-{i}.png": png(40, 30, seed=i) for i in range(6)}


def descendants(process):
    found = [process]
    try:
        for task in os.listdir(f"/proc/{process}/task"):
            with open(f"/proc/{process}/task/{task}/children", encoding="ascii") as file:
                for child in file.read().split():
                    found += descendants(int(child))
    except OSError:
        pass
    return found


def resident(process):
    """MiB, shared pages in equal parts."""
    try:
        with open(f"/proc/{process}/smaps_rollup", encoding="ascii") as file:
            return sum(int(line.split()[1]) for line in file if line.startswith("Pss:")) / 1024
    except OSError:
        return 0


def run(*arguments):
    """Runs the program within the budget; returns its exit status and what was said."""
    peak = 0
    said = os.path.join(WORK.name, "said")
    with open(said, "wb") as file:
        started = subprocess.Popen([PROGRAM, *arguments], stdin=subprocess.DEVNULL, stdout=file, stderr=file)
    while started.poll() is None:
        peak = max(peak, sum(resident(process) for process in descendants(started.pid)))
        time.sleep(0.002)
    with open(said, encoding="utf-8", errors="replace") as file:
        text = file.read()
    assert peak < BUDGET + TOLERANCE, f"{arguments}: {peak:.0f} MiB: {text}"
    assert "damaged" not in text, text
    return started.returncode, text


def folder(name, *sets):
    path = os.path.join(WORK.name, name)
    for images in sets:
        for image, data in images.items():
            write(os.path.join(path, image), data)
    return path


def check_reason(name, reason):
    """What is wrong and what to do."""
    wrong = "needed more than" if name in LYING else "pixels may take"
    assert wrong in reason and "--memory" in reason, f"{name}: {reason}"


def a_run_does_the_others():
    for options in ([], ["--overlay", "--format", "tar"]):
        images = folder("in", BOMBS, GOOD)
        out = os.path.join(WORK.name, "out" + "".join(options))
        code, text = run("run", images, "-o", out, *OPTIONS, "--workers", "2", *MEMORY, *options)
        assert code == SOME_FAILED, f"exit status {code}: {text}"
        failed = {line["path"]: line["error"] for line in common.read_ndjson(os.path.join(out, "failed.ndjson"))}
        assert set(failed) == set(BOMBS), sorted(failed)
        for name, reason in failed.items():
            check_reason(name, reason)
        done = {line["path"] for line in common.ledgers(out) if line.get("status") == "done"}
        assert done == set(GOOD), sorted(done)
    return f"{len(BOMBS)} refused"


def a_run_in_tiles_too():
    out = os.path.join(WORK.name, "tiles")
    images = folder("in", BOMBS, GOOD)
    code, text = run("run", images, "-o", out, *OPTIONS, "--tile", "512", "--halo", "64", "--workers", "2", *MEMORY)
    assert code == SOME_FAILED, f"exit status {code}: {text}"
    failed = {line["path"] for line in common.read_ndjson(os.path.join(out, "failed.ndjson"))}
    # A plain PNG is read row by row, and done; so its memory does not grow with its size.
    assert set(LYING) <= failed <= set(BOMBS) - {"wide.png"}, sorted(failed)


def what_needs_more_than_its_header_says_is_done_if_there_is_room():
    images = folder("texts", {"texts.png": png_of(64, 64, texts=4)}, GOOD)
    code, text = run("run", images, "-o", os.path.join(WORK.name, "more"), *OPTIONS, *MEMORY)
    assert code == ALL_DONE, f"exit status {code}: {text}"


def bench_refuses_each():
    for name in BOMBS:
        code, text = run("bench", os.path.join(folder("in", BOMBS), name), "--model", MODEL, "--repeat", "1", *MEMORY)
        assert code == ENVIRONMENT, f"{name}: exit status {code}: {text}"
        check_reason(name, text)


def record_of(name, width, height):
    counts = {"size": [height, width], "counts": [0, 1, height * width - 1]}
    mask = {"id": 1, "segmentation": counts, "area": 1, "bbox": [0, 0, 1, 1]}
    return json.dumps({"image": {"width": width, "height": height, "file_name": name}, "annotations": [mask]}).encode()


def eval_leaves_each_out():
    images = folder("eval", BOMBS, {"good.png": GOOD["good-0.png"]})
    for name in [*BOMBS, "good.png"]:
        size = (40, 30) if name == "good.png" else (64, 64)
        write(os.path.join(images, os.path.splitext(name)[0] + ".json"), record_of(name, *size))
    code, text = run("eval", images, "--model", MODEL, "--set", "points-per-side=2", *MEMORY)
    assert code == SOME_FAILED, f"exit status {code}: {text}"
    for name in BOMBS:
        check_reason(name, next(line for line in text.splitlines() if name + ":" in line))
    assert "1 images" in text, text


def headers_are_read_apart():
    """verify reads the header of each image, and export where a record does not know the size."""
    records = os.path.join(WORK.name, "more") # of the test above
    code, text = run("verify", records, "--images", os.path.join(WORK.name, "texts"), *MEMORY)
    assert code == ALL_DONE, f"exit status {code}: {text}"
    images = folder("in", BOMBS, GOOD)
    code, text = run("verify", records, "--images", images, *MEMORY)
    assert code == SOME_FAILED and "1 faults" in text, f"exit status {code}: {text}"
    check_reason("texts.png", text)
    write(os.path.join(WORK.name, "lists", "texts.json"), b"[]")
    code, text = run("export", os.path.join(WORK.name, "lists"), "--images", images, "--format", "coco", "-o",
                     os.path.join(WORK.name, "sized"), *MEMORY)
    assert code == SOME_FAILED, f"exit status {code}: {text}"
    check_reason("texts.png", text)


def masks_as_images_are_read_apart():
    """Folders of PNG files, as amg.py writes them."""
    masks = os.path.join(WORK.name, "masks")
    line = "0,1,0,0,1,1,0,0,0.9,0.9,0,0,1,1\n"
    for name, data in {"wide": HONEST["wide.png"], "texts": LYING["texts.png"], "good": GOOD["good-0.png"]}.items():
        write(os.path.join(masks, name, "metadata.csv"), (",".join("abcdefghijklmn") + "\n" + line).encode())
        write(os.path.join(masks, name, "0.png"), data)
    out, filtered = os.path.join(WORK.name, "coco"), os.path.join(WORK.name, "filtered")
    for arguments in (["stats", masks], ["verify", masks], ["export", masks, "--format", "coco", "-o", out],
                      ["filter", masks, "-o", filtered, "--min-area", "1"]):
        code, text = run(*arguments, *MEMORY)
        assert code == SOME_FAILED, f"{arguments}: exit status {code}: {text}"
        assert "pixels may take" in text and "needed more than" in text, text


if __name__ == "__main__":
    sys.exit(common.run_tests([a_run_does_the_others, a_run_in_tiles_too,
                               what_needs_more_than_its_header_says_is_done_if_there_is_room,
                               bench_refuses_each, eval_leaves_each_out, headers_are_read_apart,
                               masks_as_images_are_read_apart]))
