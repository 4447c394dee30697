"""Paints a scene at any zoom: texts and curves near by, flat rectangles farther off, single pixels at the end."""

import numpy as np
from numpy.typing import NDArray
from PySide6 import QtCore
from PySide6.QtCore import QPointF, QRectF, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QFontMetricsF, QImage, QPainter, QPainterPath, QPen, QPolygonF

from ...core.graph.drawing.picture import BADGE
from ...core.graph.layout.sizes import FONT_SIZE, PADDING, SMALL_FONT_SIZE
from .appearance import Appearance
from .primitives import Block
from .scene import Area, Indices, Scene

READABLE = 0.42
"""Pixels for each unit from which on texts are written."""
SHAPELY = 0.16
"""From here on nodes have round corners and outlines, and edges are curves."""
VISIBLE = 0.035
"""From here on nodes are rectangles; below, they are pixels of a picture."""
MOST_LINES = 12_000


class ScenePainter:
    """Paints one scene with one appearance; keeps texts that were fitted once."""

    def __init__(self, scene: Scene, appearance: Appearance) -> None:
        self.scene, self.appearance = scene, appearance
        self.fills: NDArray[np.uint32] | None = None
        """Colour of each drawn item instead of its family's, as 0xffRRGGBB; set together with ``strokes``."""
        self.strokes: NDArray[np.uint32] | None = None
        self.marks: dict[int, str] = {}
        """Signs in the corner of items, such as + and − in a comparison."""
        self._font = QFont()
        self._font.setPixelSize(int(FONT_SIZE))
        self._small = QFont(self._font)
        self._small.setPixelSize(int(SMALL_FONT_SIZE))
        self._bold = QFont(self._font)
        self._bold.setWeight(QFont.Weight.DemiBold)
        self._texts: dict[int, tuple[str, str]] = {}
        self._titles: dict[int, str] = {}
        self._lines = Block(QtCore.QLineF)
        self._rectangles = Block(QtCore.QRectF)

    def paint(self, painter: QPainter, area: Area, scale: float) -> None:
        """Paint what lies in an area; the painter's unit is the layout's, ``scale`` the pixels for each."""
        if scale < VISIBLE:
            self._paint_boxes_flat(painter, area, scale)
            self._paint_lines(painter, area, scale)
            self._paint_pixels(painter, area, scale)
            return
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, scale >= SHAPELY)
        self._paint_boxes(painter, area, scale)
        if scale >= SHAPELY:
            self._paint_curves(painter, self.scene.pieces_in(area.grown(8)), scale, self.appearance.edge, 1.2)
        else:
            self._paint_lines(painter, area, scale)
        found = self.scene.drawn_in(area.grown(6))
        if scale >= SHAPELY:
            self._paint_items(painter, found, scale)
        else:
            self._paint_rectangles(painter, found)

    def paint_edges(self, painter: QPainter, pieces: list[int], scale: float, colour: QColor) -> None:
        """Paint some edges again, so that they stand out."""
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, True)
        width = 2.2 if scale >= READABLE else 2.0 / scale
        self._paint_curves(painter, np.asarray(pieces, np.int64), scale, colour, width)

    def paint_frame(self, painter: QPainter, item: int, scale: float, colour: QColor, width: float) -> None:
        """Paint a frame around an item, at least some pixels large."""
        scene = self.scene
        gap = 2.0 / scale
        rectangle = QRectF(scene.left[item], scene.top[item], scene.width[item], scene.height[item])
        least = 6.0 / scale
        rectangle.adjust(-gap, -gap, max(gap, least - rectangle.width()), max(gap, least - rectangle.height()))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setPen(QPen(colour, width / scale))
        painter.drawRoundedRect(rectangle, 5, 5)

    # Boxes

    def _paint_boxes(self, painter: QPainter, area: Area, scale: float) -> None:
        scene, colours = self.scene, self.appearance.colours
        pens = {
            "module": QPen(QColor(colours.group_stroke), 0),
            "control": QPen(QColor(colours.strokes["control"]), 0),
        }
        dashed = QPen(pens["control"])
        dashed.setStyle(Qt.PenStyle.DashLine)
        fills = [QBrush(QColor(name)) for name in colours.group_fills]
        kinds = scene.graph.groups.kind
        painter.setFont(self._bold)
        for item in scene.boxes_in(area).tolist():
            group = item - scene.node_count
            kind = kinds[group]
            painter.setPen(dashed if kind == "branch" else pens["control" if kind in ("if", "loop") else "module"])
            painter.setBrush(fills[self._depth(group) % 2])
            rectangle = QRectF(scene.left[item], scene.top[item], scene.width[item], scene.height[item])
            if scale >= SHAPELY:
                painter.drawRoundedRect(rectangle, 6, 6)
            else:
                painter.drawRect(rectangle)
            if scale >= READABLE:
                self._paint_title(painter, group, item, area)

    def _paint_title(self, painter: QPainter, group: int, item: int, area: Area) -> None:
        scene = self.scene
        top = float(scene.top[item])
        if not area.top - 20 <= top <= area.bottom:
            return
        offset = scene.layout.title_x[group]
        if group not in self._titles:
            room = max(10.0, float(scene.width[item]) - offset - 4)
            label = scene.graph.groups.label[group]
            self._titles[group] = QFontMetricsF(self._bold).elidedText(label, Qt.TextElideMode.ElideMiddle, room)
        painter.setPen(QColor(self.appearance.colours.title))
        painter.drawText(QPointF(float(scene.left[item]) + offset, top + 16.5), self._titles[group])

    def _paint_boxes_flat(self, painter: QPainter, area: Area, scale: float) -> None:
        scene, colours = self.scene, self.appearance.colours
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        items = scene.boxes_in(area)
        items = items[scene.height[items] * scale >= 3.0]
        painter.setPen(QPen(QColor(colours.group_stroke), 0) if len(items) < 3000 else Qt.PenStyle.NoPen)
        painter.setBrush(QColor(colours.group_fills[0]))
        self._draw_rectangles(painter, items)

    def _depth(self, group: int) -> int:
        depth, outer = 0, self.scene.engine.hierarchy.group_parent[group]
        while outer >= 0:
            depth, outer = depth + 1, self.scene.engine.hierarchy.group_parent[outer]
        return depth

    # Edges

    def _paint_curves(self, painter: QPainter, pieces: Indices, scale: float, colour: QColor, width: float) -> None:
        ends = self.scene.ends[pieces]
        is_straight = np.abs(ends[:, 2] - ends[:, 0]) < 0.05
        pen = QPen(colour, max(width, 0.8 / scale))
        painter.setPen(pen)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        self._draw_lines(painter, ends[is_straight])
        path = QPainterPath()
        for x0, y0, x1, y1 in ends[~is_straight].tolist():
            bend = (y1 - y0) / 2
            path.moveTo(x0, y0)
            path.cubicTo(x0, y0 + bend, x1, y1 - bend, x1, y1)
        painter.drawPath(path)
        targets = self.scene.layout.piece_target.array[pieces]
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        arrows = QPainterPath()
        for _, y0, x, y in ends[targets >= 0].tolist():
            back = -7.0 if y > y0 else 7.0
            arrows.addPolygon(QPolygonF([QPointF(x, y), QPointF(x - 3.6, y + back), QPointF(x + 3.6, y + back)]))
        painter.drawPath(arrows)

    def _paint_lines(self, painter: QPainter, area: Area, scale: float) -> None:
        """Paint edges as lines; those too short to be seen are left out, and of very many the shortest."""
        ends = self.scene.ends[self.scene.pieces_in(area)]
        lengths = np.abs(ends[:, 3] - ends[:, 1]) + np.abs(ends[:, 2] - ends[:, 0])
        keep = lengths * scale > 2.0
        if int(keep.sum()) > MOST_LINES:
            keep = lengths >= np.partition(lengths, -MOST_LINES)[-MOST_LINES]
        chosen = np.clip(ends[keep], -1e7, 1e7)
        # A line that leaves the window by far is slow to paint.
        chosen[:, 1::2] = np.clip(chosen[:, 1::2], area.top - 10 / scale, area.bottom + 10 / scale)
        painter.setPen(QPen(self.appearance.edge, 0))
        self._draw_lines(painter, chosen)

    def _draw_lines(self, painter: QPainter, ends: NDArray[np.float64]) -> None:
        if len(ends):
            painter.drawLines(*self._lines.of(ends))

    # Items

    def _paint_pixels(self, painter: QPainter, area: Area, scale: float) -> None:
        """Paint items as single pixels of a picture that is laid over the window."""
        scene = self.scene
        found = scene.drawn_in(area)
        columns, rows = int(area.width * scale) + 2, int(area.height * scale) + 2
        if not len(found) or columns < 1 or rows < 1:
            return
        picture = np.zeros((rows, columns), np.uint32)
        items = scene.drawn[found]
        colours = self._colours(found)
        x = ((scene.left[items] - area.left) * scale).astype(np.int64)
        y = ((scene.top[items] - area.top) * scale).astype(np.int64)
        wide = np.maximum(1, np.round(scene.width[items] * scale)).astype(np.int64)
        high = np.maximum(1, np.round(scene.height[items] * scale)).astype(np.int64)
        for across in range(min(12, int(wide.max()))):
            for down in range(min(4, int(high.max()))):
                px, py = x + across, y + down
                inside = (across < wide) & (down < high) & (px >= 0) & (py >= 0) & (px < columns) & (py < rows)
                picture[py[inside], px[inside]] = colours[inside]
        image = QImage(picture.data, columns, rows, columns * 4, QImage.Format.Format_ARGB32)
        painter.drawImage(QRectF(area.left, area.top, columns / scale, rows / scale), image)

    def _colours(self, found: Indices) -> NDArray[np.uint32]:
        """Return the stroke colour of drawn items: fills are too pale for a pixel."""
        if self.strokes is not None:
            return self.strokes[found]
        table = np.array([colour.rgba() for colour in self.appearance.strokes], np.uint32)
        return table[self.scene.drawn_family[found]]

    def _paint_rectangles(self, painter: QPainter, found: Indices) -> None:
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        painter.setPen(Qt.PenStyle.NoPen)
        colours = self._colours(found)
        for colour in np.unique(colours):
            painter.setBrush(QColor.fromRgba(int(colour)))
            self._draw_rectangles(painter, self.scene.drawn[found[colours == colour]])

    def _draw_rectangles(self, painter: QPainter, items: Indices) -> None:
        if len(items):
            scene = self.scene
            sides = [scene.left[items], scene.top[items], scene.width[items], scene.height[items]]
            painter.drawRects(*self._rectangles.of(np.stack(sides, axis=1)))

    def _paint_items(self, painter: QPainter, found: Indices, scale: float) -> None:
        scene, appearance = self.scene, self.appearance
        closed = len(appearance.fills) - 1
        for position in found.tolist():
            item = int(scene.drawn[position])
            family = int(scene.drawn_family[position])
            if self.fills is not None and self.strokes is not None:
                fill, stroke = QColor.fromRgba(int(self.fills[position])), QColor.fromRgba(int(self.strokes[position]))
            else:
                fill, stroke = appearance.fills[family], appearance.strokes[family]
            rectangle = QRectF(scene.left[item], scene.top[item], scene.width[item], scene.height[item])
            radius = rectangle.height() / 2 if family == 0 else 4.0
            painter.setPen(QPen(stroke, 1.0))
            painter.setBrush(fill)
            if family == closed:
                painter.drawRoundedRect(rectangle.translated(3, 3), radius, radius)
            painter.drawRoundedRect(rectangle, radius, radius)
            if scale >= READABLE:
                self._paint_texts(painter, item, rectangle)

    def _paint_texts(self, painter: QPainter, item: int, rectangle: QRectF) -> None:
        first, second = self._fitted(item, rectangle.width() - PADDING)
        middle = Qt.AlignmentFlag.AlignHCenter | Qt.AlignmentFlag.AlignVCenter
        half = rectangle.height() / 2
        painter.setFont(self._font)
        painter.setPen(self.appearance.text)
        if second:
            painter.drawText(rectangle.adjusted(0, 3, 0, -half + 2), middle, first)
            painter.setFont(self._small)
            painter.setPen(self.appearance.small_text)
            painter.drawText(rectangle.adjusted(0, half, 0, -3), middle, second)
        else:
            painter.drawText(rectangle, middle, first)
        mark = self.marks.get(item)
        if mark:
            badge = QRectF(rectangle.left() - BADGE / 2, rectangle.top() - BADGE / 2, BADGE, BADGE)
            painter.setBrush(self.appearance.ground)
            painter.setPen(QPen(self.appearance.text, 1.0))
            painter.drawEllipse(badge)
            painter.setFont(self._bold)
            painter.drawText(badge, middle, mark)

    def _fitted(self, item: int, room: float) -> tuple[str, str]:
        texts = self._texts.get(item)
        if texts is None:
            first, second = self.scene.engine.texts(item)
            elide = Qt.TextElideMode.ElideMiddle
            texts = (
                QFontMetricsF(self._font).elidedText(first, elide, room),
                QFontMetricsF(self._small).elidedText(second, elide, room),
            )
            self._texts[item] = texts
        return texts
