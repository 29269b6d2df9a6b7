"""The weighted mean of exported models of one architecture. Models that grew from the same one differ in much that is
noise of their training, and the mean has less of it (Wortsman et al., Model soups, 2022).

    mix.py OUT.safetensors --version NAME [--set pred_iou_thresh=0.7 ...] MODEL=SHARE MODEL=SHARE ...

The shares must add up to 1. All metadata but the version is that of the first model, its own defaults too where --set
names no others.
"""
import argparse
import pathlib

import torch
from safetensors import safe_open

from architecture import fitted
from export import default, write


def share(text):
    path, _, number = text.rpartition("=")
    return pathlib.Path(path), float(number)


def load(path):
    with safe_open(path, "pt") as model:
        return {name: model.get_tensor(name).float() for name in model.keys()}, model.metadata() or {}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("models", type=share, nargs="+", metavar="MODEL=SHARE")
    parser.add_argument("--version", required=True)
    parser.add_argument("--set", type=default, action="append", default=[], help="a default for maskmill")
    arguments = parser.parse_args()
    if abs(sum(number for _, number in arguments.models) - 1) > 1e-6:
        parser.error("the shares do not add up to 1")
    first, metadata = load(arguments.models[0][0])
    mean = {name: torch.zeros_like(tensor) for name, tensor in first.items()}
    for path, number in arguments.models:
        tensors, _ = load(path)
        for name, total in mean.items():
            tensor = fitted(name, tensors[name], total) if name in tensors else None
            if tensor is None or tensor.shape != total.shape:
                parser.error(f"{path}: tensor {name} is missing or of another shape than in {arguments.models[0][0]}")
            total += number * tensor
    write(mean, {**metadata, "version": arguments.version, **dict(arguments.set)}, arguments.out)


if __name__ == "__main__":
    main()
