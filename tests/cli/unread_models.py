"""Writes small files with the tensors' names of families that maskmill does not read, into the current folder:
unread_models.py MODEL.safetensors. Names are those of the published files, or of transformers' classes.

Python's standard library only."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from training_checkpoints import Network, function, number, save  # noqa: E402
from transformers_checkpoints import load, translate, write  # noqa: E402

ONE = ("F32", [1], bytes(4))
NAMES = {
    "sam3.pt": ("detector.backbone.vision_backbone.trunk.pos_embed", "tracker.maskmem_tpos_enc"),
    "sam3.safetensors": ("vision_encoder.backbone.embeddings.position_embeddings", "detr_decoder.query_embed.weight"),
    "samed.pt": ("w_a_000", "w_b_000"),
    "fastsam.safetensors": ("model.0.conv.weight", "model.22.proto.cv1.conv.weight"),
    "sam2_lora.safetensors": ("base_model.model.vision_encoder.backbone.blocks.0.attn.qkv.lora_A.weight",),
    "sam2_lora.pt": ("image_encoder.trunk.blocks.0.attn.qkv.lora_A.default.weight",),
    "lora.safetensors": ("base_model.model.vision_encoder.layers.0.attn.qkv.lora_A.weight",),
    "micro_sam_lora.pt": ("sam.image_encoder.pos_embed", "sam.image_encoder.blocks.0.attn.qkv.w_a_linear_q.weight"),
}


def main():
    for path, names in NAMES.items():
        if path.endswith(".pt"):
            save({"model": dict.fromkeys(names, number(0))}, path)
        else:
            write(dict.fromkeys(names, ONE), path)
    # Those that have all of SAM's tensors, and more.
    weights = load(sys.argv[1])
    write({**weights, "mask_decoder.hf_token.weight": ONE}, "hq.safetensors")
    write({**{translate(name): value for name, value in weights.items()}, "mask_decoder.hq_token.weight": ONE}, "hq_transformers.safetensors")
    write({**weights, "image_encoder.blocks.0.Adapter.channel.0.weight": ONE}, "adapter.safetensors")
    # FastSAM.pt is a whole module.
    yolo = function("ultralytics.nn.tasks", "SegmentationModel", (Network,))()
    yolo._modules = {"model": Network()}
    yolo._parameters = {"weight": number(1)}
    save({"model": yolo, "epoch": -1}, "fastsam.pt")


main()
