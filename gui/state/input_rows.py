"""The inputs of a recipe as rows of a table, one a tensor or value, and the edits of their cells.

A member of a nested input is a row by its path, as outputs are shown and as the command line takes it: ``state[0]``,
``batch["mask"]``; with several methods the method comes first, ``encode:x``. Typing a path into the name makes the
nesting, so no other form is needed for it.
"""

import ast
import re
from collections.abc import Iterator, Sequence
from typing import cast

import msgspec
from msgspec.structs import replace

from ...core.errors import fail
from ...core.recipe.input_text import parse_shape, shape_text
from ...core.recipe.model import DTYPES, FILLS, CheckInputs, DtypeName, FileFill, FillName, Input, Recipe
from ...core.recipe.nested_inputs import nested_inputs
from .recipe_values import checked
from .session import Session

VALUE_TYPE = "value"
"""Type of a row that is a Python value and no tensor."""
_BOUNDED = re.compile(r"(?P<fill>\w+)\s+(?P<low>-?[\d.e+]*?)\s*\.\.\s*(?P<high>-?[\d.e+]*)")

_SIZES_APART = re.compile(r"\s*[x×*]\s*|(?<=[\d|])\s+(?=\d)")


class InputRow(msgspec.Struct, frozen=True, kw_only=True):
    """One tensor or value of the inputs, wherever it is nested."""

    name: str
    """Its path."""
    item: Input
    steps: tuple[int, ...]
    """Positions from the recipe's inputs down to it."""
    check: int | None = None
    """Which row of ``check_inputs`` it belongs to, None for the example itself."""


def input_rows(recipe: Recipe) -> tuple[InputRow, ...]:
    """Return the rows of the example inputs."""
    return tuple(_rows(recipe.inputs, None, is_path=False))


def check_rows(recipe: Recipe) -> tuple[InputRow, ...]:
    """Return the rows of the extra check inputs, check after check."""
    return tuple(
        row
        for number, check in enumerate(recipe.torchscript.check_inputs)
        for row in _rows(check.inputs, number, is_path=False)
    )


def shape_or_value(item: Input) -> str:
    """Return the text of the second column, which ``with_cell`` reads back."""
    if item.kind == "value":
        return repr(item.value)
    if item.kind != "tensor":
        return f"empty {item.kind}"
    return "from the file" if item.shape is None else shape_text(item.shape)


def type_text(item: Input) -> str:
    if item.kind != "tensor":
        return VALUE_TYPE if item.kind == "value" else item.kind
    return "from the file" if item.shape is None else item.dtype


def fill_text(item: Input) -> str:
    """Return ``normal``, ``randint 0..1000``, ``@sample.npy`` or ``automatic``."""
    if item.kind != "tensor":
        return ""
    if isinstance(item.fill, FileFill):
        return f"@{item.fill.file}"
    name = item.fill or "automatic"
    if item.low is None and item.high is None:
        return name
    low, high = ("" if bound is None else f"{bound:g}" for bound in (item.low, item.high))
    return f"{name} {low}..{high}"


def with_cell(recipe: Recipe, row: InputRow, field: str, text: str) -> Recipe:
    """Change one cell from its text.

    Raises:
        ExportDeskError: the text is not a name, shape, value, type or fill, or does not fit to the other rows.
    """
    text = text.strip()
    match field:
        case "name":
            return _renamed(recipe, row, text)
        case "shape" if row.item.kind == "value":
            return _with_item(recipe, row, {"value": _value(text)})
        case "shape":
            return _with_item(recipe, row, {"shape": parse_shape(plain_shape(text))})
        case "dtype":
            return _with_item(recipe, row, _type_changes(row.item, text))
        case "fill":
            return _with_item(recipe, row, _fill_changes(row.item, text))
        case _:
            raise ValueError(field)


def plain_shape(text: str) -> str:
    """Return a shape with commas that was typed otherwise, or copied: ``torch.Size([1, 3])``, ``(1, 3)``, ``1x3``."""
    text = text.strip().removeprefix("torch.Size").strip("()[] ").removesuffix(",").replace(";", ",")
    return text if "," in text else _SIZES_APART.sub(",", text)


