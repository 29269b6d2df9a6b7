"""Writes a SAM that takes texts, and a small CLIP for them: text_models.py MODEL.safetensors, whose weights the SAM gets.

    sam.safetensors    with prompt_encoder.text_projection of embeddings of 8 numbers
    clip.safetensors   OpenAI's names, random weights, context 8, the vocabulary of merges.txt beside it
    wide.safetensors   a CLIP with embeddings of 16 numbers

Python's standard library only."""

import math
import os
import random
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from transformers_checkpoints import load, metadata_of, write  # noqa: E402

MERGES = ["c a", "ca t</w>", "d o", "do g</w>", "a t</w>"]
TEXT, WIDTH, CONTEXT = 8, 64, 8


def floats(shape, scale, seed=random.Random(3)):
    values = [seed.uniform(-scale, scale) for _ in range(math.prod(shape))]
    return "F32", list(shape), struct.pack(f"<{len(values)}f", *values)


def add(weights, name, *shape, scale=None):
    weights[name] = floats(shape, scale or 1 / math.sqrt(shape[-1]))


def tower(weights, prefix, norms):
    block = prefix + "transformer.resblocks.0."
    for norm in (block + "ln_1", block + "ln_2", *norms):
        add(weights, norm + ".weight", WIDTH, scale=1)
        add(weights, norm + ".bias", WIDTH)
    for layer, out, into in (("attn.in_proj_", 3 * WIDTH, WIDTH), ("attn.out_proj.", WIDTH, WIDTH), ("mlp.c_fc.", 2 * WIDTH, WIDTH),
                             ("mlp.c_proj.", WIDTH, 2 * WIDTH)):
        add(weights, block + layer + "weight", out, into)
        add(weights, block + layer + "bias", out)


def clip(text):
    weights = {"logit_scale": floats((), 1)}
    tower(weights, "visual.", ("visual.ln_pre", "visual.ln_post"))
    tower(weights, "", ("ln_final",))
    add(weights, "visual.class_embedding", WIDTH)
    add(weights, "visual.positional_embedding", 5, WIDTH)
    add(weights, "visual.proj", WIDTH, text)
    add(weights, "visual.conv1.weight", WIDTH, 3, 4, 4)
    add(weights, "token_embedding.weight", 512 + len(MERGES) + 2, WIDTH, scale=1)
    add(weights, "positional_embedding", CONTEXT, WIDTH)
    add(weights, "text_projection", WIDTH, text)
    return weights


sam = load(sys.argv[1])
channels = sam["prompt_encoder.no_mask_embed.weight"][1][1]
add(sam, "prompt_encoder.text_projection.weight", channels, TEXT, scale=3)
add(sam, "prompt_encoder.text_projection.bias", channels)
write(sam, "sam.safetensors", metadata_of(sys.argv[1]))
write(clip(TEXT), "clip.safetensors")
write(clip(2 * TEXT), "wide.safetensors")
with open("merges.txt", "w") as file:
    file.write("\n".join(["#version: 0.2", *MERGES, ""]))
