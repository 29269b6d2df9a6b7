#!/usr/bin/env python3
"""Two users share a group folder. One plants links, pipes, devices, files of his own and huge files where the other
one's run keeps its state or writes its results. Whatever the other one starts ends soon, touches none of his files
elsewhere, and names what is wrong. Needs root, which plays both users.

  tests/faults/planted.py"""

import os
import re
import shutil
import stat
import subprocess
import sys
import tempfile

import common
from common import ALL_DONE, PROGRAM

VICTIM, ATTACKER, GROUP = 64001, 64002, 64000
SECONDS = 20  # that a start may take
MEMORY = 4 << 30
HUGE = 1 << 40
STATE = common.STATE
LEDGER, LOCK = STATE + "/ledger-0-of-1.ndjson", STATE + "/lock-0-of-1"
RUNFILE, PASSED = STATE + "/run.json", STATE + "/passed-over-0-of-1.json"
FORMATS = "coco,tar,png,yolo"
WHAT_TO_DO = re.compile(r"remove|delete|move it|choose|another folder|--trust-folder|--overwrite")


class Shared:
    """A group folder with images and a finished run of the victim's, beside files of his that nothing may touch."""

    def __init__(self):
        self.folder = tempfile.mkdtemp(prefix="maskmill-planted-")
        os.chmod(self.folder, 0o755)
        self.model, self.program = self.path("model.safetensors"), self.path("maskmill")
        for source, copy in (common.MODEL, self.model), (PROGRAM, self.program):
            shutil.copy(source, copy)  # the sources may lie where only root can read
        for name in "a.png", "part/b.png", "c.png":
            common.write(self.path("images", name), common.png(40, 30, seed=len(name)))
        common.write(self.path("images", "note.txt"), b"this is passed over")
        common.write(self.path("home", "precious"), b"export PATH=/usr/bin\n")
        common.write(self.path("home", "folder", "a.json"), b'{"precious": 1}\n')
        common.write(self.path("home", "folder", "b.json"), b'{"precious": 2}\n')
        os.mkdir(self.path("group"))
        for folder, _, names in os.walk(self.folder):
            for name in names + ["."]:
                os.chown(os.path.join(folder, name), VICTIM, GROUP)
        os.chown(self.folder, 0, 0)
        os.chmod(self.path("group"), 0o2777)
        self.reset()
        code, text = self.start(self.run_command())
        assert code == ALL_DONE, text
        os.rename(self.out(), self.path("finished"))
        self.home = self.snapshot()

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def out(self, *names):
        return self.path("group", "out", *names)

    def reset(self):
        """The finished run again, or an empty output folder; everybody in the group may write into all of it."""
        shutil.rmtree(self.path("group", "out"), ignore_errors=True)
        if os.path.isdir(self.path("finished")):
            subprocess.run(["cp", "-a", self.path("finished"), self.out()], check=True)
        else:
            os.mkdir(self.out())
            os.chown(self.out(), VICTIM, GROUP)
        for folder, _, _ in os.walk(self.out()):
            os.chmod(folder, 0o2777)

    def snapshot(self):
        """Bytes, times and modes of all that the victim has elsewhere."""
        found = {}
        for folder, folders, names in os.walk(self.path("home")):
            for name in folders + names:
                path = os.path.join(folder, name)
                status = os.lstat(path)
                with open(path if stat.S_ISREG(status.st_mode) else os.devnull, "rb") as file:
                    found[path] = (status.st_mode, status.st_size, status.st_mtime_ns, file.read())
        return found

    def run_command(self, *more):
        return [self.program, "run", self.path("images"), "-o", self.out(), *common.OPTIONS, "--model", self.model,
                "--format", FORMATS, *more]

    def start(self, arguments):
        """Starts a command as the victim; returns its exit status and what it said."""
        done = subprocess.run(["prlimit", f"--as={MEMORY}", *arguments], stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, user=VICTIM, group=GROUP,
                              extra_groups=[], cwd=self.path("group"), umask=0o002, timeout=SECONDS, check=False)
        return done.returncode, done.stdout.decode("utf-8", "replace")


def as_user(user, function, *arguments):
    """Whether the user may do that."""
    child = os.fork()
    if child == 0:
        try:
            os.setgroups([])
            os.setgid(GROUP)
            os.setuid(user)
            os.umask(0)
            function(*arguments)
            os._exit(0)
        except OSError:
            os._exit(1)
    return os.waitpid(child, 0)[1] == 0


def write_file(path, data):
    with open(path, "xb") as file:
        file.write(data)


def make_huge(path):
    write_file(path, b"")
    os.truncate(path, HUGE)


