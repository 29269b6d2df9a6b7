"""Whole images with random models of the published sizes, beside the official generators; for live.py, which says how.

Cuts of a photograph are searched: wide, tall, square and small. Some models need a clone of their authors' code, which a
variable names: EFFICIENTVIT (see efficientvit_dumps.py), REPVIT (repvit_dumps.py), SAM_HQ (hq_dumps.py). Without it they are
passed over. `build/parity` keeps the models and what the official code found.
"""

import os
from types import SimpleNamespace

import torch

import efficientvit_dumps
import hq_dumps
import make_dumps
import official
import official_sam2
import repvit_dumps
import transformers_records

SEED = 3
GRID = dict(points_per_side=8, box_nms_thresh=1.0, stability_score_thresh=0.5)
SMALL_GRID = dict(GRID, points_per_side=5)
CROPS = dict(SMALL_GRID, crop_n_layers=1, crop_nms_thresh=1.0)
SAM = dict(pred_iou_thresh=0.8)
PIPELINE = dict(stability_score_thresh=0.4, pred_iou_thresh=0.5)

# name: (family, kind, options, cuts)
SETS = {
    "hiera_t": ("sam2", "hiera_t", GRID, ("wide", "tall", "square", "small")),
    "hiera_t_crops": ("sam2", "hiera_t", CROPS, ("wide", "small")),
    "hiera_t_m2m": ("sam2", "hiera_t", dict(SMALL_GRID, pred_iou_thresh=0.3, stability_score_thresh=0.05, use_m2m=True), ("small",)),
    "hiera_t_single": ("sam2", "hiera_t", dict(GRID, multimask_output=False), ("wide",)),
    "hiera_b": ("sam2", "hiera_b", SMALL_GRID, ("wide", "small")),
    "hiera_l": ("sam2", "hiera_l", SMALL_GRID, ("tall",)),
    "efficientvit_l0": ("efficientvit", "l0", dict(GRID, **SAM), ("wide", "tall", "small")),
    "efficientvit_l0_crops": ("efficientvit", "l0", dict(CROPS, **SAM), ("wide",)),
    "repvit": ("repvit", "repvit", GRID, ("wide", "tall", "small")),
    "hq_tiny": ("sam_hq", "hq_tiny", dict(GRID, stability_score_thresh=0.2), ("wide", "tall", "small")),
    "transformers_sam": ("transformers", "sam", dict(GRID, **PIPELINE), ("wide", "tall", "small")),
    "transformers_sam_crops": ("transformers", "sam", dict(CROPS, **PIPELINE), ("small",)),
    "transformers_sam_hq": ("transformers", "sam_hq", dict(GRID, **PIPELINE), ("wide", "small")),
    "transformers_sam2": ("transformers", "sam2", dict(GRID, **PIPELINE), ("square",)),
    "transformers_sam2_input": ("transformers_input", "sam2", dict(GRID, **PIPELINE), ("square", "wide")),
    "transformers_edgetam_input": ("transformers_input", "edgetam", dict(GRID, **PIPELINE), ("square", "wide")),
}


def cuts(photo, folder):
    """Writes the cuts of a photograph; returns {name: path}."""
    import cv2
    image = cv2.imread(photo)
    height, width = image.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    parts = dict(wide=image[height // 3:height // 3 + side // 4], tall=image[:, left:left + side // 3],
                 square=image[top:top + side, left:left + side],
                 small=cv2.resize(image, (200, max(1, 200 * height // width)), interpolation=cv2.INTER_AREA))
    os.makedirs(folder, exist_ok=True)
    paths = {name: os.path.join(folder, name + ".png") for name in parts}
    for name, path in paths.items():
        cv2.imwrite(path, parts[name])
    return paths


# A family: make(kind) gives a random model, always the same; save(model, path) writes what maskmill reads; and
# records(model, pixels, **options) gives what the official generator finds. Tolerances are for compare.py.
def family(suffix, make, save, records, tolerances=()):
    return SimpleNamespace(suffix=suffix, make=make, save=save, records=records, tolerances=tolerances)


def generated(generator, sam, pixels, options):
    masks = generator(sam, output_mode="coco_rle", **options).generate(pixels)
    return [dict(mask, id=i) for i, mask in enumerate(masks)]


def sam2():
    return family(".pt", lambda kind: official_sam2.random(kind, SEED), official_sam2.save, official_sam2.records)


def of_transformers(**more):
    def records(model, pixels, **options):
        return transformers_records.records(model, pixels, **more, **options)
    return family("", lambda kind: transformers_records.random(kind, SEED), transformers_records.save, records,
                  tolerances=("--scores", "0.002"))  # its resized bytes differ by 1, its decoder has another eps


def efficientvit(clone):
    code, norm = efficientvit_dumps.load_code(clone)

    def records(sam, pixels, **options):
        return generated(code.EfficientViTSamAutomaticMaskGenerator, sam, pixels, options)
    return family(".safetensors", lambda kind: efficientvit_dumps.make(code, norm, kind), efficientvit_dumps.save, records)


def repvit(clone):
    def make(kind):
        sam = official.assemble(dict(official.OFFICIAL_COMMON, width=16, depth=1, heads=1, globals=(0,)))  # any encoder
        torch.manual_seed(SEED)
        sam.image_encoder = repvit_dumps.code(clone).repvit().requires_grad_(False)
        return official.randomise(sam)
    return family(".safetensors", make, official.save, official.records)


def sam_hq(clone):
    package = hq_dumps.import_official(clone)

    def make(kind):
        sam = hq_dumps.assemble(package, hq_dumps.KINDS[kind])
        hq_dumps.randomise(sam)
        pixels = official.read_rgb(make_dumps.image_path("enlarged"))
        hq_dumps.scale(sam, *sam.image_encoder(official.model_input(sam, pixels)))
        return sam

    def records(sam, pixels, **options):
        return generated(package.SamAutomaticMaskGenerator, sam, pixels, options)
    return family(".safetensors", make, official.save, records)


def open_family(name):
    """The family, or None without its clone."""
    if name == "sam2":
        return sam2()
    if name.startswith("transformers"):
        return of_transformers(official_input=name == "transformers_input")
    clone = os.environ.get(name.upper())
    return clone and {"efficientvit": efficientvit, "repvit": repvit, "sam_hq": sam_hq}[name](clone)
