#!/usr/bin/env python3
"""Many requests to one `maskmill pipe`: sound and hostile images mixed, by path and as bytes, and lines that are no
requests. Each gets one answer, in order, and the right one; memory stays the same. Takes minutes: `make pipe-load`.

  tests/faults/pipe_load.py [REQUESTS]      100,000 of them"""

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time

import common
import hostile
from pipe import IMAGES

WORK = tempfile.TemporaryDirectory(prefix="maskmill-pipe-load-")
REQUESTS = int(sys.argv[1]) if len(sys.argv) > 1 else 100000
HOSTILE = sorted(hostile.BAD)
# Lines that are answered with an error, and with which id.
LINES = [(b"{", None), (b'{"id": %d}', "id"), (b"x" * 70000, None), (b'{"path": "a.png"}', None),
         (b'{"id": %d, "bytes": -1}', "id"), (b'{"id": %d, "bytes": 3, "path": ""}\nabc', "id"), (b"\xff.png", "\ufffd.png")]


def in_head(number, image):
    return b'{"id": %d, "bytes": %d, "name": "image.png"}\n' % (number, len(image)) + image


def make_request(number, chance):
    """Its bytes, the id of its answer, and which of IMAGES is in it, or None: it must fail."""
    kind = chance.random()
    sound = chance.randrange(len(IMAGES))
    if kind < 0.45:
        return in_head(number, IMAGES[sound]), number, sound
    if kind < 0.90:
        path = os.path.join(WORK.name, f"{sound}.png")
        return json.dumps({"path": path, "id": number, "name": "image.png"}).encode() + b"\n", number, sound
    if kind < 0.95:
        name = chance.choice(HOSTILE)
        data = hostile.BAD[name]
        return in_head(number, data), number, None
    if kind < 0.97:
        path = os.path.join(WORK.name, "missing.png")
        return path.encode() + b"\n", path, None
    line, known = chance.choice(LINES)
    if b"%d" in line:
        line = line % number
    return line + b"\n", number if known == "id" else known, None


def requests():
    """The same ones every time."""
    chance = random.Random(13)
    for number in range(REQUESTS):
        yield make_request(number, chance)


def write(stream):
    with stream:
        for text, _, _ in requests():
            stream.write(text)


def memory(process):
    """MiB of the program and of what it has started, without what they share."""
    total = 0
    for one in [process, *common.children(process), *(c for p in common.children(process) for c in common.children(p))]:
        try:
            with open(f"/proc/{one}/status", encoding="ascii") as file:
                total += sum(int(line.split()[1]) for line in file if line.startswith("RssAnon"))
        except OSError:
            pass
    return total / 1024


def expected_records():
    text = b"".join(in_head(number, image) for number, image in enumerate(IMAGES))
    done = subprocess.run([common.PROGRAM, "pipe", "--quiet", *common.OPTIONS], input=text, stdout=subprocess.PIPE,
                          check=True)
    return [json.loads(line)["record"] for line in done.stdout.splitlines()]


def check(line, wanted, sound, records):
    answer = json.loads(line)
    assert answer["id"] == wanted, f"{answer['id']!r} in place of {wanted!r}"
    if sound is None:
        assert answer["status"] == "failed" and answer["error"], answer
    else:
        assert answer["status"] == "done" and answer["record"] == records[sound], answer


def one_answer_each():
    for number, image in enumerate(IMAGES):
        common.write(os.path.join(WORK.name, f"{number}.png"), image)
    records = expected_records()
    start = time.monotonic()
    taken, failed = {}, 0
    with open(os.path.join(WORK.name, "messages"), "w+b") as messages:
        pipe = subprocess.Popen([common.PROGRAM, "pipe", "--image-timeout", "30s", *common.OPTIONS], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE, stderr=messages)
        writer = threading.Thread(target=write, args=[pipe.stdin], daemon=True)
        writer.start()
        for number, (_, wanted, sound) in enumerate(requests()):
            check(pipe.stdout.readline(), wanted, sound, records)
            failed += sound is None
            if number in (REQUESTS // 100, REQUESTS // 2, REQUESTS - REQUESTS // 100):
                taken[number] = memory(pipe.pid)
        assert pipe.stdout.read() == b"", "more answers than requests"
        code = pipe.wait()
        writer.join()
        messages.seek(0)
        text = messages.read()
    assert code == common.ALL_DONE, f"exit status {code}: {text[-2000:]}"
    assert len(text.splitlines()) < 100, text[:2000]
    first, _, last = taken.values()
    figures = ", ".join(f"{mib:.0f} MiB after {number:,}" for number, mib in taken.items())
    assert last < 1.2 * first + 8, f"memory grows: {figures}"
    return f"{REQUESTS:,} requests, {failed:,} of them failed, in {time.monotonic() - start:.0f} s; {figures}"


if __name__ == "__main__":
    sys.exit(common.run_tests([one_answer_each]))
