"""How far a condition is from turning over: a differentiable number for a tensor that Python takes a value of."""

from collections.abc import Callable
from typing import Any

import torch

from .provenance import Node

_SHARPNESS = 4.0
_SAME = {
    "item",
    "squeeze",
    "unsqueeze",
    "view",
    "reshape",
    "flatten",
    "contiguous",
    "clone",
    "detach",
    "cpu",
    "to",
    "bool",
    "float",
    "double",
    "int",
    "long",
    "half",
    "type",
    "permute",
    "get",
    "transpose",
    "expand",
    "t",
    "ravel",
}
_MOST_DEPTH = 12


def margin(node: Node) -> torch.Tensor | None:
    """Return a zero-dimensional tensor for what Python takes from ``node``.

    For truth values it is above zero where the value is true and below where it is false; for numbers it is the number
    itself, or a smooth one in its place. None where no gradient leads anywhere.
    """
    try:
        found = (
            _truth(node, _MOST_DEPTH)
            if node.value.dtype == torch.bool or node.name in _CALLS
            else _soft(node, _MOST_DEPTH)
        )
    except (RuntimeError, TypeError, ValueError, IndexError):
        return None
    if found is None:
        return None
    found = found if found.dim() == 0 else (found.max() if found.dtype != torch.bool else None)
    return found if found is not None and found.requires_grad and bool(torch.isfinite(found)) else None


_CALLS = ("equal", "allclose", "contains")


def _truth(node: Node, depth: int) -> torch.Tensor | None:
    """Return the margin of each element of a tensor of truth values."""
    if depth == 0:
        return None
    values = [_float(argument, depth) for argument in node.args[:2]]
    name = node.name
    if name in ("gt", "ge", "greater", "greater_equal") and _both(values):
        return values[0] - values[1]  # type: ignore[operator]
    if name in ("lt", "le", "less", "less_equal") and _both(values):
        return values[1] - values[0]  # type: ignore[operator]
    if name in ("eq", "isclose") and _both(values):
        return -(values[0] - values[1]).abs()  # type: ignore[operator]
    if name in ("equal", "allclose") and _both(values):
        return -(values[0] - values[1]).abs().max()  # type: ignore[operator]
    if name in ("ne", "not_equal") and _both(values):
        return (values[0] - values[1]).abs()  # type: ignore[operator]
    if name == "contains" and _both(values):
        return -(values[0] - values[1]).abs().min()  # type: ignore[operator]
    if name in ("any", "all", "max", "min", "amax", "amin"):
        inner = _of(node.args[0], depth)
        if inner is None:
            return None
        reduce: Callable[[torch.Tensor], torch.Tensor] = torch.amax if name in ("any", "max", "amax") else torch.amin
        return _reduced(reduce, inner, node)
    if name in ("logical_not", "bitwise_not", "invert"):
        inner = _of(node.args[0], depth)
        return None if inner is None else -inner
    if name in ("logical_and", "bitwise_and", "and", "mul", "logical_or", "bitwise_or", "or", "add", "rand", "ror"):
        pair = [_of(argument, depth) for argument in node.args[:2]]
        if not _both(pair):
            return pair[0] if pair[0] is not None else pair[1] if len(pair) > 1 else None
        meet = torch.minimum if name in ("logical_and", "bitwise_and", "and", "mul", "rand") else torch.maximum
        return meet(*pair)  # type: ignore[arg-type]
    if name in _SAME or name == "getitem" or name.startswith(("unbind[", "split[", "chunk[")):
        inner = _of(node.args[0], depth)
        return _again(name, inner, node)
    if node.value.dtype != torch.bool:
        return _soft(node, depth)
    return None


def _of(argument: Any, depth: int) -> torch.Tensor | None:
    if not isinstance(argument, Node):
        return None
    if argument.value.dtype == torch.bool:
        return _truth(argument, depth - 1)
    return _soft(argument, depth - 1)


def _float(argument: Any, depth: int) -> torch.Tensor | None:
    if isinstance(argument, bool | int | float):
        return torch.tensor(float(argument))
    return _soft(argument, depth - 1) if isinstance(argument, Node) else None


