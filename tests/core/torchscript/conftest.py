"""Exports of small models written in the tests, from a recipe or from the command line, in this process."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import torch
from exportdesk.core.cli import app
from exportdesk.core.cli import export as export_command
from exportdesk.core.diagnostics import Diagnostic
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.job_context import JobContext
from exportdesk.core.pipeline import run_export
from exportdesk.core.recipe.document import parse_recipe
from exportdesk.core.requests import Export

HEAD = """import torch
import torch.nn.functional as F
from torch import Tensor, nn
from typing import Dict, List, NamedTuple, Optional, Tuple

"""
HEAD_LINES = HEAD.count("\n")


@dataclass(frozen=True)
class Outcome:
    """What an export gave."""

    code: int
    folder: Path
    diagnostics: tuple[Diagnostic, ...]
    checks: tuple[tuple[str, str, str | None], ...] = ()
    """(name, status, reason)"""
    failure: dict[str, Any] | None = None

    @property
    def is_good(self) -> bool:
        return self.code == 0 and bool(self.checks) and all(status == "passed" for _, status, _ in self.checks)

    @property
    def codes(self) -> list[str]:
        return [diagnostic.code for diagnostic in self.diagnostics]

    @property
    def file(self) -> Path:
        (found,) = (self.folder / "out").glob("*.pt")
        return found

    def found(self, code: str) -> Diagnostic:
        """Return the only diagnostic with a code."""
        rows = [diagnostic for diagnostic in self.diagnostics if diagnostic.code == code]
        assert len(rows) == 1, f"{code}: {rows or self.codes}"
        return rows[0]

    def line_of(self, text: str) -> int:
        """Return the number of the line of the model file that has a text."""
        lines = (self.folder / "m.py").read_text().splitlines()
        (number,) = [index for index, line in enumerate(lines, start=1) if text in line]
        return number

    def load(self) -> torch.jit.ScriptModule:
        return torch.jit.load(str(self.file))


class Desk:
    """Writes a model file and exports it."""

    def __init__(self, folder: Path, run_command: Callable[[list[str]], tuple[int, dict[str, Any], JobContext]]):
        self.folder = folder
        self._run_command = run_command

    def write(self, source: str) -> None:
        (self.folder / "m.py").write_text(HEAD + source)

    def recipe(self, source: str, text: str) -> Outcome:
        """Export by a recipe; one without ``[model]`` begins with the entry."""
        self.write(source)
        if "[model]" not in text:
            entry, _, rest = text.strip().partition("\n")
            text = f'[model]\nfile = "m.py"\nentry = "{entry}"\n{rest}'
        text = f"exportdesk = 1\n{text}"
        if "[coreml]" not in text:
            text += "\n[coreml]\nenabled = false\n"
        context = JobContext()
        out = self.folder / "out"
        try:
            result = run_export(parse_recipe(text), self.folder, out, self.folder / "staging", context)
        except ExportDeskError as error:
            assert not out.exists()
            assert not (self.folder / "staging").exists()
            return Outcome(error.failure.exit_code, self.folder, context.diagnostics, failure=error.failure.as_json())
        checks = tuple((check.name, check.status, check.reason) for check in result.checks)
        return Outcome(0 if result.is_good else 3, self.folder, context.diagnostics, checks)

    def command(self, source: str, entry: str, *flags: str) -> Outcome:
        """Export with flags, as ``exportdesk export m.py:ENTRY … --no-coreml --json``."""
        self.write(source)
        target = f"{self.folder / 'm.py'}:{entry}" if entry else str(self.folder / "m.py")
        out = self.folder / "out"
        code, answer, context = self._run_command(
            ["export", target, *flags, "--no-coreml", "--json", "--out", str(out)]
        )
        if "error" in answer:
            assert not out.exists()
            return Outcome(code, self.folder, context.diagnostics, failure=answer["error"])
        checks = tuple((check["name"], check["status"], check["reason"]) for check in answer["checks"])
        return Outcome(code, self.folder, context.diagnostics, checks)


@pytest.fixture
def desk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Desk:
    contexts: list[JobContext] = []

    def in_this_process(make_request: Callable[[int], Export], *, timeout_s: float | None = None) -> Any:
        request = make_request(1)
        contexts.append(JobContext())
        return run_export(request.recipe, Path(request.folder), Path(request.out), Path(request.staging), contexts[-1])

    def run_command(arguments: list[str]) -> tuple[int, dict[str, Any], JobContext]:
        capsys.readouterr()
        code = app.run(arguments)
        return code, json.loads(capsys.readouterr().out), contexts[-1] if contexts else JobContext()

    monkeypatch.setattr(export_command, "run_job", in_this_process)
    return Desk(tmp_path, run_command)
