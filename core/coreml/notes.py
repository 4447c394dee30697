"""coremltools' log lines and warnings as diagnostics."""

import logging
import re
import warnings
from collections.abc import Iterable

from ..diagnostics import Diagnostic, Severity

_SILENT = (
    # Said better by the pipeline, or of no use to anyone.
    "Support for converting Torch Script Models is experimental",
    "has not been tested with coremltools",
    "Fail to import",
    "Failed to load",
    "ERROR - ",
    "is added again",
    "Trying to insert a cast op",
    "fp16 dtype output is supported if",
)
_KNOWN: tuple[tuple[str, str, Severity, str, str | None], ...] = (
    # (pattern, code, severity, message with the pattern's groups, hint)
    (
        r"int64 dtype input (?P<name>\S+) down casted to int32",
        "convert.int64-to-int32",
        Severity.NOTE,
        "Input {name!r} is int64 in PyTorch and int32 in the Core ML model, which has no 64-bit integers.",
        "The app passes 32-bit integers; values beyond ±2,147,483,647 do not fit.",
    ),
    (
        r"fp64 dtype input (?P<name>\S+) down casted to fp32",
        "convert.float64-to-float32",
        Severity.NOTE,
        "Input {name!r} is float64 in PyTorch and float32 in the Core ML model, which has no doubles.",
        None,
    ),
    (
        r"Tuple detected at graph (?P<side>input|output)",
        "convert.flattened-tuple",
        Severity.NOTE,
        "The model's nested {side}s are flattened: a Core ML model has a flat list of {side}s.",
        "The order is that of the PyTorch model, depth first.",
    ),
    (
        r"Output, '(?P<old>[^']*)', of the source model, has been renamed to '(?P<new>[^']*)'",
        "convert.renamed-output",
        Severity.NOTE,
        "Output {old!r} is called {new!r} in the Core ML model.",
        "Give the outputs names of your own in the Core ML options.",
    ),
    (
        r"Input, '(?P<old>[^']*)', of the source model, has been renamed to '(?P<new>[^']*)'",
        "convert.renamed-input",
        Severity.NOTE,
        "Input {old!r} is called {new!r} in the Core ML model.",
        None,
    ),
    (
        r"Model is not in eval mode",
        "convert.training-mode",
        Severity.WARNING,
        "The model is in training mode; dropout and batch norm are converted as they run in training.",
        'Set mode = "eval" in the recipe.',
    ),
    (
        r"Output var '(?P<name>[^']*)' is also an input var, hence the dtype cannot be changed: .* remains dtype "
        r"(?P<dtype>\S+)",
        "convert.output-is-input",
        Severity.WARNING,
        "Output {name!r} is an input passed through unchanged, so it keeps its type ({dtype}).",
        None,
    ),
    (
        r"Input '(?P<name>[^']*)' is of dtype (?P<old>\w+)\. The Core ML I/O does not support this dtype.* "
        r"This input is changed to (?P<new>\w+)",
        "convert.input-type-changed",
        Severity.NOTE,
        "Input {name!r} is {old} in PyTorch; Core ML has no such inputs, so the app passes {new}.",
        None,
    ),
    (
        r"Output '(?P<name>[^']*)' is of dtype (?P<old>\w+)\. .*This output will changed to (?P<new>\w+)",
        "convert.output-type-changed",
        Severity.NOTE,
        "Output {name!r} is {old} in PyTorch; Core ML has no such outputs, so the app gets {new}.",
        None,
    ),
    (
        r"overflow encountered in cast",
        "convert.float16-overflow",
        Severity.WARNING,
        "A constant of the model is too large for float16 and became infinite.",
        'Choose precision = "float32", or keep constants below 65504.',
    ),
    (
        r"Dropping output None",
        "convert.dropped-output",
        Severity.NOTE,
        "An output of the model is None and does not exist in the Core ML model.",
        None,
    ),
)


def notes(records: Iterable[logging.LogRecord], caught: Iterable[warnings.WarningMessage]) -> list[Diagnostic]:
    """Make a diagnostic of each log line and warning that says something about the model; none twice."""
    texts = [record.getMessage() for record in records if record.levelno >= logging.WARNING]
    texts += [str(warning.message) for warning in caught if not _is_about_code(warning)]
    return [note for text in dict.fromkeys(texts) if (note := _note(text.strip()))]


def _is_about_code(warning: warnings.WarningMessage) -> bool:
    """Whether a warning is for coremltools' own authors: a deprecation somewhere in its code."""
    return issubclass(
        warning.category, DeprecationWarning | PendingDeprecationWarning | FutureWarning | ResourceWarning
    )


def _note(text: str) -> Diagnostic | None:
    if not text or any(silent in text for silent in _SILENT):
        return None
    for pattern, code, severity, message, hint in _KNOWN:
        if found := re.search(pattern, text, re.DOTALL):
            words = {name: value or "" for name, value in found.groupdict().items()}
            return Diagnostic(code=code, severity=severity, message=message.format(**words), hint=hint, original=text)
    # A line that is not known yet is passed on as it is: silence would hide what may matter.
    return Diagnostic(
        code="convert.converter-says", severity=Severity.NOTE, message=" ".join(text.split()), original=text
    )
