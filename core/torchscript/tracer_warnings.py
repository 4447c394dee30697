"""Warnings raised while a model is run, traced or scripted, turned into diagnostics at the user's line."""

import contextlib
import dis
import linecache
import re
import sys
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from ..diagnostics import Diagnostic, Severity
from ..model_file.user_errors import is_ours, is_users_file
from . import autograd_functions
from .torch_jit import TracerWarning

_FROZEN = "The trace keeps the value it saw with the example input; with another input the exported model may be wrong."

_TRACER: tuple[tuple[str, str, str, str], ...] = (
    (
        r"Converting a tensor to a Python boolean",
        "trace.branch-on-tensor",
        "A tensor decides which way the code goes here, and a trace keeps only the way that the example took.",
        "Mark this module as script, or write the choice with torch.where.",
    ),
    (
        r"Converting a tensor to a Python integer",
        "trace.tensor-to-int",
        f"A tensor becomes a Python integer here. {_FROZEN}",
        "Mark this module as script, or keep the value a tensor. For sizes use x.shape[i] without int().",
    ),
    (
        r"Converting a tensor to a Python (complex|number)",
        "trace.tensor-to-number",
        f"A tensor becomes a Python number here. {_FROZEN}",
        "Mark this module as script, or keep the value a tensor.",
    ),
    (
        r"Converting a tensor to a Python float",
        "trace.tensor-to-float",
        f"A tensor becomes a Python number here. {_FROZEN}",
        "Mark this module as script, or keep the value a tensor.",
    ),
    (
        r"Converting a tensor to a Python index",
        "trace.tensor-to-index",
        f"A tensor becomes the count of a loop, or another plain number, here. {_FROZEN}",
        "Mark this module as script, or use an operation on the whole tensor instead of a loop over its size.",
    ),
    (
        r"Converting a tensor to a (NumPy array|Python list)",
        "trace.tensor-to-numpy",
        f"A tensor leaves torch here, as a NumPy array or a list. {_FROZEN}",
        "Do this computation with torch operations.",
    ),
    (
        r"Using len to get tensor shape",
        "trace.len-of-tensor",
        f"len() of a tensor is a plain number for the tracer. {_FROZEN}",
        "Use x.shape[0] instead of len(x).",
    ),
    (
        r"Iterating over a tensor",
        "trace.iterate-tensor",
        "A loop over a tensor runs here; the trace keeps as many turns as the example had.",
        "Mark this module as script if the number of rows can change.",
    ),
    (
        r"results are registered as constants in the trace",
        "trace.constant",
        "A tensor is made from Python values here, and becomes a constant of the exported model.",
        "Harmless where the values never change. If they depend on the input, mark this module as script.",
    ),
    (
        r"can't be represented in the JIT",
        "trace.not-recorded",
        "A trace has no record of this operation: what follows from it is a constant of the example.",
        "Use an operation that returns a new tensor (resize_: reshape, or torch.zeros and a copy).",
    ),
    (
        r"live references to the data region being modified",
        "trace.in-place-on-view",
        "A tensor that shares its memory with others is changed in place; the trace may lose the change.",
        "Use the operation that returns a new tensor (x = x + y instead of x += y).",
    ),
    (
        r"Encountering a (dict|list) at the output of the tracer",
        "trace.container-output",
        "The model returns a dict or a list; the trace keeps its structure as it was with the example.",
        "Fine where the keys and the length never change.",
    ),
    (
        r"torch\.(Tensor|\w+)\(.*might cause the trace|might cause the trace to be incorrect",
        "trace.frozen-value",
        f"A value leaves torch here. {_FROZEN}",
        "Mark this module as script, or keep the value a tensor.",
    ),
)

_TORCH = str(Path(torch.__file__).parent)
_TORCH_JIT = str(Path(_TORCH) / "jit")
_TORCHS_PRINTING = {(str(Path(_TORCH) / "_tensor_str.py"), None), (str(Path(_TORCH) / "_tensor.py"), "__format__")}
_TORCHS_OWN_HINT = (
    "torch hides warnings of its own layers, which mostly guard against wrong shapes. The checks on probes show if "
    "this one matters; declare the sizes that will change as ranges, so that they are tried too."
)

_DEPRECATION = re.compile(r"`?torch\.jit\.\w+`? is (deprecated|not supported in Python 3\.14)")
_ADVICE = re.compile(r"\s*We can't record the data flow.*|\s*This means that the trace.*", re.DOTALL)


SEEN_THROUGH = {__file__, autograd_functions.__file__}
"""Files of ours whose frames may stand between a warning and the user's code that it is about."""


