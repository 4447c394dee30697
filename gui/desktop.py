"""What lies outside our window: questions to the person, file dialogs, the system's file window.

All questions are asked without holding the program; the answer comes to a function. Tests put their own in its place.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Literal

from PySide6.QtCore import Qt, QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import (
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QMessageBox,
    QPushButton,
    QTextBrowser,
    QVBoxLayout,
    QWidget,
)

TrustAnswer = Literal["file", "folder", "no"]
SaveAnswer = Literal["save", "discard", "stay"]
OPEN_FILTER = "Models and recipes (*.py *.toml *.pt *.pth *.pt2 *.mlpackage *.mlmodel);;All files (*)"
MODEL_FILTER = "Models (*.py *.pt *.pth);;All files (*)"
RECIPE_FILTER = "Recipes (*.toml)"

_TEXT_WIDTH = 440


class Desktop:
    def __init__(self, window: QWidget | None = None) -> None:
        self.window = window

    def ask_trust(self, model_file: Path, answer: Callable[[TrustAnswer], None]) -> None:
        """Ask whether a model file may run."""
        box = self._box(
            QMessageBox.Icon.Question,
            f"Run {model_file.name}?",
            "Loading the model runs this file as a program, with all you may do on this computer. "
            "Run only what you trust.\n\nUntil then you see an outline that is read from its text.",
        )
        trust_file = box.addButton("&Run This File", QMessageBox.ButtonRole.AcceptRole)
        trust_folder = box.addButton(f"Run All in “{model_file.parent.name}”", QMessageBox.ButtonRole.YesRole)
        refuse = box.addButton("&Outline Only", QMessageBox.ButtonRole.RejectRole)
        box.setDefaultButton(trust_file)
        box.setEscapeButton(refuse)

        def tell() -> None:
            clicked = box.clickedButton()
            answer("file" if clicked is trust_file else "folder" if clicked is trust_folder else "no")

        box.finished.connect(tell)
        box.open()

    def ask_save(self, title: str, answer: Callable[[SaveAnswer], None]) -> None:
        """Ask what to do with unsaved edits."""
        box = self._box(
            QMessageBox.Icon.Warning, f"Save the changes to {title}?", "What you do not save of the recipe is lost."
        )
        save: QPushButton = box.addButton(QMessageBox.StandardButton.Save)
        discard = box.addButton(QMessageBox.StandardButton.Discard)
        box.addButton(QMessageBox.StandardButton.Cancel)
        box.setDefaultButton(save)

        def tell() -> None:
            clicked = box.clickedButton()
            answer("save" if clicked is save else "discard" if clicked is discard else "stay")

        box.finished.connect(tell)
        box.open()

    def choose_file(self, title: str, folder: Path, name_filter: str, answer: Callable[[Path], None]) -> None:
        """Let a file be chosen that exists; nothing is told when the person thinks better of it."""
        dialog = QFileDialog(self.window, title, str(folder), name_filter)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        self._open(dialog, answer)

    def choose_new_file(self, title: str, file: Path, name_filter: str, answer: Callable[[Path], None]) -> None:
        """Let the name of a file to write be chosen."""
        dialog = QFileDialog(self.window, title, str(file.parent), name_filter)
        dialog.setAcceptMode(QFileDialog.AcceptMode.AcceptSave)
        dialog.setDefaultSuffix(file.suffix.lstrip("."))
        dialog.selectFile(file.name)
        self._open(dialog, answer)

    def choose_folder(self, title: str, folder: Path, answer: Callable[[Path], None]) -> None:
        dialog = QFileDialog(self.window, title, str(folder))
        dialog.setFileMode(QFileDialog.FileMode.Directory)
        dialog.setOption(QFileDialog.Option.ShowDirsOnly)
        self._open(dialog, answer)

    def tell(self, title: str, text: str) -> None:
        """Show a text to read, such as the versions."""
        dialog = QDialog(self.window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.setWindowTitle(title)
        page = QTextBrowser()
        page.setOpenExternalLinks(True)
        page.setAccessibleName(title)
        page.setHtml(text)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(dialog.reject)
        layout = QVBoxLayout(dialog)
        layout.addWidget(page)
        layout.addWidget(buttons)
        # As large as the text, as long as that fits on the screen; the rest scrolls.
        document = page.document()
        document.setTextWidth(_TEXT_WIDTH)
        room = dialog.screen().availableSize()
        height = int(document.size().height()) + buttons.sizeHint().height() + 60
        dialog.resize(min(_TEXT_WIDTH + 60, room.width()), min(height, int(room.height() * 0.8)))
        dialog.open()

    def reveal(self, path: Path) -> None:
        """Show a file's folder in the system's file window."""
        folder = path if path.is_dir() and path.suffix != ".mlpackage" else path.parent
        QDesktopServices.openUrl(QUrl.fromLocalFile(str(folder)))

    def _box(self, picture: QMessageBox.Icon, heading: str, text: str) -> QMessageBox:
        box = QMessageBox(self.window)
        box.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        box.setWindowTitle("ExportDesk")
        box.setIcon(picture)
        box.setText(heading)
        box.setInformativeText(text)
        return box

    def _open(self, dialog: QFileDialog, answer: Callable[[Path], None]) -> None:
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.fileSelected.connect(lambda name: answer(Path(name)))
        dialog.open()
