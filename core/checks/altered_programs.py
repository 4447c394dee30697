"""Core ML programs with some of their constants or types changed, for experiments; files stay as they are."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from ..mil.package import Package
from ..mil.program import BlobReference, Block, Operation, Program, TensorType, Value
from ..mil.weights import WeightFiles

_ROUND_NUMBERS = 8
"""A single constant that is a multiple of 1/8 is taken to be exact: 2, 0.5, -1."""


def with_operations(package: Package, change: Callable[[Operation], Operation]) -> Package:
    """Return a package in which each operation, those of nested blocks first, is what ``change`` makes of it."""

    def changed(block: Block) -> Block:
        operations = tuple(
            change(replace(operation, blocks=tuple(map(changed, operation.blocks)))) for operation in block.operations
        )
        return replace(block, operations=operations)

    functions = {
        name: replace(function, body=changed(function.body)) for name, function in package.program.functions.items()
    }
    return replace(package, program=Program(functions))


def with_constants_moved(package: Package, seed: int) -> Package:
    """Return the program with each float16 constant moved by up to half the distance to its neighbours, at random.

    That is what rounding to float16 did to it; so a run in float32 shows how much such rounding matters.
    """
    generator = np.random.default_rng(seed)
    weights = _MovedWeights(package.weights, seed)

    def moved(value: Value) -> Value:
        if not isinstance(value.type, TensorType) or value.type.dtype != "fp16":
            return value
        return value if isinstance(value.data, BlobReference) else replace(value, data=_moved(value.data, generator))

    def change(operation: Operation) -> Operation:
        inputs = {
            name: tuple(moved(item) if isinstance(item, Value) else item for item in items)
            for name, items in operation.inputs.items()
        }
        attributes = {name: moved(value) for name, value in operation.attributes.items()}
        return replace(operation, inputs=inputs, attributes=attributes)

    return replace(with_operations(package, change), weights=weights)


class _MovedWeights(WeightFiles):
    """Reads from other weight files, and moves what is float16."""

    def __init__(self, original: WeightFiles, seed: int) -> None:
        super().__init__(None)
        self._original = original
        self._seed = seed

    def read(self, reference: BlobReference, kind: TensorType) -> np.ndarray[Any, Any]:
        array = self._original.read(reference, kind)
        # A seed for each constant: it may be read more than once, and in any order.
        generator = np.random.default_rng((self._seed, reference.offset))
        return _moved(array, generator) if kind.dtype == "fp16" else array


def _moved(data: Any, generator: np.random.Generator) -> np.ndarray[Any, Any]:
    exact = np.asarray(data, dtype=np.float32)
    if exact.size == 1 and float(exact.reshape(())) * _ROUND_NUMBERS % 1 == 0:
        return exact
    with np.errstate(invalid="ignore", over="ignore"):
        step = np.spacing(np.abs(exact).astype(np.float16)).astype(np.float32)
    noise = generator.uniform(-0.5, 0.5, exact.shape).astype(np.float32)
    return np.where(np.isfinite(step) & (exact != 0), exact + noise * step, exact).astype(np.float32)
