#!/usr/bin/env python3
"""What the machine does to a run is never called an image's fault: the processes that decode images are killed, forks
fail, processes, file sizes and memory are limited, standard descriptors are closed. Whatever happens, the run recovers
or stops with status 3, no image is in the ledger as failed, and the next start finishes the collection with the bytes
of an undisturbed run.

  tests/faults/environment.py"""

import itertools
import os
import random
import resource
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time

import common
from common import ALL_DONE, ENVIRONMENT, PROGRAM, children

WORK = tempfile.TemporaryDirectory(prefix="maskmill-environment-")
IN = os.path.join(WORK.name, "in")
OUT = os.path.join(WORK.name, "out")
PHOTOS = os.path.join(WORK.name, "photos")
SHIM = common.build_shim(WORK.name)
IMAGES = 12
SLOW = {"LD_PRELOAD": SHIM, "FAULT_FOLDER": IN, "FAULT_CALL": "read", "FAULT_DELAY": "60"}
EXPECTED = {}


def fresh():
    shutil.rmtree(OUT, ignore_errors=True)


def prepare():
    common.make_images(IN, IMAGES)
    # More than 8 MiB of pixels, and few bytes in the file.
    common.write(os.path.join(IN, "large.png"), common.png(2400, 1800, bytes((1 + 2400 * 3) * 1800)))
    code, text = common.run(common.command(IN, OUT))
    assert code == ALL_DONE, text
    EXPECTED.update(common.outputs(OUT))
    assert len(EXPECTED) == IMAGES + 1


def check_unblamed(code, text, what, images=IN, expected=EXPECTED):
    """After a start under some fault, and after the one that follows it."""
    assert code in (ALL_DONE, ENVIRONMENT), f"{what}: exit status {code}: {text}"
    failed = [line for line in common.ledgers(OUT) if line.get("status") == "failed"]
    assert not failed, f"{what}: blamed: {failed[0]}"
    if os.path.isdir(OUT):
        common.check_promises(OUT, expected)
    again, said = common.run(common.command(images, OUT))
    assert again == ALL_DONE, f"{what}, started again: exit status {again}: {said}"
    common.check_complete(OUT, expected)


def kill_at_random_moments(run, chance, kills):
    """Kills the server of a run, or its child, until the run ends or 20 have been killed in all."""
    while run.poll() is None and sum(kills.values()) < 20:
        time.sleep(chance.uniform(0.1, 1.0))
        victims = children(run.pid)
        kind = chance.choice(["server", "server", "child"])
        if kind == "child":
            victims = [child for server in victims for child in children(server)]
        for victim in victims[-1:]:
            os.kill(victim, signal.SIGKILL)
            kills[kind] += 1


def processes_that_decode_are_killed():
    """At 20 random moments."""
    chance = random.Random(11)
    kills = {"server": 0, "child": 0}
    starts = 0
    while sum(kills.values()) < 20:
        fresh()
        starts += 1
        with subprocess.Popen(common.command(IN, OUT, "--retries", "9"), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, env=dict(os.environ, **SLOW)) as run:
            kill_at_random_moments(run, chance, kills)
            text = run.communicate()[0].decode()
        check_unblamed(run.returncode, text, f"start {starts}")
    return f"{kills['server']} times the server, {kills['child']} times its child, in {starts} starts"


def make_tar():
    """All images, ten times, and links to some. Returns the tar and what an undisturbed run makes of it."""
    path = os.path.join(WORK.name, "t.tar.gz")
    with tarfile.open(path, "w:gz") as tar:
        for copy in range(10):
            tar.add(IN, f"copy {copy}")
        for copy in range(10):
            link = tarfile.TarInfo(f"link {copy}.png")
            link.type, link.linkname = tarfile.LNKTYPE, f"copy {copy}/part 0/image-0.png"
            tar.addfile(link)
    fresh()
    code, text = common.run(common.command(path, OUT))
    assert code == ALL_DONE, text
    return path, common.outputs(OUT)


def kill_readers_of_tars(run, chance, kills):
    """Kills what a run has started, until it ends: the server, or one of its children."""
    while run.poll() is None:
        time.sleep(chance.uniform(0.02, 0.3))
        victims = children(run.pid)
        if chance.random() < 0.7:
            victims = [child for server in victims for child in children(server)]
        for victim in victims[:1] if chance.random() < 0.5 else victims[-1:]:
            os.kill(victim, signal.SIGKILL)
            kills.append(victim)


