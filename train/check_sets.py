"""For make train-smoke: what photographs.py makes of a folder of sets, and that run strings are read as written.

    check_sets.py ROOT
"""
import argparse
import pathlib
import types

import numpy as np
import torch

from photographs import Photographs
from record import decode

SIZE, PROMPTS, COUNT = 128, 8, 24


def check_strings():
    """COCO's own strings: differences to the run before the last, five bits a character."""
    mask = decode({"size": [3, 4], "counts": "1234"})  # runs 1, 2, 3, then 4 more than the second
    assert mask.shape == (3, 4) and mask.T.ravel().tolist()[:6] == [False, True, True, False, False, False]
    assert decode({"size": [3, 4], "counts": [1, 2, 3, 6]}).tolist() == mask.tolist()


def check_batch(batch):
    """Every click lies in all its true masks, the smallest first, and no true mask in the padding."""
    assert batch["image"].dtype == torch.uint8
    targets, weight = batch["targets"][0], batch["weight"][0]
    areas = targets.sum((2, 3))
    assert (weight[:, 0] == 1).all() and weight.gather(1, batch["chosen"][0][:, None]).all()
    for place in (1, 2):
        wanted = weight[:, place] > 0
        assert (areas[wanted, place] > areas[wanted, place - 1]).all()
    column, row = (batch["point"][0] / 4).floor().clamp(min=0).long().unbind(1)
    held = targets[torch.arange(len(row)), :, row.clamp(max=SIZE // 4 - 1), column.clamp(max=SIZE // 4 - 1)]
    assert (held[weight > 0] > 0).float().mean() > 0.97  # a click on the edge may fall into the next cell
    assert not (targets * (batch["valid"] == 0)).any()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=pathlib.Path)
    check_strings()
    torch.set_num_threads(1)
    options = types.SimpleNamespace(photographs=parser.parse_args().root, seed=3, prompts=PROMPTS)
    photographs = Photographs(options, torch.device("cpu"))
    for index in range(COUNT):
        batch = photographs.batch(index, 1, SIZE)
        check_batch(batch)
    again = photographs.batch(COUNT - 1, 1, SIZE)
    assert all(torch.equal(batch[key], again[key]) for key in batch)
    assert np.isclose(photographs.sets.weights.sum(), 1) and photographs.sets.grounds
    print(f"{COUNT} pictures of {len(photographs.sets.marked)} with masks, {len(photographs.sets.things)} things to cut out")


if __name__ == "__main__":
    main()