@contextlib.contextmanager
def warnings_as_diagnostics(
    root: torch.nn.Module | None, report: Callable[[Diagnostic], None], *, fallback_module: str | None = None
) -> Iterator[None]:
    """Report each warning raised in the block, with the submodule and the user's line it comes from.

    All are seen, also those that torch hides: its filter leaves out what matches ``torch.(?!jit)``, which hides
    torchvision and torchaudio as well. torch's notice that torch.jit is deprecated is left out: the user can do
    nothing about it here.
    """
    paths = {} if root is None else {id(module): path for path, module in root.named_modules()}

    def show(message: Any, category: type[Warning], filename: str, lineno: int, *rest: object) -> None:
        text = str(message)
        if _DEPRECATION.search(text):
            return
        frames = list(_frames_of_the_model(sys._getframe(1)))
        if issubclass(category, TracerWarning) and any(map(_is_printing, frames)):
            return
        place: tuple[str, int] | None = None
        module: str | None = None
        for frame in frames:
            if place is None and is_users_file(frame.f_code.co_filename):
                place = frame.f_code.co_filename, frame.f_lineno
            if module is None and (owner := frame.f_locals.get("self")) is not None:
                module = paths.get(id(owner))
        report(_diagnostic(text, category, place, fallback_module if module is None else module, (filename, lineno)))

    with warnings.catch_warnings(), _told_of_indices():
        warnings.simplefilter("always")
        previous = warnings.showwarning
        warnings.showwarning = show  # type: ignore[assignment]  # of the parameters, we name those we use
        try:
            yield
        finally:
            warnings.showwarning = previous


def _frames_of_the_model(frame: FrameType | None) -> Iterator[FrameType]:
    """Yield the frames from a warning up to our own code, which stands between the model and whoever called us.

    Warnings of torch's check have no user's frame at all, and must not be put on the line of a caller.
    """
    while frame is not None and (frame.f_code.co_filename in SEEN_THROUGH or not is_ours(frame.f_code.co_filename)):
        yield frame
        frame = frame.f_back


def _is_printing(frame: FrameType) -> bool:
    """Whether a tensor is made into text, by the model's print or for a message of torch: no value goes on from it."""
    code = frame.f_code
    return not _TORCHS_PRINTING.isdisjoint({(code.co_filename, None), (code.co_filename, code.co_name)})


@contextlib.contextmanager
def _told_of_indices() -> Iterator[None]:
    """Warn where a tensor becomes the count of a range or a repetition in a trace; torch (2.13) itself says nothing.

    Indices of tensors go the same way and are recorded, so only calls and operators count, in the user's own code.
    """
    index: Any = torch.Tensor.__index__
    is_own = "__index__" in vars(torch.Tensor)

    def told(tensor: torch.Tensor) -> Any:
        # The frame of whoever asked: this function is called from C.
        frame = sys._getframe(1)
        if torch._C._get_tracing_state() and is_users_file(frame.f_code.co_filename) and _is_in_call(frame):
            warnings.warn("Converting a tensor to a Python index", TracerWarning, stacklevel=2)
        return index(tensor)

    torch.Tensor.__index__ = told  # type: ignore[method-assign, assignment]
    try:
        yield
    finally:
        if is_own:
            torch.Tensor.__index__ = index  # type: ignore[method-assign]
        else:
            del torch.Tensor.__index__


def _is_in_call(frame: FrameType) -> bool:
    name = dis.opname[frame.f_code.co_code[frame.f_lasti]]
    return name.startswith(("CALL", "PRECALL")) or name == "BINARY_OP"


def _diagnostic(
    text: str,
    category: type[Warning],
    place: tuple[str, int] | None,
    module: str | None,
    raised_at: tuple[str, int],
) -> Diagnostic:
    file, line = place or (None, None)
    source = linecache.getline(file, line).strip() if file and line else None
    if issubclass(category, TracerWarning):
        for pattern, code, message, hint in _TRACER:
            if re.search(pattern, text):
                # torch.jit speaks of the user's model as a whole, from its check of the trace.
                is_torchs_own = raised_at[0].startswith(_TORCH) and not raised_at[0].startswith(_TORCH_JIT)
                is_note = is_torchs_own or code == "trace.constant"
                return Diagnostic(
                    code=code,
                    severity=Severity.NOTE if is_note else Severity.WARNING,
                    message=f"In torch's own {Path(raised_at[0]).name}: {message}" if is_torchs_own else message,
                    module=module,
                    file=file,
                    line=line,
                    source=source or None,
                    hint=_TORCHS_OWN_HINT if is_torchs_own else hint,
                    original=text,
                )
        code, message = "trace.warning", _ADVICE.sub("", text)
    else:
        code, message = "python.warning", f"{category.__name__}: {text}"
    if file is None and not raised_at[0].startswith("<"):
        file, line = raised_at
    return Diagnostic(
        code=code,
        severity=Severity.WARNING if code == "trace.warning" else Severity.NOTE,
        message=message,
        module=module,
        file=file,
        line=line,
        source=source or None,
        original=text,
    )
