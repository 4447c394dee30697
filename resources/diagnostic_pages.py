"""A page for each code of a finding or a failure: what it says, why it matters, what to do.

Run as a module it writes the pages as Markdown: ``python -m exportdesk.resources.diagnostic_pages docs/diagnostics``.
"""

import sys
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "help" / "diagnostics.toml"
_AREAS = {
    "advise": "The advisor",
    "audit": "What was baked into the exported file",
    "bundle": "Bundles",
    "call": "Calls of a command or of Python",
    "check": "Numeric checks",
    "convert": "Conversion to Core ML",
    "engine": "ExportDesk itself",
    "export": "Export by torch.export",
    "fp16": "Half precision",
    "graph": "Graphs",
    "inputs": "Example inputs",
    "marks": "Marks",
    "mil": "Reference execution",
    "model": "The model and its file",
    "package": "Core ML packages",
    "python": "Python",
    "recipe": "Recipes",
    "script": "Scripting",
    "times": "Times of operations",
    "torchscript": "TorchScript files",
    "trace": "Tracing",
    "worker": "The process that runs the model",
}


@dataclass(frozen=True)
class DiagnosticPage:
    code: str
    what: str
    """One sentence: what a finding with this code says."""
    why: str
    do: str


@cache
def pages() -> dict[str, DiagnosticPage]:
    """Return all pages by code."""
    found = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return {code: DiagnosticPage(code=code, **texts) for code, texts in found.items()}


def markdown_files() -> Iterator[tuple[str, str]]:
    """Yield name and text of each file of ``docs/diagnostics``."""
    index = [
        "# Diagnostics",
        "",
        "One page for each code. The window shows the same under Details, without a network.",
        "",
    ]
    for area, title in _AREAS.items():
        rows = [page for code, page in sorted(pages().items()) if code.partition(".")[0] == area]
        index += [f"## {title}", "", *(f"- [`{page.code}`]({page.code}.md) {page.what}" for page in rows), ""]
    yield "README.md", "\n".join(index)
    for page in pages().values():
        text = f"# `{page.code}`\n\n{page.what}\n\n## Why it matters\n\n{page.why}\n\n## What to do\n\n{page.do}\n"
        yield f"{page.code}.md", f"{text}\n[All diagnostics](README.md)\n"


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.glob("*.md"):
        old.unlink()
    for name, content in markdown_files():
        (folder / name).write_text(content, encoding="utf-8")
