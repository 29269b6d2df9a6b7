"""Runs to report of: real ones of examples/, hostile names, damaged records, records of other tools, and large
made-up ones. All in a folder that the caller removes."""

import json
import os
import random
import shutil
import subprocess
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(SOURCE, "tests", "faults"))
from common import OPTIONS, PROGRAM, png, write  # noqa: E402

EXAMPLES = os.path.join(SOURCE, "examples")
# Few prompts: seconds. Low thresholds: masks that the sliders can take away.
REAL = ["--points-per-side", "8", "--pred-iou-thresh", "0.2"]
OTHER = ["--points-per-side", "6", "--pred-iou-thresh", "0.3"]
# What a page must never do with a name, or any other text of a record: canary() is watched in every page.
HOSTILE_NAMES = [
    b"<img src=x onerror=canary()>.png", b'"><script>canary()<\x2fscript>.png', b"' onmouseover='canary()' a='.png",
    b'" autofocus onfocus="canary()" a=".png', b"two\nlines\r.png", b"tab\t\x07\x1b[31mred.png", b"\xff\xfe\xc0\xaf.png",
    b"half \xe2\x82.png", b"__proto__.png", b"constructor/prototype/toString.png", b"hasOwnProperty.png",
    b"line\xe2\x80\xa8separators\xe2\x80\xa9canary().png", b"javascript:canary().png",
    b"${canary()}`canary()`{{canary()}}.png", b"<!-- <!doctype --> ]]>.png", b"&lt;b&gt;&#x3C;script&#x3E;.png",
    b"\\u003cscript\\u003ecanary()\\x3c.png", b"right \xe2\x80\xae to left.png", b"%2e%2e%2f?q=1#top.png",
    b"-o out.png", b"\\..\\..\\windows.png", b"<svg onload=canary()><style>@import 'x'.png", b"w" * 200 + b".png",
    b"\xf0\x9f\x90\x88 caf\xc3\xa9 \xe7\x8c\xab.png",
]
HOSTILE_FAILED = [b"<iframe srcdoc='<script>parent.canary()'>.png", b"broken \xff\"'<b>.png"]


def command(*arguments, status=(0,)):
    """Runs maskmill; returns what it printed. Any other exit status is an error."""
    done = subprocess.run([PROGRAM, *arguments], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, check=False)
    text = done.stdout.decode("utf-8", "replace")
    if done.returncode not in status:
        raise RuntimeError("maskmill %r: exit status %d: %s" % (arguments, done.returncode, text))
    return text


def load(run, image):
    """The record of an image."""
    with open(os.path.join(run, os.path.splitext(image)[0] + ".json"), encoding="utf-8") as file:
        return json.load(file)


