"""Examples, icons, templates and help texts that ship with ExportDesk."""

import ast
import tomllib
from dataclasses import dataclass
from pathlib import Path

EXAMPLES_DIR = Path(__file__).parent / "examples"

_ORDER = (
    "simple_net",
    "control_flow_net",
    "control_flow_net_2",
    "foo",
    "net",
    "net_forward",
    "chosen_activation",
    "loop_until",
)


@dataclass(frozen=True)
class Example:
    """A model file and the recipe that exports it; several recipes may share a file."""

    name: str
    """Stem of the recipe's file name."""
    title: str
    """One line for a menu."""
    path: Path
    recipe: Path
    description: str
    """What the model shows, in paragraphs separated by empty lines."""


def examples() -> tuple[Example, ...]:
    """Return the examples that ship with ExportDesk, the easiest first. Their models are parsed, not run."""
    return tuple(_example(EXAMPLES_DIR / f"{name}.toml") for name in _ORDER)


def _example(recipe: Path) -> Example:
    text = recipe.read_text(encoding="utf-8")
    path = EXAMPLES_DIR / tomllib.loads(text)["model"]["file"]
    title = text.partition("\n")[0].lstrip("# ")
    description = ast.get_docstring(ast.parse(path.read_text(encoding="utf-8"))) or title
    return Example(name=recipe.stem, title=title, path=path, recipe=recipe, description=description)
