"""Everything in a compiled model that Core ML cannot have, found at once and before the conversion."""

import dataclasses
import importlib
import math
from collections.abc import Iterator, Sequence
from typing import Any

import torch

from ..diagnostics import Diagnostic, Severity, without_repeats
from ..errors import fail
from .attributes import resolve_attributes
from .control_flow import checks_left_out
from .dicts import flatten_dicts
from .inputs import ConvertedInput
from .locating import all_nodes, locate, source_line
from .real_parts import split_complex_numbers
from .remedies import remedy
from .simplify import (
    InputType,
    has_checks,
    has_growing_lists,
    lost_writes,
    overwrite_by_slices,
    simplify,
    whole_slices_written_through,
    whole_tensors_overwritten,
    write_to_whole_tensors,
)
from .source import Compiled, Source, source_of
from .spelled_out import can_be_spelled_out, note_types_of_weights, spell_out
from .toolkit import coremltools, version_note

LARGEST_INT32 = 2**31 - 1
_INT64 = torch.iinfo(torch.int64)
LARGEST_RANK = 5
_ONLY_BOUNDS = ("aten::slice", "aten::narrow")
"""Operations whose huge constants only mean "to the end"."""
UNSUPPORTED_DTYPES = {
    torch.bfloat16: "Convert the model to float32 (`model.float()`); precision chooses what Core ML computes with.",
    torch.complex64: "Keep real and imaginary parts in two tensors.",
    torch.complex128: "Keep real and imaginary parts in two tensors.",
}
_VIEWS = ("view", "reshape", "slice", "select", "transpose", "permute", "expand", "squeeze", "unsqueeze", "detach", "t")


def preflight(compiled: Compiled, inputs: Sequence[ConvertedInput], method: str = "forward") -> list[Diagnostic]:
    """Return what stands in the way of a conversion (errors) and what will differ (warnings, notes), with its place.

    Nothing is converted. An operation inside a branch is a warning: the converter may find that it is never taken.
    """
    return preflight_of(ready_source(source_of(compiled, method, inputs), inputs))


def ready_source(source: Source, inputs: Sequence[ConvertedInput]) -> Source:
    """Simplify the graph of a source if it cannot be converted as it is; else it stays what plain coremltools gets."""
    from .converters.supply import is_translated

    coremltools()
    inlined = _spelled_out(source, inputs)
    kinds = {node.kind() for node in all_nodes(inlined)} - {"prim::GetAttr", "prim::DictConstruct"}
    is_foreign = any(not is_translated(kind) for kind in kinds)
    source.left_out += checks_left_out(inlined, source)
    if any(whole_slices_written_through(inlined)):
        torch._C._jit_pass_inline(source.graph)
        write_to_whole_tensors(source.graph)
    if any(whole_tensors_overwritten(inlined)):
        torch._C._jit_pass_inline(source.graph)
        overwrite_by_slices(source.graph)
    if is_foreign or has_checks(inlined) or has_growing_lists(inlined) or any(lost_writes(inlined)):
        simplify(source.graph, [None if item.items else _type_of(item) for item in inputs if not item.is_value])
        if source.module is not None:
            resolve_attributes(source.graph, source.module)
        flatten_dicts(source.graph)
        _spelled_out(source, inputs)
    return source


def _spelled_out(source: Source, inputs: Sequence[ConvertedInput]) -> Any:
    """Put formulas into the graph where they are wanted, and return a copy of it without calls."""
    inlined = source.graph.copy()
    torch._C._jit_pass_inline(inlined)
    split = split_complex_numbers(inlined, source.module)
    if split is not inlined or can_be_spelled_out(split):
        if source.module is not None:
            note_types_of_weights(split, source.module)
        spell_out(split, is_flexible=any(_is_flexible(leaf) for item in inputs for leaf in item.leaves))
        source.graph = split.copy()
    return split


def _is_flexible(item: ConvertedInput) -> bool:
    return not all(isinstance(size, int) for size in item.shape)


def _type_of(item: ConvertedInput) -> InputType:
    sizes = tuple(size if isinstance(size, int) else None for size in item.shape)
    return InputType(sizes, getattr(torch, item.dtype))


def preflight_of(source: Source) -> list[Diagnostic]:
    """Return what ``preflight`` does, of a graph that is ready to be converted."""
    coremltools()
    expand = importlib.import_module("coremltools.converters.mil.frontend.torch.torchscript_utils")
    copied = dataclasses.replace(source, graph=source.graph.copy())
    try:
        graph, tensors, _ = expand._expand_and_optimize_ir(copied)
    except (AssertionError, TypeError, RuntimeError):
        # A graph that coremltools cannot even read is its failure to explain.
        return []
    found = [
        *source.left_out,
        *_operations(graph, source),
        *_packed_sequences(graph, source),
        *_dict_inputs(graph, source),
        *_outputs(graph),
        *_lost_writes(graph, source),
        *_writes_to_inputs(graph, source),
        *_constants(graph, source),
        *_tensors(tensors),
        *_ranks(graph, source),
    ]
    if note := version_note():
        found.append(note)
    return without_repeats(found)


