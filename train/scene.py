"""Drawn scenes for training, a batch at a time on any device: images, and for every pixel which part, whole and group
it belongs to. A scene is painted in layers from far to near; layer k of all scenes of a batch is painted at once."""
import math

import torch
import torch.nn.functional as F

from bank import HALF_PLANE, REACH, SKYLINE
from dice import Dice
from photo import develop

BANDS, CROWDS = 3, 2   # layers of ground behind everything; layers with many small things alike
IDS = 256              # labels that one layer may give
CELLS = 12             # a crowd has at most this many things across and down
MOST_LABELS = 64 * IDS


def noise(dice, count, side, slopes):
    """Random periodic fields [count, side, side], mean 0, deviation 1; their spectrum falls as 1 / frequency^slope."""
    device = dice.device
    across = torch.fft.rfftfreq(side, device=device)[None, :]
    down = torch.fft.fftfreq(side, device=device)[:, None]
    frequency = torch.hypot(across, down).clamp(min=1 / side)
    turn = dice.uniform(0, 2 * math.pi, count, side, side // 2 + 1)
    field = torch.fft.irfft2(torch.polar(frequency ** -slopes[:, None, None], turn), s=(side, side))
    field = field - field.mean((1, 2), keepdim=True)
    return field / field.std((1, 2), keepdim=True).clamp(min=1e-6)


def column(values):
    return values[:, None, None]


def placement(x, y, angle, half_width, half_height):
    """Matrices [B, 2, 3] from the image's coordinates (-1..1) to those of a turned, stretched square at x, y."""
    cosine, sine = angle.cos(), angle.sin()
    return torch.stack([torch.stack([cosine, sine, -x * cosine - y * sine], 1) / half_width[:, None],
                        torch.stack([-sine, cosine, x * sine - y * cosine], 1) / half_height[:, None]], 1)


class Canvas:
    """The images so far, float32 [B, 3, S, S] in 0..1, and labels [B, S, S]. 0 is what was there first."""

    def __init__(self, dice, bank, count, size):
        self.dice, self.bank, self.count, self.size = dice, bank, count, size
        axis = (torch.arange(size, device=dice.device) + 0.5) * 2 / size - 1
        self.y, self.x = torch.meshgrid(axis, axis, indexing="ij")
        self.points = torch.stack([self.x, self.y, torch.ones_like(self.x)], -1).view(-1, 3)
        square = dice.chance(0.25, count)
        shorter = torch.where(square, torch.ones_like(square, dtype=torch.float), dice.uniform(0.5, 1, count)) * size
        upright = dice.chance(0.5, count)
        whole = torch.full_like(shorter, size)
        sides = torch.where(upright, whole, shorter), torch.where(upright, shorter, whole)
        self.extent = torch.stack(sides, 1).round()
        self.share = self.extent / size
        self.light = dice.uniform(0, 2 * math.pi, count)
        self.contrast = dice.uniform(0.45, 1.1, count)
        bends = noise(dice, 2 * count, size, dice.uniform(1.8, 2.6, 2 * count))
        self.bending_points = torch.cat([self.points.expand(count, -1, -1), bends.view(count, 2, -1).transpose(1, 2)], 2)
        self.fine = noise(dice, count, size, dice.uniform(1.0, 1.8, count))
        self.lit = dice.uniform(0.2, 0.8, count, 3)
        self.common = dice.integers(0, len(bank.tiles), count)
        self.image = self.texture(self.common)
        self.part, self.whole, self.group = (torch.zeros(count, size, size, dtype=torch.int32, device=dice.device)
                                             for _ in range(3))
        self.parent = torch.zeros_like(self.fine)
        self.layers = 0

    def grid(self, matrix, bend=None):
        """Coordinates [B, S, S, 2] in squares placed by `matrix`, of edges that swing by `bend` [B] half sides."""
        if bend is None:
            grid = self.points @ matrix.transpose(1, 2)
        else:
            mixture = bend[:, None, None] * self.dice.normal(self.count, 2, 2)
            grid = self.bending_points @ torch.cat([matrix, mixture], 2).transpose(1, 2)
        return grid.view(self.count, self.size, self.size, 2)

    def distance(self, kinds, grid, radius):
        """Signed distance to silhouettes in pixels, for squares of half side `radius` pixels."""
        fields = self.bank.silhouettes[kinds].float() * (REACH / 127)
        return F.grid_sample(fields, grid, padding_mode="border", align_corners=False)[:, 0] * column(radius)

    def texture(self, tiles):
        """Surfaces [B, 3, S, S]: tiles turned, scaled, recoloured a little, drawn together by the scene's contrast."""
        dice, count = self.dice, self.count
        span = math.exp(dice.number(math.log(0.3), math.log(2.5)))  # share of the image that a tile covers
        source = self.bank.tiles[tiles].float()
        pool = 2 ** max(0, round(math.log2(source.shape[-1] / (span * self.size))))
        if pool > 1:
            source = F.avg_pool2d(source, min(pool, 16))
        spans = span * dice.log_uniform(0.8, 1.25, count)
        matrix = placement(dice.uniform(-1, 1, count), dice.uniform(-1, 1, count), dice.uniform(0, 2 * math.pi, count),
                           spans, spans * dice.log_uniform(0.7, 1.4, count))
        surface = F.grid_sample(source, self.grid(matrix), padding_mode="reflection", align_corners=False)
        saturation = dice.uniform(0.3, 1.1, count)[:, None, None]
        gain = (0.1 * dice.normal(count, 3) + 0.25 * dice.normal(count, 1)).exp() * self.contrast[:, None] / 255
        colours = (1 - saturation) / 3 + saturation * torch.eye(3, device=dice.device)
        middle = self.lit * (1 - self.contrast[:, None])
        return torch.baddbmm(middle[:, :, None], colours * gain[:, :, None], surface.flatten(2)).view_as(surface)

    def shading(self, distance, radius):
        """Light on a body that turns away at its rim, and from one side across it. -> factors [B, S, S]"""
        dice, count = self.dice, self.count
        rim = torch.exp(-distance.clamp(min=0) / column(radius * dice.uniform(0.05, 0.5, count) + 1))
        down, across = torch.gradient(distance, dim=(1, 2))
        facing = (across.clamp(-1, 1) * column(self.light.cos()) + down.clamp(-1, 1) * column(self.light.sin()))
        strength = dice.uniform(0, 0.6, count) * dice.chance(0.6, count)
        dark = dice.uniform(0, 0.5, count) * dice.chance(0.4, count)
        slope = dice.normal(count) * 0.15
        ramp = self.x * column(self.light.cos()) + self.y * column(self.light.sin())
        return (1 + column(strength) * facing * rim - column(dark) * rim + column(slope) * ramp).clamp(0.15, 2)

    def paint(self, distance, surface, soft, present, labels):
        """One layer, where `distance` is positive. soft: width of its edge, pixels [B]. labels: part, whole, group."""
        alpha = (0.5 + distance / column(soft)).clamp(0, 1) * present
        self.image = torch.lerp(self.image, surface, alpha[:, None])
        covered = alpha > 0.5
        self.part, self.whole, self.group = (torch.where(covered, new, old) for new, old in
                                             zip(labels, (self.part, self.whole, self.group)))
        return alpha

    def next_label(self):
        self.layers += 1
        return self.layers * IDS

    def roughened(self, distance, amount):
        """An outline eaten by fine noise: leaves, fur, rock. amount: pixels [B]"""
        shifts = [int(self.dice.number(0, self.size)) for _ in range(2)]
        return distance + column(amount) * torch.roll(self.fine, shifts, (1, 2))


def add_band(canvas, place):
    """Ground, hills, a wall, water: everything below a line, seldom beside one. place: 0 far, 1 near."""
    dice, count, size = canvas.dice, canvas.count, canvas.size
    beside = dice.chance(0.15, count)
    angle = dice.normal(count) * 0.12 + beside * (math.pi / 2)
    height = -1 + 2 * canvas.share[:, 0] * (place + dice.uniform(-0.2, 0.3, count)).clamp(0.05, 0.95)
    half = dice.log_uniform(0.6, 1.6, count)
    matrix = placement(dice.uniform(-0.8, 0.2, count), height, angle, half, half)
    kinds = torch.where(dice.chance(0.15, count), SKYLINE, HALF_PLANE)
    distance = canvas.distance(kinds, canvas.grid(matrix, dice.uniform(0, 0.25, count) * dice.chance(0.6, count)),
                               half * size / 2)
    distance = canvas.roughened(distance, size * dice.log_uniform(0.001, 0.015, count) * dice.chance(0.5, count))
    surface = canvas.texture(dice.integers(0, len(canvas.bank.tiles), count))
    label = torch.full_like(canvas.part, canvas.next_label())
    soft = dice.log_uniform(0.8, 0.02 * size + 1, count)
    canvas.paint(distance, surface, soft, column(dice.chance(0.55, count)), (label, label, label))


class Things:
    """Where the objects of a batch lie, far to near; [K, B] each. A detail lies on the object before it."""

    def __init__(self, dice, canvas, layers):
        count = canvas.count
        shape = (layers, count)
        self.present = torch.rand(shape, generator=dice.generator, device=dice.device) < dice.uniform(0.25, 1, count)
        self.detail = dice.chance(0.5, *shape) & dice.chance(0.8, count)
        self.detail[0] = False
        largest, smallest = dice.log_uniform(0.3, 1.1, count), dice.log_uniform(0.03, 0.2, count)
        radius = (smallest.log() + (largest / smallest).log() * dice.uniform(0, 1, *shape)).exp()
        ordered = radius.sort(0, descending=True)[0]
        radius = torch.where(dice.chance(0.6, count), ordered, radius)
        x, y = (-1 + 2 * canvas.share[:, 1 - axis] * dice.uniform(-0.02, 1.02, *shape) for axis in (0, 1))
        alike = dice.chance(0.35, count) & dice.chance(0.6, *shape) & ~self.detail  # a herd, a heap, a row
        middle = dice.normal(2, count) * 0.3 + canvas.share.T.flip(0) - 1
        spread = dice.uniform(0.15, 0.6, count)
        x = torch.where(alike, middle[0] + spread * dice.normal(*shape), x)
        y = torch.where(alike, middle[1] + spread * 0.6 * dice.normal(*shape), y)
        kinds = dice.integers(SKYLINE + 1, len(canvas.bank.silhouettes), *shape)
        tiles = dice.integers(0, len(canvas.bank.tiles), *shape)
        camouflaged = dice.chance(0.15, *shape) & ~alike
        common = (dice.integers(0, len(canvas.bank.tiles), count), dice.integers(0, len(canvas.bank.tiles), count))
        self.tiles = torch.where(alike, common[0], torch.where(camouflaged, canvas.common, tiles))
        self.kinds = torch.where(alike & dice.chance(0.7, count), kinds[:1], kinds)
        self.alike = alike
        self.x, self.y, self.radius = x.clone(), y.clone(), radius
        for k in range(1, layers):  # details follow their object
            size = self.radius[k - 1] * torch.where(self.detail[k - 1], 1.0, dice.uniform(0.25, 0.8, count))
            near = (self.x[k - 1] + 0.35 * size * dice.normal(count), self.y[k - 1] + 0.35 * size * dice.normal(count))
            self.x[k] = torch.where(self.detail[k], near[0], self.x[k])
            self.y[k] = torch.where(self.detail[k], near[1], self.y[k])
            self.radius[k] = torch.where(self.detail[k], size, self.radius[k])


def add_thing(canvas, things, k, herd):
    """Object or detail number k of every scene. herd: [B, S, S], the group of things alike."""
    dice, count, size = canvas.dice, canvas.count, canvas.size
    radius, detail = things.radius[k], things.detail[k]
    aspect = dice.log_uniform(0.5, 2, count).sqrt()
    halves = (radius * aspect / 0.6, radius / aspect / 0.6)  # silhouettes fill about 0.6 of their square
    angle = torch.where(dice.chance(0.5, count), dice.uniform(0, 2 * math.pi, count), 0.15 * dice.normal(count))
    pixels = torch.minimum(*halves) * size / 2
    bend = dice.uniform(0, 0.12, count) * dice.chance(0.5, count)
    matrix = placement(things.x[k], things.y[k], angle, *halves)
    grid = canvas.grid(matrix, bend)
    rough = pixels * dice.log_uniform(0.005, 0.06, count) * dice.chance(0.4, count)
    distance = canvas.roughened(canvas.distance(things.kinds[k], grid, pixels), rough)
    present = column(things.present[k])
    reach = radius * dice.uniform(0.05, 0.5, count)
    shifted = grid - torch.stack([reach / halves[0] * canvas.light.cos(), reach / halves[1] * canvas.light.sin()],
                                 1)[:, None, None]
    shadow = canvas.distance(things.kinds[k], shifted, pixels) / column(pixels * dice.uniform(0.05, 0.3, count) + 0.5)
    strength = dice.uniform(0.1, 0.7, count) * dice.chance(0.45, count) * ~detail * things.present[k]
    canvas.image = canvas.image * (1 - column(strength) * torch.sigmoid(2 * shadow))[:, None]
    surface = canvas.texture(things.tiles[k]) * canvas.shading(distance, pixels)[:, None]
    soft = torch.where(dice.chance(0.75, count), dice.uniform(0.7, 1.6, count),
                       dice.log_uniform(1, 0.03 * size + 1, count))
    inside = torch.where(column(detail), canvas.parent, torch.ones_like(canvas.parent))
    label = torch.full_like(canvas.part, canvas.next_label())
    whole = torch.where(column(detail), canvas.owner, label) if k else label
    group = torch.where(column(things.alike[k]), herd, whole)
    if k:
        group = torch.where(column(detail), canvas.owner_group, group)
    alpha = canvas.paint(distance, surface, soft, present * inside, (label, whole, group))
    canvas.parent = torch.where(column(detail), canvas.parent, alpha)
    canvas.owner, canvas.owner_group = whole, group


def add_crowd(canvas):
    """Many small things alike in rows or strewn about: one silhouette in every cell of a turned lattice."""
    dice, count, size = canvas.dice, canvas.count, canvas.size
    half = dice.log_uniform(0.3, 1.3, count)
    cells = dice.integers(2, CELLS + 1, count).float()
    stretch = dice.log_uniform(0.6, 1.6, count)
    matrix = placement(*(canvas.share[:, 1 - axis] - 1 + 0.4 * dice.normal(count) for axis in (0, 1)),
                       dice.normal(count) * dice.uniform(0, 1, count), half * stretch, half / stretch)
    grid = canvas.grid(matrix, dice.uniform(0, 0.15, count))
    place = (grid + 1) / 2 * cells[:, None, None, None]
    cell = place.floor().clamp(min=0)
    cell = torch.minimum(cell, cells[:, None, None, None] - 1)
    number = (cell[..., 1] * CELLS + cell[..., 0]).long()

    def of_cell(table):
        return table.gather(1, number.flatten(1)).view_as(number)

    cellcount = CELLS * CELLS
    order = dice.uniform(0, 1, count)[:, None]
    angle = of_cell(order * dice.uniform(-math.pi, math.pi, count, cellcount))
    scale = of_cell(dice.uniform(0.75, 1.3, count, cellcount))
    local = (place - cell - 0.5) * 2
    local = local - torch.stack([of_cell(order * dice.uniform(-0.3, 0.3, count, cellcount)) for _ in range(2)], -1)
    turned = torch.stack([local[..., 0] * angle.cos() + local[..., 1] * angle.sin(),
                          local[..., 1] * angle.cos() - local[..., 0] * angle.sin()], -1) * scale[..., None]
    pixels = half / cells * size / 2
    kinds = dice.integers(SKYLINE + 1, len(canvas.bank.silhouettes), count)
    distance = canvas.distance(kinds, turned, pixels)
    there = of_cell(dice.uniform(0, 1, count, cellcount)) < column(dice.uniform(0.4, 1.1, count))
    inside = (grid.abs() < 1).all(-1) & there
    tint = torch.stack([of_cell((0.15 * dice.normal(count, cellcount)).exp()) for _ in range(3)], 1)
    surface = canvas.texture(dice.integers(0, len(canvas.bank.tiles), count)) * tint
    surface = surface * canvas.shading(distance, pixels)[:, None]
    base = canvas.next_label()
    label = base + number.int()
    present = inside * column(dice.chance(0.3, count))
    canvas.paint(distance, surface, dice.uniform(0.7, 2, count), present, (label, label, torch.full_like(label, base)))


@torch.no_grad()
def scenes(seed, index, count, size, bank, device, layers=None):
    """Batch `index` of a seed. -> image uint8 [B, 3, S, S], zeros where padded; extent int64 [B, 2]: height and width
    of what is not padding; labels int32 [B, 3, S, S]: part, whole, group, -1 where padded. Every part lies within one
    whole and every whole within one group."""
    dice = Dice(device, seed, index)
    layers = layers or min(round(12 + size / 32), 48)
    canvas = Canvas(dice, bank, count, size)
    for band in range(BANDS):
        add_band(canvas, (band + 0.5) / BANDS)
    things = Things(dice, canvas, layers)
    herd = torch.full_like(canvas.part, canvas.next_label())
    for k in range(layers):
        if k in (layers // 3, 2 * layers // 3):
            add_crowd(canvas)
        add_thing(canvas, things, k, herd)
    image = develop(dice, canvas.image)
    rows = torch.arange(size, device=device)
    padding = (rows[None, :, None] >= canvas.extent[:, :1, None]) | (rows[None, None, :] >= canvas.extent[:, 1:, None])
    labels = torch.stack([canvas.part, canvas.whole, canvas.group], 1).masked_fill(padding[:, None], -1)
    return image.masked_fill(padding[:, None], 0), canvas.extent.long(), labels
