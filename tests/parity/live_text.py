"""Classes of masks by maskmill and by a plain Python twin over the official CLIP, with its own preprocessing and tokenizer: a random
ViT-B/32. Called by live.py.

The twin follows docs/text.md step by step: the masks are those of maskmill's records."""

import json
import os
import shutil
import subprocess
import sys
import types

import numpy as np
import packaging.version
import torch
from PIL import Image
from pycocotools import mask as coco

import official_clip

CLASSES = ["cat", "coffee cup", "a spoon's handle", "sky", "Mücke", "car door", "wooden table", "astronaut"]
TEMPLATES = ["itap of a {}.", "a bad photo of the {}.", "a origami {}.", "a photo of the large {}.", "a {} in a video game.",
             "art of the {}.", "a photo of the small {}."]
MEAN = (123, 117, 104)
CLOSE = 2e-3  # scores; classes whose scores are so close may change places


def load_clip():
    """The module clip.clip, whose setuptools is long gone."""
    resources = types.ModuleType("pkg_resources")
    resources.packaging = packaging
    sys.modules.setdefault("pkg_resources", resources)
    from clip import clip
    return clip


def crop(image, mask, keep):
    """The square of docs/text.md, as a picture."""
    rows, columns = np.nonzero(mask)
    x, y = columns.min(), rows.min()
    width, height = columns.max() - x + 1, rows.max() - y + 1
    longest = max(width, height)
    side = max(longest + 2 * -(-longest // 10), 32)
    left, top = x - (side - width + 1) // 2, y - (side - height + 1) // 2
    square = np.empty((side, side, 3), np.uint8)
    square[:] = MEAN
    whole = image if keep else np.where(mask[..., None] > 0, image, np.uint8(MEAN))
    seen = whole[max(top, 0):top + side, max(left, 0):left + side]
    square[max(-top, 0):, max(-left, 0):][:seen.shape[0], :seen.shape[1]] = seen
    return Image.fromarray(square)


def as_png(photo, folder):
    """A copy without loss, of which every decoder makes the same pixels."""
    path = f"{folder}/{os.path.splitext(os.path.basename(photo))[0]}.png"
    Image.open(photo).convert("RGB").save(path)
    return path


@torch.no_grad()
def embed_classes(clip, model, templates):
    classes = []
    for name in CLASSES:
        texts = model.encode_text(clip.tokenize([template.format(name) for template in templates]))
        mean = torch.nn.functional.normalize(texts, dim=1).mean(0)
        classes.append(mean / mean.norm())
    return torch.stack(classes)


@torch.no_grad()
def scores(clip, model, picture, classes):
    embedding = model.encode_image(clip._transform(model.visual.input_resolution)(picture)[None])
    return torch.softmax(model.logit_scale.exp() * torch.nn.functional.normalize(embedding, dim=1) @ classes.t(), dim=1)[0]


def compare_image(clip, model, photo, record, classes, keep):
    """Returns the numbers of masks, and of those whose class or score differs; and the largest difference of scores."""
    image = np.array(Image.open(photo).convert("RGB"))
    differ, worst = 0, 0
    for mask in record["annotations"]:
        expected = scores(clip, model, crop(image, coco.decode(mask["segmentation"]), keep), classes)
        found = expected[CLASSES.index(mask["category"])].item()
        worst = max(worst, abs(found - mask["category_score"]))
        differ += abs(found - mask["category_score"]) > CLOSE or expected.max().item() - found > CLOSE
    return len(record["annotations"]), differ, worst


def compare(program, photos, folder):
    """Returns how many settings differ."""
    clip = load_clip()
    sizes = official_clip.SIZES["vit_b_32"]
    model = official_clip.random(sizes)
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    torch.save({name: tensor.half() for name, tensor in model.state_dict().items()}, f"{folder}/clip.pt")
    shutil.copy(os.path.join(os.path.dirname(clip.__file__), "bpe_simple_vocab_16e6.txt.gz"), folder)
    with open(f"{folder}/classes.txt", "w", encoding="utf-8") as file:
        file.write("\n".join(CLASSES))
    photos = [as_png(photo, folder) for photo in photos]
    failed = 0
    for background, templates in (("mean", TEMPLATES), ("keep", ["a photo of a {}."])):
        out = f"{folder}/{background}"
        given = [] if templates is TEMPLATES else [f"--template={template}" for template in templates]
        subprocess.run([program, "run", "--quiet", "--points-per-side", "8", "--classes", f"{folder}/classes.txt", "--clip", f"{folder}/clip.pt",
                        "--clip-background", background, *given, "-o", out, *photos], check=True)
        classes = embed_classes(clip, model, templates)
        masks = differing = worst = 0
        kinds = set()
        for photo in photos:
            record = json.load(open(f"{out}/{os.path.splitext(os.path.basename(photo))[0]}.json"))
            kinds |= {mask["category"] for mask in record["annotations"]}
            counts = compare_image(clip, model, photo, record, classes, background == "keep")
            masks, differing, worst = masks + counts[0], differing + counts[1], max(worst, counts[2])
        print(f"text, {background}: {masks} masks of {len(kinds)} classes, {differing} differ, largest difference of scores {worst:.1e}",
              flush=True)
        failed += differing > 0
    shutil.rmtree(folder)
    return failed
