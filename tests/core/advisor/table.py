"""Prints what the advisor says of each model of the corpus: ``make advisor-table``."""

import sys
import time
import warnings
from pathlib import Path

import torch

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from advising import advise_file, scripted  # noqa: E402 - this file is run, not imported
from models_that_depend import CASES as DEPEND  # noqa: E402
from models_that_only_look import CASES as ONLY_LOOK  # noqa: E402
from models_that_only_look import TRAINING_CASES  # noqa: E402


def _row(file: str, entry: str, inputs: list[str], wanted: set[str], mode: str) -> bool:
    started = time.perf_counter()
    advice = advise_file(HERE / file, entry, inputs, mode=mode)
    got = scripted(advice)
    is_right = got == wanted and advice.is_verified
    verdicts = sorted({place.verdict for place in advice.places})
    names = ", ".join(path or "(model)" for path in sorted(got)) or "nothing"
    seconds = time.perf_counter() - started
    print(
        f"{'right' if is_right else 'WRONG':<6} {entry:<24} {' '.join(inputs):<26} script {names:<30} "
        f"{advice.probe_count:>3} probes {seconds:5.1f} s  {', '.join(verdicts)}"
    )
    return is_right


def main() -> int:
    torch.set_num_threads(1)
    warnings.simplefilter("ignore")
    print("Models that depend on their input")
    rows = [_row("models_that_depend.py", name, inputs, want, "eval") for name, (inputs, want) in DEPEND.items()]
    print("\nModels that only look so")
    rows += [_row("models_that_only_look.py", name, inputs, set(), "eval") for name, inputs in ONLY_LOOK.items()]
    rows += [_row("models_that_only_look.py", name, inputs, set(), "train") for name, inputs in TRAINING_CASES.items()]
    print(f"\n{sum(rows)} of {len(rows)} right")
    return 0 if all(rows) else 1


if __name__ == "__main__":
    sys.exit(main())
