"""Conditions that can go one way only: bounds on values, carried along how a tensor was made."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch

from .provenance import Node, normal_name
from .recorder import Leak

_MOST_DEPTH = 24
_INFINITY = math.inf


@dataclass(frozen=True)
class Bounds:
    """Smallest and largest value that any element can have, NaN aside."""

    low: float = -_INFINITY
    high: float = _INFINITY


_ANY = Bounds()
_KNOWN = {
    "relu": Bounds(0.0),
    "relu6": Bounds(0.0, 6.0),
    "abs": Bounds(0.0),
    "absolute": Bounds(0.0),
    "square": Bounds(0.0),
    "exp": Bounds(0.0),
    "sqrt": Bounds(0.0),
    "sigmoid": Bounds(0.0, 1.0),
    "hardsigmoid": Bounds(0.0, 1.0),
    "softmax": Bounds(0.0, 1.0),
    "log_softmax": Bounds(-_INFINITY, 0.0),
    "softplus": Bounds(0.0),
    "tanh": Bounds(-1.0, 1.0),
    "sin": Bounds(-1.0, 1.0),
    "cos": Bounds(-1.0, 1.0),
    "norm": Bounds(0.0),
    "vector_norm": Bounds(0.0),
    "std": Bounds(0.0),
    "var": Bounds(0.0),
    "rand_like": Bounds(0.0, 1.0),
    "count_nonzero": Bounds(0.0),
    "argmax": Bounds(0.0),
    "argmin": Bounds(0.0),
    "gelu": Bounds(-0.17),
    "silu": Bounds(-0.2785),
    "cosine_similarity": Bounds(-1.0001, 1.0001),
}
_SAME = {
    "clone", "contiguous", "detach", "get", "view",
    "reshape", "flatten", "squeeze", "unsqueeze", "permute", "transpose",
    "t", "getitem", "expand", "repeat", "item", "to", "float", "double", "cpu", "amax", "amin", "max", "min", "mean",
    "median", "sort", "roll", "flip", "index_select", "gather", "max_pool2d", "avg_pool2d", "adaptive_avg_pool2d",
    "adaptive_max_pool2d", "max_pool1d", "avg_pool1d", "unbind", "split", "chunk", "topk", "narrow", "ravel",
    "interpolate_nearest", "tril_", "sum_to_size", "mT", "T",
}  # fmt: skip
"""Calls that choose, move or average: bounds of their first argument hold for the result."""


def proven_constant(leaks: Sequence[Leak]) -> str | None:
    """Say why a condition cannot turn over, in words; None where that is not proven. NaN is left out of it."""
    if not leaks or any(leak.node is None for leak in leaks):
        return None
    values = {bool(leak.value) for leak in leaks}
    for leak in leaks:
        assert leak.node is not None
        found = _bounds(leak.node, _MOST_DEPTH)
        value = bool(leak.value)
        is_true = found.low > 0 or (found.high < 0)
        is_false = found.low == 0 == found.high
        if not (is_true if value else is_false):
            return None
    word = "as it is" if len(values) > 1 else "true" if values.pop() else "false"
    return f"by the bounds of what it is computed from it is always {word} (unless values are NaN)"


def _bounds(node: Node, depth: int) -> Bounds:
    """Return bounds of a node; truth values are 0 and 1."""
    if depth == 0:
        return _ANY
    value = node.value
    is_truth = value.dtype == torch.bool
    wide = Bounds(0.0, 1.0) if is_truth else _ANY
    if node.name == "constant" or (not node.is_data and node.name != "input"):
        if value.numel() == 0 or value.is_complex():
            return wide
        low, high = float(value.detach().min()), float(value.detach().max())
        return Bounds(low, high) if math.isfinite(low) and math.isfinite(high) else wide
    if node.name == "input":
        return wide
    name = normal_name(node.name.partition("[")[0])
    rows = [_argument(argument, depth) for argument in node.args[:2]]
    if is_truth:
        return _truth(name, rows, node, depth)
    if name in _KNOWN:
        inner = _KNOWN[name]
        if name in ("relu", "abs") and rows and rows[0] is not None and rows[0].low >= 0:
            return rows[0]
        return inner
    if (
        name in _SAME
        and rows
        and rows[0] is not None
        and not (name in ("max", "min") and len(node.args) > 1 and isinstance(node.args[1], Node))
    ):
        return rows[0]
    if name == "sum" and rows and rows[0] is not None and isinstance(node.args[0], Node):
        count = max(1, node.args[0].value.numel() // max(1, value.numel()))
        return Bounds(_times(rows[0].low, count), _times(rows[0].high, count))
    if name in ("cat", "stack", "concat") and node.args and isinstance(node.args[0], tuple):
        parts = [_argument(part, depth) for part in node.args[0]]
        if all(part is not None for part in parts):
            return Bounds(min(p.low for p in parts if p), max(p.high for p in parts if p))
    if name == "clamp":
        return _clamped(node, rows)
    if name == "pow" and len(node.args) > 1 and isinstance(node.args[1], int | float) and node.args[1] % 2 == 0:
        return Bounds(0.0)
    if name in ("mul", "rmul") and len(node.args) > 1 and node.args[0] is node.args[1]:
        return Bounds(0.0)
    return _arithmetic(name, rows)


def _truth(name: str, rows: list[Bounds | None], node: Node, depth: int) -> Bounds:
    one, other = (rows[0] if rows else None), (rows[1] if len(rows) > 1 else None)
    if one is not None and other is not None:
        if name in ("lt", "less"):
            return _decided(one.high < other.low, one.low >= other.high)
        if name in ("le", "less_equal"):
            return _decided(one.high <= other.low, one.low > other.high)
        if name in ("gt", "greater"):
            return _decided(one.low > other.high, one.high <= other.low)
        if name in ("ge", "greater_equal"):
            return _decided(one.low >= other.high, one.high < other.low)
        if name in ("eq", "ne"):
            apart = one.low > other.high or other.low > one.high
            if apart:
                return Bounds(1.0, 1.0) if name == "ne" else Bounds(0.0, 0.0)
        if name in ("logical_and", "bitwise_and", "and", "mul"):
            return Bounds(min(one.low, other.low), min(one.high, other.high))
        if name in ("logical_or", "bitwise_or", "or"):
            return Bounds(max(one.low, other.low), max(one.high, other.high))
    if name in ("logical_not", "bitwise_not", "invert") and one is not None:
        return Bounds(1 - one.high, 1 - one.low)
    if (name in ("any", "all") or name in _SAME) and one is not None:
        source = node.args[0]
        if isinstance(source, Node) and (source.value.dtype == torch.bool) and source.value.numel():
            return one
    return Bounds(0.0, 1.0)


def _argument(argument: object, depth: int) -> Bounds | None:
    if isinstance(argument, Node):
        return _bounds(argument, depth - 1)
    if isinstance(argument, bool | int | float):
        return Bounds(float(argument), float(argument))
    return None


def _decided(is_true: bool, is_false: bool) -> Bounds:
    return Bounds(1.0, 1.0) if is_true else Bounds(0.0, 0.0) if is_false else Bounds(0.0, 1.0)


def _clamped(node: Node, rows: list[Bounds | None]) -> Bounds:
    kwargs = node.kwargs or {}
    low = kwargs.get("min", node.args[1] if len(node.args) > 1 else None)
    high = kwargs.get("max", node.args[2] if len(node.args) > 2 else None)
    inner = rows[0] if rows and rows[0] is not None else _ANY
    low = float(low) if isinstance(low, int | float) else -_INFINITY
    high = float(high) if isinstance(high, int | float) else _INFINITY
    return Bounds(min(max(inner.low, low), high), max(min(inner.high, high), low))


def _arithmetic(name: str, rows: list[Bounds | None]) -> Bounds:
    if name == "neg" and rows and rows[0] is not None:
        return Bounds(-rows[0].high, -rows[0].low)
    if len(rows) < 2 or rows[0] is None or rows[1] is None:
        return _ANY
    one, other = rows[0], rows[1]
    match name:
        case "add" | "radd":
            return Bounds(one.low + other.low, one.high + other.high)
        case "sub":
            return Bounds(one.low - other.high, one.high - other.low)
        case "rsub":
            return Bounds(other.low - one.high, other.high - one.low)
        case "mul" | "rmul":
            ends = [_times(a, b) for a in (one.low, one.high) for b in (other.low, other.high)]
            return Bounds(min(ends), max(ends))
        case "div" | "truediv" | "true_divide" if other.low > 0 or other.high < 0:
            ends = [_times(a, 1 / b) for a in (one.low, one.high) for b in (other.low, other.high)]
            return Bounds(min(ends), max(ends))
        case "maximum" | "max":
            return Bounds(max(one.low, other.low), max(one.high, other.high))
        case "minimum" | "min":
            return Bounds(min(one.low, other.low), min(one.high, other.high))
    return _ANY


def _times(one: float, other: float) -> float:
    """Multiply; zero times infinity is zero here, since bounds are reached by finite values."""
    return 0.0 if one == 0 or other == 0 else one * other
