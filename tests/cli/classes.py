"""Looks at classes in records.

    classes.py check DIR NAMES      every mask that is not empty has one of the names, and a score above 0 and up to 1
    classes.py bare DIR TO          the records without classes, as Python writes JSON, to a folder
    classes.py png WIDTH HEIGHT TO  a black picture
    classes.py alike LINES RECORD   similarities, falling, are the scores of the same masks in the record but for rounding
    classes.py texts FILE           classes of a record, and whether text_score falls for each

Python's standard library only."""

import json
import os
import struct
import sys
import zlib


def records(folder):
    for path, _, names in os.walk(folder):
        for name in sorted(names):
            if name.endswith(".json") and "/." not in path and "/@" not in path:
                with open(os.path.join(path, name)) as file:
                    yield os.path.relpath(os.path.join(path, name), folder), json.load(file)


def check(folder, names):
    known = [name.strip() for name in open(names) if name.strip()]
    count = 0
    for name, record in records(folder):
        for mask in record["annotations"]:
            if mask["area"] == 0:
                assert "category" not in mask and "category_score" not in mask, (name, mask["id"])
                continue
            assert mask["category"] in known and 0 < mask["category_score"] <= 1, (name, mask["id"])
            count += 1
    print("every mask has a class" if count else "no mask")


def bare(folder, to):
    for name, record in records(folder):
        for mask in record["annotations"]:
            mask.pop("category", None)
            mask.pop("category_score", None)
        os.makedirs(os.path.dirname(os.path.join(to, name)), exist_ok=True)
        with open(os.path.join(to, name), "w") as file:
            json.dump(record, file)


def png(width, height, to):
    head = struct.pack(">IIBBBBB", int(width), int(height), 8, 2, 0, 0, 0)
    rows = zlib.compress((b"\0" + bytes(3 * int(width))) * int(height))
    with open(to, "wb") as file:
        file.write(b"\x89PNG\r\n\x1a\n")
        for name, data in ((b"IHDR", head), (b"IDAT", rows), (b"IEND", b"")):
            file.write(struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data)))


def alike(lines, record):
    found = [json.loads(line)["similarity"] for line in open(lines)]
    scores = sorted((mask["text_score"] for mask in json.load(open(record))["annotations"]), reverse=True)
    assert found == sorted(found, reverse=True) and len(found) == len(scores)
    print("the same" if all(abs(a - b) < 2e-3 for a, b in zip(found, scores)) else (found, scores))


def texts(path):
    masks = json.load(open(path))["annotations"]
    for text in dict.fromkeys(mask["category"] for mask in masks):
        scores = [mask["text_score"] for mask in masks if mask["category"] == text]
        print(text, len(scores), "falling" if scores == sorted(scores, reverse=True) else scores)


globals()[sys.argv[1]](*sys.argv[2:])
