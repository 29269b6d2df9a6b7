"""Batches one after another: drawn where the model is, or ahead of it by processes of their own."""
import itertools

import torch
from torch.utils.data import DataLoader

from data import Scenes


class Drawings:
    """Number i is the batches of drawing i, all that --reuse makes of it. Every process draws its own textures."""

    def __init__(self, options, count, size):
        self.options, self.count, self.size, self.scenes = options, count, size, None

    def __getitem__(self, number):
        if self.scenes is None:
            self.scenes = Scenes(self.options, torch.device("cpu"), 0)
        reuse = self.options.reuse
        return [self.scenes.batch(index, self.count, self.size)
                for index in range(number * reuse, (number + 1) * reuse)]


class Feed:
    def __init__(self, options, device):
        self.options, self.device = options, device
        self.scenes = None if options.drawers else Scenes(options, device, options.workers)

    def batches(self, first, count, size):
        """Batches of `count` images from number `first` on, without end."""
        if self.scenes:
            for index in itertools.count(first):
                yield self.scenes.batch(index, count, size)
        number, skipped = divmod(first, self.options.reuse)
        loader = DataLoader(Drawings(self.options, count, size), batch_size=None, sampler=itertools.count(number),
                            num_workers=self.options.drawers, multiprocessing_context="spawn")
        for drawn in loader:
            for batch in drawn[skipped:]:
                yield {key: tensor.to(self.device, non_blocking=True) for key, tensor in batch.items()}
            skipped = 0

    def close(self):
        if self.scenes:
            self.scenes.close()
