"""Runs maskmill on a real S3 server: check.py PROGRAM [CHECK...]; prints "N passed, N failed".

What lies in the bucket at the end must be what a run from files to files writes. While a run goes on, a watcher reads
every shard whose marker is there: it must be complete then already."""

import hashlib
import io
import json
import os
import random
import shlex
import shutil
import signal
import socket
import subprocess
import sys
import tarfile
import tempfile
import threading
import time
import traceback

import boto3

HERE = os.path.dirname(os.path.abspath(__file__))
SOURCE = os.path.dirname(os.path.dirname(HERE))
sys.path.insert(0, os.path.join(SOURCE, "tests/faults"))
from common import MODEL, png  # noqa: E402

OPTIONS = ["--model", MODEL, "--points-per-side", "2", "--pred-iou-thresh", "0", "--stability-score-thresh", "0",
           "--threads", "1", "--workers", "1"]
BUCKET = "photographs"
COPY = shlex.join([sys.executable, "-S", "-E", os.path.join(HERE, "s3copy.py")]) + " {} {}"
AWS = os.path.join(os.path.dirname(sys.executable), "aws") + " s3 cp --only-show-errors {} {}"


def tar_of(images):
    """The bytes of a tar with these images, a list of (name, bytes)."""
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        for name, data in images:
            member = tarfile.TarInfo(name)
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    return packed.getvalue()


def shard(number, images=4, broken=False):
    chance = random.Random(number)
    members = [(f"{number:06d}-{i}.png", png(chance.randrange(20, 48), chance.randrange(20, 48), seed=100 * number + i))
               for i in range(images)]
    if broken:
        members[1] = (members[1][0], members[1][1][:60])
    return tar_of(members)


