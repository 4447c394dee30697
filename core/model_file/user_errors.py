"""Exceptions of the user's own code, located at the user's line."""

import functools
import inspect
import os
import sysconfig
import traceback
from pathlib import Path
from typing import Any, NoReturn

from ..errors import fail

_OURS = str(Path(__file__).resolve().parents[2])
_LIBRARIES = tuple({os.path.realpath(sysconfig.get_path(name)) for name in ("stdlib", "purelib", "platlib")})


@functools.cache
def is_users_file(name: str) -> bool:
    """Whether a file of a traceback is the user's: not Python's, not an installed package's, not ours."""
    if name.startswith("<") or not name:
        return False
    place = os.path.realpath(name)
    return not place.startswith(_LIBRARIES) and not is_ours(name)


@functools.cache
def is_ours(name: str) -> bool:
    """Whether a file of a traceback belongs to the product."""
    return os.path.realpath(name).startswith((_OURS + os.sep + "core", _OURS + os.sep + "gui"))


def users_place(error: BaseException) -> tuple[str, int] | tuple[None, None]:
    """Return file and line of the innermost frame that is the user's, or twice None."""
    if isinstance(error, SyntaxError) and error.filename and error.lineno:
        return error.filename, error.lineno
    for frame in reversed(traceback.extract_tb(error.__traceback__)):
        if frame.lineno is not None and is_users_file(frame.filename):
            return frame.filename, frame.lineno
    return None, None


def place_of_code(target: Any) -> tuple[str, int] | tuple[None, None]:
    """Return file and line at which a function or method is defined, or twice None."""
    code = getattr(inspect.unwrap(getattr(target, "__func__", target)), "__code__", None)
    return (code.co_filename, code.co_firstlineno) if code is not None else (None, None)


def describe(error: BaseException) -> str:
    """Return ``ValueError: the text``, at most some lines of it."""
    text = str(error).strip()
    lines = text.splitlines()
    if len(lines) > 6:
        text = "\n".join([*lines[:6], "…"])
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def fail_in_user_code(
    code: str,
    what: str,
    error: BaseException,
    *,
    module: str | None = None,
    hint: str | None = None,
    otherwise: Path | None = None,
) -> NoReturn:
    """Raise an ExportDeskError for an exception of user code: ``what`` happened, at which of the user's lines.

    Args:
        otherwise: the file to name where none of the user's lines was running.
    """
    file: str | None
    file, line = users_place(error)
    if file is None and otherwise is not None:
        file = str(otherwise)
    fail(code, f"{what}: {describe(error)}", module=module, file=file, line=line, hint=hint, cause=error)
