"""Trains a model from nothing on drawn scenes.

    train.py OUT [options]      begins, or goes on from OUT/checkpoint.pt

Writes OUT/checkpoint.pt (every --save-every steps and at the end) and OUT/log.csv, whose lines it also prints. What was
chosen at the beginning is kept in the checkpoint; only the options of the last group may change.
"""
import argparse
import math
import os
import pathlib
import time

import numpy as np
import torch

import architecture
from data import CELL, Scenes
from loss import actual_iou, mask_loss

COLUMNS = ("step", "images", "size", "rate", "loss", "mask_loss", "iou_loss", "best_iou", "scored_iou",
           "images_per_second")
THIS_RUN = {"out", "threads", "workers", "save_every", "log_every", "stop_after"}
LEAK = 0.02  # share of the loss that all three masks feel, so that none of them stops learning


def stages(text):
    """"128:600000:32,256:200000:16" -> [(size, images, batch), ...]"""
    return [tuple(int(number) for number in stage.split(":")) for stage in text.split(",")]


def read_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--stages", type=stages, default=stages("128:600000:32,256:200000:16,512:60000:8"),
                        help="SIZE:IMAGES:BATCH, one after another")
    parser.add_argument("--prompts", type=int, default=12, help="an image")
    parser.add_argument("--rate", type=float, default=1e-3, help="highest learning rate")
    parser.add_argument("--warm-up", type=int, default=10000, help="images until it is reached")
    parser.add_argument("--weight-decay", type=float, default=0.02)
    parser.add_argument("--sharpness", type=float, default=2.0, help="weight of plain cross-entropy")
    parser.add_argument("--box-share", type=float, default=0.25, help="of steps that begin with a box, not a click")
    parser.add_argument("--more-share", type=float, default=0.4, help="of steps that go on with corrections")
    parser.add_argument("--rounds", type=int, default=2, help="corrections: a click where it was wrong, and its mask")
    parser.add_argument("--average", type=float, default=0.999, help="decay of the averaged weights")
    parser.add_argument("--seed", type=int, default=0)
    architecture.add_arguments(parser)
    group = parser.add_argument_group("this run only")
    group.add_argument("--threads", type=int, default=os.cpu_count())
    group.add_argument("--workers", type=int, default=1, help="processes that draw scenes")
    group.add_argument("--save-every", type=int, default=500, help="steps")
    group.add_argument("--log-every", type=int, default=50, help="steps")
    group.add_argument("--stop-after", type=int, default=0, help="steps of this run; 0: go to the end")
    return parser.parse_args()


def learning_rate(options, images):
    """A linear start, then half a cosine down to 2 %."""
    total = sum(stage[1] for stage in options.stages)
    start = min(1.0, (images + 1) / options.warm_up)
    return options.rate * start * (0.02 + 0.98 * 0.5 * (1 + math.cos(math.pi * min(1.0, images / total))))


def encode(sam, batch, device):
    """Normalised, with zeros where padded. -> embeddings [B, C, G, G]"""
    image = batch["image"].float()
    side = torch.arange(image.shape[-1], device=device)
    rows = side[None, :] < batch["extent"][:, :1]
    columns = side[None, :] < batch["extent"][:, 1:]
    inside = (rows[:, :, None] & columns[:, None, :])[:, None]
    image = (image - sam.pixel_mean) / sam.pixel_std * inside
    with torch.autocast(device.type, torch.bfloat16):
        return sam.image_encoder(image.contiguous(memory_format=torch.channels_last)).float()


def predict(sam, embeddings, points, labels, boxes, masks):
    """-> logits [N, 4, L, L], predicted IoU [N, 4]"""
    sparse, dense = sam.prompt_encoder(points=None if points is None else (points, labels), boxes=boxes, masks=masks)
    with torch.autocast(embeddings.device.type, torch.bfloat16):
        logits, iou = architecture.decode(sam, embeddings, sparse, dense)
    return logits.float(), iou.float()


class Tally:
    """Losses of the rounds of one step, and what the log says of them."""

    def __init__(self):
        self.mask_losses, self.iou_losses, self.best, self.scored = [], [], None, None

    def add(self, mask_term, predicted, actual):
        self.mask_losses.append(mask_term)
        self.iou_losses.append((predicted - actual).square().mean())

    def total(self):
        return (sum(self.mask_losses) + sum(self.iou_losses)) / len(self.mask_losses)


