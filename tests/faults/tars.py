#!/usr/bin/env python3
"""Runs from tar to tar, killed with SIGKILL at random moments and started again: the tars have the bytes of an
undisturbed run, at no moment are there more than a few files beside them, and what is visible is complete.
Full disks, damaged tars, other inputs, files of others.

  tests/faults/tars.py [SEED]"""

import io
import json
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
from common import ALL_DONE, ENVIRONMENT, SOME_FAILED, STOPPED, USAGE

TARS = 6
IMAGES = 40
KILLS = 12  # make tar-kills has more
BESIDE = 5  # a temporary tar and its lines, one of the two renamed, the ledger's failed.ndjson and its temporary file
WORK = tempfile.TemporaryDirectory(prefix="maskmill-tars-")
IN = os.path.join(WORK.name, "in")
CHANCE = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else time.time_ns())
TO_TAR = ["--to", "tar", "--copy-images", "--overlay", "--embeddings", "image"]


def image(seed):
    """Every ninth is none."""
    return b"not an image" if seed % 9 == 4 else common.png(24 + seed % 9, 24 + seed % 5, seed=seed)


def make_tar(path, first, count):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with tarfile.open(path, "w") as tar:
        for i in range(first, first + count):
            data = image(i)
            member = tarfile.TarInfo(f"{i:06d}.png")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))


def command(out, *more):
    return [common.PROGRAM, "run", os.path.join(IN, f"{{000..{TARS - 1:03d}}}.tar"), "-o", out, *common.OPTIONS,
            *TO_TAR, *more]


def tars(out):
    """The bytes of each output tar."""
    found = {}
    for folder, _, names in os.walk(out):
        for name in names:
            if name.endswith(".tar"):
                with open(os.path.join(folder, name), "rb") as file:
                    found[os.path.relpath(os.path.join(folder, name), out)] = file.read()
    return found


def lines(out, name):
    """The lines beside a tar, but for the seconds, which differ from run to run."""
    found = common.read_ndjson(os.path.join(out, name))
    for line in found:
        assert line.pop("seconds") >= 0
    return found


def undisturbed():
    out = os.path.join(WORK.name, "undisturbed")
    start = time.monotonic()
    code, text = common.run(command(out))
    assert code == SOME_FAILED, text
    return out, tars(out), time.monotonic() - start


def check_lines(out, expected, name):
    """Each line tells where its record lies in the tar."""
    data = expected[name + ".tar"]
    found = lines(out, name + ".ndjson")
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        members = {member.name: tar.extractfile(member).read() for member in tar}
    assert len(found) == IMAGES
    for line in found:
        record = data[line["record_offset"]:line["record_offset"] + line["record_bytes"]]
        ending = ".json" if line["status"] == "done" else ".error.json"
        assert record == members[line["key"] + ending], f"{name}: {line['key']} is elsewhere"
        json.loads(record)


def check_end(out, reference, expected, strange=0):
    """`strange`: images that the ledger knows, and no input."""
    assert tars(out) == expected, "other bytes than an undisturbed run's"
    for i in range(TARS):
        assert lines(out, f"{i:03d}.ndjson") == lines(reference, f"{i:03d}.ndjson")
    left = [name for name in os.listdir(out) if name.endswith("-part")]
    assert not left, f"left over: {left}"
    failed = common.read_ndjson(os.path.join(out, "failed.ndjson"))
    known = [line for i in range(TARS) for line in lines(out, f"{i:03d}.ndjson")]
    assert len(failed) == sum(line["status"] == "failed" for line in known)
    code, text = common.run([common.PROGRAM, "merge", out])
    assert code == SOME_FAILED, text
    assert len(common.read_ndjson(os.path.join(out, "ledger.ndjson"))) == TARS * IMAGES + strange