class Fixtures:
    """Makes each run and each report once, when it is first asked for."""

    def __init__(self, folder):
        self.folder = folder
        self.made = {}

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def once(self, name, make):
        if name not in self.made:
            self.made[name] = make(self.path(name))
        return self.made[name]

    def report(self, name, *arguments, status=(0,)):
        """The page of `maskmill report ARGUMENTS`."""
        def make(out):
            self.said = command("report", *arguments, "-o", out, status=status)
            return out if out.endswith(".html") else os.path.join(out, "index.html")
        return self.once(name, make)

    def real(self):
        """A run of the four photographs of examples/ with the built-in model."""
        def make(out):
            command("run", EXAMPLES, "-o", out, *REAL)
            return out
        return self.once("run-a", make)

    def other(self):
        """Another run, of two of them."""
        def make(out):
            command("run", *(os.path.join(EXAMPLES, name) for name in ("chelsea.jpg", "coffee.jpg")), "-o", out, *OTHER)
            return out
        return self.once("run-b", make)

    def real_report(self):
        return self.report("report-a", self.real(), "--images", EXAMPLES)

    def pair_report(self):
        return self.report("report-ab", self.real(), self.other(), "--images", EXAMPLES)

    def hostile(self):
        """A run in a folder of a hostile name, of images of hostile names, two of which fail."""
        def make(folder):
            photos = os.fsencode(os.path.join(folder, "photos"))
            for seed, name in enumerate(HOSTILE_NAMES):
                write(os.path.join(photos, name), png(40, 30, seed=seed))
            for name in HOSTILE_FAILED:
                write(os.path.join(photos, name), b"\x89PNG\r\n\x1a\n no picture")
            out = os.path.join(folder, "<script>canary()<", "b onclick=canary()>\u2028run'\"")
            command("run", photos, "-o", out, *OPTIONS, "--max-failures", "100", status=(0, 1))
            return os.fsdecode(photos), out
        return self.once("hostile", make)

    def damaged(self):
        """Records that verify refuses: cut short, with runs that do not fill the image, with a hostile member."""
        def make(out):
            shutil.copytree(self.real(), out)
            path = os.path.join(out, "astronaut.json")
            with open(path, "rb") as file:
                text = file.read()
            write(path, text[: text.index(b'"counts"') + 14])  # within the first run string
            path = os.path.join(out, "camera.json")
            with open(path, encoding="utf-8") as file:
                record = json.load(file)
            record["annotations"][0]["segmentation"]["counts"] = "</script><script>canary()</script>"
            write(path, json.dumps(record).encode())
            return out
        return self.once("damaged", make)

    def foreign(self, form):
        """The real records in another tool's form: sa1b (no run beside them), png (as amg.py), coco."""
        def make(out):
            command("export", self.real(), "--format", form, "--images", EXAMPLES, "-o", out)
            return out
        return self.once("foreign-" + form, make)

    def many(self, images=3000):
        """Made-up records of many small images without photographs."""
        def make(out):
            synthetic(out, images, 4)
            return out
        return self.once("many-%d" % images, make)


def run_string(counts):
    """COCO's text of run lengths."""
    text = []
    for i, count in enumerate(counts):
        value = count - counts[i - 2] if i > 2 else count
        while True:
            group = value & 31
            value >>= 5
            more = value != (-1 if group & 16 else 0)
            text.append(chr((group | (32 if more else 0)) + 48))
            if not more:
                break
    return "".join(text)


def disc(width, height, x, y, radius):
    """Runs and area of a disc within the image."""
    counts, end, area = [], 0, 0
    for column in range(max(0, x - radius), min(width, x + radius + 1)):
        half = int((radius * radius - (column - x) ** 2) ** 0.5)
        top, bottom = max(0, y - half), min(height, y + half + 1)
        start, stop = column * height + top, column * height + bottom
        if counts and start == end:
            counts[-1] += stop - start
        else:
            counts += [start - end, stop - start]
        end = stop
        area += stop - start
    if end < width * height:
        counts.append(width * height - end)
    return counts, area


def masks(width, height, count, seed):
    """`count` annotations: discs of all sizes, with scores."""
    chance = random.Random(seed)
    annotations = []
    for number in range(count):
        radius = int(3 * (min(width, height) / 9) ** chance.random())
        x, y = chance.randrange(width), chance.randrange(height)
        counts, area = disc(width, height, x, y, radius)
        left, top = max(0, x - radius), max(0, y - radius)
        box = [left, top, min(width - 1, x + radius) - left, min(height - 1, y + radius) - top]
        annotations.append({
            "segmentation": {"size": [height, width], "counts": run_string(counts)}, "area": area, "bbox": box,
            "predicted_iou": round(0.5 + 0.5 * chance.random(), 4), "point_coords": [[float(x), float(y)]],
            "stability_score": round(0.6 + 0.4 * chance.random(), 4), "id": number,
            "crop_box": [0.0, 0.0, float(width), float(height)]})
    return annotations


def synthetic(out, images, count, width=640, height=480, kinds=64):
    """Records of made-up masks, a record an image; `kinds` of them differ."""
    texts = [json.dumps(masks(width, height, count, seed)) for seed in range(kinds)]
    for number in range(images):
        folder = os.path.join(out, "%03d" % (number // 1000))
        if number % 1000 == 0:
            os.makedirs(folder)
        image = {"image_id": number, "width": width, "height": height, "file_name": "image-%06d.jpg" % number}
        with open(os.path.join(folder, "image-%06d.json" % number), "w", encoding="ascii") as file:
            file.write('{"image": %s, "annotations": %s}' % (json.dumps(image), texts[number % kinds]))
