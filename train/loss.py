"""What training minimises. Masks are judged in pairs: every one of M predicted masks of a prompt against every one of
its T true masks, by products of matrices. logits [N, M, L, L]; targets [N, T, L, L] in 0..1 (shares of cells); valid
[N, L, L] weighs out the padding; results [N, T, M]."""
import torch
import torch.nn.functional as F

FOCAL, DICE = 20.0, 1.0  # the paper's weights
ALPHA = 0.25             # focal loss, gamma 2
REACH = 3                # cells on either side of the outline that weigh more


def edge_weights(targets, edge):
    """1 for every cell, 1 + edge for those within REACH cells of the outline. [N, T, L, L] -> the same"""
    width = 2 * REACH + 1
    mean = F.avg_pool2d(F.avg_pool2d(targets, (width, 1), 1, (REACH, 0)), (1, width), 1, (0, REACH))
    return 1 + edge * ((mean - targets).abs() > 0.02)


def mask_losses(logits, targets, valid, sharpness, edge=0.0):
    """Focal and dice as the paper has them, plus `sharpness` times plain cross-entropy: focal loss alone leaves logits
    so near zero that the stability score cannot tell good masks from bad. A cell counts by the share of it that is
    inside, and by the share that is not; those near the outline by `edge` more than others."""
    weights = edge_weights(targets, edge).flatten(2) if edge else 1
    logits, targets, valid = logits.flatten(2), targets.flatten(2), valid.flatten(1)[:, None]
    probability = torch.sigmoid(logits)
    inside, outside = F.softplus(-logits), F.softplus(logits)  # cross-entropy of either answer
    inside = inside * (FOCAL * ALPHA * (1 - probability) ** 2 + sharpness)
    outside = outside * (FOCAL * (1 - ALPHA) * probability ** 2 + sharpness)
    true, false = targets * valid, (1 - targets) * valid
    pixels = valid.sum(2, keepdim=True).clamp(min=1)
    entropy = ((true * weights) @ inside.transpose(1, 2) + (false * weights) @ outside.transpose(1, 2)) / pixels
    overlap = true @ probability.transpose(1, 2)
    both = true.sum(2, keepdim=True) + (probability * valid).sum(2)[:, None]
    return entropy + DICE * (1 - (2 * overlap + 1) / (both + 1))


@torch.no_grad()
def actual_ious(logits, targets, valid):
    inside = valid.flatten(1)[:, None] > 0.5
    mask = ((logits.flatten(2) > 0) & inside).float()
    truth = ((targets.flatten(2) > 0.5) & inside).float()
    overlap = truth @ mask.transpose(1, 2)
    union = truth.sum(2, keepdim=True) + mask.sum(2)[:, None] - overlap
    return overlap / union.clamp(min=1)
