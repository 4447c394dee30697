"""How the window starts: frame first, the rest in an idle moment or at the first act of a person."""

from pathlib import Path

from exportdesk.gui import app, desktop, engine_thread
from exportdesk.gui.late_start import LateStart
from exportdesk.gui.main_window import MainWindow
from exportdesk.gui.settings import Settings
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from window_fakes import FakeClient, FakeDesktop  # isort: skip


def test_that_the_frame_is_painted_before_it_is_filled(qtbot: QtBot, settings: Settings) -> None:
    window = MainWindow(settings)
    qtbot.addWidget(window)
    with qtbot.waitSignal(window.painted):
        window.show()
    assert window.centralWidget() is None
    window.build()
    assert window.centralWidget() is not None


def test_that_the_first_key_makes_the_workbench_and_reaches_it(
    qtbot: QtBot, settings: Settings, monkeypatch: object
) -> None:
    monkeypatch.setattr(engine_thread.EngineThread.__init__, "__defaults__", (FakeClient, None))  # type: ignore[attr-defined]
    told = FakeDesktop()
    monkeypatch.setattr(desktop, "Desktop", lambda window: told)  # type: ignore[attr-defined]
    window = MainWindow(settings)
    qtbot.addWidget(window)
    window.build()
    with qtbot.waitActive(window):
        window.show()
    late = LateStart(window, settings, [])
    assert late.workbench is None
    qtbot.keyClick(window, Qt.Key.Key_F1)
    assert isinstance(late.workbench, app.Workbench)
    assert told.told
    late.workbench.quit()


def test_that_a_named_file_is_opened(qtbot: QtBot, settings: Settings, model_file: Path, monkeypatch: object) -> None:
    monkeypatch.setattr(engine_thread.EngineThread.__init__, "__defaults__", (FakeClient, None))  # type: ignore[attr-defined]
    monkeypatch.setattr(desktop, "Desktop", lambda window: FakeDesktop())  # type: ignore[attr-defined]
    window = MainWindow(settings)
    qtbot.addWidget(window)
    window.build()
    late = LateStart(window, settings, [model_file])
    qtbot.waitUntil(lambda: bool(late.workbench and late.workbench.session.document))
    assert late.workbench is not None
    late.workbench.quit()
