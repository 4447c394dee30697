"""Write ``docs/mil-operations.md``: every operation of coremltools' registry, and whether it runs."""

import re
import sys
from pathlib import Path

import coremltools
import coremltools.converters.mil.mil.ops.defs  # fills the registry
from coremltools.converters.mil.mil.ops.registry import SSAOpRegistry
from exportdesk.core.mil import operations
from exportdesk.core.mil.support import CONTROL_FLOW
from exportdesk.core.mil.table import OPSETS, find, names

NEVER_SAVED = {"_const_symbolic": "only between coremltools' passes"}
NOTES = {
    "random_uniform": "own generator: other numbers than a device, the same distribution",
    "random_normal": "own generator: other numbers than a device, the same distribution",
    "random_bernoulli": "own generator: other numbers than a device, the same distribution",
    "random_categorical": "own generator: other numbers than a device, the same distribution",
    "conv_quantized": "linear only; a table of values (lut) is an error",
    "gather": "an index out of range is an error, where MIL leaves the result open",
    "write_state": "how a saved program updates a state; not in the registry",
}


def emitted_by_torch_frontend() -> set[str]:
    """Return the operations that the PyTorch frontend and the passes behind it write, found in their source."""
    root = Path(coremltools.__file__).parent / "converters/mil"
    files = [*(root / "frontend/torch").glob("*.py"), *(root / "frontend").glob("_utils.py")]
    files += [*(root / "mil/passes").rglob("*.py"), *(root / "backend/mil").rglob("*.py")]
    found: set[str] = set()
    for file in files:
        if "tests" not in file.parts:
            found |= set(re.findall(r"\bmb\.([a-z_0-9]+)\b", file.read_text(encoding="utf-8")))
    # Written by way of a helper that takes the operation's name.
    return found | {"const", "classify", "write_state"}


def main(target: Path) -> None:
    operations.load()
    emitted = emitted_by_torch_frontend()
    registered: dict[str, set[str]] = {}
    for name, versions in SSAOpRegistry.core_ops.items():
        registered[name] = {opset.name if opset.name in OPSETS else "iOS15" for opset in versions}
    registered |= {name: {"iOS18"} for name in names() if name not in registered}
    rows, runs, of_torch = [], 0, 0
    for name in sorted(set(registered) - set(NEVER_SAVED)):
        first = min((OPSETS.index(opset) for opset in registered[name]), default=0)
        cells = []
        for index, opset in enumerate(OPSETS):
            is_known = name in CONTROL_FLOW or find(name, opset) is not None
            cells.append("–" if index < first else "runs" if is_known else "**unsupported**")
        by_torch = name in emitted
        is_whole = "**unsupported**" not in cells
        runs += is_whole
        of_torch += by_torch and is_whole
        rows.append(f"| `{name}` | {' | '.join(cells)} | {'yes' if by_torch else 'no'} | {NOTES.get(name, '')} |")
    emitted_count = sum(name in emitted for name in registered if name not in NEVER_SAVED)
    text = [
        "# MIL operations that reference execution runs",
        "",
        "Made by `make mil-operations`; do not edit.",
        "",
        f"coremltools {coremltools.__version__}: {len(rows)} operations, {runs} of them run in every opset that has them;",
        f"of the {emitted_count} that the PyTorch frontend or the passes behind it can emit, {of_torch} run.",
        "Each has a test against values worked out without the executor (`tests/core/mil`).",
        "",
        f"| operation | {' | '.join(OPSETS)} | emitted for PyTorch | note |",
        f"|---|{'---|' * len(OPSETS)}---|---|",
        *rows,
    ]
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text("\n".join(text) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "docs/mil-operations.md"))
