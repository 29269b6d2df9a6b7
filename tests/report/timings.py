"""What a person waits for on large reports: printed, not asserted. The reports are of made-up records: 5,000 images of
100 masks, one image of 500 masks, and 100,000 images of 4 masks."""

import os
import resource
import time

from fixtures import command, synthetic

# Notes, from before the page's own code on, when the first picture stands in the gallery and when all rows are read:
# milliseconds from the start of loading, looked at in each frame.
WATCH = """window.when = {};
    const look = () => {
        const drawn = [...document.querySelectorAll(".tile:not([hidden]) canvas")].some(
            canvas => canvas.style.visibility === "visible");
        const said = (document.querySelector(".count") || {}).textContent || "";
        if (drawn) when.picture ||= performance.now();
        if (/^[0-9,]+ images$/.test(said)) when.rows ||= performance.now();
        if (!when.picture || !when.rows) requestAnimationFrame(look);
    };
    requestAnimationFrame(look);"""
# Moves a slider in each of 60 frames: milliseconds from the event to the count that answers it, and frames a second.
SLIDER = """new Promise(done => {
    const input = document.querySelector("#slider-iou"), count = document.querySelector(".kept-count");
    const times = [], begin = performance.now();
    let step = 0, sent = 0;
    new MutationObserver(() => times.push(performance.now() - sent)).observe(count, {childList: true});
    const move = () => {
        if (step++ === 60) {
            const seconds = (performance.now() - begin) / 1000;
            setTimeout(() => done([times.sort((a, b) => a - b), 60 / seconds]), 300);
            return;
        }
        input.value = 500 + 6 * step;
        sent = performance.now();
        input.dispatchEvent(new Event("input"));
        requestAnimationFrame(move);
    };
    requestAnimationFrame(move);
})"""


def say(what, value):
    print("%-64s %s" % (what, value), flush=True)


def make(lab, name, images, masks, **size):
    """A report of made-up records; says how long `maskmill report` took."""
    records = lab.fixtures.path(name)
    synthetic(records, images, masks, **size)
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.monotonic()
    command("report", records, "-o", lab.fixtures.path("report-" + name), "--photos", "none")
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    say("%s images of %d masks: maskmill report" % (format(images, ","), masks),
        "%.1f s, %.1f s of CPU" % (time.monotonic() - start, cpu))
    return os.path.join(lab.fixtures.path("report-" + name), "index.html")


def opening(lab, report, what):
    """Opens a report three times; says the middle of what it took."""
    times = []
    for _ in range(3):
        lab.close()
        page = lab.open("about:blank")
        page.call("Page.addScriptToEvaluateOnNewDocument", source=WATCH)
        page.open(report, "gallery/0")
        page.wait("when.picture && when.rows", 60)
        times.append(page.evaluate("[when.picture / 1000, when.rows / 1000]"))
    picture, rows = (sorted(column)[1] for column in zip(*times))
    say(what + ": first picture, all rows", "%.2f s, %.2f s" % (picture, rows))
    return page


def scroll(page, what):
    """Turns the wheel for three seconds."""
    page.evaluate("""window.frames3 = new Promise(done => {
        const begin = performance.now();
        let last = begin, count = 0, longest = 0;
        const frame = now => {
            count++;
            longest = Math.max(longest, now - last);
            last = now;
            if (now - begin < 3000) requestAnimationFrame(frame); else done([count / 3, longest]);
        };
        requestAnimationFrame(frame);
    }), 0""")
    end = time.monotonic() + 3
    while time.monotonic() < end:
        page.wheel(".grid", down=240)
    rate, longest = page.evaluate("window.frames3")
    say(what + ": scrolling", "%.0f frames/s, longest frame %.0f ms" % (rate, longest))


def measure(lab):
    report = make(lab, "5,000", 5000, 100)
    page = opening(lab, report, "5,000 images of 100 masks")
    scroll(page, "5,000 images of 100 masks")
    lab.close()
    page = lab.image(make(lab, "500", 1, 500, width=1500, height=1000))
    page.browser.listen(1)
    times, rate = page.evaluate(SLIDER)
    say("500 masks: a slider answers", "median %.1f ms, most %.1f ms (%d answers), %.0f frames/s" % (
        times[len(times) // 2], times[-1], len(times), rate))
    lab.close()
    report = make(lab, "100,000", 100000, 4)
    page = opening(lab, report, "100,000 images of 4 masks")
    scroll(page, "100,000 images of 4 masks")
    lab.close()
    return True
