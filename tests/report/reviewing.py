"""A review that is served while a check looks at it: `maskmill review` on a copy of a run."""

import json
import os
import shutil
import signal
import subprocess
import time
import urllib.error
import urllib.request

from fixtures import PROGRAM, EXAMPLES
from lab import Skipped

STAGE = ".page-image .stage"
READY = "document.querySelector('.page-image .tree-item') && !document.querySelector('.review-bar').hidden"
SAID = "document.querySelector('.saved').textContent"
START = 60  # seconds, at most, for the program to load its model and read the run


class Review:
    """`maskmill review` of a copy of the run `of`, which goes with it."""

    def __init__(self, lab, name, *options, of=None, images=EXAMPLES):
        self.lab, self.images, self.options = lab, images, options
        self.run = lab.fixtures.path("review-" + name)
        shutil.rmtree(self.run, ignore_errors=True)
        shutil.copytree(of or lab.fixtures.real(), self.run)
        self.process = None

    def __enter__(self):
        self.start()
        return self

    def __exit__(self, *_):
        self.end(signal.SIGKILL)

    def start(self):
        photos = ["--images", self.images] if self.images else []
        command = [PROGRAM, "review", self.run, *photos, "--by", "anna", *self.options]
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE, text=True)
        self.address = self.process.stdout.readline().strip()
        if not self.address:
            said = self.process.communicate(timeout=START)[1]
            if "built without libmicrohttpd" in said:
                raise Skipped("built without libmicrohttpd")
            raise AssertionError("maskmill review did not start: " + said)
        self.home = self.address[: self.address.index("?")]

    def end(self, how=signal.SIGTERM):
        self.process.send_signal(how)
        self.process.communicate(timeout=START)

    def open(self, fragment, condition, **look):
        page = self.lab.open(self.address, home=self.home, **look)
        page.evaluate("location.hash = %s" % json.dumps("#" + fragment))
        page.wait(condition, 30)
        return page

    def image(self, row=0, **look):
        """The page of an image, ready for review."""
        return self.open("image/0/%d" % row, READY, **look)

    def events(self):
        """What the log holds."""
        path = os.path.join(self.run, ".maskmill", "review.ndjson")
        if not os.path.exists(path):
            return []
        with open(path, encoding="utf-8") as file:
            return [json.loads(line) for line in file]

    def status(self, path, **headers):
        """The status of a request without the cookie."""
        request = urllib.request.Request(self.home + path, headers=headers)
        try:
            with urllib.request.urlopen(request, timeout=10) as answer:
                return answer.status
        except urllib.error.HTTPError as error:
            return error.code


def said(page, text):
    """Waits until the page says that something was saved."""
    page.wait("%s === %s" % (SAID, json.dumps(text)))


def refused(page, timeout=10):
    """Waits until the page says that something was not saved; returns what it says. The browser itself complains of
    the request, which is no problem here."""
    end = time.monotonic() + timeout
    while "Not saved" not in page.text(".problem"):
        assert time.monotonic() < end, "nothing was refused"
        page.browser.listen(0.05)
    page.browser.listen(0.2)
    page.problems.clear()
    return page.text(".problem")


def clicks(page, number):
    """Waits until a candidate made of so many clicks and boxes is there."""
    page.wait("document.querySelector('.card').dataset.clicks === '%d'" % number, 30)


def counts(page):
    """How many masks are in which state, as the page says it."""
    parts = page.text(".counts").split(", ")
    return {word: int(number) for number, word in (part.split(" ") for part in parts)}
