"""The package's TinyViT encoder, computed for training: same weights, same results, less traffic with the memory.

Normalisation by statistics that stay is part of the convolution before it; convolutions of single cells are products of
matrices; biases of attention, one for each distance across and down, reach all pairs of cells by products as well, since
gathering them one by one, and adding up their gradients, takes longer than the attention itself.
"""
import math
import types

import torch
import torch.nn.functional as F


def normed_convolution(block, image):
    """Conv2d_BN. [B, C, H, W] -> [B, D, H', W'], channels last in memory"""
    convolution, norm = block.c, block.bn
    if norm.training:
        return norm(convolution(image))
    scale = norm.weight * torch.rsqrt(norm.running_var + norm.eps)
    weight = convolution.weight * scale[:, None, None, None]
    bias = norm.bias - norm.running_mean * scale
    if convolution.kernel_size == (1, 1):
        return F.linear(image.permute(0, 2, 3, 1), weight.flatten(1), bias).permute(0, 3, 1, 2)
    return F.conv2d(image, weight, bias, convolution.stride, convolution.padding, groups=convolution.groups)


def pair_biases(table, side):
    """Biases [H, side * side] by distance down and across -> [H, N, N] for all pairs of the N = side * side cells"""
    cell = torch.arange(side, device=table.device)
    apart = F.one_hot((cell[:, None] - cell).abs(), side).to(table.dtype)  # [from, to, distance]
    down = torch.einsum("ijd,hde->hije", apart, table.unflatten(1, (side, side)))
    return torch.einsum("hije,kle->hikjl", down, apart).flatten(3, 4).flatten(1, 2)


def attend(attention, tokens):
    """Attention within windows. [W, N, C] -> [W, N, C]"""
    sizes = (attention.key_dim, attention.key_dim, attention.d)
    every = attention.qkv(attention.norm(tokens)).unflatten(2, (attention.num_heads, -1)).transpose(1, 2)
    queries, keys, values = every.split(sizes, 3)
    scores = (queries * attention.scale) @ keys.transpose(2, 3)
    scores += pair_biases(attention.attention_biases, math.isqrt(tokens.shape[1]))
    return attention.proj((scores.softmax(3) @ values).transpose(1, 2).flatten(2))


def channel_norm(norm, image):
    """LayerNorm2d. [B, C, H, W] -> the same"""
    cells = F.layer_norm(image.permute(0, 2, 3, 1), norm.weight.shape, norm.weight, norm.bias, norm.eps)
    return cells.permute(0, 3, 1, 2)


def lighten(encoder):
    """Lets the modules of a TinyViT encoder compute as above."""
    ways = {"Conv2d_BN": normed_convolution, "Attention": attend, "LayerNorm2d": channel_norm}
    for module in encoder.modules():
        way = ways.get(type(module).__name__)
        if way:
            module.forward = types.MethodType(way, module)
