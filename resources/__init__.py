"""Examples, icons, templates and help texts that ship with ExportDesk."""

from pathlib import Path

EXAMPLES_DIR = Path(__file__).parent / "examples"
