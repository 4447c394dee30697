"""Custom ``torch.autograd.Function``s in a trace: their forward is recorded, operation by operation."""

import contextlib
from collections.abc import Iterator
from typing import Any

import torch
from torch.autograd import function as torch_function

_Base: Any = torch_function._SingleLevelFunction


@contextlib.contextmanager
def functions_recorded() -> Iterator[None]:
    """Let a trace record what the ``forward`` of an autograd function does, instead of a call to its Python code.

    torch (2.13) records the call, which no file can hold, and fails at one whose arguments are no inputs of the trace
    (``unordered_map::at``), such as the checkpoint functions of diffusion models. What a function does beyond its
    forward is for gradients, and a trace has none. Patched is what ``Function.apply`` itself calls, so that
    ``swish = Swish.apply``, kept at import, is seen too.
    """

    def apply(kind: Any, *arguments: Any, **keywords: Any) -> Any:
        if not torch._C._get_tracing_state():
            # torch's own lies in the C base class.
            return super(_Base, kind).apply(*arguments, **keywords)
        if kind.setup_context is not _Base.setup_context:
            return kind.forward(*arguments, **keywords)
        context: Any = torch_function.FunctionCtx()
        context.needs_input_grad = (False,) * len(arguments)
        return kind.forward(context, *arguments, **keywords)

    _Base.apply = classmethod(apply)
    try:
        yield
    finally:
        del _Base.apply
