"""The widget on which a graph is painted: zoom, pan, choose, open and close, by mouse and by keyboard."""

import sys

import numpy as np
from PySide6.QtCore import QEvent, QPointF, QRectF, QSize, Qt, Signal
from PySide6.QtGui import (
    QColor,
    QContextMenuEvent,
    QHelpEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QPen,
    QResizeEvent,
    QWheelEvent,
)
from PySide6.QtWidgets import QToolTip, QWidget

from .appearance import appearance_of
from .camera import Camera, first_look, fitted
from .colouring import Colouring, coloured
from .legend import Row
from .minimap import Minimap
from .painting import READABLE, SHAPELY, ScenePainter
from .scene import Area, Scene

NOTHING = -1
_STEPS = {
    Qt.Key.Key_Up: "producer",
    Qt.Key.Key_Down: "consumer",
    Qt.Key.Key_Left: "left",
    Qt.Key.Key_Right: "right",
}


class GraphCanvas(QWidget):
    """Paints one scene and turns gestures into wishes; it changes neither graph nor layout itself."""

    item_chosen = Signal(int)
    """The item that was chosen by the user, NOTHING where the ground was clicked."""
    toggle_wished = Signal(int)
    """A group that should be opened, or closed."""
    menu_wished = Signal(int, QPointF)
    """Item under the pointer, and where on the screen."""
    legend_changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setMouseTracking(True)
        self.setAttribute(Qt.WidgetAttribute.WA_OpaquePaintEvent)
        self.setAccessibleName("Graph")
        self.setAccessibleDescription(
            "Arrow keys follow the edges, Enter opens or closes a group, F shows everything, plus and minus zoom."
        )
        self._scene: Scene | None = None
        self._painter: ScenePainter | None = None
        self._camera = Camera()
        self._chosen = NOTHING
        self._hovered = NOTHING
        self._hits: list[int] = []
        self._pressed: QPointF | None = None
        self._is_panning = False
        self._minimap = Minimap()
        self._message = ""
        self.legend: list[Row] = []
        """What the colours mean, in the order in which it is to be told."""
        self._colouring = Colouring()

    # What is shown

    @property
    def scene(self) -> Scene | None:
        return self._scene

    @property
    def camera(self) -> Camera:
        return self._camera

    @property
    def chosen(self) -> int:
        return self._chosen

    def show_scene(self, scene: Scene, *, keep: int = NOTHING) -> None:
        """Show another layout of the graph, or another graph.

        Args:
            keep: item that stays where it is in the window; NOTHING to look at the graph as one that is new.
        """
        before = self._scene
        self._scene, self._message, self._hovered = scene, "", NOTHING
        self._prepare()
        if keep != NOTHING and before is not None:
            old_x, old_y = self._camera.to_window(float(before.left[keep]), float(before.top[keep]))
            scale = self._camera.scale
            self._camera = Camera(
                float(scene.left[keep]) - old_x / scale, float(scene.top[keep]) - old_y / scale, scale
            )
        else:
            self._chosen, self._hits = NOTHING, []
            self._camera = first_look(scene.area, self.width(), self.height())
        if self._chosen != NOTHING and not scene.width[self._chosen] > 0:
            self._chosen = NOTHING
        self.update()

    def show_message(self, text: str) -> None:
        """Show a text in place of a graph."""
        self._scene = self._painter = None
        self._message, self._chosen, self._hovered, self._hits = text, NOTHING, NOTHING, []
        self.update()

    def colour_by(self, colouring: Colouring) -> None:
        """Colour nodes by something else."""
        self._colouring = colouring
        self._prepare()
        self.update()

    def choose(self, item: int, *, is_shown: bool = True) -> None:
        """Choose an item without telling anyone, and scroll to it where it is out of sight."""
        self._chosen = item
        if item != NOTHING and is_shown and self._scene is not None:
            self._bring_into_view(item)
        self.update()

    def show_hits(self, items: list[int]) -> None:
        """Frame what a search found."""
        self._hits = items
        self.update()

    def fit(self) -> None:
        """Show everything."""
        if self._scene is not None:
            self._camera = fitted(self._scene.area, self.width(), self.height())
            self.update()

    def zoom(self, factor: float) -> None:
        """Zoom at the middle of the window."""
        self._camera = self._camera.zoomed(factor, self.width() / 2, self.height() / 2)
        self.update()

    def look(self, camera: Camera) -> None:
        """Move the camera; for tests and measurements too."""
        self._camera = camera
        self.update()

    # Colours

    def _prepare(self) -> None:
        scene = self._scene
        if scene is None:
            return
        appearance = appearance_of(self.palette())
        painter = self._painter = ScenePainter(scene, appearance)
        self._minimap.forget()
        found = coloured(scene, self._colouring, appearance)
        painter.marks, self.legend = found.marks, found.legend
        if found.pairs is not None:
            painter.fills = np.array([fill.rgba() for fill, _ in found.pairs], np.uint32)
            painter.strokes = np.array([stroke.rgba() for _, stroke in found.pairs], np.uint32)
        self.legend_changed.emit()

    def changeEvent(self, event: QEvent) -> None:
        super().changeEvent(event)
        if event.type() in (QEvent.Type.PaletteChange, QEvent.Type.FontChange):
            self._prepare()
            self.update()

    # Painting

    def sizeHint(self) -> QSize:
        return QSize(640, 480)

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        self.paint_on(painter)
        painter.end()

    def paint_on(self, painter: QPainter) -> None:
        appearance = appearance_of(self.palette())
        painter.fillRect(self.rect(), appearance.ground)
        scene, scene_painter = self._scene, self._painter
        if scene is None or scene_painter is None:
            painter.setPen(appearance.small_text)
            flags = Qt.AlignmentFlag.AlignCenter.value | Qt.TextFlag.TextWordWrap.value
            painter.drawText(QRectF(self.rect()).adjusted(20, 20, -20, -20), flags, self._message)
            return
        camera = self._camera
        painter.save()
        painter.scale(camera.scale, camera.scale)
        painter.translate(-camera.x, -camera.y)
        scene_painter.paint(painter, camera.area(self.width(), self.height()), camera.scale)
        self._paint_marks(painter, scene_painter, appearance.accent)
        painter.restore()
        self._minimap.paint(painter, self.rect(), scene_painter, camera)
        if self.hasFocus():
            painter.setPen(QPen(appearance.accent, 1))
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(self.rect().adjusted(0, 0, -1, -1))

    def _paint_marks(self, painter: QPainter, scene_painter: ScenePainter, accent: QColor) -> None:
        scale = self._camera.scale
        scene = scene_painter.scene
        hit = QColor(accent)
        hit.setAlpha(150)
        area = self._camera.area(self.width(), self.height()).grown(20 / scale)
        for item in self._hits[:5000]:
            here = scene.area_of(item)
            if here.right > area.left and here.left < area.right and here.bottom > area.top and here.top < area.bottom:
                scene_painter.paint_frame(painter, item, scale, hit, 2.0)
        for item, width in ((self._hovered, 1.6), (self._chosen, 2.6)):
            if item == NOTHING:
                continue
            if not scene.is_box(item):
                producers, consumers, pieces = scene.neighbours(item)
                if len(pieces) <= 4000:
                    scene_painter.paint_edges(painter, pieces, scale, accent)
                for other in [*producers, *consumers][:200]:
                    scene_painter.paint_frame(painter, other, scale, accent, 1.4)
            scene_painter.paint_frame(painter, item, scale, accent, width)

    # Mouse

    def wheelEvent(self, event: QWheelEvent) -> None:
        steps = event.angleDelta().y() / 120.0
        if event.modifiers() & Qt.KeyboardModifier.ShiftModifier:
            self._camera = self._camera.moved((event.angleDelta().x() or event.angleDelta().y()) / 2, 0)
        elif steps:
            at = event.position()
            self._camera = self._camera.zoomed(1.2**steps, at.x(), at.y())
        self.update()
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        self._pressed = event.position()
        self._is_panning = False
        target = self._minimap.target(event.position())
        if target is not None and event.button() == Qt.MouseButton.LeftButton:
            self._look_at(*target)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:
        at = event.position()
        if self._pressed is None:
            self._hover(at)
            return
        target = self._minimap.target(self._pressed)
        if target is not None:
            inside = self._minimap.target(at)
            if inside is not None:
                self._look_at(*inside)
            return
        moved = at - self._pressed
        if self._is_panning or moved.manhattanLength() > 5:
            if not self._is_panning:
                self._is_panning = True
                self.setCursor(Qt.CursorShape.ClosedHandCursor)
            self._camera = self._camera.moved(moved.x(), moved.y())
            self._pressed = at
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:
        was_panning, self._is_panning = self._is_panning, False
        pressed, self._pressed = self._pressed, None
        self.unsetCursor()
        if was_panning or pressed is None or self._minimap.target(pressed) is not None:
            return
        if event.button() == Qt.MouseButton.LeftButton:
            item = self._item_at(event.position())
            self._chosen = item
            self.item_chosen.emit(item)
            self.update()

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        item = self._item_at(event.position())
        if self._scene is not None and item != NOTHING and (self._scene.is_box(item) or self._scene.is_closed(item)):
            self.toggle_wished.emit(item)

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        by_key = event.reason() == QContextMenuEvent.Reason.Keyboard
        item = self._chosen if by_key else self._item_at(QPointF(event.pos()))
        if item != NOTHING and item != self._chosen:
            self._chosen = item
            self.item_chosen.emit(item)
            self.update()
        self.menu_wished.emit(item, QPointF(event.globalPos()))

    def leaveEvent(self, event: QEvent) -> None:
        if self._hovered != NOTHING:
            self._hovered = NOTHING
            self.update()

    def _hover(self, at: QPointF) -> None:
        item = NOTHING
        if self._scene is not None and self._minimap.target(at) is None:
            item = self._item_at(at)
            if item != NOTHING and self._scene.is_box(item):
                item = NOTHING
        if item != self._hovered:
            self._hovered = item
            self.setCursor(Qt.CursorShape.PointingHandCursor if item != NOTHING else Qt.CursorShape.ArrowCursor)
            self.update()

    def _item_at(self, at: QPointF) -> int:
        if self._scene is None:
            return NOTHING
        return self._scene.item_at(*self._camera.to_scene(at.x(), at.y()))

    def event(self, event: QEvent) -> bool:
        if event.type() == QEvent.Type.ToolTip and isinstance(event, QHelpEvent):
            item = self._item_at(QPointF(event.pos()))
            if item != NOTHING and self._scene is not None and not self._scene.is_box(item):
                QToolTip.showText(event.globalPos(), text_of(self._scene, item), self)
            else:
                QToolTip.hideText()
            return True
        return super().event(event)

    # Keyboard

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = Qt.Key(event.key())
        if key in _STEPS and self._scene is not None:
            self._step(_STEPS[key])
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space):
            self._toggle_chosen()
        elif key == Qt.Key.Key_Escape and self._chosen != NOTHING:
            self._chosen = NOTHING
            self.item_chosen.emit(NOTHING)
            self.update()
        elif key in (Qt.Key.Key_Plus, Qt.Key.Key_Equal):
            self.zoom(1.25)
        elif key == Qt.Key.Key_Minus:
            self.zoom(0.8)
        elif key == Qt.Key.Key_F:
            self.fit()
        else:
            super().keyPressEvent(event)

    def _toggle_chosen(self) -> None:
        scene, item = self._scene, self._chosen
        if scene is None or item == NOTHING:
            return
        if not (scene.is_box(item) or scene.is_closed(item)):
            # A node in a box closes that box: the way back from having opened it.
            outer = int(scene.engine.hierarchy.parent[item])
            if outer < 0:
                return
            item = outer + scene.node_count
        self.toggle_wished.emit(item)

    def _step(self, direction: str) -> None:
        scene = self._scene
        if scene is None or not len(scene.drawn):
            return
        found = int(scene.drawn[0]) if self._chosen == NOTHING else self._neighbour(scene, self._chosen, direction)
        if found != NOTHING:
            self._chosen = found
            self._bring_into_view(found)
            self.item_chosen.emit(found)
            self.update()

    def _neighbour(self, scene: Scene, item: int, direction: str) -> int:
        x, y = scene.left[item] + scene.width[item] / 2, scene.top[item] + scene.height[item] / 2
        if direction in ("producer", "consumer"):
            producers, consumers, _ = scene.neighbours(item)
            candidates = producers if direction == "producer" else consumers
        else:
            inside = scene.drawn_in(Area(-sys.float_info.max, y - 1, sys.float_info.max, y + 1))
            middles = {int(other): scene.left[other] + scene.width[other] / 2 for other in scene.drawn[inside]}
            candidates = [other for other, at in middles.items() if (at < x - 1 if direction == "left" else at > x + 1)]
        return min(candidates, key=lambda other: abs(scene.left[other] + scene.width[other] / 2 - x), default=NOTHING)

    # Camera

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        if self._scene is not None and not event.oldSize().isValid():
            self._camera = first_look(self._scene.area, self.width(), self.height())

    def _look_at(self, x: float, y: float) -> None:
        self._camera = self._camera.centred_on(x, y, self.width(), self.height())
        self.update()

    def _bring_into_view(self, item: int) -> None:
        assert self._scene is not None
        area, seen = self._scene.area_of(item), self._camera.area(self.width(), self.height())
        is_beside = area.left < seen.left or area.right > seen.right
        is_above_or_below = area.top < seen.top or area.bottom > seen.bottom
        if not is_beside and not is_above_or_below and self._camera.scale >= READABLE:
            return
        camera = self._camera if self._camera.scale >= SHAPELY * 2 else Camera(scale=0.8)
        middle_y = min((area.top + area.bottom) / 2, area.top + self.height() / camera.scale / 2)
        self._camera = camera.centred_on((area.left + area.right) / 2, middle_y, self.width(), self.height())


