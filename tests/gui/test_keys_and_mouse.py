"""What any window owes its user: keys that are unique and reach everything, a wheel that only scrolls, copying."""

from collections import Counter, defaultdict
from collections.abc import Callable
from pathlib import Path

import pytest
from exportdesk.core.recipe.model import Model, Recipe
from exportdesk.core.results import CompressionReport, CompressionTrial
from exportdesk.gui.app import Workbench
from exportdesk.gui.models.problems import CODE, MESSAGE
from exportdesk.gui.panels.flat_table import FlatTable
from exportdesk.gui.state.what_if import summary
from PySide6.QtCore import QEvent, QPoint, QPointF, Qt
from PySide6.QtGui import QAction, QGuiApplication, QHelpEvent, QKeySequence, QShortcut, QWheelEvent
from PySide6.QtWidgets import QApplication, QTabBar, QToolTip, QWidget
from pytestqt.qtbot import QtBot
from window_fakes import FakeClient
from window_steps import export, open_loaded, trigger

_WITHIN_A_WIDGET = (Qt.ShortcutContext.WidgetShortcut, Qt.ShortcutContext.WidgetWithChildrenShortcut)


def test_that_no_key_means_two_things_in_one_place(workbench: Workbench, model_file: Path, qtbot: QtBot) -> None:
    open_loaded(workbench, model_file, qtbot)
    export(workbench, qtbot)
    meanings: Counter[tuple[str, object]] = Counter()
    for action in set(workbench.window.findChildren(QAction)):
        place = action.parent() if action.shortcutContext() in _WITHIN_A_WIDGET else None
        meanings.update((key.toString(), place) for key in action.shortcuts())
    for shortcut in workbench.window.findChildren(QShortcut):
        place = shortcut.parent() if shortcut.context() in _WITHIN_A_WIDGET else None
        meanings.update([(shortcut.key().toString(), place)])
    assert [key for key, count in meanings.items() if count > 1] == []


def test_that_each_entry_of_a_menu_has_a_letter_of_its_own(workbench: Workbench) -> None:
    for title, menu in workbench.window.action_table.menus.items():
        letters = defaultdict(list)
        for action in menu.actions():
            if not action.isSeparator():
                letters[QKeySequence.mnemonic(action.text()).toString()].append(action.text())
        assert "" not in letters, title
        assert [texts for texts in letters.values() if len(texts) > 1] == [], title


def test_that_ctrl_f_finds_in_what_is_in_sight(workbench: Workbench, model_file: Path, qtbot: QtBot) -> None:
    open_loaded(workbench, model_file, qtbot)
    export(workbench, qtbot)
    workbench.window.activateWindow()
    space = workbench.workspace
    space.torchscript_tab.tabs.setCurrentWidget(space.torchscript_tab.pages["code"])
    space.tree.tree.setFocus()
    qtbot.keyClick(space.tree.tree, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(space.torchscript_tab.pages["code"].search.hasFocus)


def test_that_tab_goes_through_a_form_from_top_to_bottom_and_stops_only_where_it_is_seen(
    workbench: Workbench, model_file: Path, qtbot: QtBot
) -> None:
    open_loaded(workbench, model_file, qtbot)
    workbench.window.activateWindow()
    for dock in ("setup", "checks", "coreml"):
        workbench.window.reveal_dock(dock)
    form = workbench.workspace.coreml_options.form
    qtbot.waitUntil(form.input("coreml.precision").isVisible)
    heights: list[int] = []
    start: QWidget = workbench.workspace.tree.filter
    start.setFocus()
    qtbot.waitUntil(start.hasFocus)
    while True:
        qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Tab)
        widget = QApplication.focusWidget()
        if widget is start:
            break
        if form.isAncestorOf(widget):
            heights.append(widget.mapTo(form._content, QPoint()).y())
    assert len(heights) > 8
    assert heights == sorted(heights)


def test_that_the_wheel_scrolls_a_form_and_changes_nothing_in_it(
    workbench: Workbench, model_file: Path, qtbot: QtBot
) -> None:
    open_loaded(workbench, model_file, qtbot)
    space = workbench.workspace
    workbench.window.reveal_dock("checks")
    before = workbench.session.document
    fields = [
        space.choosers.device,
        space.coreml_options.form.input("coreml.precision"),
        space.run_options.form.input("checks.probes"),
    ]
    for field in fields:
        middle = QPointF(field.rect().center())
        down = QPoint(0, -120)
        turned = QWheelEvent(
            middle,
            field.mapToGlobal(middle),
            down,
            down,
            Qt.MouseButton.NoButton,
            Qt.KeyboardModifier.NoModifier,
            Qt.ScrollPhase.NoScrollPhase,
            False,
        )
        QApplication.sendEvent(field, turned)
    assert workbench.session.document == before
    assert workbench.undo.count() == 0


