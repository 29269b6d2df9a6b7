"""One step of training: a first prompt, and corrections of what it gave."""
import torch

import architecture
from data import CELL
from loss import actual_ious, mask_losses

LEAK = 0.02  # share of the loss that all three masks feel, so that none of them stops learning


def encode(sam, batch, options):
    """Normalised, with zeros where padded. -> embeddings [B, C, G, G]"""
    image = batch["image"].float()
    side = torch.arange(image.shape[-1], device=image.device)
    rows = side[None, :] < batch["extent"][:, :1]
    columns = side[None, :] < batch["extent"][:, 1:]
    inside = (rows[:, :, None] & columns[:, None, :])[:, None]
    image = (image - sam.pixel_mean) / sam.pixel_std * inside
    with torch.autocast(image.device.type, torch.bfloat16, enabled=options.precision == "bfloat16"):
        return sam.image_encoder(image.contiguous(memory_format=torch.channels_last)).float()


def predict(sam, embeddings, options, points, labels, boxes, masks):
    """As many prompts in turn on each of the embeddings [B, C, G, G]. -> logits [N, 4, L, L], predicted IoU [N, 4]"""
    sparse, dense = architecture.encode_prompts(sam, points, labels, boxes, masks)
    with torch.autocast(embeddings.device.type, torch.bfloat16, enabled=options.precision == "bfloat16"):
        logits, iou = sam.mask_decoder(embeddings, sam.prompt_encoder.get_dense_pe(), sparse, dense)
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

    def numbers(self):
        """Loss, its two terms, and the IoU of the best and of the best-scored mask (NaN after a box), on the device."""
        nothing = torch.full_like(self.mask_losses[0], torch.nan)
        rounds = len(self.mask_losses)
        return torch.stack([self.total(), sum(self.mask_losses) / rounds, sum(self.iou_losses) / rounds,
                            nothing if self.best is None else self.best,
                            nothing if self.scored is None else self.scored]).detach()


def first_click(sam, embeddings, batch, options, tally):
    """One click; the lowest of three losses for each true mask that it may mean. -> logits [N, L, L] of the mask
    nearest to the chosen one"""
    points = batch["point"][:, None]
    logits, predicted = predict(sam, embeddings, options, points, torch.ones_like(points[..., 0]), None, None)
    logits, predicted = logits[:, 1:], predicted[:, 1:]
    weight = batch["weight"]
    losses = mask_losses(logits, batch["targets"], batch["valid"], options.sharpness, options.edge)
    lowest = (losses.amin(2) * weight).sum() / weight.sum()
    overlap = actual_ious(logits, batch["targets"], batch["valid"])
    actual = (overlap * weight[:, :, None]).amax(1)
    tally.add(lowest + LEAK * losses.mean(), predicted, actual)
    row = torch.arange(len(logits), device=logits.device)
    tally.best = (overlap.amax(2) * weight).sum() / weight.sum()
    tally.scored = actual[row, predicted.argmax(1)].mean()
    return logits[row, losses[row, batch["chosen"]].argmin(1)]


def single_mask(sam, embeddings, batch, options, tally, points, labels, boxes, masks):
    """Prompts that leave no doubt: the single mask against the chosen one. -> logits [N, L, L]"""
    logits, predicted = predict(sam, embeddings, options, points, labels, boxes, masks)
    target = batch["meant"][:, None]
    losses = mask_losses(logits[:, :1], target, batch["valid"], options.sharpness, options.edge)
    tally.add(losses.mean(), predicted[:, 0], actual_ious(logits[:, :1], target, batch["valid"])[:, 0, 0])
    return logits[:, 0]


def correction(logits, batch, dice):
    """A click anywhere in what the mask has wrong (or in the true mask where nothing is). -> [N, 1, 2], [N, 1]"""
    target = batch["meant"] > 0.5
    wrong = ((logits > 0) != target) & (batch["valid"] > 0.5)
    weight = torch.where(wrong.flatten(1).any(1, keepdim=True), wrong.flatten(1), target.flatten(1)).float()
    cell = torch.multinomial(weight + 1e-9, 1, generator=dice.generator)
    side = logits.shape[-1]
    points = torch.stack([cell % side, cell // side], -1).float() * CELL + CELL / 2
    return points, target.flatten(1).gather(1, cell).float()


def flattened(batch):
    """One row a prompt."""
    count = batch["point"].shape[1]
    flat = {key: batch[key].flatten(0, 1) for key in ("point", "box", "targets", "weight", "chosen")}
    flat["valid"] = batch["valid"].repeat_interleave(count, 0)
    row = torch.arange(len(flat["chosen"]), device=flat["chosen"].device)
    flat["meant"] = flat["targets"][row, flat["chosen"]]
    return flat


def step_losses(sam, batch, options, dice):
    """All rounds of one step."""
    tally = Tally()
    embeddings = encode(sam, batch, options)
    flat = flattened(batch)
    boxes = flat["box"] if dice.number(0, 1) < options.box_share else None
    points = flat["point"][:, None]
    labels = torch.ones_like(points[..., 0])
    if boxes is None:
        logits = first_click(sam, embeddings, flat, options, tally)
    else:
        points, labels = points[:, :0], labels[:, :0]
        logits = single_mask(sam, embeddings, flat, options, tally, None, None, boxes, None)
    for _ in range(options.rounds if dice.number(0, 1) < options.more_share else 0):
        if dice.number(0, 1) < 0.75 or not points.shape[1]:  # else the mask alone is to be made better
            point, label = correction(logits.detach(), flat, dice)
            points, labels = torch.cat([points, point], 1), torch.cat([labels, label], 1)
        logits = single_mask(sam, embeddings, flat, options, tally, points, labels, boxes, logits.detach()[:, None])
    return tally
