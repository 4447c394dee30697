"""What is selected in one view is selected in all: module tree, source, TorchScript, Core ML, problems. By real clicks."""

import warnings
from pathlib import Path
from typing import Any

import pytest
import torch
from exportdesk.core.diagnostics import Diagnostic, Severity
from exportdesk.core.events import DiagnosticFound, JobCancelled
from exportdesk.gui.app import Workbench
from exportdesk.gui.canvas.view import GraphView
from exportdesk.gui.engine_thread import worker_client
from exportdesk.gui.panels.graph_page import GraphPage
from exportdesk.gui.state.happenings import JobSubmitted
from exportdesk.resources import examples
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtWidgets import QDockWidget, QTreeView, QWidget
from pytestqt.qtbot import QtBot
from test_examples_both_ways import export_by_clicks, wait_for_quiet

NUMBER = next(number for number, example in enumerate(examples()) if example.name == "control_flow_net_2")


@pytest.fixture
def bench(make_workbench: Any, qtbot: QtBot, tmp_path: Path) -> Workbench:
    """The window with ControlFlowNet2 exported, and both graphs drawn."""
    made: Workbench = make_workbench(worker_client)
    made.window.resize(1500, 950)
    export_by_clicks(made, qtbot, NUMBER, tmp_path / "out")
    space = made.workspace
    space.coreml_tab.tabs.setCurrentWidget(space.coreml_tab.graph)
    for tab, page in ((0, space.torchscript_tab.graph), (1, space.coreml_tab.graph)):
        made.window.tabs.setCurrentIndex(tab)
        qtbot.waitUntil(lambda page=page: page.is_drawn, timeout=60_000)
    return made


def graph_view(bench: Workbench, page: GraphPage) -> GraphView:
    """Bring a graph to the front, all of it in sight."""
    tab = 0 if page is bench.workspace.torchscript_tab.graph else 1
    bench.window.tabs.setCurrentIndex(tab)
    view = page.view()
    view.canvas.fit()
    return view


def click_node(qtbot: QtBot, view: GraphView, operation: str) -> None:
    assert view.graph is not None
    scene = view.canvas.scene
    assert scene is not None
    area = scene.area_of(scene.seen(list(view.graph.nodes.op).index(operation)))
    x, y = view.canvas.camera.to_window((area.left + area.right) / 2, (area.top + area.bottom) / 2)
    qtbot.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=QPointF(x, y).toPoint())


def bring_to_front(widget: QWidget) -> None:
    """Show the panel that a widget is in, as a click on its tab would."""
    dock = widget.parentWidget()
    while not isinstance(dock, QDockWidget):
        assert dock is not None
        dock = dock.parentWidget()
    dock.show()
    dock.raise_()


def row_text(table: QTreeView, row: int) -> str:
    model = table.model()
    return " ".join(str(model.index(row, column).data()) for column in range(model.columnCount()))


def chosen_operation(bench: Workbench, page: GraphPage) -> str:
    """Bring a graph to the front; return what is chosen there."""
    view = graph_view(bench, page)
    scene, item = view.canvas.scene, view.canvas.chosen
    assert scene is not None
    assert view.graph is not None
    if item < 0:
        return ""
    node = scene.node_of(item)
    return view.graph.nodes.op[node] if node >= 0 else view.graph.groups.module[item - scene.node_count]


def test_that_a_choice_in_any_view_is_seen_in_all_the_others(bench: Workbench, qtbot: QtBot) -> None:
    space = bench.workspace
    torchscript, coreml = space.torchscript_tab.graph, space.coreml_tab.graph

    # An operation of TorchScript: its module, its line, its operation in Core ML.
    click_node(qtbot, graph_view(bench, torchscript), "aten::mean")
    assert chosen_operation(bench, coreml) == "reduce_mean"
    assert bench.session.selection.module == ""
    assert "torch.mean" in space.source.view.textCursor().block().text()
    click_node(qtbot, graph_view(bench, torchscript), "aten::_convolution")
    assert chosen_operation(bench, coreml) == "conv"
    assert bench.session.selection.module == "loop_body.conv"
    assert space.tree.tree.currentIndex().siblingAtColumn(0).data() == "conv"

    # An operation of Core ML: the same, the other way.
    click_node(qtbot, graph_view(bench, coreml), "less")
    assert chosen_operation(bench, torchscript) == "aten::lt"
    assert "torch.mean" in space.source.view.textCursor().block().text()
    click_node(qtbot, graph_view(bench, coreml), "relu")
    assert chosen_operation(bench, torchscript) == "aten::relu"
    assert space.tree.tree.currentIndex().siblingAtColumn(0).data() == "loop_body"

    # A module of the tree.
    tree = space.tree.tree
    index = tree.model().index(0, 0, tree.model().index(0, 0))
    qtbot.mouseClick(tree.viewport(), Qt.MouseButton.LeftButton, pos=tree.visualRect(index).center())
    assert bench.session.selection.module == "loop_body"
    assert chosen_operation(bench, torchscript) == "loop_body"
    assert chosen_operation(bench, coreml) in ("loop_body", "loop_body.conv")

    # A line of source: the one with the mean.
    code = space.source.view
    block = next(
        block
        for number in range(code.blockCount())
        if "torch.mean" in (block := code.document().findBlockByNumber(number)).text()
    )
    code.centerCursor()
    place = code.blockBoundingGeometry(block).translated(code.contentOffset()).center()
    qtbot.mouseClick(code.viewport(), Qt.MouseButton.LeftButton, pos=QPoint(60, round(place.y())))
    assert bench.session.selection.line == block.blockNumber() + 1
    assert chosen_operation(bench, torchscript) == "aten::mean"
    assert chosen_operation(bench, coreml) == "reduce_mean"

    # A problem, clicked in the list: at the line of the loop's body.
    file = bench.session.selection.file
    problem = Diagnostic(
        code="test.line", severity=Severity.WARNING, message="Look here.", module="loop_body", file=file, line=20
    )
    document = bench.session.document
    assert document is not None
    bench.tell(JobSubmitted(job=999, kind="graph", recipe=document.recipe, at_s=0.0))
    bench.tell(DiagnosticFound(job=999, diagnostic=problem))
    bench.tell(JobCancelled(job=999))
    table = space.problems.table
    bring_to_front(table)
    row = next(row for row in range(table.model().rowCount()) if "Look here." in row_text(table, row))
    place = table.visualRect(table.model().index(row, 0)).center()
    qtbot.mouseClick(table.viewport(), Qt.MouseButton.LeftButton, pos=place)
    assert bench.session.selection.line == 20
    assert chosen_operation(bench, torchscript) in ("aten::_convolution", "aten::relu")
    assert chosen_operation(bench, coreml) in ("conv", "relu")

    # Colours: of what module, how large, how compiled.
    view = graph_view(bench, coreml)
    offered = [view.colours.itemText(number) for number in range(view.colours.count())]
    # Errors are offered where the recipe asks for them, layer by layer; see tests/gui/state.
    assert [text.removeprefix("Colour by ") for text in offered] == ["kind", "module", "memory", "trace or script"]
    seen = set()
    for text in offered:
        view.colours.setCurrentText(text)
        image = view.canvas.grab().toImage()
        seen.add(tuple(image.pixel(x, y) for x in range(0, image.width(), 7) for y in range(0, image.height(), 7)))
    assert len(seen) == len(offered), "each paints another picture"