def test_that_rows_of_a_table_are_copied_as_text(workbench: Workbench, model_file: Path, qtbot: QtBot) -> None:
    open_loaded(workbench, model_file, qtbot)
    export(workbench, qtbot)
    workbench.window.activateWindow()
    workbench.window.reveal_dock("problems")
    table = workbench.workspace.problems.table
    table.setFocus()
    qtbot.waitUntil(table.hasFocus)
    table.setCurrentIndex(table.model().index(0, 0))
    qtbot.keyClick(table, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    copied = QGuiApplication.clipboard().text()
    assert copied.startswith("warning\tA branch depends on the values of a tensor.\tbody\tmodel.py:7")
    tree = workbench.workspace.tree.tree
    tree.setFocus()
    qtbot.waitUntil(tree.hasFocus)
    qtbot.keyClick(tree, Qt.Key.Key_C, Qt.KeyboardModifier.ControlModifier)
    assert QGuiApplication.clipboard().text() == "body"


def test_that_a_narrow_table_gives_up_its_least_column_and_tells_what_is_cut_off(
    workbench: Workbench, model_file: Path, qtbot: QtBot
) -> None:
    open_loaded(workbench, model_file, qtbot)
    export(workbench, qtbot)
    table = workbench.workspace.problems.table
    qtbot.waitUntil(table.isVisible)
    table.resize(900, 120)
    assert not table.isColumnHidden(CODE)
    table.resize(330, 120)
    assert table.isColumnHidden(CODE)
    index = table.model().index(0, MESSAGE)
    place = table.visualRect(index).center()
    QApplication.sendEvent(table.viewport(), QHelpEvent(QEvent.Type.ToolTip, place, table.mapToGlobal(place)))
    assert "A branch depends" in QToolTip.text()
    QToolTip.hideText()


@pytest.mark.parametrize(("size", "unit"), [(8_900, "kB"), (8_900_000, "MB")])
def test_that_the_picture_of_sizes_names_the_unit_of_its_numbers(qtbot: QtBot, size: int, unit: str) -> None:
    from exportdesk.gui.panels.what_if_picture import WhatIfPicture

    picture = WhatIfPicture()
    qtbot.addWidget(picture)
    picture.resize(400, 300)
    picture.show()
    picture.show_report(_report(size), None)
    qtbot.waitUntil(lambda: f"({unit})" in picture.getAxis("bottom").label.toPlainText())


def test_that_choices_that_compress_nothing_are_not_praised() -> None:
    assert "could be compressed" in summary(_report(8_900))


def _report(size: int) -> CompressionReport:
    trial = CompressionTrial(label="as it is", steps=(), size_bytes=size, psnr_db=74.0, is_good=True)
    recipe = Recipe(model=Model(file="model.py"))
    return CompressionReport(bundle="/", trials=(trial,), limit_db=20.0, samples=2, smallest_good="", recipe=recipe)


def test_that_every_table_of_rows_is_one_of_ours(workbench: Workbench) -> None:
    names = {table.accessibleName() for table in workbench.window.findChildren(FlatTable)}
    assert {"Problems", "Past exports", "Checks", "What the file offers", "Choices of compression"} <= names


def test_that_panels_that_were_closed_stay_closed_at_the_next_start_and_leave_no_tabs(
    make_workbench: Callable[..., Workbench], model_file: Path, qtbot: QtBot
) -> None:
    def tabs(workbench: Workbench) -> set[str]:
        only_ours = Qt.FindChildOption.FindDirectChildrenOnly
        bars = [bar for bar in workbench.window.findChildren(QTabBar, options=only_ours) if bar.isVisible()]
        return {bar.tabText(number) for bar in bars for number in range(bar.count())}

    first = make_workbench(FakeClient)
    open_loaded(first, model_file, qtbot)
    qtbot.waitUntil(lambda: {"Log", "Tracing", "History"} <= tabs(first))
    for name in ("log", "checks"):
        first.window.docks[name].close()
    first.window.resizeDocks([first.window.docks["model"]], [460], Qt.Orientation.Horizontal)
    qtbot.waitUntil(lambda: first.window.docks["model"].width() == 460)
    first.quit()
    second = make_workbench(FakeClient)
    open_loaded(second, model_file, qtbot)
    qtbot.waitUntil(lambda: "Problems" in tabs(second))
    assert tabs(second) & {"Log", "Tracing"} == set()
    assert second.window.docks["log"].isHidden()
    qtbot.waitUntil(lambda: second.window.docks["model"].width() == 460)
    trigger(second, "restore_layout")
    qtbot.waitUntil(lambda: {"Log", "Tracing"} <= tabs(second))
