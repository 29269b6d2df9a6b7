#!/usr/bin/env python3
"""Tars on pipes: at whatever write the program stops, killed or not, every reader sees that the tar is incomplete,
and what is whole is complete to every reader. Broken inputs, readers that are gone or that stop reading.

  tests/faults/streams.py [SEED]"""

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
from common import ALL_DONE, ENVIRONMENT, SOME_FAILED, STOPPED

IMAGES = 30
CUTS = 40  # of a stream, shown to the programs that read tars
KILLS = 8
WORK = tempfile.TemporaryDirectory(prefix="maskmill-streams-")
CHANCE = random.Random(int(sys.argv[1]) if len(sys.argv) > 1 else time.time_ns())
TOOLS = [[tool, "-xOf"] for tool in ("tar", "bsdtar") if shutil.which(tool)]


def make_tar(count):
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w") as tar:
        for i in range(count):
            data = b"not an image" if i % 9 == 4 else common.png(24 + i, 24 + i % 5, seed=i)
            member = tarfile.TarInfo(f"{i:04d}.png")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return file.getvalue()


INPUT = make_tar(IMAGES)


def command(*more):
    return [common.PROGRAM, "run", "-", "-o", "-", *common.OPTIONS, "--copy-images", "--overlay", *more]


def start(stdin, stdout):
    return subprocess.Popen(command("-q"), stdin=stdin, stdout=stdout, stderr=subprocess.DEVNULL,
                            start_new_session=True)


def is_whole_to_python(data, mode):
    try:
        with tarfile.open(fileobj=io.BytesIO(data), mode=mode) as tar:
            for member in tar:
                tar.extractfile(member).read()
        return True
    except (tarfile.ReadError, EOFError):
        return False


def is_whole_to(tool, data):
    path = os.path.join(WORK.name, "cut.tar")
    with open(path, "wb") as file:
        file.write(data)
    return subprocess.run([*tool, path], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                          check=False).returncode == 0


def seen_as_whole(data, tools=True):
    """The readers that take it for complete."""
    readers = [mode for mode in ("r|", "r:") if is_whole_to_python(data, mode)]
    return readers + [tool[0] for tool in TOOLS if tools and is_whole_to(tool, data)]


def run_with_writes():
    """A whole run; its bytes, and where each of its writes ended."""
    read_end, write_end = os.pipe2(os.O_DIRECT)  # a read gives one write
    with tempfile.TemporaryFile() as file:
        file.write(INPUT)
        file.seek(0)
        process = start(file, write_end)
    os.close(write_end)
    data, ends = b"", []
    while part := os.read(read_end, 1 << 16):
        data += part
        ends.append(len(data))
    os.close(read_end)
    assert process.wait() == SOME_FAILED
    return data, ends


def cut_at_any_write():
    data, ends = run_with_writes()
    assert len(seen_as_whole(data)) == 2 + len(TOOLS), "the whole stream is not complete"
    with tarfile.open(fileobj=io.BytesIO(data)) as tar:
        keys = [member.name.split(".")[0] for member in tar]
    assert sorted(set(keys)) == [f"{i:04d}" for i in range(IMAGES)] == list(dict.fromkeys(keys))
    marked = next(end for end in ends if data[end - 1024:end].count(0) == 1024 and not data[end:].strip(b"\0"))
    cuts = [end for end in ends if end < marked]
    shown = set(CHANCE.sample(cuts, min(CUTS, len(cuts))))
    for end in cuts:
        whole = seen_as_whole(data[:end], end in shown)
        assert not whole, f"cut at {end} of {len(data)}, it is complete to {whole}"
    return f"{len(cuts)} cuts, {len(shown)} of them shown to {[tool[0] for tool in TOOLS]}"


def killed_at_random_moments():
    data, _ = run_with_writes()
    sizes = []
    while len(sizes) < KILLS:
        with tempfile.TemporaryFile() as file, open(os.path.join(WORK.name, "killed.tar"), "wb+") as out:
            file.write(INPUT)
            file.seek(0)
            process = start(file, out)
            time.sleep(CHANCE.uniform(0.1, 0.6))
            process.poll() is None and os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            out.seek(0)
            got = out.read()
        assert data.startswith(got), "other bytes"
        if got:
            assert bool(seen_as_whole(got)) == (len(got) > len(data) - 9300), f"{len(got)} of {len(data)} bytes"
        sizes.append(len(got))
    return f"bytes at the kills: {sizes}, of {len(data)}"


def run_broken(data, *after):
    process = subprocess.Popen(command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    out, said = process.communicate(data)
    return process.returncode, out, said.decode()


def broken_inputs():
    """Wherever the input is cut, between two members too, the output has no end and the status is 3."""
    end = next(at for at in range(len(INPUT), 0, -512) if INPUT[at - 512:at].strip(b"\0"))
    starts = [at for at in range(512, end, 512) if INPUT[at + 257:at + 262] == b"ustar"]
    cuts = [1, 511, 512, 700, *CHANCE.sample(starts, 4), end - 1, end, *CHANCE.sample(range(1024, end), 4)]
    for cut in cuts:
        code, out, said = run_broken(INPUT[:cut])
        assert code == ENVIRONMENT, f"cut at {cut}: status {code}: {said}"
        assert not out or not seen_as_whole(out), f"cut at {cut} of {len(INPUT)}: the output is complete"
    code, out, said = run_broken(b"")
    assert code == ENVIRONMENT and not out, said
    code, out, said = run_broken(INPUT + bytes(1 << 20))  # whoever sends more is not ended by a closed pipe
    assert code == SOME_FAILED and seen_as_whole(out), said


def readers_that_are_gone():
    process = subprocess.Popen(command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    process.stdout.close()
    try:
        process.stdin.write(INPUT)
        process.stdin.close()
    except BrokenPipeError:
        pass
    said = process.stderr.read().decode()
    assert process.wait() == ENVIRONMENT and "standard output" in said, said
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command(), input=INPUT, stdout=full, stderr=subprocess.PIPE, check=False)
    assert done.returncode == ENVIRONMENT and b"No space left" in done.stderr, done.stderr


def stopped_while_it_waits():
    """SIGTERM ends it while its sender sends nothing, and while its reader reads nothing."""
    read_end, write_end = os.pipe()
    process = start(read_end, subprocess.PIPE)
    os.close(read_end)
    os.write(write_end, INPUT[:8000])
    time.sleep(1)
    os.kill(process.pid, signal.SIGTERM)
    out, _ = process.communicate(timeout=20)
    os.close(write_end)
    assert process.returncode == STOPPED, process.returncode
    assert not out or not seen_as_whole(out)
    with tempfile.TemporaryFile() as file:
        file.write(make_tar(200))
        file.seek(0)
        process = start(file, subprocess.PIPE)
    time.sleep(4)  # the pipe is full long before
    os.kill(process.pid, signal.SIGTERM)
    code = process.wait(timeout=20)
    assert code == STOPPED, code
    assert not seen_as_whole(process.stdout.read())


def nothing_else_on_standard_output():
    done = subprocess.run(command("--log-format", "json"), input=INPUT, stdout=subprocess.PIPE,
                          stderr=subprocess.PIPE, check=False)
    assert done.returncode == SOME_FAILED and done.stderr
    assert done.stdout == run_with_writes()[0]
    assert len(done.stdout) % 10240 == 0


if __name__ == "__main__":
    assert ALL_DONE == 0
    sys.exit(common.run_tests([cut_at_any_write, killed_at_random_moments, broken_inputs, readers_that_are_gone,
                               stopped_while_it_waits, nothing_else_on_standard_output]))
