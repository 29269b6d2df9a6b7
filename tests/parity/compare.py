#!/usr/bin/env python3
"""Compares two folders of SA-1B records mask by mask. Python's standard library only.

    compare.py REFERENCE_DIR OTHER_DIR [--share 0.99] [--iou 0.99] [--scores 0.001] [--quiet]

A match of a mask is one of the other record with IoU >= --iou. Fails unless --share of the reference's masks have a match and
the other way round, and every match agrees in its fields:
    point_coords and crop_box equal, bbox within 2 px, area within 0.5 %, predicted_iou within --scores, stability_score within 5e-3
Fields that the reference does not have are not compared.
The last line is "N passed, N failed", one a record.
"""

import argparse
import json
import os
import sys
from bisect import bisect_left

FIELDS = {
    "point_coords": lambda a, b: max(abs(p - q) for p, q in zip(a[0], b[0])) < 1e-6,
    "crop_box": lambda a, b: a == b,
    "bbox": lambda a, b: max(abs(p - q) for p, q in zip(a, b)) <= 2,
    "area": lambda a, b: abs(a - b) <= 0.005 * a,
    "predicted_iou": lambda a, b: abs(a - b) <= 1e-3,  # main() may change it
    "stability_score": lambda a, b: abs(a - b) <= 5e-3,
}


def run_lengths(text):
    """COCO's compressed counts."""
    counts, value, shift = [], 0, 0
    for character in text:
        group = ord(character) - 48
        value |= (group & 31) << shift
        shift += 5
        if not group & 32:
            if group & 16:
                value -= 1 << shift
            counts.append(value + (counts[-2] if len(counts) > 2 else 0))
            value, shift = 0, 0
    return counts


def foreground(mask):
    """Ends of background and foreground runs: [start, end) of foreground in turn."""
    position, edges = 0, []
    for count in run_lengths(mask["segmentation"]["counts"]):
        position += count
        edges.append(position)
    return edges[: len(edges) // 2 * 2]


def covered(edges, upto):
    """Number of foreground pixels before each of the positions `upto`, in order."""
    total, out, i = 0, [], 0
    for position in upto:
        while i < len(edges) and edges[i + 1] <= position:
            total += edges[i + 1] - edges[i]
            i += 2
        out.append(total + max(0, position - edges[i]) if i < len(edges) else total)
    return out


def intersection(a, b):
    before = covered(a, b)
    return sum(before[i + 1] - before[i] for i in range(0, len(b), 2))


def same_point(a, b):
    return "point_coords" in a and "point_coords" in b and FIELDS["point_coords"](a["point_coords"], b["point_coords"])


class Record:
    def __init__(self, path):
        with open(path) as file:
            self.masks = json.load(file)["annotations"]
        for mask in self.masks:
            mask["edges"] = foreground(mask)
            area = sum(mask["edges"][1::2]) - sum(mask["edges"][0::2])
            if area != mask["area"]:
                raise SystemExit(f"{path}: area of mask {mask['id']} is {mask['area']}, its runs have {area}")
        self.masks.sort(key=lambda mask: mask["area"])
        self.areas = [mask["area"] for mask in self.masks]

    def match(self, mask, least):
        """The most similar mask of this record, or None. Among several with IoU >= least: that of the same point."""
        best, best_rank = None, None
        for other in self.masks[bisect_left(self.areas, least * mask["area"]):]:
            if other["area"] * least > mask["area"]:
                break
            common = intersection(mask["edges"], other["edges"])
            union = mask["area"] + other["area"] - common
            if union and common >= least * union:
                rank = (same_point(mask, other), -abs(mask["predicted_iou"] - other["predicted_iou"]))
                if best is None or rank > best_rank:
                    best, best_rank = other, rank
        return best


def compare(reference, other, least):
    """Numbers: masks with a match both ways, and for each field the matches that disagree."""
    wrong = dict.fromkeys(FIELDS, 0)
    there = 0
    for mask in reference.masks:
        match = other.match(mask, least)
        if match:
            there += 1
            for field, agrees in FIELDS.items():
                wrong[field] += field in mask and not agrees(mask[field], match[field])
    back = sum(reference.match(mask, least) is not None for mask in other.masks)
    return there, back, wrong


def records(folder):
    return sorted(name for name in os.listdir(folder) if name.endswith(".json"))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("reference")
    parser.add_argument("other")
    parser.add_argument("--share", type=float, default=0.99)
    parser.add_argument("--iou", type=float, default=0.99)
    parser.add_argument("--scores", type=float, default=1e-3)
    parser.add_argument("--quiet", action="store_true")
    options = parser.parse_args()
    FIELDS["predicted_iou"] = lambda a, b: abs(a - b) <= options.scores
    passed = failed = 0
    total = [0, 0, 0, 0]
    for name in records(options.reference):
        path = os.path.join(options.other, name)
        if not os.path.exists(path):
            print(f"{name}: missing in {options.other}")
            failed += 1
            continue
        a, b = Record(os.path.join(options.reference, name)), Record(path)
        there, back, wrong = compare(a, b, options.iou)
        total = [t + n for t, n in zip(total, (there, len(a.masks), back, len(b.masks)))]
        good = there >= options.share * len(a.masks) and back >= options.share * len(b.masks) and not any(wrong.values())
        passed, failed = passed + good, failed + (not good)
        notes = "".join(f", {field} differs in {n}" for field, n in wrong.items() if n)
        if not (good and options.quiet):
            print(f"{name}: matches {there}/{len(a.masks)} and {back}/{len(b.masks)}{notes}")
    print("all records: matches %d/%d and %d/%d" % tuple(total))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
