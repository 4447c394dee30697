"""One operation as a program: made by hand, run by the executor."""

from typing import Any

import numpy as np
from exportdesk.core.mil import ReferenceModel
from exportdesk.core.mil.features import Description
from exportdesk.core.mil.in_memory import interface_of
from exportdesk.core.mil.package import Package
from exportdesk.core.mil.program import Block, Function, Named, Operation, Program, TensorType, Value
from exportdesk.core.mil.weights import WeightFiles

NAMES = {
    "float16": "fp16", "float32": "fp32", "int8": "int8", "int16": "int16", "int32": "int32", "uint8": "uint8",
    "uint16": "uint16", "bool": "bool", "int64": "int64", "float64": "fp32",
}  # fmt: skip


def value_of(given: Any) -> Value:
    """Return a constant: a text, or an array of the type that MIL gives such a number."""
    if isinstance(given, str):
        return Value(TensorType("str"), given)
    array = np.asarray(given)
    if array.dtype == np.int64:
        array = array.astype(np.int32)
    if array.dtype == np.float64:
        array = array.astype(np.float32)
    return Value(TensorType(NAMES[array.dtype.name], array.shape), array)


def typed(given: Any) -> np.ndarray[Any, Any]:
    return value_of(given).data


def package_of(
    name: str,
    opset: str,
    variables: dict[str, Any],
    constants: dict[str, Any],
    results: list[tuple[str, tuple[int, ...]]],
) -> Package:
    """Return a program of one operation; ``variables`` are its inputs, a list of arrays for a variadic one."""
    inputs: list[Named] = []
    bound: dict[str, tuple[Any, ...]] = {}
    for parameter, given in variables.items():
        names = []
        for index, array in enumerate(given if isinstance(given, list) else [given]):
            name_of_input = f"{parameter}{index}" if isinstance(given, list) else parameter
            inputs.append(Named(name_of_input, value_of(array).type))
            names.append(name_of_input)
        bound[parameter] = tuple(names)
    for parameter, given in constants.items():
        items = given if isinstance(given, list) and given and isinstance(given[0], np.ndarray) else [given]
        bound[parameter] = tuple(value_of(item) for item in items)
    outputs = tuple(Named(f"out{index}", TensorType(*kind)) for index, kind in enumerate(results))
    operation = Operation(name, bound, outputs)
    body = Block((), tuple(named.name for named in outputs), (operation,))
    function = Function("main", tuple(inputs), opset, body)
    interface = interface_of(function)
    return Package(
        "single", Description(interface, {"main": interface}), Program({"main": function}), WeightFiles(None), 0
    )


def run_single(
    name: str,
    opset: str,
    variables: dict[str, Any],
    constants: dict[str, Any],
    results: list[tuple[str, tuple[int, ...]]],
    precision: str = "program",
) -> list[Any]:
    package = package_of(name, opset, variables, constants, results)
    data: dict[str, Any] = {}
    for parameter, given in variables.items():
        if isinstance(given, list):
            data |= {f"{parameter}{index}": typed(array) for index, array in enumerate(given)}
        else:
            data[parameter] = typed(given)
    return list(ReferenceModel(package, precision=precision).predict(data).values())
