#!/usr/bin/env python3
"""Power loss: from a trace of all calls that change files (shim.c), what a disk may hold if the power fails after any
of them. What was not synced is gone, or there in part, as chance has it: a file has the contents of its last fsync and
perhaps some of what was written since; a folder has the names of its last fsync and perhaps later ones. Nothing
half-written may be taken for finished then, and a start on what is left ends with the undisturbed bytes.

  tests/faults/power.py [SEED]"""

import io
import os
import random
import shutil
import sys
import tarfile
import tempfile
import time

import common
from common import ALL_DONE

WORK = tempfile.TemporaryDirectory(prefix="maskmill-power-")
IN = os.path.join(WORK.name, "in")
OUT = os.path.join(WORK.name, "out")
SHIM = common.build_shim(WORK.name)
IMAGES = 12
OPTIONS = ["--overlay", "--format", "sa1b,tar,coco,labels", "--workers", "2"]
CHANCE = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else time.time_ns())
STARTS = 24  # on what is left of the disk


class File:
    def __init__(self):
        self.now = b""
        self.synced = b""

    def after_power_loss(self, lucky):
        if not lucky or self.now == self.synced:
            return self.synced
        # Written back in any order: cut anywhere, with holes, or not at all; but what is synced and was not written
        # again stays.
        kept = len(os.path.commonprefix([self.synced, self.now]))
        end = CHANCE.randrange(kept, len(self.now) + 1)
        hole = b"\0" * CHANCE.randrange(len(self.now) - end + 1)
        return CHANCE.choice([self.synced, self.now, self.now[:end], self.now[:end] + hole])


class Disk:
    """Folders by their paths; each has its names now and at its last fsync, of a File or of a folder (None)."""

    def __init__(self, top):
        self.top = top
        self.now = {top: {}}
        self.synced = {top: {}}

    def file(self, path):
        folder, name = os.path.split(path)
        return self.now[folder][name]

    def enter(self, path, what):
        folder, name = os.path.split(path)
        self.now[folder][name] = what

    def leave(self, path):
        folder, name = os.path.split(path)
        return self.now[folder].pop(name)

    def apply(self, call, path, argument, data):
        if call == "mkdir" and path != self.top:
            self.enter(path, None)
            self.now[path], self.synced[path] = {}, {}
        elif call == "create":
            self.enter(path, File())
        elif call == "write":
            file, at = self.file(path), int(argument)
            file.now = file.now[:at].ljust(at, b"\0") + data + file.now[at + len(data):]
        elif call == "truncate":
            file = self.file(path)
            file.now = file.now[:int(argument)].ljust(int(argument), b"\0")
        elif call == "sync" and path in self.now:
            self.synced[path] = dict(self.now[path])
        elif call == "sync":
            file = self.file(path)
            file.synced = file.now
        elif call == "rename":
            self.enter(argument, self.leave(path))
        elif call == "link":
            self.enter(argument, self.file(path))
        elif call == "unlink":
            self.leave(path)

    def names_after_power_loss(self, folder, lucky):
        names = dict(self.synced[folder])
        for name in sorted(self.now[folder].keys() | names.keys()):
            if lucky and CHANCE.random() < 0.5:
                names.pop(name, None)
                if name in self.now[folder]:
                    names[name] = self.now[folder][name]
        return names

    def write(self, folder, to, lucky):
        """Makes the real folder `to` of what the power loss leaves of `folder`."""
        os.makedirs(to)
        for name, file in self.names_after_power_loss(folder, lucky).items():
            if file is None:
                self.write(os.path.join(folder, name), os.path.join(to, name), lucky)
            else:
                common.write(os.path.join(to, name), file.after_power_loss(lucky))


