"""Trains a model on drawn scenes, on a GPU where there is one.

    train.py OUT [options]      begins, or goes on from OUT/checkpoint.pt

Writes OUT/checkpoint.pt (every --save-minutes and at the end) and OUT/log.csv, whose lines it also prints. What was
chosen at the beginning is kept in the checkpoint; only --stages and the options of the last group may change.
"""
import argparse
import math
import os
import pathlib
import time

import torch
from safetensors.torch import load_file

import architecture
import checkpoint
from dice import Dice
from feed import Feed
from rounds import step_losses
from team import start

STAGES = "128:600000:32,256:200000:16,512:60000:8"
COLUMNS = ("step", "images", "minutes", "size", "rate", "loss", "mask_loss", "iou_loss", "best_iou", "scored_iou",
           "images_per_second")
THIS_RUN = {"out", "init", "threads", "workers", "drawers", "save_minutes", "log_every", "stop_after",
            "stop_minutes", "compile", "precision", "processes"}


def stages(text):
    """"128:600000:32,256:200000:16" or "256:12m:128,512:8m:48" -> [(size, amount, batch), ...] and whether the amounts
    are minutes"""
    parts = [stage.split(":") for stage in text.split(",")]
    timed = {part[1].endswith("m") for part in parts}
    if len(timed) > 1:
        raise argparse.ArgumentTypeError("count all stages in images or all in minutes")
    return [(int(size), float(amount.rstrip("m")), int(batch)) for size, amount, batch in parts], timed.pop()


def read_arguments(given=None):
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--stages", type=stages, help="SIZE:IMAGES:BATCH or SIZE:MINUTESm:BATCH, one after another; "
                        f"else those of the checkpoint, at the beginning {STAGES}")
    parser.add_argument("--prompts", type=int, default=16, help="an image")
    parser.add_argument("--reuse", type=int, default=1, help="batches from one drawing: turned over, other prompts")
    parser.add_argument("--photographs", type=pathlib.Path,
                        help="folder of sets of photographs with masks, to learn from as well (sets.py)")
    parser.add_argument("--drawn-share", type=float, default=0.25, help="of the images, beside photographs")
    parser.add_argument("--rate", type=float, default=1e-3, help="highest learning rate")
    parser.add_argument("--fall", type=float, default=1.0, help="share of the training in which the rate falls, at its end")
    parser.add_argument("--warm-up", type=int, default=10000, help="images until it is reached")
    parser.add_argument("--weight-decay", type=float, default=0.02)
    parser.add_argument("--sharpness", type=float, default=2.0, help="weight of plain cross-entropy")
    parser.add_argument("--edge", type=float, default=0.0, help="what cells near the true outline weigh more than others")
    parser.add_argument("--box-share", type=float, default=0.2, help="of steps that begin with a box, not a click")
    parser.add_argument("--more-share", type=float, default=0.3, help="of steps that go on with corrections")
    parser.add_argument("--rounds", type=int, default=2, help="corrections: a click where it was wrong, and its mask")
    parser.add_argument("--still-norms", action="store_true",
                        help="normalise by the running statistics of --init, which stay: for batches of a few images")
    parser.add_argument("--average", type=float, default=0.999, help="decay of the averaged weights")
    parser.add_argument("--tiles", type=int, default=192, help="textures that scenes are painted from at a time")
    parser.add_argument("--silhouettes", type=int, default=512, help="likewise outlines")
    parser.add_argument("--chapter", type=int, default=400, help="steps, of all processes together, until there are new ones")
    parser.add_argument("--seed", type=int, default=0)
    architecture.add_arguments(parser)
    group = parser.add_argument_group("this run only")
    group.add_argument("--init", type=pathlib.Path, help="safetensors; tensors that fit by name and shape are taken")
    group.add_argument("--threads", type=int, default=min(8, os.cpu_count()))
    group.add_argument("--processes", type=int, default=1, help="that train together, on CPUs; a batch each")
    group.add_argument("--workers", type=int, default=0, help="processes that draw the next textures and outlines")
    group.add_argument("--drawers", type=int, default=0, help="processes that draw whole batches ahead, on CPUs")
    group.add_argument("--precision", choices=("bfloat16", "float32"),
                       default="bfloat16" if torch.cuda.is_available() else "float32")
    group.add_argument("--compile", action="store_true", help="let torch.compile fuse encoder and decoder")
    group.add_argument("--save-minutes", type=float, default=5)
    group.add_argument("--log-every", type=int, default=50, help="steps")
    group.add_argument("--stop-after", type=int, default=0, help="steps of this run; 0: go to the end")
    group.add_argument("--stop-minutes", type=float, default=0, help="after the start of this run; 0: go to the end")
    return parser.parse_args(given)


