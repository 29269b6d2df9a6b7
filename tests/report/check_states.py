"""What a page shows between two states: nothing of the image before, nothing of a mask that has gone, and a reason
where data are missing."""

import json
import os
import shutil
import time

from fixtures import run_string, write
from lab import EXAMPLES, pixels

CHELSEA = 2
NAME = "document.querySelector('.image-name').textContent"
PINNED = "document.querySelector('.tree-item[aria-selected=true]')"
DRAWN = "parseInt(document.querySelector('.page-image .stage-layer').style.width) > 300"


def chelsea(lab):
    page = lab.image(lab.fixtures.real_report(), CHELSEA)
    page.wait(DRAWN)
    return page


def set_slider(page, key, to):
    page.apply("""(key, to) => {
        const input = document.querySelector("#slider-" + key);
        input.value = to * input.max;
        input.dispatchEvent(new Event("input"));
    }""", key, to)


def check_next_image_leaves_nothing(lab):
    """At once: the tree is empty, no tip stays, and events of what was there do nothing."""
    page = chelsea(lab)
    page.hover(".page-image .stage", 0.5, 0.5)
    page.wait("!document.querySelector('.tip').hidden")
    page.apply("() => { window.item = [...document.querySelectorAll('.tree-item')].at(-1); item.focus(); }")
    left = page.evaluate("""(() => {
        location.hash = "#image/0/3";
        return new Promise(done => addEventListener("hashchange", () => {
            item.click();
            done([document.querySelectorAll(".tree-item").length, document.querySelector(".tip").hidden,
                  document.querySelector(".kept-count").textContent,
                  document.activeElement === document.querySelector(".tree")]);
        }, {once: true}));
    })()""")
    assert left == [0, True, "", True], left
    page.wait("document.activeElement.matches('.tree-item')")
    assert page.evaluate("document.querySelectorAll('.tree-item[tabindex=\"0\"]').length") == 1


def check_only_ends_with_its_mask(lab):
    page = chelsea(lab)
    page.click(".tree-item .tree-name")
    page.key("i")
    pressed = "document.querySelector('button[title^=\"Only this\"]').getAttribute('aria-pressed')"
    page.wait(pressed + " === 'true'")
    items = page.evaluate("document.querySelectorAll('.tree-item').length")
    number = int(page.evaluate(PINNED + ".querySelector('.tree-name').textContent").split()[1])
    iou = page.evaluate("Data.image(0, %d).then(image => image.iou[%d])" % (CHELSEA, number))
    set_slider(page, "iou", min(1, iou + 0.002))
    page.wait("!%s && %s === 'false'" % (PINNED, pressed))
    set_slider(page, "iou", 0)
    page.wait("!/ of /.test(document.querySelector('.kept-count').textContent)")
    page.wait("document.querySelectorAll('.tree-item').length === %d" % items)  # the tree comes after the count
    page.click(".tree-item .tree-name")
    page.key("i")
    page.wait(pressed + " === 'true'")
    page.click(".tree-item[aria-selected=true] .tree-name")
    page.wait(pressed + " === 'false'")
    page.wait(DRAWN)


def check_many_steps_end_at_the_last(lab):
    page = chelsea(lab)
    names, row = ["astronaut.jpg", "camera.jpg", "chelsea.jpg", "coffee.jpg"], CHELSEA
    for key in "pppnnnpnpnnnppnn":              # the name comes at once, photograph and masks later
        page.key(key)
        row = min(3, max(0, row + (1 if key == "n" else -1)))
        page.wait("%s === '%s'" % (NAME, names[row]))
    assert row == 3
    page.wait("document.querySelector('.page-image .tree-item') && document.querySelector('.stage-photo img')")
    page.wait("document.querySelector('.page-image .stage').ariaLabel.startsWith('coffee.jpg with ')")
    count = page.evaluate("Rows.of(0).masks[3]")
    page.wait("document.querySelector('.kept-count').textContent === '%d masks'" % count)


def check_title_place_and_focus(lab):
    """They follow the page that is open, also when it was open before."""
    page = chelsea(lab)
    assert page.evaluate("document.title").startswith("chelsea.jpg"), page.evaluate("document.title")
    page.key("Escape")
    page.wait("document.activeElement.matches('.tile-link')")
    assert page.evaluate("document.title").startswith("Gallery"), page.evaluate("document.title")
    page.evaluate("location.hash = '#image/0/2?sort=-name'")
    page.wait("document.querySelector('.image-bar [role=status]').textContent === '2 of 4'")
    assert page.evaluate("document.title").startswith("chelsea.jpg"), page.evaluate("document.title")
    assert page.evaluate("document.activeElement.id") == "main"
    page.key("Escape")
    page.wait("document.activeElement.title === 'chelsea.jpg'")