def _soft(node: Node, depth: int) -> torch.Tensor | None:
    """Return a tensor near ``node``'s that gradients pass through."""
    if depth <= 0:
        return None
    value, name = node.value, node.name
    if value.dtype.is_floating_point and value.requires_grad:
        return value
    if value.dtype == torch.bool:
        inner = _truth(node, depth - 1)
        return None if inner is None else torch.sigmoid(_SHARPNESS * inner)
    if node.name in ("constant", "input") or not node.is_data:
        return value.detach().float() if not value.is_complex() else None
    first = node.args[0] if node.args else None
    if name in ("sum", "mean", "count_nonzero", "amax", "amin", "max", "min") and isinstance(first, Node):
        inner = _soft(first, depth - 1)
        if inner is None:
            return None
        if name == "count_nonzero" and first.value.dtype != torch.bool:
            inner = torch.sigmoid(_SHARPNESS * inner.abs())
        reduce: dict[str, Any] = {
            "mean": torch.mean,
            "amax": torch.amax,
            "max": torch.amax,
            "amin": torch.amin,
            "min": torch.amin,
        }
        return _reduced(reduce.get(name, torch.sum), inner, node)
    if name in _SAME or name in ("getitem", "abs", "floor", "ceil", "round", "trunc", "neg"):
        inner = _soft(first, depth - 1) if isinstance(first, Node) else None
        if inner is None or name in ("floor", "ceil", "round", "trunc"):
            return inner
        if name in ("abs", "neg"):
            return inner.abs() if name == "abs" else -inner
        return _again(name, inner, node)
    pair = [_float(argument, depth) for argument in node.args[:2]]
    if _both(pair):
        one, other = pair
        assert one is not None
        assert other is not None
        match name:
            case "add":
                return one + other
            case "sub":
                return one - other
            case "mul":
                return one * other
            case "div" | "truediv" | "floordiv" | "floor_divide":
                return one / other
            case "radd":
                return one + other
            case "rsub":
                return other - one
            case "remainder" | "mod":
                return one
    if name in ("nonzero", "argwhere", "masked_select") or name == "getitem":
        source = node.args[-1] if name != "nonzero" else first
        inner = _soft(source, depth - 1) if isinstance(source, Node) else None
        return None if inner is None else inner.sum()
    return None


def size_margin(node: Node, depth: int = _MOST_DEPTH) -> torch.Tensor | None:
    """Return a smooth count for the size of a tensor whose size depends on values."""
    if depth == 0:
        return None
    name = node.name.partition("[")[0]
    masks = [argument for argument in node.args if isinstance(argument, Node)]
    try:
        if name in ("nonzero", "argwhere", "where") and masks:
            found = _of(masks[0], depth)
            return None if found is None else torch.sigmoid(_SHARPNESS * found).sum()
        if name in ("masked_select", "getitem") and len(masks) > 1 and masks[1].value.dtype == torch.bool:
            found = _truth(masks[1], depth)
            return None if found is None else torch.sigmoid(_SHARPNESS * found).sum()
    except (RuntimeError, TypeError, ValueError):
        return None
    for argument in masks:
        if argument.is_data_shaped:
            return size_margin(argument, depth - 1)
    return None


def _reduced(reduce: Callable[..., torch.Tensor], inner: torch.Tensor, node: Node) -> torch.Tensor:
    rest = [argument for argument in node.args[1:] if isinstance(argument, int | tuple | list)]
    kwargs = node.kwargs or {}
    dim = kwargs.get("dim", kwargs.get("axis", rest[0] if rest else None))
    if dim is None or inner.dim() == 0:
        return reduce(inner)
    return reduce(inner, dim=dim, keepdim=bool(kwargs.get("keepdim", rest[1] if len(rest) > 1 else False)))


def _again(name: str, inner: torch.Tensor | None, node: Node) -> torch.Tensor | None:
    """Apply a call that only moves elements to the margin instead."""
    if inner is None:
        return None
    if inner.shape == node.value.shape:
        return inner
    if name == "getitem" and len(node.args) > 1 and not isinstance(node.args[1], Node):
        index = node.args[1]
        return (
            inner[index] if not isinstance(index, tuple) or not any(isinstance(i, Node) for i in index) else inner.max()
        )
    if inner.numel() == node.value.numel():
        return inner.reshape(node.value.shape)
    return inner.max()


def _both(values: list[torch.Tensor | None]) -> bool:
    return len(values) == 2 and all(value is not None for value in values)
