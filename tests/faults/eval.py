#!/usr/bin/env python3
"""The results of an evaluation: whatever happens while lines are appended, the next start goes on after those that are
whole, and the figures are those of an undisturbed one.

  tests/faults/eval.py [KILLS]      15 unless said"""

import errno
import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

import common
from common import ALL_DONE, ENVIRONMENT, PROGRAM, USAGE

KILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 15
IMAGES = 12
WORK = tempfile.TemporaryDirectory(prefix="maskmill-eval-")
PAIRS = os.path.join(WORK.name, "pairs")


def make_pairs():
    common.make_images(PAIRS, IMAGES)
    for folder, _, names in os.walk(PAIRS):
        for name in names:
            with open(os.path.join(folder, name), "rb") as file:
                header = file.read(24)
            width, height = (int.from_bytes(header[at:at + 4], "big") for at in (16, 20))
            annotations = [{"segmentation": {"size": [height, width], "counts": [height * x, height * 5, height * (
                width - x - 5)]}} for x in (1, 9)]
            record = {"image": {"width": width, "height": height}, "annotations": annotations}
            common.write(os.path.join(folder, os.path.splitext(name)[0] + ".json"), json.dumps(record).encode())


def command(results, *more):
    return [PROGRAM, "eval", "--json", "--model", common.MODEL, "--set", "points-per-side=2", "--set",
            "pred-iou-thresh=0", "--results", results, *more, PAIRS]


def figures(results, env=None):
    done = subprocess.run(command(results), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                          env=dict(os.environ, **(env or {})), timeout=600, check=False)
    return done.returncode, done.stdout, done.stderr.decode("utf-8", "replace")


def killed():
    """kill -9 at any moment; lines that were whole stay as they are."""
    results, chance, kept, torn = os.path.join(WORK.name, "killed"), random.Random(5), b"", 0
    code, undisturbed, said = figures(os.path.join(WORK.name, "undisturbed"))
    assert code == ALL_DONE, said
    for _ in range(KILLS):
        with subprocess.Popen(command(results), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL) as process:
            time.sleep(chance.uniform(0.02, 0.35))
            process.kill()
            assert process.wait() in (-signal.SIGKILL, ALL_DONE)
        with open(results, "ab+") as file:
            file.seek(0)
            lines = file.read()
            assert lines.startswith(kept), "a line that was whole has changed"
            kept = lines[:lines.rfind(b"\n") + 1]
            # What a kill in the middle of a write may leave behind, or a disk that lost its power.
            torn += file.write(chance.choice([b"", b"{", b'{"image":"part 1/image-1.png", "cli', b"\0" * 100]
                                             if kept else [b"", b"{"])) > 0
    code, again, said = figures(results)
    assert code == ALL_DONE and again == undisturbed, said
    with open(results, "rb") as file:
        lines = [json.loads(line) for line in file]
    names = [line["image"] for line in lines[1:]]
    assert len(names) == len(set(names)) == IMAGES, names
    return f"{KILLS} kills, {torn} torn lines"


def writes_that_fail():
    """A full disk ends the evaluation with what was whole; the next one goes on."""
    shim = common.build_shim(WORK.name)
    _, undisturbed, _ = figures(os.path.join(WORK.name, "undisturbed"))
    for number in (errno.ENOSPC, errno.EIO):
        for first in (1, 2, 5):
            results = os.path.join(WORK.name, f"full-{number}-{first}")
            code, _, said = figures(results, {"LD_PRELOAD": shim, "FAULT_FOLDER": results, "FAULT_CALL": "write",
                                              "FAULT_AT": str(first), "FAULT_LAST": str(first),
                                              "FAULT_ERRNO": str(number)})
            assert code == ENVIRONMENT and os.strerror(number) in said, (code, said)
            code, again, said = figures(results)
            assert code == ALL_DONE and again == undisturbed, said


def one_at_a_time():
    """A second evaluation with the same file is refused, and leaves it alone."""
    results = os.path.join(WORK.name, "shared")
    with subprocess.Popen(command(results), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                          stderr=subprocess.DEVNULL) as process:
        while not os.path.exists(results) or os.path.getsize(results) == 0:
            assert process.poll() is None
            time.sleep(0.005)
        os.kill(process.pid, signal.SIGSTOP)
        code, _, said = figures(results)
        os.kill(process.pid, signal.SIGCONT)
        assert code == USAGE and "another evaluation writes to it" in said, (code, said)
        assert process.wait() == ALL_DONE


if __name__ == "__main__":
    make_pairs()
    with WORK:
        bad = common.run_tests([killed, writes_that_fail, one_at_a_time])
    sys.exit(bad)
