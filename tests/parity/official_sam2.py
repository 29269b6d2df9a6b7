"""The official code of SAM 2 behind the same door as official.py: build a model, make one with random weights, run it.

    official_sam2.py KIND SEED FILE [half]     writes a random model: .safetensors, or .pt as the official ones are

Tensors have SAM 2's own names. Not everything about a Hiera is in its tensors. So the safetensors metadata has
`image_size`, and for a Hiera that is none of the official ones `num_heads` (of the first stage), `window_spec` (of
the four stages) and `global_att_blocks` (blocks without windows), as numbers with commas. `stability_fallback` is "0" for
a model without the choice among masks that build_sam2() turns on (apply_postprocessing).
"""

import math
import os
import sys

import torch
from sam2.automatic_mask_generator import SAM2AutomaticMaskGenerator
from sam2.build_sam import build_sam2
from sam2.modeling.backbones.hieradet import Hiera
from sam2.modeling.backbones.image_encoder import FpnNeck, ImageEncoder
from sam2.modeling.position_encoding import PositionEmbeddingSine
from sam2.modeling.sam.mask_decoder import MaskDecoder
from sam2.modeling.sam.transformer import TwoWayTransformer
from sam2.modeling.sam2_base import SAM2Base
from sam2.sam2_image_predictor import SAM2ImagePredictor

# A relative of Hiera-T that is small enough to be committed. Its grids are 64, 32, 16 and 8 wide. The windows of 14 and
# 7 do not divide them, so that windows are padded.
SMALL = {
    "hiera_xs": dict(size=256, width=8, heads=1, stages=(1, 2, 3, 1), globals=(4,), background=(7, 7), windows=(8, 4, 14, 7), channels=32,
                     decoder_mlp=32, iou_hidden=16),
}
OFFICIAL = {f"hiera_{letter}{suffix}": f"configs/{folder}/{folder}_hiera_{name}.yaml"
            for letter, name in (("t", "t"), ("s", "s"), ("b", "b+"), ("l", "l"))
            for folder, suffix in (("sam2", "_2.0"), ("sam2.1", ""))}
SIZES = {96: {12: "hiera_t", 16: "hiera_s"}, 112: {24: "hiera_b"}, 144: {48: "hiera_l"}}  # width, blocks
FALLBACK = dict(dynamic_multimask_via_stability=True, dynamic_multimask_stability_delta=0.05, dynamic_multimask_stability_thresh=0.98)


def encoder(c):
    widths = [c["width"] << i for i in range(4)]
    trunk = Hiera(embed_dim=c["width"], num_heads=c["heads"], stages=c["stages"], global_att_blocks=c["globals"],
                  window_pos_embed_bkg_spatial_size=c["background"], window_spec=c["windows"])
    neck = FpnNeck(PositionEmbeddingSine(c["channels"]), c["channels"], widths[::-1], fpn_top_down_levels=[2, 3], fpn_interp_model="nearest")
    return ImageEncoder(trunk, neck, scalp=1)


def assemble(c):
    """A small SAM 2 of these sizes, to be filled with weights. Instead of the memory of videos it has a few tensors with
    such names, which a reader must pass over. `old` is SAM 2 as before 2.1."""
    newer = not c.get("old")
    extra = FALLBACK if c.get("fallback", True) else {}
    model = SAM2Base(encoder(c), memory_attention=torch.nn.Linear(2, 2), memory_encoder=torch.nn.Linear(2, 2), image_size=c["size"],
                     directly_add_no_mem_embed=True, use_high_res_features_in_sam=True, multimask_output_in_sam=True,
                     iou_prediction_use_sigmoid=True, use_obj_ptrs_in_encoder=True, proj_tpos_enc_in_obj_ptrs=newer,
                     no_obj_embed_spatial=newer, pred_obj_scores=True, pred_obj_scores_mlp=True, fixed_no_obj_ptr=True,
                     sam_mask_decoder_extra_args=extra)
    n = c["channels"]
    model.sam_mask_decoder = MaskDecoder(
        transformer_dim=n, num_multimask_outputs=3, iou_head_depth=3, iou_head_hidden_dim=c["iou_hidden"], use_high_res_features=True,
        iou_prediction_use_sigmoid=True, pred_obj_scores=True, pred_obj_scores_mlp=True, use_multimask_token_for_obj_ptr=True,
        transformer=TwoWayTransformer(depth=2, embedding_dim=n, mlp_dim=c["decoder_mlp"], num_heads=8), **extra)
    return model.requires_grad_(False).eval()


