"""Friendly names: what an operation is called in a picture, for torch and for MIL alike."""

import re
from collections.abc import Callable, Mapping, Sequence

Arguments = Mapping[str, object]
"""Argument name to its value where that is a constant; a weight is a ShapeOnly."""


class ShapeOnly(tuple[int, ...]):
    """Sizes of a tensor that belongs to the model; its values are not looked at."""

    __slots__ = ()


_SYMBOLS = {
    "add": "+",
    "sub": "−",
    "mul": "×",
    "div": "÷",
    "real_div": "÷",
    "floordiv": "÷÷",
    "pow": "^",
    "remainder": "mod",
}
_SYMBOLS |= {"lt": "<", "gt": ">", "le": "≤", "ge": "≥", "eq": "=", "ne": "≠", "less": "<", "greater": ">"}
_SYMBOLS |= {"less_equal": "≤", "greater_equal": "≥", "equal": "=", "not_equal": "≠", "floor_div": "÷÷"}
_WORDS = {
    "add": "add", "sub": "subtract", "mul": "multiply", "div": "divide", "real_div": "divide",
    "floor_div": "divide, floor",
    "lt": "less than", "gt": "greater than", "le": "at most", "ge": "at least", "eq": "equal", "ne": "not equal",
    "cat": "concat", "t": "transpose", "mm": "matmul", "bmm": "matmul", "__getitem__": "item", "size": "shape",
    "item": "to number", "NumToTensor": "to tensor", "scaled_dot_product_attention": "attention", "addmm": "linear",
    "__contains__": "contains", "__not__": "not", "__is__": "is", "__isnot__": "is not", "len": "length",
    "ListConstruct": "list", "TupleConstruct": "tuple", "DictConstruct": "dict", "ListUnpack": "unpack list",
    "TupleUnpack": "unpack tuple", "RaiseException": "raise error", "GetAttr": "attribute", "SetAttr": "set attribute",
    "reduce_mean": "mean", "reduce_sum": "sum", "reduce_max": "max", "reduce_min": "min", "__and__": "and",
    "__or__": "or",
}  # fmt: skip
_IGNORED = {"__torch__"}


def label_of(op: str, arguments: Arguments) -> str:
    """Return the label of an operation, such as ``conv2d 3→6 k3 s2`` or ``÷ 8``."""
    name = op.rpartition("::")[2]
    in_place = name.endswith("_") and not name.endswith("__")
    bare = name[:-1] if in_place else name
    writer = _WRITERS.get(bare)
    label = writer(bare, arguments) if writer else _WORDS.get(bare) or _words(bare)
    return f"{label} (in place)" if in_place else label


def detail_of(arguments: Arguments) -> str:
    """Return the constant arguments as one text, ``stride=[1, 1] padding=[0, 0]``."""
    return "  ".join(f"{name}={value_text(value)}" for name, value in arguments.items() if value is not None)


def value_text(value: object, limit: int = 60) -> str:
    """Return a constant as a short text; a weight is shown by its sizes."""
    match value:
        case ShapeOnly():
            return "×".join(map(str, value)) or "scalar"
        case bool() | None | int():
            return str(value)
        case float():
            return f"{value:g}"
        case list() | tuple():
            text = "[" + ", ".join(value_text(item) for item in value[:17]) + "]"
        case _:
            text = str(value).replace("\n", " ")
    return text if len(text) <= limit else text[: limit - 1] + "…"


def _words(name: str) -> str:
    return re.sub(r"_+", " ", name).strip() or name


def _sizes(value: object) -> Sequence[int]:
    return value if isinstance(value, ShapeOnly) else ()


def _each(value: object) -> list[int]:
    if isinstance(value, int) and not isinstance(value, bool):
        return [value]
    if isinstance(value, (list, tuple)) and all(isinstance(item, int) for item in value):
        return list(value)
    return []


def _extent(value: object) -> str:
    sizes = _each(value)
    if not sizes:
        return ""
    return str(sizes[0]) if len(set(sizes)) == 1 else "×".join(map(str, sizes))


def _window(arguments: Arguments, kernel: str) -> str:
    text = f" k{kernel}" if kernel else ""
    for key, names, usual in (("s", ("stride", "strides"), ("1", "")), ("d", ("dilation", "dilations"), ("1", ""))):
        extent = next((_extent(arguments[name]) for name in names if name in arguments), "")
        if extent not in usual:
            text += f" {key}{extent}"
    return text


def _convolution(name: str, arguments: Arguments) -> str:
    weight = _sizes(arguments.get("weight"))
    title = "conv" if name in ("_convolution", "convolution", "conv") else _words(name)
    if len(weight) < 3:
        return title
    if title == "conv":
        title = f"conv{len(weight) - 2}d"
    groups = next(iter(_each(arguments.get("groups"))), 1)
    is_transposed = bool(arguments.get("transposed")) or "transpose" in name
    outgoing, incoming = (weight[1] * groups, weight[0]) if is_transposed else (weight[0], weight[1] * groups)
    if is_transposed and "transpose" not in title:
        title += " transposed"
    text = f"{title} {incoming}→{outgoing}{_window(arguments, _extent(list(weight[2:])))}"
    if groups > 1:
        text += " depthwise" if groups == incoming else f" groups {groups}"
    return text


def _linear(name: str, arguments: Arguments) -> str:
    weight = _sizes(arguments.get("weight")) or tuple(reversed(_sizes(arguments.get("mat2"))))
    return f"linear {weight[1]}→{weight[0]}" if len(weight) == 2 else "linear"