def with_sample(recipe: Recipe, row: InputRow, file: str) -> Recipe:
    """Take the values of a row from a file, and its shape and type too unless sizes may vary."""
    shape = row.item.shape if row.item.is_flexible else None
    return _with_item(recipe, row, {"kind": "tensor", "value": None, "fill": FileFill(file=file), "shape": shape})


def with_added_input(recipe: Recipe, wanted: Sequence[str] = ()) -> Recipe:
    """Add a tensor; it gets the first name of ``wanted`` (``x``, ``encode:x``) that has no row yet, else a new one."""
    taken = {_method_prefix(item) + item.name for item in recipe.inputs}
    free = [name for name in wanted if name not in taken] + [f"input_{n}" for n in range(1, len(taken) + 2)]
    method, _, name = next(name for name in free if name not in taken).rpartition(":")
    return replace(recipe, inputs=(*recipe.inputs, Input(name=name, shape=(1,), method=method or None)))


def wanted_inputs(session: Session) -> tuple[str, ...]:
    """Return the names that inputs can have: the arguments of what is exported, of each method if there are several."""
    document = session.document
    methods = document.recipe.model.methods if document else ()
    if document is None or len(methods) < 2:
        signature = session.inspection.signature if session.inspection else ()
        return tuple(found.name for found in signature if not found.kind.startswith("var_"))
    entry = document.recipe.model.entry
    outlines = {row.name: row.signature for row in document.entries}
    return tuple(
        f"{method}:{found.name}"
        for method in methods
        for found in outlines.get(entry if method == "forward" else f"{entry}.{method}", ())
        if not found.kind.startswith("var_")
    )


def with_added_check(recipe: Recipe) -> Recipe:
    """Add a further call on which the trace is checked: at first the example's own first input, to be changed."""
    if not recipe.inputs:
        fail("recipe.invalid", "There is no input to check with.", hint="Add an input first.")
    first = recipe.inputs[0]
    fresh = replace(first, fill=None) if isinstance(first.fill, FileFill) and first.shape else first
    checks = (*recipe.torchscript.check_inputs, CheckInputs(inputs=(fresh,)))
    return replace(recipe, torchscript=replace(recipe.torchscript, check_inputs=checks))


def without_rows(recipe: Recipe, rows: Sequence[InputRow]) -> Recipe:
    """Take rows out; a tuple, list, dict or check that has no row left goes with them."""
    gone = {(row.check, row.steps) for row in rows}
    inputs = _without(recipe.inputs, {steps for check, steps in gone if check is None})
    checks = []
    for number, check in enumerate(recipe.torchscript.check_inputs):
        kept = _without(check.inputs, {steps for of, steps in gone if of == number})
        if kept:
            checks.append(replace(check, inputs=kept))
    torchscript = replace(recipe.torchscript, check_inputs=tuple(checks))
    return replace(recipe, inputs=inputs, torchscript=torchscript)


def _rows(inputs: Sequence[Input], check: int | None, *, is_path: bool) -> Iterator[InputRow]:
    for position, item in enumerate(inputs):
        for name, leaf, steps in _leaves(item, _method_prefix(item) + item.name, (position,), is_path=is_path):
            yield InputRow(name=name, item=leaf, steps=steps, check=check)


def _leaves(
    item: Input, name: str, steps: tuple[int, ...], *, is_path: bool
) -> Iterator[tuple[str, Input, tuple[int, ...]]]:
    """Yield each leaf; ``is_path`` writes members of a list as ``[]``, which makes a list again when it is read."""
    if not item.items:
        yield name, item, steps
    for position, member in enumerate(item.items):
        step = {"tuple": f"[{position}]", "dict": f'["{member.name}"]', "list": "[]" if is_path else f"[{position}]"}
        yield from _leaves(member, name + step[item.kind], (*steps, position), is_path=is_path)


def _method_prefix(item: Input) -> str:
    return f"{item.method}:" if item.method else ""


