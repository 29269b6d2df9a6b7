#!/usr/bin/env python3
"""Output folders that take different names for one (SMB, exFAT, APFS): images that would share a record are refused
before anything begins, and a name that the file system cannot hold costs its image only.

  tests/faults/folding.py      skipped where FUSE or fusepy is missing; FUSE_PYTHON: a Python that has fusepy"""

import contextlib
import io
import os
import subprocess
import sys
import tarfile
import tempfile
import time

import common
from common import ALL_DONE, SOME_FAILED, USAGE

PYTHON = os.environ.get("FUSE_PYTHON", sys.executable)
ACUTE, ACCENT = "\u00e9", "e\u0301"


@contextlib.contextmanager
def folding(way):
    """Yields a folder for images and an output folder that folds names."""
    with tempfile.TemporaryDirectory(prefix="maskmill-folding-") as work:
        below, mount = os.path.join(work, "below"), os.path.join(work, "mount")
        os.mkdir(below)
        os.mkdir(mount)
        with subprocess.Popen([PYTHON, os.path.join(common.HERE, "folding_fs.py"), below, mount, way],
                              stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
            try:
                end = time.monotonic() + 20
                while not os.path.ismount(mount):
                    assert server.poll() is None and time.monotonic() < end, "the file system does not start"
                    time.sleep(0.05)
                yield os.path.join(work, "images"), os.path.join(mount, "out")
            finally:
                subprocess.run(["fusermount", "-u", "-z", mount], check=False)
                server.wait(timeout=20)


def put(folder, *names):
    for seed, name in enumerate(names):
        common.write(os.path.join(folder, name), common.png(24, 20, seed=seed))


def refuses(way, one, other):
    """Both are named, and nothing is written."""
    with folding(way) as (images, out):
        put(images, "first.png", one, other)
        code, text = common.run(common.command(images, out))
        assert code == USAGE, text
        assert one in text and other in text and "would write the same output" in text, text
        assert not common.outputs(out), "something was written"
        os.unlink(os.path.join(images, other))
        code, text = common.run(common.command(images, out))
        assert code == ALL_DONE, text
        code, text = common.run([common.PROGRAM, "verify", out, "--images", images])
        assert code == ALL_DONE and text.startswith("2 records"), text


def names_without_case():
    refuses("case", "Photo.png", "photo.png")


def folders_without_case():
    refuses("case", "A/1.png", "a/1.png")


def letters_beyond_ascii():
    refuses("case", "\u00c9t\u00e9.png", "\u00e9t\u00e9.png")


def two_forms_of_a_character():
    refuses("normal", ACUTE + ".png", ACCENT + ".png")


def other_names_are_told_apart():
    with folding("normal") as (images, out):
        put(images, "Photo.png", "photo.png")
        code, text = common.run(common.command(images, out))
        assert code == ALL_DONE, text


def members_of_a_tar():
    with folding("case") as (images, out):
        os.mkdir(images)
        with tarfile.open(os.path.join(images, "a.tar"), "w") as tar:
            for seed, name in enumerate(("Photo.png", "photo.png")):
                data = common.png(24, 20, seed=seed)
                member = tarfile.TarInfo(name)
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
        code, text = common.run(common.command(os.path.join(images, "a.tar"), out))
        assert code == SOME_FAILED and "'Photo.png' and 'photo.png' would write the same record" in text, text


def names_that_cannot_be_held():
    with folding("exfat") as (images, out):
        put(images, "10:30.png", "good.png")
        code, text = common.run(common.command(images, out))
        assert code == SOME_FAILED and "10:30.json: its file system cannot hold this name" in text, text
        assert set(common.outputs(out)) == {b"good.json"}
        put(images, "b./1.png", "b/1.png")
        code, text = common.run(common.command(images, out))
        assert code == USAGE and "b./1.png" in text, text


def main():
    have = subprocess.run([PYTHON, "-c", "import fuse"], stderr=subprocess.DEVNULL, check=False).returncode == 0
    if not have or not os.path.exists("/dev/fuse"):
        print("SKIPPED: FUSE or fusepy is missing")
        print("0 passed, 0 failed")
        return 0
    return common.run_tests([names_without_case, folders_without_case, letters_beyond_ascii, two_forms_of_a_character,
                             other_names_are_told_apart, members_of_a_tar, names_that_cannot_be_held])


if __name__ == "__main__":
    sys.exit(main())
