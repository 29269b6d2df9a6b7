"""Training samples from photographs, in the form of data.Scenes, and batches that mix them with drawn scenes."""
import numpy as np
import torch

from collage import compose
from data import CELL, LEVELS, Scenes, chosen_pixels, drawn_index, low_resolution, noisy_boxes, well_inside
from dice import Dice
from photo import handled
from sets import DISTINCT, Sets

LEAST = 4 * CELL * CELL  # pixels of the smallest mask that is asked for


def nested(masks):
    """Largest first. uint8 [M, S, S] -> the same, without those that nobody could ask for"""
    areas = masks.sum((1, 2), dtype=np.int64)
    order = np.argsort(-areas, kind="stable")
    return masks[order[areas[order] >= LEAST]]


def smallest_at(masks):
    """Number of the smallest mask at every pixel, the masks being in order; -1 where there is none. -> int32 [S, S]"""
    top = np.full(masks.shape[1:], -1, np.int32)
    for number, mask in enumerate(masks):
        top[mask > 0] = number
    return top


def meanings(under, areas, dice):
    """Which masks a click may mean. under bool [P, M]: masks that hold it; areas [M], falling. -> the numbers of three
    masks, int64 [P, 3], the smallest first, and weights [P, 3]: 0 where there are fewer that differ enough"""
    chosen = torch.zeros(len(under), LEVELS, dtype=torch.int64)
    weight = torch.zeros(len(under), LEVELS)
    for row, held in enumerate(under):
        numbers = []
        for number in held.nonzero()[:, 0].flip(0).tolist():
            if not numbers or areas[number] > DISTINCT * areas[numbers[-1]]:
                numbers.append(number)
        while len(numbers) > LEVELS:
            numbers.pop(int(dice.number(1, len(numbers))))  # the smallest always stays
        weight[row, :len(numbers)] = 1
        chosen[row] = torch.tensor((numbers + numbers[:1] * LEVELS)[:LEVELS])
    return chosen, weight


class Photographs:
    """Batches of pictures put together from photographs; number i is the same whenever it is asked for. As data.Scenes
    gives them, but the true masks of a click are those that were marked: up to three, in the order of their areas."""

    def __init__(self, options, device):
        self.options, self.device, self.sets = options, device, Sets(options.photographs)

    def sample(self, index, size):
        """-> image uint8 [3, S, S], extent [2], masks uint8 [M, S, S], largest first"""
        rng = np.random.default_rng((self.options.seed, 7, index))
        shorter = size if rng.random() < 0.2 else round(size * rng.uniform(0.55, 1))
        height, width = (size, shorter) if rng.random() < 0.5 else (shorter, size)
        masks = []
        while not len(masks):
            sheet = compose(self.sets, rng, height, width)
            masks = nested(sheet.masks)
        padding = (0, size - height), (0, size - width)
        image = np.pad(sheet.image, (*padding, (0, 0))).transpose(2, 0, 1)
        return (torch.from_numpy(np.ascontiguousarray(image)), torch.tensor([height, width]),
                torch.from_numpy(np.pad(masks, ((0, 0), *padding))))

    def prompts(self, dice, masks, extent):
        """P clicks on one picture, and what they mean. -> the tensors of data.Scenes, without the first dimension"""
        size = masks.shape[-1]
        top = torch.from_numpy(smallest_at(masks.numpy()))
        pixels = chosen_pixels(dice, top[None], self.options.prompts, LEAST)[0]
        points = torch.stack([pixels % size, pixels // size], -1).float()
        own, place = top.flatten()[pixels].unique(return_inverse=True)  # the part of a mask that no smaller one covers
        inside = well_inside(dice, low_resolution(top == own[:, None, None])[place], points)
        points = torch.where(dice.chance(0.6, len(points), 1), inside, points)
        cells = low_resolution(masks > 0)
        numbers, weight = meanings(masks.flatten(1)[:, pixels].T > 0, cells.sum((1, 2)).tolist(), dice)
        chosen = drawn_index(weight, dice, 1)[:, 0]
        meant = masks[numbers.gather(1, chosen[:, None])[:, 0]] > 0
        return {"point": points, "targets": cells[numbers], "weight": weight, "chosen": chosen,
                "box": noisy_boxes(dice, meant, extent.expand(len(points), 2))}

    @torch.no_grad()
    def batch(self, index, count, size):
        dice = Dice("cpu", self.options.seed, index, 5)
        images, extents, rows = [], [], []
        for place in range(count):
            image, extent, masks = self.sample(index * count + place, size)
            images.append(image)
            extents.append(extent)
            rows.append(self.prompts(dice, masks, extent))
        extent = torch.stack(extents)
        side = torch.arange(size)
        valid = (side[:, None] < extent[:, :1, None]) & (side[None, :] < extent[:, 1:, None])
        image = handled(dice, torch.stack(images)) * valid[:, None]
        batch = {"image": image, "extent": extent, "valid": low_resolution(valid),
                 **{key: torch.stack([row[key] for row in rows]) for key in rows[0]}}
        return {key: tensor.to(self.device) for key, tensor in batch.items()}


class Mixture:
    """Batches of photographs and, for a share of the images, drawn scenes."""

    def __init__(self, options, device, workers):
        self.options = options
        self.scenes, self.photographs = Scenes(options, device, workers), Photographs(options, device)

    def close(self):
        self.scenes.close()

    def batch(self, index, count, size):
        drawn = int(count * self.options.drawn_share + Dice("cpu", self.options.seed, index, 6).number(0, 1))
        parts = []
        if drawn:
            parts.append(self.scenes.batch(index, drawn, size))
        if drawn < count:
            parts.append(self.photographs.batch(index, count - drawn, size))
        return {key: torch.cat([part[key] for part in parts]) for key in parts[0]}
