#!/usr/bin/env python3
"""The log of a review: whatever happens while events are written, each one that was confirmed is there, none is there in
part, and the next review goes on.

  tests/faults/review_log.py [KILLS]      20 unless said; make review-kills has 100"""

import contextlib
import errno
import http.client
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time

import common
import review
from common import ALL_DONE, PROGRAM

KILLS = int(sys.argv[1]) if len(sys.argv) > 1 else 20
SHIM = common.build_shim(review.WORK.name)
# What of a line a kill may leave behind, with a part of an event that nobody confirmed.
TORN = [b"", b"{", b'{"event": 999999, "time": 17672', b"\0" * 4096, b'{"event": 1, "op": "reject"}']


@contextlib.contextmanager
def environment(**values):
    """Variables for what is started meanwhile."""
    os.environ.update(values)
    yield
    for name in values:
        del os.environ[name]


def path_of(folder):
    return os.path.join(folder, review.EVENTS)


def name_class(row, name):
    return f"/api/image/{row}/event", {"op": "class", "mask": 0, "class": name}


def check(folder, confirmed):
    """All confirmed events are in the log, whole and in order; what is torn is the last line's."""
    with open(path_of(folder), "rb") as file:
        lines = file.read().split(b"\n")
    events = [json.loads(line) for line in lines[:-1]]
    assert [event["event"] for event in events] == list(range(1, len(events) + 1)), "numbers do not follow each other"
    for number, name in confirmed:
        assert events[number - 1]["class"] == name, (number, name, events[number - 1])
    return events


def killed():
    """kill -9 at any moment, a hundred times; and a torn line where the kill itself left none."""
    folder, chance, confirmed = review.copy_of_run(), random.Random(11), []
    torn = 0

    def save(server, row, own):
        with contextlib.suppress(OSError, http.client.HTTPException):
            for i in range(10 ** 6):
                name = f"{row}-{len(confirmed)}-{i}"
                status, said = server.post(*name_class(row, name))
                assert status == 200, said
                own.append((said["event"], name))

    for _ in range(KILLS):
        server = review.Review(folder).enter()
        lists = [[], []]
        threads = [threading.Thread(target=save, args=(server, row, own)) for row, own in enumerate(lists)]
        for thread in threads:
            thread.start()
        time.sleep(chance.uniform(0, 0.1))
        server.end(-signal.SIGKILL, signal.SIGKILL)
        for thread in threads:
            thread.join()
        confirmed += lists[0] + lists[1]
        check(folder, confirmed)
        with open(path_of(folder), "ab") as file:
            torn += file.write(chance.choice(TORN)) > 0
    code, said = common.run([PROGRAM, "export", folder, "-f", "ndjson", "-o", tempfile.mkdtemp(dir=review.WORK.name),
                             "--reviewed"])
    assert code == ALL_DONE, said
    return f"{KILLS} kills, {len(confirmed)} events confirmed, {torn} torn lines"


def calls_that_fail():
    """A full disk, a damaged one: the event is not confirmed and not in the log, and the next ones are."""
    tried = 0
    for call, number in [("write", errno.ENOSPC), ("write", errno.EIO), ("fsync", errno.EIO), ("fsync", errno.ENOSPC)]:
        for first in (2, 4):
            folder = review.copy_of_run()
            with environment(LD_PRELOAD=SHIM, FAULT_FOLDER=path_of(folder), FAULT_CALL=call, FAULT_AT=str(first),
                             FAULT_LAST=str(first + 2), FAULT_ERRNO=str(number)):
                server = review.Review(folder).enter()
            answers = [server.post(*name_class(0, f"class {i}")) for i in range(8)]
            confirmed = [(said["event"], f"class {i}") for i, (status, said) in enumerate(answers) if status == 200]
            failed = [said["error"] for status, said in answers if status != 200]
            assert failed and confirmed and answers[-1][0] == 200, answers
            assert all(os.strerror(number) in text for text in failed), failed
            assert len(check(folder, confirmed)) == len(confirmed), "an event that was not confirmed"
            assert json.loads(server.get("/api/image/0")[2])["last"] == len(confirmed)
            server.end()
            tried += 1
    return f"{tried} faults"


def synced_before_confirmed():
    """Each line is one write, and is synced before the next one; so is the name of the file."""
    folder = review.copy_of_run()
    trace = os.path.join(tempfile.mkdtemp(dir=review.WORK.name), "trace")
    with environment(LD_PRELOAD=SHIM, FAULT_FOLDER=os.path.join(folder, common.STATE), FAULT_TRACE=trace):
        server = review.Review(folder).enter()
    for i in range(5):
        assert server.post(*name_class(0, f"class {i}"))[0] == 200
        with open(trace, encoding="utf-8") as file:
            calls = [line.rstrip("\n").split("\t") for line in file]
        own = [call[0] for call in calls if call[1] == path_of(folder) and call[0] in ("write", "sync")]
        assert own[-2:] == ["write", "sync"] and own.count("write") == i + 1, own
    made = [call[0] for call in calls].index("sync")
    assert any(call[0] == "sync" and call[1] == os.path.join(folder, common.STATE) for call in calls[made:]), calls
    server.end()


if __name__ == "__main__":
    review.prepare()
    try:
        bad = common.run_tests([killed, calls_that_fail, synced_before_confirmed])
    finally:
        for process in review.STARTED:
            process.kill()
    sys.exit(bad)
