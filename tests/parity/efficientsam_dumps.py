#!/usr/bin/env python3
"""Makes a random EfficientSAM, and what its official code answers to it in the layout of make_dumps.py.

    git clone https://github.com/yformer/EfficientSAM          (commit d525f62 or later; only efficient_sam/ is used)
    efficientsam_dumps.py EfficientSAM KIND FOLDER [IMAGE.png]  writes FOLDER/KIND.safetensors and FOLDER/KIND.dump.safetensors

Needs the packages of requirements.txt. KIND is one of KINDS below. efficientsam_xs is committed as models/ and dumps/ (in 16
bits); the others are for comparisons by hand. There are no sets with mask prompts, which EfficientSAM does not take.
"""

import os
import sys

import torch
import torch.nn.functional as F

import make_dumps
import official

SEED = 9
KINDS = {
    "efficientsam_xs": dict(size=256, width=64, depth=2, heads=1, mlp_ratio=0.25, positions=7, channels=32, decoder_mlp=32, iou_hidden=24),
    "efficientsam_ti": dict(size=1024, width=192, depth=12, heads=3, mlp_ratio=4, positions=14, channels=256, decoder_mlp=2048, iou_hidden=256),
    "efficientsam_s": dict(size=1024, width=384, depth=12, heads=6, mlp_ratio=4, positions=14, channels=256, decoder_mlp=2048, iou_hidden=256),
}


def assemble(c):
    """An EfficientSam of these sizes, to be filled with weights; the same parts as build_efficient_sam()."""
    from efficient_sam.efficient_sam import EfficientSam
    from efficient_sam.efficient_sam_decoder import MaskDecoder, PromptEncoder
    from efficient_sam.efficient_sam_encoder import ImageEncoderViT
    from efficient_sam.two_way_transformer import TwoWayTransformer
    gelu, n, grid = torch.nn.GELU, c["channels"], c["size"] // 16
    encoder = ImageEncoderViT(img_size=c["size"], patch_size=16, in_chans=3, patch_embed_dim=c["width"], normalization_type="layer_norm",
                              depth=c["depth"], num_heads=c["heads"], mlp_ratio=c["mlp_ratio"], neck_dims=[n, n], act_layer=gelu)
    encoder.pos_embed = torch.nn.Parameter(torch.zeros(1, 1 + c["positions"] ** 2, c["width"]))
    transformer = TwoWayTransformer(depth=2, embedding_dim=n, num_heads=8, mlp_dim=c["decoder_mlp"], activation=gelu,
                                    normalize_before_activation=False)
    decoder = MaskDecoder(transformer_dim=n, transformer=transformer, num_multimask_outputs=3, activation=gelu, normalization_type="layer_norm",
                          normalize_before_activation=False, iou_head_depth=2, iou_head_hidden_dim=c["iou_hidden"],
                          upscaling_layer_dims=[n // 4, n // 8])
    prompts = PromptEncoder(embed_dim=n, image_embedding_size=(grid, grid), input_image_size=(c["size"],) * 2)
    return EfficientSam(encoder, prompts, 6, decoder).requires_grad_(False).eval()


@torch.no_grad()
def decode(sam, embedding, points=None, boxes=None):
    """All four masks, as EfficientSam.predict_masks, which gives one or three: logits [P,4,L,L] and predicted IoU [P,4]. A
    box is two points with the labels 2 and 3."""
    if boxes is not None:
        corners = (boxes.reshape(-1, 2, 2), torch.tensor([[2.0, 3.0]]).repeat(len(boxes), 1))
        points = corners if points is None else tuple(torch.cat(pair, 1) for pair in zip(points, corners))
    missing = 6 - points[1].shape[1]
    xy, labels = F.pad(points[0], (0, 0, 0, missing), value=-1.0), F.pad(points[1], (0, missing), value=-1.0)
    masks, iou = sam.mask_decoder.predict_masks(embedding.repeat(len(xy), 1, 1, 1), sam.prompt_encoder.get_dense_pe(), sam.prompt_encoder(xy, labels))
    size = sam.image_encoder.img_size
    for multiple in (False, True):
        same = sam.predict_masks(embedding, points[0][None], points[1][None], multiple, size, size)
        part = slice(1, 4) if multiple else slice(0, 1)
        assert torch.allclose(same[0][0], masks[:, part], atol=1e-4) and torch.allclose(same[1][0], iou[:, part], atol=1e-5)
    return masks, iou


@torch.no_grad()
def randomise(sam):
    """As official.random: logits spread by 8, and half of the prompts have a score above 0.88."""
    torch.manual_seed(SEED)
    for name, p in sam.named_parameters():
        p.normal_()
        if "pos_embed" in name:
            p *= 0.3
        elif p.dim() > 1 and "_embeddings" not in name and "invalid_points" not in name:
            p *= p[0].numel() ** -0.5
        elif p.dim() == 1:
            p *= 0.2
            p += name.endswith("weight")
        if name.endswith(("q_proj.weight", "k_proj.weight")):
            p *= 2


@torch.no_grad()
def scale(sam, embedding):
    points = torch.rand(64, 1, 2) * sam.image_encoder.img_size
    parts = [decode(sam, embedding, points=(some, torch.ones(8, 1))) for some in points.split(8)]
    masks, iou = (torch.cat(part) for part in zip(*parts))
    for head, mlp in enumerate(sam.mask_decoder.output_hypernetworks_mlps):
        factor = 8 / masks[:, head].std()
        mlp.fc.weight.mul_(factor)
        mlp.fc.bias.mul_(factor)
    sam.mask_decoder.iou_prediction_head.fc.bias.add_(0.88 - iou[:, 1:].amax(1).median())


@torch.no_grad()
def encode(sam, pixels):
    """The embedding of a picture, uint8 [h,w,3]."""
    return sam.get_image_embeddings(torch.as_tensor(pixels).permute(2, 0, 1)[None].float() / 255)


def dump(sam, model, pixels, path):
    embedding, answers = encode(sam, pixels), {}
    for kind, prompts in make_dumps.sets(sam.image_encoder.img_size).items():
        if kind.endswith("mask"):
            continue
        points = (prompts["xy"], prompts["labels"]) if "xy" in prompts else None
        answers[kind] = (prompts, *decode(sam, embedding, points=points, boxes=prompts.get("boxes")))
    make_dumps.write(path, model, embedding, answers)


def main(code, kind, folder, image):
    torch.set_num_threads(1)
    sys.path.insert(0, code)
    sam = assemble(KINDS[kind])
    randomise(sam)
    pixels = official.read_rgb(image)
    scale(sam, encode(sam, pixels))
    os.makedirs(folder, exist_ok=True)
    path = f"{folder}/{kind}.safetensors"
    official.save(sam, path, half=kind == "efficientsam_xs")
    if kind == "efficientsam_xs":  # what is compared is the model in 16 bits
        from safetensors.torch import load_file
        sam.load_state_dict({name: t.float() for name, t in load_file(path).items()})
    dump(sam, path, pixels, f"{folder}/{kind}.dump.safetensors")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4] if len(sys.argv) > 4 else make_dumps.image_path("enlarged"))
