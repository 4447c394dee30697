"""Inputs proposed for an entry that nobody has described, each with the reason why. Nothing of the file runs."""

import ast
import re
from collections.abc import Mapping, Sequence
from typing import Any

from ..results import EntryOutline, Parameter, SuggestedInput
from .classes import Classes
from .example_calls import conventional_example, example_call
from .layers import LayerInput, LayerRow, input_of_first_layer
from .names import Names
from .shape_texts import (
    CHANNEL_WORDS,
    FEATURE_WORDS,
    TextShape,
    dtype_in_annotation,
    shape_in_annotation,
    shape_in_comment,
    shape_in_docstring,
)
from .signatures import Function
from .source import ModelSource
from .source_layers import SourceLayers
from .values import Values, assignments

_SEQUENCE = 16
_BY_NAME: tuple[tuple[re.Pattern[str], tuple[int, ...], str, str], ...] = (
    (re.compile(r"pixel_values|images?|imgs?|pixels|frame|photo", re.I), (1, 3, 224, 224), "float32", "an image"),
    (re.compile(r"(\w+_)?(ids|tokens?|idx|indices)", re.I), (1, _SEQUENCE), "int64", "ids of tokens"),
    (re.compile(r"attention_mask|padding_mask", re.I), (1, _SEQUENCE), "int64", "a mask over tokens"),
    (re.compile(r"input_values|wave(form)?|wav|audio", re.I), (1, 16_000), "float32", "a second of sound"),
    (re.compile(r"input_features|mel|spectrogram", re.I), (1, 80, 3000), "float32", "a spectrogram"),
    (re.compile(r"timesteps?|step", re.I), (1,), "int64", "a step"),
)  # fmt: skip
_NO_TENSOR = re.compile(r"^(Optional\[)?(bool|int|float|str|None)\b")


def suggest_inputs(
    source: ModelSource,
    entry: EntryOutline,
    *,
    arguments: Mapping[str, Any] | None = None,
    layers: Sequence[LayerRow] = (),
) -> tuple[SuggestedInput, ...]:
    """Propose inputs for an entry, in the order of its signature; a parameter that nothing tells of is left out.

    The file's own example goes before what its texts say, texts before layers, layers before the parameter's name.

    Args:
        source: the model's file.
        entry: one row of its outline.
        arguments: what the constructor or factory is given, by name.
        layers: rows of the loaded model, where it has been loaded; its sizes are exact, those of the source guesses.
    """
    for example in (conventional_example(source, entry), example_call(source, entry)):
        if example is not None:
            names = [p.name for p in entry.signature if p.name in example.tensors] or list(example.tensors)
            return tuple(
                SuggestedInput(name=name, shape=guess.shape, dtype=guess.dtype, reason=example.reason, high=guess.high)
                for name in names
                for guess in (example.tensors[name],)
            )
    evidence = _Evidence(source, entry, arguments or {}, layers)
    found = [
        evidence.suggest(parameter, is_first=not place) for place, parameter in enumerate(_required(entry.signature))
    ]
    return tuple(suggestion for suggestion in found if suggestion is not None)


def suggest_from_layers(rows: Sequence[LayerRow], signature: Sequence[Parameter]) -> tuple[SuggestedInput, ...]:
    """Propose inputs for a model of which only the loaded modules are known, such as a ``.pt`` file's."""
    first = input_of_first_layer(rows)
    required = _required(signature) or ((Parameter(name="x"),) if not signature else ())
    found = []
    for place, parameter in enumerate(required):
        suggestion = _from_layer(parameter.name, first) if first is not None and not place else None
        if place and suggestion is None:
            suggestion = _from_name(parameter.name)
        if suggestion is not None:
            found.append(suggestion)
    return tuple(found)


