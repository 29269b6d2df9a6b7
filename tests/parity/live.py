#!/usr/bin/env python3
"""Runs maskmill and the official code side by side; called by tests/parity/live. What the official code gives is kept in
build/parity and used again as long as model, image and options stay the same.

    live.py [tensors] [predictor] [edges] [embeddings] [records] [clip] [tokens] [text] [clicks] [coco] [PAIRS]
    live.py sizes [PHOTOGRAPH] [SET...]

tensors   embedding, predicted IoU, low-resolution logits: random ViT-B, MobileSAM and Hiera-T (SAM 2.1) as .pth and the built-in
          model on a photograph
predictor prompts of every kind through the C library and the official predictors: live_predictor.py; small random models (ViT,
          TinyViT, Hiera) and the built-in model on photographs
edges     edges through the C library and a NumPy twin over the official predictor: live_edges.py; the small random models and the
          built-in one on a part of a photograph
embeddings  those of masks, by `run --embeddings` and a NumPy twin over the official predictors: live_embeddings.py
records   whole images with the built-in model: photographs as they are, one shrunk so that it is enlarged for the model, and one
          already of the model's size, with default and other options; the recipe of SA-1B (sa1b.py); and the small random models
clip      embeddings of images and texts: random CLIPs (ViT-B/32, ViT-B/16) in every form in which they are published, against
          OpenAI's code and transformers: live_clip.py
tokens    tokens of 20,000 texts of many kinds, by OpenAI's tokenizer with ftfy and regex: live_tokens.py
text      classes of masks, by `run --classes` and a plain twin over OpenAI's code, a random ViT-B/32: live_text.py; photographs
clicks    mean IoU after 1 to 9 clicks and of boxes, by `maskmill eval` and by a twin over the official predictor, on 20 photographs
          with true segments: live_clicks.py
coco      average recall and precision of automatic masks, by `maskmill eval` and by pycocotools: live_coco.py
sizes     cuts of a photograph with random models of the published sizes, only when asked for: see live_sizes.py
"""

import glob
import hashlib
import json
import os
import subprocess
import sys

import official
import official_sam2
import sa1b
import sam2_dumps
from make_dumps import BUILTIN, HERE, RANDOM_OPTIONS, dump

TOP = os.path.abspath(os.path.join(HERE, "../.."))
WORK = os.path.join(TOP, "build/parity")
BUILTIN = os.path.abspath(BUILTIN)
THRESHOLDS = dict(pred_iou_thresh=0.4, stability_score_thresh=0.6, stability_score_offset=1.0)
# The built-in model has a search and a clean-up of its own.
LOOSE = dict(THRESHOLDS, points_per_side=32, box_nms_thresh=0.7, min_mask_region_area=0)

# name: (model, options, largest number of photographs)
RECORD_SETS = {
    "default": (BUILTIN, LOOSE, 24),
    "strict": (BUILTIN, dict(LOOSE, pred_iou_thresh=0.6, stability_score_thresh=0.8, stability_score_offset=0.5), 4),
    "grid": (BUILTIN, dict(LOOSE, points_per_side=11, points_per_batch=7, box_nms_thresh=0.9), 4),
    "regions": (BUILTIN, dict(LOOSE, min_mask_region_area=100), 4),
    "crops": (BUILTIN, dict(LOOSE, points_per_side=16, crop_n_layers=1), 4),
    "deep_crops": (BUILTIN, dict(LOOSE, points_per_side=16, crop_n_layers=2, crop_n_points_downscale_factor=2), 2),
    "sa1b": (BUILTIN, THRESHOLDS, 4),
    "vit_xs": (f"{HERE}/models/vit_xs.safetensors", RANDOM_OPTIONS, 1),
    "tiny_xs": (f"{HERE}/models/tiny_xs.safetensors", RANDOM_OPTIONS, 1),
}
SMALL_SAM2 = f"{HERE}/models/hiera_xs.safetensors"
for name, options in (("", dict(points_per_side=8)), ("_crops", dict(points_per_side=6, crop_n_layers=1, crop_nms_thresh=1.0)),
                      ("_m2m", dict(points_per_side=6, stability_score_thresh=0.3, use_m2m=True)),
                      ("_single", dict(points_per_side=12, multimask_output=False))):
    RECORD_SETS["hiera_xs" + name] = (SMALL_SAM2, dict(sam2_dumps.OPTIONS, **options), 4)


