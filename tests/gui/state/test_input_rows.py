"""Rows of the inputs table: nested inputs by their paths, values, methods, samples and further check inputs."""

from pathlib import Path

import pytest
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.recipe.document import parse_recipe, recipe_text
from exportdesk.core.recipe.model import FileFill, Input, Model, RangeDimension, Recipe
from exportdesk.core.results import EntryOutline, Parameter
from exportdesk.gui.state import input_rows as rows
from exportdesk.gui.state.session import Document, Session
from msgspec.structs import replace

PLAIN = Recipe(model=Model(file="m.py"), inputs=(Input(name="x", shape=(1, 3)), Input(name="y", shape=(2,))))
NESTED = replace(
    PLAIN,
    inputs=(
        Input(name="x", shape=(1, 3)),
        Input(
            name="state",
            kind="tuple",
            items=(Input(shape=()), Input(kind="list", items=(Input(shape=(2,)), Input(shape=(3,), dtype="int64")))),
        ),
        Input(name="batch", kind="dict", items=(Input(name="m", shape=(3,)), Input(name="k", kind="value", value=2))),
    ),
)


def row(recipe: Recipe, name: str) -> rows.InputRow:
    return next(found for found in (*rows.input_rows(recipe), *rows.check_rows(recipe)) if found.name == name)


@pytest.mark.parametrize(
    ("field", "text", "value"),
    [
        ("name", "image", "image"),
        ("shape", "1,3,64..512=224", (1, 3, RangeDimension(min=64, max=512, default=224))),
        ("dtype", "int64", "int64"),
        ("fill", "zeros", "zeros"),
        ("fill", "@x.npy", FileFill(file="x.npy")),
        ("fill", "automatic", None),
    ],
)
def test_that_a_cell_is_read_as_on_the_command_line(field: str, text: str, value: object) -> None:
    assert getattr(rows.with_cell(PLAIN, row(PLAIN, "x"), field, text).inputs[0], field) == value


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ("shape", "1,x"),
        ("shape", "5..3"),
        ("dtype", "float31"),
        ("fill", "often"),
        ("fill", "@"),
        ("fill", "randint 5..2"),
        ("name", "y"),
        ("name", ""),
        ("name", "y[0]"),
        ("name", "a[1]"),
        ("name", "a..b"),
    ],
)
def test_that_a_cell_that_cannot_be_is_refused_with_a_reason(field: str, text: str) -> None:
    with pytest.raises(ExportDeskError) as caught:
        rows.with_cell(PLAIN, row(PLAIN, "x"), field, text)
    assert caught.value.failure.message


def test_that_bounds_are_part_of_the_fill_and_come_back() -> None:
    bounded = rows.with_cell(PLAIN, row(PLAIN, "x"), "fill", "randint 0..1000")
    assert (bounded.inputs[0].low, bounded.inputs[0].high) == (0, 1000)
    assert rows.fill_text(bounded.inputs[0]) == "randint 0..1000"
    assert rows.with_cell(bounded, row(bounded, "x"), "fill", "automatic") == PLAIN
    assert rows.with_cell(PLAIN, row(PLAIN, "x"), "fill", "uniform -1..1").inputs[0].low == -1
    assert rows.with_cell(PLAIN, row(PLAIN, "x"), "fill", "randint ..9").inputs[0].high == 9


def test_that_nested_inputs_are_rows_by_their_paths() -> None:
    names = [found.name for found in rows.input_rows(NESTED)]
    assert names == ["x", "state[0]", "state[1][0]", "state[1][1]", 'batch["m"]', 'batch["k"]']


def test_that_every_row_of_a_nested_input_is_edited_in_its_place() -> None:
    for found in rows.input_rows(NESTED):
        field, text = ("shape", "7") if found.item.kind == "tensor" else ("shape", "9")
        edited = rows.with_cell(NESTED, found, field, text)
        before, after = rows.input_rows(NESTED), rows.input_rows(edited)
        changed = [new.name for old, new in zip(before, after, strict=True) if old != new]
        assert changed == [found.name]
        assert parse_recipe(recipe_text(edited)) == edited


def test_that_a_path_typed_as_a_name_makes_the_nesting() -> None:
    made = rows.with_cell(PLAIN, row(PLAIN, "y"), "name", "state[0]")
    assert made.inputs[1] == Input(name="state", kind="tuple", items=(Input(shape=(2,)),))
    made = rows.with_cell(rows.with_added_input(made), row(rows.with_added_input(made), "input_1"), "name", "state[1]")
    assert [found.name for found in rows.input_rows(made)] == ["x", "state[0]", "state[1]"]
    listed = rows.with_cell(PLAIN, row(PLAIN, "y"), "name", "items[]")
    assert listed.inputs[1].kind == "list"
    table = rows.with_cell(PLAIN, row(PLAIN, "y"), "name", "batch.k")
    assert (table.inputs[1].kind, table.inputs[1].items[0].name) == ("dict", "k")


