#!/usr/bin/env python3
"""The start of a run of 100,000 images that is finished already: how long it takes, and in how much memory.
The images are hard links of a few, and so are their records, whose sizes are what a start checks.

  tests/faults/long.py"""

import json
import os
import subprocess
import sys
import tempfile
import time

import common
from common import ALL_DONE

WORK = tempfile.TemporaryDirectory(prefix="maskmill-long-")
IMAGES = 100000
FOLDER = 1000  # images in one
SECONDS = float(os.environ.get("MASKMILL_LONG_SECONDS", "2"))  # allowed for 100,000 images


def link_all(source, folder, suffix, count):
    """`count` names for one file; file systems allow some ten thousand links of a file, so it is copied anew."""
    for i in range(count):
        path = os.path.join(folder, f"folder-{i // FOLDER}", f"image-{i}{suffix}")
        if i % FOLDER == 0:
            with open(source, "rb") as file:
                common.write(path, file.read())
            first = path
        else:
            os.link(first, path)


def finished_run(name, count):
    """The folders of images and of masks of a run with `count` images done."""
    images, out = os.path.join(WORK.name, name, "in"), os.path.join(WORK.name, name, "out")
    one = os.path.join(WORK.name, name, "one")
    common.write(os.path.join(one, "image.png"), common.png(24, 24, seed=3))
    code, text = common.run(common.command(one, out))
    assert code == ALL_DONE, text
    record = os.path.join(out, "image.json")
    size = os.path.getsize(record)
    link_all(os.path.join(one, "image.png"), images, ".png", count)
    link_all(record, out, ".json", count)
    with open(os.path.join(out, common.STATE, "ledger-0-of-1.ndjson"), "w", encoding="utf-8") as ledger:
        for i in range(count):
            json.dump({"path": f"folder-{i // FOLDER}/image-{i}.png", "status": "done", "bytes": size, "width": 24,
                       "height": 24, "masks": 3, "seconds": 0.01, "worker": 0, "time": 1767225600.125 + i}, ledger,
                      separators=(",", ":"))
            ledger.write("\n")
    return images, out


def start_again(images, out):
    """CPU seconds, seconds and peak memory (MiB) of a start that finds everything done."""
    before = time.monotonic()
    process = subprocess.Popen(common.command(images, out), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                               stderr=subprocess.PIPE)
    text = process.stderr.read().decode()
    _, status, usage = os.wait4(process.pid, 0)
    assert os.waitstatus_to_exitcode(status) == ALL_DONE, text
    assert ": 0 images done" in text, text
    return usage.ru_utime + usage.ru_stime, time.monotonic() - before, usage.ru_maxrss / 1024


def a_finished_run_starts_quickly_in_flat_memory():
    few = finished_run("few", FOLDER)
    many = finished_run("many", IMAGES)
    few_cpu, few_seconds, few_memory = min(start_again(*few) for _ in range(3))
    cpu, seconds, memory = min(start_again(*many) for _ in range(3))
    taken = cpu - few_cpu  # of the CPU, since other programs run beside a test
    # 24 bytes an image for the survey and 53 for the index at most, while these grow half as much again.
    grown = memory - few_memory
    assert taken < SECONDS, f"{taken:.2f} s for {IMAGES} images"
    assert grown < 20, f"{grown:.1f} MiB for {IMAGES} images"
    return (f"{IMAGES} images: {taken:.2f} s of CPU time, {seconds - few_seconds:.2f} s and {grown:.1f} MiB more than "
            f"{FOLDER} images")


if __name__ == "__main__":
    sys.exit(common.run_tests([a_finished_run_starts_quickly_in_flat_memory]))
