"""Rows C1–C14 of the guides, from a recipe and from the command line; for the window see tests/gui."""

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from exportdesk.core.cli import app
from exportdesk.core.cli import export as export_command
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.job_context import JobContext
from exportdesk.core.pipeline import export, run_export
from exportdesk.core.recipe.document import write_recipe
from exportdesk.core.recipe.input_text import parse_input
from exportdesk.core.recipe.model import Model, Recipe
from exportdesk.core.results import ExportResult

sys.path.insert(0, str(Path(__file__).parent))
from guide_rows import HEAD, ROWS, Outcome, Row


def model_file(row: Row, folder: Path) -> Path:
    """Write the model; a ``.pt`` alone where the row wants one."""
    file = folder / "net.py"
    file.write_text(HEAD + row.source)
    if row.saved:
        names: dict[str, type[torch.nn.Module]] = {}
        exec(file.read_text(), names)
        saved = torch.jit.trace(names["Net"]().eval(), torch.rand(1, 64))
        file.unlink()
        torch.jit.save(saved, folder / "net.pt")
        return folder / "net.pt"
    return file


def from_recipe(row: Row, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    file = model_file(row, folder)
    plain = Recipe(model=Model(file=file.name, entry="" if row.saved else "Net"))
    write_recipe(plain, folder / "recipe.toml")
    # Written as a person would: a table a dotted key, each key once.
    lines = [f"{key} = {value}" for key, value in row.asked.items()]
    if "inputs" not in row.asked:
        shape = ", ".join(_toml_size(size) for size in parse_input(f"x={row.shape}").shape or ())
        lines.append(f'inputs = [{{ name = "{row.input}", shape = [{shape}], dtype = "{row.dtype}" }}]')
    entry = "" if row.saved else 'model.entry = "Net"\n'
    (folder / "recipe.toml").write_text("\n".join(lines) + f'\nmodel.file = "{file.name}"\n{entry}')
    try:
        return Outcome(export(folder / "recipe.toml", folder / "out"))
    except ExportDeskError as error:
        return Outcome(None, error.failure)


def from_command_line(row: Row, folder: Path, monkeypatch: pytest.MonkeyPatch) -> Outcome:
    """Run the command, its job in this process: a worker of its own would cost seconds each."""
    outcome: list[Outcome] = []

    def run_job(make_request: Callable[[int], object], **_: object) -> ExportResult:
        request = make_request(1)
        try:
            result = run_export(
                request.recipe,
                Path(request.folder),
                Path(request.out),
                Path(request.staging),
                JobContext(),  # type: ignore[attr-defined]
            )
        except ExportDeskError as error:
            outcome.append(Outcome(None, error.failure))
            raise
        outcome.append(Outcome(result))
        return result

    monkeypatch.setattr(export_command, "run_job", run_job)
    file = model_file(row, folder)
    sets = [word for key, value in row.asked.items() for word in ("--set", f"{key}={value}")]
    given = [] if "inputs" in row.asked else ["--input", f"{row.input}={row.shape}:{row.dtype}"]
    code = app.run(["export", str(file) if row.saved else f"{file}:Net", "--out", str(folder / "out"), *given, *sets])
    [found] = outcome
    assert (code == 0) == (found.failure is None)
    return found


def _toml_size(size: object) -> str:
    if isinstance(size, int):
        return str(size)
    if isinstance(size, tuple):
        return str(list(size))
    return f"{{ min = {size.min}, max = {size.max}, default = {size.default} }}"  # type: ignore[attr-defined]


WAYS = {"recipe": from_recipe, "command line": from_command_line}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("row", ROWS, ids=lambda row: row.name)
def test_that_the_row_works(row: Row, way: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    row.holds(WAYS[way](row, tmp_path, monkeypatch))