def test_that_renaming_a_row_keeps_lists_lists_and_their_order() -> None:
    renamed = rows.with_cell(NESTED, row(NESTED, "x"), "name", "image")
    assert [found.name for found in rows.input_rows(renamed)][1:] == [found.name for found in rows.input_rows(NESTED)][
        1:
    ]
    assert renamed.inputs[1].items[1].kind == "list"


def test_that_a_tensor_becomes_a_value_and_back() -> None:
    value = rows.with_cell(PLAIN, row(PLAIN, "y"), "dtype", "value")
    assert (value.inputs[1].kind, value.inputs[1].value) == ("value", None)
    for text, expected in (("3", 3), ("0.5", 0.5), ("True", True), ("None", None), ("'a b'", "a b"), ("mean", "mean")):
        edited = rows.with_cell(value, row(value, "y"), "shape", text)
        assert edited.inputs[1].value == expected
        assert rows.with_cell(edited, row(edited, "y"), "shape", rows.shape_or_value(edited.inputs[1])) == edited
    with pytest.raises(ExportDeskError, match="no single value"):
        rows.with_cell(value, row(value, "y"), "shape", "(1, 2)")
    assert rows.with_cell(value, row(value, "y"), "dtype", "float32").inputs[1] == Input(name="y", shape=(1,))


def test_that_a_sample_brings_shape_and_type_unless_sizes_may_vary() -> None:
    sampled = rows.with_sample(PLAIN, row(PLAIN, "x"), "x.npy")
    assert sampled.inputs[0] == Input(name="x", fill=FileFill(file="x.npy"))
    assert rows.shape_or_value(sampled.inputs[0]) == "from the file"
    flexible = rows.with_cell(PLAIN, row(PLAIN, "x"), "shape", "1,1..9=3")
    assert rows.with_sample(flexible, row(flexible, "x"), "x.npy").inputs[0].shape == flexible.inputs[0].shape
    back = rows.with_cell(sampled, row(sampled, "x"), "fill", "normal")
    assert back.inputs[0].shape == (1,)


def test_that_a_new_input_takes_the_first_argument_without_a_row() -> None:
    added = rows.with_added_input(PLAIN, ("x", "mask"))
    assert added.inputs[-1].name == "mask"
    assert rows.with_added_input(PLAIN, ("x", "y")).inputs[-1].name == "input_1"
    method = rows.with_added_input(PLAIN, ("x", "encode:scale")).inputs[-1]
    assert (method.method, method.name) == ("encode", "scale")


def test_that_arguments_of_every_exported_method_are_offered() -> None:
    recipe = replace(PLAIN, model=Model(file="m.py", entry="Net", methods=("forward", "encode")))
    entries = (
        EntryOutline(name="Net", kind="class", line=1, signature=(Parameter(name="x"),)),
        EntryOutline(name="Net.encode", kind="method", line=2, signature=(Parameter(name="z"),)),
    )
    document = Document(recipe=recipe, saved=recipe, folder=Path(), out=Path(), entries=entries)
    assert rows.wanted_inputs(Session(document=document)) == ("forward:x", "encode:z")


def test_that_check_inputs_are_rows_of_their_own() -> None:
    checked = rows.with_added_check(rows.with_added_check(PLAIN))
    found = rows.check_rows(checked)
    assert [(row.check, row.name) for row in found] == [(0, "x"), (1, "x")]
    edited = rows.with_cell(checked, found[1], "shape", "7,3")
    assert edited.torchscript.check_inputs[1].inputs[0].shape == (7, 3)
    assert edited.torchscript.check_inputs[0] == checked.torchscript.check_inputs[0]
    assert rows.without_rows(edited, list(rows.check_rows(edited))) == PLAIN


def test_that_a_container_goes_with_its_last_row() -> None:
    left = rows.without_rows(NESTED, [row(NESTED, "state[0]"), row(NESTED, 'batch["m"]'), row(NESTED, 'batch["k"]')])
    assert [found.name for found in rows.input_rows(left)] == ["x", "state[0][0]", "state[0][1]"]


@pytest.mark.parametrize(
    "typed",
    ["1,3,8,8", "torch.Size([1, 3, 8, 8])", "(1, 3, 8, 8)", "[1,3,8,8,]", "1x3x8x8", "1×3 × 8×8", "1 3 8 8", "1;3;8;8"],
)
def test_that_a_shape_is_understood_as_people_write_and_copy_it(typed: str) -> None:
    assert rows.plain_shape(typed).replace(" ", "") == "1,3,8,8"


@pytest.mark.parametrize("typed", ["64..512=224", "1|2|4, 3", "abc", ""])
def test_that_any_other_shape_is_left_as_it_is(typed: str) -> None:
    assert rows.plain_shape(typed) == typed
