# What a checkpoint is.
maskmill info "$MODEL" | sed "s|$SOURCE|SOURCE|; /^defaults/,\$d"
maskmill info --image-size 512 | grep -E '^(image size|embedding|mask logits)'
status maskmill info --image-size 8193
status maskmill info --image-size 24

# A CLIP: the smallest that the towers' heads allow.
python3 -c 'import json, struct
E, D, shapes = 8, 64, {"logit_scale": []}
def add(prefix, **more):
    shapes.update({prefix + name: shape for name, shape in more.items()})
for tower in "visual.", "":
    block = tower + "transformer.resblocks.0."
    for norm in block + "ln_1", block + "ln_2", *(["visual.ln_pre", "visual.ln_post"] if tower else ["ln_final"]):
        add(norm + ".", weight=[D], bias=[D])
    add(block + "attn.", in_proj_weight=[3 * D, D], in_proj_bias=[3 * D])
    for layer, out, into in ("attn.out_proj", D, D), ("mlp.c_fc", 2 * D, D), ("mlp.c_proj", D, 2 * D):
        add(block + layer + ".", weight=[out, into], bias=[out])
add("visual.", class_embedding=[D], positional_embedding=[5, D], proj=[D, E])
add("visual.conv1.", weight=[D, 3, 4, 4])
add("", positional_embedding=[6, D], text_projection=[D, E])
add("token_embedding.", weight=[16, D])
table, at = {}, 0
for name, shape in shapes.items():
    size = 4
    for n in shape:
        size *= n
    table[name] = dict(dtype="F32", shape=shape, data_offsets=[at, at + size])
    at += size
header = json.dumps(table).encode()
open("clip.safetensors", "wb").write(struct.pack("<Q", len(header)) + header + bytes(at))'
maskmill info clip.safetensors
maskmill info --json clip.safetensors
status maskmill run --quiet --model clip.safetensors "$IMAGES/tall.png" -o out