def photographs():
    """Those in examples/, and larger collections beside the sources where they are."""
    found = sorted(glob.glob(f"{TOP}/examples/**/*.jpg", recursive=True))
    for folder in (f"{TOP}/../shared/photos", f"{TOP}/../../shared/photos"):
        found += sorted(glob.glob(folder + "/*.jpg"))
    for folder in (f"{TOP}/../shared/bsds/val", f"{TOP}/../../shared/bsds/val"):
        found += sorted(glob.glob(folder + "/*.jpg"))[:4]
    return found or sorted(glob.glob(f"{HERE}/images/*.png"))


def prepared(photos):
    """A folder with the photographs, one of 200 px, and one of exactly the built-in model's size."""
    import cv2
    folder = os.path.join(WORK, "images")
    os.makedirs(folder, exist_ok=True)
    for photo in photos:
        link = os.path.join(folder, os.path.basename(photo))
        if not os.path.lexists(link):
            os.symlink(photo, link)
    image = cv2.imread(photos[0])
    for name, side in (("shrunk200", 200), ("presized", official.load(BUILTIN).image_encoder.img_size)):
        scale = side / max(image.shape[:2])
        size = tuple(int(n * scale + 0.5) for n in image.shape[1::-1])
        cv2.imwrite(os.path.join(folder, name + ".png"), cv2.resize(image, size, interpolation=cv2.INTER_AREA))
    return [os.path.join(folder, name + ".png") for name in ("shrunk200", "presized")] + [os.path.join(folder, os.path.basename(p)) for p in photos]


def digest(*parts):
    whole = hashlib.sha256()
    for part in parts:
        whole.update(open(part, "rb").read() if os.path.exists(str(part)) else str(part).encode())
    return whole.hexdigest()[:16]


def tensors(photo):
    failed = 0
    models = {"builtin": BUILTIN}
    for kind in ("vit_b", "mobile_sam", "hiera_t"):
        models[kind] = os.path.join(WORK, kind + ".pth")
        if os.path.exists(models[kind]):
            continue
        if kind in official_sam2.OFFICIAL:
            official_sam2.save(official_sam2.random(kind, 3), models[kind])
        else:
            import torch
            torch.save(official.random(kind, 3).state_dict(), models[kind])
    for name, model in models.items():
        path = os.path.join(WORK, f"{name}-{digest(photo, f'{HERE}/make_dumps.py')}-{os.path.getsize(model)}.safetensors")
        if not os.path.exists(path):
            (sam2_dumps.dump if name in official_sam2.OFFICIAL else dump)(model, photo, path)
        print(f"tensors, {name}:", flush=True)
        failed += subprocess.run([f"{TOP}/build/tests/parity/test_model", model, path, photo]).returncode != 0
    return failed


def predictor(photos):
    import live_predictor
    models = {name: f"{HERE}/models/{name}.safetensors" for name in ("vit_xs", "tiny_xs", "hiera_xs")}
    return sum(live_predictor.compare(name, model, photos) for name, model in dict(models, builtin=BUILTIN).items())


def edges(photo):
    import live_edges
    models = {name: f"{HERE}/models/{name}.safetensors" for name in ("vit_xs", "tiny_xs")}
    return sum(live_edges.compare(name, model, photo) for name, model in dict(models, builtin=BUILTIN).items())


def embeddings(photo):
    import live_embeddings
    models = {name: f"{HERE}/models/{name}.safetensors" for name in ("vit_xs", "tiny_xs", "hiera_xs")}
    return sum(live_embeddings.compare(name, model, photo, WORK, f"{TOP}/build/maskmill")
               for name, model in dict(models, builtin=BUILTIN).items())


def clip():
    import live_clip
    return sum(live_clip.compare(f"{TOP}/build/tests/parity/test_clip", kind, os.path.join(WORK, kind)) for kind in ("vit_b_32", "vit_b_16"))


def text(photos):
    import live_text
    return live_text.compare(f"{TOP}/build/maskmill", photos, os.path.join(WORK, "text"))


def pairs(parts):
    """A folder of photographs with records of true segments beside them, or None."""
    given = [part for part in parts if os.path.isdir(part)]
    found = given + [f"{TOP}/../shared/bsds/val", f"{TOP}/../../shared/bsds/val"]
    return next((folder for folder in found if os.path.isdir(folder)), None)


def clicks(folder):
    import live_clicks
    if not folder:
        print("clicks: skipped, no folder with photographs and true segments is named")
        return 0
    return live_clicks.compare("builtin", BUILTIN, folder, 20, os.path.join(WORK, "clicks"))


def coco(folder):
    import live_coco
    failed = sum(live_coco.compare(f"rectangles {seed}", os.path.join(WORK, "coco"), lambda *at: live_coco.random_pairs(seed, *at))
                 for seed in range(1, 6))
    if folder:
        failed += live_coco.compare("photographs", os.path.join(WORK, "coco"), lambda *at: live_coco.masks_of(10, folder, *at))
    return failed


