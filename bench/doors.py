"""The official code of each family, as peer.py needs it: open_door(MODEL) tells the family by the tensors' names.

A door has `encoder`, a module from the normalised input to the embedding (and what else the decoder takes);
`model_input(pixels)`; `generator()`, the family's own automatic mask generator; `stages`, the methods whose time counts as
"encoder" or "decoder"; and `decoder()`, a module for ONNX, or None where only the encoder is exported.
"""

import os
import sys

import torch

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "../tests/parity"))


def names_and_metadata(path):
    if path.endswith(".safetensors"):
        from safetensors import safe_open
        with safe_open(path, "pt") as file:
            return list(file.keys()), file.metadata() or {}
    state = torch.load(path, map_location="cpu", weights_only=True)
    return list(state.get("model", state.get("state_dict", state))), {}


class PointDecoder(torch.nn.Module):
    """SAM's prompt encoder and mask decoder for a batch of points."""

    def __init__(self, sam, batch):
        super().__init__()
        self.sam, self.batch = sam, batch

    def forward(self, embedding, points):
        sam = self.sam
        sparse, dense = sam.prompt_encoder(points=(points, torch.ones(self.batch, 1)), boxes=None, masks=None)
        return sam.mask_decoder(image_embeddings=embedding, image_pe=sam.prompt_encoder.get_dense_pe(), sparse_prompt_embeddings=sparse,
                                dense_prompt_embeddings=dense, multimask_output=True)


class Sam:
    """SAM and MobileSAM."""

    def __init__(self, path, about):
        import official
        self.official, self.sam = official, official.load(path)
        self.encoder = self.sam.image_encoder
        self.own = {key: float(value) for key, value in about.items() if key.endswith("_thresh")}
        self.stages = [(self.sam.image_encoder, "forward", "encoder"), (self.sam.prompt_encoder, "forward", "decoder"),
                       (self.sam.mask_decoder, "forward", "decoder")]

    def model_input(self, pixels):
        return self.official.model_input(self.sam, pixels)

    def filled(self, pixels):
        """Height and width of the image in the frame of prompts."""
        return self.official.resized(self.sam.image_encoder.img_size, pixels).shape[:2]

    def generator(self):
        from segment_anything import SamAutomaticMaskGenerator
        return SamAutomaticMaskGenerator(self.sam, output_mode="coco_rle", **self.own)

    def decoder(self, batch):
        return PointDecoder(self.sam, batch)


class Sam2:
    """SAM 2 and 2.1 with a Hiera, for images."""

    class Encoder(torch.nn.Module):
        def __init__(self, model):
            super().__init__()
            self.model = model

        def forward(self, x):
            # conv_s0 and conv_s1 belong to the mask decoder, but depend on the image alone.
            features = self.model.forward_image(x)["backbone_fpn"]
            return features[2], features[0], features[1]

    def __init__(self, path, _):
        import official_sam2
        self.official, self.model = official_sam2, official_sam2.load(path)
        self.encoder = self.Encoder(self.model)
        self.stages = [(self.model, "forward_image", "encoder"), (self.model.sam_prompt_encoder, "forward", "decoder"),
                       (self.model.sam_mask_decoder, "forward", "decoder")]

    def model_input(self, pixels):
        return self.official.model_input(self.model, pixels)

    def filled(self, _):
        return self.model.image_size, self.model.image_size

    def generator(self):
        from sam2.automatic_mask_generator import SAM2AutomaticMaskGenerator
        return SAM2AutomaticMaskGenerator(self.model, output_mode="coco_rle")

    def decoder(self, _):
        return None


class EfficientVit:
    """EfficientViT-SAM; MASKMILL_EFFICIENTVIT names a clone of mit-han-lab/efficientvit."""

    def __init__(self, path, about):
        import efficientvit_dumps
        from safetensors.torch import load_file
        clone = os.environ.get("MASKMILL_EFFICIENTVIT") or sys.exit("set MASKMILL_EFFICIENTVIT to a clone of mit-han-lab/efficientvit")
        self.code, norm = efficientvit_dumps.load_code(clone)
        kind = os.path.basename(path).split(".")[0].rsplit("_", 1)[-1]  # efficientvit_sam_l0 -> l0
        self.sam = getattr(self.code, "efficientvit_sam_" + kind)().requires_grad_(False).eval()
        norm.set_norm_eps(self.sam, 1e-6)  # as create_efficientvit_sam_model does
        self.sam.load_state_dict(load_file(path), strict=False)
        self.encoder = self.sam.image_encoder
        self.stages = [(self.encoder, "forward", "encoder"), (self.sam.prompt_encoder, "forward", "decoder"),
                       (self.sam.mask_decoder, "forward", "decoder")]

    def model_input(self, pixels):
        return self.sam.transform(pixels)[None]

    def filled(self, pixels):
        height, width = pixels.shape[:2]
        scale = self.sam.image_size[0] / max(height, width)
        return int(height * scale + 0.5), int(width * scale + 0.5)

    def generator(self):
        return self.code.EfficientViTSamAutomaticMaskGenerator(self.sam, output_mode="coco_rle")

    def decoder(self, batch):
        return PointDecoder(self.sam, batch)


FAMILIES = [("image_encoder.trunk.blocks.", Sam2), ("image_encoder.backbone.stages.", EfficientVit), ("image_encoder.", Sam)]


def open_door(path):
    names, about = names_and_metadata(path)
    for mark, family in FAMILIES:
        if any(name.startswith(mark) for name in names):
            return family(path, about)
    sys.exit(f"{path}: a family that bench/ does not know")
