"""Starts the window: ``python -m exportdesk.gui [FILE|RECIPE]``."""

import sys
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtWidgets import QApplication

from . import theme
from .main_window import MainWindow
from .settings import THEME, Settings, system_settings


def main(argv: Sequence[str] | None = None) -> int:
    """Run the window, or take its picture; return the exit code."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    if any(argument.startswith("-") for argument in arguments) or len(arguments) > 1:
        from .picture import run_with_options  # options are for pictures; the ordinary start need not parse any

        return run_with_options(arguments)
    app = application()
    settings = system_settings()
    theme.apply_theme(settings.get(THEME))
    window = MainWindow(settings)
    # The rest is made after the first picture of the window, which therefore comes at once.
    window.painted.connect(lambda: _fill(window, settings, [Path(argument) for argument in arguments]))
    window.show()
    return int(app.exec())


def application() -> QApplication:
    """Return the one application, with its names."""
    existing = QApplication.instance()
    app = existing if isinstance(existing, QApplication) else QApplication(["exportdesk"])
    app.setApplicationName("ExportDesk")
    app.setApplicationDisplayName("")
    app.setDesktopFileName("exportdesk")
    return app


def _fill(window: MainWindow, settings: Settings, paths: list[Path]) -> None:
    """Make the window ready for use; what is behind it follows at once."""
    from .late_start import LateStart

    window.build()
    LateStart(window, settings, paths)


if __name__ == "__main__":
    raise SystemExit(main())
