"""Fails unless --still-norms kept the running statistics of the weights that a training began with.

    check_still.py INIT.safetensors CHECKPOINT
"""
import pathlib
import sys

import torch
from safetensors.torch import load_file

import checkpoint


def main():
    given = load_file(sys.argv[1])
    saved = checkpoint.load(pathlib.Path(sys.argv[2]), torch.device("cpu"))
    running = [key for key in given if key.endswith(("running_mean", "running_var"))]
    moved = [key for key in running if any(not torch.equal(saved[part][key], given[key].float())
                                           for part in ("model", "average"))]
    if not running or moved:
        sys.exit(f"{len(running)} running statistics, {len(moved)} of them not those of {sys.argv[1]}")


if __name__ == "__main__":
    main()
