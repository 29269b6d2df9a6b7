"""Masks like one mask: the most alike of other images and of its own, by the embeddings, each with the way to its mask."""

import math
import os
import shutil
import struct

from lab import EXAMPLES, load

IMAGES = ["astronaut.jpg", "camera.jpg", "chelsea.jpg", "coffee.jpg"]
ROW, MASK = 2, 5
TILES = """[...document.querySelectorAll('.likes .like a')].map(a => [a.getAttribute('href'),
    a.querySelector('.tile-facts').textContent])"""


def angle(row, mask):
    return (mask * 37 + row * 11) % 97 / 97 * 1.5


def embeddings(out, row, count):
    """A file of `count` embeddings, each a direction in the plane."""
    values = [of(angle(row, mask)) for mask in range(count) for of in (math.cos, math.sin)]
    header = "{'descr': '<f2', 'fortran_order': False, 'shape': (%d, 2), }" % count
    path = os.path.join(out, "@embeddings", IMAGES[row].replace(".jpg", ".npy"))
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(b"\x93NUMPY\x01\x00v\x00" + header.encode().ljust(117) + b"\n" + struct.pack("<%de" % len(values), *values))


def alike(lab, but=None):
    """The real run with embeddings of known directions; those of row `but` have a row too few."""
    def make(out):
        shutil.copytree(lab.fixtures.real(), out)
        for row, image in enumerate(IMAGES):
            embeddings(out, row, len(load(out, image)["annotations"]) - (row == but))
        return out
    return lab.fixtures.once("alike-%s" % but, make)


def like(lab, report, query=""):
    page = lab.open(report, "like/0/%d/%d%s" % (ROW, MASK, query))
    page.wait("document.querySelectorAll('.likes .like').length > 1")
    return page


def expected(run, here):
    """The similarities of the nearest, as they are printed."""
    found = [math.cos(angle(row, mask) - angle(ROW, MASK)) for row, image in enumerate(IMAGES) if (row == ROW) == here
             for mask in range(len(load(run, image)["annotations"])) if (row, mask) != (ROW, MASK)]
    return sorted(found, reverse=True)[:12 if here else 24]


def check_the_most_alike_come_first(lab):
    run = alike(lab)
    report = lab.fixtures.report("report-alike", run, "--images", EXAMPLES)
    for here, query in ((False, ""), (True, "?like=here")):
        page = like(lab, report, query)
        own, *tiles = page.evaluate(TILES)
        assert own[1] == "this mask", own
        shown = [float(facts.split()[1]) for _, facts in tiles]
        wanted = expected(run, here)
        assert len(shown) == len(wanted) and all(abs(a - b) < 0.002 for a, b in zip(shown, wanted)), (shown, wanted)
        for address, facts in tiles:
            row, mask = map(int, address.split("?")[0].split("/")[2:])
            assert (row == ROW) == here
            assert abs(math.cos(angle(row, mask) - angle(ROW, MASK)) - float(facts.split()[1])) < 0.002


def check_the_way_there_and_back(lab):
    """From a pinned mask by a key, to a mask like it, which is pinned in its image; Escape goes back."""
    page = lab.image(lab.fixtures.report("report-alike", alike(lab), "--images", EXAMPLES), ROW)
    page.evaluate("location.hash = '#image/0/%d/%d'" % (ROW, MASK))
    page.wait("document.querySelector('.tree-item[aria-selected=true] .tree-name')?.textContent === 'Mask %d'" % MASK)
    page.key("l")
    page.wait("document.querySelectorAll('.likes .like canvas').length > 2")
    page.key("ArrowRight")
    page.key("ArrowRight")
    address = page.evaluate("document.activeElement.getAttribute('href')")
    page.key("Enter")
    row, mask = map(int, address.split("/")[2:])
    page.wait("document.querySelector('.page-image h2')?.textContent.includes('%s')" % IMAGES[row])
    page.wait("document.querySelector('.page-image .record h3')?.textContent === 'Mask %d, pinned'" % mask)
    assert page.evaluate("document.querySelector('.like-link').hidden") is False


def check_embeddings_that_do_not_fit_cost_their_image_alone(lab):
    run = alike(lab, but=0)
    report = lab.fixtures.report("report-alike-0", run, "--images", EXAMPLES)
    assert "astronaut.json: it has" in lab.fixtures.said, lab.fixtures.said
    page = like(lab, report)
    assert all("/0/0/" not in address for address, _ in page.evaluate(TILES))


def check_a_run_without_embeddings_says_so(lab):
    page = lab.image(lab.fixtures.real_report(), ROW)
    page.key("l")
    page.wait("document.getElementById('notice').textContent.includes('--embeddings')")
    page.evaluate("location.hash = '#like/0/2/5'")
    page.wait("location.hash.startsWith('#gallery')")
