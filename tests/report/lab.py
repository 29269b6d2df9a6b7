"""What the checks share: pages that are watched, questions to a page, and masks decoded apart from the page."""

import struct
import time

from browser import BrowserError
from fixtures import EXAMPLES, Fixtures, command, load

__all__ = ["Lab", "Skipped", "BrowserError", "EXAMPLES", "command", "decode", "load", "other_pixels", "pixels", "single",
           "wait_pixels"]

# Every page has it before its own code: who calls it, got into the page through data.
CANARY = """
    window.fired = [];
    window.canary = () => { window.fired.push(new Error().stack); };
    window.alert = window.confirm = window.prompt = window.canary;
"""
# What no page of a report contains unless data have become HTML.
FOREIGN_ELEMENTS = ("iframe, object, embed, form, base, frame, [onerror], [onload], [onclick], [onmouseover], [onfocus],"
                    " a[href^='javascript:'], img[src='x'], .page b, .page script")
# Whether a picture of the page shows a photograph with masks: the number of its colours and their spread.
PICTURE = """selector => {
    const from = document.querySelector(selector);
    const to = Object.assign(document.createElement("canvas"), {width: 64, height: 64});
    const context = to.getContext("2d");
    context.drawImage(from, 0, 0, 64, 64);
    return [...context.getImageData(0, 0, 64, 64).data];
}"""


class Skipped(Exception):
    """A check that cannot be made here, with the reason."""


class Lab:
    """A browser, the runs, and the pages that a check has opened."""

    def __init__(self, browser, folder):
        self.browser = browser
        self.fixtures = Fixtures(folder)
        self.pages = []

    def open(self, address, fragment="", home=None, **look):
        page = self.browser.page(home, **look)
        page.call("Page.addScriptToEvaluateOnNewDocument", source=CANARY)
        self.pages.append(page)
        page.open(address, fragment)
        return page

    def close(self):
        """Closes the pages of a check; returns what they may not have done."""
        problems = []
        pages, self.pages = self.pages, []
        for page in pages:
            problems += page.problems
            problems += ["canary: " + stack for stack in page.evaluate("window.fired")]
            found = page.apply("selector => document.querySelectorAll(selector).length", FOREIGN_ELEMENTS)
            problems += ["%d elements that data have made" % found] if found else []
            page.close()
        return problems

    def image(self, address, row=0, run=0, query=""):
        """The page of an image, once its masks are there."""
        page = self.open(address, "image/%d/%d%s" % (run, row, query and "?" + query))
        page.wait("document.querySelector('.page-image .tree-item')")
        return page


def pixels(page, selector):
    """64 x 64 pixels of a canvas, as (red, green, blue, alpha)."""
    data = page.apply(PICTURE, selector)
    return [tuple(data[i:i + 4]) for i in range(0, len(data), 4)]


def wait_pixels(page, selector, wanted, timeout=15):
    """Waits until the number of pixels of a canvas in which something is drawn is as wanted(number) says; returns it."""
    end = time.monotonic() + timeout
    while True:
        drawn = sum(pixel[3] > 0 for pixel in pixels(page, selector))
        if wanted(drawn):
            return drawn
        assert time.monotonic() < end, "%d pixels are drawn: %s" % (drawn, selector)
        page.browser.listen(0.05)


def other_pixels(page, selector, before, timeout=15):
    """Waits until a canvas shows something other than before, twice the same; returns its pixels."""
    last, end = before, time.monotonic() + timeout
    while time.monotonic() < end:
        page.browser.listen(0.1)
        now = pixels(page, selector)
        if now == last != before:
            return now
        last = now
    raise AssertionError("the canvas has not changed: " + selector)


def single(number):
    """The 32-bit float next to a number: scores and thresholds are such."""
    return struct.unpack("f", struct.pack("f", number))[0]


def decode(mask):
    """The set of pixels, column by column, of a record's annotation; area and string come from the record."""
    text, counts, at = mask["segmentation"]["counts"], [], 0
    while at < len(text):
        value = shift = 0
        while True:
            group = ord(text[at]) - 48
            at += 1
            value |= (group & 31) << shift
            shift += 5
            if not group & 32:
                break
        if group & 16:
            value -= 1 << shift
        counts.append(value + counts[-2] if len(counts) > 2 else value)
    found, end = set(), 0
    for i, count in enumerate(counts):
        if i % 2:
            found.update(range(end, end + count))
        end += count
    return found