def _pool(name: str, arguments: Arguments) -> str:
    title = re.sub(r"\d?d?(_with_indices)?$", "", name) if name.startswith(("max", "avg")) else _words(name)
    if "output_size" in arguments:
        return f"{re.sub('[123]d', '', _words(name)).strip()} → {_extent(arguments['output_size']) or '?'}"
    kernel = arguments.get("kernel_size", arguments.get("kernel_sizes"))
    window = dict(arguments)
    if not _each(window.get("stride", window.get("strides"))):
        window["stride"] = kernel
    return _words(title) + _window(window, _extent(kernel))


def _norm(name: str, arguments: Arguments) -> str:
    title = {"native_batch_norm": "batch norm"}.get(name, _words(name))
    weight = _sizes(arguments.get("weight")) or _sizes(arguments.get("gamma"))
    groups = _each(arguments.get("num_groups"))
    sizes = "×".join(map(str, weight)) or "×".join(map(str, _each(arguments.get("normalized_shape"))))
    return f"{title} {sizes}".strip() + (f" in {groups[0]} groups" if groups else "")


def _embedding(name: str, arguments: Arguments) -> str:
    weight = _sizes(arguments.get("weight"))
    return f"embedding {weight[0]}×{weight[1]}" if len(weight) == 2 else "embedding"


def _binary(name: str, arguments: Arguments) -> str:
    constants = [arguments.get(key) for key in ("other", "y", "b", "exponent") if arguments.get(key) is not None]
    constants = [value for value in constants if isinstance(value, (bool, int, float))]
    if constants:
        return f"{_SYMBOLS[name]} {value_text(constants[0])}"
    first = [arguments.get(key) for key in ("self", "x", "a") if arguments.get(key) is not None]
    if first and isinstance(first[0], (int, float)):
        return f"{value_text(first[0])} {_SYMBOLS[name]}"
    return _WORDS.get(name) or _words(name)


def _with(*keys: str) -> Callable[[str, Arguments], str]:
    """Return a writer that puts constant arguments behind the name: ``transpose 1, 2``."""

    def write(name: str, arguments: Arguments) -> str:
        shown = [
            arguments[key]
            for key in keys
            if arguments.get(key) is not None and not isinstance(arguments[key], ShapeOnly)
        ]
        parts = [
            ", ".join(map(str, value)) if isinstance(value, (list, tuple)) else value_text(value) for value in shown
        ]
        return f"{_WORDS.get(name) or _words(name)} {', '.join(parts)}".strip()

    return write


def _axis(name: str, arguments: Arguments) -> str:
    axis = next((arguments[key] for key in ("dim", "axis", "axes") if _each(arguments.get(key))), None)
    title = _WORDS.get(name) or _words(name)
    return title if axis is None else f"{title} along {', '.join(map(str, _each(axis)))}"


def _reshape(name: str, arguments: Arguments) -> str:
    title = "reshape" if name in ("view", "reshape", "_unsafe_view") else _words(name)
    size = _each(arguments.get("size")) or _each(arguments.get("shape"))
    return f"{title} → {'×'.join('?' if item < 0 else str(item) for item in size)}" if size else title


def _dropout(name: str, arguments: Arguments) -> str:
    rate = arguments.get("p")
    return f"dropout {rate:.0%}" if isinstance(rate, float) else "dropout"


def _slice(name: str, arguments: Arguments) -> str:
    start, end, step = (arguments.get(key) for key in ("start", "end", "step"))
    if not _each(arguments.get("dim")):
        return "slice"
    stop = "" if not isinstance(end, int) or end >= 2**31 else str(end)
    begin = str(start) if isinstance(start, int) and start else ""
    stride = f":{step}" if isinstance(step, int) and step != 1 else ""
    return f"slice [{begin}:{stop}{stride}] along {arguments['dim']}"


_WRITERS_OF_MANY: tuple[tuple[Callable[[str, Arguments], str], str], ...] = (
    (_convolution, "_convolution convolution conv conv1d conv2d conv3d conv_transpose"),
    (_convolution, "conv_transpose1d conv_transpose2d conv_transpose3d"),
    (_linear, "linear addmm"),
    (_pool, "max_pool avg_pool max_pool1d max_pool2d max_pool3d avg_pool1d avg_pool2d avg_pool3d"),
    (_pool, "max_pool1d_with_indices max_pool2d_with_indices max_pool3d_with_indices"),
    (_pool, "adaptive_avg_pool1d adaptive_avg_pool2d adaptive_avg_pool3d"),
    (_pool, "adaptive_max_pool1d adaptive_max_pool2d adaptive_max_pool3d"),
    (_norm, "batch_norm layer_norm group_norm instance_norm rms_norm native_batch_norm"),
    (_embedding, "embedding"),
    (_binary, " ".join(_SYMBOLS)),
    (_with("dim0", "dim1", "perm"), "transpose"),
    (_with("dims", "perm"), "permute"),
    (_with("dim", "axes"), "unsqueeze squeeze expand_dims size"),
    (_with("dim", "index"), "select"),
    (_with("start_dim", "end_dim"), "flatten"),
    (_with("negative_slope", "alpha"), "leaky_relu"),
    (_with("dtype"), "cast to"),
    (_with("chunks"), "chunk"),
    (_with("repeats"), "repeat"),
    (_axis, "softmax log_softmax cat concat mean sum argmax argmin stack split gather cumsum max min topk norm"),
    (_axis, "reduce_mean reduce_sum reduce_max reduce_min reduce_argmax reduce_argmin"),
    (_reshape, "view reshape _unsafe_view expand"),
    (_dropout, "dropout feature_dropout"),
    (_slice, "slice"),
)
_WRITERS = {name: writer for writer, names in _WRITERS_OF_MANY for name in names.split()}
