"""The graph on screen: shown, searched, walked along its edges, opened, linked and saved."""

import sys
from pathlib import Path

import pytest
from exportdesk.core.graph.builder import GraphBuilder
from exportdesk.core.graph.diff import diff_graphs
from exportdesk.core.graph.model import GroupKind, NodeKind
from exportdesk.gui.canvas.camera import Camera
from exportdesk.gui.canvas.canvas import NOTHING, text_of
from exportdesk.gui.canvas.spot import Spot
from exportdesk.gui.canvas.view import GraphView
from PySide6.QtCore import QPoint, QPointF, Qt
from PySide6.QtGui import QGuiApplication, QWheelEvent

sys.path.insert(0, str(Path(__file__).parents[2] / "core" / "graph"))
from graph_shapes import transformer


def small_graph(*, with_tanh: bool = False):
    builder = GraphBuilder("torchscript", "small.pt")
    x = builder.add_node("input:x", "input", "x", kind=NodeKind.INPUT, shape="1×3×8×8", outputs=("x",))
    box = builder.add_group("body", "body · Body", kind=GroupKind.MODULE, module="body", file="/m.py", line=9)
    conv = builder.add_node("body/1", "aten::conv2d", "conv2d 3→3 k3", module="body", file="/m.py", line=4, group=box)
    relu = builder.add_node("body/2", "aten::relu", "relu", module="body", file="/m.py", line=5, group=box)
    end = builder.add_node("output:output", "output", "output", kind=NodeKind.OUTPUT)
    last = relu
    builder.add_edge(x, conv)
    builder.add_edge(conv, relu)
    if with_tanh:
        last = builder.add_node("tanh", "aten::tanh", "tanh")
        builder.add_edge(relu, last)
    builder.add_edge(last, end)
    return builder.finish()


@pytest.fixture
def view(qtbot):
    view = GraphView()
    qtbot.addWidget(view)
    view.resize(900, 700)
    view.show()
    return view


def show(qtbot, view, graph):
    with qtbot.waitSignal(view.layout_shown, timeout=20_000):
        view.show_graph(graph)


def middle_of(view, item):
    area = view.canvas.scene.area_of(item)
    x, y = view.canvas.camera.to_window((area.left + area.right) / 2, (area.top + area.bottom) / 2)
    return QPoint(round(x), round(y))


def item_called(view, label):
    graph, scene = view.graph, view.canvas.scene
    return scene.seen(list(graph.nodes.label).index(label))


def test_that_a_click_tells_node_module_and_line(qtbot, view):
    show(qtbot, view, small_graph())
    told = []
    view.node_chosen.connect(told.append)
    view.spot_chosen.connect(told.append)
    qtbot.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=middle_of(view, item_called(view, "relu")))
    assert told == ["body/2", Spot("body/2", "body", "/m.py", 5, "aten::relu")]


def test_that_a_click_on_the_ground_chooses_nothing(qtbot, view):
    show(qtbot, view, small_graph())
    with qtbot.waitSignal(view.node_chosen) as told:
        qtbot.mouseClick(view.canvas, Qt.MouseButton.LeftButton, pos=QPoint(5, 5))
    assert told.args == [""]


def test_that_a_double_click_on_a_box_closes_it_and_it_stays_in_its_place(qtbot, view):
    show(qtbot, view, small_graph())
    scene = view.canvas.scene
    box = int(scene.boxes[0])
    corner = view.canvas.camera.to_window(scene.left[box], scene.top[box])
    with qtbot.waitSignal(view.layout_shown):
        qtbot.mouseDClick(
            view.canvas, Qt.MouseButton.LeftButton, pos=QPoint(round(corner[0] + 5), round(corner[1] + 5))
        )
    scene = view.canvas.scene
    assert scene.is_closed(box)
    assert view.canvas.camera.to_window(scene.left[box], scene.top[box]) == pytest.approx(corner)


