"""What training minimises. Masks are judged in pairs: every one of M predicted masks of a prompt against every one of
its T true masks, by products of matrices. logits [N, M, L, L]; targets [N, T, L, L] in 0..1 (shares of cells); valid
[N, L, L] weighs out the padding; results [N, T, M]."""
import torch
import torch.nn.functional as F

FOCAL, DICE = 20.0, 1.0  # the paper's weights
ALPHA = 0.25             # focal loss, gamma 2


def mask_losses(logits, targets, valid, sharpness):
    """Focal and dice as the paper has them, plus `sharpness` times plain cross-entropy: focal loss alone leaves logits
    so near zero that the stability score cannot tell good masks from bad. A cell counts by the share of it that is
    inside, and by the share that is not."""
    logits, targets, valid = logits.flatten(2), targets.flatten(2), valid.flatten(1)[:, None]
    probability = torch.sigmoid(logits)
    inside, outside = F.softplus(-logits), F.softplus(logits)  # cross-entropy of either answer
    inside = inside * (FOCAL * ALPHA * (1 - probability) ** 2 + sharpness)
    outside = outside * (FOCAL * (1 - ALPHA) * probability ** 2 + sharpness)
    true, false = targets * valid, (1 - targets) * valid
    pixels = valid.sum(2, keepdim=True).clamp(min=1)
    entropy = (true @ inside.transpose(1, 2) + false @ outside.transpose(1, 2)) / pixels
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
