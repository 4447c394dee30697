"""What nodes are coloured by: their kind, their module, numbers, words, or what a comparison found."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from PySide6.QtGui import QColor

from .appearance import Appearance, heat_colours, module_colours
from .legend import Row, family_rows, heat_rows, name_rows, state_rows
from .scene import Scene

Pair = tuple[QColor, QColor]
"""Fill and stroke."""


@dataclass(frozen=True, kw_only=True)
class NodeScale:
    """A number for each node that has one; larger is worse."""

    values: Mapping[int, float]
    adds_up: bool
    """Whether a closed group has the sum of what is inside, and not the largest."""
    text: Callable[[float], str]
    """A number with its unit."""


@dataclass(frozen=True, kw_only=True)
class Colouring:
    """What was chosen: ``kind``, ``module``, or the name of numbers or words that are given with it."""

    what: str = "kind"
    scale: NodeScale | None = None
    labels: Mapping[int, str] | None = None
    states: Sequence[str] | None = None
    """Of a comparison; they come before all else."""


@dataclass(frozen=True, kw_only=True)
class Coloured:
    """How a scene is to be painted; without pairs, each node in the colour of its kind."""

    pairs: list[Pair] | None
    legend: list[Row]
    marks: dict[int, str]
    """Signs of items, where colours alone would not do."""


def coloured(scene: Scene, colouring: Colouring, appearance: Appearance) -> Coloured:
    """Return the colours of what a scene draws, and what they mean."""
    if colouring.states is not None:
        return _by_state(scene, colouring.states, appearance)
    if colouring.what == "module":
        return _by_name([_outermost_module(scene, int(item)) for item in scene.drawn], appearance)
    if colouring.labels is not None:
        labels = colouring.labels
        return _by_name([_word(scene, int(item), labels) for item in scene.drawn], appearance, nothing="")
    if colouring.scale is not None:
        return _by_number(scene, colouring.scale, appearance)
    legend = family_rows(appearance, sorted(set(scene.drawn_family.tolist())))
    return Coloured(pairs=None, legend=legend, marks={})


def _by_name(names: list[str], appearance: Appearance, nothing: str | None = None) -> Coloured:
    table = module_colours(sorted({name for name in names if name != nothing}), is_dark=appearance.is_dark)
    plain = _plain(appearance)
    return Coloured(pairs=[table.get(name, plain) for name in names], legend=name_rows(table), marks={})


def _by_number(scene: Scene, scale: NodeScale, appearance: Appearance) -> Coloured:
    """Return the colours of numbers; the largest of those drawn, as groups are open now, is the top of the scale."""
    numbers: list[float | None] = []
    for item in scene.drawn.tolist():
        known = [scale.values[node] for node in _nodes(scene, item) if node in scale.values]
        numbers.append(None if not known else sum(known) if scale.adds_up else max(known))
    largest = max((number for number in numbers if number is not None), default=0.0)
    plain, most = _plain(appearance), largest or 1.0
    pairs = [plain if number is None else heat_colours(number / most, is_dark=appearance.is_dark) for number in numbers]
    legend = heat_rows(scale.text(largest), scale.text(largest / 2), appearance)
    return Coloured(pairs=pairs, legend=legend, marks={})


def _by_state(scene: Scene, states: Sequence[str], appearance: Appearance) -> Coloured:
    signs = {"added": "+", "removed": "−", "changed": "~"}
    pairs: list[Pair] = []
    marks: dict[int, str] = {}
    for item in scene.drawn.tolist():
        inside = {states[node] for node in _nodes(scene, item)}
        state = inside.pop() if len(inside) == 1 else "changed"
        if state == "same":
            pairs.append(_plain(appearance))
        else:
            pairs.append(appearance.differences[state])
            marks[item] = signs[state]
    return Coloured(pairs=pairs, legend=state_rows(appearance), marks=marks)


def _plain(appearance: Appearance) -> Pair:
    return appearance.fills[-1], appearance.strokes[-1]


def _nodes(scene: Scene, item: int) -> list[int]:
    node = scene.node_of(item)
    return [node] if node >= 0 else scene.engine.hierarchy.nodes_inside(item - scene.node_count)


def _word(scene: Scene, item: int, labels: Mapping[int, str]) -> str:
    words = {labels[node] for node in _nodes(scene, item) if node in labels}
    return words.pop() if len(words) == 1 else "both" if words else ""


def _outermost_module(scene: Scene, item: int) -> str:
    node = scene.node_of(item)
    module = scene.graph.nodes.module[node] if node >= 0 else scene.graph.groups.module[item - scene.node_count]
    parts = module.split(".")
    # blocks.0 and blocks.1 are told apart, blocks.0.attention and blocks.0.norm are not.
    return ".".join(parts[:2]) if len(parts) > 1 and parts[1].isdigit() else parts[0]