def refuse_blocked(found: Sequence[Diagnostic]) -> None:
    """Raise the failure that the errors among ``found`` amount to, if there are any.

    Raises:
        ExportDeskError: with the code and place of the first, and all of them in the message.
    """
    errors = [item for item in found if item.severity is Severity.ERROR]
    if not errors:
        return
    first = errors[0]
    more = "" if len(errors) == 1 else f" And {len(errors) - 1} more: " + " ".join(item.message for item in errors[1:])
    fail(first.code, first.message + more, module=first.module, file=first.file, line=first.line, hint=first.hint)


def _located(node: Any, source: Source, *, code: str, severity: Severity, message: str, hint: str | None) -> Diagnostic:
    place = locate(node, source.module)
    return Diagnostic(
        code=code,
        severity=severity,
        message=message,
        module=place.module,
        file=place.file,
        line=place.line,
        source=source_line(place),
        hint=hint,
    )


def _operations(graph: Any, source: Source) -> Iterator[Diagnostic]:
    from .converters.supply import is_translated

    top = {node for node in graph.nodes() if not list(node.blocks())}
    unknown: dict[tuple[str, bool], list[Any]] = {}
    for node in all_nodes(graph):
        if node.kind() not in ("prim::GetAttr", "prim::DictConstruct") and not is_translated(node.kind()):
            unknown.setdefault((node.kind(), node in top), []).append(node)
    for (kind, is_certain), nodes in unknown.items():
        name = kind.rpartition("::")[2]
        count = "" if len(nodes) == 1 else f" (used {len(nodes)} times)"
        yield _located(
            nodes[0],
            source,
            code="convert.unsupported-operation",
            severity=Severity.ERROR if is_certain else Severity.WARNING,
            message=f"Core ML conversion has no translation of the operation {name!r}{count}.",
            hint=remedy(name),
        )


def _packed_sequences(graph: Any, source: Source) -> Iterator[Diagnostic]:
    """Yield an error for packed sequences: coremltools takes ``lengths[0]`` for the batch of the initial state."""
    for node in all_nodes(graph):
        if node.kind() == "aten::_pack_padded_sequence":
            yield _located(
                node,
                source,
                code="convert.packed-sequence",
                severity=Severity.ERROR,
                message="coremltools translates packed sequences wrongly: the recurrent layer would start from a state "
                "whose batch is the first length, and run on over the padding.",
                hint="Run the layer on the padded sequence. What comes before the padding is the same, as long as the "
                "layer has one direction: mask the outputs behind each length, or read the last one with torch.gather.",
            )


def _dict_inputs(graph: Any, source: Source) -> Iterator[Diagnostic]:
    """Yield an error for dictionaries that could not be taken apart: those with a member that is no tensor."""
    for value in list(graph.inputs())[1:]:
        if str(value.type()).startswith("Dict"):
            reader = next((use.user for use in value.uses()), None)
            text = f"The input {value.debugName().partition('.')[0]!r} is a dictionary that does not hold tensors only."
            hint = "Take what is no tensor as an argument of its own, or make it a tensor."
            if reader is not None:
                place = _located(
                    reader, source, code="convert.dict-input", severity=Severity.ERROR, message=text, hint=hint
                )
                yield place


def _outputs(graph: Any) -> Iterator[Diagnostic]:
    for value in _leaves(list(graph.outputs())):
        kind = str(value.type())
        if kind.startswith("Dict"):
            yield Diagnostic(
                code="convert.dict-output",
                severity=Severity.ERROR,
                message="The model returns a dictionary whose keys are made while it runs.",
                hint="Return a tuple of its values, and name the outputs in the Core ML options.",
            )
        elif kind in ("str", "List[str]"):
            yield Diagnostic(
                code="convert.text-output",
                severity=Severity.ERROR,
                message="The model returns text, and the outputs of a Core ML model are tensors.",
                hint="Return an index, and look the text up in the app; or make the model a classifier.",
            )
        elif _is_complex(value):
            yield Diagnostic(
                code="convert.complex-output",
                severity=Severity.ERROR,
                message="The model returns complex numbers, and Core ML has none.",
                hint="Return torch.view_as_real(y), or y.real and y.imag.",
            )


def _leaves(values: list[Any]) -> Iterator[Any]:
    for value in values:
        if value.node().kind() in ("prim::TupleConstruct", "prim::ListConstruct"):
            yield from _leaves(list(value.node().inputs()))
        else:
            yield value


def _is_complex(value: Any) -> bool:
    kind = value.type()
    return isinstance(kind, torch.TensorType) and kind.dtype() in (torch.complex64, torch.complex128)


def _lost_writes(graph: Any, source: Source) -> Iterator[Diagnostic]:
    for node in lost_writes(graph):
        name = node.kind().rpartition("::")[2]
        yield _located(
            node,
            source,
            code="convert.lost-write",
            severity=Severity.ERROR,
            message=f"{name!r} changes a tensor in place that is read again later, and coremltools would give the "
            "value from before the change.",
            hint=f"Make it a new value: y = torch.{name.rstrip('_')}(y, …), and use y from there on.",
        )