def test_that_arrow_keys_follow_edges_and_enter_opens(qtbot, view):
    show(qtbot, view, small_graph())
    view.canvas.choose(item_called(view, "x"))
    labels = []
    view.node_chosen.connect(labels.append)
    for _ in range(3):
        qtbot.keyClick(view.canvas, Qt.Key.Key_Down)
    qtbot.keyClick(view.canvas, Qt.Key.Key_Up)
    assert labels == ["body/1", "body/2", "output:output", "body/2"]
    with qtbot.waitSignal(view.layout_shown):
        qtbot.keyClick(view.canvas, Qt.Key.Key_Return)
    assert view.opened == frozenset()


def test_that_the_wheel_zooms_at_the_pointer(qtbot, view):
    show(qtbot, view, small_graph())
    at = QPointF(200, 150)
    before = view.canvas.camera.to_scene(at.x(), at.y())
    event = QWheelEvent(
        at, view.canvas.mapToGlobal(at), QPoint(), QPoint(0, 240), Qt.MouseButton.NoButton,
        Qt.KeyboardModifier.NoModifier, Qt.ScrollPhase.NoScrollPhase, False,
    )  # fmt: skip
    scale = view.canvas.camera.scale
    QGuiApplication.sendEvent(view.canvas, event)
    assert view.canvas.camera.scale == pytest.approx(scale * 1.44)
    assert view.canvas.camera.to_scene(at.x(), at.y()) == pytest.approx(before)


def test_that_search_finds_by_shape_and_opens_what_hides_a_hit(qtbot, view):
    show(qtbot, view, small_graph())
    with qtbot.waitSignal(view.layout_shown):
        view.close_all()
    view._search.setText("3x8x8")
    assert view._count.text() == "1 found"
    view._search.setText("conv2d")
    with qtbot.waitSignal(view.layout_shown), qtbot.waitSignal(view.node_chosen) as told:
        qtbot.keyClick(view._search, Qt.Key.Key_Return)
    assert told.args == ["body/1"]
    assert view.canvas.chosen == item_called(view, "conv2d 3→3 k3")


def test_that_choosing_from_outside_tells_nobody(qtbot, view):
    show(qtbot, view, small_graph())
    told = []
    view.node_chosen.connect(told.append)
    assert view.choose_node("body/2")
    assert view.canvas.chosen == item_called(view, "relu")
    assert view.choose_line("/m.py", 4)
    assert view.canvas.chosen == item_called(view, "conv2d 3→3 k3")
    assert view.choose_module("body")
    assert view.canvas.scene.is_box(view.canvas.chosen)
    assert not view.choose_node("nothere")
    assert told == []


def test_that_a_choice_made_before_the_picture_is_there_is_kept(qtbot, view):
    with qtbot.waitSignal(view.layout_shown):
        view.show_graph(small_graph())
        view.choose_node("body/2")
    assert view.canvas.chosen == item_called(view, "relu")


def test_that_a_comparison_marks_what_was_added(qtbot, view):
    before, after = small_graph(), small_graph(with_tanh=True)
    with qtbot.waitSignal(view.layout_shown):
        view.show_difference(before, after, diff_graphs(before, after))
    assert view.canvas._painter.marks == {item_called(view, "tanh"): "+"}


def test_that_pictures_are_written_and_a_failure_is_told(qtbot, view, tmp_path):
    show(qtbot, view, small_graph())
    for name in ("g.svg", "g.png"):
        assert view.save_picture(tmp_path / name)
        assert (tmp_path / name).stat().st_size > 500
    (tmp_path / "file").write_text("")
    with qtbot.waitSignal(view.failed):
        assert not view.save_picture(tmp_path / "file" / "g.svg")


def test_that_a_node_is_copied_as_text(qtbot, view):
    show(qtbot, view, small_graph())
    view.canvas.choose(item_called(view, "relu"))
    view.copy()
    assert "operation: aten::relu" in QGuiApplication.clipboard().text()
    assert text_of(view.canvas.scene, view.canvas.chosen).endswith("/m.py:5")


