"""Training samples: batches of scenes, prompts on them, and the true masks at low resolution; on any device."""
import torch
import torch.nn.functional as F

from bank import Banks
from dice import Dice
from scene import MOST_LABELS, scenes

CELL = 4      # pixels of the model's input along one side of a low-resolution cell
LEAST = 9     # cells of the smallest part that is asked for: smaller ones are only noise
LEVELS = 3    # part, whole, group


def low_resolution(masks):
    """Share of each cell that is covered: bool [..., S, S] -> float [..., S / 4, S / 4]"""
    quads = masks.contiguous().view(torch.int32).unflatten(-2, (-1, CELL))  # a byte a pixel, four in a number
    counts = quads.sum(-2, dtype=torch.int32) * 0x01010101 >> 24            # their sum, moved to the highest byte
    return counts / float(CELL * CELL)


def drawn_index(weights, dice, count):
    """`count` indices for every row of weights [B, N], with replacement. -> int64 [B, count]"""
    total = weights.double().cumsum(1)
    aim = dice.uniform(0, 1, len(weights), count).double() * total[:, -1:]
    return torch.searchsorted(total, aim).clamp(max=weights.shape[1] - 1)


def chosen_pixels(dice, part, count, least=LEAST * CELL * CELL):
    """Half by area, half every part alike; parts below `least` pixels only where there are no others. part [B, S, S]
    -> indices int64 [B, count] of pixels"""
    flat = part.flatten(1)
    labels = flat.long() + 1  # padding is -1
    areas = torch.zeros(len(flat), MOST_LABELS + 1, device=flat.device)
    areas.scatter_add_(1, labels, torch.ones_like(flat, dtype=torch.float))
    areas[:, 0] = 0
    large = areas >= least
    large = torch.where(large.any(1, keepdim=True), large, areas == areas.amax(1, keepdim=True))
    alike = (large / areas.clamp(min=1)).gather(1, labels)
    by_area = large.float().gather(1, labels)
    half = count // 2
    return torch.cat([drawn_index(by_area, dice, half), drawn_index(alike, dice, count - half)], 1)


def eroded(masks):
    """Masks [N, L, L] without the cells that touch what is outside; the image's frame counts as outside."""
    framed = F.pad(masks, (1, 1, 1, 1))
    rows = framed[:, :, :-2] & framed[:, :, 1:-1] & framed[:, :, 2:]
    return rows[:, :-2] & rows[:, 1:-1] & rows[:, 2:]


def depth(cells):
    """How many erosions by 3 x 3 cells each cell of masks [N, L, L] outlives, and one more."""
    rest = cells > 0.99
    total = rest.float()
    for _ in range(cells.shape[-1] // 4):
        rest = eroded(rest)
        total += rest
    return total


def well_inside(dice, cells, points):
    """Clicks [N, 2] moved to where people click, far from the border; those of thin things stay."""
    far = depth(cells).flatten(1)
    most = far.amax(1, keepdim=True)
    candidates = (far >= most * dice.uniform(0.6, 1, len(far))[:, None]) & (far > 0)
    cell = drawn_index(candidates.float(), dice, 1)
    side = cells.shape[-1]
    moved = torch.cat([cell % side, cell // side], 1) * CELL + dice.uniform(0, CELL, len(far), 2) - 0.5
    return torch.where(most > 0, moved, points)


def noisy_boxes(dice, masks, extent):
    """Boxes of masks [N, S, S], each side moved by a tenth of its length (deviation), at most a fiftieth of the image;
    extent [N, 2]. -> [N, 4]"""
    side = torch.arange(masks.shape[-1], device=masks.device)
    ends = []
    for axis in (1, 2):  # columns, rows
        any_there = masks.any(axis)
        ends.append((torch.where(any_there, side, masks.shape[-1]).amin(1),
                     torch.where(any_there, side + 1, 0).amax(1)))
    box = torch.stack([ends[0][0], ends[1][0], ends[0][1], ends[1][1]], 1).float()
    sides = (box[:, 2:] - box[:, :2]).repeat(1, 2)
    most = extent.amax(1, keepdim=True) / 50
    moved = box + (0.1 * sides * dice.normal(len(box), 4)).clamp(-most, most)
    return moved.clamp(min=0).minimum(extent.flip(1).repeat(1, 2).float())


class Scenes:
    """Batches of a training; number i is the same whenever it is asked for.

    image uint8 [B, 3, S, S], zeros where padded; extent int64 [B, 2]: height and width of what is not padding; valid
    float [B, L, L]: share of each cell that is not padding; and for each of P prompts an image: point [B, P, 2] in
    pixels; targets [B, P, 3, L, L] (part, whole, group), shares of cells; weight [B, P, 3]: 0 for a target that is the
    same as one before; chosen int64 [B, P]: the target that is meant where there can be only one; box [B, P, 4] around
    that one, in pixels.
    """

    def __init__(self, options, device, workers):
        self.options, self.device = options, device
        self.banks = Banks(options.seed, options.tiles, options.silhouettes, workers)
        self.drawn, self.key = {}, None

    def close(self):
        self.banks.close()

    def scene(self, index, count, size):
        """Scenes for batch `index`. With `reuse` R, R drawings take turns for R rounds; from round to round they are
        turned over, and their colours change places."""
        reuse = self.options.reuse
        block, place = divmod(index, reuse * reuse)
        again, number = place // reuse, block * reuse + place % reuse
        if self.key != (block, count, size):
            self.drawn, self.key = {}, (block, count, size)
        if number not in self.drawn:
            bank = self.banks.of(number * reuse // self.options.chapter, self.device)
            self.drawn[number] = scenes(self.options.seed, number, count, size, bank, self.device)
        image, extent, labels = self.drawn[number]
        if again % 2:
            image, extent, labels = image.transpose(2, 3), extent.flip(1), labels.transpose(2, 3)
        return image.roll(again // 2, 1), extent, labels

    @torch.no_grad()
    def batch(self, index, count, size):
        image, extent, labels = self.scene(index, count, size)
        dice = Dice(self.device, self.options.seed, index, 2)
        pixels = chosen_pixels(dice, labels[:, 0], self.options.prompts)
        flat = labels.flatten(2)
        own = flat.gather(2, pixels[:, None].expand(-1, LEVELS, -1)).transpose(1, 2)          # [B, P, 3]
        masks = labels.contiguous()[:, None] == own[..., None, None]                          # [B, P, 3, S, S]
        targets = low_resolution(masks)
        areas = targets.sum((-1, -2))
        weight = torch.cat([torch.ones_like(areas[..., :1]), (areas[..., 1:] > 1.02 * areas[..., :-1]).float()], -1)
        chosen = drawn_index(weight.flatten(0, 1), dice, 1)[:, 0]
        meant = masks.flatten(0, 1)[torch.arange(len(chosen), device=self.device), chosen]
        points = torch.stack([pixels % size, pixels // size], -1).flatten(0, 1).float()
        inside = well_inside(dice, targets[:, :, 0].flatten(0, 1), points)
        points = torch.where(dice.chance(0.6, len(points), 1), inside, points)
        boxes = noisy_boxes(dice, meant, extent.repeat_interleave(self.options.prompts, 0))
        return {"image": image, "extent": extent, "valid": low_resolution(labels[:, 0] >= 0),
                "point": points.unflatten(0, (count, -1)), "targets": targets, "weight": weight,
                "chosen": chosen.unflatten(0, (count, -1)), "box": boxes.unflatten(0, (count, -1))}