def official(kind):
    """One of the published sizes, from the official configuration."""
    return build_sam2(OFFICIAL[kind], None, device="cpu").requires_grad_(False)


def numbers(text):
    return tuple(int(number) for number in text.split(","))


def sizes(state, about):
    """The configuration of a small model, from its tensors and its metadata."""
    trunk = "image_encoder.trunk."
    widths = []
    while f"{trunk}blocks.{len(widths)}.norm1.weight" in state:
        widths.append(state[f"{trunk}blocks.{len(widths)}.norm2.weight"].numel())
    decoder = "sam_mask_decoder."
    return dict(size=int(about["image_size"]), width=widths[0], heads=int(about["num_heads"]), globals=numbers(about["global_att_blocks"]),
                stages=tuple(widths.count(width) for width in sorted(set(widths))), windows=numbers(about["window_spec"]),
                background=tuple(state[trunk + "pos_embed"].shape[2:]), channels=state["no_mem_embed"].numel(),
                decoder_mlp=state[decoder + "transformer.layers.0.mlp.layers.0.weight"].shape[0],
                iou_hidden=state[decoder + "iou_prediction_head.layers.0.weight"].shape[0],
                old="no_obj_embed_spatial" not in state, fallback=about.get("stability_fallback") != "0")


def load(path):
    """The official model with a checkpoint's weights, in float32."""
    about = {}
    if path.endswith(".safetensors"):
        from safetensors import safe_open
        with safe_open(path, "pt") as file:
            about = file.metadata() or {}
            state = {name: file.get_tensor(name).float() for name in file.keys()}
    else:
        state = torch.load(path, map_location="cpu", weights_only=True)["model"]
    if "num_heads" in about:
        model = assemble(sizes(state, about))
    else:
        blocks = {name.split(".")[3] for name in state if name.startswith("image_encoder.trunk.blocks.")}
        kind = SIZES[state["image_encoder.trunk.blocks.0.norm1.weight"].numel()][len(blocks)]
        model = official(kind if "no_obj_embed_spatial" in state else kind + "_2.0")
    model.load_state_dict(state)
    return model


def save(model, path, half=False):
    """As .pt, or as .safetensors with the metadata that load() needs."""
    state = {name: (t.half() if half else t.float()).contiguous() for name, t in model.state_dict().items()}
    if path.endswith(".safetensors"):
        from safetensors.torch import save_file
        save_file(state, path, metadata(model))
    else:
        torch.save({"model": state}, path)
    os.chmod(path, 0o644)


def metadata(model):
    trunk = model.image_encoder.trunk
    about = dict(image_size=str(model.image_size))
    if trunk.blocks[0].dim not in SIZES:
        about.update(num_heads=str(trunk.blocks[0].attn.num_heads), window_spec=",".join(map(str, trunk.window_spec)),
                     global_att_blocks=",".join(map(str, trunk.global_att_blocks)))
    if not model.sam_mask_decoder.dynamic_multimask_via_stability:
        about["stability_fallback"] = "0"
    return about


