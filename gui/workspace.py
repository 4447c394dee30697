"""All panels of the window, each in its place."""

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QToolButton

from .main_window import MainWindow
from .panels.advice_tab import AdviceTab
from .panels.banner import Banner
from .panels.checks_tab import ChecksTab
from .panels.choosers import ChoosersPanel
from .panels.comparison_tab import ComparisonTab
from .panels.coreml_options import CoreMLOptionsPanel
from .panels.coreml_tab import CoreMLTab
from .panels.envelope_tab import EnvelopeTab
from .panels.history import HistoryPanel
from .panels.inputs import InputsPanel
from .panels.log import LogPanel
from .panels.model_setup import ModelSetupPanel
from .panels.model_tree import ModelTreePanel
from .panels.problems import ProblemsPanel
from .panels.progress import ProgressPanel
from .panels.run_options import RunOptionsPanel
from .panels.selected import SelectedPanel
from .panels.source import SourcePanel
from .panels.status import StatusPanel
from .panels.torchscript_tab import TorchScriptTab
from .panels.what_if_tab import WhatIfTab
from .state.session import Session

EditingPanel = (
    ModelTreePanel | InputsPanel | CoreMLOptionsPanel | ModelSetupPanel | RunOptionsPanel | ChoosersPanel | HistoryPanel
)
ResultTab = TorchScriptTab | CoreMLTab | ChecksTab | AdviceTab | EnvelopeTab | WhatIfTab | ComparisonTab
_Left = Qt.DockWidgetArea.LeftDockWidgetArea
_Right = Qt.DockWidgetArea.RightDockWidgetArea
_Bottom = Qt.DockWidgetArea.BottomDockWidgetArea


