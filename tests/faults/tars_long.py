#!/usr/bin/env python3
"""A long run from tar to tar: 100 tars of 200 small images, killed with SIGKILL 30 times.

Prints whether the tars have the bytes of an undisturbed run; how many files there are at most beside finished
tars; the peak memory after 10, 50 and 100 tars; and the speed beside a run into a folder, the two in turns.

  tests/faults/tars_long.py [TARS [IMAGES [KILLS]]]      some ten minutes on two cores"""

import hashlib
import io
import os
import random
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time

import common
from common import ALL_DONE

TARS, IMAGES, KILLS = ([int(text) for text in sys.argv[1:]] + [100, 200, 30][len(sys.argv) - 1:])[:3]
TURNS = 3  # of each kind of run, for the speed
WORK = tempfile.TemporaryDirectory(prefix="maskmill-tars-long-")
IN = os.path.join(WORK.name, "in")
CHANCE = random.Random(5)
OPTIONS = [*common.OPTIONS, "--points-per-side", "1", "-q"]


def make_inputs():
    os.makedirs(IN)
    for number in range(TARS):
        with tarfile.open(os.path.join(IN, f"{number:06d}.tar"), "w") as tar:
            for i in range(IMAGES):
                data = common.png(24 + i % 9, 24 + i % 5, seed=number * IMAGES + i)
                member = tarfile.TarInfo(f"{number:06d}{i:04d}.png")
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))


def begin(out, *more, tars=TARS):
    inputs = os.path.join(IN, f"{{000000..{tars - 1:06d}}}.tar")
    return subprocess.Popen([common.PROGRAM, "run", inputs, "-o", out, *OPTIONS, *more], stdin=subprocess.DEVNULL,
                            stdout=subprocess.DEVNULL, start_new_session=True)


def digests(out):
    found = {}
    for name in sorted(os.listdir(out)):
        if name.endswith(".tar"):
            with open(os.path.join(out, name), "rb") as file:
                found[name] = hashlib.sha256(file.read()).hexdigest()
    return found


def count(out):
    """Finished tars, and files beside those and their lines, the run's own state included."""
    names = set(os.listdir(out)) if os.path.isdir(out) else set()
    finished = {name[:-4] for name in names if name.endswith(".tar")}
    state = os.path.join(out, common.STATE)
    beside = [name for name in names if name != common.STATE and os.path.splitext(name)[0] not in finished]
    return len(finished), len(beside) + (len(os.listdir(state)) if os.path.isdir(state) else 0)


def peak(process):
    """Of resident memory so far, MiB."""
    try:
        with open(f"/proc/{process.pid}/status", encoding="ascii") as file:
            return next(int(line.split()[1]) for line in file if line.startswith("VmHWM")) / 1024
    except (OSError, StopIteration):
        return None


def undisturbed(out):
    process, peaks, most = begin(out, "--to", "tar"), {}, 0
    while process.poll() is None:
        finished, beside = count(out)
        most = max(most, beside)
        for mark in (TARS // 10, TARS // 2, TARS - 1):
            if finished >= mark and mark not in peaks:
                peaks[mark] = peak(process)
        time.sleep(0.02)
    assert process.returncode == ALL_DONE
    said = ", ".join(f"{mark} tars: {value:.0f} MiB" for mark, value in peaks.items() if value)
    print(f"peak memory after {said}; files beside finished tars: at most {most}", flush=True)
    return digests(out)


def killed(out, expected, seconds):
    kills, most = 0, 0
    while True:
        process = begin(out, "--to", "tar")
        end = time.monotonic() + (CHANCE.uniform(0.2, 2 * seconds / KILLS) if kills < KILLS else 3600)
        while process.poll() is None and time.monotonic() < end:
            most = max(most, count(out)[1])
            time.sleep(0.02)
        if process.poll() is not None:
            break
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        kills += 1
        there = digests(out)
        assert there.items() <= expected.items(), "a tar is visible that is not complete"
    assert process.returncode == ALL_DONE
    assert digests(out) == expected, "other bytes than an undisturbed run's"
    assert not [name for name in os.listdir(out) if name.endswith("-part")]
    print(f"killed {kills} times: equal bytes; files beside finished tars: at most {most}", flush=True)


def speed():
    """The best of some turns of each kind, over a tenth of the tars."""
    best = {"tar": 1e9, "files": 1e9}
    for _ in range(TURNS):
        for kind in best:
            out = os.path.join(WORK.name, "speed")
            shutil.rmtree(out, ignore_errors=True)
            start = time.monotonic()
            assert begin(out, "--to", kind, tars=max(1, TARS // 10)).wait() == ALL_DONE
            best[kind] = min(best[kind], time.monotonic() - start)
    images = max(1, TARS // 10) * IMAGES
    print(f"best of {TURNS}, {images} images: to tars {images / best['tar']:.1f} images/s, to a folder "
          f"{images / best['files']:.1f} images/s, ratio {best['files'] / best['tar']:.3f}", flush=True)


if __name__ == "__main__":
    make_inputs()
    started = time.monotonic()
    reference = undisturbed(os.path.join(WORK.name, "undisturbed"))
    assert len(reference) == TARS
    killed(os.path.join(WORK.name, "killed"), reference, time.monotonic() - started)
    speed()
