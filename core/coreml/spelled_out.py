"""Put the formula of an operation, traced, in the operation's place in a TorchScript graph.

Three sources, in this order: our formulas, torch's own C++ composition of the operation, and torch's table of
decompositions (``torch._decomp``), which torch.export uses.
"""

import math
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import torch
from torch import Tensor

from .formulas.table import formula_of, has_formula
from .locating import all_nodes, attribute_path, submodule
from .simplify import DTYPE_NUMBERS

_TURNS = 6
"""A formula may be made of operations that have formulas."""


_UNCHANGING = ("aten::to", "aten::detach", "aten::lift_fresh", "aten::alias")
_DTYPES = {number: dtype for dtype, number in DTYPE_NUMBERS.items()}


class Unknown(Exception):
    """An argument is known only while the model runs."""


def note_types_of_weights(graph: Any, module: torch.nn.Module) -> None:
    """Give the weights and buffers that an inlined graph reads the types that they have: a trace leaves them open."""
    for node in all_nodes(graph):
        if node.kind() == "prim::GetAttr" and isinstance(node.output().type(), torch.TensorType):
            *path, name = attribute_path(node.output())
            tensor = getattr(submodule(module, ".".join(path)), name)
            if isinstance(tensor, Tensor):
                kind: Any = torch._C.TensorType
                node.output().setType(kind.create_from_tensor(tensor.detach()))


def can_be_spelled_out(graph: Any) -> bool:
    """Whether a formula may be wanted for a node of an inlined graph."""
    from .converters.supply import is_translated

    names = {node.kind() for node in all_nodes(graph) if node.kind().startswith("aten::")}
    return any(has_formula(_plain(name)) or not is_translated(name) for name in names)


def spell_out(graph: Any, *, is_flexible: bool) -> None:
    """Replace, in place, the operations of an inlined graph that coremltools has no right translation of.

    What cannot be replaced stays, for the pre-flight to name.

    Args:
        graph: with the shapes of its values, as far as they are known.
        is_flexible: whether the app chooses sizes. torch's own compositions have the sizes of one example built in.
    """
    for _ in range(_TURNS):
        if not sum([_replace(graph, node, is_flexible) for node in list(all_nodes(graph))]):
            break
    torch._C._jit_pass_dce(graph)


def _plain(kind: str) -> str:
    return kind.rpartition("::")[2]


def _replace(graph: Any, node: Any, is_flexible: bool) -> bool:
    from .converters.supply import is_translated

    if not node.kind().startswith("aten::"):
        return False
    is_known = is_translated(node.kind())
    operation = None if is_known and not has_formula(_plain(node.kind())) else operation_of(node)
    if operation is None:
        return False
    try:
        arguments = [example_of(value) for value in node.inputs()]
    except Unknown:
        return False
    if (
        not is_known
        and next(_tensors(arguments), None) is None
        and torch.Tag.nondeterministic_seeded not in operation.tags
    ):
        return _compute(graph, node, operation, arguments)
    overload = operation._schema.overload_name or "default"
    ours = formula_of(_plain(node.kind()), overload, is_known, arguments)
    if ours is not None:
        traced = _traced(ours, arguments)
    elif is_known or is_flexible:
        return False
    else:
        traced = next(_made_of_known_ones(operation, arguments), None)
    if traced is None:
        return False
    _insert(graph, node, traced)
    return True


def _compute(graph: Any, node: Any, operation: Any, arguments: list[Any]) -> bool:
    """Put a constant in the place of an operation on numbers alone, in place."""
    if not isinstance(node.output().type(), torch.TensorType):
        return False
    value = by_schema(operation, operation)(*arguments)
    graph.setInsertPoint(node)
    node.output().replaceAllUsesWith(graph.insertConstant(value))
    graph.setInsertPoint(graph.block())
    node.destroy()
    return True


