"""Writes a model as transformers' save_pretrained does: transformers_checkpoints.py MODEL.safetensors, whose names are
the official ones, into folders of the current one.

Python's standard library only."""

import json
import os
import re
import struct
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from training_checkpoints import save, tensor  # noqa: E402

MATRIX = "prompt_encoder.pe_layer.positional_encoding_gaussian_matrix"
SHARED = "shared_image_embedding.positional_embedding"
TWIN = "prompt_encoder.shared_embedding.positional_embedding"
HEADS = r"^(mask_decoder\.(?:iou_prediction_head|output_hypernetworks_mlps\.\d+))\.layers\."
NAMES = ((r"^image_encoder\.blocks\.", "vision_encoder.layers."),
         (r"^image_encoder\.", "vision_encoder."),
         (r"patch_embed\.proj\.", "patch_embed.projection."),
         (r"neck\.0\.", "neck.conv1."), (r"neck\.1\.", "neck.layer_norm1."),
         (r"neck\.2\.", "neck.conv2."), (r"neck\.3\.", "neck.layer_norm2."),
         (r"(layers\.\d+)\.norm(\d)", r"\1.layer_norm\2"), (r"\.norm_final_attn", ".layer_norm_final_attn"),
         (r"point_embeddings", "point_embed"),
         (r"mask_downscaling\.0\.", "mask_embed.conv1."), (r"mask_downscaling\.1\.", "mask_embed.layer_norm1."),
         (r"mask_downscaling\.3\.", "mask_embed.conv2."), (r"mask_downscaling\.4\.", "mask_embed.layer_norm2."),
         (r"mask_downscaling\.6\.", "mask_embed.conv3."),
         (r"output_upscaling\.0\.", "upscale_conv1."), (r"output_upscaling\.1\.", "upscale_layer_norm."),
         (r"output_upscaling\.3\.", "upscale_conv2."),
         (HEADS + "2", r"\1.proj_out"), (HEADS + "1", r"\1.layers.#"), (HEADS + "0", r"\1.proj_in"),
         ("#", "0"), (re.escape(MATRIX), SHARED))


def translate(name):
    for pattern, to in NAMES:
        name = re.sub(pattern, to, name)
    return name


def load(path):
    """{name: (dtype, shape, bytes)}"""
    content = open(path, "rb").read()
    size, = struct.unpack("<Q", content[:8])
    data = content[8 + size:]
    return {name: (entry["dtype"], entry["shape"], data[slice(*entry["data_offsets"])])
            for name, entry in json.loads(content[8:8 + size]).items() if name != "__metadata__"}


def metadata_of(path):
    with open(path, "rb") as file:
        size, = struct.unpack("<Q", file.read(8))
        return json.loads(file.read(size)).get("__metadata__", {})


def write(weights, path, metadata=None):
    header, at = {"__metadata__": metadata or {"format": "pt"}}, 0
    for name, (dtype, shape, data) in weights.items():
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + len(data)]}
        at += len(data)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + b"".join(data for _, _, data in weights.values()))


def write_pickle(weights, path):
    save({name: tensor(dtype, data, shape) for name, (dtype, shape, data) in weights.items()}, path)


def write_shards(weights, folder, name, count, writer):
    """FOLDER/NAME-0000I-of-0000N.EXT and their index. Tensors are dealt out, so that every shard has some of each part."""
    stem, ext = name.rsplit(".", 1)
    os.makedirs(folder, exist_ok=True)
    places = {}
    for i in range(count):
        shard = f"{stem}-{i + 1:05d}-of-{count:05d}.{ext}"
        mine = dict(list(weights.items())[i::count])
        places.update(dict.fromkeys(mine, shard))
        writer(mine, f"{folder}/{shard}")
    write_index(places, f"{folder}/{name}.index.json")


def write_index(places, path):
    with open(path, "w") as file:
        json.dump({"metadata": {"total_size": 1}, "weight_map": places}, file, indent=2)


def without(weights, name):
    return {other: value for other, value in weights.items() if other != name}


def main():
    weights = {translate(name): value for name, value in load(sys.argv[1]).items()}
    both = {**weights, TWIN: weights[SHARED]}
    write(weights, "one.safetensors")
    write(both, "both.safetensors")
    write({**without(weights, SHARED), TWIN: weights[SHARED]}, "other.safetensors")
    write({"model." + name: value for name, value in both.items()}, "prefix.safetensors")
    write_pickle(both, "pickle.bin")

    # Folders.
    os.mkdir("plain")
    write(both, "plain/model.safetensors")
    with open("plain/config.json", "w") as file:
        json.dump({"model_type": "sam"}, file)
    os.mkdir("old")
    write_pickle(both, "old/pytorch_model.bin")
    write_shards(both, "shards", "model.safetensors", 3, write)
    write_shards(both, "old_shards", "pytorch_model.bin", 2, write_pickle)
    os.mkdir("links")  # as in the cache of a hub
    os.symlink("../plain/model.safetensors", "links/model.safetensors")

    # Bad ones.
    os.mkdir("nothing")
    write_shards(both, "gap", "model.safetensors", 3, write)
    os.remove("gap/model-00002-of-00003.safetensors")
    for title, name in (("outside", "../plain/model.safetensors"), ("absolute", "/etc/passwd"), ("dots", ".."), ("none", ""),
                        ("line", "a\nb"), ("itself", "model.safetensors.index.json"), ("number", 3)):
        os.mkdir(title)
        write_index({"a": name}, title + "/model.safetensors.index.json")
    os.mkdir("many")
    write_index({str(i): str(i) for i in range(2000)}, "many/model.safetensors.index.json")
    os.mkdir("broken")
    with open("broken/model.safetensors.index.json", "w") as file:
        file.write('{"weight_map": {"a": ')
    write_shards(both, "twice", "model.safetensors", 2, write)
    write(both, "twice/model-00001-of-00002.safetensors")
    dtype, shape, data = weights[SHARED]
    write({**both, TWIN: (dtype, shape, bytes(len(data)))}, "twins.safetensors")
    for title, name in (("missing", "mask_decoder.upscale_layer_norm.bias"), ("unshaped", "vision_encoder.neck.conv1.weight"),
                        ("nohead", "mask_decoder.output_hypernetworks_mlps.2.proj_out.weight")):
        write(without(both, name), title + ".safetensors")
    dtype, shape, data = weights["vision_encoder.layers.0.layer_norm1.weight"]
    write({**both, "vision_encoder.layers.0.layer_norm1.weight": (dtype, [2] + [shape[0] // 2], data)}, "shape.safetensors")
    write({**both, "vision_encoder.layers.0.layer_norm1.weight": (dtype, shape, b"\xff" * len(data))}, "nan.safetensors")
    write({**both, "vision_encoder.text_head.weight": weights[SHARED]}, "stranger.safetensors")


if __name__ == "__main__":
    main()