def randomise(model):
    for name, p in model.named_parameters():
        p.normal_()
        if "pos_embed" in name or name == "no_mem_embed":
            p *= 0.3
        elif p.dim() > 1:
            p *= p[0].numel() ** -0.5
        else:
            p *= 0.2
            p += "norm" in name and name.endswith("weight")
        if name.endswith(("q_proj.weight", "k_proj.weight")):
            p *= 2
        elif name.endswith("attn.qkv.weight"):
            p[: p.shape[0] * 2 // 3] *= 1.5


def steadying(decoder, masks):
    """The factor with which the single output falls back for some of the masks: 1.4 times that where it does for half of
    these. The waves of random() give masks that are steadier than those of pictures."""
    low, high = 1e-3, 1e3
    while high / low > 1.01:
        middle = math.sqrt(low * high)
        steady = decoder._get_stability_scores(masks * middle) >= FALLBACK["dynamic_multimask_stability_thresh"]
        low, high = (low, middle) if steady.float().mean() > 0.5 else (middle, high)
    return 1.4 * middle


@torch.no_grad()
def random(kind, seed, **changes):
    """A model whose every parameter is random, as official.random(). Logits spread by 8, those of the single mask so that
    it stands for itself for half of the points. Predicted IoUs, which SAM 2 has after a sigmoid, spread around the default
    threshold, 0.8. `changes` are to SMALL[kind]: old=True, fallback=False."""
    torch.manual_seed(seed)
    model = assemble(dict(SMALL[kind], **changes)) if kind in SMALL else official(kind)
    randomise(model)
    ramp = torch.arange(model.image_size) / model.image_size * 2 * math.pi
    waves = [torch.sin(f * ramp[None, :] + g * ramp[:, None]) for f, g in ((2, 1), (-3, 4), (7, 5))]
    features = encode(model, 1.5 * torch.stack(waves)[None])
    points = torch.rand(64, 1, 2) * model.image_size
    decoder = model.sam_mask_decoder
    masks, iou = decode(model, features, points=(points, torch.ones(64, 1)))
    for head in range(4):
        last = decoder.output_hypernetworks_mlps[head].layers[-1]
        scale = 8 / masks[:, head].std() if head else steadying(decoder, masks[:, :1])
        last.weight.mul_(scale)
        last.bias.mul_(scale)
    last = decoder.iou_prediction_head.layers[-1]
    last.weight.mul_(0.8 / torch.logit(iou).std(0).mean())
    iou = decode(model, features, points=(points, torch.ones(64, 1)))[1]
    last.bias.add_(math.log(4) - torch.logit(iou).mean(0))
    return model


@torch.no_grad()
def encode(model, image):
    """What the predictor keeps of an input [1,3,S,S]: embedding [1,C,G,G] with no_mem_embed added, and the decoder's
    high-resolution features [1,C/8,4G,4G] and [1,C/4,2G,2G]."""
    parts = model._prepare_backbone_features(model.forward_image(image))[1]
    parts[-1] = parts[-1] + model.no_mem_embed
    sides = [4 * model.sam_image_embedding_size, 2 * model.sam_image_embedding_size, model.sam_image_embedding_size]
    high0, high1, embedding = (part.permute(1, 2, 0).reshape(1, -1, side, side) for part, side in zip(parts, sides))
    return embedding, high0, high1


@torch.no_grad()
def decode(model, features, points=None, boxes=None, masks=None):
    """All four masks: low-resolution logits [P,4,L,L] as they leave the decoder, and predicted IoU [P,4]. A box is two
    points before the others, labelled 2 and 3, as in the predictor."""
    embedding, high0, high1 = features
    if boxes is not None:
        corners = (boxes.reshape(-1, 2, 2), torch.tensor([[2.0, 3.0]]).repeat(len(boxes), 1))
        points = corners if points is None else tuple(torch.cat(pair, 1) for pair in zip(corners, points))
    sparse, dense = model.sam_prompt_encoder(points=points, boxes=None, masks=masks)
    return model.sam_mask_decoder.predict_masks(
        image_embeddings=embedding, image_pe=model.sam_prompt_encoder.get_dense_pe(), sparse_prompt_embeddings=sparse,
        dense_prompt_embeddings=dense, repeat_image=True, high_res_features=[high0, high1])[:2]


def single(model, masks, iou):
    """The one mask of those that decode() gave which stands for a prompt when a single one is asked for:
    logits [P,1,L,L] and predicted IoU [P,1]."""
    decoder = model.sam_mask_decoder
    if decoder.dynamic_multimask_via_stability:
        return decoder._dynamic_multimask_via_stability(masks, iou)
    return masks[:, :1], iou[:, :1]


def predictor(model, **options):
    """The official predictor, whose sizes are otherwise those of S = 1024."""
    made = SAM2ImagePredictor(model, **options)
    grid = model.sam_image_embedding_size
    made._bb_feat_sizes = [(4 * grid, 4 * grid), (2 * grid, 2 * grid), (grid, grid)]
    return made


def model_input(model, image):
    """A picture, uint8 [h,w,3], as the model gets it: [1,3,S,S], both sides resized to S, normalised."""
    return predictor(model)._transforms(image)[None]


def records(model, image, **options):
    """What SAM2AutomaticMaskGenerator finds, as annotations of a record."""
    generator = SAM2AutomaticMaskGenerator(model, output_mode="coco_rle", **options)
    generator.predictor = predictor(model)
    return [dict(mask, id=i) for i, mask in enumerate(generator.generate(image))]


if __name__ == "__main__":
    save(random(sys.argv[1], int(sys.argv[2])), sys.argv[3], half=sys.argv[4:] == ["half"])
