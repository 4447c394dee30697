import pytest
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.recipe.model import Input, Model, RangeDimension, Recipe
from exportdesk.core.results import ModuleRow, Parameter, SuggestedInput
from exportdesk.gui.state import edits
from exportdesk.gui.state.modes import effective_modes
from exportdesk.gui.state.recipe_values import with_value
from msgspec.structs import replace

RECIPE = Recipe(
    model=Model(file="model.py", entry="Net", arguments={"width": 3}),
    inputs=(Input(name="x", shape=(1, 3)), Input(name="y", shape=(2,))),
    marks={"": "script"},
)


def row(path: str, **facts: bool) -> ModuleRow:
    return ModuleRow(path=path, type_name="M", parameter_count=0, own_parameter_count=0, **facts)  # type: ignore[arg-type]


def test_that_marks_can_be_set_and_taken_away() -> None:
    marked = edits.with_marks(RECIPE, ("head", "body"), "trace")
    assert marked.marks == {"": "script", "body": "trace", "head": "trace"}
    assert edits.with_marks(marked, ("body", "head"), None) == RECIPE


def test_that_another_entry_takes_its_inputs_and_marks_away_and_the_same_entry_nothing() -> None:
    other = edits.with_entry(RECIPE, "Other")
    assert (other.inputs, other.marks, other.model.arguments) == ((), {}, {})
    assert edits.with_entry(RECIPE, "Net") is RECIPE


@pytest.mark.parametrize(
    ("text", "annotation", "value"),
    [
        ("3", "int", 3),
        ("(1, 2)", None, [1, 2]),
        ("relu", None, "relu"),
        ("3", "str", "3"),
        ("True", "bool", True),
        ("[1, 'a']", None, [1, "a"]),
    ],
)
def test_that_a_typed_argument_is_a_literal_or_else_text(text: str, annotation: str | None, value: object) -> None:
    parameter = Parameter(name="width", annotation=annotation)
    assert edits.with_argument(RECIPE, parameter, text).model.arguments == {"width": value}


def test_that_an_emptied_argument_is_taken_away() -> None:
    assert edits.with_argument(RECIPE, Parameter(name="width"), " ").model.arguments == {}


def test_that_wrong_model_fields_are_refused() -> None:
    with pytest.raises(ExportDeskError) as caught:
        with_value(RECIPE, ("torchscript", "check_tolerance"), "much")
    assert caught.value.failure.code == "recipe.invalid"


def test_that_suggestions_fill_an_empty_table_only() -> None:
    suggested = (SuggestedInput(name="x", shape=(1, RangeDimension(min=1, max=2)), dtype="int64", reason="r"),)
    assert edits.with_suggested_inputs(RECIPE, suggested) == RECIPE
    empty = replace(RECIPE, inputs=())
    filled = edits.with_suggested_inputs(empty, suggested)
    assert filled.inputs == (Input(name="x", shape=(1, RangeDimension(min=1, max=2)), dtype="int64"),)


def test_that_modes_are_inherited_through_containers_and_what_is_script_stays_script() -> None:
    rows = [row(""), row("a"), row("a.list", is_container=True), row("a.list.0"), row("b", is_script=True)]
    modes = effective_modes(rows, {"a": "script"})
    assert modes == {"": "trace", "a": "script", "a.list": "script", "a.list.0": "script", "b": "script"}
    assert effective_modes(rows, {"": "script"})["a"] == "script"