def begin_from(sam, path, still_norms):
    """Takes what fits of exported weights: all of the same architecture, also where its windows were of another size; the decoder
    of another encoder's model, but not where its running statistics are to stay."""
    own = sam.state_dict()
    given = {key: architecture.fitted(key, value.float(), own[key]) for key, value in load_file(path).items()
             if key in own}
    given = {key: value for key, value in given.items() if value.shape == own[key].shape}
    if not given:
        raise SystemExit(f"{path}: no tensor fits this architecture by name and shape")
    if still_norms and any("running_" in key for key in own.keys() - given.keys()):
        raise SystemExit(f"{path}: not all running statistics fit this architecture; --still-norms needs them")
    sam.load_state_dict(given, strict=False)
    print(f"# {len(given)} of {len(own)} tensors from {path}", flush=True)


class Trainer:
    """Model, optimiser and counters; everything that a checkpoint holds."""

    def __init__(self, options, device, team):
        self.options, self.device, self.team = options, device, team
        self.step = self.images = self.stage = 0
        self.seconds = 0.0  # of training, in all runs
        self.finished = False  # with the stage, or what this run may do
        self.sam = self.optimizer = self.average = None

    def build(self, size):
        """For images of this size, with the weights there are."""
        kept = self.sam and (self.sam.state_dict(), self.optimizer.state_dict())
        if not kept:
            torch.manual_seed(self.options.seed)
        sam = architecture.build(self.options, size)
        if not kept and self.options.init:
            begin_from(sam, self.options.init, self.options.still_norms)
        self.sam = sam.to(self.device).train()
        self.sam.image_encoder.to(memory_format=torch.channels_last)
        for module in self.sam.modules() if self.options.still_norms else ():
            if isinstance(module, torch.nn.BatchNorm2d):
                module.eval()
        self.optimizer = torch.optim.AdamW(self.sam.parameters(), lr=self.options.rate, betas=(0.9, 0.999),
                                           weight_decay=self.options.weight_decay, fused=True)
        if kept:
            self.sam.load_state_dict(kept[0])
            self.optimizer.load_state_dict(kept[1])
        else:
            self.average = {key: value.clone() for key, value in self.sam.state_dict().items()}
        if self.options.compile:
            self.sam.image_encoder.compile()
            self.sam.mask_decoder.compile()

    def load(self, saved):
        self.build(saved["size"])
        self.sam.load_state_dict(saved["model"])
        self.optimizer.load_state_dict(saved["optimizer"])
        self.average = {key: value.to(self.device) for key, value in saved["average"].items()}
        self.step, self.images = saved["step"], saved["images"]
        self.stage, self.seconds = saved["stage"], saved["seconds"]

    def save(self, size):
        """Only finite weights: those of the last checkpoint are worth more than others."""
        if not all(parameter.isfinite().all() for parameter in self.sam.parameters()):
            raise SystemExit(f"step {self.step}: weights are no longer finite; the last checkpoint stays")
        checkpoint.save({"options": vars(self.options), "size": size, "step": self.step, "images": self.images,
                         "stage": self.stage, "seconds": self.seconds, "model": self.sam.state_dict(),
                         "average": self.average, "optimizer": self.optimizer.state_dict()},
                        self.options.out / "checkpoint.pt")

    def done(self):
        """Images or minutes so far, whichever the stages count."""
        return self.seconds / 60 if self.options.stages[1] else self.images

    def rate(self):
        """A linear start, and at the end half a cosine down to 2 %."""
        total = sum(stage[1] for stage in self.options.stages[0])
        start = min(1.0, (self.images + 1) / self.options.warm_up)
        fallen = min(1.0, max(0.0, 1 - (1 - self.done() / total) / self.options.fall))
        return self.options.rate * start * (0.02 + 0.49 * (1 + math.cos(math.pi * fallen)))

    @torch.no_grad()
    def follow(self):
        """Moves the averaged weights; quickly at first."""
        share = 1 - min(self.options.average, (1 + self.step) / (10 + self.step))
        state = self.sam.state_dict()
        moving = [key for key, value in state.items() if value.dtype.is_floating_point]
        torch._foreach_lerp_([self.average[key] for key in moving], [state[key] for key in moving], share)
        for key in state.keys() - set(moving):
            self.average[key].copy_(state[key])

    def train(self, batch):
        """One step. -> the numbers of the log, on the device"""
        for group in self.optimizer.param_groups:
            group["lr"] = self.rate()
        tally = step_losses(self.sam, batch, self.options, Dice(self.device, self.options.seed, self.step, 3))
        self.optimizer.zero_grad(set_to_none=True)
        tally.total().backward()
        self.team.average([parameter.grad for parameter in self.sam.parameters() if parameter.grad is not None])
        torch.nn.utils.clip_grad_norm_(self.sam.parameters(), 1.0)
        self.optimizer.step()
        self.step += 1
        self.images += len(batch["image"]) * self.team.count
        self.follow()
        return tally.numbers()


