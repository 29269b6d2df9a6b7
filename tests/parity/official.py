"""The official PyTorch code behind one door: build a Sam from a checkpoint of any size, make one with random weights,
run it. Needs the packages of requirements.txt.

Sizes come from the tensors' names and shapes, as maskmill has them. A TinyViT does not say its image size: safetensors
metadata `image_size`, else 1024.
"""

import math
import os
import warnings
from functools import partial

import numpy as np
import torch

warnings.filterwarnings("ignore")

from mobile_sam.modeling import TinyViT  # noqa: E402
from segment_anything.modeling import ImageEncoderViT, MaskDecoder, PromptEncoder, Sam, TwoWayTransformer  # noqa: E402
from segment_anything.modeling.common import LayerNorm2d  # noqa: E402

PIXEL_MEAN = (123.675, 116.28, 103.53)
PIXEL_STD = (58.395, 57.12, 57.375)
UNUSED = (".attention_bias_idxs", ".num_batches_tracked", "pixel_mean", "pixel_std")
UNUSED_PARTS = ("image_encoder.norm_head.", "image_encoder.head.")

# What random() makes, beside the official vit_b, vit_l, vit_h and mobile_sam: relatives small enough to be committed.
# vit_xs has a 16x16 grid in windows of 7 (so windows are padded) and global blocks; tiny_xs has every kind of stage.
SMALL = {
    "vit_xs": dict(size=256, width=64, depth=4, heads=2, window=7, globals=(1, 3), mlp_ratio=2, channels=64, decoder_mlp=128, iou_hidden=32),
    "tiny_xs": dict(size=256, dims=(8, 16, 32, 320), depths=(1, 1, 2, 1), heads=(1, 1, 2, 10), windows=(7, 7, 14, 7), mlp_ratio=1, channels=64,
                    decoder_mlp=128, iou_hidden=32),
}
OFFICIAL = {
    "vit_b": dict(width=768, depth=12, heads=12, globals=(2, 5, 8, 11)),
    "vit_l": dict(width=1024, depth=24, heads=16, globals=(5, 11, 17, 23)),
    "vit_h": dict(width=1280, depth=32, heads=16, globals=(7, 15, 23, 31)),
    "mobile_sam": dict(dims=(64, 128, 160, 320), depths=(2, 2, 6, 2), heads=(2, 4, 5, 10), windows=(7, 7, 14, 7)),
}
OFFICIAL_COMMON = dict(size=1024, window=14, mlp_ratio=4, channels=256, decoder_mlp=2048, iou_hidden=256)


def vit(c):
    return ImageEncoderViT(img_size=c["size"], patch_size=16, embed_dim=c["width"], depth=c["depth"], num_heads=c["heads"],
                           mlp_ratio=c["mlp_ratio"], out_chans=c["channels"], qkv_bias=True, use_rel_pos=True,
                           norm_layer=partial(torch.nn.LayerNorm, eps=1e-6), window_size=c["window"], global_attn_indexes=c["globals"])


class AnySizeTinyViT(TinyViT):
    """TinyViT whose neck has `channels` outputs and whose grid is not tied to 64x64."""

    def __init__(self, c):
        super().__init__(img_size=c["size"], in_chans=3, num_classes=1, embed_dims=list(c["dims"]), depths=list(c["depths"]),
                         num_heads=list(c["heads"]), window_sizes=list(c["windows"]), mlp_ratio=c["mlp_ratio"], drop_rate=0.0,
                         drop_path_rate=0.0, use_checkpoint=False, mbconv_expand_ratio=4.0, local_conv_size=3, layer_lr_decay=1.0)
        n = c["channels"]
        self.neck = torch.nn.Sequential(torch.nn.Conv2d(c["dims"][-1], n, 1, bias=False), LayerNorm2d(n),
                                        torch.nn.Conv2d(n, n, 3, padding=1, bias=False), LayerNorm2d(n))
        self.norm_head = self.head = torch.nn.Identity()
        self.img_size = c["size"]

    def forward(self, x):
        x = self.patch_embed(x)
        for layer in self.layers:
            x = layer(x)
        batch, positions, width = x.shape
        grid = math.isqrt(positions)
        return self.neck(x.reshape(batch, grid, grid, width).permute(0, 3, 1, 2))


