"""Every example exported by clicks in the window and from the command line: the same artefacts, with eager's numbers."""

import importlib.util
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from exportdesk.core.cli.app import run
from exportdesk.gui.app import Workbench
from exportdesk.gui.engine_thread import worker_client
from exportdesk.gui.state.happenings import OutChosen
from exportdesk.resources import EXAMPLES_DIR, Example, examples
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

LIMIT_MS = 120_000


@pytest.fixture
def bench(make_workbench: Any) -> Workbench:
    made: Workbench = make_workbench(worker_client)
    return made


def wait_for_quiet(bench: Workbench, qtbot: QtBot) -> None:
    qtbot.waitUntil(lambda: bench.session.job is None and not bench.session.needs_inspection, timeout=LIMIT_MS)


def export_by_clicks(bench: Workbench, qtbot: QtBot, number: int, out: Path) -> None:
    menu = bench.window.action_table.submenus["Examples"]
    menu.aboutToShow.emit()
    menu.actions()[number].trigger()
    wait_for_quiet(bench, qtbot)
    bench.tell(OutChosen(out=out))
    button = bench.window.toolbar.widgetForAction(bench.window.action_table["export"])
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)
    wait_for_quiet(bench, qtbot)
    assert bench.session.failure is None, bench.session.failure


def every_code(file: Path) -> dict[str, str]:
    module = torch.jit.load(str(file))
    return {path: str(member.code) for path, member in module.named_modules() if hasattr(member, "code")}


def program_bytes(package: Path) -> dict[str, bytes]:
    data = package / "Data"
    return {path.relative_to(data).as_posix(): path.read_bytes() for path in data.rglob("*") if path.is_file()}


def load_example(example: Example, monkeypatch: pytest.MonkeyPatch) -> Any:
    """Return the example's model, made as a person would make it in Python, with the weights of the export's seed."""
    specification = importlib.util.spec_from_file_location(f"example_{example.name}", example.path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    monkeypatch.setitem(sys.modules, specification.name, module)
    specification.loader.exec_module(module)
    return module


def random_inputs(exported: Path, count: int, mean: float) -> list[list[torch.Tensor]]:
    import numpy as np

    with np.load(exported / "samples" / "0.inputs.npz") as sample:
        shapes = [sample[name].shape for name in sample.files]
    return [[torch.randn(shape) + mean for shape in shapes] for _ in range(count)]


@pytest.mark.slow
def test_that_every_example_is_the_same_from_the_window_and_from_the_command_line(
    bench: Workbench,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    for number, example in enumerate(examples()):
        by_clicks, by_command = tmp_path / "window" / example.name, tmp_path / "command" / example.name
        export_by_clicks(bench, qtbot, number, by_clicks)
        assert run(["export", str(example.recipe), "--out", str(by_command), "--json"]) == 0, capsys.readouterr()
        files = sorted(path.name for path in by_command.iterdir())
        assert files == sorted(path.name for path in by_clicks.iterdir())
        script = next(by_command.glob("*.pt"))
        package = next(by_command.glob("*.mlpackage"))
        assert every_code(script) == every_code(by_clicks / script.name), example.name
        assert program_bytes(package) == program_bytes(by_clicks / package.name), example.name
        check_numbers(example, script, by_command, monkeypatch)


def check_numbers(example: Example, script: Path, exported: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    loaded = torch.jit.load(str(script))
    module = load_example(example, monkeypatch)
    name = script.stem.partition("-")[0]
    eager = getattr(module, name)
    if isinstance(eager, type):
        eager = eager().eval()
        eager.load_state_dict(loaded.state_dict())
    means = (0.5, -0.5) if name.startswith("ControlFlowNet") else (0.0,)
    for mean in means:
        for inputs in random_inputs(exported, 8, mean):
            with torch.no_grad():
                torch.testing.assert_close(loaded(*inputs), eager(*inputs), rtol=1e-5, atol=1e-6)
    assert EXAMPLES_DIR in example.path.parents
