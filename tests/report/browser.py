"""Drives headless Chromium over the DevTools protocol, with Python's standard library alone.

    with Browser() as browser:
        page = browser.page(width=1440, height=900, scheme="dark")
        page.open("report/index.html")
        page.wait("document.querySelector('canvas')")
        page.click("#next")
        page.screenshot("next.png")
        assert not page.problems, page.problems

The protocol's messages are JSON, each ended by a NUL, on the browser's file descriptors 3 (to it) and 4 (from
it). One thread reads and writes: events are taken in while an answer is waited for."""

import base64
import fcntl
import json
import os
import pathlib
import select
import shutil
import signal
import subprocess
import tempfile
import time
import urllib.parse

PROGRAMS = ["chromium", "chromium-browser", "google-chrome", "chrome"]
OPTIONS = ["--headless=new", "--remote-debugging-pipe", "--no-first-run", "--no-default-browser-check", "--mute-audio",
           "--disable-extensions", "--disable-sync", "--disable-background-networking", "--disable-component-update",
           "--disable-default-apps", "--disable-dev-shm-usage", "--disable-popup-blocking", "--force-color-profile=srgb",
           "--font-render-hinting=none", "--disable-backgrounding-occluded-windows"]
# Seconds: for an answer of the browser, for it to end, between two looks at a condition.
ANSWER, GOODBYE, GLANCE = 30, 5, 0.02
# Windows' key code and, where the key writes, what it writes.
KEYS = {"Enter": (13, "\r"), "Escape": (27, ""), "Tab": (9, ""), " ": (32, " "), "ArrowLeft": (37, ""),
        "ArrowUp": (38, ""), "ArrowRight": (39, ""), "ArrowDown": (40, ""), "Home": (36, ""), "End": (35, ""),
        "PageUp": (33, ""), "PageDown": (34, ""), "Delete": (46, ""), "Backspace": (8, "")}
MODIFIERS = {"Alt": 1, "Control": 2, "Meta": 4, "Shift": 8}
# What a report may load. Anything else is a problem: it works without a network.
LOCAL = ("file:", "data:", "blob:", "about:", "chrome-error:")


class BrowserError(Exception):
    """The browser did not start, did not answer, or refused."""


