"""The view of an image: sliders, hover, pin, tree, keys, and the command line that gives what is shown."""

import json
import os
import re
import shutil
import subprocess

from lab import EXAMPLES, command, decode, load, single, wait_pixels
from fixtures import PROGRAM

COUNT = "document.querySelector('.kept-count').textContent"
TITLE = "document.querySelector('.panel section[aria-label=Mask] h3').textContent"
ROW, IMAGE = 2, "chelsea.jpg"


def chelsea(lab, query=""):
    return lab.image(lab.fixtures.real_report(), ROW, query=query), load(lab.fixtures.real(), IMAGE)


def slider(page, key, to):
    """Moves a slider to a part of its length, as a mouse does."""
    page.apply("""(key, to) => {
        const input = document.querySelector("#slider-" + key);
        input.value = to * input.max;
        input.dispatchEvent(new Event("input"));
    }""", key, to)


def said(kept, everything):
    return "%d masks" % everything if kept == everything else "%d of %d masks" % (kept, everything)


def wait_count(page, kept, everything):
    text = said(kept, everything)
    if kept == everything == 1:
        text = "1 mask"
    page.wait("%s === %s" % (COUNT, json.dumps(text)))


def shown(page, count=None):
    """The masks that the tree lists, all unfolded: `count` of them, since the tree comes after the count."""
    page.wait("""(() => {
        const folded = document.querySelector(".tree-item[aria-expanded=false] .fold");
        if (folded) folded.click();
        return !folded && [null, document.querySelectorAll(".tree-name").length].includes(%s);
    })()""" % json.dumps(count))
    names = page.evaluate("[...document.querySelectorAll('.tree-name')].map(one => one.textContent)")
    return sorted(int(re.fullmatch(r"Mask (\d+)", name)[1]) for name in names)