def check_promises(out, expected):
    """What is visible is complete, and there is little beside it."""
    if not os.path.isdir(out):
        return 0
    there = tars(out)
    for name, data in there.items():
        assert data == expected[name], f"half-written or wrong: {name}"
        assert os.path.exists(os.path.join(out, name[:-4] + ".ndjson"))
    beside = [name for name in os.listdir(out)
              if not name.endswith(".tar") and name[:-7] + ".tar" not in there and name != common.STATE]
    assert len(beside) <= BESIDE, f"beside the tars: {beside}"
    return len(there)


def killed_at_random_moments():
    reference, expected, seconds = undisturbed()
    assert len(expected) == TARS
    for i in range(TARS):
        check_lines(reference, expected, f"{i:03d}")
    out = os.path.join(WORK.name, "killed")
    killed, finished, progress = 0, 0, []
    while killed < KILLS:
        process = subprocess.Popen(command(out), stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(CHANCE.uniform(0.1, 0.2 + seconds / 2))
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            killed += 1
        code = process.wait()
        assert code in (SOME_FAILED, -signal.SIGKILL), code
        progress.append(check_promises(out, expected))
        if code == SOME_FAILED:
            check_end(out, reference, expected)
            finished += 1
            out = os.path.join(WORK.name, f"killed-{finished}")
    code, text = common.run(command(out))
    assert code == SOME_FAILED, text
    check_end(out, reference, expected)
    return f"{killed} kills, {finished + 1} runs to the end, tars visible at the stops: {progress}"


def is_that_of_a_folder():
    """Unpacked, a tar's records are those that a run writes into a folder."""
    out, folder, unpacked = (os.path.join(WORK.name, name) for name in ("undisturbed", "folder", "unpacked"))
    inputs = [os.path.join(IN, f"{i:03d}.tar") for i in range(TARS)]
    code, text = common.run([common.PROGRAM, "run", *inputs, "-o", folder, *common.OPTIONS, "--overlay"])
    assert code == SOME_FAILED, text
    for i in range(TARS):
        with tarfile.open(os.path.join(out, f"{i:03d}.tar")) as tar:
            tar.extractall(os.path.join(unpacked, f"{i:03d}"), [member for member in tar if member.name.endswith(
                (".json", ".overlay.jpg")) and not member.name.endswith(".error.json")])
    assert common.outputs(unpacked) == common.outputs(folder)


def left_in(out, keep):
    """Makes an output that a kill has left in its first tar: undisturbed up to then."""
    shutil.rmtree(out, ignore_errors=True)
    shutil.copytree(os.path.join(WORK.name, "undisturbed"), out)
    for i in range(1, TARS):
        os.remove(os.path.join(out, f"{i:03d}.tar"))
        os.remove(os.path.join(out, f"{i:03d}.ndjson"))
    names = [os.path.join(out, name) for name in (".000.tar.maskmill-part", ".000.ndjson.maskmill-part")]
    os.rename(os.path.join(out, "000.tar"), names[0])
    os.rename(os.path.join(out, "000.ndjson"), names[1])
    ledger = os.path.join(out, common.STATE, "ledger-0-of-1.ndjson")
    os.remove(ledger)
    with open(names[1], "rb") as file:
        text = file.read().splitlines(keepends=True)
    with open(names[0], "rb") as file:
        data = file.read()
    return names, text[:keep], data


def torn_journals():
    """Whatever is torn or cut in the two temporary files, the tar gets its bytes."""
    reference = os.path.join(WORK.name, "undisturbed")
    expected = tars(reference)
    out = os.path.join(WORK.name, "torn")
    for tear in ("line", "garbage", "short", "no tar", "no lines", "other", "nonsense", "gap"):
        names, text, data = left_in(out, 20)
        last = json.loads(text[-1])
        end = last["offset"] + last["bytes"]
        whole, tar = b"".join(text), data[:end]
        if tear == "line":
            whole, tar = whole[:-7], tar + data[end:end + 700]
        elif tear == "garbage":
            whole, tar = whole + b'{"key":"000021","offset', tar + os.urandom(5000)
        elif tear == "short":
            tar = tar[:end - 1500]
        elif tear == "other":  # of another input from the eleventh image on
            text[10] = text[10].replace(b"000/000010.png", b"000/xxxxxx.png")
            whole = b"".join(text)
        elif tear == "nonsense":
            whole = whole.replace(b'"offset":', b'"offset":9', 1)
        elif tear == "gap":
            whole = b"".join(text[:7] + text[8:])
        for name, content in zip(names, (tar, whole)):
            with open(name, "wb") as file:
                file.write(content)
        if tear == "no tar":
            os.remove(names[0])
        elif tear == "no lines":
            os.remove(names[1])
        code, said = common.run(command(out))
        assert code == SOME_FAILED, f"{tear}: {said}"
        check_end(out, reference, expected, strange=tear == "other")


def killed_between_the_renames():
    """The lines are visible, the tar is not yet; or the ledger has lost its last line."""
    reference = os.path.join(WORK.name, "undisturbed")
    expected = tars(reference)
    out = os.path.join(WORK.name, "between")
    names, _, _ = left_in(out, 0)
    os.rename(names[1], os.path.join(out, "000.ndjson"))
    code, text = common.run(command(out))
    assert code == SOME_FAILED, text
    check_end(out, reference, expected)
    ledger = os.path.join(out, common.STATE, "ledger-0-of-1.ndjson")
    os.remove(ledger)
    before = {name: os.stat(os.path.join(out, name)).st_mtime_ns for name in expected}
    code, text = common.run(command(out))
    assert code == SOME_FAILED, text
    check_end(out, reference, expected)
    assert before == {name: os.stat(os.path.join(out, name)).st_mtime_ns for name in expected}, "done again"


def another_number_of_shards():
    reference = os.path.join(WORK.name, "undisturbed")
    out = os.path.join(WORK.name, "shards")
    for shard in ("0/3", "1/2", "2/3"):
        code, text = common.run(command(out, "--shard", shard))
        assert code in (ALL_DONE, SOME_FAILED), text
    code, text = common.run(command(out))
    assert code == SOME_FAILED, text
    check_end(out, reference, tars(reference))


def failed_images_again():
    """--retry-failed replaces the tars in which images failed, and computes nothing else."""
    source, out = os.path.join(WORK.name, "mend", "a.tar"), os.path.join(WORK.name, "mended")
    make_tar(source, 0, IMAGES)
    arguments = [common.PROGRAM, "run", source, "-o", out, *common.OPTIONS, *TO_TAR]
    code, text = common.run(arguments)
    assert code == SOME_FAILED, text
    failed = len(common.read_ndjson(os.path.join(out, "failed.ndjson")))
    global image  # pylint: disable=global-statement
    old, image = image, lambda seed: common.png(24 + seed % 9, 24 + seed % 5, seed=seed)
    make_tar(source, 0, IMAGES)
    image = old
    code, text = common.run(arguments)
    assert code == SOME_FAILED and "0 images done" in text, text
    before = tars(out)
    for turn in range(6):  # killed, it has replaced nothing, or all; a start without it forgets what was begun
        process = subprocess.Popen([*arguments, "--retry-failed"], stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True)
        time.sleep(0.15 + 0.03 * turn)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if turn % 2 and tars(out) == before:
            code, text = common.run(arguments)
            assert code == SOME_FAILED and "0 images done" in text, text
            assert len(common.read_ndjson(os.path.join(out, "failed.ndjson"))) == failed
            assert not [name for name in os.listdir(out) if name.endswith("-part")]
    code, text = common.run([*arguments, "--retry-failed"])
    assert code == ALL_DONE, text
    again = os.path.join(WORK.name, "mended-again")
    arguments[4] = again
    code, text = common.run(arguments)
    assert code == ALL_DONE, text
    assert tars(out) == tars(again)
    assert lines(out, "a.ndjson") == lines(again, "a.ndjson")
    for name in (".a.tar.maskmill-part", ".a.ndjson.maskmill-part"):  # as a killed --overwrite leaves them
        common.write(os.path.join(again, name), b"")
    code, text = common.run([*arguments, "--retry-failed"])
    assert code == ALL_DONE, text
    assert not [name for name in os.listdir(again) if name.endswith("-part")]


def failed_image_that_takes_a_key():
    """With --retry-failed, an image that was done fails if another one has its key by now."""
    source, out, again = (os.path.join(WORK.name, name) for name in ("key.tar", "key-out", "key-again"))

    def pack(*members):
        with tarfile.open(source, "w") as tar:
            for name, data in members:
                member = tarfile.TarInfo(name)
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))

    def start(folder, *more):
        code, text = common.run([common.PROGRAM, "run", source, "-o", folder, *common.OPTIONS, "--to", "tar", *more])
        assert code == SOME_FAILED, text

    sound = common.png(24, 24)
    pack(("x.png", b"none"), ("a.png", sound))
    start(out)
    pack(("a.jpg", sound), ("a.png", sound))
    start(out, "--retry-failed")
    start(again)
    assert tars(out) == tars(again)
    assert lines(out, "key.ndjson") == lines(again, "key.ndjson")


