"""A random sample of coremltools' own tests of MIL operations, in a process of its own: they patch coremltools."""

import subprocess
import sys
from pathlib import Path

import pytest


@pytest.mark.slow
@pytest.mark.timeout(3600)
def test_that_coremltools_own_tests_of_operations_pass(repository: Path) -> None:
    command = [sys.executable, str(repository / "tests" / "mil_suite"), "--sample", "300", "--seed", "1"]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-2000:]