class _Evidence:
    def __init__(
        self, source: ModelSource, entry: EntryOutline, arguments: Mapping[str, Any], layers: Sequence[LayerRow]
    ) -> None:
        self._source = source
        self._entry = entry
        self._arguments = arguments
        self._layers = layers
        names = Names(source.tree)
        classes = Classes(source.tree, names)
        values = Values(source.tree, names, classes)
        self._source_layers = SourceLayers(source)
        owner, _, method = entry.name.partition(".")
        made = values.factories.get(owner) if entry.kind == "factory" else owner
        if entry.kind == "instance":
            made = next((row for row in classes.by_name if row == _class_of_instance(source, values, owner)), None)
        self._function: Function | None = values.functions.get(owner) if entry.kind == "function" else None
        self._class_doc = ""
        if self._function is None and made in classes.by_name:
            self._function = classes.function(made, method or "forward")
            self._class_doc = _docstring(classes.by_name[made])

    def suggest(self, parameter: Parameter, *, is_first: bool) -> SuggestedInput | None:
        if parameter.annotation and _NO_TENSOR.match(parameter.annotation):
            return None
        layer = self._layer(parameter.name, is_first)
        text, origin = self._text(parameter)
        if text is not None:
            return _from_text(parameter, text, origin, layer)
        if layer is not None:
            return _from_layer(parameter.name, layer)
        return _from_name(parameter.name)

    def _text(self, parameter: Parameter) -> tuple[TextShape | None, str]:
        if parameter.annotation and (shape := shape_in_annotation(parameter.annotation)):
            return shape, "its annotation says"
        if (comment := self._comment(parameter.name)) and (shape := shape_in_comment(comment)):
            return shape, "the comment beside it says"
        docs = (_docstring(self._function) if self._function else "", self._class_doc)
        for doc in docs:
            if doc and (shape := shape_in_docstring(doc, parameter.name)):
                return shape, "the docstring says"
        return None, ""

    def _comment(self, name: str) -> str | None:
        """Return the comment on the line of a parameter that stands alone there."""
        if self._function is None:
            return None
        arguments = self._function.args
        everyone = [*arguments.posonlyargs, *arguments.args, *arguments.kwonlyargs]
        mine = next((argument for argument in everyone if argument.arg == name), None)
        others = [
            a.arg for a in everyone if mine is not None and a.lineno == mine.lineno and a.arg not in (name, "self")
        ]
        if mine is None or others:
            return None
        line = self._source.lines[mine.lineno - 1].decode()
        if "#" in line:
            return line.partition("#")[2]
        # def forward(self, x):        with the comment on the next line, before the body.
        following = self._source.lines[mine.lineno].decode().strip() if mine.lineno < len(self._source.lines) else ""
        return following.lstrip("# ") if following.startswith("#") else None

    def _layer(self, name: str, is_first: bool) -> LayerInput | None:
        try:
            rows = self._source_layers.rows(self._entry, name, self._arguments)
        except RecursionError:
            rows = ()
        guess = input_of_first_layer(rows)
        if self._layers and rows and rows[0].path:
            # The source says which member takes the parameter, the loaded model what it is.
            root = rows[0].path.partition(".")[0]
            loaded = [row for row in self._layers if row.path.partition(".")[0] == root]
            exact = input_of_first_layer(loaded)
            return (
                guess
                if guess is not None and exact is not None and guess.shape[:2] == exact.shape[:2]
                else exact or guess
            )
        if guess is None and is_first and self._layers:
            return input_of_first_layer(self._layers)
        return guess


def _from_text(parameter: Parameter, text: TextShape, origin: str, layer: LayerInput | None) -> SuggestedInput:
    known: dict[str, int] = {}
    if layer is not None and len(layer.shape) == len(text.dimensions):
        # A layer knows the numbers behind the names, the batch excepted.
        for name, size in zip(text.dimensions[1:], layer.shape[1:], strict=True):
            if isinstance(name, str):
                known[name] = size
    elif layer is not None:
        words = {word: layer.shape[1] for word in CHANNEL_WORDS if len(layer.shape) > 2}
        words |= {word: layer.shape[-1] for word in FEATURE_WORDS if layer.dtype == "float32" and len(layer.shape) <= 3}
        known = words
    assumed = [name for name in text.names if name not in known and name.lower() not in known]
    sizes = text.sizes(known)
    note = f"; {', '.join(assumed)} assumed" if assumed else ""
    from_layer = f"; {layer.reason}" if layer is not None and set(text.names) & set(known) else ""
    dtype = text.dtype or dtype_in_annotation(parameter.annotation or "") or (layer.dtype if layer else "float32")
    return SuggestedInput(
        name=parameter.name,
        shape=sizes,
        dtype=dtype,
        reason=f"{origin} {text.text}{from_layer}{note}",
        high=layer.high if layer is not None and dtype.startswith("int") else None,
    )


def _from_layer(name: str, layer: LayerInput) -> SuggestedInput:
    return SuggestedInput(name=name, shape=layer.shape, dtype=layer.dtype, reason=layer.reason, high=layer.high)


def _from_name(name: str) -> SuggestedInput | None:
    for pattern, shape, dtype, what in _BY_NAME:
        if pattern.fullmatch(name):
            return SuggestedInput(
                name=name, shape=shape, dtype=dtype, reason=f"by its name it is {what}; sizes assumed"
            )
    return None


def _required(signature: Sequence[Parameter]) -> tuple[Parameter, ...]:
    return tuple(p for p in signature if p.default is None and p.kind in ("positional", "keyword"))


def _docstring(node: Function | ast.ClassDef) -> str:
    return ast.get_docstring(node) or ""


def _class_of_instance(source: ModelSource, values: Values, name: str) -> str | None:
    local: dict[str, str] = {}
    for target, value in assignments(source.tree.body):
        if (made := values.class_of(value, local)) is not None:
            local[target] = made
    return local.get(name)
