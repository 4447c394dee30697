"""Options of the window's command line: chiefly pictures, which need no screen."""

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QMessageLogContext, QSettings, QTimer, QtMsgType, qInstallMessageHandler
from PySide6.QtWidgets import QApplication

from ..core.errors import CHECK_FAILED, DONE, FAILED, WORKER_DIED

if TYPE_CHECKING:
    from .desktop import Desktop, TrustAnswer

_TABS = {
    "torchscript": (0, 0),
    "code": (0, 1),
    "coreml": (1, 0),
    "coreml-graph": (1, 1),
    "checks": (2, 0),
    "layers": (2, 1),
    "advice": (3, 0),
    "envelope": (4, 0),
    "what-if": (5, 0),
    "comparison": (6, 0),
}
"""What a picture can show, as a tab and its page."""
EXPORT_LIMIT_S = 600
SETTLE_MS = 400
"""Time for colours and layout to be finished before the picture is taken."""


def run_with_options(arguments: Sequence[str]) -> int:
    """Parse the options and do what they say; return the exit code."""
    parser = argparse.ArgumentParser(prog="exportdesk gui", description="Open the ExportDesk window.")
    parser.add_argument("path", nargs="?", type=Path, metavar="FILE|RECIPE", help="what to open")
    parser.add_argument("--screenshot", type=Path, metavar="PNG", help="save a picture of the window there, and end")
    parser.add_argument("--theme", choices=("system", "light", "dark"), help="colours of the window")
    parser.add_argument("--export", action="store_true", help="export what is opened; this runs the model file")
    parser.add_argument("--advise", action="store_true", help="ask for advice first; this runs the model file")
    parser.add_argument("--tab", choices=tuple(_TABS), help="which result to show")
    parser.add_argument("--out", type=Path, metavar="DIR", help="where the export goes")
    parser.add_argument("--size", default="1480x940", metavar="WxH", help="size of the picture")
    options = parser.parse_args(list(arguments))
    if options.screenshot is None:
        return _open_window(options)
    return _Picture(options).take()


def _open_window(options: argparse.Namespace) -> int:
    from .__main__ import main

    if options.theme:
        from .settings import THEME, system_settings

        system_settings().put(THEME, options.theme)
    return main([str(options.path)] if options.path else [])


def _answering_desktop(*, is_trusted: bool) -> "Desktop":
    """Return a desktop that shows no dialog: whoever asks for an export on the command line trusts the file."""
    from .desktop import Desktop

    class AnsweringDesktop(Desktop):
        def ask_trust(self, model_file: Path, answer: "Callable[[TrustAnswer], None]") -> None:
            answer("file" if is_trusted else "no")

    return AnsweringDesktop()


def _print_message(kind: QtMsgType, context: QMessageLogContext, text: str) -> None:
    if "propagateSizeHints" not in text:  # said of every window that is drawn without a screen, and no fault
        print(text, file=sys.stderr)


