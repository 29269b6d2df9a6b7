#!/usr/bin/env python3
"""What may happen to `maskmill pipe` and around it: it is killed, its decoders are, its reader stops or goes away, it is
asked to stop, its model changes. No answer is ever half, twice, out of order or wrong, no image is blamed, and nothing
is left behind.

  tests/faults/pipe.py"""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import tempfile
import threading
import time

import common
from common import ALL_DONE, ENVIRONMENT, PROGRAM, STOPPED, children

WORK = tempfile.TemporaryDirectory(prefix="maskmill-pipe-")
IMAGES = [common.png(20 + i % 7, 20 + i % 11, seed=i) for i in range(20)]
SECONDS = 120  # that one pipe may take
RECORDS = []  # of IMAGES, by an undisturbed pipe


class Pipe:
    """A process, in an empty folder that is its own and that of its temporary files."""

    def __init__(self, *more, model=common.MODEL, errors=subprocess.PIPE):
        self.folder = tempfile.mkdtemp(dir=WORK.name)
        options = ["--quiet", *common.OPTIONS, "--model", model, *more]
        self.process = subprocess.Popen([PROGRAM, "pipe", *options], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=errors, cwd=self.folder, env=dict(os.environ, TMPDIR=self.folder))
        self.limit = threading.Timer(SECONDS, self.process.kill)  # so that one that hangs fails
        self.limit.daemon = True
        self.limit.start()

    def ask(self, number):
        """Sends request `number`."""
        image = IMAGES[number % len(IMAGES)]
        head = {"id": number, "bytes": len(image), "name": f"image-{number % len(IMAGES)}.png"}
        self.process.stdin.write(json.dumps(head).encode() + b"\n" + image)
        self.process.stdin.flush()

    def ask_many(self, numbers):
        """Sends requests from a thread of its own, then ends the input; stops where the process has ended."""
        def write():
            try:
                for number in numbers:
                    self.ask(number)
                self.process.stdin.close()
            except OSError:
                pass
        threading.Thread(target=write, daemon=True).start()

    def answer(self):
        return json.loads(self.process.stdout.readline())

    def end(self, wanted):
        """Waits for the end and its status; returns what was said. Nothing may be left in the folder."""
        text = self.process.stderr.read().decode() if self.process.stderr else ""
        code = self.process.wait()
        self.limit.cancel()
        assert code == wanted, f"exit status {code}: {text}"
        assert os.listdir(self.folder) == [], os.listdir(self.folder)
        return text


def check_done(answer, number):
    assert answer["id"] == number and answer["status"] == "done", f"request {number}: {answer}"
    assert answer["record"] == RECORDS[number % len(IMAGES)], f"request {number}: another record"


def family(process):
    """A process's children and theirs."""
    found = children(process)
    return found + [below for child in found for below in children(child)]


def check_gone(processes):
    """They end within seconds. Numbers of processes are not used again so soon."""
    end = time.monotonic() + 20
    while any(os.path.exists(f"/proc/{process}") for process in processes):
        assert time.monotonic() < end, f"still there: {processes}"
        time.sleep(0.02)


def undisturbed():
    pipe = Pipe()
    pipe.ask_many(range(len(IMAGES)))
    for number in range(len(IMAGES)):
        answer = pipe.answer()
        assert answer["id"] == number and answer["status"] == "done", answer
        RECORDS.append(answer["record"])
    assert pipe.end(ALL_DONE) == ""
    assert len({json.dumps(record) for record in RECORDS}) == len(IMAGES)


def killed_at_random_moments():
    """With SIGKILL, alone: its decoders must see that by themselves."""
    chance = random.Random(3)
    answered = 0
    for _ in range(10):
        pipe = Pipe("--workers", "2")
        pipe.ask_many(range(10000))
        for number in range(chance.randrange(1, 20)):
            check_done(pipe.answer(), number)
            answered += 1
        time.sleep(chance.uniform(0, 0.05))
        processes = family(pipe.process.pid)
        assert len(processes) >= 2, processes
        pipe.process.kill()
        check_gone(processes)
        rest = pipe.process.stdout.read().split(b"\n")
        for offset, line in enumerate(rest[:-1], number + 1):
            check_done(json.loads(line), offset)
        pipe.end(-signal.SIGKILL)
    return f"{answered} answers before"


def its_client_is_killed():
    """Nobody writes and nobody reads any more."""
    script = ("import subprocess, sys\nprocess = subprocess.Popen(sys.argv[1:], stdin=subprocess.PIPE,"
              " stdout=subprocess.PIPE)\nprint(process.pid, flush=True)\nprocess.wait()")
    client = subprocess.Popen([sys.executable, "-c", script, PROGRAM, "pipe", "--quiet", *common.OPTIONS],
                              stdout=subprocess.PIPE)
    process = int(client.stdout.readline())
    while len(family(process)) < 1:
        time.sleep(0.01)
    processes = [process, *family(process)]
    client.kill()
    client.wait()
    client.stdout.close()
    check_gone(processes)


