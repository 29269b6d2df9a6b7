#!/usr/bin/env python3
"""Writes dumps/clip_xs.safetensors: what OpenAI's code makes of a small CLIP whose numbers follow from a formula.

    clip_dumps.py

tests/unit/clip_model.h has the same sizes, formula and inputs, so neither the model nor the inputs are stored. The dump holds
tokens [n,12], the embeddings of three images and of the texts [n,48], and the scale of the logits. Needs torch, safetensors and
openai-clip."""

import os

import numpy as np
import torch
from safetensors.torch import save_file

import official_clip

HERE = os.path.dirname(os.path.abspath(__file__))
SIZES = (48, 24, 2, 64, 8, 12, 50, 128, 2, 2)
IMAGES = 3


def numbers(name, count):
    """clip_number of clip_model.h for places 0 .. count - 1: float32 in -1..1."""
    state = 2166136261
    for byte in name.encode():
        state = (state ^ byte) * 16777619 & 0xFFFFFFFF
    with np.errstate(over="ignore"):
        x = np.uint32(state) + np.arange(count, dtype=np.uint32) * np.uint32(0x9E3779B9)
        x = (x ^ x >> 16) * np.uint32(0x85EBCA6B)
        x = (x ^ x >> 13) * np.uint32(0xC2B2AE35)
        x ^= x >> 16
    return (x >> 8).astype(np.float32) / np.float32(1 << 23) - np.float32(1)


def scale_of(name, shape):
    """Scale and offset of a tensor's numbers."""
    if name == "logit_scale":
        return 0, 3
    if ".ln_" in name or name.startswith("ln_"):
        return (0.2, 1) if name.endswith("weight") else (0.1, 0)
    if name.endswith("bias"):
        return 0.1, 0
    if name == "token_embedding.weight":
        return 0.8, 0
    if "embedding" in name:
        return 0.5, 0
    inputs = shape[0] if name.endswith("proj") or name == "text_projection" else int(np.prod(shape[1:]))
    spread = np.float32(1.7) / np.sqrt(np.float32(inputs))
    return (2 * spread if name.endswith("in_proj_weight") else spread), 0


@torch.no_grad()
def model():
    clip = official_clip.official.CLIP(*SIZES).eval().requires_grad_(False)
    for name, p in clip.named_parameters():
        scale, offset = scale_of(name, tuple(p.shape))
        values = numbers(name, p.numel()) * np.float32(scale) + np.float32(offset)
        p.copy_(torch.from_numpy(values.reshape(tuple(p.shape))))
    return clip


def main():
    clip, side = model(), SIZES[1]
    pixels = torch.from_numpy(2 * numbers("inputs", IMAGES * 3 * side * side)).reshape(IMAGES, 3, side, side)
    tokens = official_clip.texts(SIZES[5], SIZES[6])
    image, text = official_clip.embed(clip, pixels, tokens)
    path = f"{HERE}/dumps/clip_xs.safetensors"
    save_file({"tokens": tokens.float(), "image": image, "text": text, "logit_scale": clip.logit_scale.exp().reshape(1)}, path)
    print(f"{path}: {os.path.getsize(path)} bytes")


if __name__ == "__main__":
    main()