def check_leaving_while_loading(lab):
    page = lab.open(lab.fixtures.real_report(), "gallery/0")
    page.wait("document.querySelector('.tile')")
    page.evaluate("""(async () => {
        location.hash = "#image/0/1";
        await new Promise(done => addEventListener("hashchange", done, {once: true}));
        location.hash = "#run";
    })()""")
    page.wait("document.querySelectorAll('.chart').length > 5")
    page.wait("document.querySelectorAll('.page-image .tree-item').length")
    assert page.evaluate("document.title").startswith("Run"), page.evaluate("document.title")


def check_cancelled_count(lab):
    """Cancel, then twice more: one count at a time, and nothing is applied but what went through."""
    page = chelsea(lab)
    set_slider(page, "iou", 0.5)
    said = page.evaluate("""(async () => {
        const button = [...document.querySelectorAll("button")].find(one => one.textContent.startsWith("Apply"));
        const status = document.querySelector(".apply [role=status]");
        button.click(); button.click(); button.click();
        while (!/Cancelled|stay/.test(status.textContent)) await new Promise(requestAnimationFrame);
        return [status.textContent, button.textContent, Thresholds.of(0)];
    })()""")
    assert said == ["Cancelled. The gallery is as it was.", "Apply to all images", None], said


def damaged(lab, name, change):
    """The page of a copy of the report to which something has happened."""
    folder = lab.fixtures.path("damaged-" + name)
    shutil.copytree(os.path.dirname(lab.fixtures.real_report()), folder)
    change(os.path.join(folder, "data"))
    return os.path.join(folder, "index.html")


# How the browser, and the page after it, name what is missing; a syntax error names no file.
EXPECTED = ("index-0-0", "images-0-0", "report.js", "SyntaxError")


def wait(page, condition, timeout=15):
    """As page.wait, of a page that has these problems."""
    end = time.monotonic() + timeout
    while True:
        found = page.evaluate("Boolean(%s)" % condition)
        page.problems = [one for one in page.problems if not any(word in one for word in EXPECTED)]
        if found:
            return
        assert time.monotonic() < end, "still not: " + condition
        page.browser.listen(0.02)


def check_missing_index(lab):
    report = damaged(lab, "index", lambda data: os.unlink(os.path.join(data, "index-0-0.js")))
    text = "document.querySelector('main').innerText.includes('data/index-0-0.js cannot be read')"
    for fragment in ("gallery/0", "image/0/1", "run"):
        page = lab.open(report, fragment)
        wait(page, text)
        assert not page.evaluate("document.querySelector('main').innerText.includes('Counting')")


def check_damaged_masks(lab):
    report = damaged(lab, "masks", lambda data: write(os.path.join(data, "images-0-0.js"), b"maskmillReport("))
    page = lab.open(report, "gallery/0")
    reasons = "[...document.querySelectorAll('.tile:not([hidden]) .tile-reason')]"
    said = "(list => list.length === 4 && list.every(one => one.textContent.includes('images-0-0')))(%s)" % reasons
    wait(page, said)
    page.evaluate("Gallery.open(document.querySelector('.page-gallery'), ['0'])")
    wait(page, said)
    page.evaluate("location.hash = '#image/0/1'")
    wait(page, "document.querySelector('.reason')?.textContent.includes('images-0-0')")


def check_missing_report(lab):
    page = lab.open(damaged(lab, "report", lambda data: os.unlink(os.path.join(data, "report.js"))))
    wait(page, "document.querySelector('[role=alert]')?.textContent.includes('Keep index.html beside its folder data')")


