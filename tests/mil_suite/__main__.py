"""Run coremltools' own tests of MIL operations against the reference executor: ``python tests/mil_suite --sample 300``."""

import argparse
import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent


def main() -> int:
    """Run the sample; return 0 if at least ``--require`` percent of the tests pass."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--sample", type=int, default=300, help="how many tests, chosen at random; 0 is all 19,758")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--require", type=float, default=97.0, help="percent that must pass")
    parser.add_argument("--report", type=Path, help="write the table of failures to this file")
    parser.add_argument("--names", type=Path, help="run the tests that this file names, one a line")
    arguments = parser.parse_args()
    os.environ |= {"PYMIL_TEST_TARGETS": "mlprogram", "INCLUDE_MIL_FP32_UNIT_TESTS": "1"}
    os.environ.setdefault("OMP_NUM_THREADS", "1")
    sys.path.insert(0, str(HERE))
    import plugin
    import pytest

    plugin.sample, plugin.seed = arguments.sample, arguments.seed
    if arguments.names is not None:
        lines = arguments.names.read_text(encoding="utf-8").splitlines()
        plugin.names = frozenset("".join(line.split()) for line in lines if line)
    options = ["-c", str(HERE / "pytest.ini"), "--rootdir", str(HERE), "-q", "--tb=no", "--show-capture=no", "-rN"]
    options += ["-p", "no:cacheprovider", "-p", "no:warnings", "--pyargs", "coremltools.converters.mil.mil.ops.tests"]
    pytest.main(options, plugins=[plugin])
    from report import rate, write_report

    if arguments.report is not None:
        import coremltools

        chosen = f"a random sample of {arguments.sample} (seed {arguments.seed})" if arguments.sample else "all of them"
        write_report(arguments.report, plugin.outcomes, chosen, coremltools.__version__)
    share = 100 * rate(plugin.outcomes)
    print(f"{share:.2f} % of the tests passed; {arguments.require:g} % are required")
    return 0 if share >= arguments.require else 1


if __name__ == "__main__":
    sys.exit(main())
