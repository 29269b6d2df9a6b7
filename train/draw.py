"""Drawn scenes to look at, to measure with, and in place of photographs where there are none.

    draw.py --sheet FILE              16 scenes on one sheet, and beside it their wholes
    draw.py --write FOLDER            pairs of image and record, as `maskmill eval` reads them
    draw.py --set FOLDER              images and annotations.json, as sets.py reads them
            [--count N] [--seed S] [--size PIXELS]
"""
import argparse
import json
import pathlib

import cv2
import numpy as np
import torch

from bank import Banks
from record import run_lengths, write_record
from scene import scenes

TILES, SILHOUETTES = 192, 384
COLOURS = np.random.default_rng(0).integers(40, 256, (4093, 3), np.uint8)


def drawn(seed, count, size):
    """One scene after another. -> image [h, w, 3] in OpenCV's order, labels [3, h, w]"""
    bank = Banks(seed, TILES, SILHOUETTES).of(0, "cpu")
    for index in range(count):
        image, extent, labels = (tensor[0].numpy() for tensor in scenes(seed, index, 1, size, bank, "cpu"))
        height, width = extent
        yield np.ascontiguousarray(image.transpose(1, 2, 0)[:height, :width, ::-1]), labels[:, :height, :width]


def write_pairs(folder, seed, count, size, least):
    """Images beside their wholes (annotator 0) and parts (annotator 1) of at least `least` pixels."""
    folder.mkdir(parents=True, exist_ok=True)
    for index, (image, labels) in enumerate(drawn(seed, count, size)):
        name = f"scene{index:04d}"
        cv2.imwrite(str(folder / f"{name}.png"), image)
        masks = []
        for annotator, level in ((0, labels[1]), (1, labels[0])):
            for label in np.unique(level):
                mask = level == label
                if mask.sum() >= least:
                    masks.append((mask, {"annotator": annotator}))
        write_record(folder / f"{name}.json", *labels.shape[1:], f"{name}.png", masks)


def write_set(folder, seed, count, size, least):
    """Images with their parts and wholes of at least `least` pixels, in COCO's format."""
    (folder / "images").mkdir(parents=True, exist_ok=True)
    images, annotations = [], []
    for number, (image, labels) in enumerate(drawn(seed, count, size)):
        name = f"{number:04d}.png"
        cv2.imwrite(str(folder / "images" / name), image)
        images.append({"id": number, "file_name": name, "height": image.shape[0], "width": image.shape[1]})
        for mask in [level == label for level in labels[:2] for label in np.unique(level)]:
            if mask.sum() >= least:
                annotations.append({"image_id": number, "iscrowd": 0, "area": int(mask.sum()),
                                    "bbox": list(cv2.boundingRect(mask.view(np.uint8))),
                                    "segmentation": {"size": list(mask.shape), "counts": run_lengths(mask)}})
    (folder / "annotations.json").write_text(json.dumps({"images": images, "annotations": annotations}))


def write_sheet(path, seed, size):
    sheet = np.zeros((4 * size, 8 * size, 3), np.uint8)
    for index, (image, labels) in enumerate(drawn(seed, 16, size)):
        height, width = image.shape[:2]
        for column, shown in ((0, image), (1, COLOURS[labels[1] * 7919 % len(COLOURS)])):
            top, left = index // 4 * size, (index % 4 * 2 + column) * size
            sheet[top:top + height, left:left + width] = shown
    cv2.imwrite(str(path), sheet)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sheet", type=pathlib.Path)
    parser.add_argument("--write", type=pathlib.Path)
    parser.add_argument("--set", type=pathlib.Path)
    parser.add_argument("--count", type=int, default=100)
    parser.add_argument("--seed", type=int, default=1000, help="keep apart from the seed of training")
    parser.add_argument("--size", type=int, default=480, help="longest side, pixels, a multiple of 8")
    parser.add_argument("--least", type=int, default=100, help="smallest segment, pixels")
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    if arguments.sheet:
        write_sheet(arguments.sheet, arguments.seed, arguments.size)
    if arguments.write:
        write_pairs(arguments.write, arguments.seed, arguments.count, arguments.size, arguments.least)
    if arguments.set:
        write_set(arguments.set, arguments.seed, arguments.count, arguments.size, arguments.least)


if __name__ == "__main__":
    main()