def _writes_to_inputs(graph: Any, source: Source) -> Iterator[Diagnostic]:
    arguments = {value.debugName() for value in list(graph.inputs())[1:]}
    for node in all_nodes(graph):
        name = node.kind().rpartition("::")[2]
        if not name.endswith("_") or name.startswith("__"):
            continue
        target = next(node.inputs(), None)
        while target is not None and target.node().kind().rpartition("::")[2] in _VIEWS:
            target = next(target.node().inputs(), None)
        if target is not None and target.debugName() in arguments:
            yield _located(
                node,
                source,
                code="convert.in-place-on-input",
                severity=Severity.WARNING,
                message=f"{name!r} writes into the input {target.debugName()!r}. In Core ML the app's own array stays "
                "as it was.",
                hint="Return the new value as an output, or work on a copy: x = x.clone().",
            )


def _constants(graph: Any, source: Source) -> Iterator[Diagnostic]:
    for node in all_nodes(graph):
        if node.kind() != "prim::Constant" or not node.hasAttribute("value"):
            continue
        value: Any = node.output().toIValue()
        if isinstance(value, torch.Tensor):
            yield from (_located(_reader(node), source, **found) for found in _tensor_findings("A constant", value))
        elif type(value) is int and abs(value) > LARGEST_INT32 + 1:
            if all(_is_bound(use) for use in node.output().uses()):
                continue
            yield _located(_reader(node), source, **_beyond_int32("A constant", value))


def _reader(node: Any) -> Any:
    """Return the operation that reads a constant: a trace notes no line for the constant itself."""
    return next((use.user for use in node.output().uses() if use.user.kind() != "prim::Return"), node)


def _is_bound(use: Any) -> bool:
    """Whether a number is only a limit that a huge one leaves open: the end of a slice, the turns of ``while``."""
    return use.user.kind() in _ONLY_BOUNDS or (use.user.kind() == "prim::Loop" and use.offset == 0)


def _tensors(tensors: dict[str, Any]) -> Iterator[Diagnostic]:
    for name, tensor in tensors.items():
        if isinstance(tensor, torch.Tensor):
            module = name.rpartition(".")[0]
            for found in _tensor_findings(f"The tensor {name!r}", tensor):
                yield Diagnostic(module=module, **found)


def _tensor_findings(what: str, tensor: torch.Tensor) -> Iterator[dict[str, Any]]:
    if hint := UNSUPPORTED_DTYPES.get(tensor.dtype):
        name = str(tensor.dtype).removeprefix("torch.")
        yield {
            "code": "convert.unsupported-dtype",
            "severity": Severity.ERROR,
            "message": f"{what} is {name}, and Core ML has no such tensors.",
            "hint": hint,
        }
    elif tensor.dtype == torch.int64 and tensor.numel():
        low, high = int(tensor.min()), int(tensor.max())
        worst = high if high > LARGEST_INT32 else low
        if abs(worst) > LARGEST_INT32 + 1:
            yield _beyond_int32(what, worst)


def _beyond_int32(what: str, value: int) -> dict[str, Any]:
    # The ends of int64 stand for infinity (a mask, a start for a minimum), and so do those of int32.
    is_end = value in (_INT64.min, _INT64.max)
    return {
        "code": "convert.int64-overflow",
        "severity": Severity.WARNING if is_end else Severity.ERROR,
        "message": f"{what} holds {value:,}, which does not fit Core ML's 32-bit integers and is cut to "
        f"{math.copysign(LARGEST_INT32, value):,.0f}.",
        "hint": "Use a value within ±2,147,483,647, or a floating type.",
    }


def _ranks(graph: Any, source: Source) -> Iterator[Diagnostic]:
    for node in all_nodes(graph):
        name = node.kind().rpartition("::")[2]
        if name in ("view", "reshape"):
            sizes = list(node.inputs())[1].node()
            if sizes.kind() not in ("prim::ListConstruct", "prim::Constant", "aten::size"):
                yield _located(
                    node,
                    source,
                    code="convert.dynamic-rank",
                    severity=Severity.WARNING,
                    message="The number of dimensions of this shape is known only while the model runs, "
                    "and Core ML needs it beforehand.",
                    hint="Write the sizes out: x.view(a, b, c).",
                )
        ranks = [rank for value in node.outputs() if (rank := _rank(value)) is not None]
        if ranks and max(ranks) > LARGEST_RANK:
            yield _located(
                node,
                source,
                code="convert.rank",
                severity=Severity.NOTE,
                message=f"{name!r} makes a tensor of {max(ranks)} dimensions, and Core ML has at most {LARGEST_RANK}; "
                "the converter removes some such steps (a reshape, a transpose, a reshape) and refuses the others.",
                hint="Join dimensions that stay together before this line.",
            )


def _rank(value: Any) -> int | None:
    kind = value.type()
    return kind.dim() if isinstance(kind, torch.TensorType) else None
