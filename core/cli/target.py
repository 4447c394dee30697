"""What a command is pointed at: ``FILE.py``, ``FILE.py:ENTRY`` or a recipe."""

from pathlib import Path

from ..errors import fail
from ..recipe.document import read_recipe
from ..recipe.model import Model, Recipe


def split_target(target: str) -> tuple[Path, str]:
    """Split ``FILE.py:ENTRY``; the entry is empty where none is given, and a drive letter is not one."""
    file, colon, entry = target.rpartition(":")
    if colon and file and not any(character in entry for character in "/\\") and (len(file) > 1 or not entry):
        return Path(file), entry
    return Path(target), ""


def recipe_of(target: str) -> tuple[Recipe, Path]:
    """Return the recipe that a target stands for, and the folder its paths are relative to."""
    file, entry = split_target(target)
    if file.suffix == ".toml" and not entry:
        path = file.resolve()
        return read_recipe(path), path.parent
    try:
        path = file.resolve()
        is_there = path.exists()
        recipe = Recipe(model=Model(file=str(path), entry=entry))
    except (OSError, ValueError) as error:
        fail("call.file", f"{file} cannot be a model file: {error}.", hint="Check the path.", cause=error)
    if not is_there:
        # Said here too, where it costs nothing, before a worker is started.
        fail("call.file", f"There is no file {path}.", file=str(path), hint="Check the path.")
    return recipe, Path.cwd()
