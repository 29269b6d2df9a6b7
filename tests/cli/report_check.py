"""Reads a report's documents as the page does, and holds them against the records.

    report_check.py show REPORT        prints what the report says, without what changes from run to run
    report_check.py same REPORT RUN    fails unless its masks are exactly those of the SA-1B records in RUN
"""
import base64
import glob
import hashlib
import json
import os
import re
import sys


def documents(report):
    """{name: value} of a report, a folder or a file."""
    if os.path.isdir(report):
        found = {}
        for path in glob.glob(os.path.join(glob.escape(report), "data", "*")):
            text = open(path, encoding="ascii").read()
            name, value = re.fullmatch(r'maskmillReport\("([^"]+)", (.*)\);\n', text, re.S).groups()
            assert path.endswith(f"/{name}.js"), path
            found[name] = json.loads(value)
        return found
    text = open(report, encoding="utf-8").read()
    blocks = re.findall(r'<script type="application/json" id="data/([^"]+)">(.*?)</script>', text, re.S)
    return {name: json.loads(value) for name, value in blocks}


def page(report):
    path = os.path.join(report, "index.html") if os.path.isdir(report) else report
    return open(path, encoding="utf-8").read()


def check_policy(html):
    """The one script and the one style are those that the policy names."""
    policy = re.search(r'Content-Security-Policy" content="([^"]*)"', html)[1]
    for tag, rule in ("script", "script-src"), ("style", "style-src"):
        (text,) = re.findall(f"<{tag}>(.*?)</{tag}>", html, re.S)
        digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
        assert f"{rule} 'sha256-{digest}'" in policy, (rule, policy)


def rows(found, run):
    """The rows of a run, each a dict."""
    result = []
    for number in range(found["report"]["runs"][run]["index"]):
        part = found[f"index-{run}-{number}"]
        assert part["first"] == len(result)
        columns = [key for key, value in part.items() if isinstance(value, list) and key != "missing"]
        for at in range(part["count"]):
            row = {key: part[key][at] for key in columns}
            row["reason"] = part["reason"].get(str(part["first"] + at))
            row["hex"] = part["hex"].get(str(part["first"] + at))
            row["missing"] = part["first"] + at in part["missing"]
            result.append(row)
    assert len(result) == found["report"]["runs"][run]["rows"]
    return result


def entry(found, run, number, row):
    document = found[f"images-{run}-{row['chunk']}"]
    assert len(document["rows"]) == len(document["images"]) <= 64
    return document["images"][document["rows"].index(number)]


def show(report):
    found = documents(report)
    check_policy(page(report))
    for number, run in enumerate(found["report"]["runs"]):
        print(f"run {run['name']}: {run['rows']} rows, photos {run['photos']}, root {run.get('photo_root')},",
              f"missing {run['missing']}, options {'no' if run['options'] is None else 'yes'},",
              f"machines {sum(machine['images'] for machine in run['machines'])},",
              f"stats of {run['stats']['masks']} masks, {run['stats']['records_refused']} refused")
        for place, row in enumerate(rows(found, number)):
            thumb = row["chunk"] >= 0 and entry(found, number, place, row)["thumb"]
            photo = found.get(f"photo-{number}-{place}")
            print(" ", ascii(row["name"]), row["hex"] or "", f"{row['width']}x{row['height']}", f"status {row['status']},",
                  f"{row['masks']} masks", "missing" if row["missing"] else "", row["reason"] or "",
                  "thumb" if thumb and base64.b64decode(thumb)[:2] == b"\xff\xd8" else "",
                  f"photo {photo['width']}x{photo['height']}" if photo else "",
                  "timed" if row["seconds"] is not None and row["time"] else "")
    compare = found["report"]["compare"]
    for number in range(compare["chunks"] if compare else 0):
        part = found[f"compare-{number}"]
        for at in range(part["count"]):
            twins = []
            if part["chunk"][at] >= 0:
                chunk = found[f"twins-{part['chunk'][at]}"]
                twins = chunk["twins"][chunk["rows"].index(part["first"] + at)]
            assert len(twins) == part["twins"][at]
            print(" pair", part["a"][at], part["b"][at], "difference", part["difference"][at], "twins", len(twins),
                  twins[:2])


def same(report, run):
    found = documents(report)
    compared = 0
    for number, row in enumerate(rows(found, 0)):
        if row["chunk"] < 0:
            continue
        shown = entry(found, 0, number, row)
        stem = os.path.splitext(row["name"])[0]
        annotations = json.load(open(os.path.join(run, stem + ".json")))["annotations"]
        assert shown["counts"] == [mask["segmentation"]["counts"] for mask in annotations], row
        for ours, theirs in ("iou", "predicted_iou"), ("stability", "stability_score"), ("area", "area"):
            assert shown[ours] == [mask[theirs] for mask in annotations], (row, ours)
        for point, mask in zip(shown["point"], annotations):
            assert all(abs(x - y) <= 0.005 for x, y in zip(point, mask["point_coords"][0])), row
        crops = shown["crop"] or [[0, 0, row["width"], row["height"]]] * len(annotations)
        assert crops == [mask["crop_box"] for mask in annotations], row
        ids = shown["id"] or list(range(len(annotations)))
        assert ids == [mask["id"] for mask in annotations], row
        compared += len(annotations)
    print(compared, "masks are those of the records")


if __name__ == "__main__":
    {"show": show, "same": same}[sys.argv[1]](*sys.argv[2:])
