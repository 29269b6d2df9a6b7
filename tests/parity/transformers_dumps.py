#!/usr/bin/env python3
"""Makes a random SamModel of Hugging Face's transformers, saves it as save_pretrained does, and writes what it answers in
the layout of make_dumps.py, for `test_model MODEL DUMP IMAGE`.

    transformers_dumps.py KIND FOLDER [IMAGE.png]       writes FOLDER/KIND/ (the model) and FOLDER/KIND.dump.safetensors

Needs torch, transformers and Pillow. KIND is one of KINDS below. slim_xs, whose heads are 14 wide as those of SlimSAM-77,
is committed as models/slim_xs.safetensors (in 16 bits) and dumps/slim_xs.safetensors; the others are for comparisons by
hand: transformers' decoder has another eps in its LayerNorms than the official code, so `--eps 1e-6` differs by a little.
"""

import argparse
import hashlib
import math
import os

import numpy as np
import torch
from PIL import Image
from safetensors.torch import save_file
from transformers import SamConfig, SamModel

HERE = os.path.dirname(os.path.abspath(__file__))
MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)

KINDS = {
    "slim_xs": dict(image_size=256, hidden_size=28, num_hidden_layers=2, num_attention_heads=2, mlp_dim=58, window_size=7,
                    global_attn_indexes=[1], output_channels=32),
    "slim_50": dict(hidden_size=384, mlp_dim=1536),
    "slim_77": dict(hidden_size=168, mlp_dim=696),
    "vit_b": dict(),
}