def make_tars(count):
    """`count` tars of a few images; returns their paths."""
    paths = [os.path.join(WORK.name, "tars", f"{i}.tar") for i in range(count)]
    os.makedirs(os.path.dirname(paths[0]))
    for number, path in enumerate(paths):
        with tarfile.open(path, "w") as tar:
            for i in range(IMAGES // 2):
                data = common.png(24 + i, 30, seed=100 * number + i)
                member = tarfile.TarInfo(f"{i}.png")
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
    return paths


def trace(more, out):
    return trace_command(common.command(IN, out, *OPTIONS, *more), out)


def trace_command(command, out):
    """Runs the program; the calls that changed something below `out`, in order."""
    path = os.path.join(WORK.name, "trace")
    if os.path.exists(path):
        os.unlink(path)
    code, text = common.run(command, {"LD_PRELOAD": SHIM, "FAULT_FOLDER": out, "FAULT_TRACE": path})
    assert code == ALL_DONE, text
    with open(path, encoding="utf-8") as file:
        lines = [line.rstrip("\n").split("\t") for line in file]
    return [(call, path, argument, bytes.fromhex(data)) for call, path, argument, data in lines]


def losing_power_after_any_call_costs_work_only():
    calls = trace([], OUT)
    expected = common.outputs(OUT)
    assert len(expected) == 3 * IMAGES + 2, sorted(expected)
    disk = Disk(OUT)
    left = os.path.join(WORK.name, "left")
    starts = set(CHANCE.sample(range(len(calls)), STARTS))
    most = 0
    for i, call in enumerate(calls):
        disk.apply(*call)
        for lucky in [False, True, True]:
            shutil.rmtree(left, ignore_errors=True)
            disk.write(OUT, left, lucky)
            most = max(most, common.check_promises(left, expected))
        if i in starts:
            code, text = common.run(common.command(IN, left, *OPTIONS))
            assert code == ALL_DONE, f"after call {i} {call[:3]}: {text}"
            common.check_complete(left, expected)
    # All calls were seen, and what was synced is enough.
    assert most == IMAGES
    shutil.rmtree(left)
    disk.write(OUT, left, False)
    common.check_promises(left, expected)
    assert common.outputs(left) == expected, "the end of a run is not synced"
    return f"{len(calls)} calls, {3 * len(calls)} states of the disk, {STARTS} starts on them"


def output_tars(out):
    there = common.outputs(out) if os.path.isdir(out) else {}
    return {path: digest for path, digest in there.items() if path.endswith(b".tar")}


def tars_lose_work_only():
    """From tar to tar: a tar that is visible is whole, and what is synced is enough to go on."""
    inputs, out, left = make_tars(3), OUT + "-tars", os.path.join(WORK.name, "left-tars")

    def command(to):
        return [common.PROGRAM, "run", *inputs, "-o", to, "--to", "tar", *common.OPTIONS, "--workers", "2"]

    calls = trace_command(command(out), out)
    expected = output_tars(out)
    assert len(expected) == len(inputs)
    disk, most = Disk(out), 0
    starts = set(CHANCE.sample(range(len(calls)), STARTS))
    for i, call in enumerate(calls):
        disk.apply(*call)
        for lucky in [False, True, True]:
            shutil.rmtree(left, ignore_errors=True)
            disk.write(out, left, lucky)
            there = output_tars(left)
            assert there.items() <= expected.items(), f"after call {i} {call[:3]}: a tar that is not whole"
            assert all(os.path.exists(os.path.join(left, os.fsdecode(tar)[:-4] + ".ndjson")) for tar in there), \
                f"after call {i} {call[:3]}: a tar without its lines"
            most = max(most, len(there))
        if i in starts:
            code, text = common.run(command(left))
            assert code == ALL_DONE, f"after call {i} {call[:3]}: {text}"
            assert output_tars(left) == expected, f"after call {i} {call[:3]}: other bytes"
            assert not [name for name in os.listdir(left) if name.endswith("-part")]
    assert most == len(inputs)
    return f"{len(calls)} calls, {3 * len(calls)} states of the disk, {STARTS} starts on them"


def what_is_not_synced_would_be_noticed():
    """The check can fail: without its fsyncs the same run breaks its promises."""
    calls = [call for call in trace([], OUT + "-again") if call[0] != "sync" or os.path.isdir(call[1])]
    expected = common.outputs(OUT + "-again")
    disk = Disk(OUT + "-again")
    for call in calls:
        disk.apply(*call)
    left = os.path.join(WORK.name, "unsynced")
    disk.write(OUT + "-again", left, False)
    try:
        common.check_promises(left, expected)
    except AssertionError:
        return None
    raise AssertionError("files that were never synced are taken for whole")


if __name__ == "__main__":
    common.make_images(IN, IMAGES)
    sys.exit(common.run_tests([losing_power_after_any_call_costs_work_only, tars_lose_work_only,
                               what_is_not_synced_would_be_noticed]))