def check_image_of_one_run_beside_nothing(lab):
    """The side without the image leaves the zoom of the other alone."""
    page = lab.open(lab.fixtures.pair_report(), "compare")
    page.wait("document.querySelectorAll('.page-compare .tile-link').length >= 4")
    fitted = None
    for name in ("chelsea.jpg", "astronaut.jpg"):
        pair = page.evaluate("Pairs.all().then(({count}) => [...Array(count).keys()].find(pair => Pairs.name(pair) === %s))"
                             % json.dumps(name))
        page.evaluate("location.hash = '#pair/%d'" % pair)
        page.wait("document.querySelector('.page-pair .image-name')?.textContent === %s" % json.dumps(name))
        page.wait("document.querySelector('.page-pair .beside-item') && document.querySelector('.page-pair .stage-photo img')")
        fitted = page.evaluate("document.querySelector('.page-pair .stage-photo').getBoundingClientRect().toJSON()")
        stage = page.evaluate("document.querySelector('.page-pair .stage').getBoundingClientRect().toJSON()")
        assert fitted["width"] <= stage["width"] and fitted["height"] <= stage["height"], (name, fitted, stage)


def check_runs_of_one_name(lab):
    run = lab.fixtures.real()
    page = lab.open(lab.fixtures.report("report-twice", run, run, "--images", EXAMPLES), "gallery/0")
    page.wait("document.querySelector('.tile')")
    names = page.evaluate("[...document.querySelectorAll('.page-gallery select')].find(one => one.options.length === 2)"
                          "?.innerText.split('\\n')")
    assert names == ["run-a (1)", "run-a (2)"], names


def check_narrow_image(lab):
    """1 x 60,000 pixels: the mask is where it is, in the tile and on the stage."""
    def make(out):
        mask = {"segmentation": {"size": [60000, 1], "counts": run_string([30000, 30000])}, "area": 30000,
                "predicted_iou": 0.9, "stability_score": 0.95, "id": 0, "point_coords": [[0.0, 45000.0]],
                "crop_box": [0, 0, 1, 60000]}
        image = {"image_id": 0, "width": 1, "height": 60000, "file_name": "tall.jpg"}
        write(os.path.join(out, "tall.json"), json.dumps({"image": image, "annotations": [mask]}).encode())
        return out
    page = lab.open(lab.fixtures.report("report-tall", lab.fixtures.once("tall", make)), "gallery/0")
    page.wait("document.querySelector('.tile canvas').style.visibility === 'visible'")
    rows = [sum(pixel[3] for pixel in pixels(page, ".tile canvas")[64 * y:64 * y + 64]) for y in range(64)]
    assert not any(rows[:30]) and all(rows[34:62]), rows
    page.key("ArrowRight")
    page.key("Enter")
    page.wait("document.querySelector('.page-image .tree-item')")


def check_all_failed(lab):
    def make(out):
        write(os.path.join(out, "broken.json"), b"{")
        return out
    page = lab.open(lab.fixtures.report("report-broken", lab.fixtures.once("broken", make), status=(0, 1)), "gallery/0")
    page.wait("document.querySelectorAll('.tile.failed').length === 1")
    page.evaluate("location.hash = '#run'")
    page.wait("document.querySelectorAll('.chart').length > 0")
    page.evaluate("location.hash = '#image/0/0'")
    page.wait("document.querySelector('.reason:not([hidden])')")


def check_size_in_the_address(lab):
    for size in ("0.5", "-3", "x", "1e9"):
        page = lab.open(lab.fixtures.real_report(), "gallery/0?size=" + size)
        page.wait("[...document.querySelectorAll('.tile')].filter(one => one.offsetWidth > 100).length === 4")


def check_back_leaves_a_page_that_sends_away(lab):
    page = lab.open(lab.fixtures.real_report(), "gallery/0")
    page.wait("document.querySelector('.tile')")
    page.evaluate("location.hash = '#run'")
    page.wait("document.title.startsWith('Run')")
    page.evaluate("location.hash = '#compare'")
    page.wait("document.title.startsWith('Gallery')")
    page.evaluate("history.back()")
    page.wait("document.title.startsWith('Run')")
    page.evaluate("new Promise(done => setTimeout(done, 0))")
    assert page.evaluate("document.title").startswith("Run"), page.evaluate("document.title")


def check_arrows_in_the_command(lab):
    """They read the command line; they open no other image."""
    page = chelsea(lab)
    page.evaluate("document.querySelector('.command').focus()")
    page.key("ArrowRight")
    page.key("m")
    page.wait("document.querySelector('.page-image button[title^=Masks]').getAttribute('aria-pressed') === 'false'")
    assert page.evaluate(NAME) == "chelsea.jpg" and page.evaluate("location.hash").startswith("#image/0/2")
