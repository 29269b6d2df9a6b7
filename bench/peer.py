#!/usr/bin/env python3
"""One peer of the comparison, a process of its own: loads the model, prints "ready", then for each line on standard input
works through the image once (only as far as the embedding if the line is "encoder") and prints one JSON line with the seconds
of each stage and the peak memory so far.

    peer.py PEER MODEL IMAGE ONNX_FOLDER THREADS

PEER: torch (the official automatic mask generator), torch-bf16 (its encoder under autocast), onnxruntime, openvino-f32,
openvino-bf16 (encoder, and prompt encoder with mask decoder for the 32x32 grid in batches of 64, where doors.py exports
it), or export (writes the ONNX files and ends).
"""

import json
import os
import resource
import sys
import time

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/parity"))
BATCH = 64
GRID = 32


def grid_points(width, height):
    """Points of the grid in model pixels, [GRID*GRID,1,2]."""
    steps = (np.arange(GRID) + 0.5) / GRID
    return (np.stack(np.meshgrid(steps, steps), -1).reshape(-1, 1, 2) * (width, height)).astype(np.float32)


def torch_peer(model, image, threads, bf16):
    import doors
    import official
    import torch
    torch.set_num_threads(threads)
    door = doors.open_door(model)
    pixels = official.read_rgb(image)
    if bf16:
        x = door.model_input(pixels)

        def work(_):
            with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
                start = time.perf_counter()
                door.encoder(x)
                return dict(encoder=time.perf_counter() - start)
        return work

    generator = door.generator()
    spent = {}

    def timed(owner, method, stage):
        inner = getattr(owner, method)

        def call(*inputs, **named):
            start = time.perf_counter()
            result = inner(*inputs, **named)
            spent[stage] = spent.get(stage, 0) + time.perf_counter() - start
            return result
        setattr(owner, method, call)
    for stage in door.stages:
        timed(*stage)

    def work(encoder_only):
        spent.clear()
        if encoder_only:
            generator.predictor.set_image(pixels)
            return dict(spent)
        start = time.perf_counter()
        masks = generator.generate(pixels)
        return dict(spent, whole=time.perf_counter() - start, masks=len(masks))
    return work


def export(model, image, folder):
    """The ONNX files, and the input of the encoder and the points, so that the runtimes need no PyTorch in their memory."""
    import doors
    import official
    import torch
    door = doors.open_door(model)
    pixels = official.read_rgb(image)
    height, width = door.filled(pixels)
    with torch.no_grad():
        x = door.model_input(pixels)
        embedding = door.encoder(x)
    np.savez(f"{folder}/input.npz", x=x.numpy(), points=grid_points(width, height))
    settings = dict(opset_version=17, dynamo=False)
    torch.onnx.export(door.encoder, (x,), f"{folder}/encoder.onnx", input_names=["x"], output_names=["embedding"], **settings)
    decoder = door.decoder(BATCH)
    if decoder:
        torch.onnx.export(decoder, (embedding, torch.zeros(BATCH, 1, 2)), f"{folder}/decoder.onnx", input_names=["embedding", "points"],
                          output_names=["masks", "iou"], **settings)


def runtime_peer(encode, decode, model_input, points):
    def work(encoder_only):
        start = time.perf_counter()
        embedding = encode(model_input)
        middle = time.perf_counter()
        if encoder_only or not decode:
            return dict(encoder=middle - start)
        for i in range(0, len(points), BATCH):
            decode(embedding, points[i:i + BATCH])
        return dict(encoder=middle - start, decoder=time.perf_counter() - middle)
    return work


def names_in(folder):
    """The exported parts: the encoder, and the decoder where the family's is exported."""
    return [name for name in ("encoder", "decoder") if os.path.exists(f"{folder}/{name}.onnx")]


def onnxruntime_peer(folder, threads, *data):
    import onnxruntime
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    parts = [onnxruntime.InferenceSession(f"{folder}/{name}.onnx", options, providers=["CPUExecutionProvider"]) for name in names_in(folder)]
    decode = (lambda e, p: parts[1].run(None, {"embedding": e, "points": p})) if len(parts) > 1 else None
    return runtime_peer(lambda x: parts[0].run(None, {"x": x})[0], decode, *data)


def openvino_peer(folder, threads, precision, *data):
    import openvino
    settings = {"INFERENCE_PRECISION_HINT": precision, "INFERENCE_NUM_THREADS": threads, "PERFORMANCE_HINT": "LATENCY"}
    core = openvino.Core()
    parts = [core.compile_model(f"{folder}/{name}.onnx", "CPU", settings).create_infer_request() for name in names_in(folder)]
    decode = (lambda e, p: parts[1].infer({"embedding": e, "points": p})) if len(parts) > 1 else None
    return runtime_peer(lambda x: parts[0].infer({"x": x})["embedding"].copy(), decode, *data)


def main(peer, model, image, folder, threads):
    if peer == "export":
        os.makedirs(folder, exist_ok=True)
        export(model, image, folder)
        return
    if peer.startswith("torch"):
        work = torch_peer(model, image, threads, peer == "torch-bf16")
    else:
        saved = np.load(f"{folder}/input.npz")
        data = (saved["x"], saved["points"])
        work = onnxruntime_peer(folder, threads, *data) if peer == "onnxruntime" else openvino_peer(folder, threads, peer.split("-")[1], *data)
    print("ready", flush=True)
    for line in sys.stdin:
        seconds = work(line.strip() == "encoder")
        print(json.dumps(dict(seconds, peak_mib=resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)), flush=True)


if __name__ == "__main__":
    if len(sys.argv) != 6:
        sys.exit(__doc__)
    main(*sys.argv[1:5], int(sys.argv[5]))
