"""The window's frame: menus, toolbar, docks, tabs. It knows no model and decides nothing.

The class itself needs little of Qt, so that its first, empty picture comes as soon as that of any window; ``build``
makes the rest.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QMainWindow

from .settings import WINDOW_GEOMETRY, WINDOW_STATE, Settings

if TYPE_CHECKING:
    from PySide6.QtCore import QEvent, Qt
    from PySide6.QtGui import QCloseEvent, QDragEnterEvent, QDropEvent, QPaintEvent
    from PySide6.QtWidgets import QDockWidget, QWidget

_LAYOUT_VERSION = 1
_TOOLBAR = ("open", "save", None, "undo", "redo", None)


class MainWindow(QMainWindow):
    file_dropped = Signal(Path)
    close_wished = Signal()
    painted = Signal()
    """The first picture of the window is on the screen; told once."""

    def __init__(self, settings: Settings) -> None:
        super().__init__()
        self._settings = settings
        self._may_close = False
        self._is_painted = False
        self._is_built = False
        self.docks: dict[str, QDockWidget] = {}
        self.setWindowTitle("ExportDesk")
        geometry = settings.bytes_of(WINDOW_GEOMETRY)
        if geometry.isEmpty() or not self.restoreGeometry(geometry):
            self._use_usual_size()

    def build(self) -> None:
        """Fill the frame; only the first call does anything."""
        if self._is_built:
            return
        from PySide6.QtCore import QSize
        from PySide6.QtWidgets import QStackedWidget, QStatusBar, QTabWidget, QToolBar, QVBoxLayout, QWidget

        from .actions import Actions
        from .panels.welcome import WelcomePanel

        self.action_table = Actions(self)
        self.toolbar = QToolBar("Toolbar")
        self.toolbar.setObjectName("toolbar")
        self.toolbar.setMovable(False)
        self.toolbar.setIconSize(QSize(18, 18))
        self.toolbar.toggleViewAction().setEnabled(False)
        for name in _TOOLBAR:
            if name is None:
                self.toolbar.addSeparator()
            else:
                self.toolbar.addAction(self.action_table[name])
        self.addToolBar(self.toolbar)
        self.welcome = WelcomePanel(self.action_table["open"])
        self.tabs = QTabWidget()
        self.tabs.setDocumentMode(True)
        self.stack = QStackedWidget()
        self.stack.addWidget(self.welcome)
        self.stack.addWidget(self.tabs)
        centre = QWidget()
        self._column = QVBoxLayout(centre)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(0)
        self._column.addWidget(self.stack)
        self.setCentralWidget(centre)
        self.setStatusBar(QStatusBar())
        self.setAcceptDrops(True)
        self.setDockNestingEnabled(True)
        self.action_table.show_icons([name for name in _TOOLBAR if name])
        self.show_document_actions(False)
        self._is_built = True

    def show_icons(self) -> None:
        """Give all actions their icons, in the colours of the palette."""
        from . import theme

        self.action_table.show_icons()
        self.setWindowIcon(theme.icon("exportdesk"))

    def add_banner(self, banner: "QWidget") -> None:
        self._column.insertWidget(0, banner)

    def add_dock(self, name: str, title: str, panel: "QWidget", area: "Qt.DockWidgetArea", *, onto: str = "") -> None:
        """Add a panel in a dock, hidden until something is open; ``onto`` names the dock whose place it shares."""
        from PySide6.QtWidgets import QDockWidget, QWidget

        dock = QDockWidget(title, self)
        dock.setObjectName(name)
        dock.setWidget(panel)
        self.addDockWidget(area, dock)
        if onto:
            self.tabifyDockWidget(self.docks[onto], dock)
            # The tab says the name already; the panels stay movable by their menu and their tab.
            for shared in (dock, self.docks[onto]):
                shared.setTitleBarWidget(QWidget())
        dock.hide()
        self.docks[name] = dock
        action = dock.toggleViewAction()
        count = len(self.docks)
        action.setShortcut(f"Alt+{count % 10}" if count <= 10 else f"Alt+Shift+{count % 10}")
        self.action_table.submenus["Panels"].addAction(action)

    def finish_layout(self) -> None:
        """Say how the docks share the window; called once all of them are there."""
        from PySide6.QtCore import Qt
        from PySide6.QtWidgets import QTabWidget

        areas = Qt.DockWidgetArea
        self.setCorner(Qt.Corner.BottomLeftCorner, areas.BottomDockWidgetArea)
        self.setCorner(Qt.Corner.BottomRightCorner, areas.BottomDockWidgetArea)
        self.setTabPosition(areas.AllDockWidgetAreas, QTabWidget.TabPosition.North)

    def _show_whole_titles(self) -> None:
        """Let tabs of docks scroll rather than cut their titles; Qt makes their bars as docks are put together."""
        from PySide6.QtCore import Qt
        from PySide6.QtWidgets import QTabBar

        for bar in self.findChildren(QTabBar, options=Qt.FindChildOption.FindDirectChildrenOnly):
            bar.setElideMode(Qt.TextElideMode.ElideNone)
            bar.setUsesScrollButtons(True)

    def show_workspace(self, is_shown: bool) -> None:
        """Show the panels around the results, or the welcome page alone."""
        from PySide6.QtWidgets import QSizePolicy

        if is_shown == (self.stack.currentIndex() == 1):
            return
        if not is_shown:
            self._remember_layout()
        self.stack.setCurrentIndex(1 if is_shown else 0)
        # A stack is as large as the largest of its pages, and the welcome page is not in sight.
        policy = QSizePolicy.Policy.Ignored if is_shown else QSizePolicy.Policy.Preferred
        self.welcome.setSizePolicy(policy, policy)
        if not is_shown:
            for dock in self.docks.values():
                dock.hide()
        # Docks that were hidden take a size only once they have been laid out.
        elif self._restore_layout():
            QTimer.singleShot(0, self, self._restore_layout)
        else:
            self.use_usual_layout()
            QTimer.singleShot(0, self, self._size_docks)
        self._show_whole_titles()
        self.show_document_actions(is_shown)

    def _restore_layout(self) -> bool:
        """Put the docks where they were last; they must be hidden, or Qt leaves tabs of the former layout behind."""
        remembered = self._settings.bytes_of(WINDOW_STATE)
        return not remembered.isEmpty() and self.restoreState(remembered, _LAYOUT_VERSION)

    def show_document_actions(self, is_open: bool) -> None:
        from .actions import WITH_DOCUMENT

        for name in WITH_DOCUMENT:
            self.action_table[name].setEnabled(is_open)
        for dock in self.docks.values():
            dock.toggleViewAction().setEnabled(is_open)
        for name in (
            "tab_torchscript",
            "tab_coreml",
            "tab_checks",
            "tab_advice",
            "tab_envelope",
            "tab_what_if",
            "tab_comparison",
            "restore_layout",
            "find",
            "filter_modules",
        ):
            self.action_table[name].setEnabled(is_open)

    def use_usual_layout(self) -> None:
        """Put all docks back to where they were at first."""
        for dock in self.docks.values():
            dock.setFloating(False)
            dock.show()
        for name in ("coreml", "problems"):
            self.docks[name].raise_()
        self._size_docks()

    def _size_docks(self) -> None:
        from PySide6.QtCore import Qt

        width, height = self.width(), self.height()
        left, right = [self.docks["model"], self.docks["source"]], [self.docks["inputs"], self.docks["coreml"]]
        self.resizeDocks([left[0], right[0]], [int(width * 0.29), int(width * 0.25)], Qt.Orientation.Horizontal)
        self.resizeDocks([self.docks["problems"]], [int(height * 0.17)], Qt.Orientation.Vertical)
        self.resizeDocks(left, [int(height * 0.30), int(height * 0.40)], Qt.Orientation.Vertical)
        self.resizeDocks(right, [int(height * 0.27), int(height * 0.43)], Qt.Orientation.Vertical)

    def reveal_dock(self, name: str) -> None:
        self.docks[name].show()
        self.docks[name].raise_()

    def close_for_good(self) -> None:
        """Close without asking again."""
        self._may_close = True
        self._remember_layout()
        self._settings.put_bytes(WINDOW_GEOMETRY, self.saveGeometry())
        self.close()

    def _remember_layout(self) -> None:
        if self._is_built and self.stack.currentIndex() == 1:
            self._settings.put_bytes(WINDOW_STATE, self.saveState(_LAYOUT_VERSION))

    def _use_usual_size(self) -> None:
        room = self.screen().availableSize()
        self.resize(min(1480, int(room.width() * 0.95)), min(940, int(room.height() * 0.92)))

    # Qt's own names from here on.

    def paintEvent(self, event: "QPaintEvent") -> None:
        super().paintEvent(event)
        if not self._is_painted:
            self._is_painted = True
            QTimer.singleShot(0, self, self.painted.emit)

    def closeEvent(self, event: "QCloseEvent") -> None:
        if self._may_close or not self._is_built:
            event.accept()
        else:
            event.ignore()
            # Later: Qt ignores a close that is asked for while it is closing, and a second click would be needed.
            QTimer.singleShot(0, self, self.close_wished.emit)

    def dragEnterEvent(self, event: "QDragEnterEvent") -> None:
        if _dropped_file(event) is not None:
            event.acceptProposedAction()

    def dropEvent(self, event: "QDropEvent") -> None:
        path = _dropped_file(event)
        if path is not None:
            event.acceptProposedAction()
            self.file_dropped.emit(path)

    def changeEvent(self, event: "QEvent") -> None:
        if self._is_built and event.type() == event.Type.PaletteChange:
            self.show_icons()
        super().changeEvent(event)


def _dropped_file(event: "QDropEvent") -> Path | None:
    """Return the one local file that is dragged, None for anything else."""
    urls = event.mimeData().urls()
    return Path(urls[0].toLocalFile()) if len(urls) == 1 and urls[0].isLocalFile() else None
