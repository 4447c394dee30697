"""Export the whole zoo as a user would, check each export, and write the table of the documentation.

Run: ``python tests/zoo/run.py [NAME ...] [--write docs/zoo.md]``.
"""

import argparse
import inspect
import math
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import msgspec
import torch
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.job_context import JobContext
from exportdesk.core.pipeline import run_export
from exportdesk.core.recipe.model import CoreML, Input, Model, Recipe, TorchScript
from exportdesk.core.results import Check, ExportResult
from exportdesk.core.stages.kept_export import LastExport
from torch import Tensor, nn

ZOO = Path(__file__).resolve().parent
sys.path.insert(0, str(ZOO))

FLOAT32_TOLERANCE = 1e-4
GOOD_PSNR_DB = 60.0
MODEL_FILE = """
import sys
sys.path.insert(0, {zoo!r})
from architectures import BUILDERS

def make():
    return BUILDERS[{name!r}]()[0]
"""


@dataclass(frozen=True)
class Outcome:
    """One architecture's result."""

    name: str
    float32_error: float | None = None
    """Relative error of the float32 program, the worst of all probes; None where there is no such program."""
    psnr_db: float | None = None
    """Of the float16 program, the worst of all probes; None where it is identical, or was not made."""
    failed: tuple[str, ...] = ()
    """Checks that failed, with their reasons."""
    layer: str = ""
    """The submodule with the largest error, where the float16 program has less than 60 dB."""
    reason: str = ""
    """Why there is no export."""
    seconds: float = 0.0

    @property
    def is_good(self) -> bool:
        is_exact = self.float32_error is None or self.float32_error <= FLOAT32_TOLERANCE
        is_near = self.psnr_db is None or self.psnr_db >= GOOD_PSNR_DB or bool(self.layer)
        return not self.reason and not self.failed and is_exact and is_near


def run(name: str) -> Outcome:
    """Export with all checks on random inputs, in float32 and in float16; states exist in float16 only."""
    from architectures import BUILDERS, OPTIONS

    started = time.perf_counter()
    torch.manual_seed(0)
    model, example = BUILDERS[name]()
    options = OPTIONS.get(name, CoreML())
    with warnings.catch_warnings(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        (Path(folder) / "model.py").write_text(MODEL_FILE.format(zoo=str(ZOO), name=name))
        recipe = Recipe(
            model=Model(file="model.py", entry="make"),
            inputs=_inputs(model, example),
            torchscript=TorchScript(strict=False),
            coreml=options,
        )
        last = LastExport()
        try:
            precise = None if options.states else _export(recipe, "float32", Path(folder), last)
            half = _export(recipe, "float16", Path(folder), last)
        except ExportDeskError as error:
            failure = error.failure
            place = f"{Path(failure.file or '?').name}:{failure.line} · {failure.module}"
            return Outcome(name, reason=f"{failure.message} ({place})")
    checks = [*(precise.checks if precise else ()), *half.checks]
    return Outcome(
        name,
        float32_error=None if precise is None else _check(precise, "coreml").max_relative_error,
        psnr_db=_check(half, "coreml").psnr_db,
        failed=tuple(f"{check.name}: {check.reason}" for check in checks if check.status != "passed"),
        layer=max(half.layers, key=lambda row: row.max_relative_error or math.inf).module if half.layers else "",
        seconds=time.perf_counter() - started,
    )


def _inputs(model: nn.Module, example: tuple[Tensor, ...]) -> tuple[Input, ...]:
    made = [
        Input(shape=tuple(value.shape), dtype=str(value.dtype).removeprefix("torch."))  # type: ignore[arg-type]
        if value.is_floating_point()
        else Input(shape=tuple(value.shape), dtype="int64", fill="randint", low=1, high=50)
        for value in example
    ]
    parameters = list(inspect.signature(model.forward).parameters.values())
    if parameters[0].kind is inspect.Parameter.VAR_POSITIONAL:
        return (Input(name=parameters[0].name, kind="tuple", items=tuple(made)),)
    return tuple(
        msgspec.structs.replace(item, name=parameter.name)
        for item, parameter in zip(made, parameters[: len(made)], strict=True)
    )


def _export(recipe: Recipe, precision: str, folder: Path, last: LastExport) -> ExportResult:
    recipe = msgspec.structs.replace(recipe, coreml=msgspec.structs.replace(recipe.coreml, precision=precision))
    return run_export(recipe, folder, folder / "out", folder / "staging", JobContext(), last)


def _check(result: ExportResult, name: str) -> Check:
    return next(check for check in result.checks if check.name == name)


def table(outcomes: list[Outcome]) -> str:
    """Return the outcomes as Markdown."""
    good = sum(outcome.is_good for outcome in outcomes)
    lines = [
        "# The zoo",
        "",
        f"{good} of {len(outcomes)} architectures export and pass every check on 8 random inputs: TorchScript in memory "
        f"and reloaded, the Core ML program in float32 (relative error at most {FLOAT32_TOLERANCE:g}) and in float16 "
        f"(at least {GOOD_PSNR_DB:g} dB, or the layer is named that has less), by reference execution. "
        "Written by `make zoo`.",
        "",
        "| architecture | float32, relative error | float16 | |",
        "|---|---|---|---|",
    ]
    for outcome in outcomes:
        error = "" if outcome.float32_error is None else f"{outcome.float32_error:.1e}"
        psnr = "" if outcome.psnr_db is None else f"{outcome.psnr_db:.0f} dB"
        verdict = "passes" if outcome.is_good else "; ".join(outcome.failed) or outcome.reason or "differs"
        if outcome.is_good and outcome.layer:
            verdict = f"passes; most is lost in `{outcome.layer}`"
        lines.append(f"| {outcome.name} | {error} | {psnr} | {verdict} |")
    return "\n".join(lines) + "\n"


def main() -> None:
    from architectures import BUILDERS

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--write", type=Path)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    outcomes = []
    for name in arguments.names or list(BUILDERS):
        outcomes.append(run(name))
        print(outcomes[-1], flush=True)
    text = table(outcomes)
    if arguments.write:
        arguments.write.write_text(text, encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
