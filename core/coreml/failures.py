"""A converter's exception as a failure that names the operation, its module and its Python line."""

import math
import re
from collections.abc import Callable, Sequence
from typing import NoReturn

from ..errors import Cancelled, ExportDeskError, fail
from .locating import Location
from .remedies import remedy
from .watching import Watch

_NOT_IMPLEMENTED = re.compile(r"PyTorch convert function for op '(?P<kind>[^']+)' not implemented")

Placing = Callable[[Watch, str, str, Sequence[str]], Location]


def explain(error: BaseException, place: Placing, watch: Watch) -> NoReturn:
    """Raise the failure that ``error`` stands for; cancels and our own errors pass unchanged.

    Args:
        place: tells where an operation came from.
    """
    if isinstance(error, Cancelled | ExportDeskError):
        raise error
    kind, name, inputs = _converted_node(error)
    if kind is not None:
        _explain_node(error, kind, place(watch, kind, name, inputs))
    text = str(error).strip() or type(error).__name__
    if isinstance(error, MemoryError):
        fail("convert.out-of-memory", "The conversion needs more memory than there is.", cause=error)
    if isinstance(error, OSError):
        fail("convert.not-written", f"The Core ML package cannot be written: {error}.", cause=error)
    if "Number of TorchScript inputs" in text or "Number of outputs provided" in text:
        fail(
            "recipe.output-count" if "outputs provided" in text else "recipe.input-count",
            f"The names do not fit the model: {text}",
            hint="Give one name for each tensor that the model takes or returns, nested ones flattened.",
            cause=error,
        )
    if labels := _labels_and_classes(error):
        fail(
            "recipe.labels",
            f"There are {labels[0]} labels, and the model's output {labels[1]!r} has {labels[2]} numbers.",
            hint="Give one label a class, in the order of the output; choose the output with `probabilities`.",
            cause=error,
        )
    if watch.current_pass is not None:
        fail(
            "convert.pass-failed",
            f"coremltools' optimisation {watch.current_pass!r} failed: {_sentence(text)}",
            hint="This is a defect of coremltools or of an unusual model; the details hold its traceback.",
            cause=error,
        )
    fail("convert.failed", f"coremltools cannot convert this model: {_sentence(text)}", cause=error)


def _explain_node(error: BaseException, kind: str, place: Location) -> NoReturn:
    text = str(error).strip() or type(error).__name__
    if _NOT_IMPLEMENTED.search(text):
        fail(
            "convert.unsupported-operation",
            f"Core ML conversion has no translation of the operation {kind!r}.",
            hint=remedy(kind),
            cause=error,
            module=place.module,
            file=place.file,
            line=place.line,
        )
    if isinstance(error, TypeError) and "0-dimensional arrays can be converted" in text:
        fail(
            "convert.numpy-too-new",
            f"coremltools 9.0 fails on {kind!r} with numpy 2.4 and newer.",
            hint='Install an older numpy: `pip install "numpy<2.4"`.',
            cause=error,
            module=place.module,
            file=place.file,
            line=place.line,
        )
    fail(
        "convert.operation-failed",
        f"coremltools cannot convert the operation {kind!r} here: {_sentence(text)}",
        hint="Its translation of this operation does not take these types, shapes or arguments; "
        "write the line with other operations.",
        cause=error,
        module=place.module,
        file=place.file,
        line=place.line,
    )


def _labels_and_classes(error: BaseException) -> tuple[int, str, int] | None:
    """Return the number of labels, the output and its number of classes, if coremltools failed to join them."""
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_name == "_add_classify_op":
            found = traceback.tb_frame.f_locals
            scores = found.get("original_probability_var")
            if scores is not None and math.prod(scores.shape) != len(found["classes"]):
                return len(found["classes"]), str(scores.name), math.prod(scores.shape)
        traceback = traceback.tb_next
    return None


def _converted_node(error: BaseException) -> tuple[str | None, str, list[str]]:
    """Return kind, name and inputs of the innermost node that was being converted, from the traceback's frames."""
    kind, name, inputs = None, "", []
    traceback = error.__traceback__
    while traceback is not None:
        if traceback.tb_frame.f_code.co_name == "convert_single_node":
            node = traceback.tb_frame.f_locals["node"]
            kind, name, inputs = node.kind, node.name, [str(item) for item in node.inputs]
        traceback = traceback.tb_next
    return kind, name, inputs


def _sentence(text: str) -> str:
    line = " ".join(text.split())
    line = line if len(line) <= 400 else line[:400] + " …"
    return line if line.endswith((".", "!", "?", "…")) else f"{line}."
