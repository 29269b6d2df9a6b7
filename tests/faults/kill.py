#!/usr/bin/env python3
"""Kills runs with SIGKILL at random moments and starts them again, until nothing is left to do. At every
stop nothing half-written is visible, and in the end the bytes are those of an undisturbed run.

  tests/faults/kill.py [SEED]"""

import json
import os
import random
import signal
import subprocess
import sys
import tempfile
import time

import common
from common import ALL_DONE

IMAGES = 300
KILLS = 40  # over all tests
WORK = tempfile.TemporaryDirectory(prefix="maskmill-kill-")
IN = os.path.join(WORK.name, "in")
CHANCE = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else time.time_ns())
COLLECTING = ["--format", "sa1b,tar,coco", "--overlay", "--embeddings", "image"]


def undisturbed(name, more):
    """The outputs of a run that nobody disturbs, and how long it took."""
    out = os.path.join(WORK.name, name)
    start = time.monotonic()
    code, text = common.run(common.command(IN, out, *more))
    assert code == ALL_DONE, text
    return common.outputs(out), time.monotonic() - start


def kill_after(processes, seconds):
    """Kills all processes with their children at one moment. Returns whether any was still running."""
    end = time.monotonic() + seconds
    while time.monotonic() < end and any(process.poll() is None for process in processes):
        time.sleep(0.005)
    for process in processes:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
    codes = [process.wait() for process in processes]
    assert all(code in (ALL_DONE, -signal.SIGKILL) for code in codes), f"exit statuses {codes}"
    return -signal.SIGKILL in codes


def start(out, more):
    return subprocess.Popen(common.command(IN, out, *more), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                            stderr=subprocess.DEVNULL, start_new_session=True)


def kill_and_resume(name, kills, expected, seconds, starts):
    """`starts`: the options of each process of one start. A kill comes after up to half of the time that the whole
    run takes, so that kills are spread over all of it, the writing of tar files included. A run that gets done
    is checked, and the next one begins in a new folder."""
    out = os.path.join(WORK.name, name)
    killed = 0
    finished = 0
    left_over = 0
    progress = []
    while killed < kills:
        processes = [start(out, more) for more in starts]
        alive = kill_after(processes, CHANCE.uniform(0, 0.4 + seconds / 2))
        killed += alive
        progress.append(common.check_promises(out, expected))
        left_over += len(common.temporaries(out))
        if not alive:
            finished += 1
            common.check_complete(out, expected)
            out = os.path.join(WORK.name, f"{name}-{finished}")
    for more in starts:
        code, text = common.run(common.command(IN, out, *more))
        assert code == ALL_DONE, text
    common.check_complete(out, expected)
    return (f"{killed} kills, {left_over} files left over, {finished + 1} runs to the end, "
            f"images done at the kills: {progress}")


def one_process_with_tar_and_coco():
    expected, seconds = undisturbed("undisturbed-all", COLLECTING)
    assert any(path.endswith(b".tar") for path in expected), "no tar was written"
    return kill_and_resume("killed-all", KILLS - KILLS // 3, expected, seconds, [COLLECTING])


def three_shards():
    each = ["--format", "sa1b,png,labels"]  # with folders of their own for each image, and without
    expected, seconds = undisturbed("undisturbed", each)
    assert sum(path.endswith(b".json") for path in expected) == IMAGES
    return kill_and_resume("killed", KILLS // 3, expected, 1.2 * seconds,
                           [[*each, "--shard", f"{i}/3"] for i in range(3)])


def another_number_of_shards():
    """What two of four shards did counts for two shards, and for one process."""
    expected, _ = undisturbed("undisturbed-again", [])
    out = os.path.join(WORK.name, "resharded")
    for shard in ["0/4", "2/4", "1/2"]:
        code, text = common.run(common.command(IN, out, "--shard", shard))
        assert code == ALL_DONE, text
    before = len(common.ledgers(out))
    code, text = common.run(common.command(IN, out))
    assert code == ALL_DONE, text
    common.check_complete(out, expected)
    lines = [line for line in common.ledgers(out) if line.get("status")]
    assert len(lines) == IMAGES, f"{len(lines)} attempts for {IMAGES} images"
    return f"{before} lines before the last start"


def make_known(folder, out):
    """For every third image a record of its own with one mask of `out`, for every third a line with a box."""
    os.makedirs(folder)
    lines = []
    for path in sorted(path for path in common.outputs(out) if path.endswith(b".json")):
        name = os.fsdecode(path)
        with open(os.path.join(out, name), encoding="utf-8") as file:
            record = json.load(file)
        kind = len(lines) % 3
        lines.append(json.dumps({"image": record["image"], "annotations": [{"bbox": [1, 2, 12, 9], "id": 7}]}) + "\n")
        if kind == 0:
            record["annotations"] = record["annotations"][:1]
            common.write(os.path.join(folder, name), json.dumps(record, indent=1).encode())
    common.write(os.path.join(folder, "boxes.ndjson"), "".join(lines[1::3]).encode())


def beside_known_masks():
    known = os.path.join(WORK.name, "known")
    code, text = common.run(common.command(IN, os.path.join(WORK.name, "for-known")))
    assert code == ALL_DONE, text
    make_known(known, os.path.join(WORK.name, "for-known"))
    each = ["--known", known, "--box-nms-thresh", "0.7", "--format", "sa1b,ndjson"]
    expected, seconds = undisturbed("undisturbed-known", each)
    with open(os.path.join(WORK.name, "undisturbed-known", "@ndjson", "records.ndjson"), encoding="utf-8") as file:
        text = file.read()
    for source in ("known", "box", "grid"):
        assert f'"source": "{source}"' in text, f"no mask is made by: {source}"
    return kill_and_resume("killed-known", KILLS // 4, expected, 2 * seconds, [each])


if __name__ == "__main__":
    common.make_images(IN, IMAGES)
    sys.exit(common.run_tests([one_process_with_tar_and_coco, three_shards, another_number_of_shards,
                               beside_known_masks]))