def processes_that_read_tars_are_killed():
    """The tar is read on in another process, and only once."""
    path, expected = make_tar()
    assert len(expected) == 10 * (IMAGES + 1) + 10
    chance = random.Random(12)
    kills = []
    for start in range(2):
        fresh()
        with subprocess.Popen(common.command(path, OUT, "--retries", "99"), stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as run:
            kill_readers_of_tars(run, chance, kills)
            text = run.communicate()[0].decode()
        assert "is in it twice" not in text, text
        check_unblamed(run.returncode, text, f"start {start}", path, expected)
    for at in range(1, 4):
        fresh()
        env = {"LD_PRELOAD": SHIM, "FAULT_CALL": "fork", "FAULT_AT": str(at), "FAULT_ERRNO": "11"}
        code, text = common.run(common.command(path, OUT), env)
        check_unblamed(code, text, f"fork {at} fails", path, expected)
    return f"{len(kills)} kills in 2 starts"


def each_fork_fails():
    """Alone, and with all that follow; with tiles, each worker has a child of its own."""
    statuses = {}
    for last in (0, 1000000):
        for at in itertools.count(1):
            fresh()
            log = os.path.join(WORK.name, "forks")
            if os.path.exists(log):
                os.unlink(log)
            env = {"LD_PRELOAD": SHIM, "FAULT_CALL": "fork", "FAULT_AT": str(at), "FAULT_LAST": str(max(at, last)),
                   "FAULT_ERRNO": str(11), "FAULT_LOG": log}
            code, text = common.run(common.command(IN, OUT, "--retries", "1"), env)
            made = 0
            if os.path.exists(log):
                with open(log, encoding="ascii") as file:
                    made = sum(line.startswith("fork ") for line in file)
            statuses[code] = statuses.get(code, 0) + 1
            check_unblamed(code, text, f"fork {at} fails")
            assert code == ALL_DONE or "Resource temporarily unavailable" in text, text
            if made < at and code == ALL_DONE and "trying again" not in text:
                assert at > 2, "no fork was seen"
                break
            assert last == 0 or code == ENVIRONMENT, f"without forks: exit status {code}"
    return f"exit statuses {statuses}"


def a_server_that_cannot_be_started_again():
    """It is killed, and no program can be executed any more."""
    fresh()
    env = {"LD_PRELOAD": SHIM, "FAULT_CALL": "spawn", "FAULT_AT": "1", "FAULT_LAST": "1000000", "FAULT_ERRNO": "11"}
    with subprocess.Popen(common.command(IN, OUT, "--retries", "1", "--workers", "1"), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT, env=dict(os.environ, **env)) as run:
        while run.poll() is None and not os.path.exists(os.path.join(OUT, "part 0")):
            time.sleep(0.01)
        run.send_signal(signal.SIGSTOP)
        for victim in children(run.pid):
            os.kill(victim, signal.SIGKILL)
        run.send_signal(signal.SIGCONT)
        text = run.communicate()[0].decode()
    assert run.returncode == ENVIRONMENT, text
    check_unblamed(run.returncode, text, "no second server")


def limited(kind, most):
    """A preexec_fn that lowers a limit."""
    return lambda: resource.setrlimit(kind, (most, most))


def start_with(arguments, preexec, timeout=300):
    done = subprocess.run(arguments, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          preexec_fn=preexec, timeout=timeout, check=False)
    return done.returncode, done.stdout.decode("utf-8", "replace")


def files_have_a_greatest_size():
    statuses = []
    for most in (0, 512, 4096, 65536, 1 << 20, 8 << 20, 16 << 20):
        fresh()
        code, text = start_with(common.command(IN, OUT), limited(resource.RLIMIT_FSIZE, most))
        if code == ENVIRONMENT:
            assert "File too large" in text and "ulimit -f" in text, text
        check_unblamed(code, text, f"files of up to {most} bytes")
        statuses.append(code)
    assert statuses[0] == ENVIRONMENT and statuses[-1] == ALL_DONE, statuses
    return f"exit statuses {statuses}"


def few_descriptors():
    statuses = []
    for most in (3, 4, 6, 8, 10, 12, 16, 20, 64):
        fresh()
        code, text = start_with(common.command(IN, OUT, "--retries", "0"), limited(resource.RLIMIT_NOFILE, most))
        if code == 127 and most < 8:
            continue  # not even the loader could open its libraries
        check_unblamed(code, text, f"{most} descriptors")
        statuses.append(code)
    assert statuses[-1] == ALL_DONE, statuses
    return f"exit statuses {statuses}"


def processes_up_to(most, options):
    """The exit status with at most so many processes and threads, as a user who has no other; None if that user may
    not run the program where it lies."""
    fresh()
    os.mkdir(OUT)
    os.chown(OUT, 65534, 65534)
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "bash", "-c",
            f'ulimit -u {most}; exec "$@"', "bash"]
    code, text = common.run(user + common.command(IN, OUT, "--retries", "1", *options))
    if "Permission denied" in text and not os.path.exists(os.path.join(OUT, common.STATE)):
        return None
    check_unblamed(code, text, f"{most} processes, {options}")
    return code if "trying again" not in text else ENVIRONMENT