def _made_of_known_ones(operation: Any, arguments: list[Any]) -> Iterator[Any]:
    """Yield torch's compositions of an operation that end in operations which all have a translation.

    A composition of others would have the pre-flight name operations that the model's author never wrote.
    """
    from .converters.supply import is_translated

    for composition in _compositions(operation):
        traced = _traced(composition, arguments)
        if traced is None or any(operation_of(node) is operation for node in all_nodes(traced)):
            continue
        spell_out(traced, is_flexible=False)
        if all(is_translated(node.kind()) for node in all_nodes(traced)):
            yield traced


def operation_of(node: Any) -> Any:
    """Return torch's operation of a node, in the overload that the node calls."""
    if not node.kind().startswith("aten::"):
        return None
    name, _, overload = node.schema().partition("(")[0].removeprefix("aten::").partition(".")
    packet = getattr(torch.ops.aten, name, None)
    return None if packet is None else getattr(packet, overload or "default", None)


def example_of(value: Any) -> Any:
    """Return an example of an argument: a tensor of the shape and type, or the number, text or list itself."""
    kind = value.type()
    if isinstance(kind, torch.TensorType):
        constant = constant_of(value)
        return constant if constant is not None else _zeros(kind)
    node = value.node()
    if node.kind() == "prim::Constant":
        return value.toIValue()
    if node.kind() in ("prim::ListConstruct", "prim::TupleConstruct"):
        return [example_of(item) for item in node.inputs()]
    if str(kind) in ("int", "float", "number", "Scalar"):
        return _number(value)
    raise Unknown


def _number(value: Any) -> Any:
    """Return a number that is worked out from sizes, which a trace records as operations on tensors."""
    node = value.node()
    if node.kind() == "prim::Constant":
        return value.toIValue()
    if node.kind() in ("prim::NumToTensor", "aten::Int", "aten::ScalarImplicit", "aten::Float"):
        return _number(next(node.inputs()))
    if node.kind() == "aten::size" and len(list(node.inputs())) == 2:
        tensor, dimension = node.inputs()
        return _zeros(tensor.type()).shape[_number(dimension)]
    kind = value.type()
    operation = operation_of(node)
    if (
        operation is None
        or isinstance(kind, torch.ListType)
        or (isinstance(kind, torch.TensorType) and kind.sizes() != [])
    ):
        raise Unknown
    numbers = [_number(item) for item in node.inputs()]
    given = [
        torch.tensor(number) if "Tensor" in str(argument.type) and isinstance(number, int | float) else number
        for number, argument in zip(numbers, operation._schema.arguments, strict=True)
    ]
    try:
        return by_schema(operation, operation)(*given).item()
    except (RuntimeError, AttributeError) as error:
        raise Unknown from error


def constant_of(value: Any) -> Tensor | None:
    """Return the tensor that a value always is; a trace records ``torch.tensor`` as a constant and what follows."""
    node = value.node()
    while node.kind() in _UNCHANGING:
        node = next(node.inputs()).node()
    found = node.output().toIValue() if node.kind() == "prim::Constant" else None
    return found if isinstance(found, Tensor) else None


def _zeros(kind: Any) -> Tensor:
    sizes, dtype = kind.sizes(), kind.dtype()
    if sizes is None or dtype is None or None in sizes:
        raise Unknown
    # Without memory: most examples only answer whether a formula is wanted.
    return torch.empty_strided(sizes, kind.strides() or _in_rows(sizes), dtype=dtype, device="meta")


def _in_rows(sizes: list[int]) -> list[int]:
    return [math.prod(sizes[axis + 1 :]) for axis in range(len(sizes))]


def with_memory(example: Tensor) -> Tensor:
    """Return zeros of the shape of an example; a constant as it is."""
    if not example.is_meta:
        return example
    return torch.empty_strided(example.size(), example.stride(), dtype=example.dtype).zero_()


def _compositions(operation: Any) -> Iterator[Callable[..., Any]]:
    """Yield what torch knows of how an operation is made of others."""
    from torch._decomp import decomposition_table

    if operation._can_decompose():
        yield by_schema(operation, operation.decompose)
    if operation in decomposition_table:
        yield by_schema(operation, decomposition_table[operation])