def assemble(c):
    """A Sam to be filled with weights. Call eval() afterwards: TinyViT keeps a copy of its biases from then on."""
    grid = c["size"] // 16
    transformer = TwoWayTransformer(depth=2, embedding_dim=c["channels"], mlp_dim=c["decoder_mlp"], num_heads=8)
    return Sam(
        image_encoder=AnySizeTinyViT(c) if "dims" in c else vit(c),
        prompt_encoder=PromptEncoder(embed_dim=c["channels"], image_embedding_size=(grid, grid), input_image_size=(c["size"],) * 2, mask_in_chans=16),
        mask_decoder=MaskDecoder(num_multimask_outputs=3, transformer=transformer, transformer_dim=c["channels"], iou_head_depth=3,
                                 iou_head_hidden_dim=c["iou_hidden"]),
        pixel_mean=PIXEL_MEAN, pixel_std=PIXEL_STD).requires_grad_(False)


def sizes(state, image_size):
    """The configuration that a checkpoint's tensors imply."""
    def shape(name):
        return state["image_encoder." + name].shape

    def numbers(prefix, place):
        return sorted({int(k.split(".")[place]) for k in state if k.startswith(prefix)})

    c = dict(channels=shape("neck.0.weight")[0], iou_hidden=state["mask_decoder.iou_prediction_head.layers.0.weight"].shape[0],
             decoder_mlp=state["mask_decoder.transformer.layers.0.mlp.lin1.weight"].shape[0])
    if "image_encoder.pos_embed" in state:
        grid, width = shape("pos_embed")[1], shape("pos_embed")[3]
        rows = [shape(f"blocks.{i}.attn.rel_pos_h") for i in numbers("image_encoder.blocks.", 2)]
        windowed = [r[0] for r in rows if r[0] != 2 * grid - 1]
        return dict(c, size=16 * grid, width=width, depth=len(rows), heads=width // rows[0][1], mlp_ratio=shape("blocks.0.mlp.lin1.weight")[0] / width,
                    globals=tuple(i for i, r in enumerate(rows) if r[0] == 2 * grid - 1), window=(windowed[0] + 1) // 2 if windowed else 0)
    dims, depths, heads, windows = [shape("layers.0.blocks.0.conv1.c.weight")[1]], [], [1], [7]
    for layer in range(4):
        depths.append(len(numbers(f"image_encoder.layers.{layer}.blocks.", 4)))
        if layer:
            dims.append(shape(f"layers.{layer}.blocks.0.attn.proj.weight")[0])
            biases = shape(f"layers.{layer}.blocks.0.attn.attention_biases")
            heads.append(biases[0])
            windows.append(math.isqrt(biases[1]))
    mlp = shape("layers.3.blocks.0.mlp.fc1.weight")
    return dict(c, size=image_size or 1024, dims=dims, depths=depths, heads=heads, windows=windows, mlp_ratio=mlp[0] / mlp[1])


def metadata(path):
    """The key-value pairs of a safetensors file; nothing for other files."""
    if not path.endswith(".safetensors"):
        return {}
    from safetensors import safe_open
    with safe_open(path, "pt") as file:
        return file.metadata() or {}


def load(path, image_size=None):
    """The official model with a checkpoint's weights, in float32."""
    if path.endswith(".safetensors"):
        from safetensors.torch import load_file
        state = load_file(path)
    else:
        state = torch.load(path, map_location="cpu", weights_only=True)
    state = {name: tensor.float() for name, tensor in state.items() if not name.endswith(UNUSED) and not name.startswith(UNUSED_PARTS)}
    sam = assemble(sizes(state, image_size or int(metadata(path).get("image_size", 0))))
    result = sam.load_state_dict(state, strict=False)
    wrong = [name for name in result.missing_keys if not name.endswith(UNUSED)] + list(result.unexpected_keys)
    if wrong:
        raise SystemExit(f"{path}: tensors that do not fit: {wrong[:8]}")
    return sam.eval()


def save(sam, path, half=False, metadata=None):
    from safetensors.torch import save_file
    keep = {name: (t.half() if half else t.float()).contiguous() for name, t in sam.state_dict().items() if not name.endswith(UNUSED)}
    save_file(keep, path, dict(metadata or {}, image_size=str(sam.image_encoder.img_size)))
    os.chmod(path, 0o644)


def random(kind, seed):
    """A model of random parameters (randomise)."""
    torch.manual_seed(seed)
    return randomise(assemble(SMALL[kind] if kind in SMALL else dict(OFFICIAL_COMMON, **OFFICIAL[kind])))


@torch.no_grad()
def randomise(sam):
    """Makes every parameter random: the package's initial values leave position embeddings at zero and
    norms at one, which would hide mistakes. Scaled so that logits spread by 8 and half of the prompts have a mask whose
    predicted IoU is above 0.88. Its masks are noise over the whole image. Returns the model."""
    for name, p in sam.named_parameters():
        p.normal_()
        if "pos_embed" in name or "rel_pos" in name or "attention_biases" in name:
            p *= 0.3
        elif p.dim() > 1:
            p *= p[0].numel() ** -0.5
        else:
            p *= 0.2
            p += "norm" in name and name.endswith("weight")
        if name.endswith(("q_proj.weight", "k_proj.weight")):
            p *= 2
    for module in sam.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.weight.add_(1)
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 1.5)
    sam.eval()

    size = sam.image_encoder.img_size
    ramp = torch.arange(size) / size * 2 * math.pi
    waves = [torch.sin(f * ramp[None, :] + g * ramp[:, None]) for f, g in ((2, 1), (-3, 4), (7, 5))]
    embedding = sam.image_encoder(1.5 * torch.stack(waves)[None])
    points = torch.rand(64, 1, 2) * size
    masks, iou = decode(sam, embedding, points=(points, torch.ones(64, 1)))
    for head in range(4):
        last = sam.mask_decoder.output_hypernetworks_mlps[head].layers[-1]
        scale = 8 / masks[:, head].std()
        last.weight.mul_(scale)
        last.bias.mul_(scale)
    sam.mask_decoder.iou_prediction_head.layers[-1].bias.add_(0.88 - iou[:, 1:].amax(1).median())
    return sam


