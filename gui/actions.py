"""Every action of the window: one declared table of menu, text, shortcut and icon."""

from collections.abc import Callable, Collection
from typing import NamedTuple

from PySide6.QtGui import QAction, QActionGroup, QKeySequence
from PySide6.QtWidgets import QMainWindow, QMenu

from . import theme

MENUS = ("&File", "&Edit", "&View", "&Model", "&Export", "&Window", "&Help")
_Standard = QKeySequence.StandardKey
Shortcut = str | QKeySequence.StandardKey


class Declared(NamedTuple):
    name: str
    menu: str
    text: str
    shortcut: Shortcut
    tip: str = ""
    icon: str = ""
    is_checkable: bool = False
    role: QAction.MenuRole = QAction.MenuRole.NoRole
    group: str = ""
    short: str = ""
    """Text of a button where there is little room."""


SEPARATOR = None

DECLARED: tuple[Declared | str | None, ...] = (
    Declared("open", "&File", "&Open …", _Standard.Open, "Open a model file or a recipe", "open"),
    Declared("open_package", "&File", "Open Core ML &Package …", "Ctrl+Shift+O", "Look at an .mlpackage", "open"),
    "&File/Open &Recent",
    "&File/&Examples",
    SEPARATOR,
    Declared("save", "&File", "&Save Recipe", _Standard.Save, "Save the recipe", "save"),
    Declared("save_as", "&File", "Save Recipe &As …", "Ctrl+Shift+S", "Save the recipe in another file"),
    SEPARATOR,
    Declared("reload", "&File", "Re&load Model", "Ctrl+R", "Read and load the model file again", "reload"),
    Declared("close", "&File", "&Close", _Standard.Close, "Close what is open"),
    SEPARATOR,
    Declared("quit", "&File", "&Quit", "Ctrl+Q", "Leave ExportDesk", role=QAction.MenuRole.QuitRole),
    Declared("undo", "&Edit", "&Undo", _Standard.Undo, "Take the last edit back", "undo"),
    Declared("redo", "&Edit", "&Redo", "Ctrl+Shift+Z", "Do the edit again", "redo"),
    SEPARATOR,
    Declared("find", "&Edit", "&Find", _Standard.Find, "Find in the text that is shown", "search"),
    Declared("filter_modules", "&Edit", "Filter &Modules", "Ctrl+Shift+F", "Find a module by its name"),
    Declared("larger_text", "&View", "&Larger Code", "Ctrl+=", "Show code larger"),
    Declared("smaller_text", "&View", "&Smaller Code", "Ctrl+-", "Show code smaller"),
    Declared("usual_text", "&View", "&Usual Code Size", "Ctrl+0", "Show code in its usual size"),
    SEPARATOR,
    Declared("theme_system", "&View", "Colours of the S&ystem", "Ctrl+Alt+0", is_checkable=True, group="theme"),
    Declared("theme_light", "&View", "L&ight Colours", "Ctrl+Alt+1", is_checkable=True, group="theme"),
    Declared("theme_dark", "&View", "&Dark Colours", "Ctrl+Alt+2", is_checkable=True, group="theme"),
    SEPARATOR,
    Declared(
        "compare_kinds", "&View", "&Compare TorchScript with Core ML", "Ctrl+Alt+C", "What the conversion changed"
    ),
    Declared(
        "compare_earlier", "&View", "Compare with the &Export Before", "Ctrl+Alt+E", "What the last export changed"
    ),
    Declared("compare_file", "&View", "Compare with &Another File …", "Ctrl+Alt+F", "What another .pt has otherwise"),
    Declared(
        "measure_times",
        "&View",
        "&Measure Times",
        "Ctrl+Alt+M",
        "Run the file of the graph here, and time each of its operations",
    ),
    SEPARATOR,
    Declared("full_screen", "&View", "&Full Screen", "F11", "Use the whole screen", is_checkable=True),
    Declared("trust", "&Model", "Trust and &Load Model", "Ctrl+L", "Run the model file and load the model", "module"),
    SEPARATOR,
    Declared("mark_trace", "&Model", "Mark as &Traced", "T", "Record what one run of this module does", "trace"),
    Declared("mark_script", "&Model", "Mark as &Scripted", "S", "Compile this module's code", "script"),
    Declared("mark_inherit", "&Model", "&Inherit the Mark", "I", "Do what the parent module does", "inherit"),
    SEPARATOR,
    Declared("advise", "&Model", "A&dvise", "Ctrl+D", "Find out, by running, which modules must be scripted", "advise"),
    Declared(
        "apply_advice",
        "&Model",
        "Appl&y Advised Marks",
        "Ctrl+Shift+D",
        "Give the modules the advised marks",
        "success",
    ),
    Declared(
        "measure_envelope", "&Model", "Measure &Envelope", "Ctrl+Shift+M", "Find how far the exported model agrees"
    ),
    Declared(
        "keep_float32",
        "&Model",
        "&Keep Suggested Operations in 32 bit",
        "Ctrl+Shift+K",
        "Keep the operations that the checks name in float32, so that the rest may be float16",
        "success",
        short="Keep in 32 bit",
    ),
    Declared(
        "acknowledge",
        "&Model",
        "Accept or Show the &Problem",
        "Ctrl+K",
        "Accept the selected problem, or take that back",
    ),
    SEPARATOR,
    Declared("add_input", "&Model", "&Add Input", "Ctrl+I", "Add a row to the inputs", "add", short="Input"),
    Declared(
        "add_check",
        "&Model",
        "Add C&heck Input",
        "Ctrl+Shift+I",
        "Check the trace on a further input",
        "add",
        short="Check",
    ),
    Declared(
        "remove_input",
        "&Model",
        "&Remove Input",
        "Ctrl+Backspace",
        "Remove the selected inputs",
        "remove",
        short="Remove",
    ),
    SEPARATOR,
    Declared("choose_weights", "&Model", "Choose &Weights …", "Ctrl+Shift+W", "Load weights from a file", "open"),
    Declared("export", "&Export", "&Export", "Ctrl+E", "Make and check the TorchScript and Core ML files", "export"),
    Declared("export_to", "&Export", "Export &To …", "Ctrl+Shift+E", "Choose the folder of the exported files", "open"),
    Declared("cancel", "&Export", "&Cancel", "Ctrl+.", "End what runs now", "cancel"),
    SEPARATOR,
    Declared("reveal", "&Export", "&Show in Folder", "Ctrl+Shift+R", "Show the exported files", "reveal"),
    Declared(
        "try_compression",
        "&Export",
        "Try Co&mpression",
        "Ctrl+Shift+T",
        "Compress the exported package in several ways, and compare size and error",
    ),
    Declared(
        "use_compression",
        "&Export",
        "&Use Selected Compression",
        "Ctrl+Shift+U",
        "Put the selected choice of What if into the recipe",
        "success",
        short="Use This",
    ),
    Declared("tab_torchscript", "&Window", "&TorchScript", "Ctrl+1", "Show the compiled model"),
    Declared("tab_coreml", "&Window", "&Core ML", "Ctrl+2", "Show what the app gets"),
    Declared("tab_checks", "&Window", "C&hecks", "Ctrl+3", "Show the numeric checks"),
    Declared("tab_advice", "&Window", "&Advice", "Ctrl+4", "Show what must be scripted, and why"),
    Declared("tab_envelope", "&Window", "E&nvelope", "Ctrl+5", "Show how far the exported model agrees"),
    Declared("tab_what_if", "&Window", "&What If", "Ctrl+6", "Show what smaller weights would cost"),
    Declared("tab_comparison", "&Window", "Compar&ison", "Ctrl+7", "Show how two graphs differ"),
    SEPARATOR,
    "&Window/&Panels",
    Declared("restore_layout", "&Window", "&Restore Layout", "Ctrl+Alt+L", "Put all panels back in their place"),
    Declared("shortcuts", "&Help", "&Keyboard Shortcuts", "Ctrl+/", "List all shortcuts"),
    Declared("about", "&Help", "&About ExportDesk", "F1", "Versions", role=QAction.MenuRole.AboutRole),
)

