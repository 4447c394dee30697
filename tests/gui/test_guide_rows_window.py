"""The rows J1–J16 of the guides from the window, by mouse and keys, each exported for real.

What must hold of a row is said beside the other two ways to ask for it, the command line and a recipe.
"""

import importlib.util
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from exportdesk.gui.app import Workbench
from PySide6.QtCore import Qt
from PySide6.QtGui import QGuiApplication
from pytestqt.qtbot import QtBot
from window_fakes import FakeDesktop
from window_person import InProcessClient, Left, Person


def _load(name: str, path: Path) -> ModuleType:
    specification = importlib.util.spec_from_file_location(name, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    sys.modules[name] = module  # dataclasses look themselves up there
    specification.loader.exec_module(module)
    return module


_TORCHSCRIPT = Path(__file__).parents[1] / "core" / "torchscript"
table = _load("torchscript_guide_rows", _TORCHSCRIPT / "test_guide_rows.py")
desk = _load("torchscript_desk", _TORCHSCRIPT / "conftest.py")
ROWS = {row.name: row for row in table.ROWS}

IN_X = (("x", "2,3"),)


def plain(person: Person) -> None:
    person.inputs(*IN_X)


def of_a_vector(person: Person) -> None:
    person.inputs(("x", "3"))


def with_scale(person: Person) -> None:
    person.inputs(("x", "2,3"), ("scale", ""))


def two_methods(person: Person) -> None:
    person.inputs(*IN_X)
    person.fill("setup", "model.methods.encode", True)
    person.wait()
    person.add_input("encode:x", "2,3")
    person.add_input("encode:scale", "")


def nested(person: Person) -> None:
    person.inputs(("x", "2,3"), ("state[0]", ""), ("state[1][]", "2,3"), ('batch["m"]', "3", "int64"))
    person.fill("checks", "torchscript.strict", False)


def keywords(person: Person) -> None:
    person.inputs(("x", "2,3"), ("scale", "2,3"), ("shift", "2,3"))


def wrong_name(person: Person) -> None:
    person.inputs(("x", "2,3"), ("image", "2,3"))


def further_check(person: Person) -> None:
    person.inputs(*IN_X)
    person.add_check("x", "7,3")


def checked_once(person: Person) -> None:
    person.inputs(*IN_X)
    person.fill("checks", "torchscript.check_trace", False)


def loose(person: Person) -> None:
    person.inputs(*IN_X)
    person.fill("checks", "torchscript.check_tolerance", "1000")


def not_strict(person: Person) -> None:
    person.inputs(*IN_X)
    person.fill("checks", "torchscript.strict", False)


def in_training(person: Person) -> None:
    person.inputs(*IN_X)
    person.fill("setup", "model.mode", "train")
    person.wait()


def scripted(person: Person) -> None:
    person.inputs(*IN_X)
    person.mark("", "script")


def mixed(person: Person) -> None:
    person.inputs(*IN_X)
    for path, mark in (
        ("blocks.0", "script"),
        ("blocks.0.body", "trace"),
        ("head.1", "script"),
        ("head.1.body", "trace"),
    ):
        person.mark(path, mark)


STEPS: dict[str, Callable[[Person], None]] = {
    "J1-function": of_a_vector,
    "J1-bound-method": with_scale,
    "J2": two_methods,
    "J3": nested,
    "J4-keywords": keywords,
    "J4-wrong-name": wrong_name,
    "J5-check-inputs": further_check,
    "J5-no-check": checked_once,
    "J5-tolerance": loose,
    "J6-not-strict": not_strict,
    "J8": in_training,
    "J10-loop": scripted,
    "J10-error": scripted,
    "J11": mixed,
    "J12": mixed,
}
"""What a person does for a row beside typing the input x; rows that are not here need no more."""


@pytest.fixture
def person(make_workbench: Callable[[Any], Workbench], qtbot: QtBot) -> Person:
    return Person(make_workbench(InProcessClient), qtbot)


def outcome_of(person: Person, folder: Path) -> Any:
    """Return what an export gave, in the form that the table of the other ways uses."""
    session = person.bench.session
    if session.failure is not None:
        failure = session.failure
        return desk.Outcome(failure.exit_code, folder, session.diagnostics, failure=failure.as_json())
    assert session.exported is not None
    result = session.exported.result
    checks = tuple((check.name, check.status, check.reason) for check in result.checks)
    return desk.Outcome(0 if result.is_good else 3, folder, session.diagnostics, checks)


@pytest.mark.parametrize("name", list(ROWS))
def test_that_a_row_of_the_guides_works_from_the_window(person: Person, tmp_path: Path, name: str) -> None:
    row = ROWS[name]
    (tmp_path / "m.py").write_text(desk.HEAD + row.source)
    person.open(tmp_path / "m.py")
    person.choose_entry(row.entry)
    STEPS.get(name, plain)(person)
    person.fill("coreml", "coreml.enabled", False)
    person.export(tmp_path / "out")
    outcome = outcome_of(person, tmp_path)
    row.holds(outcome)
    shown = person.space.banner.text.text()
    assert ("Exported" in shown) == (outcome.failure is None)
    if outcome.failure is not None:
        assert "--" not in shown
        assert "[[" not in shown


def test_that_every_row_of_the_table_is_in_the_window_s(qtbot: QtBot) -> None:
    assert set(STEPS) <= set(ROWS)
    assert {name.partition("-")[0] for name in ROWS} == {f"J{number}" for number in range(1, 17)}


def test_that_the_four_texts_are_searched_and_copied_by_clicks(person: Person, tmp_path: Path, qtbot: QtBot) -> None:
    (tmp_path / "m.py").write_text(desk.HEAD + table.NET)
    person.open(tmp_path / "m.py")
    person.choose_entry("Net")
    plain(person)
    person.fill("coreml", "coreml.enabled", False)
    person.export(tmp_path / "out")
    tab = person.space.torchscript_tab
    for name, words in (
        ("code", "forward"),
        ("graph", "graph("),
        ("inlined_graph", "aten::"),
        ("printed", "original_name"),
    ):
        page = tab.pages[name]
        tab.tabs.setCurrentWidget(page)
        qtbot.keyClicks(page.search, words)
        qtbot.keyClick(page.search, Qt.Key.Key_Return)
        assert page.view.textCursor().selectedText() == words
        qtbot.mouseClick(page.copy_button, Left)
        assert words in QGuiApplication.clipboard().text()


def test_that_the_deprecation_of_torch_jit_is_in_about_and_not_among_the_problems(
    person: Person, desktop: FakeDesktop, tmp_path: Path
) -> None:
    (tmp_path / "m.py").write_text(desk.HEAD + table.NET)
    person.open(tmp_path / "m.py")
    person.choose_entry("Net")
    plain(person)
    person.fill("coreml", "coreml.enabled", False)
    person.export(tmp_path / "out")
    assert not any("deprecat" in found.message for found in person.bench.session.diagnostics)
    person.press("about")
    assert "torch.jit is deprecated" in desktop.told[0]


def test_that_a_warning_is_chosen_in_the_list_and_its_line_is_shown(
    person: Person, tmp_path: Path, qtbot: QtBot
) -> None:
    (tmp_path / "m.py").write_text(desk.HEAD + table.BRANCH)
    person.open(tmp_path / "m.py")
    plain(person)
    person.fill("coreml", "coreml.enabled", False)
    person.export(tmp_path / "out")
    problems = person.space.problems
    place = next(n for n, row in enumerate(problems.model.rows) if row.code == "trace.branch-on-tensor")
    index = problems.model.index(place, 0)
    qtbot.mouseClick(problems.table.viewport(), Left, pos=problems.table.visualRect(index).center())
    line = person.space.source.view.textCursor().block().text()
    assert "if x.mean() > 0" in line
