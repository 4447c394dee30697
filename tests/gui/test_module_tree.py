"""The module tree by keys and mouse: many marks at once, the filter, and a model of thousands of modules."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest
from exportdesk.core.events import AnyEvent, JobFinished
from exportdesk.core.requests import Inspect, JobRequest
from exportdesk.core.results import Inspection, ModuleRow
from exportdesk.gui.app import Workbench
from exportdesk.gui.models.module_tree import NAME, PATH_ROLE
from exportdesk.gui.panels.module_view import ModuleView
from PySide6.QtCore import QModelIndex, Qt
from pytestqt.qtbot import QtBot
from window_fakes import FakeClient, usual_answer
from window_steps import open_loaded, trigger

Loaded = Callable[..., Workbench]


def module(path: str, type_name: str, *, is_container: bool = False) -> ModuleRow:
    return ModuleRow(
        path=path, type_name=type_name, parameter_count=1, own_parameter_count=1, is_container=is_container
    )


FEW = (
    module("", "Net"),
    module("stem", "Conv2d"),
    module("blocks", "ModuleList", is_container=True),
    *(module(f"blocks.{n}", "Block") for n in range(3)),
    module("blocks.1.norm", "LayerNorm"),
)
MANY = (
    module("", "Net"),
    module("blocks", "ModuleList", is_container=True),
    *(
        row
        for n in range(1000)
        for row in (
            module(f"blocks.{n}", "Block"),
            module(f"blocks.{n}.linear", "Linear"),
            module(f"blocks.{n}.act", "ReLU"),
        )
    ),
)


@pytest.fixture
def loaded(workbench: Workbench, model_file: Path, client: list[FakeClient], qtbot: QtBot) -> Loaded:
    def load(rows: tuple[ModuleRow, ...]) -> Workbench:
        def answer(request: JobRequest) -> AnyEvent | None:
            if not isinstance(request, Inspect):
                return usual_answer(request)
            result = Inspection(file="model.py", entries=(), entry=request.recipe.model.entry, modules=rows)
            return JobFinished(job=request.job, result=result)

        qtbot.waitUntil(lambda: bool(client))
        client[0].answer = answer
        open_loaded(workbench, model_file, qtbot)
        workbench.window.activateWindow()
        workbench.workspace.tree.tree.setFocus()
        return workbench

    return load


def marks(workbench: Workbench) -> dict[str, str]:
    assert workbench.session.document is not None
    return dict(workbench.session.document.recipe.marks)


def choose(tree: ModuleView, path: str) -> None:
    tree.setCurrentIndex(tree.model().index_of(path))  # type: ignore[attr-defined]


def shown(tree: ModuleView, parent: QModelIndex | None = None) -> list[str]:
    """Return the paths of the rows that are open to the eye."""
    found = []
    parent = parent or QModelIndex()
    for row in range(tree.model().rowCount(parent)):
        index = tree.model().index(row, NAME, parent)
        found.append(str(index.data(PATH_ROLE)))
        if tree.isExpanded(index):
            found += shown(tree, index)
    return found


def type_filter(workbench: Workbench, text: str, qtbot: QtBot) -> None:
    trigger(workbench, "filter_modules")
    field = workbench.workspace.tree.filter
    assert field.hasFocus()
    qtbot.keyClicks(field, text)
    qtbot.waitUntil(lambda: not workbench.workspace.tree._filter_soon.isActive())


def test_that_several_modules_are_marked_in_one_step_by_mouse_and_keys(loaded: Loaded, qtbot: QtBot) -> None:
    workbench = loaded(FEW)
    tree = workbench.workspace.tree.tree
    tree.expandAll()
    choose(tree, "blocks.0")
    qtbot.keyClick(tree, Qt.Key.Key_Down, Qt.KeyboardModifier.ShiftModifier)
    stem = tree.visualRect(tree.model().index_of("stem")).center()
    qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, Qt.KeyboardModifier.ControlModifier, stem)
    qtbot.keyClick(tree, Qt.Key.Key_S)
    assert marks(workbench) == {"stem": "script", "blocks.0": "script", "blocks.1": "script"}
    assert workbench.window.action_table["undo"].text() == "&Undo Mark 3 modules as script"
    trigger(workbench, "undo")
    assert marks(workbench) == {}


def test_that_a_mark_on_a_container_is_for_what_it_holds(loaded: Loaded, qtbot: QtBot) -> None:
    workbench = loaded(FEW)
    tree = workbench.workspace.tree.tree
    choose(tree, "blocks")
    qtbot.keyClick(tree, Qt.Key.Key_T)
    assert marks(workbench) == {"blocks.0": "trace", "blocks.1": "trace", "blocks.2": "trace"}


def test_that_the_marks_are_in_the_context_menu_of_the_tree(loaded: Loaded) -> None:
    tree = loaded(FEW).workspace.tree.tree
    assert tree.contextMenuPolicy() == Qt.ContextMenuPolicy.ActionsContextMenu
    texts = [action.text().replace("&", "") for action in tree.actions()]
    assert texts == ["Mark as Traced", "Mark as Scripted", "Inherit the Mark", "Copy Path"]


def test_that_the_filter_finds_paths_and_types_and_gives_back_what_was_open(loaded: Loaded, qtbot: QtBot) -> None:
    workbench = loaded(FEW)
    panel = workbench.workspace.tree
    before = shown(panel.tree)
    type_filter(workbench, "layernorm", qtbot)
    assert shown(panel.tree) == ["", "blocks", "blocks.1", "blocks.1.norm"]
    qtbot.keyClick(panel.filter, Qt.Key.Key_Escape)
    assert panel.tree.hasFocus()
    assert shown(panel.tree) == before
    type_filter(workbench, "blocks.2", qtbot)
    qtbot.keyClick(panel.filter, Qt.Key.Key_Return)
    assert panel.tree.hasFocus()
    choose(panel.tree, "blocks.2")
    qtbot.keyClick(panel.tree, Qt.Key.Key_S)
    assert marks(workbench) == {"blocks.2": "script"}


def test_that_a_filter_without_a_match_says_so_and_is_gone_with_the_next_model(
    loaded: Loaded, model_file: Path, qtbot: QtBot
) -> None:
    workbench = loaded(FEW)
    panel = workbench.workspace.tree
    type_filter(workbench, "attention", qtbot)
    assert panel.no_match.isVisible()
    assert "attention" in panel.no_match.text()
    open_loaded(workbench, model_file, qtbot)
    assert panel.filter.text() == ""
    qtbot.waitUntil(lambda: panel.model.rowCount() == 1)
    assert not panel.no_match.isVisible()


def test_that_names_are_whole_however_deep_they_stand(loaded: Loaded, qtbot: QtBot) -> None:
    tree = loaded(FEW).workspace.tree.tree
    tree.expandAll()
    qtbot.waitUntil(lambda: tree.columnWidth(NAME) >= tree.sizeHintForColumn(NAME))


def test_that_three_thousand_modules_are_marked_and_filtered_without_a_halt(loaded: Loaded, qtbot: QtBot) -> None:
    workbench = loaded(MANY)
    panel = workbench.workspace.tree
    panel.tree.expandAll()
    choose(panel.tree, "")
    start = time.perf_counter()
    qtbot.keyClick(panel.tree, Qt.Key.Key_S)
    choose(panel.tree, "blocks")
    qtbot.keyClick(panel.tree, Qt.Key.Key_T)
    assert len(marks(workbench)) == 1001
    type_filter(workbench, "linear", qtbot)
    assert len(shown(panel.tree)) == 2002
    # It took 80 s a mark when each row was measured again for each parent that changed.
    assert time.perf_counter() - start < 5