WITH_DOCUMENT = ("reload", "close")
"""Names of the actions that need something open."""
EDITING = ("save", "save_as", "add_input", "add_check", "remove_input", "choose_weights", "export_to")
"""Names of the actions that need a recipe, which a Core ML package does not have."""


class Actions:
    """The actions by name, and the menus that are filled as they open."""

    def __init__(self, window: QMainWindow) -> None:
        self._made: dict[str, QAction] = {}
        self._groups: dict[str, QActionGroup] = {}
        self.submenus: dict[str, QMenu] = {}
        self.menus: dict[str, QMenu] = {title: window.menuBar().addMenu(title) for title in MENUS}
        menu = MENUS[0]
        for declared in DECLARED:
            if declared is None:
                self.menus[menu].addSeparator()
            elif isinstance(declared, str):
                menu, _, title = declared.partition("/")
                self.submenus[title.replace("&", "")] = self.menus[menu].addMenu(title)
            else:
                menu = declared.menu
                self._add(window, declared)

    def __getitem__(self, name: str) -> QAction:
        return self._made[name]

    def all(self) -> dict[str, QAction]:
        return dict(self._made)

    def connect_slots(self, **slots: Callable[[], object]) -> None:
        """Have each named action call a function of no arguments."""
        for name, slot in slots.items():
            self._made[name].triggered.connect(lambda checked=False, slot=slot: slot())

    def show_icons(self, names: Collection[str] | None = None) -> None:
        """Tint the icons of all actions, or of some, for the present palette."""
        for declared in DECLARED:
            if isinstance(declared, Declared) and declared.icon and (names is None or declared.name in names):
                self._made[declared.name].setIcon(theme.icon(declared.icon))

    def _add(self, window: QMainWindow, declared: Declared) -> None:
        action = QAction(declared.text, window)
        if declared.short:
            action.setIconText(declared.short)
        action.setShortcut(QKeySequence(declared.shortcut))
        action.setObjectName(declared.name)
        action.setCheckable(declared.is_checkable)
        action.setMenuRole(declared.role)
        keys = action.shortcut().toString(QKeySequence.SequenceFormat.NativeText)
        text = declared.tip or declared.text.replace("&", "")
        action.setStatusTip(text)
        action.setToolTip(f"{text} ({keys})" if keys else text)
        if declared.group:
            if declared.group not in self._groups:
                self._groups[declared.group] = QActionGroup(window)
            self._groups[declared.group].addAction(action)
        self.menus[declared.menu].addAction(action)
        self._made[declared.name] = action
