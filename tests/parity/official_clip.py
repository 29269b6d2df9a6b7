"""OpenAI's CLIP and that of transformers: random models, their files in every form, and what they make of inputs.

OpenAI's code is clip/model.py of the package openai-clip; nothing else of that package is loaded, which needs an old
setuptools."""

import importlib.util
import math
import os
import warnings

import torch

warnings.filterwarnings("ignore")

# Arguments of OpenAI's class CLIP, which are those of the published models.
SIZES = {
    "vit_b_32": (512, 224, 12, 768, 32, 77, 49408, 512, 8, 12),
    "vit_b_16": (512, 224, 12, 768, 16, 77, 49408, 512, 8, 12),
    "vit_l_14": (768, 224, 24, 1024, 14, 77, 49408, 768, 12, 12),
}
SEED = 11


def _load_official():
    folder = importlib.util.find_spec("clip").submodule_search_locations[0]
    spec = importlib.util.spec_from_file_location("openai_clip_model", os.path.join(folder, "model.py"))
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


official = _load_official()


@torch.no_grad()
def random(sizes):
    """A CLIP whose activations are of the size that trained ones have: each layer keeps the spread of its input, attention
    prefers some tokens, and embeddings of different inputs differ."""
    torch.manual_seed(SEED)
    model = official.CLIP(*sizes).eval().requires_grad_(False)
    for name, p in model.named_parameters():
        p.normal_()
        if name == "logit_scale":
            p.fill_(math.log(100))
        elif ".ln_" in name or name.startswith("ln_"):
            p.mul_(0.2).add_(1 if name.endswith("weight") else 0)
        elif name.endswith("bias"):
            p.mul_(0.1)
        elif "embedding" in name:
            p.mul_(0.5)
        elif name in ("visual.proj", "text_projection"):
            p.mul_(p.shape[0] ** -0.5)
        else:
            p.mul_(p[0].numel() ** -0.5)
        if name.endswith("in_proj_weight"):  # queries and keys
            p[: 2 * p.shape[1]] *= 2
        p.copy_(p.half())  # all forms, in 16 bits or 32, hold the same numbers
    return model


class Traced(official.CLIP):
    """With the buffers that OpenAI's archives have."""

    def __init__(self, *sizes):
        super().__init__(*sizes)
        for name, value in (("input_resolution", sizes[1]), ("context_length", sizes[5]), ("vocab_size", sizes[6])):
            if name in self.__dict__:
                del self.__dict__[name]
            self.register_buffer(name, torch.tensor(value))


def save_torchscript(model, sizes, path):
    """As OpenAI's archives: float16 but for norms and embeddings."""
    traced = Traced(*sizes).eval().requires_grad_(False)
    traced.load_state_dict(model.state_dict(), strict=False)
    official.convert_weights(traced)
    image = torch.zeros(1, 3, sizes[1], sizes[1])
    text = torch.zeros(1, sizes[5], dtype=torch.long)
    torch.jit.trace(traced, (image, text), check_trace=False).save(path)


def transformers_model(model, sizes):
    """The same weights in transformers' CLIPModel."""
    from transformers import CLIPConfig, CLIPModel
    from transformers.utils import logging
    logging.disable_progress_bar()
    width, size, layers, wide, patch, context, vocabulary, text_wide, heads, text_layers = sizes
    both = dict(hidden_act="quick_gelu", projection_dim=width)
    config = CLIPConfig(
        projection_dim=width,
        vision_config=dict(both, hidden_size=wide, intermediate_size=4 * wide, num_hidden_layers=layers, num_attention_heads=wide // 64,
                           image_size=size, patch_size=patch),
        text_config=dict(both, hidden_size=text_wide, intermediate_size=4 * text_wide, num_hidden_layers=text_layers,
                         num_attention_heads=heads, max_position_embeddings=context, vocab_size=vocabulary, eos_token_id=vocabulary - 1))
    other = CLIPModel(config).eval().requires_grad_(False)
    other.load_state_dict({new: value for name, tensor in model.state_dict().items() for new, value in renamed(name, tensor)})
    return other


def renamed(name, tensor):
    """transformers' names for a tensor of OpenAI's, with what each holds."""
    if name in ("visual.proj", "text_projection"):
        return [("visual_projection.weight" if name.startswith("visual") else "text_projection.weight", tensor.t().contiguous())]
    tower = "vision_model" if name.startswith("visual.") else "text_model"
    rest = name.removeprefix("visual.")
    plain = {"class_embedding": "embeddings.class_embedding", "conv1.weight": "embeddings.patch_embedding.weight",
             "positional_embedding": "embeddings.position_embedding.weight", "token_embedding.weight": "embeddings.token_embedding.weight"}
    if name == "logit_scale":
        return [(name, tensor)]
    if rest in plain:
        return [(f"{tower}.{plain[rest]}", tensor)]
    for old, new in (("transformer.resblocks", "encoder.layers"), ("ln_pre", "pre_layrnorm"), ("ln_post", "post_layernorm"),
                     ("ln_final", "final_layer_norm"), (".ln_1", ".layer_norm1"), (".ln_2", ".layer_norm2"), ("mlp.c_fc", "mlp.fc1"),
                     ("mlp.c_proj", "mlp.fc2"), ("attn.", "self_attn.")):
        rest = rest.replace(old, new)
    if "in_proj_" not in rest:
        return [(f"{tower}.{rest}", tensor)]
    return [(f"{tower}.{rest.replace('in_proj_', part + '_proj.')}", piece.clone()) for part, piece in zip("qkv", tensor.chunk(3))]


def images(count, side):
    """Smooth shapes and some noise, of the spread that normalised photographs have: [count,3,side,side]."""
    generator = torch.Generator().manual_seed(SEED)
    coarse = torch.randn(count, 3, 6, 6, generator=generator)
    smooth = torch.nn.functional.interpolate(coarse, size=(side, side), mode="bicubic")
    return smooth + 0.2 * torch.randn(count, 3, side, side, generator=generator)


def texts(context, vocabulary):
    """Tokens as the tokenizer gives them, of several lengths: [n,context]."""
    generator = torch.Generator().manual_seed(SEED)
    rows = []
    for length in sorted({1, 2, 3, context // 7, context // 2, context - 2}):
        row = torch.zeros(context, dtype=torch.long)
        row[0] = vocabulary - 2
        row[1 : 1 + length] = torch.randint(1, vocabulary - 2, (length,), generator=generator)
        row[1 + length] = vocabulary - 1
        rows.append(row)
    return torch.stack(rows)


@torch.no_grad()
def embed(model, pixels, tokens):
    """Embeddings of images and texts, not normalised, by either code."""
    if hasattr(model, "encode_image"):
        return model.encode_image(pixels), model.encode_text(tokens)
    found = model.get_image_features(pixel_values=pixels), model.get_text_features(input_ids=tokens)
    return tuple(getattr(one, "pooler_output", one) for one in found)
