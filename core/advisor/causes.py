"""Why a submodule gives another output for the same input: what its code draws, counts or reads from outside."""

import ast
import inspect
import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
from torch.overrides import TorchFunctionMode

from ..torchscript.eager import fresh
from ..torchscript.kept_state import inference
from .probes import Probe
from .recorder import place_of_frame
from .running import Subject
from .state import seed_all, state_kept
from .static_reading import function_at

_CLOCKS = {"time", "perf_counter", "monotonic", "time_ns", "perf_counter_ns", "now", "utcnow", "uuid4", "urandom"}
_DRAWS = {"random", "randint", "rand", "randn", "uniform", "choice", "choices", "shuffle", "sample", "normal", "gauss"}
_GENERATORS = {"random", "np", "numpy", "secrets"}


@dataclass(frozen=True)
class Cause:
    """What makes the output differ, in words that follow "because", with its line."""

    text: str
    file: str | None = None
    line: int | None = None


def first_draw(subject: Subject, example: Probe) -> tuple[str, Cause] | None:
    """Return the submodule and the operation of torch that draw the first random number of a run; None for none."""
    watch = _DrawWatch(subject.paths)
    arguments = fresh(example.arguments)
    with inference(), state_kept(subject.loaded.module):
        seed_all(example.seed)
        try:
            with watch:
                subject.loaded.callable(example.method)(*arguments.positional, **arguments.keyword)
        except Exception:
            # The run as such is judged elsewhere.
            return None
    return watch.found


class _DrawWatch(TorchFunctionMode):
    """Sees which operation is the first to move torch's generator."""

    def __init__(self, paths: dict[int, str]) -> None:
        super().__init__()
        self.found: tuple[str, Cause] | None = None
        self._paths = paths

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        if self.found is not None:
            return func(*args, **(kwargs or {}))
        before = torch.get_rng_state()
        result = func(*args, **(kwargs or {}))
        if self.found is None and not torch.equal(before, torch.get_rng_state()):
            module, file, line, _ = place_of_frame(sys._getframe(1), self._paths)
            name = getattr(func, "__name__", str(func))
            self.found = module or "", Cause(f"{name} draws random numbers", file, line)
        return result


def cause_of(function: Callable[..., Any]) -> Cause | None:
    """Read a function for what may give another result each time: globals, clocks, generators, the order of sets."""
    code = getattr(inspect.unwrap(function), "__code__", None)
    if code is None:
        return None
    tree = function_at(code.co_filename, code.co_firstlineno) or function_at(code.co_filename, code.co_firstlineno + 1)
    if tree is None:
        return None
    own = {*code.co_varnames, *code.co_cellvars}
    for node in ast.walk(tree):
        if (text := _reason(node, own)) is not None:
            return Cause(text, code.co_filename, getattr(node, "lineno", None))
    return None


def _reason(node: ast.AST, own: set[str]) -> str | None:
    match node:
        case ast.Global(names=names) | ast.Nonlocal(names=names):
            return f"its code changes {', '.join(names)}, which lives outside of the model"
        case ast.Assign(targets=[target]) | ast.AugAssign(target=target):
            base = target
            while isinstance(base, ast.Subscript | ast.Attribute):
                base = base.value
            if base is not target and isinstance(base, ast.Name) and base.id not in own:
                return f"its code changes {base.id}, which lives outside of the model"
        case ast.Call(func=ast.Name(id="next")):
            return "it takes the next value of something that lives outside of the call"
        case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=name)):
            if owner in _GENERATORS and name in _DRAWS:
                return f"{owner}.{name} draws random numbers"
            if name in _CLOCKS and owner in ("time", "datetime", "uuid", "os"):
                return f"{owner}.{name} gives something else each time"
        case ast.For(iter=ast.Set()) | ast.For(iter=ast.Call(func=ast.Name(id="set"))):
            return "it goes through a set, whose order is not the same in each process"
    return None