def first_click(sam, embeddings, batch, options, tally):
    """One click; the lowest of three losses for each true mask that it may mean. -> logits [N, L, L] of the mask
    nearest to the chosen one"""
    points = batch["point"][:, None]
    logits, predicted = predict(sam, embeddings, points, torch.ones_like(points[..., 0]), None, None)
    logits, predicted = logits[:, 1:], predicted[:, 1:]
    targets, valid = batch["targets"], batch["valid"][:, None, None]
    losses = mask_loss(logits[:, None].expand(-1, 2, -1, -1, -1), targets[:, :, None].expand(-1, -1, 3, -1, -1),
                       valid, options.sharpness)                                # [N, 2, 3]
    weight = torch.stack([torch.ones_like(batch["distinct"]), batch["distinct"]], 1).float()
    lowest = (losses.min(2)[0] * weight).sum() / weight.sum()
    overlap = actual_iou(logits[:, None], targets[:, :, None], valid)           # [N, 2, 3]
    actual = (overlap * weight[:, :, None]).amax(1)
    tally.add(lowest + LEAK * losses.mean(), predicted, actual)
    row = torch.arange(len(logits), device=logits.device)
    tally.best = (overlap.amax(2) * weight).sum() / weight.sum()
    tally.scored = actual[row, predicted.argmax(1)].mean()
    return logits[row, losses[row, batch["chosen"]].argmin(1)]


def single_mask(sam, embeddings, batch, options, tally, points, labels, boxes, masks):
    """Prompts that leave no doubt: the single mask against the chosen one. -> logits [N, L, L]"""
    logits, predicted = predict(sam, embeddings, points, labels, boxes, masks)
    target = batch["targets"][torch.arange(len(logits), device=logits.device), batch["chosen"]]
    losses = mask_loss(logits[:, 0], target, batch["valid"], options.sharpness)
    tally.add(losses.mean(), predicted[:, 0], actual_iou(logits[:, 0], target, batch["valid"]))
    return logits[:, 0]


