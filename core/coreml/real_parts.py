"""Take complex numbers out of a TorchScript graph: each complex value becomes two real ones."""

import warnings
from collections.abc import Iterator
from typing import Any

import torch
from torch import Tensor

from .formulas.complex_numbers import BY_PARTS, Complex, complex_formula_of
from .locating import all_nodes, attribute_path, submodule
from .spelled_out import Unknown, by_schema, clone_into, example_of, operation_of, trace, with_memory

_COMPLEX = (torch.complex64, torch.complex128)
_OWN = frozenset(
    ["abs", "real", "imag", "complex", "stft", "fft_fft", "fft_ifft", "fft_rfft", "fft_irfft", "fft_fftn", "fft_ifftn"]
).union(["fft_rfftn", "fft_irfftn", "view_as_real"])
"""What coremltools itself translates."""


def split_complex_numbers(graph: Any, module: torch.nn.Module | None) -> Any:
    """Return an inlined graph without complex values, or the one given where it has none or they cannot be split."""
    if not any(_is_complex(value) for node in all_nodes(graph) for value in node.outputs()):
        return graph
    nodes = [node for node in all_nodes(graph) if _touches(node)]
    if all(node.kind().rpartition("::")[2] in _OWN for node in nodes):
        return graph
    copied = graph.copy()
    try:
        _Splitting(copied, module).run()
    except (Unknown, KeyError, RuntimeError, ValueError, TypeError, IndexError):
        return graph  # the pre-flight names what is complex
    torch._C._jit_pass_dce(copied)
    return copied


def _touches(node: Any) -> bool:
    return any(_is_complex(value) for value in (*node.inputs(), *node.outputs()))


def _is_complex(value: Any) -> bool:
    kind = value.type()
    if isinstance(kind, torch.TensorType) and value.node().kind() == "prim::Constant":
        constant = value.toIValue()
        return isinstance(constant, complex) or (isinstance(constant, Tensor) and constant.is_complex())
    return str(kind) == "complex" or (isinstance(kind, torch.TensorType) and kind.dtype() in _COMPLEX)


class _Splitting:
    """One pass over a graph; ``parts`` holds the two values of each complex one, or a list of such."""

    def __init__(self, graph: Any, module: torch.nn.Module | None) -> None:
        self._graph = graph
        self._module = module
        self._parts: dict[str, Any] = {}

    def run(self) -> None:
        for node in list(self._graph.nodes()):
            held = [value for value in node.inputs() if value.debugName() in self._parts]
            if node.kind() == "prim::GetAttr":
                if isinstance(node.output().type(), torch.TensorType):
                    self._hold(node, self._attribute(node))
                continue
            if not held and not _touches(node):
                continue
            if node.kind() == "prim::Constant":
                self._hold(node, node.output().toIValue())
            elif node.kind() == "prim::ListConstruct":
                self._parts[node.output().debugName()] = [self._of(value) for value in node.inputs()]
            elif node.kind() in ("prim::ListUnpack", "prim::TupleUnpack"):
                pieces = self._parts[held[0].debugName()]
                self._parts |= {output.debugName(): piece for output, piece in zip(node.outputs(), pieces, strict=True)}
            else:
                self._replace(node)
        if any(value.debugName() in self._parts for value in self._graph.outputs()):
            raise Unknown

    def _of(self, value: Any) -> Any:
        return self._parts.get(value.debugName(), value)

    def _hold(self, node: Any, value: Any) -> None:
        if isinstance(value, complex):
            self._parts[node.output().debugName()] = Complex(value.real, value.imag)
        elif value.is_complex():
            value = value.detach().cpu().resolve_conj()
            self._graph.setInsertPoint(node)
            constants = [self._graph.insertConstant(part.contiguous()) for part in (value.real, value.imag)]
            self._graph.setInsertPoint(self._graph.block())
            self._parts[node.output().debugName()] = Complex(*constants)

    def _attribute(self, node: Any) -> Any:
        if self._module is None:
            raise Unknown
        *path, name = attribute_path(node.output())
        return getattr(submodule(self._module, ".".join(path)), name)

    def _replace(self, node: Any) -> None:
        name = node.kind().rpartition("::")[2]
        operation = operation_of(node)
        formula = complex_formula_of(name)
        if operation is None or (formula is None and name not in BY_PARTS):
            raise Unknown
        arguments = [self._argument(value) for value in node.inputs()]
        structure: list[Any] = []

        def of_tensors(*tensors: Tensor) -> Any:
            filled = _filled(arguments, iter(tensors))
            if formula is not None:
                result = formula(*filled)
            else:
                whole = by_schema(operation, operation)
                real, imag = (whole(*_part(filled, which)) for which in ("real", "imag"))
                result = (
                    [Complex(*pair) for pair in zip(real, imag, strict=True)]
                    if isinstance(real, list | tuple)
                    else Complex(real, imag)
                )
            structure[:] = [result]
            return tuple(_leaves(result))

        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            traced = trace(of_tensors, tuple(with_memory(leaf) for leaf in _leaves(arguments))).graph
        values = [leaf for value in node.inputs() for leaf in self._values(value)]
        results = iter(clone_into(self._graph, node, traced, values))
        found = _rebuilt(structure[0], results)
        if isinstance(found, Complex | list):
            self._parts[node.output().debugName()] = found
        else:
            node.output().replaceAllUsesWith(found)

    def _argument(self, value: Any) -> Any:
        held = self._parts.get(value.debugName())
        if isinstance(held, Complex):
            return held.parts(lambda part: example_of(part) if hasattr(part, "type") else part)
        if isinstance(held, list):
            return [self._example_of_part(piece) for piece in held]
        return example_of(value)

    def _example_of_part(self, piece: Any) -> Any:
        return piece.parts(example_of) if isinstance(piece, Complex) else example_of(piece)

    def _values(self, value: Any) -> Iterator[Any]:
        """Yield the graph's values in the order of ``_leaves`` of the arguments."""
        held = self._parts.get(value.debugName())
        if held is not None:
            yield from _leaves(held, of_graph=True)
        elif isinstance(value.type(), torch.TensorType):
            yield value
        elif value.node().kind() == "prim::ListConstruct":
            for item in value.node().inputs():
                yield from self._values(item)


def _leaves(value: Any, *, of_graph: bool = False) -> Iterator[Any]:
    if isinstance(value, Complex):
        yield from (part for part in (value.real, value.imag) if not isinstance(part, int | float))
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item, of_graph=of_graph)
    elif isinstance(value, Tensor) or of_graph:
        yield value


def _filled(arguments: Any, tensors: Iterator[Tensor]) -> Any:
    if isinstance(arguments, list):
        return [_filled(item, tensors) for item in arguments]
    if isinstance(arguments, Complex):
        return arguments.parts(lambda part: next(tensors) if isinstance(part, Tensor) else part)
    return next(tensors) if isinstance(arguments, Tensor) else arguments


def _part(arguments: Any, which: str) -> Any:
    if isinstance(arguments, list):
        return [_part(item, which) for item in arguments]
    return getattr(arguments, which) if isinstance(arguments, Complex) else arguments


def _rebuilt(structure: Any, values: Iterator[Any]) -> Any:
    if isinstance(structure, Complex):
        return Complex(next(values), next(values))
    if isinstance(structure, list | tuple):
        return [_rebuilt(item, values) for item in structure]
    return next(values)
