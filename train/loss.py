"""What training minimises. Logits [..., L, L]; targets in 0..1 (shares of cells); `valid` weighs out the padding."""
import torch
import torch.nn.functional as F

FOCAL, DICE = 20.0, 1.0  # the paper's weights
ALPHA = 0.25             # focal loss, gamma 2


def mask_loss(logits, target, valid, sharpness):
    """Focal and dice as the paper has them, plus `sharpness` times plain cross-entropy: focal loss alone leaves logits
    so near zero that the stability score cannot tell good masks from bad. -> [...]"""
    entropy = F.binary_cross_entropy_with_logits(logits, target, reduction="none")
    probability = torch.sigmoid(logits)
    weight = (ALPHA * target + (1 - ALPHA) * (1 - target)) * (probability - target).abs() ** 2
    pixels = valid.sum((-1, -2)).clamp(min=1)
    focal = (weight * entropy * valid).sum((-1, -2)) / pixels
    plain = (entropy * valid).sum((-1, -2)) / pixels
    overlap = (probability * target * valid).sum((-1, -2))
    both = ((probability + target) * valid).sum((-1, -2))
    dice = 1 - (2 * overlap + 1) / (both + 1)
    return FOCAL * focal + DICE * dice + sharpness * plain


@torch.no_grad()
def actual_iou(logits, target, valid):
    inside = valid > 0.5
    mask, truth = (logits > 0) & inside, (target > 0.5) & inside
    return (mask & truth).sum((-1, -2)) / (mask | truth).sum((-1, -2)).clamp(min=1)
