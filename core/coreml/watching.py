"""Watch one conversion: its bars become progress, its log becomes diagnostics, and the user may cancel it.

This is the one place that replaces names inside coremltools (its progress bars, and the function that hands it the
TorchScript graph); a test fails when one of them moves.
"""

import importlib
import logging
import threading
import warnings
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from typing import Any

import torch

from ..job_context import JobContext
from .replacing import replaced
from .source import Source

_FRONTEND = "coremltools.converters.mil.frontend.torch"
_BARS = (
    # (module, name, stage in words, share of the conversion done before it, and with it)
    (f"{_FRONTEND}.ops", "_tqdm", "translating operations", 0.0, 0.4),
    ("coremltools.converters.mil.mil.passes.pass_pipeline", "tqdm", "optimising", 0.4, 0.9),
    ("coremltools.converters.mil.backend.nn.op_mapping", "_tqdm", "writing layers", 0.9, 1.0),
    ("coremltools.optimize.coreml._quantization_passes", "tqdm", "compressing weights", 1.0, 1.0),
)
_PIPELINES = 3
"""coremltools runs a frontend, a main and a backend pipeline, a bar each."""
_LOCK = threading.Lock()
"""coremltools keeps global state while it converts, so two conversions in one process take turns."""


class Watch:
    """What is known of the running conversion."""

    def __init__(self, context: JobContext) -> None:
        self.context = context
        self.records: list[logging.LogRecord] = []
        self.warnings: list[warnings.WarningMessage] = []
        self.graph: torch._C.Graph | None = None
        """The inlined graph that is being converted, or None before the converter has asked for it."""
        self.current_pass: str | None = None
        """Name of the graph pass that runs, or ran last."""
        self._bars: dict[str, int] = {}
        self._depth = 0

    def iterate(self, items: Iterable[Any], words: str, start: float, end: float) -> Iterator[Any]:
        """Yield the items of one bar; a bar within a bar (a nested block) only checks for cancel."""
        known = list(items)
        turn = self._bars.get(words, 0)
        if words == "optimising":
            start, end = (start + (end - start) * (turn + step) / _PIPELINES for step in (0, 1))
        is_outer = self._depth == 0
        self._bars[words] = turn + is_outer
        self._depth += 1
        try:
            for position, item in enumerate(known):
                if is_outer:
                    self._tell(item, words, start + (end - start) * position / len(known), position, len(known))
                else:
                    self.context.checkpoint()
                yield item
            self.current_pass = None
        finally:
            self._depth -= 1

    def _tell(self, item: Any, words: str, fraction: float, position: int, count: int) -> None:
        if isinstance(item, str):
            self.current_pass = item
        # A message for each of 10,000 operations would cost more than the operations.
        if isinstance(item, str) or position % max(1, count // 100) == 0:
            self.context.progress(min(fraction, 1.0), f"{words} {position + 1} of {count}")
        else:
            self.context.checkpoint()


class _Collector(logging.Handler):
    def __init__(self, records: list[logging.LogRecord]) -> None:
        super().__init__(level=logging.WARNING)
        self._records = records

    def emit(self, record: logging.LogRecord) -> None:
        self._records.append(record)


@contextmanager
def telling(context: JobContext) -> Iterator[Watch]:
    """Run a block in which coremltools prints nothing, and tells the job instead; blocks of two threads take turns."""
    watch = Watch(context)
    with _LOCK, ExitStack() as stack:
        for module_name, name, words, start, end in _BARS:
            module = importlib.import_module(module_name)
            stack.enter_context(replaced(module, name, _bar(watch, words, start, end)))
        stack.enter_context(_log_into(watch.records))
        watch.warnings = stack.enter_context(warnings.catch_warnings(record=True))
        warnings.simplefilter("always")
        yield watch


@contextmanager
def watching(context: JobContext, source: Source) -> Iterator[Watch]:
    """Run a block as ``telling`` does, in which coremltools converts the graph of ``source``."""
    with telling(context) as watch:
        internal_graph = importlib.import_module(f"{_FRONTEND}.internal_graph")
        expand = internal_graph._expand_and_optimize_ir

        def expand_copy(module: torch.jit.ScriptModule) -> Any:
            expanded = expand(source)
            watch.graph = expanded[0]
            return expanded

        with replaced(internal_graph, "_expand_and_optimize_ir", expand_copy):
            yield watch


def _bar(watch: Watch, words: str, start: float, end: float) -> Any:
    def bar(items: Iterable[Any], **_: object) -> Iterator[Any]:
        return watch.iterate(items, words, start, end)

    return bar


@contextmanager
def _log_into(records: list[logging.LogRecord]) -> Iterator[None]:
    logger = logging.getLogger("coremltools")
    collector = _Collector(records)
    before = (logger.level, logger.propagate, logger.handlers[:])
    logger.setLevel(logging.WARNING)
    logger.propagate = False
    logger.handlers[:] = [collector]
    try:
        yield
    finally:
        level, logger.propagate, logger.handlers[:] = before
        logger.setLevel(level)
