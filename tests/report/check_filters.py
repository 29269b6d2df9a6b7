"""The page's filters against `maskmill filter`, on records that are made to be hard: equal scores and scores of one
float more or less, equal and empty masks, crops, ids of their own, records that lack scores, or the image's size."""

import json
import os
import random
import shlex
import subprocess

from fixtures import disc, run_string, write
from lab import command, load

WIDTH, HEIGHT = 48, 36
THRESHOLDS = [
    {"iou": 0.5}, {"stability": 0.5}, {"iou": 0.1}, {"min": 50}, {"max": 200}, {"min": 40, "max": 41}, {"overlap": 0},
    {"overlap": 0.5}, {"overlap": 0.9}, {"overlap": 0.25, "iou": 0.3}, {"iou": 1}, {"stability": 1, "overlap": 0.999},
    {"iou": 1e-7, "min": 1},
]
# Floats around thresholds: 0.1 and 0.3 are rounded up, and down, when they become floats.
SCORES = [0.1, 0.100000001, 0.10000002, 0.3, 0.29999998, 0.5, 0.50000006, 0.49999997, 1, 0, 1e-7]


def mask(chance, number):
    kind = chance.randrange(8)
    counts, area = ([WIDTH * HEIGHT], 0) if kind == 0 else disc(
        WIDTH, HEIGHT, chance.randrange(5, 43), chance.randrange(5, 31), chance.choice([2, 3, 4, 8]))
    return {"segmentation": {"size": [HEIGHT, WIDTH], "counts": run_string(counts)}, "area": area,
            "predicted_iou": chance.choice(SCORES), "stability_score": chance.choice(SCORES), "id": 1000 - number,
            "point_coords": [[1.0, 1.0]], "crop_box": chance.choice([[0, 0, WIDTH, HEIGHT], [0, 0, 30, 30]])}


def record(seed):
    chance = random.Random(seed)
    masks = [mask(chance, number) for number in range(chance.randrange(1, 24))]
    masks += [dict(masks[0], id=5000 + number) for number in range(seed % 3)]
    for key, every in (("predicted_iou", 7), ("stability_score", 5)):
        for one in masks[:len(masks) if seed % 2 else 1] if seed % every == 0 else []:
            del one[key]
    for number, one in enumerate(masks if seed % 4 == 3 else []): # known masks stay, with or without scores
        one["source"] = "known" if number % 3 == 0 else "grid"
        if number % 6 == 0:
            one.pop("predicted_iou", None)
    return {"image": {"image_id": seed, "width": WIDTH, "height": HEIGHT, "file_name": "%02d.jpg" % seed},
            "annotations": masks}


def hard(lab):
    def make(out):
        for seed in range(40):
            write(os.path.join(out, "%02d.json" % seed), json.dumps(record(seed)).encode())
        write(os.path.join(out, "no-size.json"), b"[]")
        return out
    return lab.fixtures.once("hard", make)


def check_filters_are_those_of_the_program(lab):
    run = hard(lab)
    page = lab.open(lab.fixtures.report("report-hard", run), "gallery/0")
    names = page.evaluate("Rows.of(0).all.then(rows => rows.name)")
    assert len(names) == 41, len(names)
    decided = 0
    for number, changes in enumerate(THRESHOLDS):
        line, counts = page.apply("""async changes => {
            const thresholds = {...Thresholds.neutral(), ...changes};
            await Thresholds.apply(0, thresholds, () => true);
            return [Thresholds.command(Data.report.runs[0], thresholds), [...Thresholds.of(0).counts]];
        }""", changes)
        words = shlex.split(line)
        words[words.index("-o") + 1] = out = lab.fixtures.path("hard-%d" % number)
        command(*words[1:], status=(0, 1))
        for name, count in zip(names, counts):
            path = os.path.splitext(name)[0] + ".json"
            given = len(load(out, name)["annotations"]) if os.path.exists(os.path.join(out, path)) else 0
            assert given == count, "%s: %d masks in the page, %d of maskmill: %s" % (name, count, given, line)
        decided += len(set(counts)) > 2
    assert decided > 8, "%d thresholds decide something" % decided


def check_image_of_unknown_size(lab):
    page = lab.open(lab.fixtures.report("report-hard", hard(lab)), "gallery/0?q=no-size")
    page.wait("document.querySelector('.tile:not([hidden]) .tile-name')?.textContent === 'no-size'")
    page.wait("document.querySelector('.tile:not([hidden]) .tile-facts').textContent === '0 masks'")
    page.key("End")
    page.key("Enter")
    page.wait("document.querySelector('.kept-count')?.textContent === '0 masks'")
    assert page.text(".image-name") == "no-size"


def check_record_without_a_score(lab):
    """A slider that decides nothing is off; thresholds that came from another image are explained."""
    page = lab.image(lab.fixtures.report("report-hard", hard(lab)), 35)
    assert page.evaluate("document.querySelector('.image-name').textContent") == "35.jpg"
    page.wait("document.querySelector('#slider-iou').disabled && document.querySelector('#slider-overlap').disabled"
              " && !document.querySelector('#slider-min').disabled")
    page.evaluate("location.hash += '?t.iou=0.5'")
    page.wait("/^0 of .*: it lacks a score$/.test(document.querySelector('.kept-count').textContent)")


def check_command_of_a_path(lab):
    """Paths as a shell reads them, and a folder beside the records, not within them."""
    page = lab.open(lab.fixtures.real_report(), "gallery/0")
    for path, given, out in (("a b", "a b", "a b-filtered"), ("it's//", "it's", "it's-filtered"), (".", ".", "./../filtered"),
                             ("x/..", "x/..", "x/../../filtered"), ("-o", "./-o", "./-o-filtered"), ("=ls", "=ls", "=ls-filtered"),
                             ("a\n/", "a\n", "a\n-filtered")):
        line = page.apply("path => Thresholds.command({path, options: null}, {...Thresholds.neutral(), iou: 0.5})", path)
        said = command_words(line)
        assert said == ["maskmill", "filter", given, "-o", out, "--pred-iou-thresh", "0.5"], (path, line)
    line = page.evaluate("Thresholds.command({path: '-\\ufffd', path_hex: '2dff2f', options: null},"
                         " {...Thresholds.neutral(), iou: 0.5})")
    assert command_words(line)[2:5] == ["./-\udcff", "-o", "./-\udcff-filtered"], line
    assert page.evaluate("Text.shell('=ls')") == "'=ls'", "zsh looks for a program of that name"


def command_words(line):
    text = subprocess.run(["bash", "-c", "printf '%s\\0' " + line], stdout=subprocess.PIPE, check=True).stdout
    return [os.fsdecode(word) for word in text.split(b"\0")[:-1]]


def check_crossed_areas_in_the_address(lab):
    page = lab.open(lab.fixtures.real_report(), "image/0/2?t.min=500&t.max=100")
    page.wait("document.querySelector('.command')?.textContent.includes('--min-area 500 --max-area 500')")
