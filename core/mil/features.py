"""What a Core ML model says about its inputs, outputs and states: Model.proto and FeatureTypes.proto, as plain data.

Source: ``mlmodel/format/Model.proto`` and ``FeatureTypes.proto`` of coremltools 9.0; only field numbers are taken.
"""

from dataclasses import dataclass, field

from ..errors import fail
from .wire import Message

_ARRAY_DTYPES = {65568: "fp32", 65600: "fp64", 131104: "int32", 131080: "int8", 65552: "fp16"}
_COLORS = {10: "grayscale", 20: "rgb", 30: "bgr", 40: "grayscale_fp16"}


@dataclass(frozen=True, slots=True)
class Range:
    """Sizes that a dimension may have; ``upper`` is None where there is no bound."""

    lower: int
    upper: int | None

    def __contains__(self, size: int) -> bool:
        return self.lower <= size and (self.upper is None or size <= self.upper)

    def __str__(self) -> str:
        if self.lower == self.upper:
            return str(self.lower)
        return f"{self.lower}..{'' if self.upper is None else self.upper}"


@dataclass(frozen=True, slots=True)
class ArrayFeature:
    """A tensor. ``shape`` is the default; ``enumerated`` or ``ranges`` say what else is allowed."""

    dtype: str
    shape: tuple[int, ...] = ()
    enumerated: tuple[tuple[int, ...], ...] = ()
    ranges: tuple[Range, ...] = ()
    default: float | None = None
    """Every element of the array that stands in for an optional input that is left out."""


@dataclass(frozen=True, slots=True)
class ImageFeature:
    """An image; ``color`` is grayscale, rgb, bgr or grayscale_fp16, sizes are (width, height)."""

    color: str
    width: int
    height: int
    enumerated: tuple[tuple[int, int], ...] = ()
    ranges: tuple[Range, Range] | None = None

    @property
    def channels(self) -> int:
        return 1 if self.color.startswith("grayscale") else 3


@dataclass(frozen=True, slots=True)
class ScalarFeature:
    """``kind``: int64, double, string, dictionary (of class probabilities) or sequence."""

    kind: str


@dataclass(frozen=True, slots=True)
class StateFeature:
    array: ArrayFeature


FeatureKind = ArrayFeature | ImageFeature | ScalarFeature | StateFeature


@dataclass(frozen=True, slots=True)
class Feature:
    name: str
    kind: FeatureKind
    is_optional: bool = False
    description: str = ""


@dataclass(frozen=True, slots=True)
class Interface:
    """Inputs, outputs and states of one function of a model."""

    inputs: tuple[Feature, ...] = ()
    outputs: tuple[Feature, ...] = ()
    states: tuple[Feature, ...] = ()
    predicted_feature: str = ""
    """Name of the output that holds the class label; empty where the model is no classifier."""
    predicted_probabilities: str = ""


@dataclass(frozen=True, slots=True)
class Description:
    interface: Interface
    """Of the default function, or of the only one."""
    functions: dict[str, Interface] = field(default_factory=dict)
    """Of every function of a multifunction model; empty in a model with one."""
    default_function: str = "main"
    metadata: dict[str, str] = field(default_factory=dict)
    user_defined: dict[str, str] = field(default_factory=dict)


def read_description(message: Message) -> Description:
    functions = {item.text(1): _interface(item, (2, 3, 6, 4, 5)) for item in message.messages(20)}
    default = message.text(21) or "main"
    interface = functions[default] if default in functions else _interface(message, (1, 10, 13, 11, 12))
    metadata = message.message(100)
    texts: dict[str, str] = {}
    user_defined: dict[str, str] = {}
    if metadata is not None:
        names = {1: "short_description", 2: "version", 3: "author", 4: "license"}
        texts = {name: metadata.text(number) for number, name in names.items() if number in metadata}
        user_defined = {entry.text(1): entry.text(2) for entry in metadata.messages(100)}
    return Description(interface, functions, default, texts, user_defined)


def _interface(message: Message, numbers: tuple[int, int, int, int, int]) -> Interface:
    inputs, outputs, states, predicted, probabilities = numbers
    return Interface(
        inputs=_features(message, inputs),
        outputs=_features(message, outputs),
        states=_features(message, states),
        predicted_feature=message.text(predicted),
        predicted_probabilities=message.text(probabilities),
    )


def _features(message: Message, number: int) -> tuple[Feature, ...]:
    features = []
    for item in message.messages(number):
        kind = item.message(3)
        if kind is None:
            fail("package.malformed", f"“{item.text(1)}” has no type in the model's description.")
        features.append(Feature(item.text(1), _kind(kind, item.text(1)), bool(kind.integer(1000)), item.text(2)))
    return tuple(features)


def _kind(message: Message, name: str) -> FeatureKind:  # noqa: RET503
    if (array := message.message(5)) is not None:
        return _array(array, name)
    if (image := message.message(4)) is not None:
        return _image(image, name)
    if (state := message.message(8)) is not None and (array := state.message(1)) is not None:
        return StateFeature(_array(array, name))
    for number, kind in ((1, "int64"), (2, "double"), (3, "string"), (6, "dictionary"), (7, "sequence")):
        if number in message:
            return ScalarFeature(kind)
    fail("package.malformed", f"“{name}” has no type in the model's description.")


def _range(message: Message | None) -> Range:
    if message is None:
        fail("package.malformed", "A range of sizes is empty.")
    upper = message.integer(2)
    return Range(message.integer(1), None if upper < 0 else upper)


def _array(message: Message, name: str) -> ArrayFeature:
    dtype = _ARRAY_DTYPES.get(message.integer(2))
    if dtype is None:
        fail("package.malformed", f"“{name}” has the unknown element type {message.integer(2)}.")
    enumerated = message.message(21)
    ranges = message.message(31)
    default: float | None = None
    if 41 in message:
        default = float(message.integer(41))
    for number, layout in ((51, "<f"), (61, "<d")):
        if (value := message.fixed(number, layout)) is not None:
            default = value
    return ArrayFeature(
        dtype=dtype,
        shape=tuple(message.integers(1)),
        enumerated=() if enumerated is None else tuple(tuple(item.integers(1)) for item in enumerated.messages(1)),
        ranges=() if ranges is None else tuple(_range(item) for item in ranges.messages(1)),
        default=default,
    )


def _image(message: Message, name: str) -> ImageFeature:
    color = _COLORS.get(message.integer(3))
    if color is None:
        fail("package.malformed", f"“{name}” has the unknown colour layout {message.integer(3)}.")
    enumerated = message.message(21)
    ranges = message.message(31)
    return ImageFeature(
        color=color,
        width=message.integer(1),
        height=message.integer(2),
        enumerated=()
        if enumerated is None
        else tuple((item.integer(1), item.integer(2)) for item in enumerated.messages(1)),
        ranges=None if ranges is None else (_range(ranges.message(1)), _range(ranges.message(2))),
    )
