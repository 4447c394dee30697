"""Light and dark: palettes, the few colours with a meaning, and icons tinted to fit."""

import os
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtGui import QColor, QGuiApplication, QPalette
from PySide6.QtWidgets import QApplication

if TYPE_CHECKING:
    from PySide6.QtGui import QFont, QIcon

# The namespace Qt and the classes for drawing bring hundreds of enumeration members, which Python needs longer to make
# than all the rest of the window's first picture; they are imported where they are used.

# The package of resources itself reads recipes; only its folder is needed here.
_ICONS_DIR = Path(__file__).parent.parent / "resources" / "icons"
_Role = QPalette.ColorRole
_LIGHT = {
    _Role.Window: "#f3f4f6",
    _Role.WindowText: "#1b1f26",
    _Role.Base: "#ffffff",
    _Role.AlternateBase: "#f7f8fa",
    _Role.Text: "#1b1f26",
    _Role.Button: "#fafbfc",
    _Role.ButtonText: "#1b1f26",
    _Role.BrightText: "#ffffff",
    _Role.ToolTipBase: "#1b1f26",
    _Role.ToolTipText: "#f3f4f6",
    _Role.PlaceholderText: "#656c78",
    _Role.Highlight: "#2f65d8",
    _Role.HighlightedText: "#ffffff",
    _Role.Link: "#2257c4",
    _Role.Light: "#ffffff",
    _Role.Midlight: "#e9ebef",
    _Role.Mid: "#c9cdd4",
    _Role.Dark: "#a4aab4",
    _Role.Shadow: "#6d7480",
    _Role.Accent: "#2f65d8",
}
_DARK = {
    _Role.Window: "#22252b",
    _Role.WindowText: "#e6e8ec",
    _Role.Base: "#191b20",
    _Role.AlternateBase: "#1e2127",
    _Role.Text: "#e6e8ec",
    _Role.Button: "#2d3139",
    _Role.ButtonText: "#e6e8ec",
    _Role.BrightText: "#ffffff",
    _Role.ToolTipBase: "#e6e8ec",
    _Role.ToolTipText: "#1b1f26",
    _Role.PlaceholderText: "#949ba7",
    _Role.Highlight: "#3b6fd9",
    _Role.HighlightedText: "#ffffff",
    _Role.Link: "#82aaff",
    _Role.Light: "#3a3f49",
    _Role.Midlight: "#2d3139",
    _Role.Mid: "#3d424c",
    _Role.Dark: "#15171b",
    _Role.Shadow: "#0c0d0f",
    _Role.Accent: "#3b6fd9",
}
_MEANINGS = {
    # name: (light, dark); each has a contrast of at least 4.5 to the base of its theme
    "error": ("#c02626", "#ff8080"),
    "warning": ("#8f5a00", "#f0b95a"),
    "note": ("#3b5f9e", "#8fb4f5"),
    "success": ("#1d7a3e", "#6fd08c"),
    "muted": ("#626976", "#989fab"),
    "script": ("#7a3fb0", "#cf9df5"),
    "trace": ("#0b6e77", "#66c9d3"),
    "keyword": ("#8a2da5", "#d394f0"),
    "string": ("#2c6e2f", "#a3d38b"),
    "number": ("#9a4a00", "#eea86a"),
    "comment": ("#69707d", "#8b93a1"),
    "name": ("#2056b0", "#86b4ff"),
}
_FADED = (QPalette.ColorRole.WindowText, QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText)


def apply_theme(choice: str) -> None:
    """Use the system's colours, or light or dark ones, for the whole application.

    Where the system has colours of its own (macOS, Windows, KDE) it is only told which of its schemes to use.
    Elsewhere, and in our pictures, Qt's plain Fusion style is what people see, and it gets a palette of ours.
    """
    if choice != "system" or _has_system_palette():
        from PySide6.QtCore import Qt

        schemes = {"light": Qt.ColorScheme.Light, "dark": Qt.ColorScheme.Dark}
        QGuiApplication.styleHints().setColorScheme(schemes.get(choice, Qt.ColorScheme.Unknown))
    if not _has_system_palette():
        wants_dark = choice == "dark" or (choice == "system" and _is_system_dark())
        QApplication.setPalette(palette(is_dark=wants_dark))


def _has_system_palette() -> bool:
    return sys.platform in ("darwin", "win32") or "KDE" in os.environ.get("XDG_CURRENT_DESKTOP", "")


@cache
def _is_system_dark() -> bool:
    """Whether the system gave the application dark colours; asked before the first palette of ours."""
    return QGuiApplication.palette().color(_Role.Window).lightness() < 128


def palette(*, is_dark: bool) -> QPalette:
    """Return our own palette for the Fusion style."""
    made = QPalette()
    for role, colour in (_DARK if is_dark else _LIGHT).items():
        made.setColor(role, QColor(colour))
    faded = QColor("#6a717d" if is_dark else "#9aa1ac")
    for role in _FADED:
        made.setColor(QPalette.ColorGroup.Disabled, role, faded)
    made.setColor(QPalette.ColorGroup.Disabled, _Role.Highlight, QColor("#4a505b" if is_dark else "#c3c8d0"))
    return made


def is_dark() -> bool:
    """Whether the application's present palette is a dark one."""
    return QGuiApplication.palette().color(_Role.Base).lightness() < 128


def meaning(name: str) -> QColor:
    """Return the colour of a meaning (``warning``, ``script`` …) for the present palette.

    A colour is never the only sign of its meaning: a word or an icon stands beside it.
    """
    light, dark = _MEANINGS[name]
    return QColor(dark if is_dark() else light)


def code_font(zoom: int = 0) -> "QFont":
    """Return the system's fixed-width font, ``zoom`` points larger than usual."""
    from PySide6.QtGui import QFontDatabase

    font = QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont)
    font.setPointSizeF(max(6.0, QGuiApplication.font().pointSizeF() + zoom))
    return font


def icon(name: str, colour: str = "") -> "QIcon":
    """Return an icon of ours, tinted like text or in the colour of a meaning."""
    colours = QGuiApplication.palette()
    tint = meaning(colour) if colour else colours.color(_Role.ButtonText)
    disabled = colours.color(QPalette.ColorGroup.Disabled, _Role.ButtonText)
    return _icon(name, tint.name(), colours.color(_Role.HighlightedText).name(), disabled.name())


@cache
def _icon(name: str, tint: str, selected_tint: str, disabled_tint: str) -> "QIcon":
    from PySide6.QtGui import QIcon

    text = (_ICONS_DIR / f"{name}.svg").read_text(encoding="utf-8")
    made = QIcon()
    _draw(text, tint, made, QIcon.Mode.Normal, (16, 18, 32, 36, 48))
    # In a selected row the ground is the highlight, on which the tint could not be seen.
    _draw(text, selected_tint, made, QIcon.Mode.Selected, (16, 32))
    _draw(text, disabled_tint, made, QIcon.Mode.Disabled, (18, 36))
    return made


def _draw(text: str, tint: str, onto: "QIcon", mode: "QIcon.Mode", sides: tuple[int, ...]) -> None:
    from PySide6.QtCore import QByteArray, QRectF
    from PySide6.QtGui import QPainter, QPixmap
    from PySide6.QtSvg import QSvgRenderer

    renderer = QSvgRenderer(QByteArray(text.replace("currentColor", tint).encode()))
    for side in sides:
        pixmap = QPixmap(side, side)
        pixmap.fill(QColor(0, 0, 0, 0))
        painter = QPainter(pixmap)
        renderer.render(painter, QRectF(0, 0, side, side))
        painter.end()
        onto.addPixmap(pixmap, mode)
