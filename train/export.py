"""A checkpoint's averaged weights as F16 safetensors that maskmill and the official code load.

    export.py CHECKPOINT OUT.safetensors --version NAME [--set pred_iou_thresh=0.7 ...]
"""
import argparse
import pathlib

import torch
from safetensors.torch import save_file

import checkpoint

DEFAULTS = ("points_per_side", "crop_n_layers", "crop_n_points_downscale_factor", "pred_iou_thresh",
            "stability_score_thresh", "stability_score_offset", "box_nms_thresh", "crop_nms_thresh",
            "mask_threshold", "min_mask_region_area")  # what maskmill takes from a model's metadata


def default(text):
    name, _, value = text.partition("=")
    if name not in DEFAULTS:
        raise argparse.ArgumentTypeError(f"{name}: expected one of {', '.join(DEFAULTS)}")
    float(value)
    return name, value


def half(name, tensor):
    """F16, refused where it does not fit."""
    tensor = tensor.detach().cpu().to(torch.float16).contiguous()
    if not torch.isfinite(tensor).all():
        raise SystemExit(f"tensor {name} has values beyond what F16 holds")
    return tensor


def write(tensors, metadata, path):
    """Tensors of any type, as F16."""
    save_file({name: half(name, tensor) for name, tensor in tensors.items()}, path, metadata=metadata)
    count = sum(tensor.numel() for tensor in tensors.values())
    print(f"{path}: {count / 1e6:.2f} M numbers, {path.stat().st_size / 1e6:.1f} MB")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=pathlib.Path)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--version", required=True)
    parser.add_argument("--set", type=default, action="append", default=[], help="a default for maskmill")
    arguments = parser.parse_args()
    saved = checkpoint.load(arguments.checkpoint, "cpu")
    tensors = {name: tensor for name, tensor in saved["average"].items() if tensor.dtype.is_floating_point}
    stages = [":".join(f"{number:g}" for number in stage) for stage in saved["options"]["stages"][0]]
    photographs = saved["options"].get("photographs")
    metadata = {
        "image_size": str(saved["size"]),
        "training_steps": str(saved["step"]),
        "training_images": str(saved["images"]),
        "training_stages": ",".join(stages),
        "training_seed": str(saved["options"]["seed"]),
        "data": ("photographs of docs/data-sources.md and scenes drawn by train/scene.py" if photographs
                 else "scenes drawn by train/scene.py, nothing else"),
        "version": arguments.version,
        **dict(arguments.set),
    }
    write(tensors, metadata, arguments.out)


if __name__ == "__main__":
    main()
