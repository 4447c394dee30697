"""TorchScript that notes, while torch's interpreter runs it, how long each operation takes and what it gives.

torch's own clock is written into the graphs around each operation, so that what is timed is the operation as the
interpreter does it, and nothing of Python. Branches, loops and calls stay torch's business.
"""

import threading
from collections.abc import Callable, Iterator
from typing import Any, cast

import torch

from ..graph.torchscript.functions import inlined_call
from ..graph.torchscript.observed import Observed, Path
from ..torchscript.kept_state import state_kept
from ..torchscript.torch_jit import submodules_of, without_optimiser, wrapped
from .medians import medians_of

_NOT_TIMED = {"prim::Constant", "prim::GetAttr", "prim::SetAttr", "prim::If", "prim::Loop", "prim::Uninitialized"}
_HERE = 0
"""The place in the tree of calls where a run begins."""


class RecordedRun:
    """A module, in a copy of its own, whose graphs report to this object.

    Args:
        handle: torch's own object of a module that has just been loaded; its graphs are changed.
        checkpoint: called after each operation; may raise Cancelled.
    """

    def __init__(self, handle: Any, checkpoint: Callable[[], None] = lambda: None) -> None:
        self.module: Any = wrapped(handle)
        self._checkpoint = checkpoint
        self._names: list[str] = []
        self._calls: list[tuple[int, int]] = [(-1, -1)]
        """For each place in the tree of calls: where it was called from, and by which operation."""
        self._places: dict[tuple[int, int], int] = {}
        self._stack = [_HERE]
        self._sums: dict[tuple[int, int], tuple[int, int]] = {}
        self._runs: list[dict[tuple[int, int], tuple[int, int]]] = []
        self._seen: dict[tuple[int, int], dict[int, Any]] = {}
        self._stopped: BaseException | None = None
        self._thread = threading.get_ident()
        _Reporting.to = self
        for graph in _graphs_of(handle):
            self._instrument(graph, graph)

    # Writing into the graphs

    def _instrument(self, graph: Any, block: Any) -> None:
        for node in list(block.nodes()):
            kind = node.kind()
            for inner in node.blocks():
                self._instrument(graph, inner)
            if kind in _NOT_TIMED or not node.outputsSize():
                continue
            self._names.append(node.outputsAt(0).debugName())
            index = len(self._names) - 1
            begin, end = _clock(graph), _clock(graph)
            begin.insertBefore(node)
            end.insertAfter(node)
            last = _insert(graph, end, "left" if "Call" in kind else "took", [index, begin.output(), end.output()])
            for port, value in enumerate(node.outputs()):
                if value.type().kind() == "TensorType":
                    last = _insert(graph, last, "gave", [index, port, value])
            if "Call" in kind:
                _insert(graph, begin, "entered", [index]).moveBefore(begin)
            if kind == "prim::CallFunction":
                self._open(graph, node)

    def _open(self, graph: Any, call: Any) -> None:
        """Put the body of a function in the place of its call: only methods have graphs that can be written into."""
        body, values = inlined_call(call)
        self._instrument(body, body)
        with graph.insert_point_guard(call):
            results = graph.insertGraph(body, values)
        call.output().replaceAllUsesWith(results[0])
        call.destroy()

    # Running

    def run(self, method: str, positional: tuple[Any, ...], keyword: dict[str, Any]) -> None:
        """Run a method once, and note it.

        Raises:
            Cancelled: by the checkpoint.
            RuntimeError: what the module raised.
        """
        self._sums, self._stack, self._stopped = {}, [_HERE], None
        try:
            with torch.no_grad(), state_kept(self.module), without_optimiser():
                getattr(self.module, method)(*positional, **keyword)
        except Exception as error:
            # torch turns what the checkpoint raises into an error of its own.
            raise error if self._stopped is None else self._stopped from None
        self._runs.append(self._sums)

    def medians(self) -> dict[Path, tuple[float, int]]:
        """Return seconds and turns of each operation in a run, the median of all runs but the first, which warms up."""
        return {self._path(key): cost for key, cost in medians_of(self._runs).items()}

    def observed(self) -> Observed:
        """Return a tensor without data for each output of each operation, as it came first."""
        return {self._path(key): outputs for key, outputs in self._seen.items()}

    def _path(self, key: tuple[int, int]) -> Path:
        place, index = key
        path = [self._names[index]]
        while place != _HERE:
            place, caller = self._calls[place]
            path.append(self._names[caller])
        return tuple(reversed(path))

    # What the graphs report

    def entered(self, index: int) -> None:
        key = (self._stack[-1], index)
        if key not in self._places:
            self._places[key] = len(self._calls)
            self._calls.append(key)
        self._stack.append(self._places[key])

    def left(self, index: int, begin: int, end: int) -> None:
        self._stack.pop()
        self.took(index, begin, end)

    def took(self, index: int, begin: int, end: int) -> None:
        key = (self._stack[-1], index)
        nanoseconds, turns = self._sums.get(key, (0, 0))
        self._sums[key] = (nanoseconds + end - begin, turns + 1)
        try:
            self._checkpoint()
        except BaseException as stopped:
            self._stopped = stopped
            raise

    def gave(self, index: int, port: int, value: torch.Tensor) -> None:
        outputs = self._seen.setdefault((self._stack[-1], index), {})
        if port not in outputs:
            outputs[port] = torch.empty(value.shape, dtype=value.dtype, device="meta")

    @property
    def is_heard(self) -> bool:
        """Whether this thread is the one that runs the module: what it forks goes its own way, and is not timed."""
        return threading.get_ident() == self._thread


class _Reporting:
    """Where the operations that are written into graphs report to; one run at a time, as in a worker."""

    to: RecordedRun | None = None


def _report(name: str) -> Callable[..., None]:
    def report(*values: Any) -> None:
        run = _Reporting.to
        if run is not None and run.is_heard:
            getattr(run, name)(*values)

    return report


_SCHEMAS = {
    "entered": "(int index) -> ()",
    "left": "(int index, int begin, int end) -> ()",
    "took": "(int index, int begin, int end) -> ()",
    "gave": "(int index, int port, Tensor value) -> ()",
}
_library: Any = cast(Any, torch.library).Library("exportdesk", "FRAGMENT")
for _name, _schema in _SCHEMAS.items():
    # Conservative: torch must neither drop nor move what gives nothing back.
    _library.define(_name + _schema, alias_analysis="CONSERVATIVE")
    _library.impl(_name, _report(_name), "CompositeExplicitAutograd")


def _clock(graph: Any) -> Any:
    clock = graph.create("prim::TimePoint", [], 1)
    clock.output().setType(torch._C.IntType.get())
    return clock


def _insert(graph: Any, behind: Any, name: str, values: list[Any]) -> Any:
    with graph.insert_point_guard(behind):
        operands = [graph.insertConstant(value) if isinstance(value, int) else value for value in values]
    made = graph.create(f"exportdesk::{name}", operands, 0)
    made.insertAfter(behind)
    return made


def _graphs_of(handle: Any) -> Iterator[Any]:
    """Yield the graph of each method once: modules of one type share theirs."""
    known: set[tuple[str, str]] = set()
    for module in submodules_of(handle):
        for name in module._method_names():
            key = (str(module.qualified_name), name)
            if key not in known:
                known.add(key)
                yield module._get_method(name).graph