class _Picture:
    """One window that lives until its picture is saved; it neither reads nor writes a person's settings."""

    def __init__(self, options: argparse.Namespace) -> None:
        os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
        self._options = options
        self._runs = options.export or options.advise
        self._code = DONE

    def take(self) -> int:
        from . import theme
        from .__main__ import application
        from .app import Workbench
        from .engine_thread import EngineThread
        from .main_window import MainWindow
        from .settings import Settings

        app = application()
        qInstallMessageHandler(_print_message)
        theme.apply_theme(self._options.theme or "light")
        # A file of its own: Qt saves settings by rename, and would put a file in the place of /dev/null.
        self._folder = tempfile.TemporaryDirectory(prefix="exportdesk-picture-")
        settings = Settings(QSettings(str(Path(self._folder.name) / "settings.ini"), QSettings.Format.IniFormat))
        self._window = MainWindow(settings)
        width, _, height = self._options.size.partition("x")
        self._window.resize(int(width), int(height))
        self._window.show()
        engine = EngineThread(parent=self._window)
        self._bench = Workbench(self._window, settings, _answering_desktop(is_trusted=self._runs), engine)
        engine.start()
        if self._options.path is not None:
            self._bench.open(self._options.path)
        self._run()
        app.exec()
        engine.close()
        return self._code

    def _run(self) -> None:
        if self._options.out is not None:
            from .state.happenings import OutChosen

            self._bench.tell(OutChosen(out=self._options.out.absolute()))
        self._clock = QTimer(self._window)
        self._clock.setInterval(50)
        self._clock.timeout.connect(self._save_when_quiet)
        self._limit = QTimer(self._window)
        self._limit.setSingleShot(True)
        self._limit.timeout.connect(self._give_up)
        self._limit.start(EXPORT_LIMIT_S * 1000)
        self._is_export_due = self._options.export
        self._is_advice_due = self._options.advise
        self._quiet_turns = 0
        self._clock.start()

    def _save_when_quiet(self) -> None:
        """Export once the model is loaded, and save once nothing runs and nothing is about to."""
        session = self._bench.session
        if session.failure is not None:
            self._code = session.failure.exit_code or FAILED
            self._is_export_due = self._is_advice_due = False
        is_busy = session.job is not None or session.needs_inspection or not self._is_drawn()
        if is_busy:
            self._quiet_turns = 0
            return
        if self._is_advice_due:
            self._is_advice_due = False
            self._bench.advise(with_envelope=self._options.tab == "envelope")
            self._quiet_turns = 0
            return
        if self._is_export_due:
            self._is_export_due = False
            self._bench.export()
            self._quiet_turns = 0
            return
        if self._options.tab == "what-if" and session.what_if is None and session.can_try_compression:
            self._bench.try_compression()
            self._quiet_turns = 0
            return
        self._quiet_turns += 1
        if self._quiet_turns == 2:
            self._arrange()
        if self._quiet_turns * self._clock.interval() >= SETTLE_MS:
            self._save()

    def _is_drawn(self) -> bool:
        """Whether the graph in sight, if there is one, has been laid out."""
        shown, tab = self._bench.session.shown, self._window.tabs.currentIndex()
        space = self._bench.workspace
        if tab == _TABS["comparison"][0]:
            return space.comparison_tab.is_drawn
        if shown is None or tab > 1:
            return True
        page, kind = ((space.torchscript_tab, "torchscript"), (space.coreml_tab, "coreml"))[tab]
        return shown.files.get(kind) not in shown.graphs or page.graph.is_drawn

    def _arrange(self) -> None:
        exported = self._bench.session.exported
        if exported is not None and not exported.result.is_good:
            self._code = CHECK_FAILED
        if exported is not None or self._options.advise:
            tab, page = _TABS[self._options.tab or ("torchscript" if exported else "advice")]
            self._window.tabs.setCurrentIndex(tab)
            space = self._bench.workspace
            if tab < 2:
                (space.torchscript_tab, space.coreml_tab)[tab].tabs.setCurrentIndex(page)
            elif self._options.tab == "layers":
                space.checks_tab.show_layers()
            elif tab == _TABS["comparison"][0]:
                self._window.action_table["compare_kinds"].trigger()
        if self._bench.session.advised is not None and not self._options.export:
            # What the answer is about, in all views.
            self._bench.workspace.advice_tab.choose_first()
        elif self._bench.session.inspection is not None and self._bench.session.inspection.modules:
            rows = self._bench.session.inspection.modules
            self._bench.workspace.tree.module_chosen.emit(rows[min(1, len(rows) - 1)].path)

    def _give_up(self) -> None:
        print(f"The export took longer than {EXPORT_LIMIT_S} s.", file=sys.stderr)
        self._code = WORKER_DIED
        self._save()

    def _save(self) -> None:
        self._clock.stop()
        path: Path = self._options.screenshot
        path.parent.mkdir(parents=True, exist_ok=True)
        if not self._window.grab().save(str(path)):
            print(f"The picture cannot be saved at {path}.", file=sys.stderr)
            self._code = FAILED
        app = QApplication.instance()
        assert app is not None
        app.exit(0)  # not quit: that would ask the window, which asks about unsaved edits
