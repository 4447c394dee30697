"""What the window's process loads."""

import subprocess
import sys
from pathlib import Path

SCRIPT = """
import sys
from pathlib import Path
from exportdesk.gui.__main__ import main
code = main(["--screenshot", sys.argv[1], "--out", sys.argv[2], *sys.argv[3:]])
heavy = {name.partition(".")[0] for name in sys.modules} & {"torch", "coremltools", "transformers", "pandas", "sympy"}
assert not heavy, heavy
assert code == 0, code
"""


def run(tmp_path: Path, *arguments: str) -> Path:
    picture = tmp_path / "window.png"
    command = [sys.executable, "-c", SCRIPT, str(picture), str(tmp_path / "bundle"), *arguments]
    finished = subprocess.run(command, capture_output=True, text=True, timeout=280, check=False)
    assert finished.returncode == 0, finished.stderr
    return picture


def test_that_the_window_loads_neither_torch_nor_coremltools(tmp_path: Path) -> None:
    assert run(tmp_path).stat().st_size > 10_000


def test_that_an_export_loads_neither_torch_nor_coremltools_into_the_window(tmp_path: Path) -> None:
    from exportdesk.resources import EXAMPLES_DIR

    picture = run(tmp_path, "--export", "--theme", "dark", str(EXAMPLES_DIR / "foo.toml"))
    assert picture.stat().st_size > 30_000
    assert (tmp_path / "bundle" / "foo.pt").is_file()
