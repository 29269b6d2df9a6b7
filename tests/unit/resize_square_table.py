#!/usr/bin/env python3
"""Writes resize_square_table.h: what SAM 2's transform makes of pseudo-random images. Needs torch, torchvision and sam2.

    python3 tests/unit/resize_square_table.py | clang-format --assume-filename=a.h > tests/unit/resize_square_table.h

Of each tensor it has the sum of squares and eight values. Images are those of resize_table.py.
"""
import contextlib
import io
import warnings

warnings.filterwarnings("ignore")

import numpy as np
from sam2.utils.transforms import SAM2Transforms

with contextlib.redirect_stdout(io.StringIO()):  # it prints its own table
    from resize_table import noise

SIZES = [  # width, height, side
    (1, 1, 16), (2, 1, 32), (3, 5, 16), (64, 64, 64), (64, 48, 64), (48, 64, 128), (200, 136, 64), (333, 77, 48), (7, 900, 32), (2000, 3, 32),
    (1000, 700, 16), (65, 63, 64), (500, 333, 112),
]
VALUES = 8

print("/* resize_square_table.h - tensors of SAM 2's transform; resize_square_table.py writes it and says how. */")
print("#ifndef TESTS_UNIT_RESIZE_SQUARE_TABLE_H\n#define TESTS_UNIT_RESIZE_SQUARE_TABLE_H\n")
print("#include <stddef.h>\n#include <stdint.h>\n")
print("enum { SQUARE_VALUES = %d };\n" % VALUES)
print("""static const struct square_case {
    int32_t width, height, side;
    double squares; /* sum of the squares of all values */
    struct {
        size_t at;
        float is;
    } values[SQUARE_VALUES];
} square_cases[] = {""")
for seed, (width, height, side) in enumerate(SIZES, 1):
    tensor = SAM2Transforms(side, 0.0)(noise(width, height, seed)).numpy().reshape(-1)
    places = np.random.default_rng(seed).choice(tensor.size, VALUES - 2, replace=False).tolist() + [0, tensor.size - 1]
    values = ", ".join("{%d, %sF}" % (at, float(tensor[at]).hex()) for at in places)
    print("{%d, %d, %d, %.9g, {%s}}," % (width, height, side, np.square(tensor, dtype=np.float64).sum(), values))
print("};\n\n#endif")
