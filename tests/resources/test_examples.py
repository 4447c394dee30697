"""The examples that ship with ExportDesk."""

import subprocess
import sys

import pytest
from exportdesk.core.model_file.outline import default_entry, read_outline
from exportdesk.core.recipe.document import read_recipe
from exportdesk.resources import EXAMPLES_DIR, Example, examples

ALL = examples()


def test_that_the_index_lists_every_file_of_the_folder():
    assert {example.recipe for example in ALL} == set(EXAMPLES_DIR.glob("*.toml"))
    assert {example.path for example in ALL} == set(EXAMPLES_DIR.glob("*.py"))


@pytest.mark.parametrize("example", ALL, ids=lambda example: example.name)
def test_that_a_recipe_names_what_its_file_offers(example: Example):
    recipe = read_recipe(example.recipe)
    outline = {row.name: row for row in read_outline(example.path)}
    entry = recipe.model.entry.removesuffix(".forward")
    assert entry in outline
    assert [item.name for item in recipe.inputs] == [parameter.name for parameter in outline[entry].signature]
    assert set(recipe.model.arguments) <= {parameter.name for parameter in outline[entry].constructor}
    default = default_entry(tuple(outline.values()))
    assert default is not None
    assert default.name == entry


@pytest.mark.parametrize("example", ALL, ids=lambda example: example.name)
def test_that_an_example_has_a_title_for_a_menu_and_a_description_to_read(example: Example):
    assert 5 < len(example.title) < 60
    assert len(example.description) > 80
    assert not example.title.startswith("#")


def test_that_the_index_of_examples_costs_no_torch():
    code = "import sys; from exportdesk.resources import examples; examples(); print('torch' in sys.modules)"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
