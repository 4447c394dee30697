"""Steps that tests of the window share, done as a person does them."""

from pathlib import Path

from exportdesk.core.recipe.model import Recipe
from exportdesk.gui.app import Workbench
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot


def recipe_of(workbench: Workbench) -> Recipe:
    assert workbench.session.document is not None
    return workbench.session.document.recipe


def trigger(workbench: Workbench, name: str) -> None:
    action = workbench.window.action_table[name]
    assert action.isEnabled(), name
    action.trigger()


def open_loaded(workbench: Workbench, path: Path, qtbot: QtBot) -> None:
    workbench.open(path)
    qtbot.waitUntil(lambda: workbench.session.inspection is not None and workbench.session.job is None)


def export(workbench: Workbench, qtbot: QtBot) -> None:
    button = workbench.window.toolbar.widgetForAction(workbench.window.action_table["export"])
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: workbench.session.exported is not None and workbench.session.job is None)