def plant(shared, kind, path):
    """Puts something of this kind in the place of `path`."""
    data = b"{}\n"
    if os.path.isfile(path):
        with open(path, "rb") as file:
            data = file.read()
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    elif os.path.lexists(path):
        assert as_user(ATTACKER, os.unlink, path), f"the attacker cannot remove {path}"
    precious, folder = shared.path("home", "precious"), shared.path("home", "folder")
    makers = {
        "link": (os.symlink, precious, path),
        "folder link": (os.symlink, folder, path),
        "zero": (os.symlink, "/dev/zero", path),
        "hard link": (os.link, precious, path),
        "pipe": (os.mkfifo, path, 0o666),
        "foreign": (write_file, path, data),
        "huge": (make_huge, path),
    }
    function, *arguments = makers[kind]
    if kind == "huge":  # the worst case: his own rules would refuse another user's file anyway
        assert as_user(VICTIM, function, *arguments)
    elif not as_user(ATTACKER, function, *arguments):
        function(*arguments)  # where the kernel protects hard links, root makes it


FILE_KINDS = ["link", "zero", "hard link", "pipe", "foreign", "huge"]
# What another user may have planted; what to do about it is not plain from its being named.
ADVISED = {"link", "folder link", "hard link", "foreign"}


def commands(shared):
    out, images, run = shared.out(), shared.path("images"), shared.run_command()
    export = [shared.program, "export", out, "--images", images, "-o"]
    return {
        "run": run,
        "retry": run + ["--retry-failed"],
        "extend": run + ["--extend", "--points-per-side", "3"],
        "overwrite": run + ["--overwrite"],
        "metrics": run + ["--metrics", shared.out("metrics.prom")],
        "config": run + ["--config", shared.out("config.json")],
        "status": [shared.program, "status", out],
        "merge": [shared.program, "merge", out],
        "stats": [shared.program, "stats", out],
        "verify": [shared.program, "verify", out, "--images", images],
        "filter": [shared.program, "filter", out, "-o", shared.path("group", "filtered"), "--overwrite", "--min-area", "1"],
        "eval": [shared.program, "eval", images, "--masks", out],
        "export": export + [shared.out("@exported"), "--format", "coco,tar,png,yolo"],
    }


def check(shared, place, kind, name, named):
    """One command with one thing planted. With `named`, it must refuse and name the place."""
    shared.reset()
    plant(shared, kind, shared.out(place))
    what = f"{place} as {kind}, {name}"
    try:
        code, text = shared.start(commands(shared)[name])
    except subprocess.TimeoutExpired as still:
        return f"{what}: goes on after {SECONDS} s: {(still.output or b'')[-300:]!r}"
    said = f"status {code}, {text.strip()[-400:]!r}"
    after = shared.snapshot()
    touched = [path for path in shared.home.keys() | after.keys() if shared.home.get(path) != after.get(path)]
    if touched:
        for path in touched:  # mend it for the next case
            if path in shared.home and os.path.isfile(path):
                with open(path, "wb") as file:
                    file.write(shared.home[path][3])
            elif path not in shared.home:
                os.unlink(path)
        shared.home = shared.snapshot()
        return f"{what}: touches {[os.path.relpath(path, shared.folder) for path in touched]}: {said}"
    if not 0 <= code <= 5:
        return f"{what}: no documented exit status: {said}"
    # What a run leaves out with a warning, such as a further format of an image, costs it nothing else.
    told = code != ALL_DONE or "warning" in text
    if named and not (told and os.path.basename(place) in text):
        return f"{what}: not named: {said}"
    if named and kind in ADVISED and not WHAT_TO_DO.search(text):
        return f"{what}: nothing says what to do: {said}"
    return None


RUNS = ["run", "retry", "extend", "overwrite"]


def check_all(place, kinds, names, named=True):
    """All pairs of kind and command. `named` may also be the set of kinds that must be named."""
    found, count = [], 0
    for kind in kinds:
        for name in names:
            must = kind in named if isinstance(named, set) else named
            fault = check(SHARED, place, kind, name, must)
            count += 1
            if fault:
                found.append(fault)
    assert not found, f"{len(found)} of {count} wrong:\n  " + "\n  ".join(found)
    return f"{count} starts"


def lock():
    # The lock's own file may have any size: nothing of it is read but its beginning.
    return check_all(LOCK, FILE_KINDS, RUNS, {"link", "zero", "hard link", "pipe", "foreign"})


def ledger():
    return check_all(LEDGER, FILE_KINDS, RUNS + ["status", "merge"])


def run_file():
    return check_all(RUNFILE, FILE_KINDS, ["run", "retry", "extend", "filter"])


def passed_over():
    return check_all(PASSED, FILE_KINDS, ["status"])