def by_schema(operation: Any, function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of all arguments by position, as TorchScript has them."""
    schema = operation._schema.arguments
    places = [position for position, argument in enumerate(schema) if argument.kwarg_only]

    def called(*arguments: Any) -> Any:
        given = [_as_python(argument.real_type, value) for argument, value in zip(schema, arguments, strict=True)]
        named = {schema[place].name: given[place] for place in places if given[place] is not None}
        return function(*given[: len(given) - len(places)], **named)

    return called


def _as_python(kind: Any, value: Any) -> Any:
    """Return a dtype for its number; a layout, device or memory format is left out."""
    text = str(kind)
    if "ScalarType" in text and isinstance(value, int):
        return _DTYPES[value]
    return None if any(word in text for word in ("Layout", "Device", "MemoryFormat")) else value


def _traced(function: Callable[..., Any], arguments: list[Any]) -> Any:
    """Return the graph of a function of the tensors among the arguments; None where it does not take them."""

    def of_tensors(*tensors: Tensor) -> Any:
        given = iter(tensors)
        result = function(*_with_tensors(arguments, given))
        return tuple(result) if isinstance(result, list) else result

    examples = tuple(with_memory(example) for example in _tensors(arguments))
    try:
        with torch.no_grad(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return trace(of_tensors, examples).graph
    except Exception:  # what does not fit these arguments may raise anything
        return None


def trace(function: Callable[..., Any], examples: tuple[Tensor, ...]) -> Any:
    """Return the traced function."""
    traced: Any = torch.jit.trace(function, examples, check_trace=False)  # type: ignore[no-untyped-call]
    return traced


def _tensors(arguments: list[Any]) -> Iterator[Tensor]:
    for argument in arguments:
        if isinstance(argument, Tensor):
            yield argument
        elif isinstance(argument, list):
            yield from _tensors(argument)


def _with_tensors(arguments: list[Any], tensors: Iterator[Tensor]) -> list[Any]:
    filled: list[Any] = []
    for argument in arguments:
        if isinstance(argument, Tensor):
            filled.append(next(tensors))
        elif isinstance(argument, list):
            filled.append(_with_tensors(argument, tensors))
        else:
            filled.append(argument)
    return filled


def _values(values: list[Any]) -> Iterator[Any]:
    """Yield the graph's values of the tensors, in the order of ``_tensors``."""
    for value in values:
        if isinstance(value.type(), torch.TensorType):
            yield value
        elif value.node().kind() in ("prim::ListConstruct", "prim::TupleConstruct"):
            yield from _values(list(value.node().inputs()))


def _insert(graph: Any, node: Any, formula: Any) -> None:
    results = clone_into(graph, node, formula, list(_values(list(node.inputs()))))
    outputs = list(node.outputs())
    if len(outputs) == 1 and isinstance(outputs[0].type(), torch.ListType):
        made = graph.create("prim::ListConstruct", results, 1)
        made.output().setType(torch._C.ListType.ofTensors())
        made.insertBefore(node)
        results = [made.output()]
    for old, new in zip(outputs, results, strict=True):
        old.replaceAllUsesWith(new)
    node.destroy()


def clone_into(graph: Any, node: Any, traced: Any, values: list[Any]) -> list[Any]:
    """Copy a traced graph to before a node, as that node's work, and return its results (those of a tuple, if one)."""
    known = {inner.debugName(): outer for inner, outer in zip(traced.inputs(), values, strict=True)}
    for inner in traced.nodes():
        clone = graph.createClone(inner, lambda value, known=known: known[value.debugName()])
        clone.insertBefore(node)
        clone.copyMetadata(node)
        known |= {old.debugName(): new for old, new in zip(inner.outputs(), clone.outputs(), strict=True)}
    results = [known[value.debugName()] for value in traced.outputs()]
    if len(results) == 1 and results[0].node().kind() == "prim::TupleConstruct":
        return list(results[0].node().inputs())
    return results
