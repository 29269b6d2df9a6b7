"""Records that nobody trusts, records of other tools, and photographs that are not there."""

import json
import os
import re
import shutil

from fixtures import HOSTILE_FAILED, HOSTILE_NAMES
from lab import EXAMPLES, pixels

TILES = "[...document.querySelectorAll('.page-gallery .tile')].filter(tile => !tile.hidden)"
NAMES = TILES + ".map(tile => tile.querySelector('.tile-link').title)"
DRAWN = TILES + ".every(tile => tile.classList.contains('failed') ||" \
    " tile.querySelector('canvas').style.visibility === 'visible')"


def hostile_page(lab, fragment, *options):
    photos, run = lab.fixtures.hostile()
    report = lab.fixtures.report("report-hostile" + "".join(options), run, *options, "--images", photos)
    return lab.open(report, fragment, width=2560, height=1440)


def shown(name):
    """The text of a name: bytes that are not UTF-8 are U+FFFD, each."""
    return re.sub("[\udc80-\udcff]", "\ufffd", name.decode("utf-8", "surrogateescape"))


def check_hostile_names_are_text(lab):
    """26 names, a hostile name of the run and of its folder: all shown as they are, nothing done."""
    page = hostile_page(lab, "gallery/0")
    wanted = sorted(map(shown, HOSTILE_NAMES + HOSTILE_FAILED))
    page.wait("%s.length === %d" % (NAMES, len(wanted)))
    page.wait(DRAWN)
    assert sorted(page.evaluate(NAMES)) == wanted, page.evaluate(NAMES)
    failed = page.evaluate("[...document.querySelectorAll('.tile.failed .tile-reason')].map(one => one.textContent)")
    assert len(failed) == 2 and all(failed), failed
    for name in wanted:
        page.evaluate("history.replaceState(null, '', '#gallery/0')")
        query = name.split("\n")[0].split("\r")[0][:40]
        page.fill("input[type=search]", query)
        page.wait("(names => names.length && names.length < %d && names.every(name => name.toLowerCase().includes(%s)))(%s)" % (
            len(wanted), json.dumps(query.lower()), NAMES))


def check_hostile_names_one_by_one(lab):
    page = hostile_page(lab, "image/0/0")
    count = len(HOSTILE_NAMES + HOSTILE_FAILED)
    names = set()
    for place in range(count):
        page.wait("document.querySelector('.image-bar [role=status]').textContent === '%d of %d'" % (place + 1, count))
        names.add(page.evaluate("document.querySelector('.image-name').textContent"))
        page.wait("document.querySelector('.stage-photo img') || document.querySelector('.reason:not([hidden])')")
        page.hover(".stage")
        page.key("n")
    assert len(names) == count, names


def check_hostile_run_page(lab):
    page = hostile_page(lab, "run")
    page.wait("document.querySelectorAll('.chart').length > 5")
    assert "<script>canary()<" in page.text(".run-head"), page.text(".run-head")


def check_hostile_single_file(lab):
    photos, run = lab.fixtures.hostile()
    page = lab.open(lab.fixtures.report("hostile.html", run, "--single-file", "--images", photos), "gallery/0")
    page.wait("%s.length > 5" % NAMES)
    page.wait(DRAWN)


def check_hostile_address(lab):
    """What stands in the address is data, too."""
    for fragment in ("gallery/<img src=x onerror=canary()>?q=<script>canary()</script>&sort=__proto__",
                     "image/constructor/__proto__", "javascript:canary()", "image/0/1e9?t.iou=NaN&look=toString",
                     "run/../..", "pair/0", "gallery/99999?size=1e9"):
        page = lab.open(lab.fixtures.real_report(), fragment)
        page.wait("document.querySelector('.page:not([hidden])')")


