"""Each code that the product can give has a page, and the pages of the documentation are those of the window."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from exportdesk.resources.diagnostic_pages import markdown_files, pages

ROOT = Path(__file__).resolve().parents[2]
_CODE = re.compile(r"[a-z][a-z0-9]*\.[a-z0-9][a-z0-9-]*")
_AREAS = {code.partition(".")[0] for code in pages()}
_NO_CODES = {"coreml.float32", "inputs.pt", "recipe.toml", "trace.graphs"}
"""Texts of that form that are names of checks and files, or the beginning of a code."""


def codes_in(file: Path) -> Iterator[str]:
    """Yield texts that look like a code of a known area, and whatever is given as a code or to ``fail`` first."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and _CODE.fullmatch(node.value):
            if node.value.partition(".")[0] in _AREAS:
                yield node.value
        elif isinstance(node, ast.Call):
            given = [keyword.value for keyword in node.keywords if keyword.arg == "code"]
            if isinstance(node.func, ast.Name) and node.func.id == "fail":
                given += node.args[:1]
            for value in given:
                if isinstance(value, ast.Constant) and isinstance(value.value, str) and "." in value.value:
                    yield value.value


def raised() -> set[str]:
    files = [*ROOT.glob("core/**/*.py"), *ROOT.glob("gui/**/*.py")]
    return {code for file in files for code in codes_in(file)} - _NO_CODES


def test_that_each_code_has_a_page() -> None:
    missing = sorted(raised() - pages().keys())
    assert not missing, f"add to resources/help/diagnostics.toml, then make diagnostic-pages: {missing}"


def test_that_no_page_is_of_a_code_that_is_gone() -> None:
    assert not pages().keys() - raised()


def test_that_the_documentation_has_the_same_pages_as_the_window() -> None:
    written = {path.name: path.read_text(encoding="utf-8") for path in (ROOT / "docs" / "diagnostics").glob("*.md")}
    assert written == dict(markdown_files()), "run make diagnostic-pages"


@pytest.mark.parametrize("code", sorted(pages()))
def test_that_a_page_says_something(code: str) -> None:
    page = pages()[code]
    assert page.what.endswith(".")
    assert page.why
    assert page.do
