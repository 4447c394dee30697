"""A program with some of its half-precision values left in float32, as the converter can make it.

A value that is spared its rounding is read in float32 too: operations that only move values, and casts to half, pass it
on; the first that computes with it rounds its own result. ``core/coreml/float32_operations.py`` converts in that way.
"""

from collections.abc import Collection
from dataclasses import replace

from .features import ArrayFeature, Interface
from .package import Package
from .program import Block, Named, Operation, Program, TensorType
from .table import find


def widened(package: Package, names: Collection[str]) -> Package:
    """Return the package's program with the values of these names, and what merely moves them, in float32."""
    wide = set(names)
    functions = {
        name: replace(function, body=_block(function.body, wide, function.opset))
        for name, function in package.program.functions.items()
    }
    described = package.description
    description = replace(
        described,
        interface=_interface(described.interface, wide),
        functions={name: _interface(item, wide) for name, item in described.functions.items()},
    )
    return replace(package, program=Program(functions), description=description)


def passes_on(operation: Operation, opset: str) -> bool:
    """Whether an operation hands on the value that it is given: it moves it, or brings it to half precision."""
    if operation.type == "cast":
        return bool(operation.outputs) and is_half(operation.outputs[0])
    entry = find(operation.type, opset)
    return entry is not None and entry.is_exact


def is_half(named: Named) -> bool:
    return isinstance(named.type, TensorType) and named.type.dtype == "fp16"


def _block(block: Block, wide: set[str], opset: str) -> Block:
    operations = []
    for operation in block.operations:
        reads = any(item in wide for items in operation.inputs.values() for item in items if isinstance(item, str))
        if reads and passes_on(operation, opset):
            wide |= {named.name for named in operation.outputs}
        outputs = tuple(_wide(named) if named.name in wide else named for named in operation.outputs)
        blocks = tuple(_block(inner, wide, opset) for inner in operation.blocks)
        operations.append(replace(operation, outputs=outputs, blocks=blocks))
    return replace(block, operations=tuple(operations))


def _wide(named: Named) -> Named:
    if not is_half(named):
        return named
    assert isinstance(named.type, TensorType)
    return Named(named.name, replace(named.type, dtype="fp32"))


def _interface(interface: Interface, wide: set[str]) -> Interface:
    """Return the description with outputs in float32 where their value is."""
    outputs = tuple(
        replace(feature, kind=replace(feature.kind, dtype="fp32"))
        if feature.name in wide and isinstance(feature.kind, ArrayFeature) and feature.kind.dtype == "fp16"
        else feature
        for feature in interface.outputs
    )
    return replace(interface, outputs=outputs)