def stopped_by_a_signal():
    """A start that is asked to stop loses nothing that it has finished."""
    out, done = os.path.join(WORK.name, "stopped"), 0
    for _ in range(100):
        process = subprocess.Popen(command(out, "--workers", "1"), stdin=subprocess.DEVNULL,
                                   stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        time.sleep(0.8)
        process.terminate()
        said = process.communicate()[1].decode()
        known = len({common.key_of(line) for line in common.ledgers(out) if line.get("tar")})
        finished = int(said.split(" images done")[0].split()[-1]) if " images done" in said else 0
        assert known >= done + finished, f"{known} known, {done} before: {said}"
        done = known
        if process.returncode not in (STOPPED, -signal.SIGTERM):  # the latter before it listens for signals
            break
    assert process.returncode == SOME_FAILED, said
    check_end(out, os.path.join(WORK.name, "undisturbed"), tars(os.path.join(WORK.name, "undisturbed")))


def shorter_input():
    """Of what a killed start has done, only that counts which the input still has."""
    source, out = os.path.join(WORK.name, "shorter", "000.tar"), os.path.join(WORK.name, "shorter-out")
    names, text, data = left_in(out, IMAGES)
    for name, content in zip(names, (data, b"".join(text))):
        common.write(name, content)
    make_tar(source, 0, 12)
    code, said = common.run([common.PROGRAM, "run", source, "-o", out, *common.OPTIONS, *TO_TAR])
    assert code == SOME_FAILED and "0 images done, 0 failed" in said, said
    assert len(lines(out, "000.ndjson")) == 12
    with tarfile.open(os.path.join(out, "000.tar")) as tar:
        assert tar.getnames()[-1].startswith("000011.")


def damaged_tar():
    """Its output is not published; mended, it is completed from what could be read."""
    source, out = os.path.join(WORK.name, "damage", "a.tar"), os.path.join(WORK.name, "damaged")
    make_tar(source, 0, IMAGES)
    with open(source, "rb") as file:
        whole = file.read()
    with open(source, "wb") as file:
        file.write(whole[:len(whole) // 2 // 512 * 512 + 100])
    arguments = [common.PROGRAM, "run", source, "-o", out, *common.OPTIONS, *TO_TAR]
    code, text = common.run(arguments)
    assert code == SOME_FAILED, text
    assert not tars(out)
    kept = os.path.getsize(os.path.join(out, ".a.tar.maskmill-part"))
    assert kept > 10000
    with open(source, "wb") as file:
        file.write(whole)
    code, text = common.run(arguments)
    assert code == SOME_FAILED and "damaged" not in text, text
    again = os.path.join(WORK.name, "damaged-again")
    arguments[4] = again
    common.run(arguments)
    assert tars(out) == tars(again)
    assert not [line for line in common.read_ndjson(os.path.join(out, "failed.ndjson")) if line["path"] == "a.tar"]


def files_of_others():
    """A tar that no start has written is never replaced unasked, nor an input by its own output."""
    out = os.path.join(WORK.name, "others")
    common.write(os.path.join(out, "000.tar"), b"mine")
    code, text = common.run(command(out))
    assert code == USAGE and "not this run's" in text, text
    os.remove(os.path.join(out, "000.tar"))
    code, text = common.run(command(out, "--max-time", "0.2s"))
    common.write(os.path.join(out, f"{TARS - 1:03d}.tar"), b"mine")
    code, text = common.run(command(out))
    assert code == USAGE and "not this run's" in text, text
    code, text = common.run(command(out, "--overwrite"))
    assert code == SOME_FAILED, text
    assert tars(out) == tars(os.path.join(WORK.name, "undisturbed"))
    code, text = common.run([*command(IN, "--overwrite")])
    assert code == USAGE and "would replace it" in text, text


def another_configuration():
    """--overwrite with another one, stopped and started again without it: nothing of the old one counts, be it
    published or begun."""
    out, again = os.path.join(WORK.name, "other"), os.path.join(WORK.name, "other-again")
    more = ["--points-per-side", "3"]
    code, text = common.run(command(again, *more))
    assert code == SOME_FAILED, text
    names, text, data = left_in(out, 20)
    for name, content in zip(names, (data, b"".join(text))):
        common.write(name, content)
    for ending in (".tar", ".ndjson"):
        shutil.copy(os.path.join(WORK.name, "undisturbed", "003" + ending), out)
    code, text = common.run(command(out, *more, "--overwrite", "--max-time", "0.1s"))
    assert code == STOPPED, text
    code, text = common.run(command(out, *more))
    assert code == SOME_FAILED, text
    check_end(out, again, tars(again))


def failing_calls():
    """A full disk, or another error of any call that changes the output, ends the run with 3; the next goes on."""
    source = os.path.join(WORK.name, "faults", "a.tar")
    make_tar(source, 0, 12)
    shim = common.build_shim(WORK.name)

    def start(out, env=None):
        return common.run([common.PROGRAM, "run", source, "-o", out, *common.OPTIONS, *TO_TAR, "--retries", "0"], env)

    expected = os.path.join(WORK.name, "faults-none")
    assert start(expected)[0] == SOME_FAILED
    told = []
    for call in ("write", "fsync", "rename", "open"):
        ended = 0
        for at in (1, 2, 3, 5, 8, 11, 15, 20, 30, 60):
            out = os.path.join(WORK.name, "faults-out")
            shutil.rmtree(out, ignore_errors=True)
            code, text = start(out, {"LD_PRELOAD": shim, "FAULT_FOLDER": out, "FAULT_CALL": call, "FAULT_AT": str(at),
                                     "FAULT_LAST": "100000", "FAULT_ERRNO": "28"})
            assert code in (SOME_FAILED, ENVIRONMENT), f"{call} {at}: {code}: {text}"
            assert tars(out).items() <= tars(expected).items(), f"{call} {at}"
            again, text = start(out)
            assert again == SOME_FAILED, f"after {call} {at}: {again}: {text}"
            assert tars(out) == tars(expected), f"after {call} {at}"
            assert not [name for name in os.listdir(out) if name.endswith("-part")]
            ended += code == ENVIRONMENT
            if code == SOME_FAILED:
                break
        assert ended > 1, f"{call}: nothing failed"
        told.append(f"{call}: {ended}")
    return ", ".join(told)


if __name__ == "__main__":
    for number in range(TARS):
        make_tar(os.path.join(IN, f"{number:03d}.tar"), number * IMAGES, IMAGES)
    sys.exit(common.run_tests([killed_at_random_moments, is_that_of_a_folder, torn_journals,
                               killed_between_the_renames, another_number_of_shards, failed_images_again,
                               failed_image_that_takes_a_key,
                               stopped_by_a_signal, shorter_input,
                               damaged_tar, files_of_others, another_configuration, failing_calls]))
