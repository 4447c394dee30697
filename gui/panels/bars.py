"""Bars in a table: a count as a length, beside its number."""

from PySide6.QtCore import QModelIndex, QPersistentModelIndex, QRectF
from PySide6.QtGui import QColor, QPainter, QPalette
from PySide6.QtWidgets import QStyledItemDelegate, QStyleOptionViewItem

from ..models.operations import SHARE_ROLE


class BarDelegate(QStyledItemDelegate):
    """Draws the share of a row behind its number; the number is always there, so the length is not the only sign."""

    def paint(
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        share = float(index.data(SHARE_ROLE) or 0)
        area = QRectF(option.rect)
        palette: QPalette = option.palette
        number = option.fontMetrics.horizontalAdvance("00000") + 10
        colour = QColor(palette.color(QPalette.ColorRole.Highlight))
        colour.setAlpha(190)
        room = max(0.0, area.width() - number - 8)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(QColor(0, 0, 0, 0))
        painter.setBrush(colour)
        height = min(10.0, area.height() - 6)
        painter.drawRoundedRect(
            QRectF(area.left() + 4, area.center().y() - height / 2, max(2.0, room * share), height), 2, 2
        )
        painter.restore()
