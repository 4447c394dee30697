"""Documents: made from what is opened, written when saved. Nothing of a model file is run here."""

from pathlib import Path

from msgspec.structs import replace

from ...core.errors import ExportDeskError, Failure, fail
from ...core.recipe.document import read_recipe, write_recipe
from ...core.recipe.model import Model, Recipe
from ...core.recipe.moving import moved_recipe
from ...core.results import EntryOutline
from .edits import relative_text
from .session import PACKAGE_SUFFIXES, Document

_PREFERRED_KINDS = ("instance", "class", "factory", "function", "method")
LONGEST_OUTLINED_BYTES = 400_000
"""Longer than any file that a person has written; parsing it takes about two seconds."""
MODEL_MISSING = "recipe.model-missing"
"""Code of the failure of a recipe whose model file is not there."""
MODEL_SUFFIXES = (".py", ".pt", ".pth")


def open_document(path: Path, model_file: Path | None = None) -> tuple[Document, Failure | None]:
    """Open a recipe or a model file.

    A model file with a syntax error is opened all the same, with the failure, so that it can be read and mended.

    Args:
        path: what is opened.
        model_file: where the model of a recipe is, if not where the recipe says; that is an edit of the recipe.

    Raises:
        ExportDeskError: the file is missing, or it is nothing that can be opened.
    """
    path = path.absolute()
    is_package = path.suffix in PACKAGE_SUFFIXES and path.exists()
    if path.is_dir() and not is_package:
        fail(
            "call.folder",
            f"{path} is a folder.",
            file=str(path),
            hint="Open the Python file in it that has the model, or a recipe.",
        )
    if not path.is_file() and not is_package:
        fail("call.missing", f"There is no file {path}.", file=str(path), hint="Check the path.")
    if path.suffix == ".toml":
        return _open_recipe(path, model_file)
    if path.suffix not in MODEL_SUFFIXES and not is_package:
        fail(
            "call.file",
            f"{path.name} is neither a model file nor a recipe.",
            file=str(path),
            hint="ExportDesk opens .py and .pt files, recipes (.toml) and Core ML packages. "
            "A sample (.npy, .npz, a picture) is dropped on its row of the inputs.",
        )
    entries, failure = outline_of(path)
    recipe = Recipe(model=Model(file=path.name, entry=_main_entry(entries)))
    document = Document(recipe=recipe, saved=recipe, folder=path.parent, out=path.parent / "out", entries=entries)
    return replace(document, out=default_out(document)), failure


def _open_recipe(path: Path, found: Path | None) -> tuple[Document, Failure | None]:
    recipe = saved = read_recipe(path)
    if found is not None:
        recipe = replace(recipe, model=replace(recipe.model, file=relative_text(found, path.parent)))
    model_file = path.parent / recipe.model.file
    if not model_file.is_file():
        fail(
            MODEL_MISSING,
            f"The recipe {path.name} names the model file {recipe.model.file}, and there is no such file.",
            file=str(path),
            hint=f"Put it at {model_file}, or change 'file' in the recipe.",
        )
    entries, failure = outline_of(model_file)
    if not recipe.model.entry and entries:
        recipe = replace(recipe, model=replace(recipe.model, entry=_main_entry(entries)))
        saved = saved if found else recipe
    document = Document(
        recipe=recipe, saved=saved, folder=path.parent, recipe_file=path, entries=entries, out=path.parent / "out"
    )
    return replace(document, out=default_out(document)), failure


def outline_of(model_file: Path) -> tuple[tuple[EntryOutline, ...], Failure | None]:
    """Return what a model file offers, or nothing and the failure (a syntax error, say)."""
    if model_file.suffix != ".py" or is_long(model_file):
        return (), None
    from ...core.model_file.outline import read_outline

    try:
        return read_outline(model_file), None
    except ExportDeskError as error:
        return (), error.failure


def is_long(model_file: Path) -> bool:
    """Whether reading the outline would hold the window for seconds; the worker tells it when the model is loaded."""
    return model_file.is_file() and model_file.stat().st_size > LONGEST_OUTLINED_BYTES


def save_document(document: Document, file: Path) -> None:
    """Write the recipe, its paths relative to the file's folder.

    Raises:
        ExportDeskError: the file cannot be written.
    """
    write_recipe(moved_recipe(document.recipe, document.folder, file.parent), file)


def default_out(document: Document) -> Path:
    """Return where exports go until a person says otherwise: beside the model, or at home for what we ship."""
    name = document.recipe_file.stem if document.recipe_file else document.model_file.stem
    if is_example(document.model_file):
        return Path.home() / "ExportDesk" / name
    return document.folder / "out" / name


def is_example(path: Path) -> bool:
    """Whether a file is one that ships with ExportDesk, and so needs no trust and takes no output beside it."""
    return path.resolve().is_relative_to(Path(__file__).resolve().parent.parent.parent / "resources")


def _main_entry(entries: tuple[EntryOutline, ...]) -> str:
    """Return the likeliest entry: what is defined last is built of what comes before it."""
    for kind in _PREFERRED_KINDS:
        of_kind = [entry.name for entry in entries if entry.kind == kind]
        if of_kind:
            return of_kind[-1]
    return ""
