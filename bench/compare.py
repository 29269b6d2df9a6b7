#!/usr/bin/env python3
"""Times maskmill and its peers on the same weights and image, in turn, best of n, and writes bench/RESULTS.md.

    bench/run [--model FILE] [--image FILE] [--threads N] [--repeat N] [--encoder-repeat N] [--only PEER,...]

Without --model two are timed: a ViT-B with random weights (made on the spot; about half of the prompts have a mask above
0.88) and the built-in model. maskmill and every peer are started anew for each turn; their start and the loading of the
model are not counted.
"""

import argparse
import datetime
import json
import os
import platform
import subprocess
import sys
from importlib import metadata

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(HERE)
WORK = os.path.join(TOP, "build/bench")
PROGRAM = os.path.join(TOP, "build/maskmill")
BUILTIN = os.path.join(TOP, "model/builtin.safetensors")
PEERS = ("torch", "torch-bf16", "onnxruntime", "openvino-f32", "openvino-bf16")
STAGES = ("encoder", "decoder", "whole")

sys.path.insert(0, os.path.join(TOP, "tests/parity"))


class Peer:
    """A process of peer.py for each turn, since all of them at once need more than 24 GiB."""

    def __init__(self, name, options, folder):
        self.name = name
        self.command = [sys.executable, f"{HERE}/peer.py", name, options.model, options.image, folder, str(options.threads)]

    def once(self, stage):
        """The encoder runs once more before, so that nothing is timed that happens only once."""
        with subprocess.Popen(self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as process:
            answers = process.communicate(f"encoder\n{stage}\n")[0].splitlines()
        if len(answers) != 3:
            raise RuntimeError("it ended early")
        return json.loads(answers[2])


class Maskmill:
    """One run of `maskmill bench` each time."""

    def __init__(self, name, options, precision):
        self.name = name
        self.command = [PROGRAM, "bench", "--json", "--model", options.model, "--threads", str(options.threads), "--precision", precision, "--repeat", "1"]
        self.image = options.image

    def once(self, stage):
        less = ["--set", f"points-per-side={1 if stage == 'encoder' else 32}"]
        return json.loads(subprocess.run(self.command + less + [self.image], check=True, capture_output=True, text=True).stdout)


def precision_of(name):
    """f32, bf16 or f16, as the contender's name ends."""
    ending = name.rsplit("-", 1)[-1]
    return ending if ending in ("bf16", "f16") else "f32"


def cpu_has(precision):
    flag = {"f32": "", "bf16": "avx512_bf16", "f16": "avx512_fp16"}[precision]
    return flag in open("/proc/cpuinfo").read()


def contenders(options, folder):
    wanted = options.only.split(",") if options.only else ("maskmill", "maskmill-bf16", "maskmill-f16") + PEERS
    for name in wanted:
        if not cpu_has(precision_of(name)):
            print(f"{name}: left out, this CPU has no {precision_of(name)} products")
            continue
        yield Maskmill(name, options, precision_of(name)) if name.startswith("maskmill") else Peer(name, options, folder)


def measure(options, folder):
    """name: best seconds of each stage and largest memory, in turn through all contenders."""
    best = {}
    racing = list(contenders(options, folder))
    stages = ["all"] * options.repeat + ["encoder"] * options.encoder_repeat
    for turn, stage in enumerate(stages):
        for one in racing[:]:
            try:
                result = one.once(stage)
            except (subprocess.CalledProcessError, RuntimeError) as error:
                print(f"  {one.name}: left out: {getattr(error, 'stderr', None) or error}")
                racing.remove(one)
                continue
            if stage == "encoder":
                result = {"encoder": result["encoder"]}
            print(f"  turn {turn} {one.name}: " + ", ".join(f"{key} {value:.3f}" for key, value in result.items() if isinstance(value, (int, float))), flush=True)
            known = best.setdefault(one.name, dict(result))
            for key, value in result.items():
                if key in STAGES:
                    known[key] = min(known[key], value)
                elif key == "peak_mib":
                    known[key] = max(known[key], value)
    return best


def vit_gflop(width, depth, heads, globals_, size=1024, window=14, channels=256):
    """Floating-point operations of SAM's image encoder, two a multiply-add, padded windows included in attention."""
    grid = size // 16
    n = grid * grid
    padded = -(-grid // window) * window
    products = n * 768 * width + depth * n * 12 * width * width
    products += globals_ * n * n * 2 * width + (depth - globals_) * padded * padded * window * window * 2 * width
    products += globals_ * n * 2 * grid * width + (depth - globals_) * n * 2 * window * width
    products += n * (width * channels + 9 * channels * channels)
    return 2e-9 * products


def encoder_gflop(model):
    """Of the official ViTs; None for others."""
    known = {"vit_b": (768, 12, 12, 4), "vit_l": (1024, 24, 16, 4), "vit_h": (1280, 32, 16, 4)}
    for name, sizes in known.items():
        if name in os.path.basename(model):
            return vit_gflop(*sizes)
    return None


def table(best, gflop, peak):
    def seconds(row, stage):
        return f"{row[stage]:.2f}" if stage in row else ""

    def ratio(row, base, stage):
        return f"{row[stage] / base[stage]:.2f}" if stage in row and stage in base else ""

    base = best.get("maskmill", {})
    lines = ["| | encoder, s | decoder, s | whole image, s | encoder, x maskmill | decoder, x | whole, x | share of peak | memory, MiB |", "|---|---|---|---|---|---|---|---|---|"]
    for name, row in best.items():
        limit = peak["float"] if precision_of(name) == "f32" else max(peak.values())
        share = f"{gflop / row['encoder'] / limit:.0%}" if gflop and "encoder" in row else ""
        cells = [name] + [seconds(row, s) for s in STAGES] + [ratio(row, base, s) for s in STAGES] + [share, f"{row.get('peak_mib', 0):.0f}"]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def machine():
    lines = open("/proc/cpuinfo").read().splitlines()
    cpu = next((line.split(":")[1].strip() for line in lines if line.startswith("model name")), platform.machine())
    return f"{cpu}, {os.cpu_count()} CPUs, {os.sysconf('SC_PAGE_SIZE') * os.sysconf('SC_PHYS_PAGES') / 2**30:.0f} GiB"


def versions():
    own = subprocess.run([PROGRAM, "--version"], capture_output=True, text=True).stdout.split("\n")[0]
    return ", ".join([own, "Python " + platform.python_version()] + [f"{p} {metadata.version(p)}" for p in ("torch", "onnxruntime", "openvino")])


def peak(threads):
    return json.loads(subprocess.run([f"{WORK}/peak", str(threads)], check=True, capture_output=True, text=True).stdout)


def one_model(options):
    name = os.path.splitext(os.path.basename(options.model))[0]
    folder = os.path.join(WORK, "onnx-" + name)
    if not options.only or any(p in options.only for p in ("onnxruntime", "openvino")):
        print(f"{name}: exporting to ONNX", flush=True)
        subprocess.run([sys.executable, f"{HERE}/peer.py", "export", options.model, options.image, folder, "1"], check=True, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)
    before = peak(options.threads)
    best = measure(options, folder)
    after = peak(options.threads)
    most = {key: max(before[key], after[key]) for key in before}
    text = f"""## {name}, {os.path.basename(options.image)}, {options.threads} threads

{table(best, encoder_gflop(options.model), most)}

Best of {options.repeat} turns through all of them, and of {options.encoder_repeat} more for the encoder alone. Machine's measured peak with {options.threads} threads: {most['float']:.0f} GFLOP/s float, {most['bf16']:.0f} bf16, {most['f16']:.0f} f16.
"""
    print(text)
    return text


def default_models():
    import official
    import torch
    path = os.path.join(WORK, "vit_b-random.pth")
    if not os.path.exists(path):
        torch.save(official.random("vit_b", 3).state_dict(), path)
    return [path, BUILTIN]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--model")
    parser.add_argument("--image")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--repeat", type=int, default=3)
    parser.add_argument("--encoder-repeat", type=int, default=5)
    parser.add_argument("--only")
    options = parser.parse_args()
    options.image = options.image or photograph()
    text = f"""# Side by side

Written by `make bench` on {datetime.date.today()}. {machine()}. {versions()}.
Encoder: from the normalised input to the embedding. Decoder: 1,024 point prompts to predicted IoU and low-resolution masks
(maskmill: only those that pass the IoU filter). Whole image: pixels in memory to run-length encoded records. Share of peak:
the encoder's of float's peak, or of the fastest of all where operands have 16 bits.
"""
    for model in [options.model] if options.model else default_models():
        options.model = model
        text += "\n" + one_model(options)
    with open(f"{HERE}/RESULTS.md", "w") as file:
        file.write(text)
    print("written: bench/RESULTS.md")


def photograph():
    """A photograph of examples/ enlarged or shrunk to 1800 px, as a PNG: the same pixels for everybody."""
    import glob
    import cv2
    path = os.path.join(WORK, "photograph-1800.png")
    if not os.path.exists(path):
        found = sorted(glob.glob(f"{TOP}/examples/**/*.jpg", recursive=True) + glob.glob(f"{TOP}/tests/parity/images/shrunk.png"))
        image = cv2.imread(found[0])
        scale = 1800 / max(image.shape[:2])
        cv2.imwrite(path, cv2.resize(image, None, fx=scale, fy=scale, interpolation=cv2.INTER_CUBIC))
    return path


if __name__ == "__main__":
    main()