def _renamed(recipe: Recipe, row: InputRow, text: str) -> Recipe:
    if not text:
        fail("recipe.invalid", "An input needs a name.")
    rows = list(_rows(_inputs_of(recipe, row), row.check, is_path=True))
    paths = [text if other.steps == row.steps else other.name for other in rows]
    items = [replace(other.item, name=path, method=None) for other, path in zip(rows, paths, strict=True)]
    return checked(lambda: _with_inputs(recipe, row, nested_inputs(items)))


def _with_item(recipe: Recipe, row: InputRow, changes: dict[str, object]) -> Recipe:
    def changed(inputs: tuple[Input, ...], steps: tuple[int, ...]) -> tuple[Input, ...]:
        place, rest = steps[0], steps[1:]
        item = inputs[place]
        made = replace(item, items=changed(item.items, rest)) if rest else replace(item, **changes)
        return (*inputs[:place], made, *inputs[place + 1 :])

    return checked(lambda: _with_inputs(recipe, row, changed(_inputs_of(recipe, row), row.steps)))


def _inputs_of(recipe: Recipe, row: InputRow) -> tuple[Input, ...]:
    return recipe.inputs if row.check is None else recipe.torchscript.check_inputs[row.check].inputs


def _with_inputs(recipe: Recipe, row: InputRow, inputs: tuple[Input, ...]) -> Recipe:
    if row.check is None:
        return replace(recipe, inputs=inputs)
    checks = list(recipe.torchscript.check_inputs)
    checks[row.check] = replace(checks[row.check], inputs=inputs)
    return replace(recipe, torchscript=replace(recipe.torchscript, check_inputs=tuple(checks)))


def _without(inputs: tuple[Input, ...], gone: set[tuple[int, ...]]) -> tuple[Input, ...]:
    kept = []
    for position, item in enumerate(inputs):
        if (position,) in gone:
            continue
        below = {steps[1:] for steps in gone if steps[0] == position}
        items = _without(item.items, below) if below else item.items
        if items or not item.items:
            kept.append(replace(item, items=items))
    return tuple(kept)


def _value(text: str) -> bool | int | float | str | None:
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    if not (value is None or isinstance(value, bool | int | float | str)):
        fail(
            "call.value",
            f"{text} is no single value.",
            hint="A value is a number, True, False, None or a text; members of a tuple are rows: sizes[0], sizes[1].",
        )
    return value


def _type_changes(item: Input, text: str) -> dict[str, object]:
    if text == VALUE_TYPE:
        return {"kind": "value", "shape": None, "fill": None, "low": None, "high": None, "value": item.value}
    if text not in DTYPES:
        fail("call.value", f"{text!r} is not a type.", hint=f"Choose one of: {', '.join(DTYPES)}.")
    is_from_file = isinstance(item.fill, FileFill) and item.shape is None
    shape = (1,) if item.shape is None and not is_from_file else item.shape
    return {"kind": "tensor", "value": None, "shape": shape, "dtype": cast(DtypeName, text), "items": ()}


def _fill_changes(item: Input, text: str) -> dict[str, object]:
    low = high = None
    if text.startswith("@"):
        if not text[1:].strip():
            fail("call.fill", "There is no file name after “@”.", hint="Write @sample.npy.")
        return {"fill": FileFill(file=text[1:].strip()), "low": None, "high": None}
    if found := _BOUNDED.fullmatch(text):
        text = found["fill"]
        low, high = _bound(found["low"]), _bound(found["high"])
    if text in ("", "automatic"):
        fill = None
    elif text in FILLS:
        fill = cast(FillName, text)
    else:
        fail("call.value", f"{text!r} is not a fill.", hint=f"Choose one of: {', '.join(FILLS)}, or a file: @x.npy.")
    return {"fill": fill, "low": low, "high": high, "shape": (1,) if item.shape is None else item.shape}


def _bound(text: str) -> float | None:
    try:
        return float(text) if text else None
    except ValueError:
        fail("call.value", f"{text!r} is not a number.", hint="Write bounds as randint 0..1000 or uniform -1..1.")
