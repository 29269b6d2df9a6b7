"""Checkpoints: the whole state of a training in one file, or what is worth carrying to another machine in small pieces.

    checkpoint.py pack CHECKPOINT FOLDER [--piece-mib 15]    6 bytes a weight: weights and averages in F16, the
                                                             optimiser's second moments in bfloat16
    checkpoint.py unpack FOLDER CHECKPOINT                   the training goes on with rounded weights; its first
                                                             moments begin at zero
"""
import argparse
import io
import os
import pathlib

import torch


def save(state, path):
    """Never leaves half a file."""
    torch.save(state, path.with_suffix(".tmp"))
    os.replace(path.with_suffix(".tmp"), path)


def load(path, device):
    return torch.load(path, map_location=device, weights_only=False)


def converted(tensors, kind):
    return {key: value.to(kind) if value.dtype.is_floating_point else value for key, value in tensors.items()}


def compact(state):
    slots = {number: {"step": slot["step"], "exp_avg_sq": slot["exp_avg_sq"].bfloat16()}
             for number, slot in state["optimizer"]["state"].items()}
    return {**state, "model": converted(state["model"], torch.float16),
            "average": converted(state["average"], torch.float16),
            "optimizer": {**state["optimizer"], "state": slots}}


def expanded(state):
    slots = {}
    for number, slot in state["optimizer"]["state"].items():
        moments = slot["exp_avg_sq"].float()
        slots[number] = {"step": slot["step"], "exp_avg": torch.zeros_like(moments), "exp_avg_sq": moments}
    return {**state, "model": converted(state["model"], torch.float32),
            "average": converted(state["average"], torch.float32),
            "optimizer": {**state["optimizer"], "state": slots}}


def pack(path, folder, piece):
    stream = io.BytesIO()
    torch.save(compact(load(path, "cpu")), stream)
    content = stream.getvalue()
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("piece*"):
        old.unlink()
    for number, first in enumerate(range(0, len(content), piece)):
        (folder / f"piece{number:02d}").write_bytes(content[first:first + piece])
    print(f"{folder}: {len(content) / 1e6:.1f} MB in {number + 1} pieces")


def unpack(folder, path):
    pieces = sorted(folder.glob("piece*"))
    if not pieces:
        raise SystemExit(f"{folder}: no pieces of a checkpoint")
    content = b"".join(piece.read_bytes() for piece in pieces)
    path.parent.mkdir(parents=True, exist_ok=True)
    save(expanded(torch.load(io.BytesIO(content), map_location="cpu", weights_only=False)), path)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("pack", "unpack"))
    parser.add_argument("source", type=pathlib.Path)
    parser.add_argument("target", type=pathlib.Path)
    parser.add_argument("--piece-mib", type=int, default=15)
    arguments = parser.parse_args()
    if arguments.action == "pack":
        pack(arguments.source, arguments.target, arguments.piece_mib << 20)
    else:
        unpack(arguments.source, arguments.target)


if __name__ == "__main__":
    main()