def correction(logits, batch, generator):
    """A click anywhere in what the mask has wrong (or in the true mask where nothing is). -> [N, 1, 2], [N, 1]"""
    target = batch["targets"][torch.arange(len(logits), device=logits.device), batch["chosen"]] > 0.5
    wrong = ((logits > 0) != target) & (batch["valid"] > 0.5)
    weight = torch.where(wrong.flatten(1).any(1, keepdim=True), wrong.flatten(1), target.flatten(1)).float()
    cell = torch.multinomial(weight + 1e-9, 1, generator=generator)
    side = logits.shape[-1]
    points = torch.stack([cell % side, cell // side], -1).float() * CELL + CELL / 2
    return points, target.flatten(1).gather(1, cell).float()


def step_losses(sam, batch, options, device, chance, generator):
    """All rounds of one step."""
    tally = Tally()
    prompts = batch["point"].shape[1]
    embeddings = encode(sam, batch, device).repeat_interleave(prompts, 0)
    flat = {key: batch[key].flatten(0, 1) for key in ("point", "box", "targets", "distinct", "chosen")}
    flat["targets"] = flat["targets"].float() / 255
    flat["valid"] = batch["valid"].float().div(255).repeat_interleave(prompts, 0)
    boxes = flat["box"] if chance.random() < options.box_share else None
    points = flat["point"][:, None]
    labels = torch.ones_like(points[..., 0])
    if boxes is None:
        logits = first_click(sam, embeddings, flat, options, tally)
    else:
        points, labels = points[:, :0], labels[:, :0]
        logits = single_mask(sam, embeddings, flat, options, tally, None, None, boxes, None)
    for _ in range(options.rounds if chance.random() < options.more_share else 0):
        if chance.random() < 0.75 or not points.shape[1]:  # else the mask alone is to be made better
            point, label = correction(logits.detach(), flat, generator)
            points, labels = torch.cat([points, point], 1), torch.cat([labels, label], 1)
        logits = single_mask(sam, embeddings, flat, options, tally, points, labels, boxes, logits.detach()[:, None])
    return tally


class Trainer:
    """Model, optimiser and counters; everything that a checkpoint holds."""

    def __init__(self, options, device):
        self.options, self.device = options, device
        self.step = self.images = 0
        self.sam = self.optimizer = self.average = None

    def build(self, size):
        """For images of this size, with the weights there are."""
        kept = self.sam and (self.sam.state_dict(), self.optimizer.state_dict())
        if not kept:
            torch.manual_seed(self.options.seed)
        self.sam = architecture.build(self.options, size).to(self.device).train()
        self.sam.image_encoder.to(memory_format=torch.channels_last)
        self.optimizer = torch.optim.AdamW(self.sam.parameters(), lr=self.options.rate, betas=(0.9, 0.99),
                                           weight_decay=self.options.weight_decay)
        if kept:
            self.sam.load_state_dict(kept[0])
            self.optimizer.load_state_dict(kept[1])
        else:
            self.average = {key: value.clone() for key, value in self.sam.state_dict().items()}

    def load(self, saved):
        self.build(saved["size"])
        self.sam.load_state_dict(saved["model"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.average = {key: value.to(self.device) for key, value in saved["average"].items()}
        self.step, self.images = saved["step"], saved["images"]

    def save(self, path, size):
        whole = {"options": vars(self.options), "size": size, "step": self.step, "images": self.images,
                 "model": self.sam.state_dict(), "average": self.average, "optimizer": self.optimizer.state_dict()}
        torch.save(whole, path.with_suffix(".tmp"))
        os.replace(path.with_suffix(".tmp"), path)

    @torch.no_grad()
    def follow(self):
        """Moves the averaged weights; quickly at first."""
        share = 1 - min(self.options.average, (1 + self.step) / (10 + self.step))
        for key, value in self.sam.state_dict().items():
            if value.dtype.is_floating_point:
                self.average[key].lerp_(value, share)
            else:
                self.average[key].copy_(value)

    def train(self, batch):
        """One step. -> the numbers of the log"""
        batch = {key: value.to(self.device, non_blocking=True) for key, value in batch.items()}
        chance = np.random.default_rng((self.options.seed, 3, self.step))
        generator = torch.Generator(self.device).manual_seed(self.options.seed * 1000003 + self.step)
        rate = learning_rate(self.options, self.images)
        for group in self.optimizer.param_groups:
            group["lr"] = rate
        tally = step_losses(self.sam, batch, self.options, self.device, chance, generator)
        loss = tally.total()
        if not torch.isfinite(loss):
            raise SystemExit(f"step {self.step}: the loss is {loss.item()}; begin again with a lower --rate")
        self.optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(self.sam.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        self.images += len(batch["image"])
        self.follow()
        nothing = torch.tensor(math.nan)
        numbers = (loss, sum(tally.mask_losses) / len(tally.mask_losses), sum(tally.iou_losses) / len(tally.iou_losses),
                   nothing if tally.best is None else tally.best, nothing if tally.scored is None else tally.scored)
        return [rate] + [number.item() for number in numbers]


def batches(options, size, first, end, batch):
    """Samples first .. end - 1 in their order, whatever the number of workers."""
    scenes = Scenes(options.seed, size, options.prompts)
    return torch.utils.data.DataLoader(scenes, batch_size=batch, sampler=range(first, end), drop_last=False,
                                       num_workers=options.workers, prefetch_factor=4 if options.workers else None)


def write_line(log, fields):
    line = ",".join(f"{field:.5g}" if isinstance(field, float) else str(field) for field in fields)
    print(line, flush=True)
    log.write(line + "\n")
    log.flush()


def run(trainer, log):
    """All stages that are left, or the steps that this run may take."""
    options = trainer.options
    last = trainer.step + options.stop_after if options.stop_after else math.inf
    end = 0
    for size, count, batch in options.stages:
        end += count
        if trainer.images < end and trainer.step < last:
            trainer.build(size)
            run_stage(trainer, log, size, end, batch, last)


def run_stage(trainer, log, size, end, batch, last):
    options = trainer.options
    recent, began = [], time.time()
    for samples in batches(options, size, trainer.images, end, batch):
        recent.append(trainer.train(samples))
        done = trainer.images == end or trainer.step == last
        if done or trainer.step % options.log_every == 0:
            columns = np.array(recent).T
            means = [float(np.nanmean(column)) if np.isfinite(column).any() else math.nan for column in columns]
            write_line(log, [trainer.step, trainer.images, size, *means, len(recent) * batch / (time.time() - began)])
            recent, began = [], time.time()
        if done or trainer.step % options.save_every == 0:
            trainer.save(options.out / "checkpoint.pt", size)
        if done:
            return


def main():
    options = read_arguments()
    architecture.check(options)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.set_num_threads(options.threads)
    options.out.mkdir(parents=True, exist_ok=True)
    path = options.out / "checkpoint.pt"
    saved = torch.load(path, map_location=device, weights_only=False) if path.exists() else None
    if saved:
        for name in saved["options"].keys() - THIS_RUN:
            setattr(options, name, saved["options"][name])
    trainer = Trainer(options, device)
    if saved:
        trainer.load(saved)
    with open(options.out / "log.csv", "a" if saved else "w") as log:
        if not saved:
            write_line(log, COLUMNS)
        run(trainer, log)


if __name__ == "__main__":
    main()
