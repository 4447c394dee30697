from pathlib import Path

import pytest
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.recipe.document import read_recipe
from exportdesk.gui.state.documents import open_document, save_document
from exportdesk.resources import EXAMPLES_DIR
from msgspec.structs import replace


def test_that_a_model_file_opens_with_its_likeliest_entry(model_file: Path) -> None:
    document, failure = open_document(model_file)
    assert failure is None
    assert document.recipe.model.entry == "Net"
    assert [entry.name for entry in document.entries] == ["Body", "Net"]
    assert not document.is_modified


def test_that_a_file_with_a_syntax_error_opens_with_its_failure(tmp_path: Path) -> None:
    path = tmp_path / "broken.py"
    path.write_text("def f(:\n")
    document, failure = open_document(path)
    assert failure is not None
    assert failure.line == 1
    assert document.entries == ()


@pytest.mark.parametrize("name", ["none.py", "none.toml", "notes.txt"])
def test_that_what_cannot_be_opened_is_refused(tmp_path: Path, name: str) -> None:
    (tmp_path / "notes.txt").write_text("hello")
    with pytest.raises(ExportDeskError):
        open_document(tmp_path / name)


def test_that_a_recipe_without_its_model_file_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "net.toml"
    path.write_text('exportdesk = 1\n[model]\nfile = "gone.py"\n')
    with pytest.raises(ExportDeskError, match=r"gone\.py"):
        open_document(path)


def test_that_a_recipe_saved_elsewhere_still_finds_its_model(model_file: Path, tmp_path: Path) -> None:
    document, _ = open_document(model_file)
    other = tmp_path / "recipes" / "net.toml"
    save_document(document, other)
    saved = read_recipe(other)
    assert (other.parent / saved.model.file).resolve() == model_file.resolve()


def test_that_a_saved_recipe_opens_as_it_was(model_file: Path) -> None:
    document, _ = open_document(model_file)
    document = replace(document, recipe=replace(document.recipe, marks={"body": "script"}))
    file = model_file.with_suffix(".toml")
    save_document(document, file)
    assert open_document(file)[0].recipe == document.recipe


def test_that_exports_of_examples_do_not_go_beside_them() -> None:
    document, _ = open_document(EXAMPLES_DIR / "simple_net.toml")
    assert not document.out.is_relative_to(EXAMPLES_DIR)


def test_that_a_file_of_megabytes_is_opened_without_reading_its_outline(tmp_path: Path) -> None:
    path = tmp_path / "long.py"
    path.write_text(
        "from torch import nn\nclass Net(nn.Module):\n    def forward(self, x): return x\n" + "# long\n" * 80_000
    )
    document, failure = open_document(path)
    assert (document.entries, failure) == ((), None)
