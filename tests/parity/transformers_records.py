"""Random models of Hugging Face's transformers at their published sizes, and what its `mask-generation` pipeline finds.

The pipeline says nothing about a mask's point, crop and stability, and has one box NMS (`crops_nms_thresh`): without crops
it is the official generators' `box_nms_thresh`. Two things of its processor of SAM 2 and EdgeTAM differ from the official
code, and records(official_input=True) undoes both: it resizes bytes, not floats, and it scales points by the longer side,
though both sides of the image become S.
"""

import math
import warnings

import torch
import transformers
from PIL import Image
from pycocotools import mask as coco
from transformers.models.edgetam.configuration_edgetam import EdgeTamVisionConfig

SIZE = 1024
SAM2 = ("sam2", "edgetam")  # of these, both sides of an image become SIZE, and predicted IoUs come from a sigmoid
warnings.filterwarnings("ignore")
transformers.logging.set_verbosity_error()
transformers.logging.disable_progress_bar()


def edgetam():
    trunk = transformers.TimmWrapperConfig(architecture="repvit_m1.dist_in1k", do_pooling=True,
                                           model_args=dict(in_chans=3, features_only=True, out_indices=(0, 1, 2, 3)))
    return transformers.EdgeTamModel(transformers.EdgeTamConfig(vision_config=EdgeTamVisionConfig(backbone_config=trunk)))


KINDS = {
    "sam": lambda: transformers.SamModel(transformers.SamConfig()),
    "sam_hq": lambda: transformers.SamHQModel(transformers.SamHQConfig()),
    "sam2": lambda: transformers.Sam2Model(transformers.Sam2Config()),
    "edgetam": edgetam,
}


def randomise(model):
    """As official.randomise and official_sam2.randomise."""
    for name, p in model.named_parameters():
        p.normal_()
        if "pos_embed" in name or "rel_pos" in name or name == "no_memory_embedding":
            p *= 0.3
        elif p.dim() > 1:
            p *= p[0].numel() ** -0.5
        else:
            p *= 0.2
            p += "norm" in name and name.endswith("weight")
        if name.endswith(("q_proj.weight", "k_proj.weight")):
            p *= 2
    for module in model.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.weight.normal_(0.6, 0.1)  # with 1, EdgeTAM's features grow to 1e7 and rounding decides what follows
            module.running_mean.normal_(std=0.1)
            module.running_var.uniform_(0.5, 1.5)
    matrix = model.shared_image_embedding.positional_embedding
    matrix.normal_()
    model.prompt_encoder.shared_embedding.positional_embedding.copy_(matrix)


def scale(model):
    """Logits spread by 8; predicted IoUs lie around 0.8."""
    ramp = torch.arange(SIZE) / SIZE * 2 * math.pi
    waves = torch.stack([torch.sin(f * ramp[None, :] + g * ramp[:, None]) for f, g in ((2, 1), (-3, 4), (7, 5))])
    inputs = dict(pixel_values=1.5 * waves[None], input_points=torch.rand(1, 48, 1, 2) * SIZE, input_labels=torch.ones(1, 48, 1).long())
    decoder = model.mask_decoder
    out = model(**inputs)
    heads = [*decoder.output_hypernetworks_mlps] + ([decoder.hq_mask_mlp] if hasattr(decoder, "hq_mask_mlp") else [])
    for head in heads:
        head.proj_out.weight.mul_(8 / out.pred_masks.std())
        head.proj_out.bias.mul_(8 / out.pred_masks.std())
    scores = out.iou_scores
    wanted = math.log(4) - torch.logit(scores).mean() if model.config.model_type in SAM2 else 0.8 - scores.mean()
    decoder.iou_prediction_head.proj_out.bias.add_(wanted)


@torch.no_grad()
def random(kind, seed):
    torch.manual_seed(seed)
    model = KINDS[kind]().eval().requires_grad_(False)
    randomise(model)
    scale(model)
    return model


def save(model, folder):
    model.save_pretrained(folder)


def load(folder):
    return transformers.AutoModelForMaskGeneration.from_pretrained(folder)


class OfficialInput(transformers.Sam2ImageProcessor):
    """SAM 2's processor, with the input and the points of SAM 2's own code."""

    def _preprocess(self, images, **options):
        options.update(do_rescale=False, return_tensors="pt")
        return torch.cat([super(OfficialInput, self)._preprocess([image / 255], **options) for image in images])

    def generate_crop_boxes(self, image, target_size, *options, **more):
        boxes, points, crops, labels = super().generate_crop_boxes(image, target_size, *options, **more)
        for i, crop in enumerate(crops):
            for axis, side in ((0, crop.shape[2]), (1, crop.shape[1])):
                points[:, :, i, axis] *= target_size / int(side * target_size / max(crop.shape[1:]) + 0.5)
        return boxes, points, crops, labels


def processor(model, official_input):
    if model.config.model_type not in SAM2:
        return transformers.SamImageProcessor()
    return OfficialInput() if official_input else transformers.Sam2ImageProcessor()


def annotation(i, runs, score, box):
    height, width = map(int, runs["size"])
    packed = coco.frPyObjects(dict(size=[height, width], counts=list(map(int, runs["counts"]))), height, width)
    left, top, right, bottom = box.tolist()
    return dict(id=i, segmentation=dict(size=[height, width], counts=packed["counts"].decode()), area=int(coco.area(packed)),
                bbox=[left, top, right - left, bottom - top], predicted_iou=float(score))


def records(model, image, official_input=False, **options):
    """What the pipeline finds, as annotations of a record. Options are those of the official generators."""
    options = dict(options)
    names = dict(points_per_side="points_per_crop", crop_n_layers="crops_n_layers", box_nms_thresh="crops_nms_thresh")
    if options.pop("crop_nms_thresh", None) not in (None, options.get("box_nms_thresh")):
        raise SystemExit("transformers has one threshold for both suppressions")
    find = transformers.pipeline("mask-generation", model=model, image_processor=processor(model, official_input), device="cpu")
    found = find(Image.fromarray(image), output_rle_mask=True, output_bboxes_mask=True,
                 **{names.get(name, name): value for name, value in options.items()})
    return [annotation(i, *mask) for i, mask in enumerate(zip(found["rle_mask"], found["scores"], found["bounding_boxes"]))]
