"""Fails unless encoder.py gives what the package's TinyViT gives, and the same gradients, with statistics that stay and
with those of the batch."""
import argparse
import copy

import torch

import architecture
from check_decoder import compare

SIZE = 64


def packaged(encoder):
    """The same weights in modules that compute as the package has them."""
    twin = copy.deepcopy(encoder)
    for module in list(twin.modules())[1:]:  # the first, the encoder itself, must know other grids than 64 x 64
        module.__dict__.pop("forward", None)
    return twin


def main():
    torch.manual_seed(0)
    parser = argparse.ArgumentParser()
    architecture.add_arguments(parser)
    sam = architecture.build(parser.parse_args(["--depths", "1,1,2,1", "--windows", "4,4,4,3"]), SIZE)
    encoder = sam.image_encoder.double().train()
    for name, value in (*encoder.named_parameters(), *encoder.named_buffers()):
        if name.endswith(("bn.weight", "running_var")):
            torch.nn.init.uniform_(value, 0.5, 2)
        elif name.endswith(("bias", "biases", "running_mean")):
            torch.nn.init.normal_(value, std=0.3)
    twin = packaged(encoder)
    used = [[value for name, value in side.named_parameters() if not name.startswith(("head.", "norm_head."))]
            for side in (encoder, twin)]  # those two belong to the package's classifier
    image = torch.randn(2, 3, SIZE, SIZE, dtype=torch.double)
    for name, still in (("statistics of the batch", False), ("statistics that stay", True)):
        for module in (*encoder.modules(), *twin.modules()) if still else ():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.eval()
        compare(f"encoder, {name}", [encoder(image)], [twin(image)], *used)


if __name__ == "__main__":
    main()
