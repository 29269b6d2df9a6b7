#!/usr/bin/env python3
"""Writes decoder_table.h: what the official code gives for a small random prompt encoder and mask decoder. With `sam2`,
decoder_sam2_table.h: the same of SAM 2's.

Needs torch and segment-anything or sam2. Use: decoder_table.py > decoder_table.h; decoder_table.py sam2 > decoder_sam2_table.h
Weights, embedding and prompts are drawn as in random_decoder.h, so that only results need to be kept.
"""
import sys

import numpy as np
import torch

SAM2 = sys.argv[1:] == ["sam2"]
if SAM2:
    from sam2.modeling.sam.mask_decoder import MaskDecoder
    from sam2.modeling.sam.prompt_encoder import PromptEncoder
    from sam2.modeling.sam.transformer import TwoWayTransformer
else:
    from segment_anything.modeling import MaskDecoder, PromptEncoder, TwoWayTransformer

EMBED, GRID, MLP, IOU, TEXT = 32, 5, 48, 24, 20
SIZE, LOW, PROMPTS = 16 * GRID, 4 * GRID, 3


def uniform(key):
    with np.errstate(over="ignore"):
        key = key + np.uint64(0x9E3779B97F4A7C15)
        key = (key ^ key >> np.uint64(30)) * np.uint64(0xBF58476D1CE4E5B9)
        key = (key ^ key >> np.uint64(27)) * np.uint64(0x94D049BB133111EB)
        key = key ^ key >> np.uint64(31)
    return (key >> np.uint64(40)).astype(np.float64) / 2**24


def numbers(name, count):
    key = 0xCBF29CE484222325
    for byte in name.encode():
        key = (key ^ byte) * 0x100000001B3 % 2**64
    with np.errstate(over="ignore"):
        keys = np.uint64(key) + np.arange(4 * count, dtype=np.uint64)
    return ((uniform(keys).reshape(count, 4).sum(1) - 2) * np.sqrt(3.0)).astype(np.float32)


def fill(module, prefix):
    for name, tensor in module.state_dict().items():
        # SAM 2's names of these two layers are translated when a checkpoint is opened.
        full = (prefix + name).replace(".mlp.layers.0.", ".mlp.lin1.").replace(".mlp.layers.1.", ".mlp.lin2.")
        scale, offset = 0.3, 0.0
        if tensor.dim() > 1:
            scale = 1.5 / np.sqrt(tensor[0].numel())
            if tensor.shape[0] in (1, 2, 4) and tensor.dim() == 2 and ("embed" in name or "token" in name or "gaussian" in name):
                scale = 1.0
        elif name.endswith("weight"):
            offset = 1.0
        values = (numbers(full, tensor.numel()).astype(np.float64) * scale + offset).astype(np.float32)
        tensor.copy_(torch.from_numpy(values).view(tensor.shape))


def drawn(name, *shape):
    return torch.from_numpy(numbers(name, int(np.prod(shape)))).view(*shape)


def text(name, values):
    rows = [", ".join("%.9gf" % v if "." in "%.9g" % v or "e" in "%.9g" % v else "%.9g.0f" % v for v in values[i:i + 6])
            for i in range(0, len(values), 6)]
    print("static const float %s[] = {\n    %s};" % (name, ",\n    ".join(rows)))


def channels_last(name, side, channels):
    return drawn(name, 1, side, side, channels).permute(0, 3, 1, 2)


def predict(encoder, decoder, points, box, mask, token=None):
    """logits, iou; SAM 2's predictor turns boxes into points before it calls its prompt encoder. The token of a text follows the
    others."""
    if SAM2 and box is not None:
        corners = (box.view(-1, 2, 2), torch.tensor([[2, 3]], dtype=torch.int).repeat(len(box), 1))
        points = corners if points is None else tuple(torch.cat(pair, 1) for pair in zip(corners, points))
        box = None
    sparse, dense = encoder(points=points, boxes=box, masks=mask)
    if token is not None:
        sparse = torch.cat([sparse.expand(len(token), -1, -1), token[:, None]], 1)
        dense = dense.expand(len(token), -1, -1, -1)
    more = {}
    if SAM2:
        more = {"repeat_image": True, "high_res_features": [channels_last("high0", LOW, EMBED // 8), channels_last("high1", LOW // 2, EMBED // 4)]}
    return decoder.predict_masks(drawn("embedding", 1, EMBED, GRID, GRID), encoder.get_dense_pe(), sparse, dense, **more)[:2]


with torch.no_grad():
    encoder = PromptEncoder(embed_dim=EMBED, image_embedding_size=(GRID, GRID), input_image_size=(SIZE, SIZE), mask_in_chans=16)
    more = {"use_high_res_features": True, "iou_prediction_use_sigmoid": True, "pred_obj_scores": True, "pred_obj_scores_mlp": True} if SAM2 else {}
    decoder = MaskDecoder(num_multimask_outputs=3, transformer=TwoWayTransformer(depth=2, embedding_dim=EMBED, mlp_dim=MLP, num_heads=8),
                          transformer_dim=EMBED, iou_head_depth=3, iou_head_hidden_dim=IOU, **more)
    projection = torch.nn.Linear(TEXT, EMBED)
    fill(encoder, "prompt_encoder.")
    fill(projection, "prompt_encoder.text_projection.")
    fill(decoder, "mask_decoder.")
    if SAM2:  # so that the single mask is stable for some prompts
        for tensor in decoder.output_hypernetworks_mlps[0].layers[2].parameters():
            tensor *= 5
    points = SIZE * torch.sigmoid(drawn("points", PROMPTS, 3, 2)).double()
    if SAM2:
        points = points.float()
    labels = torch.tensor([[1, 0, 1], [0, 1, -1], [1, 1, 0]], dtype=torch.int)
    boxes = SIZE * torch.sigmoid(drawn("boxes", PROMPTS, 4))
    masks = 4 * drawn("masks", PROMPTS, 1, LOW, LOW)
    one = (points[:, :1], torch.ones(PROMPTS, 1, dtype=torch.int))
    cases = {"point": (one, None, None), "points": ((points, labels), None, None), "box": (None, boxes, None),
             "box_points": ((points, labels), boxes, None), "mask": (None, None, masks), "mask_point": (one, None, masks)}
    if SAM2:
        del cases["points"], cases["mask"]
    token = projection(drawn("texts", PROMPTS, TEXT))
    cases |= {"text": (None, None, None, token), "text_point": (one, None, None, token), "text_box_points": ((points, labels), boxes, None, token)}
    print("/* %s - written by decoder_table.py from the official code; do not edit. */" % ("decoder_sam2_table.h" if SAM2 else "decoder_table.h"))
    for name, prompt in cases.items():
        logits, iou = predict(encoder, decoder, *prompt)
        text("%s_%s_iou" % ("sam2" if SAM2 else "reference", name), iou.flatten().tolist())
        text("%s_%s_logits" % ("sam2" if SAM2 else "reference", name), logits[:, :, ::7, ::3].flatten().tolist())
        if SAM2:  # which mask stands for the single one; the decoder gives no number, so it is looked up by its predicted IoU
            decoder.dynamic_multimask_stability_delta, decoder.dynamic_multimask_stability_thresh = 0.05, 0.98
            chosen = decoder._dynamic_multimask_via_stability(logits, iou)[1]
            print("static const int sam2_%s_single[] = {%s};" % (name, ", ".join(str(i) for i in (iou == chosen).int().argmax(1).tolist())))
