"""The model: a TinyViT image encoder with the official prompt encoder and mask decoder, of any widths."""
import math
import types
import warnings

import torch
import torch.nn.functional as F
from torch import nn

from decoder import forward as forward_decoder
from encoder import lighten

with warnings.catch_warnings():
    warnings.simplefilter("ignore")  # the package imports timm by old names
    from mobile_sam.modeling import MaskDecoder, PromptEncoder, Sam, TinyViT, TwoWayTransformer

MEAN, STD = (123.675, 116.28, 103.53), (58.395, 57.12, 57.375)
WITHOUT_STRIDE = (320, 448, 576)  # the last merge of the package's TinyViT keeps its stride at 1 for these widths


def numbers(text):
    return [int(number) for number in text.split(",")]


def add_arguments(parser):
    group = parser.add_argument_group("architecture")
    group.add_argument("--dims", type=numbers, default=[64, 128, 256, 320], help="widths of the four stages")
    group.add_argument("--depths", type=numbers, default=[1, 1, 5, 2], help="blocks a stage")
    group.add_argument("--heads", type=numbers, default=[2, 4, 8, 10], help="attention heads a stage")
    group.add_argument("--windows", type=numbers, default=[8, 8, 16, 8], help="window sides a stage")
    group.add_argument("--decoder-width", type=int, default=256, help="channels of embedding and decoder")
    group.add_argument("--decoder-mlp", type=int, default=2048, help="hidden channels of the decoder's MLPs")


def check(options):
    if any(len(sizes) != 4 for sizes in (options.dims, options.depths, options.heads, options.windows)):
        raise SystemExit("--dims, --depths, --heads and --windows take four numbers each")
    if options.dims[3] not in WITHOUT_STRIDE or set(options.dims[:3]) & set(WITHOUT_STRIDE):
        raise SystemExit(f"the last of --dims, and no other, must be one of {WITHOUT_STRIDE}")
    if any(width % heads for width, heads in zip(options.dims, options.heads)):
        raise SystemExit("each of --dims must be a multiple of its --heads")
    if options.decoder_width % 16:
        raise SystemExit("--decoder-width must be a multiple of 16")


def forward_encoder(encoder, image):
    """As the package's, which knows only a grid of 64 x 64."""
    tokens = encoder.patch_embed(image)
    for layer in encoder.layers:
        tokens = layer(tokens)
    batch, count, width = tokens.shape
    side = math.isqrt(count)
    return encoder.neck(tokens.transpose(1, 2).reshape(batch, width, side, side))


@torch.no_grad()
def align(transformer, scale=2.0):
    """Lets the decoder begin with queries that find the keys of their own place: with equal projections the products
    follow the likeness of the position encodings. From independent ones that has to be learned before anything else."""
    between = [attention for layer in transformer.layers
               for attention in (layer.cross_attn_token_to_image, layer.cross_attn_image_to_token)]
    for attention in (*between, transformer.final_attn_token_to_image):
        attention.q_proj.weight.mul_(scale)
        attention.k_proj.weight.copy_(attention.q_proj.weight)


def fitted(name, given, own):
    """Biases [heads, W * W] of attention in windows of W x W cells, one for each distance across and down, for the windows
    of `own`: in larger ones greater distances take those of the greatest, in smaller ones they are left out. All else as
    given."""
    if not name.endswith("attention_biases"):
        return given
    side, wanted = (math.isqrt(table.shape[-1]) for table in (given, own))
    square = given.unflatten(1, (side, side))[:, :wanted, :wanted]
    return F.pad(square[None], (0, max(0, wanted - side)) * 2, mode="replicate")[0].flatten(1)


def build(options, size):
    """The model for images of `size` pixels. Weights of one size fit every other."""
    check(options)
    width = options.decoder_width
    encoder = TinyViT(img_size=size, in_chans=3, num_classes=1, embed_dims=options.dims, depths=options.depths,
                      num_heads=options.heads, window_sizes=options.windows, drop_path_rate=0.0)
    norm = type(encoder.neck[1])
    encoder.neck = nn.Sequential(nn.Conv2d(options.dims[3], width, 1, bias=False), norm(width),
                                 nn.Conv2d(width, width, 3, padding=1, bias=False), norm(width))
    encoder.forward = types.MethodType(forward_encoder, encoder)
    lighten(encoder)
    prompts = PromptEncoder(embed_dim=width, image_embedding_size=(size // 16, size // 16),
                            input_image_size=(size, size), mask_in_chans=16)
    transformer = TwoWayTransformer(depth=2, embedding_dim=width, mlp_dim=options.decoder_mlp, num_heads=8)
    align(transformer)
    decoder = MaskDecoder(num_multimask_outputs=3, transformer=transformer, transformer_dim=width,
                          iou_head_depth=3, iou_head_hidden_dim=width)
    decoder.forward = types.MethodType(forward_decoder, decoder)
    return Sam(image_encoder=encoder, prompt_encoder=prompts, mask_decoder=decoder, pixel_mean=list(MEAN),
               pixel_std=list(STD))


def embed_clicks(prompts, points, labels, alone):
    """As the package's prompt encoder, but without asking the device which click is of which kind. points [N, K, 2],
    labels [N, K] 1 inside or 0 outside; alone: no box beside them. -> [N, K or K + 1, C]"""
    if alone:
        points = torch.cat([points, torch.zeros_like(points[:, :1])], 1)
        labels = torch.cat([labels, torch.full_like(labels[:, :1], -1)], 1)
    embedded = prompts.pe_layer.forward_with_coords(points + 0.5, prompts.input_image_size)
    kinds = torch.cat([prompts.not_a_point_embed.weight, *(e.weight for e in prompts.point_embeddings[:2])])
    return torch.where(labels[..., None] < 0, 0, embedded) + F.embedding(labels.long() + 1, kinds)


def encode_prompts(sam, points, labels, boxes, masks):
    """Sparse [N, T, C] and dense [N, C, G, G] embeddings of prompts, dense [1, C, 1, 1] where no masks are given; what
    there is none of is None."""
    prompts = sam.prompt_encoder
    sparse = [] if points is None else [embed_clicks(prompts, points, labels, boxes is None)]
    if boxes is not None:
        sparse.append(prompts._embed_boxes(boxes))
    if masks is not None:
        return torch.cat(sparse, 1), prompts._embed_masks(masks)
    return torch.cat(sparse, 1), prompts.no_mask_embed.weight[..., None, None]
