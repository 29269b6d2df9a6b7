"""Writes damaged models into the current folder: hostile_models.py FOLDER, with the small models of tests/parity/models. Each
is a whole model of its family but for one thing.

Python's standard library only."""

import math
import os
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from transformers_checkpoints import load, metadata_of, without, write  # noqa: E402

DECODER = ("mask_decoder.", "prompt_encoder.", "sam_mask_decoder.", "sam_prompt_encoder.", "no_mem_embed")


def part(weights, decoder):
    """The mask decoder and prompt encoder, with SAM's names, or the rest."""
    return {name.removeprefix("sam_").replace(".mlp.layers.0.", ".mlp.lin1.").replace(".mlp.layers.1.", ".mlp.lin2.") if decoder else name: value for name, value in weights.items() if name.startswith(DECODER) == decoder}


def filled(weights, name, number):
    """The model with one number in all places of a tensor."""
    dtype, shape, data = weights[name]
    one = struct.pack({"F32": "<f", "F16": "<e"}[dtype], number)
    return {**weights, name: (dtype, shape, one * (len(data) // len(one)))}


def turned(weights, name):
    """The model with the sizes of a tensor in reverse order."""
    dtype, shape, data = weights[name]
    return {**weights, name: (dtype, shape[::-1], data)}


def cropped(weights, name, shape):
    """The model with the first numbers of a tensor in another shape."""
    dtype, before, data = weights[name]
    return {**weights, name: (dtype, shape, data[:len(data) // math.prod(before) * math.prod(shape)])}


def main():
    models = {name: (load(path), metadata_of(path)) for name in ("hiera", "edgetam", "repvit", "efficientvit", "efficientsam", "hq", "vit")
              for path in (f"{sys.argv[1]}/{name}_xs.safetensors",)}

    def save(title, name, change, *arguments):
        weights, metadata = models[name]
        write(change(weights, *arguments), title + ".safetensors", metadata)

    hiera, metadata = models["hiera"]
    for key, values in (("num_heads", ("0", "-1", "1000000000", "3")),
                        ("window_spec", ("8,4,14", "0,0,0,0", "8,4,14,", "1024,1024,1024,1024", "8,3,14,7")),
                        ("global_att_blocks", ("99", "1;2")),
                        ("image_size", ("0", "7", "17", "1000000"))):
        for value in values:
            write(hiera, f"hiera_{key}_{value}.safetensors", {**metadata, key: value})
    for name in ("edgetam", "repvit", "efficientvit", "efficientsam"):
        for value in ("-1", "17", "1000000"):
            write(models[name][0], f"{name}_image_size_{value}.safetensors", {"image_size": value})

    save("hiera_missing", "hiera", without, "sam_mask_decoder.conv_s1.bias")
    save("hiera_no_object_token", "hiera", without, "sam_mask_decoder.obj_score_token.weight")
    save("hiera_no_norm", "hiera", without, "image_encoder.trunk.blocks.2.norm1.weight")
    save("hiera_shape", "hiera", turned, "image_encoder.trunk.blocks.1.mlp.layers.1.weight")
    save("hiera_nan", "hiera", filled, "no_mem_embed", float("nan"))
    save("edgetam_missing", "edgetam", without, "image_encoder.trunk.body.stages_1.blocks.0.token_mixer.conv.c.weight")
    save("edgetam_variance", "edgetam", filled, "image_encoder.trunk.body.stem.conv2.bn.running_var", -0.5)
    save("repvit_missing", "repvit", without, "image_encoder.features.1.channel_mixer.m.2.bn.bias")
    save("repvit_shape", "repvit", turned, "image_encoder.neck.0.weight")
    save("efficientvit_missing", "efficientvit", without, "image_encoder.neck.input_ops.1.op_list.0.conv.weight")
    save("efficientvit_variance", "efficientvit", filled, "image_encoder.backbone.stages.0.op_list.0.norm.running_var", -1)
    save("efficientsam_missing", "efficientsam", without, "mask_decoder.iou_prediction_head.fc.bias")
    save("efficientsam_positions", "efficientsam", cropped, "image_encoder.pos_embed", [1, 49, 64])
    write(cropped(models["efficientsam"][0], "image_encoder.patch_embed.proj.weight", [64, 3, 1, 1]), "efficientsam_patches.safetensors",
          {"image_size": "8192"})
    save("hq_missing", "hq", without, "mask_decoder.hf_mlp.layers.2.weight")
    # Those that once were read beyond their end, or written.
    save("repvit_no_blocks", "repvit", lambda weights: {name: value for name, value in weights.items()
                                                        if not name.startswith("image_encoder.features.") or ".features.0." in name})
    save("edgetam_no_first_stage", "edgetam", lambda weights: {name: value for name, value in weights.items() if ".stages_0." not in name})
    save("edgetam_whole_stage", "edgetam", half_a_stage)

    # An encoder of one family, a decoder of another.
    for encoder, decoder in (("hiera", "vit"), ("repvit", "hq"), ("hq", "hiera"), ("efficientsam", "hq"), ("efficientvit", "edgetam")):
        write({**part(models[encoder][0], False), **part(models[decoder][0], True)}, f"{encoder}_with_{decoder}.safetensors",
              models[encoder][1])


def half_a_stage(weights):
    """EdgeTAM whose last stage ends behind its first block, before it halves the side."""
    last = "image_encoder.trunk.body.stages_3."
    kept = {name: value for name, value in weights.items() if not name.startswith(last) or ".pre_block." in name}
    width = weights["image_encoder.neck.convs.1.conv.weight"][1][1]
    dtype, (out, before, *kernel), data = weights["image_encoder.neck.convs.0.conv.weight"]
    return {**kept, "image_encoder.neck.convs.0.conv.weight": (dtype, [out, width, *kernel], data[:len(data) // before * width])}


main()
