"""What the window looks like: readable colours, nothing that long names can push out of place."""

from itertools import product
from pathlib import Path

import pytest
from exportdesk.core.errors import Failure
from exportdesk.core.events import AnyEvent, JobFinished
from exportdesk.core.requests import Inspect, JobRequest
from exportdesk.core.results import Inspection, ModuleRow, SuggestedInput
from exportdesk.gui import theme
from exportdesk.gui.app import Workbench
from exportdesk.gui.desktop import Desktop
from exportdesk.gui.models.module_tree import PARAMETERS
from exportdesk.gui.panels.wrapped import WrappedLabel, breakable
from exportdesk.gui.state.wording import short_failure_text
from PySide6.QtGui import QColor, QPalette
from PySide6.QtWidgets import QDialog, QTextBrowser, QWidget
from pytestqt.qtbot import QtBot
from window_fakes import FakeClient, usual_answer
from window_steps import export, open_loaded, trigger

_Role = QPalette.ColorRole
_GROUNDS = {
    _Role.Text: (_Role.Base, _Role.AlternateBase),
    _Role.WindowText: (_Role.Window, _Role.Base),
    _Role.ButtonText: (_Role.Button, _Role.Midlight),
    _Role.PlaceholderText: (_Role.Base, _Role.Window),
    _Role.HighlightedText: (_Role.Highlight,),
    _Role.Link: (_Role.Base, _Role.Window),
    _Role.ToolTipText: (_Role.ToolTipBase,),
}
LONG = "the_hidden_states_of_the_previous_layer_normalised_and_scaled_by_the_square_root_of_their_width"


def luminance(colour: QColor) -> float:
    parts = [value / 12.92 if value <= 0.03928 else ((value + 0.055) / 1.055) ** 2.4 for value in colour.getRgbF()[:3]]
    return 0.2126 * parts[0] + 0.7152 * parts[1] + 0.0722 * parts[2]


def contrast(one: QColor, other: QColor) -> float:
    """Return the ratio of WCAG 2.1, 1 to 21."""
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("is_dark", [False, True])
def test_that_every_text_has_the_contrast_that_reading_needs(is_dark: bool) -> None:
    palette = theme.palette(is_dark=is_dark)
    pairs = [(role, ground) for role, grounds in _GROUNDS.items() for ground in grounds]
    faint = {pair for pair in pairs if contrast(palette.color(pair[0]), palette.color(pair[1])) < 4.5}
    assert faint == set()
    meanings = {name: QColor(colours[is_dark]) for name, colours in theme._MEANINGS.items()}
    grounds = [palette.color(ground) for ground in (_Role.Base, _Role.Window)]
    assert {name for name, ground in product(meanings, grounds) if contrast(meanings[name], ground) < 4.5} == set()


def test_that_long_names_move_no_panel(
    workbench: Workbench, model_file: Path, client: list[FakeClient], qtbot: QtBot
) -> None:
    def answer(request: JobRequest) -> AnyEvent | None:
        if not isinstance(request, Inspect):
            return usual_answer(request)
        row = ModuleRow(path="", type_name=LONG.title(), parameter_count=0, own_parameter_count=0)
        suggested = SuggestedInput(name=LONG, shape=(1, 4), dtype="float32", reason=f"{LONG} takes 4 features")
        result = Inspection(
            file="model.py", entries=(), entry="Net", modules=(row,), signature=(), suggested_inputs=(suggested,)
        )
        return JobFinished(job=request.job, result=result)

    qtbot.waitUntil(lambda: bool(client))
    client[0].answer = answer
    model_file.write_text(model_file.read_text().replace("Net", LONG.title()))
    workbench.window.resize(1024, 700)
    open_loaded(workbench, model_file, qtbot)
    workbench.window.reveal_dock("setup")
    qtbot.waitUntil(lambda: workbench.window.docks["inputs"].width() > 0)
    for _ in range(3):
        qtbot.wait(1)  # layouts are done in turns of the event loop
    assert workbench.window.width() == 1024
    assert workbench.window.docks["inputs"].width() < 360
    assert workbench.workspace.choosers.entry.width() < 400
    assert LONG.title() in workbench.workspace.choosers.entry.toolTip()


def test_that_a_word_as_long_as_a_path_is_broken_at_its_joints_and_told_as_it_is(qtbot: QtBot) -> None:
    label = WrappedLabel(f"The file /home/somebody/projects/{LONG}.py is gone.")
    qtbot.addWidget(label)
    assert label.text().endswith(f"{LONG}.py is gone.")
    assert label.minimumSizeHint().width() < 260
    assert breakable("short words stay") == "short words stay"
    assert breakable(LONG).replace("\u200b", "") == LONG


def test_that_what_to_do_is_told_however_long_a_library_talks() -> None:
    failure = Failure(code="c", message="It cannot be. " + "Consider this and that. " * 50, hint="Do the one thing.")
    what, do = short_failure_text(failure).split("\n")
    assert len(what) < 260
    assert what.endswith("…")
    assert do == "Do the one thing."
    assert short_failure_text(Failure(code="c", message="A" * 100_000)) == "A" * 240 + " …"


def test_that_a_long_text_to_read_fits_on_the_screen(qtbot: QtBot) -> None:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    Desktop(window).tell("Keyboard Shortcuts", "<p>Ctrl+E</p>" * 200)
    (dialog,) = window.findChildren(QDialog)
    assert dialog.windowTitle() == "Keyboard Shortcuts"
    assert dialog.height() < window.screen().availableSize().height()
    assert "Ctrl+E" in dialog.findChildren(QTextBrowser)[0].toPlainText()
    dialog.reject()


def test_that_texts_follow_the_colours_while_they_are_shown(
    workbench: Workbench, model_file: Path, qtbot: QtBot
) -> None:
    open_loaded(workbench, model_file, qtbot)
    export(workbench, qtbot)
    story, message = workbench.workspace.problems.story, workbench.workspace.inputs.message
    try:
        for name in ("theme_dark", "theme_light"):
            trigger(workbench, name)
            palette = workbench.window.palette()
            link = story.document().find("Details").charFormat().foreground().color()
            assert contrast(link, palette.color(_Role.Base)) >= 4.5, name
            shown = message.palette().color(message.foregroundRole())
            assert contrast(shown, palette.color(_Role.Window)) >= 4.5, name
    finally:
        trigger(workbench, "theme_system")


def test_that_the_type_of_a_module_is_told_where_there_is_little_room(
    workbench: Workbench, model_file: Path, qtbot: QtBot
) -> None:
    open_loaded(workbench, model_file, qtbot)
    tree = workbench.workspace.tree.tree
    tree.resize(330, 300)
    assert tree.isColumnHidden(PARAMETERS)
    tree.resize(700, 300)
    assert not tree.isColumnHidden(PARAMETERS)