def check_hostile_compare(lab):
    photos, run = lab.fixtures.hostile()
    report = lab.fixtures.report("report-hostile-two", run, run, "--images", photos)
    page = lab.open(report, "compare")
    page.wait("document.querySelectorAll('.page-compare .tile').length > 5")
    page.evaluate("document.querySelector('.page-compare .tile-link').click()")
    page.wait("document.querySelector('.page-pair .beside-item')")


def check_damaged_records_are_listed(lab):
    page = lab.open(lab.fixtures.report("report-damaged", lab.fixtures.damaged(), "--images", EXAMPLES, status=(1,)),
                    "gallery/0")
    page.wait("%s.length === 4" % NAMES)
    page.wait(DRAWN)
    reasons = page.evaluate("[...document.querySelectorAll('.tile.failed .tile-reason')].map(one => one.textContent)")
    assert len(reasons) == 2, reasons
    assert "the text ends within a string" in reasons[0] and "run string" in reasons[1], reasons


def foreign(lab, form):
    page = lab.open(lab.fixtures.report("report-" + form, lab.fixtures.foreign(form), "--images", EXAMPLES), "gallery/0")
    page.wait("%s.length === 4" % NAMES)
    page.wait(DRAWN)
    own = lab.open(lab.fixtures.real_report(), "gallery/0")
    own.wait("%s.length === 4" % NAMES)
    masks = TILES + ".map(tile => parseInt(tile.querySelector('.tile-facts').textContent))"
    assert page.evaluate(masks) == own.evaluate(masks), page.evaluate(masks)
    assert len(set(pixels(page, ".tile canvas"))) > 500, "the photographs are found"
    page.evaluate("location.hash = '#run'")
    page.wait("document.querySelectorAll('.chart').length > 5")


def check_records_of_sa1b(lab):
    foreign(lab, "sa1b")


def check_records_of_amg(lab):
    foreign(lab, "png")


def check_records_of_coco(lab):
    foreign(lab, "coco")


def check_missing_photographs(lab):
    empty = lab.fixtures.path("nothing")
    os.makedirs(empty, exist_ok=True)
    report = lab.fixtures.report("report-missing", lab.fixtures.real(), "--images", empty)
    page = lab.open(report, "gallery/0")
    page.wait("%s.length === 4" % NAMES)
    page.wait(DRAWN)
    notices = """new MutationObserver(() => { const text = document.querySelector("#notice").textContent;
        if (text) (window.notices ||= []).push(text); }).observe(document.querySelector("#notice"), {childList: true})"""
    page.evaluate(notices + ", 0")
    page.evaluate("location.hash = '#image/0/0'")
    for name in ("camera.jpg", "chelsea.jpg"):
        page.wait("document.querySelector('.page-image .tree-item')")
        page.key("n")
        page.wait("document.querySelector('.image-name').textContent === '%s'" % name)
    page.wait("document.querySelector('.stage-photo.none')")
    said = page.evaluate("window.notices || []")
    assert len(said) == 1 and "not found" in said[0], said


def check_single_file(lab):
    report = lab.fixtures.report("single.html", lab.fixtures.real(), lab.fixtures.other(), "--single-file", "--images",
                                 EXAMPLES)
    alone = lab.fixtures.path("alone", "moved here.html")
    os.makedirs(os.path.dirname(alone), exist_ok=True)
    shutil.copy(report, alone)
    page = lab.open(alone, "gallery/0")
    page.wait("%s.length === 4" % NAMES)
    page.wait(DRAWN)
    page.evaluate("location.hash = '#image/0/0'")
    page.wait("document.querySelector('.page-image .tree-item') && document.querySelector('.stage-photo img')")
    page.evaluate("location.hash = '#pair/0'")
    page.wait("document.querySelector('.page-pair .beside-item')")


def check_folder_can_be_moved(lab):
    moved = lab.fixtures.path("moved", "somewhere else")
    shutil.copytree(os.path.dirname(lab.fixtures.real_report()), moved)
    page = lab.open(os.path.join(moved, "index.html"), "image/0/0")
    page.wait("document.querySelector('.page-image .tree-item') && document.querySelector('.stage-photo img')")
