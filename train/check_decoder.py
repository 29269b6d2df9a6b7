"""Fails unless decoder.py gives what the package's mask decoder gives, and the same gradients."""
import argparse
import sys

import torch

import architecture
from decoder import forward

IMAGES, PROMPTS, SIZE = 2, 3, 64


def packaged(decoder, embeddings, position, sparse, dense):
    """The same call, one image at a time, through the package."""
    rows = [decoder.predict_masks(embeddings[image:image + 1], position, sparse[image * PROMPTS:][:PROMPTS],
                                  dense[image * PROMPTS:][:PROMPTS]) for image in range(IMAGES)]
    return [torch.cat(parts) for parts in zip(*rows)]


def gradients(outputs, inputs):
    return torch.autograd.grad(sum(output.square().mean() for output in outputs), inputs)


def difference(ours, theirs):
    """Largest, in shares of the largest value."""
    return max(float((a - b).abs().max() / b.abs().max().clamp(min=1e-6)) for a, b in zip(ours, theirs))


def compare(what, ours, theirs, inputs, their_inputs):
    """Prints how far results and gradients are apart, and ends the program where that is more than rounding."""
    off = difference(ours, theirs), difference(gradients(ours, inputs), gradients(theirs, their_inputs))
    print(f"{what}: results differ by {off[0]:.1e}, gradients by {off[1]:.1e}")
    if not max(off) < 1e-6:
        sys.exit(f"{what}: train's own forward pass and the package's disagree")


def main():
    torch.manual_seed(0)
    parser = argparse.ArgumentParser()
    architecture.add_arguments(parser)
    sam = architecture.build(parser.parse_args(["--decoder-width", "64", "--decoder-mlp", "128"]), SIZE)
    position = sam.prompt_encoder.get_dense_pe().double()
    decoder, grid = sam.mask_decoder.double(), SIZE // 16
    for name, parameter in decoder.named_parameters():
        if name.endswith("bias"):
            torch.nn.init.normal_(parameter, std=0.3)
    embeddings = torch.randn(IMAGES, 64, grid, grid, dtype=torch.double, requires_grad=True)
    sparse = torch.randn(IMAGES * PROMPTS, 2, 64, dtype=torch.double, requires_grad=True)
    # A bias of keys moves all scores of a query alike: its gradient is rounding on either side.
    inputs = [embeddings, sparse, *(value for name, value in decoder.named_parameters() if "k_proj.bias" not in name)]
    for name, dense in (("no mask", torch.randn(1, 64, 1, 1, dtype=torch.double)),
                        ("masks", torch.randn(IMAGES * PROMPTS, 64, grid, grid, dtype=torch.double))):
        ours = forward(decoder, embeddings, position, sparse, dense)
        theirs = packaged(decoder, embeddings, position, sparse, dense.expand(len(sparse), -1, grid, grid))
        compare(f"decoder, {name}", ours, theirs, inputs, inputs)


if __name__ == "__main__":
    main()
