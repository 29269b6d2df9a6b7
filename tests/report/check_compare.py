"""Two runs beside each other: the list, and the pair with its twins."""

from lab import decode, load, pixels, wait_pixels

TILES = "[...document.querySelectorAll('.page-compare .tile')].filter(tile => !tile.hidden)"
NAMES = TILES + ".map(tile => tile.querySelector('.tile-name').textContent)"
TITLE = "document.querySelector('.page-pair .record h3').textContent"


def compare(lab):
    page = lab.open(lab.fixtures.pair_report(), "compare")
    page.wait(NAMES + ".length === 4")
    return page


def pair(lab, name):
    page = compare(lab)
    page.apply("name => [...document.querySelectorAll('.page-compare .tile-link')].find(one => one.title === name).click()",
               name)
    page.wait("document.querySelectorAll('.page-pair .beside-item').length")
    return page


def iou(a, b):
    return len(a & b) / len(a | b)


def check_list(lab):
    page = compare(lab)
    levels = page.evaluate(TILES + ".map(tile => parseFloat(tile.querySelector('.pair-bar > span').style.width))")
    assert levels == sorted(levels, reverse=True) and levels[:2] == [100, 100] and levels[3] < 100, levels
    assert sorted(page.evaluate(NAMES)[:2]) == ["astronaut.jpg", "camera.jpg"], "the images of one run only come first"
    assert "Not in run-b" in page.text(".page-compare .tile"), page.text(".page-compare .tile")
    page.wait("[...document.querySelectorAll('.page-compare canvas')].filter(one => one.style.visibility === 'visible')"
              ".length === 6")
    page.fill(".page-compare input[type=search]", "coff")
    page.wait(NAMES + ".length === 1")


def check_twins(lab):
    """The twins of the list are masks with that IoU; the other masks have no twin."""
    page = pair(lab, "coffee.jpg")
    records = [load(run, "coffee.jpg")["annotations"] for run in (lab.fixtures.real(), lab.fixtures.other())]
    sets = [[decode(mask) for mask in record] for record in records]
    items = page.evaluate("[...document.querySelectorAll('.page-pair .panel-scroll section')].map(one =>"
                          " [...one.querySelectorAll('li')].map(two => two.textContent))")
    twins = []
    for text in items[2]:
        names, said = text.split("IoU ")
        a, b = (int(name.split()[1]) for name in names.split(" · "))
        twins.append((a, b))
        assert abs(iou(sets[0][a], sets[1][b]) - float(said)) < 0.0006, text
    assert len(twins) > 2
    for run in (0, 1):
        assert len(items[run]) == len(records[run]) - len(twins), (len(items[run]), len(records[run]), len(twins))
    paired = [{twin[run] for twin in twins} for run in (0, 1)]
    missed = [(a, b) for a in range(len(sets[0])) if a not in paired[0] for b in range(len(sets[1]))
              if b not in paired[1] and iou(sets[0][a], sets[1][b]) >= 0.75]
    assert not missed, missed


def check_pin_marks_both(lab):
    page = pair(lab, "chelsea.jpg")
    marks = ".page-pair .side:nth-child(%d) .stage-layer:nth-child(3)"
    drawn = lambda side: sum(pixel[3] > 0 for pixel in pixels(page, marks % side))
    assert drawn(1) == drawn(2) == 0
    page.click(".page-pair .panel-scroll section:nth-child(3) .beside-item")
    page.wait("/^Twins, IoU .*, pinned$/.test(%s)" % TITLE)
    assert drawn(1) > 0 and drawn(2) > 0, "both twins stand out"
    page.key("Escape")
    page.hover("h2.image-name")
    page.click(".page-pair .panel-scroll section:nth-child(1) .beside-item")
    page.wait("%s === 'Only in run-a, pinned'" % TITLE)
    assert drawn(1) > 0 and drawn(2) == 0, "a mask without a twin stands out alone"


def check_linked_views(lab):
    page = pair(lab, "chelsea.jpg")
    views = "[...document.querySelectorAll('.page-pair .stage-photo')].map(one => one.style.transform)"
    fitted = page.evaluate(views)
    page.wheel(".page-pair .side:nth-child(2) .stage", down=-300, x=0.3)
    page.wait("%s[0] !== '%s'" % (views, fitted[0]))
    page.drag(".page-pair .side .stage", (0.5, 0.5), (0.6, 0.55))
    page.wait("(([left, right]) => left === right && left !== '%s')(%s)" % (fitted[0], views))
    page.key("0")
    page.wait("%s[1] === '%s'" % (views, fitted[1]))


def check_kinds_and_steps(lab):
    before, last = compare(lab).evaluate(NAMES)[2:]
    page = pair(lab, last)
    layer = ".page-pair .side .stage-layer"
    page.wait("parseInt(document.querySelector('%s').style.width) > 300" % layer)
    everything = wait_pixels(page, layer, lambda drawn: drawn > 0)
    page.key("t")
    wait_pixels(page, layer, lambda drawn: 0 < drawn < everything)
    page.key("a")
    wait_pixels(page, layer, lambda drawn: drawn == 0)
    page.key("p")
    page.wait("document.querySelector('.page-pair .image-name').textContent === %r" % before)
    page.key("Escape")
    page.wait("location.hash.startsWith('#compare')")