def few_processes():
    if os.geteuid() != 0 or not shutil.which("setpriv"):
        return "SKIPPED: only root can run as nobody"
    os.chmod(WORK.name, 0o755)
    said = []
    for options in (["--workers", "2"], ["--workers", "1", "--threads", "4"]):
        for most in itertools.count(4):
            code = processes_up_to(most, options)
            if code is None:
                return "SKIPPED: nobody may not run the program where it lies"
            if code == ALL_DONE:
                break
            assert most < 40, "never enough processes"
        assert most > 4, "the limit does not work"
        said.append(f"{most} with {' '.join(options)}")
    return "enough are " + ", ".join(said)


def standard_descriptors_are_closed():
    for count in range(4):
        for closed in itertools.combinations(range(3), count):
            fresh()
            shut = "".join(f" {number}{'<' if number == 0 else '>'}&-" for number in closed)
            code, text = common.run(["bash", "-c", f'exec "$@"{shut}', "bash"] + common.command(IN, OUT))
            assert code == ALL_DONE, f"closed{shut}: exit status {code}: {text}"
            check_unblamed(code, text, f"closed{shut}")
    code, text = common.run(["bash", "-c", f"'{PROGRAM}' info '{common.MODEL}' >&-"])
    assert code == ENVIRONMENT, f"a report that nobody can read: exit status {code}: {text}"


def make_group(most):
    """A memory cgroup of v2 or v1 with a limit; None where none can be made."""
    for top, name in (("/sys/fs/cgroup", "memory.max"), ("/sys/fs/cgroup/memory", "memory.limit_in_bytes")):
        group = os.path.join(top, f"maskmill-test-{os.getpid()}")
        try:
            os.mkdir(group)
        except OSError:
            continue
        try:
            with open(os.path.join(group, name), "r+", encoding="ascii") as file:
                file.write(str(most))
            return group
        except OSError:
            os.rmdir(group)
    return None


def join_group(group):
    def join():
        with open(os.path.join(group, "cgroup.procs"), "w", encoding="ascii") as file:
            file.write("0")
    return join


def little_memory_for_many_workers():
    """A photograph of 12 megapixels among small images, with the built-in model, in 500 MB."""
    most = 500 * 10**6
    common.make_images(PHOTOS, 4)
    common.write(os.path.join(PHOTOS, "photograph.png"), common.png(4000, 3000, bytes((1 + 4000 * 3) * 3000)))
    command = [PROGRAM, "run", PHOTOS, "-o", OUT, "--points-per-side", "2"]
    fresh()
    code, text = common.run([*command, "--workers", "1", "--threads", "1"])
    assert code == ALL_DONE, text
    expected = common.outputs(OUT)
    fresh()
    code, text = common.run([*command, "--workers", "64", "--memory", "800M"])
    assert code == ALL_DONE and "workers; see --memory" in text, f"64 workers: exit status {code}: {text}"
    assert common.outputs(OUT) == expected, "64 workers: other bytes"
    group = make_group(most)
    try:
        for more in (["--workers", "2"], ["--workers", "16"], []):
            fresh()
            preexec = join_group(group) if group else limited(resource.RLIMIT_DATA, most)
            code, text = start_with(command + more, preexec)
            assert code == ALL_DONE, f"{more}: exit status {code}: {text}"
            assert common.outputs(OUT) == expected, f"{more}: other bytes"
    finally:
        if group:
            os.rmdir(group)
    return "" if group else "SIMULATED by RLIMIT_DATA: no memory cgroup can be made here"


if __name__ == "__main__":
    prepare()
    sys.exit(common.run_tests([
        processes_that_decode_are_killed, processes_that_read_tars_are_killed, each_fork_fails,
        a_server_that_cannot_be_started_again, files_have_a_greatest_size, few_descriptors, few_processes, standard_descriptors_are_closed,
        little_memory_for_many_workers]))
