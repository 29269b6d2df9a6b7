#!/usr/bin/env python3
"""Lets every write, fsync, rename, mkdir and open below the output folder fail in turn. Whatever happens: the
program ends by itself, says what was wrong, calls nothing done that is not, and the next start, without faults,
ends with the bytes of an undisturbed run.

  tests/faults/faults.py"""

import errno
import os
import shutil
import sys
import tempfile

import common
from common import ALL_DONE, ENVIRONMENT, SOME_FAILED

WORK = tempfile.TemporaryDirectory(prefix="maskmill-faults-")
IN = os.path.join(WORK.name, "in")
OUT = os.path.join(WORK.name, "out")
SHIM = common.build_shim(WORK.name)
IMAGES = 3
OVERLAY = ["--overlay"]
EXPECTED = {}


def prepare():
    common.make_images(IN, IMAGES)
    code, text = common.run(common.command(IN, OUT, *OVERLAY))
    assert code == ALL_DONE, text
    EXPECTED.update(common.outputs(OUT))
    assert len(EXPECTED) == 2 * IMAGES


def start(more, folder=OUT, options=OVERLAY, **fault):
    env = {"LD_PRELOAD": SHIM, "FAULT_FOLDER": folder}
    env.update({f"FAULT_{name.upper()}": str(value) for name, value in fault.items()})
    return common.run(common.command(IN, OUT, *options, *more), env)


def fresh():
    shutil.rmtree(OUT, ignore_errors=True)


def log_of_a_run(*more):
    """The calls below OUT of a run without faults, in order: (call, path)."""
    log = os.path.join(WORK.name, "log")
    if os.path.exists(log):
        os.unlink(log)
    fresh()
    code, text = start(more, log=log)
    assert code == ALL_DONE, text
    with open(log, encoding="utf-8") as file:
        return [tuple(line.rstrip("\n").split(" ", 1)) for line in file]


def check_after_fault(code, text, what):
    """After a start with a fault, and after the one that follows it."""
    assert code in (ALL_DONE, SOME_FAILED, ENVIRONMENT), f"{what}: exit status {code}: {text}"
    common.check_promises(OUT, EXPECTED)
    if code == ALL_DONE:
        assert common.outputs(OUT) == EXPECTED, f"{what}: a wrong 'done'"
    else:
        assert "maskmill:" in text, f"{what}: no word of what is wrong"
        os_words = [os.strerror(number) for number in (errno.EIO, errno.ENOSPC)]
        assert any(word in text for word in os_words), f"{what}: not the reason: {text}"
    again, said = common.run(common.command(IN, OUT, *OVERLAY, *(["--retry-failed"] if code == SOME_FAILED else [])))
    assert again == ALL_DONE, f"{what}, started again: exit status {again}: {said}"
    if code == SOME_FAILED:
        again, said = common.run(common.command(IN, OUT, *OVERLAY))
        assert again == ALL_DONE, f"{what}, started a third time: exit status {again}: {said}"
    common.check_complete(OUT, EXPECTED)


# A run may end well although one of these calls failed: emptying the lock at the end, run.json's hard link (it is
# renamed then), and making a folder that is there.
HARMLESS = {"write": "lock-0-of-1", "rename": "run.json", "mkdir": "out"}


def each_call_fails(call, error, last=None):
    """Lets the first, second, ... of the calls fail alone, or (`last`) with all that follow."""
    statuses = {}
    places = [path for name, path in log_of_a_run() if name == call]
    for at, path in enumerate(places, 1):
        fresh()
        code, text = start(["--retries", "0"], call=call, at=at, errno=error, last=last or at)
        what = f"{call} {at} of {len(places)} ({path}) fails"
        statuses[code] = statuses.get(code, 0) + 1
        check_after_fault(code, text, what)
        assert code != ALL_DONE or os.path.basename(path) == HARMLESS.get(call), f"{what}: called a success"
    return f"{len(places)} places, exit statuses {statuses}"


def every_write_fails_once():
    return each_call_fails("write", errno.ENOSPC)


def the_disk_is_full_from_some_write_on():
    return each_call_fails("write", errno.ENOSPC, last=1000000)


def every_fsync_fails_once():
    return each_call_fails("fsync", errno.EIO)


def every_rename_fails_once():
    return each_call_fails("rename", errno.EIO)


def every_mkdir_fails_once():
    return each_call_fails("mkdir", errno.ENOSPC)


def every_open_for_writing_fails_once():
    return each_call_fails("open", errno.EIO)


def a_fault_that_passes_is_waited_for():
    """Two writes of the same record fail: tried again, and nothing else is wrong."""
    calls = [path for call, path in log_of_a_run() if call == "write"]
    at = 1 + next(i for i, path in enumerate(calls) if ".json" in os.path.basename(path) and "part" in path)
    fresh()
    code, text = start(["--retries", "3"], call="write", at=at, last=at + 1, errno=errno.EIO)
    assert code == ALL_DONE, text
    assert text.count("trying again") == 2, text
    common.check_complete(OUT, EXPECTED)


