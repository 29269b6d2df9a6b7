"""Random numbers of one batch, drawn on its device: the same for the same seed and index on one kind of device."""
import math
import random

import torch


class Dice:
    def __init__(self, device, *key):
        seed = 0
        for number in key:
            seed = (seed * 6364136223846793005 + number + 1442695040888963407) % (1 << 62)
        self.device = torch.device(device)
        self.generator = torch.Generator(device).manual_seed(seed)
        self.shared = random.Random(seed)

    def uniform(self, low, high, *shape):
        return low + (high - low) * torch.rand(shape, generator=self.generator, device=self.device)

    def log_uniform(self, low, high, *shape):
        return self.uniform(math.log(low), math.log(high), *shape).exp()

    def normal(self, *shape):
        return torch.randn(shape, generator=self.generator, device=self.device)

    def chance(self, share, *shape):
        return torch.rand(shape, generator=self.generator, device=self.device) < share

    def integers(self, low, high, *shape):
        return torch.randint(low, high, shape, generator=self.generator, device=self.device)

    def number(self, low, high):
        """One for the whole batch; the device need not be asked."""
        return self.shared.uniform(low, high)
