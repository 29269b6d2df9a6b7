#!/usr/bin/env python3
"""Makes a random EfficientViT-SAM with the official code, and writes what it answers in the layout of make_dumps.py.

    git clone https://github.com/mit-han-lab/efficientvit CLONE && git -C CLONE checkout de7d7733
    efficientvit_dumps.py CLONE KIND [FOLDER]    writes FOLDER/KIND.safetensors and FOLDER/KIND.dump.safetensors

KIND efficientvit_xs is a relative of L0 that is small enough to be committed: without FOLDER, its files go to models/ and
dumps/, and a record of the official generator to records/. l0, l1, l2, xl0 and xl1 have the published sizes, for
comparisons by hand: `test_model MODEL DUMP IMAGE`.
Needs the packages of requirements.txt. The clone is only read; what SAM does not need of it (triton, onnxsim, the
trainers) need not be installed.
"""

import math
import os
import sys
import types

import torch
from safetensors.torch import save_file

import make_dumps
import official

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = 7
SMALL = dict(size=128, widths=[4, 8, 12, 16, 24], depths=[1, 1, 1, 1, 1], dim=8, channels=32, width=16, neck=2, mlp=64, hidden=24)


def load_code(clone):
    """The official modules, without the packages' own files that import everything."""
    sys.modules["triton"] = triton = types.ModuleType("triton")
    sys.modules["triton.language"] = triton.language = types.ModuleType("triton.language")
    triton.jit, triton.language.constexpr = (lambda f: f), object
    for name in ("efficientvit", "efficientvit.models", "efficientvit.models.nn", "efficientvit.models.efficientvit"):
        sys.modules[name] = types.ModuleType(name)
        sys.modules[name].__path__ = [os.path.join(clone, *name.split("."))]
    from efficientvit.models.nn import act, norm, ops
    for module in (act, norm, ops):
        vars(sys.modules["efficientvit.models.nn"]).update({key: value for key, value in vars(module).items() if key[0] != "_"})
    from efficientvit.models.efficientvit import sam
    return sam, norm


def small(code, norm, c):
    """The official classes in other sizes; two of them are written into SamNeck and the encoder."""
    grid, n = c["size"] // 8, c["channels"]
    backbone = code.EfficientViTLargeBackbone(width_list=c["widths"], depth_list=c["depths"], qkv_dim=c["dim"])
    neck = code.SamNeck(["stage4", "stage3", "stage2"], c["widths"][:1:-1], c["width"], c["neck"], 1, "fmb", out_dim=n)
    for op in neck.input_ops:
        op.op_list[1].size = [grid, grid]
    encoder = code.EfficientViTSamImageEncoder(backbone, neck)
    encoder.norm = norm.build_norm("ln2d", n)
    transformer = code.TwoWayTransformer(depth=2, embedding_dim=n, mlp_dim=c["mlp"], num_heads=8)
    return code.EfficientViTSam(
        encoder, code.PromptEncoder(embed_dim=n, image_embedding_size=(grid, grid), input_image_size=(16 * grid,) * 2, mask_in_chans=16),
        code.MaskDecoder(num_multimask_outputs=3, transformer=transformer, transformer_dim=n, iou_head_depth=3, iou_head_hidden_dim=c["hidden"]),
        (16 * grid, c["size"]))


def randomise(sam):
    """As official.random does: every parameter random, at trained models' scales."""
    for name, p in sam.named_parameters():
        p.normal_()
        if p.dim() > 1:
            p *= p[0].numel() ** -0.5
        else:
            p *= 0.2
            p += "norm" in name and name.endswith("weight")
        if name.endswith(("q_proj.weight", "k_proj.weight")):
            p *= 2
    for module in sam.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 1.5)


def scale(sam):
    """Logits spread by 8, scores lie near 0.88."""
    size, prompts = sam.image_size[1], sam.image_size[0]
    ramp = torch.arange(size) / size * 2 * math.pi
    waves = [torch.sin(f * ramp[None, :] + g * ramp[:, None]) for f, g in ((2, 1), (-3, 4), (7, 5))]
    embedding = sam.image_encoder(1.5 * torch.stack(waves)[None])
    masks, iou = official.decode(sam, embedding, points=(torch.rand(64, 1, 2) * prompts, torch.ones(64, 1)))
    for head in range(4):
        last = sam.mask_decoder.output_hypernetworks_mlps[head].layers[-1]
        factor = 8 / masks[:, head].std()
        last.weight.mul_(factor)
        last.bias.mul_(factor)
    sam.mask_decoder.iou_prediction_head.layers[-1].bias.add_(0.88 - iou[:, 1:].amax(1).median())


def write_record(code, sam, kind):
    """What the official generator finds in an image whose sides differ."""
    name = "tall"
    pixels = official.read_rgb(f"{HERE}/images/{name}.png")
    generator = code.EfficientViTSamAutomaticMaskGenerator(sam, output_mode="coco_rle", pred_iou_thresh=0.8,
                                                          **make_dumps.RANDOM_OPTIONS)
    masks = [dict(mask, id=i) for i, mask in enumerate(generator.generate(pixels))]
    official.write_record(f"{HERE}/records/{kind}-{name}.json", name + ".png", pixels, masks)
    print(f"{kind} {name}: {len(masks)} masks")


def make(code, norm, kind):
    torch.manual_seed(SEED)
    sam = small(code, norm, SMALL) if kind == "efficientvit_xs" else getattr(code, "efficientvit_sam_" + kind)()
    sam.requires_grad_(False).eval()
    norm.set_norm_eps(sam, 1e-6)  # as create_efficientvit_sam_model does
    randomise(sam)
    scale(sam)
    # Prompts lie in this frame; make_dumps looks for it here.
    sam.image_encoder.img_size = sam.image_size[0]
    return sam.half().float() if kind == "efficientvit_xs" else sam


def save(sam, path, half=False):
    keep = {name: (t.half() if half else t).contiguous() for name, t in sam.state_dict().items() if not name.endswith("num_batches_tracked")}
    save_file(keep, path, {"image_size": str(sam.image_size[1])})
    os.chmod(path, 0o644)


@torch.no_grad()
def main(clone, kind, folder=None):
    torch.set_num_threads(1)  # the same rounding on any number of cores
    code, norm = load_code(clone)
    sam = make(code, norm, kind)
    model = f"{folder}/{kind}.safetensors" if folder else f"{HERE}/models/{kind}.safetensors"
    dump = f"{folder}/{kind}.dump.safetensors" if folder else f"{HERE}/dumps/{kind}.safetensors"
    save(sam, model, half=kind == "efficientvit_xs")
    image = official.read_rgb(f"{HERE}/images/{make_dumps.IMAGES[0]}.png")
    embedding = sam.image_encoder(sam.transform(image)[None])
    make_dumps.write(dump, model, embedding, make_dumps.answers(sam, embedding, sam.image_size[0]))
    if not folder:
        write_record(code, sam, kind)


if __name__ == "__main__":
    main(*sys.argv[1:])
