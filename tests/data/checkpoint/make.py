"""Writes the small checkpoints beside it, as PyTorch itself writes them, and the fuzzers' seeds: python3 make.py

Each holds the same tensors ("a" [2,3] with a[i] = i / 4 - 0.5, "b" [4], "scalar" []) in one of the
layouts that torch.save, torch.jit.save and safetensors have. Needs torch and safetensors; the tests do not run this."""

import collections
import glob
import os
import zipfile

import torch
from safetensors.torch import save_file

os.chdir(os.path.dirname(os.path.abspath(__file__)))


class Command:
    """A pickle that would run a command when loaded by anything careless."""

    def __reduce__(self):
        return os.system, ("touch pwned",)


def tensors(dtype=torch.float32):
    a = (torch.arange(6, dtype=torch.float32) / 4 - 0.5).reshape(2, 3).to(dtype)
    b = torch.tensor([1.5, -2, 0.25, 1024], dtype=dtype)
    return collections.OrderedDict(a=a, b=b, scalar=torch.tensor(7, dtype=dtype))


def legacy(value, path, **options):
    torch.save(value, path, _use_new_zipfile_serialization=False, **options)


plain = tensors()
torch.save(plain, "zip.pth")
torch.save(plain, "zip-protocol4.pth", pickle_protocol=4)
torch.save(tensors(torch.float16), "zip-half.pth")
torch.save(tensors(torch.bfloat16), "zip-bf16.pth")
torch.save(tensors(torch.float64), "zip-double.pth")
torch.save({k: torch.nn.Parameter(v) for k, v in plain.items()}, "zip-parameters.pth")
torch.save({"epoch": 3, "loss": 0.5, "model": plain}, "zip-wrapped.pth")
torch.save({"state_dict": {"model": plain}}, "zip-wrapped-twice.pth")
whole = torch.cat([plain["a"].flatten(), plain["b"], plain["scalar"].flatten()])
torch.save({"a": whole[:6].reshape(2, 3), "b": whole[6:10], "scalar": whole[10]}, "zip-shared.pth")
torch.save({"a": plain["a"].t().contiguous().t(), "b": plain["b"].repeat_interleave(2)[::2],
            "scalar": plain["scalar"]}, "zip-strided.pth")
torch.save({**plain, "bn.num_batches_tracked": torch.tensor(3)}, "zip-buffer.pth")
torch.save({**plain, "args": Command()}, "bad-command.pth")
legacy(plain, "legacy.pth")
legacy(tensors(torch.float16), "legacy-half.pth")
legacy({k: torch.nn.Parameter(v) for k, v in plain.items()}, "legacy-parameters.pth")
legacy({**plain, "args": Command()}, "bad-legacy-command.pth")
module = torch.nn.Linear(2, 2)
torch.save(module, "bad-module.pth")


class Inner(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.register_buffer("num_batches_tracked", torch.tensor(3))
        self.sizes = [1, 2]

    def forward(self, x):
        return x


class Outer(torch.nn.Module):
    def __init__(self):
        super().__init__()
        for name, value in plain.items():
            self.register_parameter(name, torch.nn.Parameter(value))
        self.inner = Inner()

    def forward(self, x):
        return self.inner(x @ self.a)


torch.jit.script(Outer()).save("torchscript.pth")
for name in ("bad-command.pth", "bad-legacy-command.pth"):
    assert b"system" in open(name, "rb").read()

save_file(dict(plain), "plain.safetensors", metadata={"image_size": "256"})
save_file({"a": plain["a"].half(), "b": plain["b"].bfloat16(), "scalar": plain["scalar"],
           "x.num_batches_tracked": torch.tensor(3)}, "mixed.safetensors")

# The fuzzers' seeds: the files themselves (by a link), and the pickles inside the zips.
for path in glob.glob("*.pth"):
    if zipfile.is_zipfile(path):
        name = path.removesuffix(".pth")
        with zipfile.ZipFile(path) as archive, open(f"../../fuzz/seeds/pickle/{name}.pkl", "wb") as out:
            out.write(archive.read(f"{name}/data.pkl"))
