"""What light, lens, sensor and file do to a picture; batches on any device."""
import math

import torch
import torch.nn.functional as F

# The quantisation tables of the JPEG standard's annex K.
LUMINANCE = (16, 11, 10, 16, 24, 40, 51, 61, 12, 12, 14, 19, 26, 58, 60, 55, 14, 13, 16, 24, 40, 57, 69, 56,
             14, 17, 22, 29, 51, 87, 80, 62, 18, 22, 37, 56, 68, 109, 103, 77, 24, 35, 55, 64, 81, 104, 113, 92,
             49, 64, 78, 87, 103, 121, 120, 101, 72, 92, 95, 98, 112, 100, 103, 99)
CHROMINANCE = (17, 18, 24, 47, 18, 21, 26, 66, 24, 26, 56, 99, 47, 66, 99, 99)  # its upper left quarter; 99 beyond
TO_YCC = ((0.299, 0.587, 0.114), (-0.1687, -0.3313, 0.5), (0.5, -0.4187, -0.0813))


def wide(values):
    return values[:, None, None, None]


def blurred(image, deviation):
    """Gaussian blur, an own deviation in pixels for every image [B]."""
    count, channels, height, width = image.shape
    reach = 4
    offsets = torch.arange(-reach, reach + 1, device=image.device)
    kernel = torch.exp(-0.5 * (offsets / deviation[:, None].clamp(min=0.05)) ** 2)
    kernel = (kernel / kernel.sum(1, keepdim=True)).repeat_interleave(channels, 0)[:, None]
    flat = F.pad(image.reshape(1, count * channels, height, width), (reach,) * 4, mode="reflect")
    flat = F.conv2d(flat, kernel[:, :, None, :], groups=count * channels)
    return F.conv2d(flat, kernel[:, :, :, None], groups=count * channels).view_as(image)


def cosines(device):
    """The orthonormal 8 x 8 matrix of the discrete cosine transform."""
    k, n = torch.meshgrid(torch.arange(8.0, device=device), torch.arange(8.0, device=device), indexing="ij")
    matrix = torch.cos(math.pi * (2 * n + 1) * k / 16) / 2
    matrix[0] /= math.sqrt(2)
    return matrix


def compressed(image, coarseness):
    """What a JPEG file keeps of images of 0..255: tables times `coarseness` [B], no subsampling."""
    count, _, height, width = image.shape
    device = image.device
    tables = torch.full((3, 8, 8), 99.0, device=device)
    tables[0] = torch.tensor(LUMINANCE, device=device, dtype=torch.float).view(8, 8)
    tables[1:, :4, :4] = torch.tensor(CHROMINANCE, device=device, dtype=torch.float).view(4, 4)
    step = (tables * coarseness[:, None, None, None]).clamp(min=1)[:, :, None, None]
    to_ycc = torch.tensor(TO_YCC, device=device)
    planes = torch.einsum("ij,bjhw->bihw", to_ycc, image - 128)
    blocks = planes.view(count, 3, height // 8, 8, width // 8, 8).transpose(3, 4)
    turn = cosines(device)
    blocks = turn.T @ ((turn @ blocks @ turn.T / step).round() * step) @ turn
    planes = blocks.transpose(3, 4).reshape(count, 3, height, width)
    return torch.einsum("ij,bjhw->bihw", torch.linalg.inv(to_ycc), planes) + 128


def handled(dice, image):
    """What photographs go through besides: other light, colours and contrast, blur, noise, a file. uint8 -> uint8"""
    count = len(image)
    image = (image / 255.0).clamp(1e-4, 1) ** wide(dice.log_uniform(0.75, 1.33, count))
    gain = (0.06 * dice.normal(count, 3) + 0.12 * dice.normal(count, 1)).exp()[:, :, None, None]
    middle = image.mean((2, 3), keepdim=True)
    image = (middle + (image - middle) * wide(dice.uniform(0.75, 1.2, count))) * gain
    image = torch.where(wide(dice.chance(0.06, count)), image.mean(1, keepdim=True), image)
    image = blurred(image, dice.uniform(0.3, 1.4, count) * dice.chance(0.35, count))
    grain = dice.log_uniform(0.004, 0.04, count) * dice.chance(0.35, count)
    image = (image + wide(grain) * dice.normal(*image.shape)).clamp(0, 1) * 255
    image = torch.where(wide(dice.chance(0.35, count)), compressed(image, dice.log_uniform(0.1, 1, count)), image)
    return image.clamp(0, 255).round().to(torch.uint8)


def develop(dice, image):
    """float [B, 3, S, S] of 0..1 or so -> uint8"""
    count, _, size, _ = image.shape

    def some(share):
        return dice.chance(share, count)

    coarse = F.interpolate(dice.normal(count, 1, 5, 5), (size, size), mode="bicubic", align_corners=True)
    image = image * (1 + wide(dice.uniform(0, 0.35, count) * some(0.5)) * coarse).clamp(0.2, 2.5)
    illuminant = (0.08 * dice.normal(count, 3)).exp()[:, :, None, None]
    haze = wide(dice.uniform(0, 0.4, count) * some(0.3))
    image = (image * illuminant).clamp(min=0) * (1 - haze) + haze * dice.uniform(0.5, 0.9, count)[:, None, None, None]
    bright = torch.quantile(image.flatten(1)[:, ::17], 0.97, dim=1).clamp(min=0.05)
    exposure = torch.where(some(0.7), dice.uniform(0.7, 1.15, count) / bright, torch.ones_like(bright))
    image = (image * wide(exposure)).clamp(1e-4, 1) ** wide(dice.log_uniform(0.65, 1.6, count))
    image = torch.where(wide(some(0.07)), image.mean(1, keepdim=True), image)
    image = blurred(image, dice.uniform(0.3, 1.5, count) * some(0.6))
    grain = dice.log_uniform(0.004, 0.06, count) * some(0.6)
    image = (image + wide(grain) * dice.normal(*image.shape)).clamp(0, 1) * 255
    image = torch.where(wide(some(0.6)), compressed(image, dice.log_uniform(0.1, 1.6, count)), image)
    return image.clamp(0, 255).round().to(torch.uint8)
