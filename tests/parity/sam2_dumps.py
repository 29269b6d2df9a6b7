#!/usr/bin/env python3
"""Makes the committed files of SAM 2: a small random model, what the official code answers to it in the layout of
make_dumps.py, and records of SAM2AutomaticMaskGenerator. Needs the packages of requirements.txt.

    sam2_dumps.py                       all of hiera_xs: models/, dumps/, records/
    sam2_dumps.py MODEL IMAGE DUMP      the dump of any model file, for `test_model MODEL DUMP IMAGE`

Beside what make_dumps.py describes, a dump has the high-resolution features [c,K,K], `high0` with c = C/8 and `high1` with
c = C/4: every third position, down and across.
"""

import sys

import torch

import official
import official_sam2
from make_dumps import HERE, SEED, image_path, sets, write

# Options of whole records. The model's masks are noise over the whole image with boxes that all overlap. pred_iou_thresh is
# the generator's own default.
OPTIONS = dict(box_nms_thresh=1.0, stability_score_thresh=0.6)
RECORDS = {
    "hiera_xs-enlarged": ("enlarged", dict(OPTIONS, points_per_side=5)),
    "hiera_xs-crops-tall": ("tall", dict(OPTIONS, points_per_side=6, crop_n_layers=1, crop_nms_thresh=1.0)),
    "hiera_xs-m2m-shrunk": ("shrunk", dict(OPTIONS, points_per_side=4, stability_score_thresh=0.3, use_m2m=True)),
    "hiera_xs-m2m_single-shrunk": ("shrunk", dict(OPTIONS, points_per_side=6, stability_score_thresh=0.3, use_m2m=True,
                                                  multimask_output=False)),
    "hiera_xs-single-enlarged": ("enlarged", dict(OPTIONS, points_per_side=6, multimask_output=False)),
}


def mask_prompts(model, features):
    """As make_dumps.mask_prompts."""
    middle = torch.full((1, 1, 2), model.image_size * 0.4)
    low = official_sam2.decode(model, features, points=(middle, torch.ones(1, 1)))[0][0, 1]
    return torch.stack([low, low.flip(1).clamp(-6, 6)])


def dump(model_path, image, path, load=official_sam2.load):
    """Writes the dump of a model file and an image file to `path`; returns the official model."""
    model = load(model_path)
    features = official_sam2.encode(model, official_sam2.model_input(model, official.read_rgb(image)))
    masks = mask_prompts(model, features)
    embedding, high0, high1 = features
    answers = {}
    for kind, prompts in sets(model.image_size).items():
        points = (prompts["xy"], prompts["labels"]) if "xy" in prompts else None
        answers[kind] = (prompts, *official_sam2.decode(model, features, points=points, boxes=prompts.get("boxes"),
                                                        masks=masks[:, None] if kind.endswith("mask") else None))
    write(path, model_path, embedding, answers, high0=high0[0, :, ::3, ::3], high1=high1[0, :, ::3, ::3])
    return model


def main():
    torch.set_num_threads(1)  # the same rounding on any number of cores
    path = f"{HERE}/models/hiera_xs.safetensors"
    official_sam2.save(official_sam2.random("hiera_xs", SEED), path, half=True)
    model = dump(path, image_path("enlarged"), f"{HERE}/dumps/hiera_xs.safetensors")
    for name, (image, options) in RECORDS.items():
        pixels = official.read_rgb(image_path(image))
        found = official_sam2.records(model, pixels, **options)
        official.write_record(f"{HERE}/records/{name}.json", image + ".png", pixels, found)
        print(f"{name}: {len(found)} masks")


if __name__ == "__main__":
    if len(sys.argv) == 4:
        dump(*sys.argv[1:])
    else:
        main()
