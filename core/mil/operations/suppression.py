"""Non-maximum suppression of boxes."""

import torch
from torch import Tensor

from ..table import Tensors, operation


@operation("non_maximum_suppression")
def non_maximum_suppression(
    boxes: Tensor,
    scores: Tensor,
    iou_threshold: float,
    score_threshold: float,
    max_boxes: int,
    per_class_suppression: bool = False,
) -> Tensors:
    """Boxes are (centre x, centre y, width, height), one a row; outputs are filled up with zeros, indices with -1."""
    found = [
        _suppress(rows, values, iou_threshold, score_threshold, max_boxes, per_class_suppression)
        for rows, values in zip(boxes, scores, strict=True)
    ]
    chosen_boxes, chosen_scores, indices, counts = zip(*found, strict=True)
    return torch.stack(chosen_boxes), torch.stack(chosen_scores), torch.stack(indices), torch.tensor(counts)


@operation("non_maximum_suppression", "iOS17")
def non_maximum_suppression_17(
    boxes: Tensor, scores: Tensor, iou_threshold: float, max_boxes: int, per_class_suppression: bool = False
) -> Tensors:
    rows, values, indices, _ = non_maximum_suppression(
        boxes.transpose(1, 2),
        scores.transpose(1, 2),
        iou_threshold,
        -float("inf"),
        max_boxes,
        per_class_suppression,
    )
    return rows.transpose(1, 2), values.transpose(1, 2), indices


def _suppress(
    boxes: Tensor, scores: Tensor, iou_threshold: float, score_threshold: float, max_boxes: int, per_class: bool
) -> tuple[Tensor, Tensor, Tensor, int]:
    best, classes = scores.max(dim=1)
    order = torch.sort(best, descending=True, stable=True).indices
    order = order[best[order] > score_threshold]
    overlaps = _overlaps(boxes)
    if per_class:
        # A box has the class of its best score; boxes of different classes never suppress each other.
        overlaps = torch.where(classes.unsqueeze(0) == classes.unsqueeze(1), overlaps, torch.zeros(()))
    kept: list[int] = []
    is_open = torch.ones(len(boxes), dtype=torch.bool)
    for index in order.tolist():
        if len(kept) == max_boxes:
            break
        if is_open[index]:
            kept.append(index)
            is_open &= overlaps[index] <= iou_threshold
    count = len(kept)
    indices = torch.full((max_boxes,), -1)
    indices[:count] = torch.tensor(kept, dtype=torch.int64)
    chosen_boxes, chosen_scores = boxes.new_zeros(max_boxes, 4), scores.new_zeros(max_boxes, scores.shape[1])
    chosen_boxes[:count], chosen_scores[:count] = boxes[kept], scores[kept]
    return chosen_boxes, chosen_scores, indices, count


def _overlaps(boxes: Tensor) -> Tensor:
    """Return the intersection over union of all pairs."""
    centres, sizes = boxes[:, :2], boxes[:, 2:]
    low, high = centres - sizes / 2, centres + sizes / 2
    shared = (torch.minimum(high[:, None], high[None]) - torch.maximum(low[:, None], low[None])).clamp(min=0)
    intersection = shared.prod(2)
    area = sizes.prod(1)
    union = area[:, None] + area[None] - intersection
    return torch.where(union > 0, intersection / union, torch.zeros(()))