class Browser:
    """One process of Chromium with a profile of its own, which goes with it."""

    def __init__(self, program=None):
        program = program or os.environ.get("CHROMIUM") or next(filter(None, map(shutil.which, PROGRAMS)), None)
        if not program:
            raise BrowserError("Chromium is not installed: run tools/setup test, or name it in CHROMIUM")
        self.folder = tempfile.mkdtemp(prefix="maskmill-browser-")
        self.pages = {}
        self.replies = {}
        self.last = 0
        self.rest = b""
        try:
            self._start(program)
        except OSError as error:
            shutil.rmtree(self.folder, ignore_errors=True)
            raise BrowserError("%s does not start: %s" % (program, error.strerror)) from error
        try:
            self.version = self.call("Browser.getVersion")["product"]
            self.downloads = os.path.join(self.folder, "downloads")
            self.call("Browser.setDownloadBehavior", behavior="allow", downloadPath=self.downloads)
        except BaseException:
            self.close()
            raise

    def _start(self, program):
        options = OPTIONS + ["--user-data-dir=" + os.path.join(self.folder, "profile")]
        if os.geteuid() == 0:
            options.append("--no-sandbox")
        here_in, there_out = os.pipe()
        there_in, here_out = os.pipe()
        # Above 4 first, so that neither is in the other's place.
        ends = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (there_in, there_out)]
        self.complaints = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [program] + options, stdin=subprocess.DEVNULL, stdout=self.complaints, stderr=self.complaints,
            pass_fds=(3, 4), start_new_session=True,
            preexec_fn=lambda: (os.dup2(ends[0], 3), os.dup2(ends[1], 4)))
        for end in (there_in, there_out, *ends):
            os.close(end)
        self.input, self.output = here_in, here_out

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def close(self):
        """Asks the browser to end, and kills it where it does not."""
        try:
            self._send({"id": 0, "method": "Browser.close"})
            self.process.wait(GOODBYE)
        except (BrowserError, subprocess.TimeoutExpired):
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        os.close(self.input)
        os.close(self.output)
        self.complaints.close()
        # A helper process of the browser may still write for a moment.
        for _ in range(20):
            shutil.rmtree(self.folder, ignore_errors=True)
            if not os.path.exists(self.folder):
                break
            time.sleep(0.1)

    def page(self, home=None, **look):
        """A new page; see Page and Page.look."""
        target = self.call("Target.createTarget", url="about:blank")["targetId"]
        session = self.call("Target.attachToTarget", targetId=target, flatten=True)["sessionId"]
        page = Page(self, target, session, home)
        self.pages[session] = page
        page.start()
        page.look(**look)
        return page

    def call(self, method, session=None, timeout=ANSWER, **parameters):
        """Calls a method of the protocol, and returns its result."""
        number = self.post(method, session, **parameters)
        end = time.monotonic() + timeout
        while number not in self.replies:
            self.take(end - time.monotonic(), method)
        reply = self.replies.pop(number)
        if "error" in reply:
            raise BrowserError("%s: %s" % (method, reply["error"].get("message")))
        return reply["result"]

    def post(self, method, session=None, **parameters):
        """Calls a method without waiting for its answer."""
        self.last += 1
        message = {"id": self.last, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        self._send(message)
        return self.last

    def _send(self, message):
        data = json.dumps(message).encode() + b"\0"
        try:
            while data:
                data = data[os.write(self.output, data):]
        except BrokenPipeError as error:
            raise BrowserError(self._ended()) from error

    def _ended(self):
        self.complaints.seek(0)
        said = self.complaints.read().decode(errors="replace")[-2000:].strip()
        return "the browser ended" + (": " + said if said else "")

    def take(self, timeout, what="an event"):
        """Takes in what the browser has said; waits for it for at most `timeout` seconds."""
        if not select.select([self.input], [], [], max(timeout, 0))[0]:
            raise BrowserError("no answer of the browser: " + what)
        data = os.read(self.input, 1 << 20)
        if not data:
            raise BrowserError(self._ended())
        *messages, self.rest = (self.rest + data).split(b"\0")
        for message in map(json.loads, messages):
            if "id" in message:
                self.replies[message["id"]] = message
            elif message.get("sessionId") in self.pages:
                self.pages[message["sessionId"]].event(message)

    def listen(self, seconds):
        """Takes in events for a while."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            if select.select([self.input], [], [], left)[0]:
                self.take(0)

    def download(self, name, timeout=10):
        """The bytes of a file that a page has downloaded, once it is there."""
        path = os.path.join(self.downloads, name)
        end = time.monotonic() + timeout
        while not os.path.exists(path):
            if time.monotonic() > end:
                raise BrowserError("no download %s; there are %s" % (
                    name, os.listdir(self.downloads) if os.path.isdir(self.downloads) else "none"))
            self.listen(GLANCE)
        with open(path, "rb") as file:
            data = file.read()
        os.unlink(path)
        return data


class Page:
    """A tab. `problems` holds every exception, error or warning of the console, violation of the
    Content-Security-Policy, dialog and request to a network, in the page or one of its workers. Requests to `home`,
    the beginning of a URL, are none."""

    def __init__(self, browser, target, session, home=None):
        self.local = LOCAL + ((home,) if home else ())
        self.browser, self.target, self.session = browser, target, session
        self.problems = []
        self.console = []
        self.loads = 0
        self.mouse = (0, 0)

    def start(self):
        for domain in ("Page", "Runtime", "Log", "Network", "Audits"):
            self.call(domain + ".enable")
        # A page behind another one draws no frames.
        self.call("Page.bringToFront")
        self.call("Emulation.setFocusEmulationEnabled", enabled=True)
        self.call("Target.setAutoAttach", autoAttach=True, waitForDebuggerOnStart=True, flatten=True)

    def call(self, method, timeout=ANSWER, **parameters):
        return self.browser.call(method, self.session, timeout, **parameters)

    def event(self, message):
        """Takes in an event of the page or of a worker of it."""
        method, what = message["method"], message.get("params", {})
        if method == "Runtime.exceptionThrown":
            details = what["exceptionDetails"]
            self.problems.append("exception: " + details.get("exception", {}).get("description", details["text"]))
        elif method == "Runtime.consoleAPICalled":
            text = " ".join(str(part.get("value", part.get("description", ""))) for part in what["args"])
            self.console.append(text)
            if what["type"] in ("error", "warning", "assert"):
                self.problems.append("console: " + text)
        elif method == "Log.entryAdded" and what["entry"]["level"] in ("error", "warning"):
            self.problems.append("log: %(text)s %(url)s" % {"url": "", **what["entry"]})
        elif method == "Audits.issueAdded" and what["issue"]["code"] == "ContentSecurityPolicyIssue":
            details = what["issue"]["details"]["contentSecurityPolicyIssueDetails"]
            self.problems.append("Content-Security-Policy: %s %s" % (
                details.get("violatedDirective"), details.get("blockedURL", "inline")))
        elif method == "Network.requestWillBeSent" and not what["request"]["url"].startswith(self.local):
            self.problems.append("request: " + what["request"]["url"])
        elif method == "Page.javascriptDialogOpening":
            self.problems.append("dialog: " + what["message"])
            self.browser.post("Page.handleJavaScriptDialog", message["sessionId"], accept=False)
        elif method == "Page.loadEventFired":
            self.loads += 1
        elif method == "Target.attachedToTarget":
            self._attached(what["sessionId"])

    def _attached(self, session):
        """A worker's events are its page's."""
        self.browser.pages[session] = self
        for method in ("Runtime.enable", "Log.enable", "Runtime.runIfWaitingForDebugger"):
            self.browser.post(method, session)

    def look(self, width=1440, height=900, scale=1, scheme="light", reduced_motion=False):
        """Sets the size of the window in CSS pixels, pixels of the screen a CSS pixel, and what the system wants."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=scale,
                  mobile=False)
        self.call("Emulation.setEmulatedMedia", features=[
            {"name": "prefers-color-scheme", "value": scheme},
            {"name": "prefers-reduced-motion", "value": "reduce" if reduced_motion else "no-preference"}])

    def open(self, address, fragment="", timeout=ANSWER):
        """Opens a file's path or a URL, and returns the seconds to the load event."""
        if "://" not in address and not address.startswith(("about:", "data:")):
            address = pathlib.Path(address).resolve().as_uri()
        if fragment:
            address += "#" + urllib.parse.quote(fragment, safe="/?=&,:;@%+~!$'()*-._")
        # Two addresses that differ in the fragment are one document: a blank page between loads it again.
        self._navigate("about:blank", timeout)
        start = time.monotonic()
        self._navigate(address, timeout)
        return time.monotonic() - start

    def _navigate(self, address, timeout):
        loads, end = self.loads, time.monotonic() + timeout
        answer = self.call("Page.navigate", timeout, url=address)
        if answer.get("errorText"):
            raise BrowserError("%s: %s" % (address, answer["errorText"]))
        while self.loads == loads:
            self.browser.take(end - time.monotonic(), "loading " + address)

    def evaluate(self, expression, timeout=ANSWER):
        """The value of a JavaScript expression, which may be a promise, as JSON gives it."""
        answer = self.call("Runtime.evaluate", timeout, expression=expression, awaitPromise=True, returnByValue=True,
                           userGesture=True)
        if "exceptionDetails" in answer:
            details = answer["exceptionDetails"]
            raise BrowserError("%s: %s" % (expression[:200], details.get("exception", {}).get(
                "description", details["text"])))
        return answer["result"].get("value")

    def apply(self, function, *arguments, timeout=ANSWER):
        """The value of a JavaScript function of these arguments."""
        return self.evaluate("(%s)(%s)" % (function, ", ".join(map(json.dumps, arguments))), timeout)

    def wait(self, condition, timeout=10):
        """Waits until a JavaScript expression is true; not for a page with problems."""
        end = time.monotonic() + timeout
        while not self.evaluate("Boolean(%s)" % condition):
            if time.monotonic() > end or self.problems:
                raise BrowserError("%s: %s" % ("the page has problems" if self.problems else "still not", condition))
            self.browser.listen(GLANCE)

    def text(self, selector):
        """The text that an element shows."""
        return self.apply("s => document.querySelector(s).innerText", selector)

    def place(self, selector, x=0.5, y=0.5):
        """A point of an element, which is scrolled into view, in the window's pixels; x and y are parts of its
        size. Waits until it stands still."""
        found = self.apply("""async (selector, x, y) => {
            let last = "";
            for (let tries = 0; tries < 30; tries++) {
                const element = document.querySelector(selector);
                if (!element) return null;
                element.scrollIntoView({block: "nearest", inline: "nearest", behavior: "instant"});
                const box = element.getBoundingClientRect();
                if (JSON.stringify(box) === last)
                    return box.width && box.height ? [box.x + x * box.width, box.y + y * box.height] : null;
                last = JSON.stringify(box);
                await new Promise(requestAnimationFrame);
            }
            return null;
        }""", selector, x, y)
        if not found:
            raise BrowserError("not on the page: " + selector)
        return found

    def _mouse(self, kind, x, y, **more):
        self.mouse = (x, y)
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **more)

    def move(self, x, y):
        """Moves the mouse to a point of the window."""
        self._mouse("mouseMoved", x, y)

    def hover(self, selector, x=0.5, y=0.5):
        self._mouse("mouseMoved", *self.place(selector, x, y))

    def click(self, selector, x=0.5, y=0.5, count=1, button="left"):
        x, y = self.place(selector, x, y)
        self._mouse("mouseMoved", x, y)
        for kind in ("mousePressed", "mouseReleased"):
            self._mouse(kind, x, y, button=button, clickCount=count)

    def drag(self, selector, begin, end, steps=8):
        """Drags from one point of an element to another; both are parts of its size."""
        x, y = self.place(selector, *begin)
        to_x, to_y = self.place(selector, *end)
        self._mouse("mouseMoved", x, y)
        self._mouse("mousePressed", x, y, button="left", clickCount=1)
        for step in range(1, steps + 1):
            self._mouse("mouseMoved", x + (to_x - x) * step / steps, y + (to_y - y) * step / steps, button="left",
                        buttons=1)
        self._mouse("mouseReleased", to_x, to_y, button="left", clickCount=1)

    def wheel(self, selector, down=0, right=0, x=0.5, y=0.5, modifiers=()):
        """Turns the wheel over an element by CSS pixels."""
        x, y = self.place(selector, x, y)
        self._mouse("mouseWheel", x, y, deltaX=right, deltaY=down, modifiers=self._modifiers(modifiers))

    def key(self, key, modifiers=()):
        """Presses and releases a key, named as in KeyboardEvent.key."""
        number, text = KEYS.get(key, (ord(key.upper()) if len(key) == 1 else 0, key))
        code = "Key" + key.upper() if len(key) == 1 and key.isalpha() else "Space" if key == " " else key
        which = {"key": key, "code": code, "windowsVirtualKeyCode": number, "modifiers": self._modifiers(modifiers)}
        writes = text and not set(modifiers) & {"Alt", "Control", "Meta"}
        self.call("Input.dispatchKeyEvent", type="keyDown" if writes else "rawKeyDown", **which,
                  **({"text": text} if writes else {}))
        self.call("Input.dispatchKeyEvent", type="keyUp", **which)

    def type(self, text):
        """Writes into the element that has the focus."""
        self.call("Input.insertText", text=text)

    def fill(self, selector, text):
        """Replaces what stands in a field."""
        self.apply("s => { const field = document.querySelector(s); field.focus(); field.select(); }", selector)
        if text:
            self.type(text)
        else:
            self.key("Delete")

    @staticmethod
    def _modifiers(names):
        return sum(MODIFIERS[name] for name in names)

    def frames(self, seconds):
        """Frames a second while the page is looked at for a while, and the longest time between two, in seconds."""
        count, longest = self.evaluate("""new Promise(done => {
            const begin = performance.now();
            let last = begin, count = 0, longest = 0;
            const frame = () => {
                const now = performance.now();
                longest = Math.max(longest, now - last);
                last = now;
                count++;
                if (now - begin < %g) requestAnimationFrame(frame); else done([count, longest]);
            };
            requestAnimationFrame(frame);
        })""" % (seconds * 1000), seconds + ANSWER)
        return count / seconds, longest / 1000

    def screenshot(self, path, whole=False):
        """Writes what the window shows, or the whole document, as PNG."""
        data = self.call("Page.captureScreenshot", format="png", captureBeyondViewport=whole)["data"]
        with open(path, "wb") as file:
            file.write(base64.b64decode(data))

    def close(self):
        self.browser.call("Target.closeTarget", targetId=self.target)
        self.browser.pages.pop(self.session, None)