def a_fault_that_passes_is_waited_for_in_formats():
    """The same of a file of another format."""
    formats = ["--format", "rle,png"]
    calls = [path for call, path in log_of_a_run(*formats) if call == "write"]
    expected = common.outputs(OUT)
    for folder in ["/@rle/", "/@png/"]:
        at = 1 + next(i for i, path in enumerate(calls) if folder in path)
        fresh()
        code, text = start(["--retries", "3", *formats], call="write", at=at, last=at + 1, errno=errno.EIO)
        assert code == ALL_DONE, text
        assert text.count("trying again") == 2, text
        common.check_complete(OUT, expected)
        fresh()
        code, text = start(["--retries", "0", *formats], call="write", at=at, errno=errno.EIO)
        assert code == ENVIRONMENT, text


def a_fault_that_passes_is_waited_for_in_tiles():
    """The first reads of each decoder fail: of the header's, and of that of the rows of tiles."""
    tiles = ["--tile", "32", "--halo", "8", "--workers", "1"]
    fresh()
    code, text = start(["--retries", "3", *tiles], folder=IN, options=[], call="read", at=1, last=2, errno=errno.EIO)
    assert code == ALL_DONE, text
    assert text.count("trying again") == 2, text
    fresh()
    code, text = start(["--retries", "0", *tiles], folder=IN, options=[], call="read", at=5, last=1000000,
                       errno=errno.ESTALE)
    assert code == ENVIRONMENT, text


def what_the_ledger_says_is_durable_before():
    """Contents, name, folder and new folders are synced before the ledger says done."""
    log = log_of_a_run()
    ledger = os.path.join(OUT, common.STATE, "ledger-0-of-1.ndjson")
    writes = [i for i, (call, path) in enumerate(log) if call == "write" and path == ledger]
    lines = common.ledgers(OUT)
    assert len(writes) == len(lines), f"{len(writes)} writes for {len(lines)} lines"
    done = 0
    for at, line in zip(writes, lines):
        if line.get("status") != "done":
            continue
        done += 1
        before = log[:at]
        for suffix in [".json", ".overlay.jpg"]:
            path = os.path.join(OUT, os.path.splitext(line["path"])[0] + suffix)
            folder, name = os.path.split(path)
            renamed = before.index(("rename", path))
            written = [i for i, (call, other) in enumerate(before[:renamed])
                       if call in ("write", "fsync") and os.path.basename(other).startswith(f".{name}.")]
            assert before[written[-1]][0] == "fsync", f"{path}: not synced before its rename"
            assert ("fsync", folder) in before[renamed:], f"{path}: its folder is not synced before the ledger"
            made = before.index(("mkdir", folder))
            assert ("fsync", OUT) in before[made:], f"{folder}: a new folder whose parent is not synced"
    assert done == IMAGES
    return f"{len(log)} calls"


def an_overlay_that_cannot_be_painted_costs_no_record():
    """No memory for the layers of one picture: that overlay is left out, the rest is done, and a next start is at rest."""
    wide, out = os.path.join(WORK.name, "wide"), os.path.join(WORK.name, "wide out")
    common.write(os.path.join(wide, "a.png"), common.png(301, 20, seed=1))
    common.write(os.path.join(wide, "b.png"), common.png(40, 40, seed=2))
    layer = 301 * 32 * 4 * 4  # pictures/painter.c: a band of 32 rows of four floats a pixel
    env = {"LD_PRELOAD": SHIM, "FAULT_BYTES": str(layer)}
    code, text = common.run(common.command(wide, out, *OVERLAY), env)
    assert code == ALL_DONE, text
    assert text.count("overlay left out") == 1 and "a.png: overlay left out" in text and "memory" in text, text
    there = sorted(name for name in os.listdir(out) if name.startswith(("a.", "b.")))
    assert there == ["a.json", "b.json", "b.overlay.jpg"], there
    for _ in range(2):
        assert [line["status"] for line in common.ledgers(out) if "status" in line] == ["done", "done"]
        code, text = common.run(common.command(wide, out, *OVERLAY))
        assert code == ALL_DONE, text


if __name__ == "__main__":
    prepare()
    sys.exit(common.run_tests([
        what_the_ledger_says_is_durable_before, every_write_fails_once, the_disk_is_full_from_some_write_on,
        every_fsync_fails_once, every_rename_fails_once, every_mkdir_fails_once, every_open_for_writing_fails_once,
        a_fault_that_passes_is_waited_for, a_fault_that_passes_is_waited_for_in_formats,
        a_fault_that_passes_is_waited_for_in_tiles, an_overlay_that_cannot_be_painted_costs_no_record,
    ]))
