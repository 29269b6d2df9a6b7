"""Writes tests/fuzz/seeds/clip: the tensors of the smallest CLIP, under OpenAI's names and those of transformers.

Python's standard library only. Run it in the root of the sources."""

import os

FOLDER = "tests/fuzz/seeds/clip"
E, D, HIDDEN, PATCH, GRID, CONTEXT, VOCABULARY = 8, 64, 16, 4, 2, 6, 10


def block(attention, layers, joined):
    """Lines of a block: `layers` are its names of ln_1, ln_2, out_proj, c_fc and c_proj."""
    first, second, out, fc, proj = layers
    lines = [(first, D, None), (second, D, None), (out, D, D), (fc, HIDDEN, D), (proj, D, HIDDEN)]
    found = [line for name, rows, columns in lines
             for line in (f"{name}.weight {rows}" + (f" {columns}" if columns else ""), f"{name}.bias {rows}")]
    if joined:
        return found + [f"{attention}.in_proj_weight {3 * D} {D}", f"{attention}.in_proj_bias {3 * D}"]
    return found + [line for part in "qkv" for line in (f"{attention}.{part}_proj.weight {D} {D}", f"{attention}.{part}_proj.bias {D}")]


def norm(name):
    return [f"{name}.weight {D}", f"{name}.bias {D}"]


def openai():
    lines = ["logit_scale", f"text_projection {D} {E}", f"visual.proj {D} {E}", f"visual.class_embedding {D}",
             f"visual.conv1.weight {D} 3 {PATCH} {PATCH}", f"visual.positional_embedding {GRID * GRID + 1} {D}",
             f"positional_embedding {CONTEXT} {D}", f"token_embedding.weight {VOCABULARY} {D}", "input_resolution"]
    lines += norm("visual.ln_pre") + norm("visual.ln_post") + norm("ln_final")
    for tower in ("visual.transformer", "transformer"):
        at = f"{tower}.resblocks.0"
        lines += block(f"{at}.attn", [f"{at}.{name}" for name in ("ln_1", "ln_2", "attn.out_proj", "mlp.c_fc", "mlp.c_proj")], True)
    return lines


def transformers():
    vision, text = "vision_model.embeddings", "text_model.embeddings"
    lines = ["logit_scale", f"text_projection.weight {E} {D}", f"visual_projection.weight {E} {D}", f"{vision}.class_embedding {D}",
             f"{vision}.patch_embedding.weight {D} 3 {PATCH} {PATCH}", f"{vision}.position_embedding.weight {GRID * GRID + 1} {D}",
             f"{text}.position_embedding.weight {CONTEXT} {D}", f"{text}.token_embedding.weight {VOCABULARY} {D}",
             f"{text}.position_ids 1 {CONTEXT}"]
    lines += norm("vision_model.pre_layrnorm") + norm("vision_model.post_layernorm") + norm("text_model.final_layer_norm")
    for tower in ("vision_model", "text_model"):
        at = f"{tower}.encoder.layers.0"
        layers = [f"{at}.{name}" for name in ("layer_norm1", "layer_norm2", "self_attn.out_proj", "mlp.fc1", "mlp.fc2")]
        lines += block(f"{at}.self_attn", layers, False)
    return lines


os.makedirs(FOLDER, exist_ok=True)
for name, lines in (("openai", openai()), ("transformers", transformers())):
    open(f"{FOLDER}/{name}", "w").write("\n".join(lines) + "\n")
