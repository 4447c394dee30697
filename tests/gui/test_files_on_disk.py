"""Files that other programs change, move or delete while they are open; and settings that they damage."""

from pathlib import Path

import pytest
from exportdesk.core.requests import Inspect
from exportdesk.gui.app import Workbench
from exportdesk.gui.main_window import MainWindow
from exportdesk.gui.settings import HISTORY, RECENT_FILES, TEXT_ZOOM, THEME, TRUSTED_PATHS, Settings
from PySide6.QtCore import QSettings, Qt
from pytestqt.qtbot import QtBot
from window_fakes import FakeClient, FakeDesktop
from window_steps import open_loaded, trigger

RECIPE = """exportdesk = 1
[model]
file = "{file}"
entry = "Net"
[[inputs]]
name = "x"
shape = [1, 3, {size}, 8]
"""


@pytest.fixture
def recipe_file(model_file: Path) -> Path:
    file = model_file.with_suffix(".toml")
    file.write_text(RECIPE.format(file="model.py", size=8))
    return file


def shape(workbench: Workbench) -> object:
    assert workbench.session.document is not None
    return workbench.session.document.recipe.inputs[0].shape


def test_that_a_model_file_that_was_deleted_is_loaded_again_when_it_is_back(
    workbench: Workbench, model_file: Path, client: list[FakeClient], qtbot: QtBot
) -> None:
    open_loaded(workbench, model_file, qtbot)
    text = model_file.read_text()
    model_file.unlink()
    qtbot.waitUntil(lambda: workbench.session.failure is not None or len(client[0].requests) > 1)
    qtbot.waitUntil(lambda: workbench.session.job is None)
    count = len(client[0].requests)
    model_file.write_text(text)
    qtbot.waitUntil(lambda: len(client[0].requests) > count)
    assert isinstance(client[0].requests[-1], Inspect)
    qtbot.waitUntil(lambda: workbench.session.failure is None and workbench.session.inspection is not None)


def test_that_a_recipe_that_another_program_writes_is_read_as_a_step_that_can_be_undone(
    workbench: Workbench, recipe_file: Path, qtbot: QtBot
) -> None:
    open_loaded(workbench, recipe_file, qtbot)
    recipe_file.write_text(RECIPE.format(file="model.py", size=32))
    qtbot.waitUntil(lambda: shape(workbench) == (1, 3, 32, 8))
    assert not workbench.window.isWindowModified()
    trigger(workbench, "undo")
    assert shape(workbench) == (1, 3, 8, 8)
    assert workbench.window.isWindowModified()


def test_that_edits_are_not_lost_to_another_program_and_the_person_is_told(
    workbench: Workbench, recipe_file: Path, qtbot: QtBot
) -> None:
    open_loaded(workbench, recipe_file, qtbot)
    trigger(workbench, "add_input")
    recipe_file.write_text(RECIPE.format(file="model.py", size=32))
    qtbot.waitUntil(lambda: workbench.session.notice is not None)
    assert workbench.session.notice is not None
    assert "another program" in workbench.session.notice.text
    assert shape(workbench) == (1, 3, 8, 8)
    trigger(workbench, "save")
    assert "32" not in recipe_file.read_text().replace("float32", "")


def test_that_the_windows_own_saving_is_no_change_by_another_program(
    workbench: Workbench, recipe_file: Path, qtbot: QtBot
) -> None:
    open_loaded(workbench, recipe_file, qtbot)
    trigger(workbench, "add_input")
    trigger(workbench, "save")
    count = workbench.undo.count()
    qtbot.wait(400)
    assert workbench.session.notice is None
    assert workbench.undo.count() == count


def test_that_the_model_of_a_recipe_is_found_again_where_it_was_moved_to(
    workbench: Workbench, recipe_file: Path, desktop: FakeDesktop, qtbot: QtBot
) -> None:
    recipe_file.write_text(RECIPE.format(file="gone/model.py", size=8))
    workbench.open(recipe_file)
    button = workbench.workspace.banner.locate_button
    assert button.isVisible()
    desktop.chosen = recipe_file.parent / "model.py"
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: workbench.session.inspection is not None)
    assert not button.isVisible()
    assert workbench.window.isWindowModified()
    trigger(workbench, "save")
    assert 'file = "model.py"' in recipe_file.read_text()


def test_that_settings_which_make_no_sense_are_as_if_there_were_none(tmp_path: Path, qtbot: QtBot) -> None:
    file = tmp_path / "damaged.ini"
    file.write_text(
        '[General]\ntheme="\\"purple\\""\nrecent_files="[1, null, \\"/a.py\\"]"\ntrusted_paths="{}"\n'
        'history="[1, {}]"\ntext_zoom="\\"big\\""\nwindow_geometry="\\"??\\""\nwindow_state="[]"\n'
    )
    settings = Settings(QSettings(str(file), QSettings.Format.IniFormat))
    assert settings.get(THEME) == "system"
    assert settings.get(RECENT_FILES) == ["/a.py"]
    assert settings.get(TRUSTED_PATHS) == []
    assert settings.get(HISTORY) == [1, {}]
    assert settings.get(TEXT_ZOOM) == 0
    window = MainWindow(settings)
    qtbot.addWidget(window)
    assert window.width() > 400
