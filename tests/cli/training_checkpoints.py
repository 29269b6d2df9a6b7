"""Writes checkpoints as training scripts do: training_checkpoints.py MODEL.safetensors, into the current folder.

Makes the pickles of torch.save without torch, so that the tests need no more than Python."""

import argparse
import collections
import enum
import io
import json
import pathlib
import pickle
import struct
import sys
import types
import zipfile


def function(module, name, bases=()):
    """What a pickle names as module.name."""
    made = type(name, bases, {"__module__": module})
    parts = module.split(".")
    for i in range(len(parts)):
        sys.modules.setdefault(".".join(parts[:i + 1]), types.ModuleType(module))
    setattr(sys.modules[module], name, made)
    return made


STORAGES = {"F32": function("torch", "FloatStorage"), "F16": function("torch", "HalfStorage")}
REBUILD = function("torch._utils", "_rebuild_tensor_v2")
DEVICE, SIZE = function("torch", "device"), function("torch", "Size")


class Call:
    """Pickled as the call of a function."""

    def __init__(self, name, *arguments):
        self.name, self.arguments = name, arguments

    def __reduce__(self):
        return self.name, self.arguments


class Network:
    """Has the attributes of a torch.nn.Module."""


class Kind(enum.Enum):
    ONE = 1


class Storage:
    def __init__(self, kind, content, count):
        self.kind, self.content, self.count = kind, content, count


def tensor(dtype, content, shape):
    count, strides = 1, []
    for size in reversed(shape):
        strides.insert(0, count)
        count *= size
    storage = Storage(STORAGES[dtype], content, count)
    return Call(REBUILD, storage, 0, tuple(shape), tuple(strides), False, collections.OrderedDict())


def number(value):
    return tensor("F32", struct.pack("<f", value), [])


def save(value, path):
    storages = {}

    class Pickler(pickle.Pickler):
        def persistent_id(self, part):
            if not isinstance(part, Storage):
                return None
            key, _ = storages.setdefault(id(part), (str(len(storages)), part))
            return "storage", part.kind, key, "cpu", part.count

    text = io.BytesIO()
    Pickler(text, 2).dump(value)
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", text.getvalue())
        for key, storage in storages.values():
            archive.writestr("archive/data/" + key, storage.content)


def load(path):
    content = open(path, "rb").read()
    size, = struct.unpack("<Q", content[:8])
    data = content[8 + size:]
    return {name: tensor(entry["dtype"], data[slice(*entry["data_offsets"])], entry["shape"])
            for name, entry in json.loads(content[8:8 + size]).items() if name != "__metadata__"}


def main():
    weights = load(sys.argv[1])

    def prefixed(prefix):
        return {prefix + name: value for name, value in weights.items()}

    save({"epoch": 3, "model_state_dict": weights, "loss": number(0.5)}, "loss.pth")
    save({"loss": number(0.5), "ema": {"decay": number(0.9), "model_state": weights}}, "ema.pth")
    for prefix in ("module.", "_orig_mod.", "sam.", "model."):
        save({"state_dict": prefixed(prefix)}, "prefix-" + prefix + "pth")
    save({"model": weights, "seed": 2**63 + 11, "seeds": [2**100, -2**70]}, "seed.pth")
    save({"model": weights, "scheduler": {"milestones": collections.Counter([1, 2])}}, "multistep.pth")
    save({"model": weights, "device": Call(DEVICE, "cpu"), "size": Call(SIZE, (2, 3)), "classes": {1, 2},
          "raw": b"abc"}, "device.pth")
    hyper = function("pytorch_lightning.utilities.parsing", "AttributeDict", (dict,))
    save({"model": weights, "args": argparse.Namespace(lr=0.1, paths=[pathlib.PurePosixPath("/a")]),
          "hyper_parameters": hyper(lr=0.1), "callbacks": {hyper: collections.deque([1])}}, "lightning.pth")
    save({"model": weights, "kind": Kind.ONE}, "call.pth")
    save({"state_dict": Call(collections.OrderedDict, [[name, value] for name, value in weights.items()])}, "pairs.pth")
    save({"model": Call(collections.defaultdict, list, weights)}, "defaultdict.pth")
    net = Network()
    net._modules = {"encoder": Network()}
    net._parameters = {"weight": number(1)}
    save({"model": net, "step": number(1)}, "module.pth")
    save({"model": net, "state_dict": weights}, "module-and-weights.pth")
    save({name.replace("image_encoder.", "image_encoder._orig_mod.", 1): value for name, value in weights.items()},
         "wrapped.pth")
    save({"state_dict": {"model." + name.replace("image_encoder.", "image_encoder.module._orig_mod.", 1): value
                         for name, value in weights.items()}}, "wrapped-model.pth")
    save({**prefixed("module."), "n_averaged": number(3)}, "averaged.pth")
    save({**prefixed("model."), "loss.weight": number(1)}, "stranger.pth")


if __name__ == "__main__":
    main()