def test_that_every_zoom_of_a_large_graph_can_be_painted(qtbot, view):
    show(qtbot, view, transformer(3000))
    with qtbot.waitSignal(view.layout_shown, timeout=20_000):
        view.open_all()
    scene = view.canvas.scene
    for scale in (2.0, 0.6, 0.3, 0.1, 0.02, 0.003):
        camera = Camera(scale=scale).centred_on(scene.area.right / 2, scene.area.bottom / 2, 900, 600)
        view.canvas.look(camera)
        picture = view.canvas.grab().toImage()
        colours = {picture.pixel(x, y) for x in range(0, picture.width(), 3) for y in range(0, picture.height(), 7)}
        assert len(colours) > 2, scale


def test_that_colours_can_stand_for_modules_and_for_values(qtbot, view):
    show(qtbot, view, small_graph())
    usual = view.canvas._painter.fills
    view.colours.setCurrentText("Colour by module")
    assert usual is None
    assert view.canvas._painter.fills is not None
    view.set_values("error", {"body/1": 2.0, "body/2": 1.0}, "{:.1f} off".format, "as measured", adds_up=False)
    view.colours.setCurrentText("Colour by error")
    scene, painter = view.canvas.scene, view.canvas._painter
    fills = dict(zip(scene.drawn.tolist(), painter.fills.tolist(), strict=True))
    assert len({fills[item_called(view, label)] for label in ("conv2d 3→3 k3", "relu", "x")}) == 3
    assert view.legend.texts == ["2.0 off", "1.0 off", "almost none", "not known", "as measured"]


def test_that_a_closed_group_has_the_sum_of_times_and_the_largest_of_errors(qtbot, view):
    show(qtbot, view, small_graph())
    values = {"body/1": 2.0, "body/2": 1.0}
    view.set_values("time", values, "{:.1f}".format, "", adds_up=True)
    view.set_values("error", values, "{:.1f}".format, "", adds_up=False)
    with qtbot.waitSignal(view.layout_shown, timeout=20_000):
        view.close_all()
    for name, largest in (("time", "3.0"), ("error", "2.0")):
        view.colours.setCurrentText(f"Colour by {name}")
        assert view.legend.texts[0] == largest


def test_that_the_legend_lies_beside_the_canvas_in_a_narrow_window_and_can_be_hidden(qtbot, view):
    show(qtbot, view, small_graph())
    view.set_values("time", {"body/1": 2.0}, "{:.1f} s".format, "a long remark " * 12, adds_up=True)
    view.colours.setCurrentText("Colour by time")
    heights = []
    for width in (1600, 420):
        view.resize(width, 500)
        qtbot.waitUntil(lambda: view.legend.width() == view.width())
        heights.append(view.legend.height())
        assert view.canvas.geometry().bottom() < view.legend.mapTo(view, QPoint(0, 0)).y() + 1
    assert heights[0] < heights[1] < 120
    view._actions["legend"].setChecked(False)
    assert not view.legend.isVisible()


def test_that_the_ground_is_dark_in_a_dark_palette(qtbot, view):
    from PySide6.QtGui import QColor, QPalette

    show(qtbot, view, small_graph())
    palette = view.palette()
    palette.setColor(QPalette.ColorRole.Base, QColor("#101010"))
    view.setPalette(palette)
    assert view.canvas.grab().toImage().pixelColor(3, 300).lightness() < 60


def test_that_a_new_graph_forgets_the_old_one(qtbot, view):
    show(qtbot, view, transformer(500))
    show(qtbot, view, small_graph())
    assert view.canvas.chosen == NOTHING
    assert len(view.canvas.scene.drawn) == 4
    view.clear()
    assert view.canvas.scene is None
    assert not view.choose_module("body")


def test_that_a_second_comparison_takes_the_place_of_one_of_other_size(qtbot, view):
    small, large = small_graph(), small_graph(with_tanh=True)
    for before, after in ((large, large), (small, large), (small, small)):
        with qtbot.waitSignal(view.layout_shown, timeout=20_000):
            view.show_difference(before, after, diff_graphs(before, after))
        assert view.legend.texts == ["+ added", "− removed", "~ changed", "the same"]
