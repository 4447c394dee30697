"""Convert the whole zoo, run each package, compare with eager, and write the table of the documentation.

Run: ``python tests/zoo/run.py [NAME ...] [--write docs/zoo.md]``.
"""

import argparse
import sys
import tempfile
import time
import warnings
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from exportdesk.core.coreml.convert import convert
from exportdesk.core.coreml.inputs import ConvertedInput
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.job_context import JobContext
from exportdesk.core.mil import ReferenceModel
from exportdesk.core.recipe.model import CoreML
from exportdesk.core.torchscript.kept_state import inference

sys.path.insert(0, str(Path(__file__).parent))

TOLERANCE = 1e-4


@dataclass(frozen=True)
class Outcome:
    """One architecture's result; ``error`` is relative to the largest value, None where nothing could be compared."""

    name: str
    operations: int = 0
    error: float | None = None
    seconds: float = 0.0
    reason: str = ""

    @property
    def is_good(self) -> bool:
        return self.error is not None and self.error <= TOLERANCE


def run(name: str) -> Outcome:
    """Trace, convert in float32, execute the package on the example, and compare."""
    from architectures import BUILDERS

    torch.manual_seed(0)
    started = time.perf_counter()
    with warnings.catch_warnings(), inference(), tempfile.TemporaryDirectory() as folder:
        warnings.simplefilter("ignore")
        model, example = BUILDERS[name]()
        model = model.eval()
        compiled = torch.jit.trace(model, example, check_trace=False, strict=False)
        inputs = [
            ConvertedInput(f"x{position}", tuple(value.shape), str(value.dtype).removeprefix("torch."))
            for position, value in enumerate(example)
        ]
        try:
            converted = convert(compiled, inputs, CoreML(precision="float32"), JobContext(), staging=Path(folder))
            package = converted.save(Path(folder) / "model.mlpackage")
            values = {f"x{position}": value.numpy() for position, value in enumerate(example)}
            answer = next(iter(ReferenceModel(package).predict(values).values()))
        except ExportDeskError as error:
            place = f"{Path(error.failure.file or '?').name}:{error.failure.line} · {error.failure.module}"
            return Outcome(name, reason=f"{error.failure.message} ({place})")
        expected = model(*example).numpy()
    count = sum(operation.op_type != "const" for operation in converted.program.functions["main"].operations)
    error = float(np.abs(answer - expected).max() / max(np.abs(expected).max(), 1e-30))
    return Outcome(name, count, error, time.perf_counter() - started)


def table(outcomes: list[Outcome]) -> str:
    """Return the outcomes as Markdown."""
    good = sum(outcome.is_good for outcome in outcomes)
    lines = [
        "# The zoo",
        "",
        f"{good} of {len(outcomes)} architectures convert, and give the numbers of PyTorch through the reference "
        f"executor (float32, largest difference at most {TOLERANCE:g} of the largest value). Written by "
        "`python tests/zoo/run.py --write docs/zoo.md`.",
        "",
        "| architecture | operations | largest difference | |",
        "|---|---|---|---|",
    ]
    for outcome in outcomes:
        number = "" if outcome.error is None else f"{outcome.error:.1e}"
        verdict = "passes" if outcome.is_good else outcome.reason or "differs"
        lines.append(f"| {outcome.name} | {outcome.operations or ''} | {number} | {verdict} |")
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