class Workspace:
    """Makes the panels and shows them a session; knows nothing of what their wishes mean."""

    def __init__(self, window: MainWindow) -> None:
        self._window = window
        actions = window.action_table
        marks = {"trace": "mark_trace", "script": "mark_script", "": "mark_inherit"}
        self.banner = Banner()
        self.choosers = ChoosersPanel()
        self.progress = ProgressPanel(actions["cancel"])
        self.status = StatusPanel()
        self.tree = ModelTreePanel(actions["trust"], {mark: actions[name] for mark, name in marks.items()})
        self.source = SourcePanel()
        self.inputs = InputsPanel(actions["add_input"], actions["remove_input"], actions["add_check"])
        self.coreml_options = CoreMLOptionsPanel()
        self.setup = ModelSetupPanel(actions["export_to"])
        self.run_options = RunOptionsPanel()
        self.problems = ProblemsPanel(actions["acknowledge"])
        self.log = LogPanel()
        self.history = HistoryPanel()
        self.selected = SelectedPanel()
        self.torchscript_tab = TorchScriptTab(actions["export"])
        self.coreml_tab = CoreMLTab(actions["export"])
        self.checks_tab = ChecksTab(actions["export"], actions["keep_float32"])
        self.advice_tab = AdviceTab(actions["advise"], actions["apply_advice"])
        self.envelope_tab = EnvelopeTab(actions["measure_envelope"])
        self.what_if_tab = WhatIfTab(actions["try_compression"], actions["use_compression"])
        wishes = ("compare_kinds", "compare_earlier", "compare_file")
        self.comparison_tab = ComparisonTab(tuple(actions[name] for name in wishes))
        self._now = Session()
        self._place(window)
        window.tabs.currentChanged.connect(self._show_tab)

    def _place(self, window: MainWindow) -> None:
        window.add_banner(self.banner)
        toolbar = window.toolbar
        toolbar.addWidget(self.choosers)
        toolbar.addSeparator()
        for name in ("advise", "export"):
            toolbar.addAction(window.action_table[name])
            button = toolbar.widgetForAction(window.action_table[name])
            assert isinstance(button, QToolButton)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        toolbar.addWidget(self.progress)
        window.statusBar().addPermanentWidget(self.status)
        window.add_dock("model", "Model", self.tree, _Left)
        window.add_dock("source", "Source", self.source, _Left)
        window.add_dock("inputs", "Inputs", self.inputs, _Right)
        window.add_dock("coreml", "Core ML", self.coreml_options, _Right)
        window.add_dock("setup", "Setup", self.setup, _Right, onto="coreml")
        window.add_dock("checks", "Tracing", self.run_options, _Right, onto="setup")
        window.add_dock("problems", "Problems", self.problems, _Bottom)
        window.add_dock("log", "Log", self.log, _Bottom, onto="problems")
        window.add_dock("history", "History", self.history, _Bottom, onto="log")
        window.add_dock("selected", "Selected", self.selected, _Right, onto="checks")
        window.tabs.addTab(self.torchscript_tab, "TorchScript")
        window.tabs.addTab(self.coreml_tab, "Core ML")
        window.tabs.addTab(self.checks_tab, "Checks")
        window.tabs.addTab(self.advice_tab, "Advice")
        window.tabs.addTab(self.envelope_tab, "Envelope")
        window.tabs.addTab(self.what_if_tab, "What If")
        window.tabs.addTab(self.comparison_tab, "Comparison")
        window.finish_layout()
        self.problems.count_changed.connect(self._title_problems)

    def editing_panels(self) -> tuple[EditingPanel, ...]:
        return (
            self.tree,
            self.inputs,
            self.coreml_options,
            self.setup,
            self.run_options,
            self.choosers,
            self.history,
        )

    def show_state(self, before: Session | None, now: Session) -> None:
        """Show a session; progress alone, the commonest change by far, touches the progress panel alone."""
        self.progress.show_state(now.job)
        if before is not None and _differs_in_progress_only(before, now):
            return
        self.banner.show_state(now.failure, now.notice)
        self.status.show_state(now)
        self.tree.show_state(now)
        self.source.show_state(now)
        self.problems.show_state(now)
        self.history.show_state(now)
        self.selected.show_state(now)
        self._now = now
        self._show_tab()
        if before is None or before.document is not now.document or before.worker is not now.worker:
            self.show_edited(now)
            self.inputs.show_state(now)
        elif before.inspection is not now.inspection:
            self.inputs.show_state(now)

    def _show_tab(self) -> None:
        """Show the results in the tab that is in sight; the others have time until they are."""
        tab = self._window.tabs.currentWidget()
        for known in self._result_tabs():
            if tab is known:
                known.show_state(self._now)

    def _result_tabs(self) -> tuple[ResultTab, ...]:
        return (
            self.torchscript_tab,
            self.coreml_tab,
            self.checks_tab,
            self.advice_tab,
            self.envelope_tab,
            self.what_if_tab,
            self.comparison_tab,
        )

    def show_edited(self, now: Session) -> None:
        """Show the recipe's values again, also where a field holds something that was refused."""
        for panel in (self.coreml_options, self.setup, self.run_options, self.choosers):
            panel.show_state(now)

    def focus_search(self) -> None:
        """Put the cursor into the search field of the page in sight, or of TorchScript's where that has none."""
        tab = self._window.tabs.currentWidget()
        if (tab is self.comparison_tab or tab is self.coreml_tab) and tab.focus_search():
            return
        self._window.tabs.setCurrentWidget(self.torchscript_tab)
        self.torchscript_tab.focus_search()

    def focus_filter(self) -> None:
        self._window.reveal_dock("model")
        self.tree.filter.setFocus()

    def set_zoom(self, zoom: int) -> None:
        self.source.view.set_zoom(zoom)
        self.torchscript_tab.set_zoom(zoom)

    def _title_problems(self, count: int) -> None:
        self._window.docks["problems"].setWindowTitle(f"Problems ({count})" if count else "Problems")


def _differs_in_progress_only(before: Session, now: Session) -> bool:
    # Which job runs matters to other panels (what can be done now); how far it is does not.
    same_job = (before.job and before.job.id) == (now.job and now.job.id)
    names = (name for name in now.__struct_fields__ if name != "job")
    return same_job and all(getattr(before, name) is getattr(now, name) for name in names)
