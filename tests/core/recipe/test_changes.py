"""Keys of a recipe set by name."""

import pytest
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.recipe.changes import with_values
from exportdesk.core.recipe.model import Model, Recipe

RECIPE = Recipe(model=Model(file="net.py"), marks={"": "script"})


def test_that_values_are_toml_or_text() -> None:
    changed = with_values(
        RECIPE,
        [
            "torchscript.strict=false",
            "coreml.precision = float32",
            'model.methods=["forward", "encode"]',
            "checks.seed=7",
        ],
    )
    assert changed.torchscript.strict is False
    assert changed.coreml.precision == "float32"
    assert changed.model.methods == ("forward", "encode")
    assert changed.checks.seed == 7
    assert changed.marks == {"": "script"}


def test_that_nothing_set_changes_nothing() -> None:
    assert with_values(RECIPE, []) is RECIPE


@pytest.mark.parametrize("text", ["torchscript.strict", "=3", "model..file=x", "model.file.name=3"])
def test_that_text_of_another_form_is_a_wrong_call(text: str) -> None:
    with pytest.raises(ExportDeskError) as caught:
        with_values(RECIPE, [text])
    assert caught.value.failure.exit_code == 2


def test_that_an_unknown_key_names_the_nearest_one() -> None:
    with pytest.raises(ExportDeskError) as caught:
        with_values(RECIPE, ["torchscript.strickt=false"])
    assert caught.value.failure.hint == "Did you mean 'strict'?"
