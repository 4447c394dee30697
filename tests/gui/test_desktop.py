"""The real questions, answered by clicks."""

from pathlib import Path

import pytest
from exportdesk.gui.desktop import Desktop
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMessageBox, QWidget
from pytestqt.qtbot import QtBot


@pytest.fixture
def window(qtbot: QtBot) -> QWidget:
    window = QWidget()
    qtbot.addWidget(window)
    window.show()
    return window


def click(window: QWidget, text: str, qtbot: QtBot) -> None:
    box = window.findChild(QMessageBox)
    assert box is not None
    button = next(button for button in box.buttons() if text in button.text().replace("&", ""))
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


@pytest.mark.parametrize(("text", "answer"), [("This File", "file"), ("All in", "folder"), ("Outline", "no")])
def test_that_the_trust_question_holds_nothing_and_tells_its_answer(
    window: QWidget, qtbot: QtBot, text: str, answer: str
) -> None:
    answers: list[str] = []
    Desktop(window).ask_trust(Path("/project/model.py"), answers.append)
    assert answers == []
    click(window, text, qtbot)
    assert answers == [answer]


@pytest.mark.parametrize(("text", "answer"), [("Save", "save"), ("Discard", "discard"), ("Cancel", "stay")])
def test_that_the_question_about_edits_tells_its_answer(window: QWidget, qtbot: QtBot, text: str, answer: str) -> None:
    answers: list[str] = []
    Desktop(window).ask_save("net.toml", answers.append)
    click(window, text, qtbot)
    assert answers == [answer]


def test_that_escape_trusts_nothing(window: QWidget, qtbot: QtBot) -> None:
    answers: list[str] = []
    Desktop(window).ask_trust(Path("/project/model.py"), answers.append)
    box = window.findChild(QMessageBox)
    assert box is not None
    qtbot.keyClick(box, Qt.Key.Key_Escape)
    assert answers == ["no"]
