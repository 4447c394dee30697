"""What the first layers of a model tell about its input."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import msgspec

Value = int | float | bool | str | tuple[int, ...] | None

LAYER_ATTRIBUTES = (
    "batch_first", "d_model", "dilation", "embed_dim", "embedding_dim", "hidden_size", "in1_features", "in_channels",
    "in_features", "input_size", "kernel_size", "normalized_shape", "num_channels", "num_embeddings", "num_features",
    "out_channels", "out_features", "output_size", "padding", "stride",
)  # fmt: skip
"""The attributes of torch's layers that are read here."""

_COMMON_SIZES = (224, 32, 28, 64, 96, 128, 256, 299, 227, 48, 16, 112, 160, 192, 300, 320, 384, 416, 448, 512, 84, 100)
_SEQUENCE = 16


class LayerRow(msgspec.Struct, frozen=True, kw_only=True):
    """One submodule of a model, in the order of its modules; only what describes its input."""

    path: str
    type_name: str
    attributes: dict[str, Value] = {}


class LayerInput(msgspec.Struct, frozen=True, kw_only=True):
    """What a layer takes."""

    shape: tuple[int, ...]
    dtype: str = "float32"
    reason: str
    high: float | None = None
    """Integers are below this."""


def layer_row(path: str, module: object) -> LayerRow:
    """Describe a submodule of a loaded model by the attributes that torch's own layers have.

    A traced module has lost them; its weight's shape tells the same, but for the groups of a convolution.
    """
    type_name = _attribute(module, "original_name")
    type_name = type_name if isinstance(type_name, str) else type(module).__name__
    found: dict[str, Value] = {
        name: value for name in LAYER_ATTRIBUTES if (value := _attribute(module, name)) is not None
    }
    for name, weight, place in _FROM_WEIGHTS.get(type_name, ()):
        if name not in found and len(shape := _shape(module, weight)) > place:
            found[name] = shape[place]
    return LayerRow(path=path, type_name=type_name, attributes=found)


_FROM_WEIGHTS: dict[str, tuple[tuple[str, str, int], ...]] = {
    "Linear": (("in_features", "weight", 1),),
    "Embedding": (("num_embeddings", "weight", 0),),
    "BatchNorm1d": (("num_features", "weight", 0),),
    "BatchNorm2d": (("num_features", "weight", 0),),
    **dict.fromkeys(("RNN", "LSTM", "GRU"), (("input_size", "weight_ih_l0", 1),)),
    **dict.fromkeys(("RNNCell", "LSTMCell", "GRUCell"), (("input_size", "weight_ih", 1),)),
    **dict.fromkeys(
        ("Conv1d", "Conv2d", "Conv3d"),
        (("in_channels", "weight", 1), ("out_channels", "weight", 0), ("kernel_size", "weight", 2)),
    ),
}


def _attribute(module: object, name: str) -> Value:
    try:
        value = getattr(module, name, None)
    except Exception:  # a property of the user's class may do anything
        return None
    if isinstance(value, bool | int | str):
        return value
    if isinstance(value, tuple | list) and value and all(isinstance(member, int) for member in value):
        return tuple(value)
    return None


def _shape(module: object, weight: str) -> tuple[int, ...]:
    try:
        return tuple(int(size) for size in getattr(module, weight).shape)
    except Exception:
        return ()


def input_of_first_layer(rows: Sequence[LayerRow]) -> LayerInput | None:
    """Return what the first layer with a known input takes, None where no layer tells.

    Args:
        rows: the modules in the order in which they run, as far as that is known.
    """
    for place, row in enumerate(rows):
        if (kind := _convolution_dimensions(row.type_name)) is not None:
            return _convolution_input(rows[place:], row, kind)
        if (found := _simple_input(row)) is not None:
            return found
    return None


def _number(row: LayerRow, *names: str) -> int | None:
    for name in names:
        value = row.attributes.get(name)
        if isinstance(value, int) and not isinstance(value, bool) and value > 0:
            return value
    return None


