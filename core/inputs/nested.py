"""Nested values flattened to tensors with paths: ``out["boxes"][0]``."""

from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from typing import Any

import torch


def flatten(value: Any, path: str = "out") -> list[tuple[str, torch.Tensor]]:
    """Return every tensor of a nested value with its path, in order; Python numbers become tensors.

    Mappings (also those of ``transformers``), lists, tuples, named tuples and dataclasses are entered; None and
    anything else holds no tensor.
    """
    if isinstance(value, torch.Tensor):
        return [(path, value)]
    if isinstance(value, bool | int | float | complex):
        return [(path, torch.tensor(value))]
    if isinstance(value, Mapping):
        return [row for key, member in value.items() for row in flatten(member, f"{path}[{_key(key)}]")]
    if isinstance(value, list | tuple):
        return [row for index, member in enumerate(value) for row in flatten(member, f"{path}[{index}]")]
    if is_dataclass(value) and not isinstance(value, type):
        return [row for field in fields(value) for row in flatten(getattr(value, field.name), f"{path}.{field.name}")]
    return []


def map_tensors(value: Any, change: Any) -> Any:
    """Return a nested value of lists, tuples and dicts with ``change`` applied to each tensor."""
    if isinstance(value, torch.Tensor):
        return change(value)
    if isinstance(value, dict):
        return {key: map_tensors(member, change) for key, member in value.items()}
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return type(value)(*(map_tensors(member, change) for member in value))
    if isinstance(value, list | tuple):
        return type(value)(map_tensors(member, change) for member in value)
    return value


def copy_tensors(value: Any) -> Any:
    """Return a nested value whose tensors are detached copies."""
    return map_tensors(value, lambda tensor: tensor.detach().clone())


def _key(key: object) -> str:
    return f'"{key}"' if isinstance(key, str) else str(key)
