"""Records of masks as `maskmill eval` reads them."""
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