def passed_over_is_replaced():
    return check_all(PASSED, FILE_KINDS, ["run", "overwrite"], False)


def state_folder():
    return check_all(STATE, ["folder link", "link", "pipe", "zero"], RUNS + ["status", "merge"])


def folder_below_the_output():
    return check_all("part", ["folder link"], ["overwrite"])


def folder_of_a_format():
    said = [check_all(place, ["folder link"], ["overwrite"]) for place in ("@coco", "@tar", "@png", "@png/a", "@yolo")]
    return f"{len(said)} folders"


def record():
    return check_all("a.json", FILE_KINDS, RUNS + ["stats", "verify", "filter", "eval", "export"], False)


def parts_of_formats():
    for place in "@coco/instances.json", "@tar/000000.tar", "@tar/000001.tar", "@png/a/0.png", "@png/a/metadata.csv", \
                 "@yolo/a.txt":
        check_all(place, FILE_KINDS, ["overwrite"], False)


def summaries():
    for place in "failed.ndjson", "ledger.ndjson":
        check_all(place, FILE_KINDS, ["run", "merge"], False)


def export_folder():
    # What an earlier export left in the output's folder '@exported'.
    for place in "@exported/coco", "@exported/png", "@exported/tar", "@exported/png/part":
        os.makedirs(os.path.join(SHARED.path("finished"), os.path.dirname(place)), exist_ok=True)
        try:
            check_all(place, ["folder link"], ["export"])
        finally:
            shutil.rmtree(os.path.join(SHARED.path("finished"), "@exported"))


def metrics():
    return check_all("metrics.prom", FILE_KINDS, ["metrics"], False)


def configuration():
    # The victim names this file himself, so it may be another user's, or a link.
    return check_all("config.json", FILE_KINDS, ["config"], {"pipe", "zero", "huge"})


def temporary_names():
    """Names of temporary files that the next start will take, as links: it opens none of them."""
    writer = "00000000.1.00000000"
    for name in f".a.json.{writer}.0.maskmill-tmp", f"{STATE}/.run.json.{writer}.0.maskmill-tmp":
        check_all(name, ["link", "hard link", "pipe", "zero", "folder link"], ["run", "overwrite"], False)


def trusted_folder():
    """--trust-folder takes another user's files, for a run that several continue."""
    SHARED.reset()
    for place in LEDGER, RUNFILE, LOCK:
        plant(SHARED, "foreign", SHARED.out(place))
    code, text = SHARED.start(SHARED.run_command("--trust-folder"))
    assert code == ALL_DONE, text


def folder_of_root():
    """Root's files are nobody's trap: what an administrator copied is read."""
    SHARED.reset()
    for place in LEDGER, RUNFILE:
        os.chown(SHARED.out(place), 0, GROUP)
        os.chmod(SHARED.out(place), 0o664)
    code, text = SHARED.start([SHARED.program, "status", SHARED.out()])
    assert code == ALL_DONE, text


def swapped_while_it_runs():
    """The attacker swaps the ledger, the lock and a folder with links all the time."""
    places = {LEDGER: "precious", LOCK: "precious", "part": "folder"}
    SHARED.reset()
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(GROUP)
        os.setuid(ATTACKER)
        while True:
            for place, target in places.items():
                path = SHARED.out(place)
                try:
                    os.symlink(SHARED.path("home", target), path + ".link")
                    os.rename(path, path + ".good")
                    os.rename(path + ".link", path)
                    os.unlink(path)
                    os.rename(path + ".good", path)
                except OSError:
                    pass
    try:
        for _ in range(25):
            code, text = SHARED.start(SHARED.run_command("--overwrite"))
            assert 0 <= code <= 5, f"exit status {code}: {text}"
    finally:
        os.kill(child, 9)
        os.waitpid(child, 0)
    assert SHARED.snapshot() == SHARED.home, "a file of the victim's was touched"


TESTS = [lock, ledger, run_file, passed_over, passed_over_is_replaced, state_folder, folder_below_the_output,
         folder_of_a_format, record, parts_of_formats, summaries, export_folder, metrics, configuration,
         temporary_names, trusted_folder, folder_of_root, swapped_while_it_runs]

if __name__ == "__main__":
    if os.geteuid() != 0 or not shutil.which("prlimit"):
        print("skipped: two users need root, and prlimit\n0 passed, 0 failed")
        sys.exit(0)
    wanted = sys.argv[1:]
    SHARED = Shared()
    try:
        failed = common.run_tests([test for test in TESTS if not wanted or test.__name__ in wanted])
    finally:
        shutil.rmtree(SHARED.folder)
    sys.exit(failed)
