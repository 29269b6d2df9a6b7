"""The masks of a folder or bucket of images with Spark. Each task keeps one `maskmill pipe` (docs/pipe.md).

    spark-submit masks.py IMAGES OUT [option of maskmill pipe...]

OUT becomes a folder of Parquet files with name, status, record (JSON) and error of each image."""
import contextlib
import itertools
import json
import subprocess
import sys
import threading

from pyspark.sql import SparkSession


def write(pipe, images):
    with contextlib.suppress(OSError):  # the process has ended, as its reader sees
        for name, data in images:
            pipe.write(json.dumps({"id": name, "name": name, "bytes": len(data)}).encode() + b"\n" + data)
        pipe.flush()


class Pipe:
    def __init__(self, options):
        self.command = ["maskmill", "pipe", "--quiet", "--workers=1", "--threads=1", *options]
        self.process = None

    def ask(self, images):
        """The answers to pairs of name and bytes, in order. Where the process is lost, a new one is asked for the rest."""
        answers = []
        for _ in range(5):
            self.process = self.process or subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            threading.Thread(target=write, args=[self.process.stdin, images[len(answers):]], daemon=True).start()
            while len(answers) < len(images) and (line := self.process.stdout.readline()).endswith(b"\n"):
                answers.append(json.loads(line))
            if len(answers) == len(images):
                return answers
            self.process = None
        raise RuntimeError("maskmill pipe has ended five times; its messages are in the executor's log")


def masks(rows, root, options):
    pipe = Pipe(options)
    images = ((row.path.removeprefix(root), bytes(row.content)) for row in rows)
    while batch := list(itertools.islice(images, 16)):
        for answer in pipe.ask(batch):
            record = json.dumps(answer["record"]) if answer["status"] == "done" else ""
            yield answer["id"], answer["status"], record, answer.get("error", "")


if __name__ == "__main__":
    images, out, *options = sys.argv[1:]
    spark = SparkSession.builder.appName("maskmill").getOrCreate()
    path = spark._jvm.org.apache.hadoop.fs.Path(images)
    root = str(path.getFileSystem(spark._jsc.hadoopConfiguration()).makeQualified(path)).rstrip("/") + "/"
    files = spark.read.format("binaryFile").option("recursiveFileLookup", True).load(images)
    found = files.select("path", "content").rdd.mapPartitions(lambda rows: masks(rows, root, options))
    found.toDF("name string, status string, record string, error string").write.parquet(out)
