"""Fails unless the loss of a training log falls: check_log.py LOG"""
import csv
import sys


def main():
    with open(sys.argv[1], newline="") as file:
        rows = list(csv.DictReader(file))
    steps = [int(row["step"]) for row in rows]
    if steps != sorted(set(steps)):
        sys.exit("steps repeat or go back")
    first = [float(row["loss"]) for row in rows if row["size"] == rows[0]["size"]]
    quarter = max(1, len(first) // 4)
    before, after = sum(first[:quarter]) / quarter, sum(first[-quarter:]) / quarter
    print(f"loss at {rows[0]['size']} pixels: {before:.3f} at first, {after:.3f} at last")
    if not after < 0.9 * before:
        sys.exit("the loss does not fall")


if __name__ == "__main__":
    main()
