"""The masks of a folder or bucket of images with Ray Data. Each actor keeps one `maskmill pipe` (docs/pipe.md).

    python masks.py ACTORS IMAGES OUT [option of maskmill pipe...]

OUT becomes a folder of Parquet files with name, status, record (JSON) and error of each image; if its name ends in -tars, of
tar shards for WebDataset with a KEY.json for each image that is done."""
import contextlib
import json
import os
import subprocess
import sys
import threading

import ray


def write(pipe, images):
    with contextlib.suppress(OSError):  # the process has ended, as its reader sees
        for name, data in images:
            pipe.write(json.dumps({"id": name, "name": name, "bytes": len(data)}).encode() + b"\n" + data)
        pipe.flush()


class Masks:
    def __init__(self, root, options):
        self.root, self.pipe = root, None
        self.command = ["maskmill", "pipe", "--quiet", "--workers=1", "--threads=1", *options]

    def ask(self, images):
        """The answers to pairs of name and bytes, in order. Where the process is lost, a new one is asked for the rest."""
        answers = []
        for _ in range(5):
            self.pipe = self.pipe or subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            threading.Thread(target=write, args=[self.pipe.stdin, images[len(answers):]], daemon=True).start()
            while len(answers) < len(images) and (line := self.pipe.stdout.readline()).endswith(b"\n"):
                answers.append(json.loads(line))
            if len(answers) == len(images):
                return answers
            self.pipe = None
        raise RuntimeError("maskmill pipe has ended five times; its messages are in this actor's log")

    def __call__(self, batch):
        names = [os.path.relpath(path, self.root) for path in batch["path"]]
        answers = self.ask(list(zip(names, batch["bytes"])))
        keys = [os.path.splitext(name)[0].replace(".", "%2E") for name in names]  # in WebDataset, a dot ends the key
        records = [json.dumps(answer["record"]) if "record" in answer else "" for answer in answers]
        return {"name": names, "status": [answer["status"] for answer in answers], "record": records,
                "error": [answer.get("error", "") for answer in answers], "__key__": keys}


if __name__ == "__main__":
    actors, images, out, *options = sys.argv[1:]
    root = images.split("://")[1] if "://" in images else os.path.abspath(images)
    masks = ray.data.read_binary_files(images, include_paths=True).map_batches(
        Masks, fn_constructor_args=[root, options], batch_size=16, concurrency=int(actors), num_cpus=1)
    if out.endswith("-tars"):
        done = masks.filter(lambda row: row["status"] == "done")
        done.map(lambda row: {"__key__": row["__key__"], "json": row["record"].encode()}).write_webdataset(out, encoder=None)
    else:
        masks.drop_columns(["__key__"]).write_parquet(out)
