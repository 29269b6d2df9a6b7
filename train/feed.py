"""Batches one after another: drawn where the model is, or ahead of it by processes of their own."""
import itertools

import torch
from torch.utils.data import DataLoader

from data import Scenes
from photographs import Mixture


def source(options, device, workers):
    """What numbered batches come from."""
    return (Mixture if options.photographs else Scenes)(options, device, workers)


class Drawings:
    """Number i is block i of batches, those that --reuse makes of the same drawings. Every process draws its own
    textures."""

    def __init__(self, options, count, size):
        self.options, self.count, self.size, self.scenes = options, count, size, None

    def __getitem__(self, number):
        if self.scenes is None:
            self.scenes = source(self.options, torch.device("cpu"), 0)
        length = self.options.reuse ** 2
        return [self.scenes.batch(number * length + place, self.count, self.size) for place in range(length)]


class Feed:
    def __init__(self, options, device, team):
        self.options, self.device, self.team = options, device, team
        self.scenes = None if options.drawers else source(options, device, options.workers)

    def batches(self, first, count, size):
        """Batches of `count` images for step `first` and all that follow. Blocks go to the processes in turn."""
        length = self.options.reuse ** 2
        step, skipped = divmod(first, length)
        blocks = itertools.count(step * self.team.count + self.team.rank, self.team.count)
        if self.scenes:
            for index in itertools.islice((block * length + place for block in blocks for place in range(length)),
                                          skipped, None):
                yield self.scenes.batch(index, count, size)
        loader = DataLoader(Drawings(self.options, count, size), batch_size=None, sampler=blocks,
                            num_workers=self.options.drawers, multiprocessing_context="spawn")
        for drawn in loader:
            for batch in drawn[skipped:]:
                yield {key: tensor.to(self.device, non_blocking=True) for key, tensor in batch.items()}
            skipped = 0

    def close(self):
        if self.scenes:
            self.scenes.close()
