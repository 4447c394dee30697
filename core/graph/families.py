"""Kinds of operations that a reader tells apart by colour and by the legend."""

import numpy as np

from .columns import IntArray
from .model import Graph, NodeKind

FAMILIES = ("ends", "weights", "activation", "norm", "pool", "arithmetic", "shape", "control", "constant", "other")
"""In the order of the legend."""
FAMILY_NAMES = {
    "ends": "input, output",
    "weights": "convolution, linear, attention",
    "activation": "activation",
    "norm": "normalization",
    "pool": "pooling, reduction",
    "arithmetic": "arithmetic",
    "shape": "shape, indexing, type",
    "control": "control flow",
    "constant": "constant",
    "other": "other",
}

_WORDS: dict[str, tuple[str, ...]] = {
    "weights": (
        "conv", "linear", "matmul", "addmm", "bmm", "mm", "einsum", "embedding", "lstm", "gru", "rnn", "attention",
        "baddbmm", "bilinear",
    ),
    "activation": (
        "relu", "relu6", "gelu", "silu", "sigmoid", "tanh", "softmax", "elu", "mish", "softplus", "hardtanh",
        "hardswish",
        "hardsigmoid", "prelu", "celu", "selu", "glu", "softsign", "dropout", "swish", "threshold", "clamped",
    ),
    "norm": ("norm", "normalize"),
    "pool": (
        "pool", "pool1d", "pool2d", "pool3d", "mean", "sum", "max", "min", "amax", "amin", "argmax", "argmin", "reduce",
        "topk", "std", "var", "prod", "cumsum",
    ),
    "arithmetic": (
        "add", "sub", "mul", "div", "pow", "sqrt", "rsqrt", "exp", "log", "neg", "abs", "lt", "gt", "le", "ge",
        "eq", "ne",
        "less", "greater", "equal", "not", "and", "or", "where", "clamp", "clip", "floor", "ceil", "round",
        "square", "sin",
        "cos", "maximum", "minimum", "select_cond", "floordiv", "remainder", "logical", "rsub", "erf", "reciprocal",
    ),
    "shape": (
        "view", "reshape", "transpose", "permute", "flatten", "unsqueeze", "squeeze", "cat", "concat", "stack", "split",
        "chunk", "slice", "select", "gather", "scatter", "expand", "repeat", "tile", "size", "shape", "to", "cast",
        "contiguous", "pad", "index", "t", "item", "clone", "detach", "upsample", "interpolate", "resize",
        "type", "fill", "unflatten", "bool", "movedim", "swapaxes", "len", "numtotensor", "getitem",
        "int", "float", "narrow", "roll", "flip", "unbind", "masked", "range", "arange", "zeros", "ones",
        "full", "band",
    ),
}  # fmt: skip
_FAMILY_OF = {word: family for family, words in _WORDS.items() for word in words}


def family_of(op: str, kind: str) -> str:
    """Return the family of an operation."""
    match kind:
        case NodeKind.INPUT | NodeKind.OUTPUT:
            return "ends"
        case NodeKind.CONTROL:
            return "control"
        case NodeKind.CONSTANT:
            return "constant"
    bare = op.rpartition("::")[2].strip("_").lower()
    words = bare.split("_")
    if words[-1] == "norm" or "norm" in words:
        return "norm"
    if bare.startswith("conv"):
        return "weights"
    for word in (bare, *reversed(words), *(word.rstrip("0123456789d") for word in words)):
        if word in _FAMILY_OF:
            return _FAMILY_OF[word]
    return "other"


def families(graph: Graph) -> IntArray:
    """Return the family of each node, as its place in FAMILIES."""
    ops, kinds = graph.nodes.op, graph.nodes.kind
    keys = ops.codes.array.astype(np.int64) * len(kinds.table) + kinds.codes.array
    different, of_node = np.unique(keys, return_inverse=True)
    pairs = (divmod(int(key), len(kinds.table)) for key in different)
    known = [FAMILIES.index(family_of(ops.table[op], kinds.table[kind])) for op, kind in pairs]
    return np.asarray(known, np.int32)[of_node]
