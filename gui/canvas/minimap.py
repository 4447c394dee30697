"""The whole graph in a corner of the canvas, and the frame of what is in sight."""

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QPainter, QPen, QPixmap

from .camera import Camera, fitted
from .painting import ScenePainter

WIDTH, HEIGHT = 170.0, 190.0
MARGIN = 10.0


class Minimap:
    """Keeps its picture until the scene changes; unseen where the window shows everything or is small."""

    def __init__(self) -> None:
        self._picture: QPixmap | None = None
        self._camera = Camera()
        self._place: QRectF | None = None

    def forget(self) -> None:
        """Paint the picture anew the next time."""
        self._picture = None

    def target(self, at: QPointF) -> tuple[float, float] | None:
        """Return the point of the layout that a pixel of the window stands for, None outside the minimap."""
        if self._place is None or not self._place.contains(at):
            return None
        inside = at - self._place.topLeft()
        return self._camera.to_scene(inside.x(), inside.y())

    def paint(self, painter: QPainter, window: QRect, scene_painter: ScenePainter, camera: Camera) -> None:
        """Paint at the lower right."""
        self._place = None
        whole, seen = scene_painter.scene.area, camera.area(window.width(), window.height())
        shows_all = (
            seen.left <= whole.left
            and seen.top <= whole.top
            and seen.right >= whole.right
            and seen.bottom >= whole.bottom
        )
        if shows_all or window.width() < 480 or window.height() < 320:
            return
        place = QRectF(window.width() - WIDTH - MARGIN, window.height() - HEIGHT - MARGIN, WIDTH, HEIGHT)
        if self._picture is None:
            self._picture = self._painted(scene_painter, painter.device().devicePixelRatioF())
        painter.drawPixmap(place.topLeft(), self._picture)
        left, top = self._camera.to_window(seen.left, seen.top)
        right, bottom = self._camera.to_window(seen.right, seen.bottom)
        frame = QRectF(QPointF(left, top), QPointF(right, bottom)).translated(place.topLeft())
        if frame.height() < 4:
            frame.adjust(0, -2, 0, 2)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing, False)
        veil = QColor(scene_painter.appearance.accent)
        veil.setAlpha(40)
        painter.setPen(QPen(scene_painter.appearance.accent, 1))
        painter.setBrush(veil)
        painter.drawRect(frame.intersected(place))
        painter.setPen(QPen(scene_painter.appearance.strokes[-1], 1))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(place)
        self._place = place

    def _painted(self, scene_painter: ScenePainter, ratio: float) -> QPixmap:
        self._camera = fitted(scene_painter.scene.area, WIDTH, HEIGHT, largest=0.4, margin=6.0)
        picture = QPixmap(int(WIDTH * ratio), int(HEIGHT * ratio))
        picture.setDevicePixelRatio(ratio)
        picture.fill(scene_painter.appearance.ground)
        painter = QPainter(picture)
        painter.scale(self._camera.scale, self._camera.scale)
        painter.translate(-self._camera.x, -self._camera.y)
        scene_painter.paint(painter, self._camera.area(WIDTH, HEIGHT), self._camera.scale)
        painter.end()
        return picture
