"""The page of a run: charts, their values under the pointer, tables, and CSV."""

import csv
import io
import json

from lab import EXAMPLES, command, load

FIGURES = "document.querySelectorAll('.chart').length"


def run_page(lab, address=None):
    page = lab.open(address or lab.fixtures.real_report(), "run")
    page.wait(FIGURES)
    page.wait("[...document.querySelectorAll('.chart-plot')].every(plot => plot.querySelector('svg'))")
    return page


def table(page, name):
    """The rows of a chart's CSV file, as its button saves it."""
    page.click("button[data-file='%s']" % name)
    text = page.browser.download(name + ".csv").decode()
    assert text.endswith("\r\n"), text
    rows = list(csv.reader(io.StringIO(text)))
    assert all(len(row) == len(rows[0]) for row in rows), name
    return rows[1:]


def check_charts(lab):
    page = run_page(lab)
    names = page.evaluate("[...document.querySelectorAll('.chart h3')].map(one => one.textContent)")
    for name in ("Masks an image", "Mask size relative to the image", "Concavity", "Centres of the masks",
                 "Predicted IoU and stability", "Seconds an image", "Images over time", "Machines", "Options and model"):
        assert name in names, names
    assert "Failures by reason" not in names, "nothing has failed"
    unnamed = page.evaluate("""[...document.querySelectorAll(".chart-plot svg")].filter(one =>
        !one.querySelector("title").textContent || !one.querySelector("desc").textContent).length""")
    assert unnamed == 0, "%d drawings without a title or a description" % unnamed
    wrong = page.evaluate("[...document.querySelectorAll('.chart svg *')].filter(one => /NaN|Infinity|undefined|null/.test("
                          "[...one.attributes].map(two => two.value).join())).map(one => one.outerHTML)")
    assert not wrong, wrong
    assert "SA-1B: 103" in page.text(".chart"), "the paper's average is marked"


def check_csv(lab):
    page, run = run_page(lab), lab.fixtures.real()
    stats = json.loads(command("stats", run, "--json"))
    assert sum(int(row[2]) for row in table(page, "masks-per-image")) == 4
    for name, key in (("relative-size", "relative_size"), ("concavity", "concavity"), ("predicted-iou", "predicted_iou"),
                      ("stability-score", "stability_score")):
        rows = table(page, name)
        counts = [count for count in stats[key]["counts"] if count]
        assert [int(row[2]) for row in rows if row[2] != "0"] == counts, name
        assert abs(sum(float(row[3]) for row in rows) - 1) < 1e-9, name
    centres = [[round(16 * float(row[0])), round(16 * float(row[2])), int(row[4])] for row in table(page, "centres")]
    assert sorted(centres) == sorted([x, y, count] for y, line in enumerate(stats["centres"]) for x, count in enumerate(line))
    masks = [mask for name in ("astronaut", "camera", "chelsea", "coffee") for mask in load(run, name)["annotations"]]
    assert sum(int(row[4]) for row in table(page, "scores")) == len(masks) == stats["masks"]
    assert len(table(page, "options")) > 20


def check_values_under_the_pointer(lab):
    page = run_page(lab)
    for index, wanted in enumerate(("%", "%", "%", "masks,")):
        plot = ".charts-section:first-child .chart:nth-child(%d) .chart-plot" % (index + 1)
        plot = plot.replace(".charts-section:first-child", "section.charts-section")
        page.hover(plot, 0.4, 0.4)
        page.wait("(tip => !tip.hidden && tip.textContent.includes(%s))(document.querySelector(%s))" % (
            json.dumps(wanted), json.dumps(plot + " .chart-tip")))
    page.hover("h2")
    page.wait("[...document.querySelectorAll('.chart-tip')].every(one => one.hidden)")


def check_table(lab):
    page = run_page(lab)
    page.click(".chart summary")
    page.wait("document.querySelector('.chart-table tbody tr')")
    rows = page.evaluate("[...document.querySelectorAll('.chart-table tbody tr')].map(row => Number(row.cells[2].textContent))")
    assert sum(rows) == 4, rows


def check_two_runs(lab):
    page = run_page(lab, lab.fixtures.pair_report())
    assert page.text(".run-head").split("\n")[0].startswith("run-a"), page.text(".run-head")
    differs = page.evaluate("[...document.querySelectorAll('.options .differs dt')].map(one => one.textContent)")
    assert sorted(differs) == ["points-per-side", "pred-iou-thresh"], differs
    first = [row for row in table(page, "masks-per-image")]
    assert (sum(int(row[2]) for row in first), sum(int(row[4]) for row in first)) == (4, 2)


def check_failures(lab):
    page = run_page(lab, lab.fixtures.report("report-damaged", lab.fixtures.damaged(), "--images", EXAMPLES, status=(1,)))
    rows = table(page, "failures")
    assert len(rows) == 2 and all(row[1] == "1" for row in rows), rows
    assert any("the text ends within a string" in row[0] for row in rows), rows


def check_widths(lab):
    """No page scrolls sideways."""
    page = run_page(lab)
    for width in (390, 800, 1440, 2560):
        page.look(width=width)
        page.evaluate("new Promise(done => requestAnimationFrame(() => requestAnimationFrame(done)))")
        wide = page.evaluate("(page => page.scrollWidth - page.clientWidth)(document.querySelector('.page-run'))")
        assert wide <= 0, "%d pixels too wide at %d" % (wide, width)
