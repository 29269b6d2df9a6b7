"""Writes tests/fuzz/seeds/model from the small models of tests/parity/models: their tensors' names and shapes, and their
metadata, with the image size made small. Those whose names differ in transformers are written with both.

Python's standard library only. Run it in the root of the sources."""

import json
import os
import re
import struct
import sys

sys.path.insert(0, "tests/cli")
from transformers_checkpoints import translate  # noqa: E402

FOLDER = "tests/fuzz/seeds/model"
SIZES = {"efficientvit_xs": 128, "efficientsam_xs": 64, "tiny_xs": 32, "repvit_xs": 32, "edgetam_xs": 32, "hiera_xs": 32}
MLP = r"(mask_decoder\.transformer\.layers\.\d\.mlp)\."
SAM2 = ((r"^image_encoder\.trunk\.body\.", "vision_encoder.backbone.timm_model."),
        (r"^image_encoder\.trunk\.patch_embed\.proj\.", "vision_encoder.backbone.patch_embed.projection."),
        (r"^image_encoder\.trunk\.(blocks\.\d+\.)norm", r"vision_encoder.backbone.\1layer_norm"),
        (r"^image_encoder\.trunk\.(blocks\.\d+\.mlp\.)layers\.0", r"vision_encoder.backbone.\1proj_in"),
        (r"^image_encoder\.trunk\.(blocks\.\d+\.mlp\.)layers\.1", r"vision_encoder.backbone.\1proj_out"),
        (r"^image_encoder\.trunk\.", "vision_encoder.backbone."),
        (r"^image_encoder\.neck\.convs\.(\d)\.conv", r"vision_encoder.neck.convs.\1"),
        (r"^sam_", ""), (r"^no_mem_embed$", "no_memory_embedding"), (r"out_proj", "o_proj"),
        (MLP + r"(?:lin1|layers\.0)", r"\1.proj_in"), (MLP + r"(?:lin2|layers\.1)", r"\1.proj_out"),
        (r"(pred_obj_score_head)\.layers\.0", r"\1.proj_in"), (r"(pred_obj_score_head)\.layers\.1", r"\1.layers.0"),
        (r"(pred_obj_score_head)\.layers\.2", r"\1.proj_out"))


HQ = ((r"hf_token", "hq_token"), (r"hf_mlp\.layers\.0", "hq_mask_mlp.proj_in"), (r"hf_mlp\.layers\.1", "hq_mask_mlp.layers.0"),
      (r"hf_mlp\.layers\.2", "hq_mask_mlp.proj_out"), (r"compress_vit_feat\.", "compress_vit_"), (r"embedding_encoder\.", "encoder_"),
      (r"embedding_maskfeature\.", "mask_"), (r"(mask_decoder\.(?:compress_vit|encoder|mask)_)0", r"\1conv1"),
      (r"(mask_decoder\.(?:compress_vit|encoder|mask)_)1", r"\1norm"), (r"(mask_decoder\.(?:compress_vit|encoder|mask)_)3", r"\1conv2"))


def translate_sam(name):
    """The name in transformers' SamModel and SamHQModel."""
    for pattern, to in HQ:
        name = re.sub(pattern, to, name)
    return translate(name)


def translate_sam2(name):
    """The name in transformers' Sam2Model and EdgeTamModel."""
    for pattern, to in SAM2:
        name = re.sub(pattern, to, name)
    return name if name.startswith("vision_encoder") else translate(name)


def shrink_vit(shapes):
    """A ViT's image size is that of its position embeddings: makes it 64 pixels, and windows of 3 positions."""
    position = next(shape for name, shape in shapes.items() if name.endswith("_encoder.pos_embed"))
    whole, position[1:3] = 2 * position[1] - 1, (4, 4)
    for name, shape in shapes.items():
        if ".rel_pos_" in name:
            shape[0] = 7 if shape[0] == whole else 5


def stack_points(shapes):
    """transformers' SAM 2 has the four points in one tensor."""
    points = [name for name in shapes if re.match(r"prompt_encoder\.point_embed\.\d\.weight", name)]
    width = shapes[points[0]][1]
    rest = {name: shape for name, shape in shapes.items() if name not in points}
    return {**rest, "prompt_encoder.point_embed.weight": [len(points), width]}


def write(name, metadata, shapes):
    lines = [f"{key}={value}" for key, value in metadata.items()]
    lines += [" ".join([tensor, *map(str, shape)]) for tensor, shape in shapes.items()]
    with open(f"{FOLDER}/{name}", "w") as file:
        file.write("\n".join(lines) + "\n")


def write_damaged(name, metadata, shapes):
    """Models that once were read or written beyond the end of an array."""
    if name == "repvit_xs":
        write("repvit_no_blocks", metadata, {tensor: shape for tensor, shape in shapes.items()
                                             if not tensor.startswith("image_encoder.features.") or ".features.0." in tensor})
    if name == "edgetam_xs":
        write("edgetam_no_first_stage", metadata, {tensor: shape for tensor, shape in shapes.items() if ".stages_0." not in tensor})
        # The last stage ends before it halves the side.
        kept = {tensor: shape for tensor, shape in shapes.items() if ".stages_3." not in tensor or ".pre_block." in tensor}
        out, _, *kernel = shapes["image_encoder.neck.convs.0.conv.weight"]
        width = shapes["image_encoder.neck.convs.1.conv.weight"][1]
        write("edgetam_whole_stage", metadata, {**kept, "image_encoder.neck.convs.0.conv.weight": [out, width, *kernel]})


def main():
    os.makedirs(FOLDER, exist_ok=True)
    for path in sorted(os.listdir("tests/parity/models")):
        name = path.split(".")[0]
        with open(f"tests/parity/models/{path}", "rb") as file:
            size, = struct.unpack("<Q", file.read(8))
            header = json.loads(file.read(size))
        metadata = header.pop("__metadata__", {})
        shapes = {tensor: entry["shape"] for tensor, entry in header.items()}
        if name in SIZES:
            metadata["image_size"] = SIZES[name]
        else:
            shrink_vit(shapes)
        write(name, metadata, shapes)
        write_damaged(name, metadata, shapes)
        if name in ("vit_xs", "hq_xs"):
            write(name + "_transformers", metadata, {translate_sam(tensor): shape for tensor, shape in shapes.items()})
        if name in ("hiera_xs", "edgetam_xs"):
            write(name + "_transformers", metadata, stack_points({translate_sam2(tensor): shape for tensor, shape in shapes.items()}))


main()