class Server:
    """moto's S3 server on a port of its own."""

    def __init__(self):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        self.url = f"http://127.0.0.1:{port}"
        moto = os.path.join(os.path.dirname(sys.executable), "moto_server")
        self.process = subprocess.Popen([sys.executable, moto, "-H", "127.0.0.1", "-p", str(port)],
                                        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.environ.update(AWS_ENDPOINT_URL=self.url, AWS_ACCESS_KEY_ID="someone", AWS_SECRET_ACCESS_KEY="secret",
                          AWS_DEFAULT_REGION="us-east-1")
        for _ in range(600):
            try:
                socket.create_connection(("127.0.0.1", port)).close()
                break
            except OSError:
                time.sleep(0.1)
        self.store = boto3.client("s3")
        self.store.create_bucket(Bucket=BUCKET)

    def put(self, name, data):
        self.store.put_object(Bucket=BUCKET, Key=name, Body=data)

    def get(self, name):
        return self.store.get_object(Bucket=BUCKET, Key=name)["Body"].read()

    def names(self, prefix):
        pages = self.store.get_paginator("list_objects_v2").paginate(Bucket=BUCKET, Prefix=prefix)
        return sorted(entry["Key"] for page in pages for entry in page.get("Contents", []))

    def end(self):
        self.process.terminate()
        self.process.wait()


class Watcher(threading.Thread):
    """Reads each shard as soon as its marker is there, until it is told to end."""

    def __init__(self, server, prefix, expected):
        super().__init__()
        self.server, self.prefix, self.expected = server, prefix, expected
        self.seen, self.wrong, self.over = set(), [], threading.Event()

    def look(self):
        for name in self.server.names(self.prefix):
            stem = name[: -len(".done.json")]
            if name.endswith(".done.json") and stem not in self.seen:
                self.seen.add(stem)
                if self.server.get(stem + ".tar") != self.expected[stem[len(self.prefix):]]:
                    self.wrong.append(name)

    def run(self):
        while not self.over.wait(0.05):
            self.look()


def without_seconds(lines):
    """The lines of an NDJSON file, less what differs between two runs."""
    rows = [json.loads(line) for line in lines.splitlines()]
    for row in rows:
        del row["seconds"]
    return rows


class Checks:
    def __init__(self, program, folder):
        self.program, self.folder = os.path.abspath(program), folder
        self.chance = random.Random(1)
        self.server = Server()

    def path(self, *parts):
        return os.path.join(self.folder, *parts)

    # ---- what there is to do

    def make(self, name, shards):
        """Uploads `shards`, a list of bytes, below s3://BUCKET/NAME/, and does them from files to files. Returns
        the names of the objects, and the tars that are expected, by their names without .tar."""
        objects, expected = [f"s3://{BUCKET}/{name}/{number:06d}.tar" for number in range(len(shards))], {}
        folder = self.path(name, "s3:", BUCKET, name)  # so these names are paths, too: messages have them
        os.makedirs(folder, exist_ok=True)
        for number, data in enumerate(shards):
            with open(os.path.join(folder, f"{number:06d}.tar"), "wb") as file:
                file.write(data)
            self.server.put(f"{name}/{number:06d}.tar", data)
        done = subprocess.run([self.program, "run", *objects, "-o", "expected", "--to", "tar", "--quiet", *OPTIONS],
                              capture_output=True, text=True, cwd=self.path(name))
        assert done.returncode in (0, 1), done.stderr
        for number in range(len(shards)):
            with open(self.path(name, "expected", f"{number:06d}.tar"), "rb") as file:
                expected[f"{number:06d}"] = file.read()
        return objects, expected

    # ---- runs

    def command(self, inputs, out, spool, *more, get=COPY, put=COPY):
        return [self.program, "run", *inputs, "-o", f"s3://{BUCKET}/{out}", "--spool", self.path(spool), "--get", get,
                "--put", put, *OPTIONS, *more]

    def run(self, inputs, out, spool, *more, status=0, **copies):
        done = subprocess.run(self.command(inputs, out, spool, *more, **copies), capture_output=True, text=True)
        assert done.returncode == status, f"status {done.returncode}, expected {status}\n{done.stderr}"
        return done.stderr

    def run_and_kill(self, inputs, out, spool, watcher, markers):
        """Starts a run, and kills it at some moment after so many markers are there."""
        with open(self.path("killed.log"), "ab") as log:
            process = subprocess.Popen(self.command(inputs, out, spool), stderr=log)
        deadline = time.monotonic() + 300
        while len(watcher.seen) < markers and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.01)
        time.sleep(self.chance.uniform(0, 0.4))
        process.kill()
        assert process.wait() == -signal.SIGKILL, f"it ended by itself before {markers} shards were there"

    # ---- what must be there

    def expect(self, name, out, expected, spool=None):
        """All outputs are there, complete, equal to those of a run from files to files, and nothing else."""
        names = self.server.names(out + "/")
        assert names == sorted(f"{out}/{stem}{end}" for stem in expected for end in (".done.json", ".ndjson", ".tar")), names
        for stem, expected_tar in expected.items():
            tar, lines = (self.server.get(f"{out}/{stem}.{ending}") for ending in ("tar", "ndjson"))
            assert tar == expected_tar, f"{stem}.tar differs"
            with open(self.path(name, "expected", stem + ".ndjson"), "rb") as file:
                assert without_seconds(lines) == without_seconds(file.read()), f"{stem}.ndjson differs"
            marker = json.loads(self.server.get(f"{out}/{stem}.done.json"))
            rows = without_seconds(lines)
            assert marker["tar_bytes"] == len(tar) and marker["ndjson_bytes"] == len(lines), marker
            assert marker["tar_sha256"] == hashlib.sha256(tar).hexdigest(), marker
            assert marker["images"] == len(rows), marker
            assert marker["failed"] == sum(row["status"] == "failed" for row in rows), marker
        if spool:
            self.expect_empty(spool)

    def expect_empty(self, spool):
        """No tar, and nothing that belongs to one, is left in the spool folder."""
        for folder, _, files in os.walk(self.path(spool)):
            left = [name for name in files if not folder.endswith("/.maskmill") and not name.startswith("failed")]
            assert not left, f"{folder}: {left}"

    # ---- checks

    def check_two_shards_share_a_spool_folder(self):
        inputs, expected = self.make("shared", [shard(i) for i in range(8)])
        both = [subprocess.Popen(self.command(inputs, "shared-out", "shared-spool", "--shard", f"{i}/2"),
                                 stderr=subprocess.PIPE, text=True) for i in range(2)]
        for process in both:
            words = process.communicate()[1]
            assert process.returncode == 0, words
        self.expect("shared", "shared-out", expected, "shared-spool")

    def check_fifty_shards_with_failures_and_kills(self):
        inputs, expected = self.make("many", [shard(i) for i in range(50)])
        os.makedirs(self.path("notes"))
        os.environ.update(FAIL_EVERY="5", FAIL_NOTES=self.path("notes"))
        watcher = Watcher(self.server, "many-out/", expected)
        watcher.start()
        begun = time.monotonic()
        try:
            for markers in (6, 13, 20):
                self.run_and_kill(inputs, "many-out", "many-spool", watcher, markers)
            shutil.rmtree(self.path("many-spool"))  # as on another machine
            for markers in (27, 34):
                self.run_and_kill(inputs, "many-out", "many-spool", watcher, markers)
            words = self.run(inputs, "many-out", "many-other-spool")
        finally:
            for name in ("FAIL_EVERY", "FAIL_NOTES"):
                del os.environ[name]
            watcher.over.set()
            watcher.join()
        assert not watcher.wrong, f"not complete behind their marker: {watcher.wrong}"
        assert len(watcher.seen) > 20
        failures = len(os.listdir(self.path("notes"))) - 1
        print(f"  50 shards, {failures} failed copies, 5 kills, 2 spool folders lost: {time.monotonic() - begun:.0f} s")
        self.expect("many", "many-out", expected, "many-other-spool")
        assert failures > 30 and "purpose" in words
        # Another start finds everything done, with the markers alone.
        self.run(inputs, "many-out", "many-third-spool", put="exit 1; : {} {}")

    def check_the_aws_command(self):
        inputs, expected = self.make("aws", [shard(i) for i in range(3)])
        self.run(inputs, "aws-out", "aws-spool", get=AWS, put=AWS)
        self.expect("aws", "aws-out", expected, "aws-spool")

    def check_a_stopped_run_goes_on(self):
        inputs, expected = self.make("stopped", [shard(i) for i in range(12)])
        slow = "sleep 0.5; " + COPY
        process = subprocess.Popen(self.command(inputs, "stopped-out", "stopped-spool", get=slow, put=slow),
                                   stderr=subprocess.PIPE, text=True)
        time.sleep(4)
        process.terminate()
        begun = time.monotonic()
        words = process.communicate()[1]
        assert process.returncode == 4, words
        assert time.monotonic() - begun < 20
        self.run(inputs, "stopped-out", "stopped-spool")
        self.expect("stopped", "stopped-out", expected, "stopped-spool")

    def check_a_store_that_is_gone_ends_the_run(self):
        inputs, expected = self.make("gone", [shard(i) for i in range(3)])
        words = self.run(inputs, "gone-out", "gone-spool", "--retries", "0", status=3, get="exit 9; {} {}")
        assert "status 9" in words and "--get" in words, words
        words = self.run(inputs, "gone-out", "gone-spool", "--retries", "0", status=3,
                         put="echo no store >&2; exit 1; {} {}")
        assert "no store" in words and "--put" in words, words
        assert self.server.names("gone-out/") == []
        self.run(inputs, "gone-out", "gone-spool")
        self.expect("gone", "gone-out", expected, "gone-spool")

    def check_failed_images(self):
        inputs, expected = self.make("failing", [shard(i, broken=i == 1) for i in range(3)])
        self.run(inputs, "failing-out", "failing-spool", status=1)
        self.expect("failing", "failing-out", expected, "failing-spool")
        self.run(inputs, "failing-out", "failing-spool", status=1)
        self.run(inputs, "failing-out", "failing-spool", "--failed-images-ok")
        self.run(inputs, "failing-out", "failing-other", status=1)  # a machine that knows the markers only
        shutil.rmtree(self.path("failing"))
        _, expected = self.make("failing", [shard(i) for i in range(3)])
        self.run(inputs, "failing-out", "failing-spool", "--retry-failed")
        self.expect("failing", "failing-out", expected, "failing-spool")

    def check_another_configuration_is_refused(self):
        inputs, expected = self.make("other", [shard(i) for i in range(2)])
        self.run(inputs, "other-out", "other-spool")
        words = self.run(inputs, "other-out", "other-empty", "--max-masks", "1", status=2)
        assert "configuration" in words, words
        self.expect("other", "other-out", expected)
        self.run(inputs, "other-out", "other-extended", "--max-masks", "1", "--extend")
        self.expect("other", "other-out", expected)
        self.run(inputs, "other-out", "other-replaced", "--max-masks", "1", "--overwrite")
        assert self.server.get("other-out/000000.tar") != expected["000000"]


def main(program, *wanted):
    passed = failed = 0
    with tempfile.TemporaryDirectory(prefix="maskmill-spool-") as folder:
        checks = Checks(program, folder)
        names = [name for name in dir(checks) if name.startswith("check_")]
        for name in names:
            if wanted and not any(word in name for word in wanted):
                continue
            try:
                getattr(checks, name)()
                passed += 1
            except Exception:
                failed += 1
                print(f"{name}: FAILED")
                traceback.print_exc(file=sys.stdout)
        checks.server.end()
    print(f"{passed} passed, {failed} failed")
    return failed > 0


sys.exit(main(*sys.argv[1:]))
