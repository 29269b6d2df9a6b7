"""The official mask decoder, computed for training: many prompts on one image, each with a handful of tokens.

Same weights, same results as the package's, in another order: where tokens and image attend to each other, the
projections of the image's side are folded into the tokens' side, of which there are far fewer; prompts without a mask
share their image's cells until the tokens change them; and the steps that double the resolution are products of
matrices, their cells put into rows and columns only once they are masks.
"""
import math

import torch
import torch.nn.functional as F


def by_heads(tokens, heads):
    """[N, T, H * D] -> [N, T, H, D]"""
    return tokens.unflatten(2, (heads, -1))


def against(rows, cells):
    """Products of rows [N, K, C] with their own image's cells [G, A, C], N / G in turn to each. -> [N, K, A]"""
    return (rows.reshape(len(cells), -1, rows.shape[2]) @ cells.transpose(1, 2)).view(*rows.shape[:2], -1)


def gathered(shares, cells):
    """Sums [N, K, C] of the cells [G, A, C], weighed by shares [N, K, A]."""
    return (shares.reshape(len(cells), -1, shares.shape[2]) @ cells).view(*shares.shape[:2], -1)


def tokens_to_image(attention, tokens, placed, cells):
    """What the tokens [N, T, C] find in the image: keys from `placed`, values from `cells` [G, A, C]. A bias of the
    keys would add the same to all cells, which softmax forgets. -> [N, T, C]"""
    heads = attention.num_heads
    queries = by_heads(attention.q_proj(tokens), heads)
    folded = torch.einsum("nthd,hdc->nhtc", queries / math.sqrt(queries.shape[3]),
                          attention.k_proj.weight.unflatten(0, (heads, -1)))
    shares = against(folded.flatten(1, 2), placed).softmax(2)
    found = gathered(shares, cells).unflatten(1, (heads, -1))
    values = torch.einsum("nhtc,hdc->nthd", found, attention.v_proj.weight.unflatten(0, (heads, -1)))
    return attention.out_proj(values.flatten(2) + attention.v_proj.bias)


def image_to_tokens(attention, placed, tokens, content):
    """What the image's cells find in the tokens: queries from `placed` [G, A, C], keys from `tokens`, values from
    `content` [N, T, C]. -> [N, A, C]"""
    heads = attention.num_heads
    keys = by_heads(attention.k_proj(tokens), heads)
    keys = keys / math.sqrt(keys.shape[3])
    folded = torch.einsum("nthd,hdc->nhtc", keys, attention.q_proj.weight.unflatten(0, (heads, -1)))
    offset = torch.einsum("nthd,hd->nht", keys, attention.q_proj.bias.unflatten(0, (heads, -1)))
    scores = against(folded.flatten(1, 2), placed).unflatten(1, (heads, -1)) + offset[..., None]
    shares = scores.softmax(2).flatten(1, 2)
    values = torch.einsum("nthd,chd->nhtc", by_heads(attention.v_proj(content), heads),
                          attention.out_proj.weight.unflatten(1, (heads, -1)))
    return torch.baddbmm(attention.out_proj.bias, shares.transpose(1, 2), values.flatten(1, 2))


def attend(transformer, cells, position, tokens):
    """The two-way transformer. cells [G, A, C], position [A, C], tokens [N, T, C]. -> tokens and cells [N, A, C]"""
    queries, placed = tokens, cells + position
    for layer in transformer.layers:
        if layer.skip_first_layer_pe:
            queries = layer.self_attn(queries, queries, queries)
        else:
            asking = queries + tokens
            queries = queries + layer.self_attn(asking, asking, queries)
        queries = layer.norm1(queries)
        queries = layer.norm2(queries + tokens_to_image(layer.cross_attn_token_to_image, queries + tokens, placed,
                                                        cells))
        queries = layer.norm3(queries + layer.mlp(queries))
        change = image_to_tokens(layer.cross_attn_image_to_token, placed, queries + tokens, queries)
        cells = layer.norm4((cells[:, None] + change.unflatten(0, (len(cells), -1))).flatten(0, 1))
        placed = cells + position
    found = tokens_to_image(transformer.final_attn_token_to_image, queries + tokens, placed, cells)
    return transformer.norm_final_attn(queries + found), cells


def doubled(convolution, cells):
    """A transposed convolution of kernel and stride 2: every cell [..., C] becomes four, [..., 4, D]."""
    weight = convolution.weight.permute(2, 3, 1, 0).flatten(0, 2)
    return F.linear(cells, weight, convolution.bias.repeat(4)).unflatten(-1, (4, -1))


def upscaled(layers, cells):
    """[N, A, C] -> [N, A * 16, C / 8]: for each cell its four quarters, for each of these its four"""
    first, norm, activation, second, _ = layers
    finer = doubled(first, cells)
    finer = activation(F.layer_norm(finer, norm.weight.shape, norm.weight, norm.bias, norm.eps))
    return activation(doubled(second, finer)).flatten(1, 3)


def in_rows(masks, side):
    """[N, M, A * 16] in the order of `upscaled` -> [N, M, 4 * side, 4 * side]"""
    split = masks.unflatten(2, (side, side, 2, 2, 2, 2))
    return split.permute(0, 1, 2, 4, 6, 3, 5, 7).reshape(*masks.shape[:2], 4 * side, 4 * side)


def forward(decoder, embeddings, position, sparse, dense):
    """Prompts on several images at once: as many in turn on each. embeddings [B, C, G, G], position [1, C, G, G],
    sparse [N, T, C], dense [1, C, 1, 1] for all or [N, C, G, G]. -> logits [N, 4, L, L] and predicted IoU [N, 4], the
    single mask first."""
    if len(dense) > 1:
        embeddings = embeddings.repeat_interleave(len(sparse) // len(embeddings), 0)
    cells, position = ((embeddings + dense).flatten(2).transpose(1, 2).contiguous(),
                       position[0].flatten(1).T.contiguous())
    own = torch.cat([decoder.iou_token.weight, decoder.mask_tokens.weight]).expand(len(sparse), -1, -1)
    states, cells = attend(decoder.transformer, cells, position, torch.cat([own, sparse], 1))
    weights = torch.stack([mlp(states[:, 1 + i]) for i, mlp in enumerate(decoder.output_hypernetworks_mlps)], 1)
    masks = upscaled(decoder.output_upscaling, cells) @ weights.transpose(1, 2)
    return in_rows(masks.transpose(1, 2), embeddings.shape[-1]), decoder.iou_prediction_head(states[:, 0])
