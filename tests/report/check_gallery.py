"""The gallery: thumbnails with masks, virtual scrolling, search, sort, filters, keys."""

import json
import re

from lab import load, other_pixels, pixels

TILES = "[...document.querySelectorAll('.page-gallery .tile')].filter(tile => !tile.hidden)"
NAMES = TILES + ".map(tile => tile.querySelector('.tile-name').textContent)"
FACTS = TILES + ".map(tile => tile.querySelector('.tile-facts').textContent)"
DRAWN = TILES + ".every(tile => tile.querySelector('canvas').style.visibility === 'visible')"
IMAGES = ["astronaut.jpg", "camera.jpg", "chelsea.jpg", "coffee.jpg"]


def gallery(lab, query=""):
    page = lab.open(lab.fixtures.real_report(), "gallery/0" + query)
    page.wait(NAMES + ".length > 0")
    return page


def masks(lab):
    return {name: len(load(lab.fixtures.real(), name)["annotations"]) for name in IMAGES}


def choose(page, label, value):
    """Chooses an entry of a list."""
    page.apply("""(label, value) => {
        const field = [...document.querySelectorAll(".page:not([hidden]) label")].find(one => one.textContent.startsWith(label));
        const select = field.querySelector("select");
        select.value = value;
        select.dispatchEvent(new Event("change"));
    }""", label, value)


def check_thumbnails_show_masks(lab):
    page = gallery(lab)
    page.wait(DRAWN)
    assert page.evaluate(NAMES) == IMAGES, page.evaluate(NAMES)
    with_masks = pixels(page, ".tile canvas")
    assert len(set(with_masks)) > 500, "the picture is blank"
    page.key("m")
    without = other_pixels(page, ".tile canvas", with_masks)
    changed = lambda one: sum(max(abs(x - y) for x, y in zip(a, b)) > 24 for a, b in zip(one, without))
    assert changed(with_masks) > 0.2 * len(without), "%d pixels show masks" % changed(with_masks)
    page.key("m")
    assert other_pixels(page, ".tile canvas", without) == with_masks
    page.key("o")
    lines = changed(other_pixels(page, ".tile canvas", with_masks))
    assert 50 < lines < 0.8 * changed(with_masks), "%d pixels show outlines" % lines


def check_search(lab):
    page = gallery(lab)
    page.key("/")
    page.type("COF")
    page.wait(NAMES + ".length === 1")
    assert page.evaluate(NAMES) == ["coffee.jpg"]
    assert page.text(".count") == "1 of 4 images"
    page.fill("input[type=search]", "no such name")
    page.wait(NAMES + ".length === 0")
    page.fill("input[type=search]", "")
    page.wait(NAMES + ".length === 4")


def check_sort(lab):
    page, counts = gallery(lab), masks(lab)
    choose(page, "Sort", "masks")
    wanted = sorted(IMAGES, key=lambda name: (counts[name], IMAGES.index(name)))
    # Elements come into the order of the tiles once nothing moves.
    page.wait("%s.join() === %s" % (NAMES, json.dumps(",".join(wanted))))
    said = [int(re.match(r"\d+", text)[0]) for text in page.evaluate(FACTS)]
    assert said == sorted(counts.values()), (said, counts)
    page.click("button[aria-label='Largest first']")
    page.wait("%s[0] === %r" % (NAMES, wanted[-1]))


def check_filters(lab):
    page, counts = gallery(lab), masks(lab)
    least = sorted(counts.values())[2]
    page.click("button[aria-controls=ranges]")
    page.fill("input[aria-label='Masks, at least']", str(least))
    wanted = [name for name in IMAGES if counts[name] >= least]
    page.wait("%s.length === %d" % (NAMES, len(wanted)))
    assert page.evaluate(NAMES) == wanted
    # The address holds the filter, after a moment: another page of it shows the same.
    page.wait("location.hash.includes('masks=%d')" % least)
    again = lab.open(page.evaluate("location.href"))
    again.wait("%s.length === %d" % (NAMES, len(wanted)))
    choose(again, "Show", "empty")
    again.wait(NAMES + ".length === 0")


def check_keys(lab):
    page = gallery(lab)
    page.key("ArrowRight")
    page.key("ArrowRight")
    page.wait("document.activeElement.closest('.tile')")
    assert page.evaluate("document.activeElement.querySelector('.tile-name').textContent") == "camera.jpg"
    page.key("?")
    page.wait("document.querySelector('dialog[open]')")
    assert "Search names" in page.text("dialog")
    page.key("Escape")
    page.wait("!document.querySelector('dialog')")
    page.key("Enter")
    page.wait("location.hash.startsWith('#image/0/1')")
    page.key("Escape")
    page.wait("location.hash.startsWith('#gallery')")


def check_virtual_scrolling(lab):
    count = 3000
    page = lab.open(lab.fixtures.report("report-many", lab.fixtures.many(count)), "gallery/0")
    page.wait("document.querySelector('.count').textContent === '3,000 images'")
    page.wait(DRAWN)
    assert len(set(pixels(page, ".tile canvas"))) > 20, "masks without a photograph are drawn, too"
    for _ in range(10):
        page.wheel(".grid", down=1500)
    page.wait("document.querySelector('.grid').scrollTop > 10000")
    page.wait(DRAWN)
    page.key("End")
    page.wait("%s.includes('image-%06d.jpg')" % (NAMES, count - 1))
    page.wait(DRAWN)
    tiles = page.evaluate("document.querySelectorAll('.tile').length")
    assert tiles < 200, "%d tiles exist" % tiles
    page.key("Home")
    page.wait("%s.includes('image-000000.jpg')" % NAMES)
    page.fill("input[type=search]", "image-00123")
    page.wait(NAMES + ".length === 10")
