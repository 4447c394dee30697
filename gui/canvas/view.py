"""A graph to look at: the canvas with its search, its buttons and its menu. The window embeds this one widget."""

from collections.abc import Callable, Mapping
from pathlib import Path

from PySide6.QtCore import QPointF, QSignalBlocker, QStringListModel, Qt, Signal
from PySide6.QtGui import QAction, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QComboBox,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListView,
    QMenu,
    QSplitter,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from ...core.graph.diff import GraphDiff, merged
from ...core.graph.layout import Layout, LayoutEngine
from ...core.graph.model import Graph
from .appearance import appearance_of
from .canvas import NOTHING, GraphCanvas, text_of
from .colouring import Colouring, NodeScale
from .counterparts import item_of_module, nodes_of_line
from .layout_thread import LayoutThread
from .legend import LegendStrip
from .saving import save_picture
from .scene import Scene
from .search import search
from .spot import Spot


def _ask_for_file(parent: QWidget, title: str, name: str) -> str:
    chosen, _ = QFileDialog.getSaveFileName(parent, title, name)
    return chosen


class GraphView(QWidget):
    """Shows one graph, or the differences of two.

    Views are linked by what they tell and are told: ``spot_chosen`` tells what the user chose, :meth:`choose_node`,
    :meth:`choose_module` and :meth:`choose_line` choose from outside and tell nobody.
    """

    node_chosen = Signal(str)
    """Id of the node that the user chose; empty for none."""
    group_chosen = Signal(str)
    """Id of the group that the user chose."""
    spot_chosen = Signal(object)
    """A Spot: what the user chose, with its module and line; an empty one for nothing."""
    layout_shown = Signal()
    """The picture is there: after ``show_graph``, and each time that a group was opened or closed."""
    failed = Signal(str)
    """A picture could not be written; why, for people."""

    def __init__(
        self, parent: QWidget | None = None, ask_for_file: Callable[[QWidget, str, str], str] = _ask_for_file
    ) -> None:
        super().__init__(parent)
        self._ask_for_file = ask_for_file
        self._graph: Graph | None = None
        self._engine: LayoutEngine | None = None
        self._opened: frozenset[int] = frozenset()
        self._keep = NOTHING
        self._pending: Callable[[], object] | None = None
        self._states: list[str] | None = None
        self._places: dict[str, int] = {}
        self._hits: list[int] = []
        self._related: list[int] = []
        self._newer: Graph | None = None
        """The same graph with more known of it, not yet laid out."""
        self._scales: dict[str, tuple[NodeScale, str]] = {}
        """Name to numbers of nodes, and to a remark on what exactly they are."""
        self._labels: dict[str, dict[int, str]] = {}
        self._thread = LayoutThread(self)
        self._build()
        self._connect()
        self.clear()

    def _build(self) -> None:
        self.canvas = GraphCanvas()
        self.legend = LegendStrip()
        self._remark = ""
        self._search = QLineEdit()
        self._search.setPlaceholderText("Find an operation, module or shape")
        self._search.setClearButtonEnabled(True)
        self._search.setMinimumWidth(90)
        self._search.setAccessibleName("Find in the graph")
        self._count = QLabel()
        self._list_model = QStringListModel(self)
        self._list = QListView()
        self._list.setModel(self._list_model)
        self._list.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self._list.setUniformItemSizes(True)
        self._list.setAccessibleName("What was found")
        self._list.hide()
        self.colours = QComboBox()
        self.colours.setAccessibleName("Colour by")
        self.colours.setMinimumContentsLength(16)
        self.colours.setToolTip("What the colours of nodes stand for")
        self._actions = self._make_actions()
        row = QHBoxLayout()
        row.setContentsMargins(6, 4, 6, 4)
        row.addWidget(self._search, 1)
        row.addWidget(self._count)
        row.addWidget(self.colours)
        for name in ("open_all", "close_all", "fit"):
            button = QToolButton()
            button.setDefaultAction(self._actions[name])
            button.setAutoRaise(True)
            row.addWidget(button)
        split = QSplitter(Qt.Orientation.Horizontal)
        split.addWidget(self.canvas)
        split.addWidget(self._list)
        split.setStretchFactor(0, 1)
        split.setStretchFactor(1, 0)
        split.setSizes([700, 240])
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addLayout(row)
        layout.addWidget(split, 1)
        layout.addWidget(self.legend)

    def _make_actions(self) -> dict[str, QAction]:
        texts: dict[str, tuple[str, str, Callable[[], None]]] = {
            "open_all": ("Open All", "Open every group", self.open_all),
            "close_all": ("Close All", "Close every group", self.close_all),
            "fit": ("Fit", "Show the whole graph (F)", lambda: self.canvas.fit()),
            "copy": ("Copy as Text", "Copy all that is known of the chosen node", self.copy),
            "toggle": ("Open or Close", "Open or close the chosen group (Enter)", self._toggle_chosen),
            "svg": ("Save as SVG…", "Save the picture as it is opened now", lambda: self._save("svg")),
            "png": ("Save as PNG…", "Save the picture as it is opened now", lambda: self._save("png")),
        }
        actions = {}
        for name, (text, tip, slot) in texts.items():
            action = QAction(text, self)
            action.setToolTip(tip)
            action.triggered.connect(slot)
            actions[name] = action
        legend = QAction("Legend", self)
        legend.setCheckable(True)
        legend.setChecked(True)
        legend.toggled.connect(self._show_legend)
        return {**actions, "legend": legend}

    def _connect(self) -> None:
        self._thread.layout_made.connect(self._show_layout)
        self.canvas.item_chosen.connect(self._tell)
        self.canvas.toggle_wished.connect(self._toggle)
        self.canvas.menu_wished.connect(self._show_menu)
        self.canvas.legend_changed.connect(self._show_legend)
        self._search.textChanged.connect(self._find)
        self._search.returnPressed.connect(lambda: self._go_to_hit(0))
        self._list.clicked.connect(lambda index: self._go_to_hit(index.row()))
        self._list.activated.connect(lambda index: self._go_to_hit(index.row()))
        self.colours.currentTextChanged.connect(self._colour)
        copy = QShortcut(QKeySequence.StandardKey.Copy, self.canvas, self.copy)
        copy.setContext(Qt.ShortcutContext.WidgetShortcut)

    # What is shown

    @property
    def graph(self) -> Graph | None:
        """The graph that is shown; of a comparison, the second one with what the first had more."""
        return self._graph

    @property
    def opened(self) -> frozenset[int]:
        """Indices of the groups that are open."""
        return self._opened

    def show_graph(self, graph: Graph, layout: Layout | None = None) -> None:
        """Show a graph; the picture follows as soon as it is laid out, and at once where it was.

        The same nodes again, of which more is known by now, stay as they are opened and where they are.
        """
        shown = self._graph
        if shown is not None and self._engine is not None and self._states is None and shown.nodes.id == graph.nodes.id:
            self._newer = graph
            self._wish(self._opened, self._anchor(), self._pending)
            return
        self._show(graph, None)
        if layout is not None:
            self._thread.drop()
            self._show_layout(LayoutEngine(graph), layout)

    def show_difference(self, before: Graph, after: Graph, diff: GraphDiff) -> None:
        """Show the second of two graphs, with what was added, removed and changed."""
        self._show(*merged(before, after, diff))

    def show_message(self, text: str) -> None:
        """Show a text in place of a graph."""
        self._thread.drop()
        self._graph = self._engine = None
        self.legend.hide()
        self.canvas.show_message(text)
        self._enable()

    def clear(self) -> None:
        self.show_message("No graph yet. Export the model, or open a .pt or .mlpackage file.")

    def set_values(
        self, name: str, values: Mapping[str, float], text: Callable[[float], str], remark: str, *, adds_up: bool
    ) -> None:
        """Offer to colour nodes by numbers, such as ``error`` or ``time``; none takes the offer back.

        Args:
            values: node id to a number, larger is worse.
            text: a number with its unit.
            remark: what exactly the numbers are, said beside the colours.
            adds_up: whether a closed group has the sum of what is inside, and not the largest.
        """
        known = {self._places[node]: value for node, value in values.items() if node in self._places}
        self._scales.pop(name, None)
        if known:
            self._scales[name] = (NodeScale(values=known, adds_up=adds_up, text=text), remark)
        self._offer_colours()

    def set_labels(self, name: str, labels: Mapping[str, str]) -> None:
        """Offer to colour nodes by words, such as ``traced`` and ``scripted``; none takes the offer back.

        Args:
            labels: node id to its word.
        """
        known = {self._places[node]: label for node, label in labels.items() if node in self._places}
        self._labels = {key: value for key, value in self._labels.items() if key != name}
        if known:
            self._labels[name] = known
        self._offer_colours()

    def _show(self, graph: Graph, states: list[str] | None) -> None:
        self._graph, self._engine, self._states = graph, None, states
        self._opened, self._keep, self._pending = frozenset(), NOTHING, None
        self._related, self._newer = [], None
        self._places = {identity: index for index, identity in enumerate(graph.nodes.id)}
        self._scales, self._labels = {}, {}
        self.legend.hide()
        self.canvas.show_message(f"Laying out {len(graph.nodes):,} operations…")
        self._offer_colours()
        self._thread.wish(graph, None, None)
        self._enable()

    def _show_layout(self, engine: LayoutEngine, layout: Layout) -> None:
        is_first = self._engine is None
        self._engine, self._graph, self._newer = engine, engine.graph, None
        self._opened = frozenset(layout.opened.array.tolist())
        self.canvas.show_scene(Scene(engine, layout), keep=NOTHING if is_first else self._keep)
        pending, self._pending = self._pending, None
        if pending is not None:
            pending()
        self._find(self._search.text())
        self._enable()
        self.layout_shown.emit()

    def _enable(self) -> None:
        is_shown = self._engine is not None
        for widget in (self._search, self.colours):
            widget.setEnabled(is_shown)
        for action in self._actions.values():
            action.setEnabled(is_shown)

    # Groups

    def open_all(self) -> None:
        """Open every group."""
        if self._engine is not None:
            self._wish(self._engine.everything(), self._anchor())

    def close_all(self) -> None:
        """Close every group."""
        if self._engine is not None:
            self._wish(frozenset(), self._anchor())

    def _anchor(self) -> int:
        """Return an item at the top that is in sight, so that the picture stays about where it was."""
        scene = self.canvas.scene
        if scene is None:
            return NOTHING
        item = self.canvas.chosen
        if item == NOTHING:
            camera = self.canvas.camera
            item = scene.item_at(*camera.to_scene(self.canvas.width() / 2, self.canvas.height() / 2))
        if item == NOTHING:
            return int(scene.engine.hierarchy.children(-1)[0])
        while scene.engine.hierarchy.parent[item] >= 0:
            item = int(scene.engine.hierarchy.parent[item]) + scene.node_count
        return item

    def _toggle(self, item: int) -> None:
        if self._graph is None:
            return
        group = item - len(self._graph.nodes)
        self._wish(self._opened ^ {group}, item)

    def _toggle_chosen(self) -> None:
        scene, item = self.canvas.scene, self.canvas.chosen
        if scene is not None and item != NOTHING and (scene.is_box(item) or scene.is_closed(item)):
            self._toggle(item)

    def _wish(self, opened: frozenset[int], keep: int, then: Callable[[], object] | None = None) -> None:
        assert self._graph is not None
        self._keep, self._pending = keep, then
        if self._newer is not None:
            self._thread.wish(self._newer, None, opened)
        else:
            self._thread.wish(self._graph, self._engine, opened)

    # Choosing

    def choose_node(self, node_id: str) -> bool:
        """Choose a node from outside, opening the groups around it; returns whether the graph has it."""
        return self._choose(lambda graph: self._places.get(node_id, NOTHING))

    def choose_module(self, path: str) -> bool:
        """Choose the first box, or the first node, of a module."""
        return self._choose(lambda graph: item_of_module(graph, path))

    def choose_line(self, file: str, line: int, module: str | None = None, operation: str = "") -> bool:
        """Choose a node that a line of source became, the one that does the same operation first; frame the others."""

        def find(graph: Graph) -> int:
            found = nodes_of_line(graph, file, line, module, operation)
            self._related = found[1:]
            return found[0] if found else NOTHING

        return self._choose(find)

    def _choose(self, find: Callable[[Graph], int]) -> bool:
        graph = self._graph
        self._related = []
        item = NOTHING if graph is None else find(graph)
        if item == NOTHING:
            return False
        if self._engine is None:
            # The layout may bring boxes of its own, so that items are counted anew.
            self._pending = lambda: self._choose(find)
        else:
            self._reveal(item)
            self._frame()
        return True

    def _reveal(self, item: int) -> None:
        """Choose an item; what is hidden in closed groups is opened first."""
        if self._engine is None or self._graph is None:
            return
        nodes, hierarchy = len(self._graph.nodes), self._engine.hierarchy
        around: set[int] = set()
        outer = int(hierarchy.parent[item])
        shown = item
        while outer >= 0:
            if self._engine.is_solid(outer):
                shown = nodes + outer
            else:
                around.add(outer)
            outer = hierarchy.group_parent[outer]
        if around <= self._opened:
            self.canvas.choose(shown)
        else:
            self._wish(self._opened | around, self._anchor(), lambda: self.canvas.choose(shown))

    def _tell(self, item: int) -> None:
        if self._related:
            self._related = []
            self._frame()
        graph, scene = self._graph, self.canvas.scene
        if graph is None or scene is None or item == NOTHING:
            self.node_chosen.emit("")
            self.spot_chosen.emit(Spot())
            return
        node, nodes, groups = scene.node_of(item), graph.nodes, graph.groups
        if node >= 0:
            self.node_chosen.emit(nodes.id[node])
            operation = nodes.op[node]
            self.spot_chosen.emit(
                Spot(nodes.id[node], nodes.module[node], nodes.file[node], nodes.line[node], operation)
            )
            return
        group = item - scene.node_count
        self.group_chosen.emit(groups.id[group])
        self.spot_chosen.emit(Spot("", groups.module[group], groups.file[group], groups.line[group]))

    # Search

    def focus_search(self) -> None:
        """Put the cursor into the search field."""
        self._search.setFocus()
        self._search.selectAll()

    def _find(self, text: str) -> None:
        graph, engine = self._graph, self._engine
        if graph is None or engine is None:
            return
        self._hits = search(graph, text)
        self._list.setVisible(bool(text.strip()))
        self._count.setText(f"{len(self._hits):,} found" if text.strip() else "")
        self._list_model.setStringList([self._line_of(item) for item in self._hits])
        self._frame()

    def _frame(self) -> None:
        """Frame what was found, and what goes with what was chosen from outside."""
        scene = self.canvas.scene
        if scene is not None:
            items = [*self._hits, *self._related]
            seen = [scene.seen(item) if item < scene.node_count else item for item in items]
            self.canvas.show_hits([item for item in dict.fromkeys(seen) if scene.width[item] > 0])

    def _line_of(self, item: int) -> str:
        assert self._graph is not None
        nodes = self._graph.nodes
        if item < len(nodes):
            return "  ".join(part for part in (nodes.label[item], nodes.shape[item], nodes.module[item]) if part)
        return f"{self._graph.groups.label[item - len(nodes)]}  (group)"

    def _go_to_hit(self, row: int) -> None:
        if 0 <= row < len(self._hits):
            self._reveal(self._hits[row])
            self._tell(self._hits[row])

    # Colours

    def _offer_colours(self) -> None:
        names = [
            "Colour by kind",
            "Colour by module",
            *(f"Colour by {name}" for name in (*self._scales, *self._labels)),
        ]
        current = self.colours.currentText()
        with QSignalBlocker(self.colours):
            self.colours.clear()
            self.colours.addItems(names)
            if current in names:
                self.colours.setCurrentText(current)
        self._colour(self.colours.currentText())

    def _colour(self, text: str) -> None:
        name = text.removeprefix("Colour by ")
        scale, self._remark = self._scales.get(name, (None, ""))
        labels = self._labels.get(name)
        self.canvas.colour_by(Colouring(what=name, scale=scale, labels=labels, states=self._states))

    def _show_legend(self) -> None:
        remark = "" if self._states is not None else self._remark
        self.legend.show_rows(self.canvas.legend, remark, appearance_of(self.palette()))
        self.legend.setVisible(self._actions["legend"].isChecked() and self._engine is not None)

    # Menu, copies and pictures

    def copy(self) -> None:
        """Copy what is known of the chosen item as text."""
        scene = self.canvas.scene
        if scene is not None and self.canvas.chosen != NOTHING:
            QGuiApplication.clipboard().setText(text_of(scene, self.canvas.chosen))

    def _show_menu(self, item: int, where: QPointF) -> None:
        scene = self.canvas.scene
        if scene is None:
            return
        menu = QMenu(self)
        if item != NOTHING:
            is_group = scene.is_box(item) or scene.is_closed(item)
            self._actions["toggle"].setText("Close Group" if scene.is_box(item) else "Open Group")
            self._actions["toggle"].setEnabled(is_group)
            menu.addActions([self._actions["toggle"], self._actions["copy"]])
            menu.addSeparator()
        menu.addActions([self._actions[name] for name in ("open_all", "close_all", "fit", "legend")])
        menu.addSeparator()
        menu.addActions([self._actions["svg"], self._actions["png"]])
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.popup(where.toPoint())

    def _save(self, kind: str) -> None:
        if self._graph is None:
            return
        name = self._ask_for_file(self, "Save the graph", f"{Path(self._graph.title).stem or 'graph'}.{kind}")
        if name:
            self.save_picture(Path(name))

    def save_picture(self, path: Path) -> bool:
        """Write the picture, as it is opened now, as SVG or PNG by the ending; tells ``failed`` where that fails."""
        scene = self.canvas.scene
        if scene is None:
            return False
        problem = save_picture(path, scene, appearance_of(self.palette()).colours, self._states)
        if problem:
            self.failed.emit(problem)
        return not problem
