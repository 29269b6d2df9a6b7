"""Fails unless a training's averaged weights find what a click means on drawn scenes that it never saw.

    check_model.py CHECKPOINT --size PIXELS --least IOU

The mean IoU of the best of three masks must reach --least, and be that of the same network before training plus a third.
"""
import argparse
import copy
import pathlib
import sys

import torch

import architecture
import checkpoint
from data import Scenes
from loss import actual_ious
from rounds import encode, flattened, predict

HELD_OUT = 1000  # added to the seed of the training
BATCHES, COUNT = 8, 8


@torch.no_grad()
def one_click(sam, options, batches):
    """Mean over all prompts: IoU of the best of three masks with the nearest true one, and share of cells inside."""
    ious, shares = [], []
    for batch in batches:
        flat = flattened(batch)
        points = flat["point"][:, None]
        logits, _ = predict(sam, encode(sam, batch, options), options, points, torch.ones_like(points[..., 0]), None,
                            None)
        ious.append(actual_ious(logits[:, 1:], flat["targets"], flat["valid"]).amax((1, 2)).mean())
        shares.append((logits[:, 1:] > 0).float().mean())
    return torch.stack(ious).mean().item(), torch.stack(shares).mean().item()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=pathlib.Path)
    parser.add_argument("--size", type=int, required=True)
    parser.add_argument("--least", type=float, required=True)
    arguments = parser.parse_args()
    saved = checkpoint.load(arguments.checkpoint, torch.device("cpu"))
    options = argparse.Namespace(**saved["options"])
    held_out = copy.copy(options)
    held_out.seed += HELD_OUT
    held_out.reuse = 1
    scenes = Scenes(held_out, torch.device("cpu"), 0)
    batches = [scenes.batch(index, COUNT, arguments.size) for index in range(BATCHES)]
    torch.manual_seed(options.seed)
    sam = architecture.build(options, arguments.size).eval()
    before, _ = one_click(sam, options, batches)
    sam.load_state_dict(saved["average"])
    after, share = one_click(sam, options, batches)
    print(f"one click on held-out scenes of {arguments.size} pixels: mean IoU {before:.3f} untrained, {after:.3f} "
          f"trained; the masks cover {share:.3f}")
    if not after >= max(arguments.least, 4 / 3 * before):
        sys.exit("the trained masks are not clearly better")


if __name__ == "__main__":
    main()
