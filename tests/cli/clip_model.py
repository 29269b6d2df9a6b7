"""Writes a small CLIP of random weights, and a vocabulary for it: clip_model.py FOLDER [SEED].

FOLDER/clip.safetensors has OpenAI's names; FOLDER/merges.txt is the vocabulary. Python's standard library only."""

import array
import json
import os
import random
import struct
import sys

MERGES = ("c a", "ca t</w>", "w h", "wh e", "e l</w>", "whe el</w>")
VOCABULARY = 2 * 256 + len(MERGES) + 2
SIDE, PATCH, WIDTH, EMBEDDING, CONTEXT = 32, 8, 64, 32, 77


def blocks(prefix):
    """The tensors of a tower of one block."""
    at = prefix + ".resblocks.0."
    return {at + "attn.in_proj_weight": (3 * WIDTH, WIDTH), at + "attn.in_proj_bias": (3 * WIDTH,),
            at + "attn.out_proj.weight": (WIDTH, WIDTH), at + "attn.out_proj.bias": (WIDTH,),
            at + "ln_1.weight": (WIDTH,), at + "ln_1.bias": (WIDTH,),
            at + "ln_2.weight": (WIDTH,), at + "ln_2.bias": (WIDTH,),
            at + "mlp.c_fc.weight": (4 * WIDTH, WIDTH), at + "mlp.c_fc.bias": (4 * WIDTH,),
            at + "mlp.c_proj.weight": (WIDTH, 4 * WIDTH), at + "mlp.c_proj.bias": (WIDTH,)}


SHAPES = {"visual.class_embedding": (WIDTH,), "visual.conv1.weight": (WIDTH, 3, PATCH, PATCH),
          "visual.positional_embedding": ((SIDE // PATCH) ** 2 + 1, WIDTH), "visual.proj": (WIDTH, EMBEDDING),
          "visual.ln_pre.weight": (WIDTH,), "visual.ln_pre.bias": (WIDTH,),
          "visual.ln_post.weight": (WIDTH,), "visual.ln_post.bias": (WIDTH,),
          **blocks("visual.transformer"), **blocks("transformer"),
          "token_embedding.weight": (VOCABULARY, WIDTH), "positional_embedding": (CONTEXT, WIDTH),
          "ln_final.weight": (WIDTH,), "ln_final.bias": (WIDTH,), "text_projection": (WIDTH, EMBEDDING),
          "logit_scale": ()}


def write_model(path, seed):
    numbers = random.Random(seed)
    header, data, offset = {}, [], 0
    for name, shape in SHAPES.items():
        count = 1
        for size in shape:
            count *= size
        # What does not depend on the image is small, so that images differ.
        scale = 0.02 if name.endswith("bias") or "positional" in name or "class" in name else 0.3
        normed = "ln_" in name and name.endswith("weight")
        values = array.array("f", (1 if normed else numbers.gauss(0, scale) for _ in range(count)))
        if name == "logit_scale":
            values[0] = 3
        data.append(values.tobytes())
        header[name] = {"dtype": "F32", "shape": shape, "data_offsets": [offset, offset + 4 * count]}
        offset += 4 * count
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(data))


folder = sys.argv[1]
os.makedirs(folder, exist_ok=True)
write_model(os.path.join(folder, "clip.safetensors"), sys.argv[2] if len(sys.argv) > 2 else "1")
with open(os.path.join(folder, "merges.txt"), "w") as file:
    file.write("#version: 0.2\n" + "".join(merge + "\n" for merge in MERGES))
