"""What tests of the window share: no screen, settings of their own, a person and a worker that do as they are told."""

import os
import sys

os.environ["QT_QPA_PLATFORM"] = "offscreen"
# Test folders are no packages; this one has a module that its tests share.
sys.path.insert(0, os.path.dirname(__file__))

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from exportdesk.core.events import AnyEvent
from exportdesk.gui.app import Workbench
from exportdesk.gui.engine_thread import EngineThread, MakeClient
from exportdesk.gui.main_window import MainWindow
from exportdesk.gui.settings import Settings
from PySide6.QtCore import QSettings
from pytestqt.qtbot import QtBot
from window_fakes import MODEL_TEXT, FakeClient, FakeDesktop


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(QSettings(str(tmp_path / "settings.ini"), QSettings.Format.IniFormat))


@pytest.fixture
def model_file(tmp_path: Path) -> Path:
    folder = tmp_path / "project"
    folder.mkdir()
    path = folder / "model.py"
    path.write_text(MODEL_TEXT)
    return path


@pytest.fixture
def desktop() -> FakeDesktop:
    return FakeDesktop()


MakeWorkbench = Callable[[MakeClient], Workbench]


@pytest.fixture
def make_workbench(qtbot: QtBot, settings: Settings, desktop: FakeDesktop) -> Iterator[MakeWorkbench]:
    engines: list[EngineThread] = []

    def make(make_client: MakeClient) -> Workbench:
        window = MainWindow(settings)
        qtbot.addWidget(window, before_close_func=lambda closing: closing.close_for_good())
        window.resize(1400, 900)
        window.show()
        engine = EngineThread(make_client, parent=window)
        engines.append(engine)
        workbench = Workbench(window, settings, desktop, engine)
        engine.start()
        return workbench

    yield make
    for engine in engines:
        engine.close()


@pytest.fixture
def client() -> list[FakeClient]:
    """The fake workers that were made, in order; one for each window."""
    return []


@pytest.fixture
def workbench(make_workbench: MakeWorkbench, client: list[FakeClient]) -> Workbench:
    def make_client(on_event: Callable[[AnyEvent], None]) -> FakeClient:
        client.append(FakeClient(on_event))
        return client[-1]

    return make_workbench(make_client)
