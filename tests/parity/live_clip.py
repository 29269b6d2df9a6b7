"""CLIP's embeddings through maskmill and through the official codes: random models of the published sizes, in every form in
which they are published. Called by live.py."""

import os
import shutil
import subprocess

import torch
from safetensors.torch import save_file

import official_clip

IMAGES = 5


def write_dump(path, model, pixels, tokens):
    image, text = official_clip.embed(model, pixels, tokens)
    unit = torch.nn.functional.normalize(torch.cat([image, text]), dim=1)
    alike = (unit @ unit.t() - torch.eye(len(unit))).abs().max().item()
    print(f"  largest cosine between two embeddings: {alike:.3f}", flush=True)
    save_file({"inputs": pixels.contiguous(), "tokens": tokens.float(), "image": image.contiguous(), "text": text.contiguous(),
               "logit_scale": model.logit_scale.detach().exp().reshape(1).clone()}, path)


def compare(test, kind, folder):
    """Returns how many forms differ."""
    sizes = official_clip.SIZES[kind]
    shutil.rmtree(folder, ignore_errors=True)
    os.makedirs(folder)
    model = official_clip.random(sizes)
    pixels, tokens = official_clip.images(IMAGES, sizes[1]), official_clip.texts(sizes[5], sizes[6])
    forms = {name: os.path.join(folder, name) for name in ("torchscript.pt", "state_dict.pt", "transformers", "shards")}
    official_clip.save_torchscript(model, sizes, forms["torchscript.pt"])
    torch.save({name: tensor.half() for name, tensor in model.state_dict().items()}, forms["state_dict.pt"])
    other = official_clip.transformers_model(model, sizes)
    other.save_pretrained(forms["transformers"])
    other.save_pretrained(forms["shards"], max_shard_size="200MB")
    failed = 0
    for code, made, compared in (("openai", model, list(forms)), ("transformers", other, ["transformers"])):
        dump = os.path.join(folder, code + ".safetensors")
        print(f"clip, {kind}, {code}:", flush=True)
        write_dump(dump, made, pixels, tokens)
        for name in compared:
            print(f"  {name}:", flush=True)
            failed += subprocess.run([test, forms[name], dump]).returncode != 0
    shutil.rmtree(folder)
    return failed
