"""Masks as runs: records as `maskmill eval` reads them, and COCO's run strings."""
import json
import pathlib

import numpy as np


def run_lengths(mask):
    """Column-major run lengths, background first."""
    flat = mask.ravel(order="F").astype(np.int8)
    edges = np.flatnonzero(np.diff(flat)) + 1
    bounds = np.concatenate([[0], edges, [flat.size]])
    lengths = np.diff(bounds).tolist()
    return [0] + lengths if flat[0] else lengths


def write_record(path, height, width, file_name, masks):
    """A record as `maskmill eval` reads it. masks: (bool [height, width], further members) pairs."""
    annotations = []
    for number, (mask, members) in enumerate(masks):
        segmentation = {"size": [height, width], "counts": run_lengths(mask)}
        annotations.append({"id": number, "segmentation": segmentation, "area": int(mask.sum()), **members})
    image = {"image_id": 0, "width": width, "height": height, "file_name": file_name}
    pathlib.Path(path).write_text(json.dumps({"image": image, "annotations": annotations}))


def decode(segmentation):
    """COCO's run string or a list of run lengths -> bool [h, w]."""
    height, width = segmentation["size"]
    counts = segmentation["counts"]
    if isinstance(counts, str):
        counts = decode_counts(counts)
    values = np.arange(len(counts)) % 2 == 1
    return np.repeat(values, counts).reshape(width, height).T


def decode_counts(text):
    counts, number, shift = [], 0, 0
    for character in text.encode():
        group = character - 48
        number |= (group & 31) << shift
        shift += 5
        if group & 32:
            continue
        if group & 16:
            number -= 1 << shift
        counts.append(number + (counts[-2] if len(counts) > 2 else 0))
        number = shift = 0
    return counts