@torch.no_grad()
def decode(sam, embedding, points=None, boxes=None, masks=None):
    """All four masks: low-resolution logits [P,4,L,L] and predicted IoU [P,4]."""
    sparse, dense = sam.prompt_encoder(points=points, boxes=boxes, masks=masks)
    return sam.mask_decoder.predict_masks(image_embeddings=embedding, image_pe=sam.prompt_encoder.get_dense_pe(),
                                          sparse_prompt_embeddings=sparse, dense_prompt_embeddings=dense)


def read_rgb(path):
    import cv2
    image = cv2.imread(path)
    if image is None:
        raise SystemExit(f"{path}: OpenCV cannot read it")
    return cv2.cvtColor(image, cv2.COLOR_BGR2RGB)


def resized(size, image):
    """The image as a model of that input size gets it, before normalisation: uint8 [h,w,3]."""
    from segment_anything.utils.transforms import ResizeLongestSide
    return ResizeLongestSide(size).apply_image(image)


@torch.no_grad()
def model_input(sam, image):
    return sam.preprocess(torch.as_tensor(resized(sam.image_encoder.img_size, image)).permute(2, 0, 1)[None].contiguous().float())


def records(sam, image, **options):
    """What SamAutomaticMaskGenerator finds, as annotations of a record."""
    from segment_anything import SamAutomaticMaskGenerator
    masks = SamAutomaticMaskGenerator(sam, output_mode="coco_rle", **options).generate(image)
    return [dict(mask, id=i) for i, mask in enumerate(masks)]


def write_record(path, image_path, image, annotations, **more):
    import json
    height, width = image.shape[:2]
    info = dict(image_id=0, width=width, height=height, file_name=os.path.basename(image_path))
    with open(path, "w") as file:
        json.dump(dict(image=info, annotations=annotations, **more), file)
        file.write("\n")


def relative_error(a, b):
    """Norm of the difference over the norm of what is right."""
    a, b = np.asarray(a, np.float64), np.asarray(b, np.float64)
    return float(np.linalg.norm(a - b) / np.linalg.norm(b))