def decoders_are_killed():
    """Their images are done by the next ones."""
    chance = random.Random(5)
    pipe = Pipe("--workers", "2", "--retries", "9", errors=subprocess.DEVNULL)
    pipe.ask_many(range(400))
    kills = 0
    for number in range(400):
        check_done(pipe.answer(), number)
        victims = family(pipe.process.pid)
        if number % 40 == 7 and victims:
            os.kill(chance.choice(victims), signal.SIGKILL)
            kills += 1
    pipe.end(ALL_DONE)
    return f"{kills} kills"


def a_reader_that_stops():
    """It stops the intake: what the program takes is bounded; all is there once the reader goes on."""
    padding = bytes(100000)  # behind an image's last chunk: makes a request large, not its answer
    images = [image + padding for image in IMAGES]
    pipe = Pipe("--workers", "2", "--fields", "runs")
    fd = pipe.process.stdin.fileno()
    os.set_blocking(fd, False)
    text = b"".join(b'{"id": %d, "bytes": %d}\n' % (n, len(images[n % 20])) + images[n % 20] for n in range(300))
    taken, quiet = 0, 0
    while quiet < 30:  # times 0.1 s
        try:
            taken += os.write(fd, text[taken : taken + 65536])
            quiet = 0
        except BlockingIOError:
            time.sleep(0.1)
            quiet += 1
        assert taken < len(text), "the intake was not stopped"
    requests = taken // (len(padding) + 200)
    assert requests < 150, f"{requests} requests were taken"
    os.set_blocking(fd, True)
    threading.Thread(target=lambda: (pipe.process.stdin.write(text[taken:]), pipe.process.stdin.close())).start()
    for number in range(300):
        answer = pipe.answer()
        assert answer["id"] == number and answer["status"] == "done", answer
    pipe.end(ALL_DONE)
    return f"after about {requests} of 300 requests"


def a_reader_that_goes_away():
    """The process ends at the next answer, or while it waits for requests, and says nothing."""
    for busy in (True, False):
        pipe = Pipe()
        if busy:
            pipe.ask_many(range(10000))
        else:
            pipe.ask(0)
        check_done(pipe.answer(), 0)
        pipe.process.stdout.close()
        assert pipe.end(ENVIRONMENT) == ""


def asked_to_stop():
    """What was taken is answered, in order, and no more is taken; also while there is nothing to do."""
    most = 0
    for wait in (0.0, 0.1, 0.3):
        pipe = Pipe("--workers", "2")
        pipe.ask_many(range(10000))
        check_done(pipe.answer(), 0)
        time.sleep(wait)
        pipe.process.send_signal(signal.SIGTERM)
        lines = pipe.process.stdout.read().split(b"\n")
        assert lines.pop() == b""
        for number, line in enumerate(lines, 1):
            check_done(json.loads(line), number)
        most = max(most, len(lines))
        pipe.end(STOPPED)
    assert most < 9999, "all was taken"
    pipe = Pipe()
    pipe.ask(0)
    check_done(pipe.answer(), 0)
    pipe.process.send_signal(signal.SIGTERM)
    assert pipe.end(STOPPED) == ""


def the_model_changes():
    """No answer has masks of a model that was changed: the process ends, and no image is blamed."""
    model = os.path.join(WORK.name, "model.safetensors")
    shutil.copy(common.MODEL, model)
    pipe = Pipe(model=model)
    pipe.ask(0)
    check_done(pipe.answer(), 0)
    with open(model, "r+b") as file:
        file.seek(-4, os.SEEK_END)
        file.write(b"\x00\x00\x80\x3f")
    pipe.ask(1)
    assert pipe.process.stdout.read() == b""
    assert "changed" in pipe.end(ENVIRONMENT)


def no_process_for_decoding():
    """Forks fail: images are left unanswered, not blamed."""
    shim = common.build_shim(WORK.name)
    text = b"".join(b'{"id": %d, "bytes": %d}\n' % (n, len(IMAGES[n])) + IMAGES[n] for n in range(10))
    for at in (1, 2):
        env = {"LD_PRELOAD": shim, "FAULT_CALL": "fork", "FAULT_AT": str(at), "FAULT_LAST": "1000000", "FAULT_ERRNO": "11"}
        done = subprocess.run([PROGRAM, "pipe", "--quiet", "--retries", "1", *common.OPTIONS], input=text,
                              env=dict(os.environ, **env), capture_output=True, check=False)
        assert done.returncode == ENVIRONMENT, done
        assert b"failed" not in done.stdout and b"Resource temporarily unavailable" in done.stderr, done


if __name__ == "__main__":
    sys.exit(common.run_tests([undisturbed, killed_at_random_moments, its_client_is_killed, decoders_are_killed,
                               a_reader_that_stops, a_reader_that_goes_away, asked_to_stop, the_model_changes,
                               no_process_for_decoding]))