def official_records(load, find, model, options, images, folder):
    os.makedirs(folder, exist_ok=True)
    sam = None
    for image in images:
        path = os.path.join(folder, os.path.splitext(os.path.basename(image))[0] + ".json")
        stamp = digest(weights(model), image, sorted(options.items()))
        if os.path.exists(path) and json.load(open(path)).get("stamp") == stamp:
            continue
        sam = sam or load(model)
        pixels = official.read_rgb(image)
        official.write_record(path, image, pixels, find(sam, pixels, **options), stamp=stamp)


def weights(model):
    """The file of a model that may be a folder."""
    return os.path.join(model, "model.safetensors") if os.path.isdir(model) else model


def flags_of(options):
    """maskmill's words for the options of the official generators."""
    flags = []
    for key, value in options.items():
        if key == "multimask_output":
            flags += [] if value else ["--single-mask"]
        else:
            flags += ["--" + key.replace("_", "-")] + ([] if value is True else [str(value)])
    return flags


def known_options():
    return subprocess.run([f"{TOP}/build/maskmill", "run", "--help"], capture_output=True, text=True, check=True).stdout


def records(images):
    failed = 0
    known = known_options()
    for name, (model, options, most) in RECORD_SETS.items():
        preset = ["--preset", "sa1b"] if name == "sa1b" else []
        flags = preset + flags_of(options)
        unknown = [flag for flag in flags if flag.startswith("--") and flag + " " not in known]
        if unknown:
            print(f"{name}: skipped, this maskmill has no {unknown[0]}")
            continue
        chosen = images[:most]
        code = official_sam2 if model == SMALL_SAM2 else official
        official_records(code.load, sa1b.records if preset else code.records, model, options, chosen, os.path.join(WORK, name))
        failed += compare(name, model, flags, chosen)
    return failed


def compare(name, model, flags, images, *tolerances):
    """Runs maskmill and compares with the records in WORK/NAME. Returns True if they differ."""
    reference, ours = os.path.join(WORK, name), os.path.join(WORK, name + "-maskmill")
    subprocess.run(["rm", "-rf", ours], check=True)
    subprocess.run([f"{TOP}/build/maskmill", "run", "--quiet", "--model", model, "-o", ours, *flags, *images], check=True)
    print(f"records, {name}:", flush=True)
    return subprocess.run([sys.executable, f"{HERE}/compare.py", reference, ours, *tolerances]).returncode != 0


def sizes(names, photo):
    import live_sizes
    cuts = live_sizes.cuts(photo, os.path.join(WORK, "cuts"))
    failed = 0
    for name in names or live_sizes.SETS:
        family, kind, options, wanted = live_sizes.SETS[name]
        family = live_sizes.open_family(family)
        if not family:
            print(f"{name}: skipped, no clone is named (live_sizes.py)")
            continue
        model = os.path.join(WORK, "sizes", kind + family.suffix)
        os.makedirs(os.path.dirname(model), exist_ok=True)
        made = None if os.path.exists(model) else family.make(kind)
        if made:
            family.save(made, model)
        images = [cuts[cut] for cut in wanted]
        official_records(lambda path: made or family.make(kind), family.records, model, options, images, os.path.join(WORK, name))
        failed += compare(name, model, flags_of(options), images, *family.tolerances)
    return failed


def main(parts):
    os.makedirs(WORK, exist_ok=True)
    photos = photographs()
    failed = 0
    if parts[:1] == ["sizes"]:
        given = [part for part in parts[1:] if os.path.isfile(part)]
        failed += sizes([part for part in parts[1:] if part not in given], (given or photos)[0])
        parts = parts[:1]
    if not parts or "tensors" in parts:
        failed += tensors(photos[0])
    if not parts or "predictor" in parts:
        failed += predictor([photo for photo in photos if "/examples/" not in photo][:4] or photos[:4])
    if not parts or "edges" in parts:
        failed += edges(photos[0])
    if not parts or "embeddings" in parts:
        failed += embeddings(photos[0])
    if not parts or "records" in parts:
        failed += records(prepared(photos))
    if not parts or "clip" in parts:
        failed += clip()
    if not parts or "tokens" in parts:
        import live_tokens
        failed += live_tokens.compare()
    if not parts or "text" in parts:
        failed += text(sorted(glob.glob(f"{TOP}/examples/*.jpg"))[:3])
    if not parts or "clicks" in parts:
        failed += clicks(pairs(parts))
    if not parts or "coco" in parts:
        failed += coco(pairs(parts))
    print("parity: everything agrees" if not failed else f"parity: {failed} comparisons FAILED")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
