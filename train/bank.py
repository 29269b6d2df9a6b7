"""What scenes are painted from: textures and silhouettes, drawn on the CPU and used many times on any device."""
import concurrent.futures
import multiprocessing

import cv2
import numpy as np
import torch

import shape
import texture

REACH = 0.5  # beyond this distance from an outline, in half sides of its square, silhouettes say no more
HALF_PLANE, SKYLINE = 0, 1  # silhouettes below which everything is ground; the second has a stepped edge


def distance_field(mask):
    """Signed distance to the outline, inside positive, in half sides. bool [S, S] -> int8 [S, S], 127 = REACH"""
    padded = mask.astype(np.uint8)
    inside = cv2.distanceTransform(padded, cv2.DIST_L2, 5)
    outside = cv2.distanceTransform(1 - padded, cv2.DIST_L2, 5)
    signed = np.where(mask, inside - 0.5, 0.5 - outside) / (mask.shape[0] / 2)
    return np.round(np.clip(signed / REACH, -1, 1) * 127).astype(np.int8)


def silhouette(seed, chapter, index):
    """int8 [S, S]"""
    rng = np.random.default_rng((seed, 4, chapter, index))
    side = shape.SIDE
    if index == HALF_PLANE:
        mask = np.arange(side)[:, None] >= np.full((1, side), side // 2)
    elif index == SKYLINE:
        mask = np.arange(side)[:, None] >= shape.steps(rng, side)[None, :]
    else:
        mask = shape.draw(rng, side, side, shape.Frame(rng, side / 2, side / 2, side * 0.3)) > 0.5
    return distance_field(mask)


def tile(seed, chapter, index):
    """uint8 [2, 3, S, S]: sharp, and out of focus"""
    rng = np.random.default_rng((seed, 1, chapter, index))
    sharp = texture.tile(rng)
    soft = cv2.GaussianBlur(sharp, (0, 0), float(np.exp(rng.uniform(np.log(2), np.log(14)))))
    return (np.stack([sharp, soft]).transpose(0, 3, 1, 2) * 255).astype(np.uint8)


def draw_some(job):
    """Part of a bank, drawn by a process of its own. job: maker, seed, chapter, indices"""
    cv2.setNumThreads(1)
    maker, seed, chapter, indices = job
    return np.stack([maker(seed, chapter, index) for index in indices])


class Bank:
    """tiles uint8 [T, 3, S, S], silhouettes int8 [N, 1, R, R], on one device."""

    def __init__(self, tiles, silhouettes, device):
        self.tiles = torch.from_numpy(tiles).flatten(0, 1).to(device)
        self.silhouettes = torch.from_numpy(silhouettes)[:, None].to(device)


class Banks:
    """Every chapter of a training has a bank of its own. With workers the next is drawn while one is in use."""

    def __init__(self, seed, tiles, silhouettes, workers=0):
        self.seed, self.counts = seed, (tiles, silhouettes)
        context = multiprocessing.get_context("spawn")  # a GPU may be in use by now
        self.pool = concurrent.futures.ProcessPoolExecutor(workers, context) if workers else None
        self.coming, self.chapter, self.bank = {}, None, None

    def begin(self, chapter):
        """Starts to draw a chapter's bank. -> lists of futures"""
        jobs = [[(maker, self.seed, chapter, range(first, min(first + 32, count)))
                 for first in range(0, count, 32)] for maker, count in zip((tile, silhouette), self.counts)]
        return [[self.pool.submit(draw_some, job) for job in part] for part in jobs]

    def of(self, chapter, device):
        if chapter == self.chapter:
            return self.bank
        if self.pool:
            parts = self.coming.pop(chapter, None) or self.begin(chapter)
            drawn = [np.concatenate([future.result() for future in part]) for part in parts]
            self.coming = {chapter + 1: self.begin(chapter + 1)}
        else:
            drawn = [draw_some((maker, self.seed, chapter, range(count)))
                     for maker, count in zip((tile, silhouette), self.counts)]
        self.chapter, self.bank = chapter, Bank(*drawn, device)
        return self.bank

    def close(self):
        """Stops what is still being drawn."""
        if self.pool:
            self.pool.shutdown(cancel_futures=True)
