#!/usr/bin/env python3
"""Makes models/repvit_xs, a small random relative of RepViT-SAM, and what the official code finds with it.

    git clone https://github.com/THU-MIG/RepViT
    build/reference/bin/python tests/parity/repvit_dumps.py RepViT

The committed files are from commit 298f42075eda5d2e6102559fad260c970769d34e of that repository and the packages of
requirements.txt. RepViT-SAM is no package: one file of it is loaded here, its image encoder. The rest of the model is
segment_anything's.
"""

import importlib.util
import os
import sys

import torch
from safetensors.torch import load_file

import make_dumps
import official

HERE = make_dumps.HERE
NAME, IMAGE, SEED = "repvit_xs", "shrunk", 7  # with seeds 5 and 8, nearly no mask is left
SIZES = dict(size=256, channels=32, decoder_mlp=64, iou_hidden=24)
# Kernel, expansion, width, squeeze-excite, unused, stride of each block: strides halve the 64x64 positions to 16x16.
BLOCKS = [[3, 2, 16, 1, 0, 1], [3, 2, 16, 0, 0, 1], [3, 2, 24, 0, 0, 2], [3, 2, 24, 1, 0, 1], [3, 2, 40, 0, 1, 2], [3, 2, 40, 1, 1, 1],
          [3, 2, 40, 0, 1, 1]]


def code(folder):
    """The official encoder's file."""
    spec = importlib.util.spec_from_file_location("repvit", os.path.join(folder, "sam/repvit_sam/modeling/repvit.py"))
    repvit = sys.modules["repvit"] = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(repvit)
    return repvit


def encoder(folder):
    """The official encoder with these blocks, and a neck of `channels` outputs."""
    repvit = code(folder)
    made, n = repvit.RepViT(BLOCKS, img_size=SIZES["size"]), SIZES["channels"]
    made.neck = torch.nn.Sequential(torch.nn.Conv2d(BLOCKS[-1][2], n, 1, bias=False), repvit.LayerNorm2d(n),
                                    torch.nn.Conv2d(n, n, 3, padding=1, bias=False), repvit.LayerNorm2d(n))
    return made


def assemble(folder):
    sam = official.assemble(dict(SIZES, width=16, depth=1, heads=1, window=0, globals=(0,), mlp_ratio=1))  # any encoder
    sam.image_encoder = encoder(folder)
    return sam.requires_grad_(False)


def main(folder):
    torch.set_num_threads(1)
    path = f"{HERE}/models/{NAME}.safetensors"

    def load(path):
        sam = assemble(folder)
        missing, unknown = sam.load_state_dict(load_file(path), strict=False)
        assert not unknown and all(name.endswith(official.UNUSED) for name in missing), (missing, unknown)
        return sam.eval()

    torch.manual_seed(SEED)
    official.save(official.randomise(assemble(folder)), path, half=True)
    sam = make_dumps.dump(path, make_dumps.image_path(make_dumps.IMAGES[0]), f"{HERE}/dumps/{NAME}.safetensors", load)
    pixels = official.read_rgb(make_dumps.image_path(IMAGE))
    found = official.records(sam, pixels, **make_dumps.RANDOM_OPTIONS)
    official.write_record(f"{HERE}/records/{NAME}-{IMAGE}.json", IMAGE + ".png", pixels, found)
    print(f"{NAME} {IMAGE}: {len(found)} masks")


if __name__ == "__main__":
    main(sys.argv[1])
