"""The text and syntax tree of a model file, read without running it."""

import ast
import io
import tokenize
import warnings
from dataclasses import dataclass
from pathlib import Path

from ..errors import fail

LARGEST_BYTES = 16 * 2**20
"""A syntax tree takes some hundred times its text; nobody writes a model of this size by hand."""

_NOT_PYTHON_SUFFIXES = {
    ".ipynb": "Save the notebook's model as a .py file first (File > Save and Export Notebook As > Executable Script).",
    ".pyc": "Open the .py file that it was compiled from.",
}


@dataclass(frozen=True)
class ModelSource:
    """A file that parses. Lines end in ``\\n``, whatever they ended in on disk; line numbers are those of the file."""

    path: Path
    text: str
    tree: ast.Module
    lines: tuple[bytes, ...]
    """UTF-8, without the line end: the unit in which ``ast`` counts columns."""

    def segment(self, node: ast.expr) -> str:
        """Return the source text of an expression on one line."""
        first, last = node.lineno - 1, (node.end_lineno or node.lineno) - 1
        if first == last:
            return self.lines[first][node.col_offset : node.end_col_offset].decode()
        parts = (self.lines[first][node.col_offset :], *self.lines[first + 1 : last])
        end = self.lines[last][: node.end_col_offset]
        return " ".join(part.strip().decode() for part in (*parts, end))


def read_source(path: Path) -> ModelSource:
    """Read and parse a model file; nothing of it runs.

    Raises:
        ExportDeskError: ``call.*`` where there is no such file, ``model.syntax`` with its line, ``model.*`` otherwise.
    """
    text = _decoded(_content(path), path)
    try:
        with warnings.catch_warnings():
            # Doubtful escapes in somebody's strings are not ours to print while a file is looked at.
            warnings.simplefilter("ignore")
            tree = ast.parse(text, filename=str(path))
    except SyntaxError as error:
        shown = f": {error.text.strip()[:200]}" if error.text and error.text.strip() else ""
        fail(
            "model.syntax",
            f"{path.name} is not valid Python: {error.msg}{shown}",
            file=str(path),
            line=error.lineno or 1,
            hint="Correct the line, save the file and try again.",
        )
    except (RecursionError, MemoryError):
        _fail_too_deep(path)
    return ModelSource(path=path, text=text, tree=tree, lines=tuple(line.encode() for line in text.split("\n")))


def _fail_too_deep(path: Path) -> None:
    fail(
        "model.too-deep",
        f"{path.name} nests expressions deeper than Python can parse.",
        file=str(path),
        hint="Split the longest expression into several statements.",
    )


def _content(path: Path) -> bytes:
    hint = "Give the path of a Python file."
    try:
        if path.is_dir():
            fail("call.not-a-file", f"{path} is a folder, not a model file.", file=str(path), hint=hint)
        if not path.exists():
            fail("call.missing-file", f"There is no file {path}.", file=str(path), hint="Check the path.")
        if not path.is_file():
            # A pipe or a device: reading it might never end.
            fail("call.not-a-file", f"{path} is not an ordinary file.", file=str(path), hint=hint)
        if remedy := _NOT_PYTHON_SUFFIXES.get(path.suffix.lower()):
            fail("model.not-python", f"{path.name} is not a Python source file.", file=str(path), hint=remedy)
        size = path.stat().st_size
        if size > LARGEST_BYTES:
            megabytes = size / 2**20
            fail(
                "model.too-large",
                f"{path.name} has {megabytes:.0f} MB, too much for a Python source file.",
                file=str(path),
                hint="Keep weights and data in files of their own.",
            )
        return path.read_bytes()
    except (OSError, ValueError) as error:
        fail("model.unreadable", f"{path} cannot be read: {error}.", file=str(path), cause=error)


def _decoded(content: bytes, path: Path) -> str:
    if b"\0" in content:
        is_wide = content.startswith((b"\xff\xfe", b"\xfe\xff"))
        fail(
            "model.not-python",
            f"{path.name} is {'UTF-16 text' if is_wide else 'a binary file'}, not Python source.",
            file=str(path),
            hint="Save it as UTF-8." if is_wide else "Give the path of a Python file.",
        )
    try:
        encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    except SyntaxError as error:
        fail(
            "model.syntax",
            f"{path.name} names an encoding that cannot be used: {error.msg}",
            file=str(path),
            line=1,
            hint="Save it as UTF-8, without a coding line.",
        )
    try:
        return content.decode(encoding).replace("\r\n", "\n").replace("\r", "\n")
    except UnicodeDecodeError as error:
        fail(
            "model.syntax",
            f"{path.name} is not valid {encoding} text: byte 0x{content[error.start]:02x}, {error.reason}",
            file=str(path),
            line=content.count(b"\n", 0, error.start) + 1,
            hint="Save it as UTF-8, or name its encoding in the first line: # -*- coding: latin-1 -*-",
        )
    except (LookupError, UnicodeError) as error:
        fail("model.syntax", f"{path.name} cannot be decoded as {encoding}: {error}", file=str(path), line=1)
