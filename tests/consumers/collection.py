"""A drawn collection: images, masks that are hard on formats, and records as Python writes them."""
import json
import os

import numpy as np
from PIL import Image
from pycocotools import mask as coco_mask

SIZES = {
    "plain.jpg": (61, 83),
    "two words.png": (40, 64),
    "deep/er.v2/x.y.jpg": (97, 50),
    "Grüße.png": (33, 35),
    "none.jpg": (20, 30),
}


def disc(height, width, y, x, radius):
    rows, columns = np.mgrid[:height, :width]
    return (rows - y) ** 2 + (columns - x) ** 2 <= radius**2


def drawn_masks(height, width, random):
    """Holes, holes with islands, several parts, corners that touch, single pixels, whole images."""
    y, x, side = height // 2, width // 2, min(height, width)
    ring = disc(height, width, y, x, side // 3) & ~disc(height, width, y, x, side // 6)
    target = ring | disc(height, width, y, x, side // 12)
    parts = disc(height, width, 8, 8, 6) | disc(height, width, height - 9, width - 9, 7)
    noise = random.random((height, width)) > 0.7
    chess = (np.add.outer(np.arange(height), np.arange(width)) % 2 == 0) & disc(height, width, 12, 20, 6)
    pixel = np.zeros((height, width), bool)
    pixel[-1, -1] = True
    line = np.zeros((height, width), bool)
    line[y, 1:-1] = True
    frame = np.ones((height, width), bool)
    frame[2:-2, 3:-3] = False
    whole = np.ones((height, width), bool)
    return [ring, target, parts, noise, chess, pixel, line, frame, whole]


def annotation(mask, number):
    rle = coco_mask.encode(np.asfortranarray(mask.astype(np.uint8)))
    rows, columns = np.nonzero(mask)
    x0, y0, x1, y1 = (int(v) for v in (columns.min(), rows.min(), columns.max(), rows.max()))
    return {
        "segmentation": {"size": [int(v) for v in rle["size"]], "counts": rle["counts"].decode()},
        "area": int(mask.sum()),
        "bbox": [x0, y0, x1 - x0, y1 - y0],
        "predicted_iou": float(np.float32(0.99 - 0.01 * number)),
        "point_coords": [[x0 + 0.5, y0 + 0.25]],
        "stability_score": float(np.float32(0.96)),
        "crop_box": [0, 0, mask.shape[1], mask.shape[0]],
        "id": number,
    }


def write(folder):
    """FOLDER/images and FOLDER/records; returns {name without extension: (file name, masks)}."""
    random = np.random.default_rng(5)
    collection = {}
    for number, (file_name, (height, width)) in enumerate(SIZES.items()):
        stem = os.path.splitext(file_name)[0]
        masks = [] if stem == "none" else drawn_masks(height, width, random)
        pixels = random.integers(0, 255, (height, width, 3), dtype=np.uint8)
        for root in ("images", "records"):
            os.makedirs(os.path.dirname(os.path.join(folder, root, file_name)), exist_ok=True)
        Image.fromarray(pixels).save(os.path.join(folder, "images", file_name))
        image = {"image_id": number + 1, "width": width, "height": height, "file_name": file_name}
        record = {"image": image, "annotations": [annotation(mask, i) for i, mask in enumerate(masks)]}
        with open(os.path.join(folder, "records", stem + ".json"), "w") as file:
            json.dump(record, file)
        collection[stem] = (file_name, masks)
    return collection
