#!/usr/bin/env python3
"""Makes the committed files of edgetam_xs, a small random relative of EdgeTAM: its model, what the official code answers to
it in the layout of sam2_dumps.py, and a record. Needs the packages of requirements.txt.

EdgeTAM is SAM 2 with timm's RepViT as its trunk. Its repository (facebookresearch/EdgeTAM) copies SAM 2's code: neck, prompt
encoder, mask decoder and generator are the same, so they are taken from SAM 2's package, and the trunk from timm, as there.
"""

import os

import timm
import torch
from safetensors.torch import load_file, save_file
from sam2.modeling.backbones.image_encoder import FpnNeck, ImageEncoder
from sam2.modeling.position_encoding import PositionEmbeddingSine

import official
import official_sam2
import sam2_dumps
from make_dumps import HERE, image_path

KIND, SEED, RECORD = "edgetam_xs", 7, "shrunk"
SIZES = dict(size=256, channels=32, decoder_mlp=32, iou_hidden=16, widths=(8, 12, 16, 24), depths=(1, 1, 3, 1))
OPTIONS = dict(sam2_dumps.OPTIONS, points_per_side=4)


class Trunk(torch.nn.Module):
    def __init__(self, c):
        super().__init__()
        self.body = timm.create_model("repvit_m1", features_only=True, out_indices=(0, 1, 2, 3), embed_dim=c["widths"], depth=c["depths"])
        self.channel_list = self.body.feature_info.channels()[::-1]

    def forward(self, x):
        return self.body(x)


def encoder(c):
    trunk = Trunk(c)
    neck = FpnNeck(PositionEmbeddingSine(c["channels"]), c["channels"], trunk.channel_list, fpn_top_down_levels=[2, 3], fpn_interp_model="nearest")
    return ImageEncoder(trunk, neck, scalp=1)


def randomise(model):
    """As official_sam2's, and random statistics in each BatchNorm."""
    official_sam2_randomise(model)
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.weight.add_(1)
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 1.5)


official_sam2_randomise = official_sam2.randomise
official_sam2.encoder, official_sam2.randomise, official_sam2.SMALL[KIND] = encoder, randomise, SIZES


def save(model, path):
    state = {name: tensor.half().contiguous() for name, tensor in model.state_dict().items() if not name.endswith(official.UNUSED)}
    state["spatial_perceiver.latents"] = torch.zeros(2, 2).half()  # of videos: it must be passed over
    save_file(state, path, dict(image_size=str(SIZES["size"])))
    os.chmod(path, 0o644)


def load(path):
    model = official_sam2.assemble(SIZES)
    missing, unknown = model.load_state_dict({name: tensor.float() for name, tensor in load_file(path).items()}, strict=False)
    assert unknown == ["spatial_perceiver.latents"] and all(name.endswith(official.UNUSED) for name in missing), (missing, unknown)
    return model


def main():
    torch.set_num_threads(1)
    path = f"{HERE}/models/{KIND}.safetensors"
    save(official_sam2.random(KIND, SEED), path)
    model = sam2_dumps.dump(path, image_path("enlarged"), f"{HERE}/dumps/{KIND}.safetensors", load)
    pixels = official.read_rgb(image_path(RECORD))
    found = official_sam2.records(model, pixels, **OPTIONS)
    official.write_record(f"{HERE}/records/{KIND}-{RECORD}.json", RECORD + ".png", pixels, found)
    print(f"{KIND} {RECORD}: {len(found)} masks")


if __name__ == "__main__":
    main()