def make(kind, eps):
    """A model whose every parameter is random, at scales as official.random has them."""
    vision = dict(KINDS[kind])
    channels, size = vision.get("output_channels", 256), vision.get("image_size", 1024)
    small = channels != 256
    config = SamConfig(
        vision_config=vision,
        prompt_encoder_config=dict(hidden_size=channels, image_size=size, image_embedding_size=size // 16, mask_input_channels=16),
        mask_decoder_config=dict(hidden_size=channels, mlp_dim=64 if small else 2048, iou_head_hidden_dim=24 if small else 256,
                                 layer_norm_eps=eps))
    # The positional encoding's configuration is the vision encoder's in transformers.
    config.vision_config.num_pos_feats = channels // 2
    torch.manual_seed(5)
    model = SamModel(config).eval().requires_grad_(False)
    for name, p in model.named_parameters():
        p.normal_()
        if "pos_embed" in name or "rel_pos" in name:
            p *= 0.3
        elif p.dim() > 1:
            p *= p[0].numel() ** -0.5
        else:
            p *= 0.2
            p += "norm" in name and name.endswith("weight")
        if name.endswith(("q_proj.weight", "k_proj.weight")):
            p *= 2
    for name, p in model.named_buffers():
        p.normal_()
    matrix = model.shared_image_embedding.positional_embedding
    model.prompt_encoder.shared_embedding.positional_embedding.copy_(matrix)
    return model


def scale(model, embedding, size):
    """Logits spread by 8, scores lie near 0.88, as those of trained models do."""
    points = torch.rand(32, 1, 2) * size
    logits, iou = answer(model, embedding, dict(xy=points, labels=torch.ones(32, 1)), None)
    for head in range(4):
        last = model.mask_decoder.output_hypernetworks_mlps[head].proj_out
        factor = 8 / logits[:, head].std()
        last.weight.mul_(factor)
        last.bias.mul_(factor)
    model.mask_decoder.iou_prediction_head.proj_out.bias.add_(0.88 - iou[:, 1:].amax(1).median())


@torch.no_grad()
def answer(model, embedding, prompts, masks):
    """All four masks: logits [P,4,L,L] and predicted IoU [P,4]."""
    count = len(prompts["xy"] if "xy" in prompts else prompts["boxes"])
    points, labels = prompts.get("xy"), prompts.get("labels")
    boxes = prompts.get("boxes")
    sparse, dense = model.prompt_encoder(
        input_points=None if points is None else points[None], input_labels=None if points is None else labels[None].int(),
        input_boxes=None if boxes is None else boxes[None], input_masks=masks)
    if masks is None:
        dense = dense.expand(1, *dense.shape[1:])
    decoder = model.mask_decoder
    several, iou = [], []
    for multimask in (False, True):
        if masks is None:
            low, scores = decoder(embedding, model.get_image_wide_positional_embeddings(), sparse, dense, multimask)[:2]
            several.append(low[0])
            iou.append(scores[0])
        else:
            one = [decoder(embedding, model.get_image_wide_positional_embeddings(), sparse[:, i:i + 1], dense[i:i + 1], multimask)[:2]
                   for i in range(count)]
            several.append(torch.cat([low[0] for low, _ in one]))
            iou.append(torch.cat([scores[0] for _, scores in one]))
    return torch.cat(several, 1), torch.cat(iou, 1)


def sets(size):
    """Some of the prompts of make_dumps.py."""
    rng = np.random.default_rng(11)

    def xy(prompts, points):
        return torch.as_tensor(rng.uniform(0, size, (prompts, points, 2)).round(3), dtype=torch.float32)

    def boxes(prompts):
        corner = rng.uniform(0, 0.6 * size, (prompts, 2))
        return torch.as_tensor(np.hstack([corner, corner + rng.uniform(0.1, 0.4, (prompts, 2)) * size]).round(3), dtype=torch.float32)

    def labels(prompts, *row):
        return torch.tensor([row] * prompts, dtype=torch.float32)

    return {
        "points": dict(xy=xy(3, 1), labels=labels(3, 1)),
        "clicks": dict(xy=xy(2, 4), labels=labels(2, 1, 0, 1, -1)),
        "boxes": dict(boxes=boxes(2)),
        "box_and_points": dict(xy=xy(2, 2), labels=labels(2, 1, 0), boxes=boxes(2)),
        "point_and_mask": dict(xy=xy(2, 1), labels=labels(2, 1)),
        "box_and_mask": dict(boxes=boxes(2)),
    }


def model_input(path, size):
    image = Image.open(path).convert("RGB")
    width, height = image.size
    factor = size / max(width, height)
    image = image.resize((int(width * factor + 0.5), int(height * factor + 0.5)), Image.BILINEAR)
    pixels = (torch.as_tensor(np.array(image)).float() - torch.tensor(MEAN)) / torch.tensor(STD)
    padded = torch.zeros(1, 3, size, size)
    padded[0, :, :pixels.shape[0], :pixels.shape[1]] = pixels.permute(2, 0, 1)
    return padded


def mask_prompts(model, embedding, size):
    middle = torch.full((1, 1, 2), size * 0.4)
    low = answer(model, embedding, dict(xy=middle, labels=torch.ones(1, 1)), None)[0][0, 1]
    return torch.stack([low, low.flip(1).clamp(-6, 6)])


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=KINDS)
    parser.add_argument("folder")
    parser.add_argument("image", nargs="?", default=HERE + "/images/enlarged.png")
    parser.add_argument("--eps", type=float, default=1e-5)
    parser.add_argument("--shard", default="5GB")
    o = parser.parse_args()
    model = make(o.kind, o.eps)
    size = model.config.vision_config.image_size
    pixels = model_input(o.image, size)
    scale(model, model.get_image_embeddings(pixels), size)
    folder = f"{o.folder}/{o.kind}"
    if o.kind.endswith("_xs"):
        model = model.half()
    model.save_pretrained(folder, max_shard_size=o.shard)
    model = model.float()
    embedding = model.get_image_embeddings(pixels)
    masks = mask_prompts(model, embedding, size)
    step, row = embedding.shape[-1] // 12 | 1, masks.shape[-1] // 32
    out = dict(embedding=embedding[0, :, ::step, ::step])
    for name, prompts in sets(size).items():
        logits, iou = answer(model, embedding, prompts, masks[:, None] if name.endswith("mask") else None)
        out.update({f"{name}.{key}": value for key, value in prompts.items()})
        out.update({f"{name}.iou": iou, f"{name}.logits": logits[:, :, :32 * row:row, ::row | 1]})
    path = folder + "/model.safetensors"
    digest = hashlib.sha256(open(path, "rb").read()).hexdigest() if os.path.exists(path) else "sharded"
    save_file({name: tensor.contiguous().clone() for name, tensor in out.items()}, folder + ".dump.safetensors", {"model_sha256": digest})


if __name__ == "__main__":
    main()
