"""What turns probabilities into a label."""

from typing import Any

import torch
from torch import Tensor

from ..table import operation


@operation("classify")
def classify(probabilities: Tensor, classes: Any) -> tuple[Any, dict[Any, float]]:
    """Return the label of the largest probability, and all probabilities by label."""
    labels = [label.item() if hasattr(label, "item") else label for label in _flat(classes)]
    values = probabilities.reshape(-1)
    if len(labels) != values.numel():
        raise ValueError(f"{len(labels)} classes for {values.numel()} probabilities")
    return labels[int(torch.argmax(values))], dict(zip(labels, values.tolist(), strict=True))


def _flat(classes: Any) -> list[Any]:
    return list(classes.reshape(-1)) if hasattr(classes, "reshape") else list(classes)
