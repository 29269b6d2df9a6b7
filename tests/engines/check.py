"""Runs the examples of contrib/ray and contrib/spark on 2,000 small images with four workers, and kills on the way one
`maskmill pipe` and one worker. Each image must be there once, with the record of `maskmill run`.

  tests/engines/check.py MASKMILL [PART...]      ray ray-tars spark spark-paths"""

import glob
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

from PIL import Image

SOURCE = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAM = os.path.abspath(sys.argv[1])
IMAGES = 2000
BROKEN = 20  # of them
WORKERS = 4
# A small model with few prompts and no filter, so that an image takes milliseconds.
OPTIONS = ["--model", os.path.join(SOURCE, "tests/parity/models/vit_xs.safetensors"), "--points-per-side", "4",
           "--pred-iou-thresh", "0", "--stability-score-thresh", "0"]


def make_images(folder):
    """Crops of the photographs in examples/, some of them cut short; the same ones every time."""
    chance = random.Random(1)
    photos = [Image.open(path).convert("RGB") for path in sorted(glob.glob(os.path.join(SOURCE, "examples/*.jpg")))]
    for number in range(IMAGES):
        photo = chance.choice(photos)
        width, height = chance.randrange(40, 90), chance.randrange(40, 90)
        x, y = chance.randrange(photo.width - width), chance.randrange(photo.height - height)
        path = os.path.join(folder, f"part {number % 10}", f"image.{number}.jpg")
        os.makedirs(os.path.dirname(path), exist_ok=True)
        photo.crop((x, y, x + width, y + height)).save(path, quality=90)
        if number % (IMAGES // BROKEN) == 7:
            os.truncate(path, 200)


def expected_records(images, out):
    """The text of each record of `maskmill run`, by the image's name, and the names of images that fail."""
    done = subprocess.run([PROGRAM, "run", images, "-o", out, "--quiet", *OPTIONS], stderr=subprocess.DEVNULL)
    assert done.returncode == 1, done.returncode
    records = {}
    for path in glob.glob(os.path.join(glob.escape(out), "*/*.json")):
        with open(path, encoding="ascii") as file:
            text = file.read()
        records[json.loads(text)["image"]["file_name"]] = text
    with open(os.path.join(out, "failed.ndjson"), encoding="utf-8") as file:
        failed = {json.loads(line)["path"] for line in file}
    assert len(records) == IMAGES - BROKEN and len(failed) == BROKEN
    return records, failed


def status_of(process):
    """Parent and command line of a process; None if it is gone."""
    try:
        with open(f"/proc/{process}/stat", encoding="utf-8", errors="replace") as file:
            parent = int(file.read().rsplit(")", 1)[1].split()[1])
        with open(f"/proc/{process}/cmdline", "rb") as file:
            return parent, file.read().split(b"\0")
    except OSError:
        return None


def pipes(mark):
    """Processes `maskmill pipe` with this option, each with its parent."""
    found = {}
    for name in os.listdir("/proc"):
        status = status_of(name) if name.isdigit() else None
        if status and b"pipe" in status[1][1:2] and mark in status[1]:
            found[int(name)] = status[0]
    return found


def executor_of(process):
    """The Java process above; None if there is none."""
    while process > 1:
        status = status_of(process)
        if not status:
            return None
        if status[1][0].endswith(b"java"):
            return process
        process = status[0]
    return None


class Killer(threading.Thread):
    """Waits until all workers have their pipes, and a second more. Then kills one pipe, and later another one's worker:
    its parent, or the Java process above."""

    def __init__(self, mark, java):
        super().__init__(daemon=True)
        self.mark, self.java, self.killed, self.over = mark, java, [], False

    def kill(self, count, what, choose):
        """Once there are so many pipes, kills the process that `choose` finds for one of them; again if it was gone."""
        while not self.over:
            time.sleep(0.05)
            if len(pipes(self.mark)) < count:
                continue
            time.sleep(1)
            for pipe, parent in pipes(self.mark).items():
                try:
                    os.kill(choose(pipe, parent), signal.SIGKILL)
                    self.killed.append(what)
                    return
                except (ProcessLookupError, TypeError):
                    pass

    def run(self):
        self.kill(WORKERS, "a pipe", lambda pipe, parent: pipe)
        if self.java:
            self.kill(WORKERS - 1, "an executor", lambda pipe, parent: executor_of(parent))
        else:
            self.kill(WORKERS - 1, "a worker", lambda pipe, parent: parent if parent > 1 else None)


def run_killed(command, log, java=False):
    """Runs an example while parts of it are killed."""
    mark = f"--image-timeout={random.randrange(1000, 100000)}s"  # tells its pipes from others
    path = [os.path.dirname(PROGRAM), os.path.dirname(sys.executable), os.environ["PATH"]]
    environment = dict(os.environ, PATH=os.pathsep.join(path), PYSPARK_PYTHON=sys.executable, SPARK_LOCAL_IP="127.0.0.1")
    killer = Killer(mark.encode(), java)
    killer.start()
    start = time.monotonic()
    with open(log, "wb") as messages:
        done = subprocess.run([*command, mark, *OPTIONS], stdout=messages, stderr=messages, env=environment)
    killer.over = True
    assert done.returncode == 0, f"exit status {done.returncode}: see {log}"
    assert len(killer.killed) == 2, f"only killed {killer.killed}"
    end = time.monotonic() + 20
    while pipes(mark.encode()):
        assert time.monotonic() < end, "a pipe is left over"
        time.sleep(0.1)
    return f"{time.monotonic() - start:.0f} s, {' and '.join(killer.killed)} killed"


def check_rows(rows, expected):
    records, failed = expected
    names = [row["name"] for row in rows]
    assert len(names) == len(set(names)) == IMAGES, f"{len(names)} rows, {len(set(names))} names"
    for row in rows:
        if row["name"] in failed:
            assert row["status"] == "failed" and row["error"] and not row["record"], row
        else:
            assert row["status"] == "done" and row["record"] == records[row["name"]], row["name"]


def ray_command(folder, images, out):
    """The example in a Ray of its own, with a CPU for each actor and two for what reads and writes."""
    start = ("import ray, runpy, sys; ray.init(num_cpus=int(sys.argv[1]), include_dashboard=False, _temp_dir=sys.argv[2],"
             " object_store_memory=200 << 20); sys.argv = sys.argv[3:]; runpy.run_path(sys.argv[0], run_name='__main__')")
    example = os.path.join(SOURCE, "contrib/ray/masks.py")
    return [sys.executable, "-c", start, str(WORKERS + 2), os.path.join(folder, "r"), example, str(WORKERS), images, out]


def check_ray(folder, images, expected):
    import pyarrow.parquet

    out = os.path.join(folder, "ray")
    said = run_killed(ray_command(folder, images, out), os.path.join(folder, "ray.log"))
    check_rows(pyarrow.parquet.read_table(out).to_pylist(), expected)
    return said


def check_ray_tars(folder, images, expected):
    import webdataset

    out = os.path.join(folder, "ray-tars")
    said = run_killed(ray_command(folder, images, out), os.path.join(folder, "ray-tars.log"))
    tars = sorted(glob.glob(os.path.join(glob.escape(out), "*.tar")))
    texts = [sample["json"].decode() for sample in webdataset.WebDataset(tars, shardshuffle=False)]
    assert sorted(texts) == sorted(expected[0].values()), f"{len(texts)} samples"
    return f"{len(tars)} tars, {said}"


def spark_command(script):
    """The example with four executors, each a Java process of its own, and tasks of some 100 images."""
    return ["spark-submit", "--master", f"local-cluster[{WORKERS},1,900]", "--driver-memory", "600m",
            "--conf", "spark.executor.memory=600m", "--conf", "spark.ui.enabled=false",
            "--conf", "spark.sql.files.openCostInBytes=1m", os.path.join(SOURCE, "contrib/spark", script)]


def check_spark(folder, images, expected):
    import pyarrow.parquet

    out = os.path.join(folder, "spark")
    said = run_killed([*spark_command("masks.py"), images, out], os.path.join(folder, "spark.log"), java=True)
    check_rows(pyarrow.parquet.read_table(out).to_pylist(), expected)
    return said


def check_spark_paths(folder, images, expected):
    """Answers have paths from the top; in the records they are named from there, too."""
    records, failed = expected
    listed, out = os.path.join(folder, "list"), os.path.join(folder, "spark-paths")
    with open(listed, "w", encoding="ascii") as file:
        file.writelines(f"{images}/{name}\n" for name in [*records, *failed])
    said = run_killed([*spark_command("paths.py"), listed, "16", out], os.path.join(folder, "paths.log"), java=True)
    rows = []
    for path in glob.glob(os.path.join(glob.escape(out), "part-*")):
        with open(path, encoding="ascii") as file:
            rows += map(json.loads, file)
    for row in rows:
        row["name"] = row["id"].removeprefix(images + "/")
        if "record" in row:
            row["record"]["image"] = json.loads(records[row["name"]])["image"]
        row["record"] = json.dumps(row["record"]) if "record" in row else ""
    check_rows(rows, expected)
    return said


PARTS = {"ray": check_ray, "ray-tars": check_ray_tars, "spark": check_spark, "spark-paths": check_spark_paths}


def main():
    # Ray's sockets are in there, whose names must be short.
    folder = tempfile.mkdtemp(prefix="engines-")
    images = os.path.join(folder, "images")
    make_images(images)
    expected = expected_records(images, os.path.join(folder, "out"))
    passed, failed = 0, 0
    parts = sys.argv[2:] or list(PARTS)
    for part in parts:
        if part.startswith("spark") and not shutil.which("java"):
            print(f"{part}: skipped, there is no java (default-jre-headless)", flush=True)
            continue
        try:
            print(f"{part}: ok, {PARTS[part](folder, images, expected)}", flush=True)
            passed += 1
        except Exception as reason:
            failed += 1
            print(f"{part}: FAILED: {type(reason).__name__}: {reason}", flush=True)
    if not failed:
        shutil.rmtree(folder, ignore_errors=True)
    print(f"{passed} passed, {failed} failed")
    return failed > 0


if __name__ == "__main__":
    sys.exit(main())