def text_of(scene: Scene, item: int) -> str:
    """Return all that is known of an item, as lines of text."""
    nodes, groups = scene.graph.nodes, scene.graph.groups
    node = scene.node_of(item)
    if node < 0:
        group = item - scene.node_count
        operations = scene.engine.hierarchy.operations[group]
        lines = [groups.label[group], f"module: {groups.module[group] or 'the model'}", f"{operations:,} operations"]
        if groups.file[group]:
            lines.append(f"{groups.file[group]}:{groups.line[group]}")
        return "\n".join(lines)
    lines = [nodes.label[node], f"operation: {nodes.op[node]}", f"module: {nodes.module[node] or 'the model'}"]
    if nodes.inputs[node]:
        lines.append(f"inputs: {', '.join(nodes.inputs[node])}")
    if nodes.outputs[node]:
        shape = " ".join(part for part in (nodes.shape[node].replace("()", "scalar"), nodes.dtype[node]) if part)
        lines.append(f"outputs: {', '.join(nodes.outputs[node])}" + (f"  {shape}" if shape else ""))
    if nodes.detail[node]:
        lines.append(nodes.detail[node])
    if nodes.file[node]:
        lines.append(f"{nodes.file[node]}:{nodes.line[node]}")
    return "\n".join(lines)
