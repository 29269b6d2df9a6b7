#!/usr/bin/env python3
"""How cost grows: maskmill alone over grids, image sizes, models, threads and workers; writes bench/SCALING.md.

    bench/scaling [--quick]       --quick: the built-in model alone

Called by bench/scaling, which provides Python packages. Random weights where a model is not the built-in one. Each figure is
the best of two.
"""

import argparse
import datetime
import json
import os
import shutil
import subprocess
import sys
import time

from compare import BUILTIN, PROGRAM, TOP, WORK, machine, photograph, versions

sys.path.insert(0, os.path.join(TOP, "tests/parity"))


def bench(model, image, *options, repeat=2):
    """Best seconds of each stage, largest memory."""
    command = [PROGRAM, "bench", "--json", "--model", model, "--repeat", str(repeat), *options, image]
    return json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)


def table(title, head, rows):
    lines = [f"## {title}", "", "| " + " | ".join(head) + " |", "|" + "---|" * len(head)]
    return "\n".join(lines + ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]) + "\n"


def row(name, result):
    return [name] + [f"{result[key]:.2f}" for key in ("encoder", "decoder", "whole")] + [result["masks"], f"{result['peak_mib']:.0f}"]


HEAD = ["encoder, s", "decoder, s", "whole, s", "masks", "memory, MiB"]


def resized(megapixels):
    """The photograph at that size, 3:2."""
    import cv2
    path = os.path.join(WORK, f"photograph-{megapixels}mp.jpg")
    if not os.path.exists(path):
        height = round((megapixels * 1e6 / 1.5) ** 0.5)
        cv2.imwrite(path, cv2.resize(cv2.imread(photograph()), (round(1.5 * height), height), interpolation=cv2.INTER_LINEAR))
    return path


def models(quick):
    import official
    import torch
    found = {"built-in": BUILTIN}
    for kind in () if quick else ("vit_b", "vit_l", "vit_h", "mobile_sam"):
        path = os.path.join(WORK, f"{kind}-random.pth")
        if not os.path.exists(path):
            torch.save(official.random(kind, 3).state_dict(), path)
        found[kind] = path
    return found


def throughput(model, images, workers, threads):
    """Images a second of one process over a folder."""
    out = os.path.join(WORK, f"out-{workers}-{threads}")
    shutil.rmtree(out, ignore_errors=True)
    start = time.perf_counter()
    subprocess.run([PROGRAM, "run", "--quiet", "--model", model, "--workers", str(workers), "--threads", str(threads), "-o", out, images], check=True)
    return len(os.listdir(images)) / (time.perf_counter() - start)


def separate(model, images):
    """Images a second of two single-threaded processes side by side, each over the whole folder."""
    start = time.perf_counter()
    running = []
    for i in range(2):
        out = os.path.join(WORK, f"out-separate-{i}")
        shutil.rmtree(out, ignore_errors=True)
        running.append(subprocess.Popen([PROGRAM, "run", "--quiet", "--model", model, "--workers", "1", "--threads", "1", "-o", out, images]))
    if any([process.wait() for process in running]):
        raise SystemExit("a run failed")
    return 2 * len(os.listdir(images)) / (time.perf_counter() - start)


def copies(count):
    folder = os.path.join(WORK, "copies")
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    for i in range(count):
        os.symlink(photograph(), os.path.join(folder, f"{i:03}.png"))
    return folder


def workers(model):
    images = copies(8)
    best = {}
    for _ in range(3):
        for name, rate in (("one process, 1 worker, 1 thread", throughput(model, images, 1, 1)), ("one process, 1 worker, 2 threads", throughput(model, images, 1, 2)),
                           ("one process, 2 workers, 1 thread each", throughput(model, images, 2, 1)), ("two processes, 1 thread each", separate(model, images))):
            best[name] = max(best.get(name, 0), rate)
    return [[name, f"{rate:.3f}"] for name, rate in best.items()]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true")
    options = parser.parse_args()
    os.makedirs(WORK, exist_ok=True)
    known = models(options.quick)
    main_model = known.get("vit_b", BUILTIN)
    image = photograph()
    parts = [f"# How cost grows\n\nWritten by bench/scaling on {datetime.date.today()}. {machine()}. {versions()}.\n"
             f"Model: {os.path.basename(main_model)}, 1800x1200, 2 threads, grid 32 (the built-in model: its own search), unless said otherwise.\n"]

    def add(*arguments):
        parts.append(table(*arguments))
        print(parts[-1], flush=True)
    add("Grid", ["points per side"] + HEAD, [row(n, bench(main_model, image, "--threads", "2", "--set", f"points-per-side={n}")) for n in (8, 16, 32, 64)])
    add("Image size", ["megapixels"] + HEAD, [row(n, bench(main_model, resized(n), "--threads", "2")) for n in (1, 4, 12, 48)])
    add("Image size, built-in model", ["megapixels"] + HEAD, [row(n, bench(BUILTIN, resized(n), "--threads", "2")) for n in (1, 4, 12, 48)])
    add("Models and threads (random ones have masks over the whole image, which box NMS reduces to one)", ["model, threads"] + HEAD,
        [row(f"{name}, {threads}", bench(path, image, "--threads", str(threads))) for name, path in known.items() for threads in (1, 2)])
    add("Workers (built-in model, 8 images)", ["", "images/s"], workers(BUILTIN))
    with open(os.path.join(TOP, "bench/SCALING.md"), "w") as file:
        file.write("\n".join(parts))


if __name__ == "__main__":
    main()