def _simple_input(row: LayerRow) -> LayerInput | None:
    where = f"{row.path} ({row.type_name})" if row.path else row.type_name
    kind = row.type_name.removeprefix("Lazy").removeprefix("Quantized")
    if kind in ("Embedding", "EmbeddingBag") and (count := _number(row, "num_embeddings")):
        reason = f"{where} looks up ids below {count}; the length {_SEQUENCE} is assumed"
        return LayerInput(shape=(1, _SEQUENCE), dtype="int64", reason=reason, high=count)
    if kind in ("Linear", "NonDynamicallyQuantizableLinear") and (size := _number(row, "in_features")):
        return LayerInput(shape=(1, size), reason=f"{where} takes {size} features")
    if kind == "Bilinear" and (size := _number(row, "in1_features")):
        return LayerInput(shape=(1, size), reason=f"{where} takes {size} features")
    if kind in ("RNN", "LSTM", "GRU") and (size := _number(row, "input_size")):
        return _sequence(row, size, where)
    if kind in ("RNNCell", "LSTMCell", "GRUCell") and (size := _number(row, "input_size")):
        return LayerInput(shape=(1, size), reason=f"{where} takes {size} features")
    if kind in ("MultiheadAttention", "TransformerEncoderLayer", "TransformerDecoderLayer", "Transformer"):
        size = _number(row, "embed_dim", "d_model")
        return _sequence(row, size, where) if size else None
    if kind in ("BatchNorm1d", "BatchNorm2d", "BatchNorm3d", "InstanceNorm2d", "GroupNorm", "InstanceNorm1d"):
        size = _number(row, "num_features", "num_channels")
        spatial = {"1": (), "3": (16, 32, 32)}.get(kind[-2:-1], (32, 32))
        return LayerInput(shape=(1, size, *spatial), reason=f"{where} takes {size} channels") if size else None
    if kind in ("LayerNorm", "RMSNorm"):
        shape = row.attributes.get("normalized_shape")
        sizes = (shape,) if isinstance(shape, int) else shape if isinstance(shape, tuple) else ()
        if sizes:
            return LayerInput(shape=(1, *sizes), reason=f"{where} normalizes the last dimensions {list(sizes)}")
    return None


def _sequence(row: LayerRow, size: int, where: str) -> LayerInput:
    is_batch_first = row.attributes.get("batch_first") is True
    shape = (1, _SEQUENCE, size) if is_batch_first else (_SEQUENCE, 1, size)
    order = "batch, time, features" if is_batch_first else "time, batch, features"
    return LayerInput(shape=shape, reason=f"{where} takes {order} with {size} features; the length is assumed")


def _convolution_dimensions(type_name: str) -> int | None:
    kind = type_name.removeprefix("Lazy")
    for dimensions in (1, 2, 3):
        if kind.endswith((f"Conv{dimensions}d", f"ConvTranspose{dimensions}d")):
            return dimensions
    return None


def _convolution_input(rows: Sequence[LayerRow], row: LayerRow, dimensions: int) -> LayerInput | None:
    channels = _number(row, "in_channels")
    if channels is None:
        return None
    where = f"{row.path} ({row.type_name})" if row.path else row.type_name
    reason = f"{where} takes {channels} channel{'s' if channels > 1 else ''}"
    if "Transpose" in row.type_name:
        return LayerInput(shape=(1, channels, *(8,) * dimensions), reason=f"{reason}; the size is assumed")
    if dimensions == 1:
        return LayerInput(shape=(1, channels, 128), reason=f"{reason}; the length 128 is assumed")
    if dimensions == 3:
        return LayerInput(shape=(1, channels, 16, 64, 64), reason=f"{reason}; the size is assumed")
    size, because = _image_size(rows)
    return LayerInput(shape=(1, channels, size, size), reason=f"{reason}; {because}")


@dataclass(frozen=True)
class _Pass:
    """What is known of an image on its way: its side, its channels; side None once it cannot be followed."""

    side: float | None
    channels: int


def _image_size(rows: Sequence[LayerRow]) -> tuple[int, str]:
    """Return the side of a square image that fits the first fully connected layer after the convolutions."""
    last = next((row for row in rows if row.type_name == "Linear"), None)
    is_pooled = any(row.type_name.startswith("Adaptive") or row.type_name == "GlobalPool" for row in rows)
    if last is None or is_pooled:
        return 224, "the size 224 × 224 is assumed"
    wanted = _number(last, "in_features")
    sides = (*_COMMON_SIZES, *range(1, 641))
    fitting = next((side for side in sides if _features_at(rows, last, side) == wanted), None)
    if fitting is None:
        return 224, "the size 224 × 224 is assumed"
    return fitting, f"{fitting} × {fitting} is the size with which {last.path or 'the Linear'} gets {wanted} features"


def _features_at(rows: Sequence[LayerRow], last: LayerRow, side: int) -> int | None:
    state = _Pass(side, 0)
    for row in rows:
        if row is last:
            return None if state.side is None else state.channels * int(state.side) ** 2
        state = _after(row, state)
        if state.side is None or state.side < 1:
            return None
    return None


def _after(row: LayerRow, state: _Pass) -> _Pass:
    kind = row.type_name
    is_convolution = _convolution_dimensions(kind) == 2
    if not is_convolution and kind not in ("MaxPool2d", "AvgPool2d", "LPPool2d"):
        return state
    kernel, padding, dilation = (
        _side(row, name, default) for name, default in (("kernel_size", 1), ("padding", 0), ("dilation", 1))
    )
    stride = _side(row, "stride", 1 if is_convolution else kernel)
    channels = (_number(row, "out_channels") or state.channels) if is_convolution else state.channels
    if row.attributes.get("padding") == "same":
        return _Pass(state.side, channels)
    assert state.side is not None
    side = math.floor((state.side + 2 * padding - dilation * (kernel - 1) - 1) / max(stride, 1)) + 1
    return _Pass(side, channels)


def _side(row: LayerRow, name: str, default: int) -> int:
    value = row.attributes.get(name)
    if isinstance(value, tuple):
        value = value[0]
    return value if isinstance(value, int) and not isinstance(value, bool) else default
