#!/usr/bin/env python3
"""Makes a random SAM-HQ, and what the official code of SAM-HQ finds with it, in the layout of make_dumps.py.

    git clone https://github.com/SysCV/sam-hq        (commit 3f20a2f or later; only segment_anything/ is used)
    hq_dumps.py sam-hq KIND FOLDER [IMAGE.png]       writes FOLDER/KIND.safetensors, FOLDER/KIND.dump.safetensors and
                                                     FOLDER/KIND-IMAGE.json, the record of the image

Needs the packages of requirements.txt. KIND is one of KINDS below. hq_xs is committed as models/hq_xs.safetensors (in 16
bits), dumps/hq_xs.safetensors and records/hq_xs-enlarged.json; the others are for comparisons by hand.

Mask m of a dump is the sum of SAM's mask m and the HQ mask, which is what maskmill gives. Records come from SAM-HQ's
own SamAutomaticMaskGenerator, which keeps the best of three masks for each point.
"""

import importlib.util
import os
import sys

import torch

import make_dumps
import official

HERE = os.path.dirname(os.path.abspath(__file__))
SEED = 7
KINDS = {
    "hq_xs": dict(size=256, width=32, depth=2, heads=2, window=7, globals=(1,), mlp_ratio=2, channels=32, decoder_mlp=64, iou_hidden=24),
    "hq_tiny": dict(official.OFFICIAL_COMMON, **official.OFFICIAL["mobile_sam"]),
    "hq_vit_b": dict(official.OFFICIAL_COMMON, **official.OFFICIAL["vit_b"]),
    "hq_vit_l": dict(official.OFFICIAL_COMMON, **official.OFFICIAL["vit_l"]),
}
RECORD_OPTIONS = dict(points_per_side=8, box_nms_thresh=1.0, stability_score_thresh=0.2)


def import_official(folder):
    """SAM-HQ's package segment_anything, under a name that differs from SAM's."""
    path = os.path.join(folder, "segment_anything")
    spec = importlib.util.spec_from_file_location("sam_hq", path + "/__init__.py", submodule_search_locations=[path])
    package = importlib.util.module_from_spec(spec)
    sys.modules["sam_hq"] = package
    spec.loader.exec_module(package)
    return package


def assemble(package, c):
    """A Sam with SAM-HQ's encoder and mask decoder, to be filled with weights."""
    from functools import partial
    sam = official.assemble(c)
    modeling = package.modeling
    if "dims" in c:
        from sam_hq.modeling.tiny_vit_sam import TinyViT
        sam.image_encoder = TinyViT(img_size=c["size"], in_chans=3, num_classes=1, embed_dims=list(c["dims"]), depths=list(c["depths"]),
                                    num_heads=list(c["heads"]), window_sizes=list(c["windows"]), mlp_ratio=c["mlp_ratio"], drop_rate=0.0,
                                    drop_path_rate=0.0, use_checkpoint=False, mbconv_expand_ratio=4.0, local_conv_size=3, layer_lr_decay=1.0)
        sam.image_encoder.norm_head = sam.image_encoder.head = torch.nn.Identity()
    else:
        sam.image_encoder = modeling.ImageEncoderViT(
            img_size=c["size"], patch_size=16, embed_dim=c["width"], depth=c["depth"], num_heads=c["heads"], mlp_ratio=c["mlp_ratio"],
            out_chans=c["channels"], qkv_bias=True, use_rel_pos=True, norm_layer=partial(torch.nn.LayerNorm, eps=1e-6),
            window_size=c["window"], global_attn_indexes=c["globals"])
    sam.mask_decoder = modeling.MaskDecoderHQ(
        num_multimask_outputs=3, transformer=sam.mask_decoder.transformer, transformer_dim=c["channels"], iou_head_depth=3,
        iou_head_hidden_dim=c["iou_hidden"], vit_dim=c["dims"][2] if "dims" in c else c["width"])
    return sam.requires_grad_(False).eval()


