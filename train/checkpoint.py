"""Checkpoints: the whole state of a training in one file, or what is worth carrying to another machine in small pieces.

    checkpoint.py pack CHECKPOINT FOLDER [--piece-mib 15]    state00 ...: weights in F16, the optimiser's second
                                                             moments in 8 bits, 3 bytes a weight; average00 ...: the
                                                             averaged weights in F16
    checkpoint.py unpack FOLDER CHECKPOINT                   to go on with rounded weights; first moments begin at
                                                             zero, averages where they were or, without
                                                             their pieces, at the weights
"""
import argparse
import io
import os
import pathlib

import torch

SMALL = torch.float8_e5m2


def save(state, path):
    """Never leaves half a file."""
    torch.save(state, path.with_suffix(".tmp"))
    os.replace(path.with_suffix(".tmp"), path)


def load(file, device):
    """As data: a checkpoint from elsewhere runs nothing. The options hold paths."""
    with torch.serialization.safe_globals([pathlib.PosixPath]):
        return torch.load(file, map_location=device, weights_only=True)


def converted(tensors, kind):
    return {key: value.to(kind) if value.dtype.is_floating_point else value for key, value in tensors.items()}


def small_roots(moments):
    """Second moments as roots of 8 bits and their largest: what matters is their order of size."""
    roots = moments.sqrt()
    largest = roots.max().clamp(min=1e-30)
    return (roots / largest * torch.finfo(SMALL).max).to(SMALL), largest


def compact(state):
    slots = {number: {"step": slot["step"], "roots": small_roots(slot["exp_avg_sq"])}
             for number, slot in state["optimizer"]["state"].items()}
    return {**state, "model": converted(state["model"], torch.float16), "average": None,
            "optimizer": {**state["optimizer"], "state": slots}}


def expanded(state, average):
    slots = {}
    for number, slot in state["optimizer"]["state"].items():
        roots, largest = slot["roots"]
        moments = (roots.float() / torch.finfo(SMALL).max * largest) ** 2
        slots[number] = {"step": slot["step"], "exp_avg": torch.zeros_like(moments), "exp_avg_sq": moments}
    model = converted(state["model"], torch.float32)
    return {**state, "model": model, "average": converted(average, torch.float32) if average else dict(model),
            "optimizer": {**state["optimizer"], "state": slots}}


def write_pieces(content, folder, name, piece):
    stream = io.BytesIO()
    torch.save(content, stream)
    content = stream.getvalue()
    for number, first in enumerate(range(0, len(content), piece)):
        (folder / f"{name}{number:02d}").write_bytes(content[first:first + piece])
    print(f"{folder}/{name}: {len(content) / 1e6:.1f} MB in {number + 1} pieces")


def read_pieces(folder, name):
    """None where there are none."""
    content = b"".join(piece.read_bytes() for piece in sorted(folder.glob(f"{name}[0-9][0-9]")))
    return load(io.BytesIO(content), "cpu") if content else None


def pack(path, folder, piece):
    folder.mkdir(parents=True, exist_ok=True)
    for old in (*folder.glob("state[0-9][0-9]"), *folder.glob("average[0-9][0-9]")):
        old.unlink()
    state = load(path, "cpu")
    write_pieces(compact(state), folder, "state", piece)
    write_pieces(converted(state["average"], torch.float16), folder, "average", piece)


def unpack(folder, path):
    state = read_pieces(folder, "state")
    if state is None:
        raise SystemExit(f"{folder}: no pieces of a checkpoint")
    path.parent.mkdir(parents=True, exist_ok=True)
    save(expanded(state, read_pieces(folder, "average")), path)


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