def check_sliders(lab):
    page, record = chelsea(lab)
    masks = record["annotations"]
    wait_count(page, len(masks), len(masks))
    slider(page, "iou", 0.5)
    by_iou = [mask for mask in masks if single(mask["predicted_iou"]) > single(0.5)]
    assert 0 < len(by_iou) < len(masks), "a threshold that decides nothing tests nothing"
    wait_count(page, len(by_iou), len(masks))
    slider(page, "stability", 0.7)
    both = [mask for mask in by_iou if single(mask["stability_score"]) >= single(0.7)]
    assert 0 < len(both) < len(by_iou)
    wait_count(page, len(both), len(masks))
    median = sorted(mask["area"] for mask in both)[len(both) // 2]
    page.fill("input[aria-label^='Area at least']", str(median))
    page.key("Enter")
    large = [mask for mask in both if mask["area"] >= median]
    wait_count(page, len(large), len(masks))
    shown(page, len(large))
    page.wait("location.hash.includes('t.min=%d')" % median)


def check_real_slider_drag(lab):
    """A slider that is dragged, not set: fewer masks the further it goes."""
    page, record = chelsea(lab)
    everything = len(record["annotations"])
    wait_count(page, everything, everything)
    page.drag("#slider-iou", (0.02, 0.5), (0.62, 0.5))
    page.wait("/ of /.test(%s)" % COUNT)
    value = float(page.evaluate("document.querySelector('#slider-iou').value")) / 1000
    assert 0.5 < value < 0.75, value
    wait_count(page, sum(single(mask["predicted_iou"]) > single(value) for mask in record["annotations"]), everything)


def check_command_gives_what_is_shown(lab):
    """The command line that the page gives is run in a shell; its records hold the masks that were shown."""
    page, record = chelsea(lab, "t.iou=0.4&t.stability=0.55&t.min=50&t.overlap=0.3")
    masks = record["annotations"]
    page.wait("/ of /.test(%s)" % COUNT)
    page.wait("document.querySelectorAll('.tree-item').length > 0")
    kept = shown(page)
    assert 1 < len(kept) < len(masks), kept
    overlap = [mask for mask in masks if single(mask["predicted_iou"]) > single(0.4)
               and single(mask["stability_score"]) >= single(0.55) and mask["area"] >= 50]
    assert len(kept) < len(overlap), "the overlap takes some away, too"
    page.browser.call("Browser.grantPermissions", permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    page.apply("() => [...document.querySelectorAll('button')].find(one => one.textContent.startsWith('Copy')).click()")
    page.wait("document.querySelector('#notice').textContent === 'Command line copied'")
    line = page.evaluate("navigator.clipboard.readText()")
    assert line == page.text(".command").strip(), line
    out = lab.fixtures.real() + "-filtered"
    shutil.rmtree(out, ignore_errors=True)
    path = os.path.dirname(PROGRAM) + os.pathsep + os.environ["PATH"]
    done = subprocess.run(["bash", "-c", line], env=dict(os.environ, PATH=path), stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, check=False)
    assert done.returncode == 0, (line, done.stdout)
    text = lambda mask: mask["segmentation"]["counts"]
    given = sorted(text(mask) for mask in load(out, IMAGE)["annotations"])
    assert given == sorted(text(masks[number]) for number in kept), (len(given), len(kept))


def spot(record):
    """A pixel in the middle of a small mask, and all masks there, the smallest first."""
    height = record["image"]["height"]
    sets = [decode(mask) for mask in record["annotations"]]
    for number in sorted(range(len(sets)), key=lambda one: len(sets[one])):
        inside = [pixel for pixel in sets[number]
                  if all(near in sets[number] for near in (pixel - 2, pixel + 2, pixel - 2 * height, pixel + 2 * height))]
        if len(inside) > 20:
            pixel = sorted(inside)[len(inside) // 2]
            under = [one for one in range(len(sets)) if pixel in sets[one]]
            if len(under) > 1:
                return pixel // height, pixel % height, sorted(under, key=lambda one: (len(sets[one]), -one))
    raise AssertionError("no two masks lie over each other")


def point(page, record, x, y, act="hover"):
    """Moves the mouse to a pixel of the image, or clicks there."""
    width, height = record["image"]["width"], record["image"]["height"]
    box = page.evaluate("(({x, y, width, height}) => [x, y, width, height])("
                        "document.querySelector('.page-image .stage-photo').getBoundingClientRect())")
    stage = page.evaluate("(({x, y, width, height}) => [x, y, width, height])("
                          "document.querySelector('.page-image .stage').getBoundingClientRect())")
    at_x = (box[0] + (x + 0.5) / width * box[2] - stage[0]) / stage[2]
    at_y = (box[1] + (y + 0.5) / height * box[3] - stage[1]) / stage[3]
    getattr(page, act)(".page-image .stage", at_x, at_y)


def check_hover_and_pin(lab):
    page, record = chelsea(lab)
    x, y, under = spot(record)
    point(page, record, x, y)
    page.wait("%s === 'Mask %d'" % (TITLE, under[0]))
    mask = record["annotations"][under[0]]
    panel = page.text(".panel section[aria-label=Mask]")
    assert "%.4f" % mask["predicted_iou"] in panel and "{:,} pixels".format(mask["area"]) in panel, panel
    assert page.text(".tip").startswith("Mask %d" % under[0])
    point(page, record, x, y, "click")
    page.wait("%s === 'Mask %d, pinned'" % (TITLE, under[0]))
    point(page, record, x, y, "click")
    page.wait("document.querySelector('.tree-item[aria-selected=true] .tree-name').textContent === 'Mask %d'" % under[1])
    before = wait_pixels(page, ".stage-layer", lambda drawn: drawn > 0)
    page.key("i")
    page.wait("document.querySelector('button[title^=\"Only this\"]').getAttribute('aria-pressed') === 'true'")
    wait_pixels(page, ".stage-layer", lambda drawn: 0 < drawn < before)
    page.key("Escape")
    page.key("Escape")
    page.wait("!document.querySelector('.tree-item[aria-selected=true]')")


def check_who_made_a_mask(lab):
    """The facts of a mask say its source and its class; known masks stay, wherever the sliders are."""
    def make(out):
        record = load(lab.fixtures.real(), IMAGE)
        for mask in record["annotations"]:
            mask["source"] = "known" if mask["id"] % 2 else "grid"
            mask["category"] = "cat <%d>" % mask["id"]
        os.makedirs(out)
        with open(os.path.join(out, "chelsea.json"), "w", encoding="utf-8") as file:
            json.dump(record, file)
        return out
    run = lab.fixtures.once("sources", make)
    page, record = lab.image(lab.fixtures.report("report-sources", run), 0), load(run, IMAGE)
    x, y, under = spot(record)
    point(page, record, x, y)
    page.wait("%s === 'Mask %d'" % (TITLE, under[0]))
    panel = page.text(".panel section[aria-label=Mask]")
    assert record["annotations"][under[0]]["source"] in panel, panel
    assert "cat <%d>" % under[0] in panel, panel
    assert "cat <" in page.text(".tree"), "masks that lie within others are folded away, so it may be any"
    slider(page, "iou", 1)
    wait_count(page, len(record["annotations"]) // 2, len(record["annotations"]))


def check_tree(lab):
    """What the tree puts below a mask lies in it."""
    page, record = chelsea(lab)
    everything = shown(page)
    assert everything == list(range(len(record["annotations"]))), "every mask is in the tree once"
    items = page.evaluate("[...document.querySelectorAll('.tree-item')].map(one => [Number(one.ariaLevel),"
                          " one.querySelector('.tree-name').textContent])")
    above, inside = [], 0
    for level, name in items:
        mask = decode(record["annotations"][int(name.split()[1])])
        del above[level - 1:]
        if above:
            inside += 1
            assert len(mask & above[-1]) >= 0.9 * len(mask), "%s is not in the mask above" % name
        above.append(mask)
    assert inside > 3, "%d parts" % inside


def check_keys(lab):
    page, _ = chelsea(lab)
    page.key("n")
    page.wait("document.querySelector('.image-name').textContent === 'coffee.jpg'")
    page.key("ArrowLeft")
    page.wait("document.querySelector('.image-name').textContent === 'chelsea.jpg'")
    page.key("p")
    page.wait("document.querySelector('.image-name').textContent === 'camera.jpg'")
    page.wait("document.querySelector('.page-image .tree-item')")
    transform = "document.querySelector('.stage-photo').style.transform"
    fitted = page.evaluate(transform)
    page.key("+")
    page.wait("%s !== %s" % (transform, json.dumps(fitted)))
    page.key("0")
    page.wait("%s === %s" % (transform, json.dumps(fitted)))
    page.wheel(".page-image .stage", down=-300)
    page.wait("%s !== %s" % (transform, json.dumps(fitted)))
    drawn = wait_pixels(page, ".stage-layer", lambda drawn: drawn > 100)
    page.key("m")
    page.wait("document.querySelector('.page-image button[title^=Masks]').getAttribute('aria-pressed') === 'false'")
    wait_pixels(page, ".stage-layer", lambda lines: lines == 0)
    page.key("o")
    wait_pixels(page, ".stage-layer", lambda lines: 20 < lines < drawn)


def check_apply_to_all(lab):
    page, _ = chelsea(lab, "t.iou=0.5")
    kept = sum(single(mask["predicted_iou"]) > single(0.5) for name in os.listdir(EXAMPLES) if name.endswith(".jpg")
               for mask in load(lab.fixtures.real(), name)["annotations"])
    page.apply("() => [...document.querySelectorAll('button')].find(one => one.textContent.startsWith('Apply')).click()")
    page.wait("document.querySelector('.apply [role=status]').textContent.startsWith('%d of ')" % kept)
    page.evaluate("location.hash = '#gallery/0'")
    page.wait("document.querySelector('.applied:not([hidden])')")
    assert page.text(".applied").startswith("Thresholds keep %d of " % kept), page.text(".applied")