@torch.no_grad()
def randomise(sam):
    """As official.random, and the HQ mask as large as SAM's."""
    torch.manual_seed(SEED)
    for name, p in sam.named_parameters():
        p.normal_()
        if "pos_embed" in name or "rel_pos" in name or "attention_biases" in name:
            p *= 0.3
        elif p.dim() > 1:
            p *= p[0].numel() ** -0.5
        else:
            p *= 0.2
            p += name.endswith("weight")
        if name.endswith(("q_proj.weight", "k_proj.weight")):
            p *= 2
    for module in sam.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 1.5)
    sam.eval()


@torch.no_grad()
def scale(sam, embedding, early):
    """Logits spread by 8, and half of the prompts have a score above 0.88."""
    points = torch.rand(64, 1, 2) * sam.image_encoder.img_size
    decoder = sam.mask_decoder
    masks, iou = decode_parts(sam, embedding, early, points=(points, torch.ones(64, 1)))
    heads = [*decoder.output_hypernetworks_mlps, decoder.hf_mlp]
    for head, mlp in enumerate(heads):
        factor = 6 / masks[:, head].std()
        mlp.layers[-1].weight.mul_(factor)
        mlp.layers[-1].bias.mul_(factor)
    decoder.iou_prediction_head.layers[-1].bias.add_(0.88 - iou[:, 1:].amax(1).median())


@torch.no_grad()
def decode_parts(sam, embedding, early, points=None, boxes=None, masks=None):
    """SAM's four masks and the HQ mask: logits [P,5,L,L] and predicted IoU [P,4]."""
    decoder = sam.mask_decoder
    sparse, dense = sam.prompt_encoder(points=points, boxes=boxes, masks=masks)
    features = decoder.embedding_encoder(embedding) + decoder.compress_vit_feat(early[0].permute(0, 3, 1, 2))
    return decoder.predict_masks(image_embeddings=embedding, image_pe=sam.prompt_encoder.get_dense_pe(),
                                 sparse_prompt_embeddings=sparse, dense_prompt_embeddings=dense, hq_features=features)


def dump(sam, model, image, path):
    with torch.no_grad():
        embedding, early = sam.image_encoder(official.model_input(sam, official.read_rgb(image)))

    def decode(sam, embedding, **prompts):
        parts, iou = decode_parts(sam, embedding, early, **prompts)
        return parts[:, :4] + parts[:, 4:], iou

    official.decode = decode
    make_dumps.write(path, model, embedding, make_dumps.answers(sam, embedding, sam.image_encoder.img_size))


def main(code, kind, folder, image):
    torch.set_num_threads(2)
    package = import_official(code)
    sam = assemble(package, KINDS[kind])
    randomise(sam)
    pixels = official.read_rgb(image)
    with torch.no_grad():
        embedding, early = sam.image_encoder(official.model_input(sam, pixels))
    scale(sam, embedding, early)
    os.makedirs(folder, exist_ok=True)
    path = f"{folder}/{kind}.safetensors"
    official.save(sam, path, half=kind == "hq_xs")
    if kind == "hq_xs":  # what is compared is the model in 16 bits
        from safetensors.torch import load_file
        sam.load_state_dict({name: t.float() for name, t in load_file(path).items()}, strict=False)
    dump(sam, path, image, f"{folder}/{kind}.dump.safetensors")
    masks = package.SamAutomaticMaskGenerator(sam, output_mode="coco_rle", **RECORD_OPTIONS).generate(pixels)
    found = [dict(mask, id=i) for i, mask in enumerate(masks)]
    name = os.path.splitext(os.path.basename(image))[0]
    official.write_record(f"{folder}/{kind}-{name}.json", name + ".png", pixels, found)
    print(f"{kind} {name}: {len(found)} masks")


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], sys.argv[3], sys.argv[4] if len(sys.argv) > 4 else make_dumps.image_path("enlarged"))
