"""Writes checkpoints as relatives of SAM publish them: relatives.py VIT.safetensors TINYVIT.safetensors, into the current
folder. Python's standard library only."""

import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from training_checkpoints import load, number, save  # noqa: E402


def main():
    vit, tiny = load(sys.argv[1]), load(sys.argv[2])
    # micro-sam: what its trainer saves, with the decoder of its instance segmentation, and what it exports.
    save({"iteration": 10, "epoch": 1, "best_metric": 0.5, "init": {"train_loader_kwargs": {"batch_size": 2}, "device": None},
          "decoder_state": {"decoder.blocks.0.weight": number(1), "out_conv.bias": number(1)}, "optimizer_state": {"state": {}},
          "model_state": {"sam." + name: value for name, value in vit.items()}}, "micro-sam-best.pt")
    save(vit, "micro-sam-vit_b_lm.pt")
    # MedSAM: the published file, and what its training script saves.
    save(vit, "medsam_vit_b.pth")
    save({"model": vit, "optimizer": {"state": {0: {"exp_avg": number(0)}}}, "epoch": 3}, "medsam_model_latest.pth")
    # TinySAM: MobileSAM's tensors, with the buffers of its attention.
    save({**tiny, "pixel_mean": number(0), "pixel_std": number(1)}, "tinysam.pth")


main()