def test_that_times_are_measured_and_shown_as_colours_and_where_an_operation_is_selected(
    bench: Workbench, qtbot: QtBot
) -> None:
    space, action = bench.workspace, bench.window.action_table["measure_times"]
    for page, operation in ((space.torchscript_tab.graph, "aten::_convolution"), (space.coreml_tab.graph, "conv")):
        view = graph_view(bench, page)
        assert action.isEnabled()
        action.trigger()
        assert bench.session.job is not None
        assert bench.session.job.kind == "times"
        wait_for_quiet(bench, qtbot)
        qtbot.waitUntil(lambda view=view: view.colours.currentText() == "Colour by time", timeout=10_000)
        qtbot.waitUntil(lambda page=page: page.is_drawn, timeout=60_000)
        assert view.legend.texts[0].endswith(("µs", "ms", " s"))
        assert "this machine's processor" in view.legend.texts[-1]
        click_node(qtbot, graph_view(bench, page), operation)
        assert "Time here" in space.selected.text.toPlainText()
    shown = bench.session.shown
    assert shown is not None
    for file, measured in shown.times.items():
        assert measured.inputs == "a sample of the bundle"
        assert sum(time.seconds for time in measured.times.values()) > 1e-6, file
        assert {time.turns for time in measured.times.values()} >= {1}


def test_that_a_file_of_the_disk_is_compared_with_what_is_on_show(
    bench: Workbench, qtbot: QtBot, desktop: Any, tmp_path: Path
) -> None:
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 3, 3, padding=1), torch.nn.Tanh())
    desktop.chosen = tmp_path / "other.pt"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.jit.save(torch.jit.trace(net, torch.ones(1, 3, 64, 64)), str(desktop.chosen))
    bench.window.activateWindow()
    qtbot.keyClick(bench.window, Qt.Key.Key_F, Qt.KeyboardModifier.ControlModifier | Qt.KeyboardModifier.AltModifier)
    wait_for_quiet(bench, qtbot)
    comparison = bench.session.comparison
    assert comparison is not None
    assert comparison.after.title == "other.pt"
    tab = bench.workspace.comparison_tab
    assert bench.window.tabs.currentWidget() is tab
    qtbot.waitUntil(lambda: any("tanh" in str(row) for row in tab.model.rows), timeout=60_000)


def test_that_torchscript_and_core_ml_are_compared_in_a_picture_and_a_list(bench: Workbench, qtbot: QtBot) -> None:
    tab = bench.workspace.comparison_tab
    bench.window.action_table["compare_kinds"].trigger()
    qtbot.waitUntil(lambda: bool(tab.split.count()) and bool(tab.model.rows), timeout=60_000)
    assert bench.window.tabs.currentWidget() is tab
    assert {row.sign for row in tab.model.rows} >= {"+"}
    qtbot.waitUntil(lambda: tab.view.canvas.scene is not None, timeout=60_000)
    number = next(number for number, row in enumerate(tab.model.rows) if row.sign == "+")
    place = tab.list.visualRect(tab.model.index(number, 1)).center()
    qtbot.mouseClick(tab.list.viewport(), Qt.MouseButton.LeftButton, pos=place)
    qtbot.waitUntil(lambda: tab.view.canvas.chosen >= 0)
    bench.window.action_table["export"].trigger()
    qtbot.waitUntil(lambda: bench.session.job is None and bool(bench.session.earlier_graphs), timeout=120_000)
    qtbot.waitUntil(lambda: bench.window.action_table["compare_earlier"].isEnabled(), timeout=120_000)
    bench.window.action_table["compare_earlier"].trigger()
    qtbot.waitUntil(lambda: "0 only in the first" in tab.words.text(), timeout=60_000)
    assert tab.model.rows == ()
