"""Pictures of all pages at three widths, in light and dark: DIR/PAGE-WIDTH-SCHEME.png."""

import os

from reviewing import STAGE, Review, clicks

WIDTHS = {390: (844, 2), 1440: (900, 1), 2560: (1440, 1)}
READY = """[...document.querySelectorAll(".page:not([hidden]) .tile:not([hidden]):not(.failed) canvas")].every(
    canvas => canvas.style.visibility === "visible" || canvas.style.width === "0px")"""
SETTLE = 0.5  # seconds in which workers draw what is left


def point(page):
    """Lets a mask stand out, as under the pointer."""
    page.hover(".page:not([hidden]) .stage", 0.45, 0.55)


PAGES = [
    ("gallery", "pair", "gallery/0", None),
    ("image", "one", "image/0/2", point),
    ("run", "one", "run", None),
    ("run-two", "pair", "run", None),
    ("compare", "pair", "compare", None),
    ("pair", "pair", "pair/0", point),
]


def picture(lab, report, fragment, act, path, width, scheme):
    height, scale = WIDTHS[width]
    page = lab.open(report, fragment, width=width, height=height, scale=scale, scheme=scheme)
    page.wait("document.querySelector('.page:not([hidden]) :is(.tile, .tree-item, .beside-item, .chart)')")
    page.wait(READY)
    page.browser.listen(SETTLE)
    if act:
        act(page)
        page.browser.listen(SETTLE)
    page.screenshot(path)


# What was decided on a photograph before it is shown in a review.
DECIDED = """Promise.all([["accept", 1], ["accept", 4], ["reject", 2], ["accept", 9], ["reject", 7]].map(([op, mask]) =>
    Saves.post("image/2/event", () => ({op, mask})))).then(() => 0)"""


def review(lab, folder):
    """A review, with a candidate."""
    problems = []
    with Review(lab, "pictures") as served:
        served.image(2).evaluate(DECIDED)
        problems += lab.close()
        for width, (height, scale) in WIDTHS.items():
            for scheme in ("light", "dark"):
                page = served.image(2, width=width, height=height, scale=scale, scheme=scheme)
                page.key("c")
                page.click(STAGE, 0.45, 0.4)
                clicks(page, 1)
                page.browser.listen(SETTLE)
                page.screenshot(os.path.join(folder, "review-%d-%s.png" % (width, scheme)))
                problems += lab.close()
    return problems


def write(lab, folder):
    os.makedirs(folder, exist_ok=True)
    reports = {"one": lab.fixtures.real_report(), "pair": lab.fixtures.pair_report()}
    problems = []
    for name, report, fragment, act in PAGES:
        for width in WIDTHS:
            for scheme in ("light", "dark"):
                path = os.path.join(folder, "%s-%d-%s.png" % (name, width, scheme))
                picture(lab, reports[report], fragment, act, path, width, scheme)
                problems += lab.close()
    problems += review(lab, folder)
    print("\n".join(problems + ["%d pictures in %s" % ((len(PAGES) + 1) * len(WIDTHS) * 2, folder)]))
    return not problems
