"""Pictures of all pages at three widths, in light and dark: DIR/PAGE-WIDTH-SCHEME.png."""

import os

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
    print("\n".join(problems + ["%d pictures in %s" % (len(PAGES) * len(WIDTHS) * 2, folder)]))
    return not problems
