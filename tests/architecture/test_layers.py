"""Three layers, one direction: plain data, engine, desktop (see CONTRIBUTING, "Layers")."""

import ast
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
SOURCES = sorted(path for folder in ("core", "gui") for path in (ROOT / folder).rglob("*.py"))
EXAMPLES = sorted((ROOT / "resources" / "examples").glob("*.py"))

QT = {"PySide6", "shiboken6", "pyqtgraph", "PyQt5", "PyQt6"}
ENGINE = {"torch", "coremltools", "torchvision", "transformers", "safetensors"}
PLAIN_DATA_MAY = {"msgspec", "numpy", "tomli_w"}
PLAIN_DATA = (
    "core/errors.py",
    "core/diagnostics.py",
    "core/events.py",
    "core/requests.py",
    "core/results/*.py",
    "core/client.py",
    "core/wire.py",
    "core/staged_files.py",
    "core/coreml/rules.py",
    "core/recipe/*.py",
    "core/graph/columns.py",
    "core/graph/model.py",
    "core/graph/builder.py",
    "core/graph/diff.py",
    "core/graph/families.py",
    "core/graph/json_form.py",
    "core/graph/layout/*.py",
    "core/graph/drawing/colours.py",
    "core/graph/drawing/picture.py",
    "core/graph/drawing/svg.py",
    "core/model_file/outline.py",
    "core/model_file/suggestions.py",
)
"""Layer 0, as patterns; what these import of ours is layer 0 too, which the test follows."""
LONGEST_FILE = 600


def imported(path: Path) -> Iterator[tuple[str, int]]:
    """Yield the full name of each import of a source file; those of our own start with ``exportdesk.``.

    Imports under ``if TYPE_CHECKING`` are left out: they never run.
    """
    tree = ast.parse(path.read_text(encoding="utf-8"))
    skipped = {
        id(node)
        for condition in ast.walk(tree)
        if isinstance(condition, ast.If) and "TYPE_CHECKING" in ast.unparse(condition.test)
        for statement in condition.body
        for node in ast.walk(statement)
    }
    package = ["exportdesk", *path.relative_to(ROOT).parent.parts]
    for node in ast.walk(tree):
        if id(node) in skipped:
            continue
        if isinstance(node, ast.Import):
            yield from ((alias.name, node.lineno) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) + 1 - node.level] if node.level else []
            origin = ".".join([*base, *([node.module] if node.module else [])])
            yield origin, node.lineno
            if node.level:
                yield from ((f"{origin}.{alias.name}", node.lineno) for alias in node.names)


def top_level_imports(path: Path) -> set[str]:
    """Return full names imported when a module is imported, not inside its functions."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    inside = {
        node.lineno
        for function in ast.walk(tree)
        if isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef)
        for node in ast.walk(function)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    return {name for name, line in imported(path) if line not in inside}


def short(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def source_of(module: str) -> Path | None:
    base = ROOT.joinpath(*module.split(".")[1:])
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)


def reached_from(start: Path) -> set[Path]:
    """Return the files of ours that importing a file imports, itself included."""
    found, waiting = set(), [start]
    while waiting:
        path = waiting.pop()
        if path in found:
            continue
        found.add(path)
        for module in top_level_imports(path):
            # The packages above a module are imported with it.
            parts = module.split(".")
            names = [".".join(parts[:end]) for end in range(2, len(parts) + 1)] if parts[0] == "exportdesk" else []
            waiting += [source for name in names if (source := source_of(name)) is not None]
    return found


@pytest.mark.parametrize("path", [path for path in SOURCES if path.is_relative_to(ROOT / "core")], ids=short)
def test_that_the_engine_knows_no_qt(path):
    wrong = [f"{name} in line {line}" for name, line in imported(path) if name.partition(".")[0] in QT]
    wrong += [f"{name} in line {line}" for name, line in imported(path) if name.startswith("exportdesk.gui")]
    if short(path) == "core/cli/gui.py":
        # The command that opens the window hands over to it, and to nothing else of it.
        wrong = [found for found in wrong if not found.startswith("exportdesk.gui")]
    assert wrong == []


@pytest.mark.parametrize("path", [path for path in SOURCES if path.is_relative_to(ROOT / "gui")], ids=short)
def test_that_the_window_reaches_neither_torch_nor_coremltools(path):
    for reached in reached_from(path):
        wrong = {name for name in top_level_imports(reached) if name.partition(".")[0] in ENGINE}
        assert wrong == set(), f"{short(path)} imports {short(reached)}, which imports {wrong}"
    # Inside functions too: nothing of the window may ever load them.
    assert [name for name, _ in imported(path) if name.partition(".")[0] in ENGINE] == []


@pytest.mark.parametrize("path", [path for path in SOURCES if path.is_relative_to(ROOT / "gui/state")], ids=short)
def test_that_the_window_state_knows_no_qt(path):
    assert [name for name, _ in imported(path) if name.partition(".")[0] in QT] == []


@pytest.mark.parametrize("pattern", PLAIN_DATA)
def test_that_plain_data_stands_on_the_standard_library(pattern):
    paths = list(ROOT.glob(pattern))
    assert paths, f"no file matches {pattern}: the table of this test is out of date"
    allowed = set(sys.stdlib_module_names) | PLAIN_DATA_MAY | {"exportdesk"}
    for path in paths:
        for reached in reached_from(path):
            wrong = {name for name in top_level_imports(reached) if name.partition(".")[0] not in allowed}
            assert wrong == set(), f"{short(path)} imports {short(reached)}, which imports {wrong}"


@pytest.mark.parametrize("path", SOURCES, ids=short)
def test_that_imports_inside_the_product_are_relative(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    absolute = [
        node.lineno
        for node in ast.walk(tree)
        if (
            isinstance(node, ast.ImportFrom)
            and not node.level
            and (node.module or "").partition(".")[0] == "exportdesk"
        )
        or (isinstance(node, ast.Import) and any(a.name.partition(".")[0] == "exportdesk" for a in node.names))
    ]
    assert absolute == []


@pytest.mark.parametrize("path", SOURCES, ids=short)
def test_that_no_file_is_too_long_to_read(path):
    assert len(path.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


@pytest.mark.parametrize("path", SOURCES, ids=short)
def test_that_every_module_says_what_it_is(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not tree.body or ast.get_docstring(tree), "a module begins with one sentence"


@pytest.mark.parametrize(
    ("module", "forbidden"),
    [
        ("exportdesk.gui.app", ENGINE),
        ("exportdesk.core.cli", ENGINE | QT),
        ("exportdesk.core.client", ENGINE | QT),
        ("exportdesk.core.worker", QT),
        ("exportdesk.resources", ENGINE | QT),
    ],
)
def test_that_importing_stays_light(module, forbidden):
    """What really happens, beside what the sources say: a library may import a forbidden one."""
    code = f"import sys, {module}; print(*{{n.partition('.')[0] for n in sys.modules}} & {forbidden!r})"
    done = subprocess.run([sys.executable, "-P", "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


@pytest.mark.parametrize("folder", ["core", "gui"])
def test_that_the_folders_refuse_their_plain_names(folder):
    """``core`` belongs to the packages of users' repositories; ours is ``exportdesk.core``."""
    done = subprocess.run([sys.executable, "-c", f"import {folder}"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 1
    assert f"exportdesk.{folder}" in done.stderr