class Log:
    """OUT/log.csv; its lines are printed as well."""

    def __init__(self, path, new):
        self.file = open(path, "w" if new else "a")
        self.recent, self.images, self.since = [], 0, time.time()
        if new:
            self.write(COLUMNS)

    def write(self, fields):
        line = ",".join(f"{field:.5g}" if isinstance(field, float) else str(field) for field in fields)
        print(line, flush=True)
        self.file.write(line + "\n")
        self.file.flush()

    def add(self, numbers, trainer, size, batch):
        self.recent.append(numbers)
        self.images += batch
        if trainer.step % trainer.options.log_every and not trainer.finished:
            return
        recent = torch.stack(self.recent)
        if not recent[:, 0].isfinite().all():
            raise SystemExit(f"step {trainer.step}: the loss is no longer finite; begin again with a lower --rate")
        means = recent.nanmean(0).tolist()
        self.write([trainer.step, trainer.images, trainer.seconds / 60, size, trainer.rate(), *means,
                    self.images / (time.time() - self.since)])
        self.recent, self.images, self.since = [], 0, time.time()


def run(trainer, log):
    """All stages that are left, or what of them this run may do."""
    options, team = trainer.options, trainer.team
    now = team.clock()
    last = trainer.step + options.stop_after if options.stop_after else math.inf
    latest = now + 60 * options.stop_minutes if options.stop_minutes else math.inf
    feed = Feed(options, trainer.device, team)
    end = 0
    for number, (size, amount, batch) in enumerate(options.stages[0]):
        end += amount
        if trainer.done() >= end or trainer.step >= last or now >= latest:
            continue
        if trainer.sam is None or trainer.stage != number:
            trainer.build(size)
            trainer.stage = number
        saved = before = team.clock()
        trainer.finished = False
        for drawn in feed.batches(trainer.step, batch, size):
            numbers = trainer.train(drawn)
            now = team.clock()
            trainer.seconds += now - before
            before = now
            trainer.finished = trainer.done() >= end or trainer.step >= last or now >= latest
            if team.first:
                log.add(numbers, trainer, size, batch * team.count)
            if trainer.finished or now - saved > 60 * options.save_minutes:
                if team.first:
                    trainer.save(size)
                saved = now
            if trainer.finished:
                break
    feed.close()


def train(options, team):
    """What one process does."""
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    torch.set_num_threads(options.threads)
    torch.backends.cudnn.benchmark = True
    path = options.out / "checkpoint.pt"
    saved = checkpoint.load(path, device) if path.exists() else None
    if saved:
        kept = saved["options"].keys() - THIS_RUN - ({"stages"} if options.stages else set())
        for name in kept:
            setattr(options, name, saved["options"][name])
    options.stages = options.stages or stages(STAGES)
    trainer = Trainer(options, device, team)
    if saved:
        trainer.load(saved)
    run(trainer, Log(options.out / "log.csv", not saved) if team.first else None)


def main():
    options = read_arguments()
    architecture.check(options)
    if options.still_norms and not options.init:
        raise SystemExit("--still-norms keeps the running statistics of --init: name it")
    options.out.mkdir(parents=True, exist_ok=True)
    start(options.processes, train, options)


if __name__ == "__main__":
    main()
