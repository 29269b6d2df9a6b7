#!/usr/bin/env python3
"""Records the report as the README shows it: an animated WebP of some twenty seconds.

    tests/report/recording.py REPORT OUT.webp      REPORT: of two runs; needs img2webp (Debian: webp)

The scenes take the time that they say, however slow the machine is: each frame is a picture of its own."""

import os
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True

from browser import Browser

WIDTH, HEIGHT = 1120, 700
FRAME = 0.125  # seconds
CURSOR = """(() => {
    const cursor = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    cursor.innerHTML = '<path d="M1 1v17l4-4 3 7 3-1-3-7h6z" fill="#fff" stroke="#000" stroke-width="1.2"/>';
    Object.assign(cursor.style, {position: "fixed", zIndex: 9999, pointerEvents: "none", width: "22px", height: "26px"});
    document.documentElement.append(cursor);
    addEventListener("mousemove", event => Object.assign(cursor.style,
        {left: event.clientX + "px", top: event.clientY + "px"}), true);
})()"""


class Recorder:
    def __init__(self, page, folder):
        self.page, self.folder = page, folder
        self.frames = []  # [path, seconds]
        self.at = (WIDTH / 2, HEIGHT / 2)

    def shoot(self, seconds=FRAME):
        """A frame that stands for so long."""
        path = os.path.join(self.folder, "%04d.png" % len(self.frames))
        self.page.screenshot(path)
        self.frames.append([path, seconds])

    def glide(self, selector, x=0.5, y=0.5, steps=4, pressed=False):
        """Moves the pointer to a point of an element, a frame a step."""
        to = self.page.place(selector, x, y)
        begin = self.at
        more = {"button": "left", "buttons": 1} if pressed else {}
        for step in range(1, steps + 1):
            part = step / steps * step / steps * (3 - 2 * step / steps)
            self.at = tuple(a + (b - a) * part for a, b in zip(begin, to))
            self.page._mouse("mouseMoved", *self.at, **more)
            self.shoot()

    def press(self, kind):
        self.page._mouse(kind, *self.at, button="left", clickCount=1)

    def click(self, selector, **where):
        self.glide(selector, **where)
        self.press("mousePressed")
        self.press("mouseReleased")

    def slide(self, key, begin, end, steps):
        """Drags a slider; begin and end are parts of its width."""
        track = "#slider-" + key
        self.glide(track, begin)
        self.press("mousePressed")
        self.glide(track, end, steps=steps, pressed=True)
        self.press("mouseReleased")
        self.shoot(0.75)


def gallery(recorder):
    recorder.page.wait("document.querySelectorAll('canvas').length >= 4")
    recorder.page.frames(1.5)
    recorder.shoot(1.5)
    recorder.click("a[href*='image/0/3']")
    recorder.page.wait("document.querySelector('#slider-iou')")
    recorder.page.frames(1.5)
    recorder.shoot(1)


def image(recorder):
    stage = "#main section:not([hidden]) canvas"
    for x, y in (0.3, 0.5), (0.52, 0.3), (0.62, 0.72), (0.8, 0.45):
        recorder.glide(stage, x, y, steps=3)
        recorder.shoot(0.5)
    recorder.slide("iou", 0.03, 0.38, 10)
    recorder.slide("stability", 0.03, 0.55, 8)
    recorder.page.key("o")
    recorder.page.frames(0.5)
    recorder.shoot(1)
    recorder.page.key("o")
    recorder.page.frames(0.5)
    recorder.shoot(0.5)


def run(recorder):
    recorder.click("nav a[href^='#run']")
    recorder.page.frames(0.8)
    recorder.shoot(2)
    for _ in range(6):
        recorder.page.wheel("#main", down=110)
        recorder.page.frames(0.2)
        recorder.shoot()
    recorder.shoot(1)


def compare(recorder):
    recorder.click("nav a[href^='#compare']")
    recorder.page.frames(1.5)
    recorder.shoot(1)
    recorder.click("a[href*='#pair/']")
    recorder.page.frames(1.5)
    recorder.shoot(1)
    for x, y in (0.4, 0.5), (0.6, 0.4):
        recorder.glide("#main section:not([hidden]) canvas", x, y, steps=3)
        recorder.shoot(0.75)


def write(frames, out):
    command = ["img2webp", "-loop", "0", "-mixed", "-min_size"]
    for path, seconds in frames:
        command += ["-d", str(round(1000 * seconds)), "-lossy", "-q", "45", "-m", "6", path]
    subprocess.run(command + ["-o", out], check=True, stdout=subprocess.DEVNULL)


def main(report, out):
    with tempfile.TemporaryDirectory() as folder, Browser() as browser:
        page = browser.page(width=WIDTH, height=HEIGHT)
        page.open(os.path.join(report, "index.html"))
        page.evaluate(CURSOR)
        recorder = Recorder(page, folder)
        for scene in gallery, image, run, compare:
            scene(recorder)
        write(recorder.frames, out)
        seconds = sum(frame[1] for frame in recorder.frames)
        print("%d frames, %.1f s, %d kB" % (len(recorder.frames), seconds, os.path.getsize(out) / 1000))


if __name__ == "__main__":
    main(*sys.argv[1:])
