"""ReferenceModel: a saved Core ML package, run on this machine.

Its results are *reference execution*: what the program says, computed by torch. They are never "verified by Core ML".
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch

from ..errors import fail
from .compile import Around, CompiledFunction, compile_function
from .features import ArrayFeature, Feature, Interface
from .holders import to_array
from .inputs import input_tensor, require_names
from .outputs import output_value
from .package import Package, read_package
from .program import Block, Function, StateType, TensorType, ValueType, walk
from .state import ReferenceState

Observe = Callable[[str, np.ndarray[Any, Any]], None]
"""Gets every intermediate value as it is made: name and array. In a loop the same name comes once a turn."""


class _ObserverFailed(Exception):
    """What the caller's ``observe`` has raised, on its way out past the operations."""

    def __init__(self, error: Exception) -> None:
        super().__init__(str(error))
        self.error = error


class ReferenceModel:
    """A Core ML program ready to run.

    Args:
        source: path of an ``.mlpackage``, or a program in memory: coremltools' ``MLModel`` or MIL ``Program``.
        function: which function of a multifunction package; None for the default one.
        precision: ``"program"`` rounds every value to the type that the program gives it; ``"float32"`` computes half
            precision in float32, which tells rounding apart from error.
        around: is put around what runs each operation; a clock, for example.

    Raises:
        ExportDeskError: ``call.*`` for a wrong call, ``package.*`` for a damaged package, ``mil.*`` for a program that
            cannot be run; each names the place.
    """

    def __init__(
        self,
        source: Any,
        function: str | None = None,
        precision: str = "program",
        *,
        around: Around | None = None,
    ) -> None:
        if precision not in ("program", "float32"):
            fail("call.unknown-precision", f"There is no precision “{precision}”.", hint="Use program or float32.")
        package = package_from(source)
        self.package = package
        self._rounds = precision == "program"
        self._function = _function(package, function)
        self.interface: Interface = package.interface(self._function.name)
        given = set(self._function.body.outputs)
        if lost := [feature.name for feature in self.interface.outputs if feature.name not in given]:
            fail(
                "package.malformed",
                f"The package describes the output “{lost[0]}”, and its program has none of that name.",
            )
        self._compiled: CompiledFunction = compile_function(
            self._function, package.weights, rounds=self._rounds, around=around
        )

    @property
    def function_name(self) -> str:
        return self._function.name

    @property
    def body(self) -> Block:
        """The function's program."""
        return self._function.body

    @property
    def input_names(self) -> tuple[str, ...]:
        """Names of the inputs, states left out, in the order of the model's description."""
        return tuple(feature.name for feature in self.interface.inputs)

    @property
    def value_names(self) -> frozenset[str]:
        """Names of all values that the program computes, constants left out."""
        return frozenset(
            named.name
            for operation in walk(self._function.body)
            if operation.type != "const"
            for named in operation.outputs
        )

    def make_state(self) -> ReferenceState:
        """Return the model's states, all zeros, to be given to ``predict``; empty where the model has none."""
        kinds = {
            named.name: named.type.wrapped
            for named in self._function.inputs
            if isinstance(named.type, StateType) and isinstance(named.type.wrapped, TensorType)
        }
        return ReferenceState(kinds, rounds=self._rounds)

    def predict(
        self,
        data: Mapping[str, Any],
        state: ReferenceState | None = None,
        *,
        observe: Observe | None = None,
        checkpoint: Callable[[], None] | None = None,
    ) -> dict[str, Any]:
        """Run the model once.

        Args:
            data: each input by name: an array (or tensor, number, list), or a PIL image for an image input.
            state: from ``make_state``; it is updated. A model with states needs it.
            observe: called with name and array of every intermediate value as it is made.
            checkpoint: called after every operation; what it raises ends the run.

        Returns:
            Each output by name: arrays; for a classifier also the label and the dictionary of probabilities. An image
            output is the array of its picture: height x width x RGB (height x width if grey), uint8.

        Raises:
            ExportDeskError: ``call.*`` for inputs that do not fit, ``mil.operation-failed`` for what fails inside.
        """
        if not isinstance(data, Mapping):
            fail("call.inputs", f"Inputs are given as a dictionary by name, not as a {type(data).__name__}.")
        features = {feature.name: feature for feature in self.interface.inputs}
        require_names(data, features)
        values = [self._input(named.name, named.type, features, data, state) for named in self._function.inputs]
        observer = None if observe is None and checkpoint is None else self._observer(observe, checkpoint)
        try:
            with torch.inference_mode():
                results = self._compiled.run(values, observer)
        except _ObserverFailed as stopped:
            raise stopped.error from None
        return self._outputs(results)

    def _input(
        self,
        name: str,
        kind: ValueType,
        features: dict[str, Feature],
        data: Mapping[str, Any],
        state: ReferenceState | None,
    ) -> Any:
        if isinstance(kind, StateType):
            if not isinstance(state, ReferenceState):
                lacks = "none was given" if state is None else f"a {type(state).__name__} is no state"
                hint = "Pass state=model.make_state()."
                fail("call.state-missing", f"The model has the state “{name}”, and {lacks}.", hint=hint)
            return state.box(name)
        if not isinstance(kind, TensorType):
            fail("mil.unsupported-type", f"The input “{name}” is no tensor.")
        feature = features.get(name) or Feature(name, ArrayFeature(kind.dtype))
        return input_tensor(feature, kind, data.get(name), rounds=self._rounds)

    def _observer(
        self, observe: Observe | None, checkpoint: Callable[[], None] | None
    ) -> Callable[[str, Any, ValueType], None]:
        def on_value(name: str, value: Any, kind: ValueType) -> None:
            if checkpoint is not None:
                checkpoint()
            if observe is not None and isinstance(kind, TensorType) and isinstance(value, torch.Tensor):
                array = to_array(value, kind.dtype, rounds=self._rounds)
                try:
                    observe(name, array)
                except Exception as error:  # the caller's own, which says nothing of the operation
                    raise _ObserverFailed(error) from error

        return on_value

    def _outputs(self, results: list[Any]) -> dict[str, Any]:
        names = self._function.body.outputs
        kinds = {named.name: named.type for operation in self._function.body.operations for named in operation.outputs}
        kinds.update({named.name: named.type for named in self._function.inputs})
        features = {feature.name: feature for feature in self.interface.outputs}
        return {
            name: output_value(value, kinds[name], features.get(name), rounds=self._rounds)
            for name, value in zip(names, results, strict=True)
        }


def package_from(source: Any) -> Package:
    """Return the package of a path, or of an object of coremltools."""
    if isinstance(source, str | Path):
        return read_package(source)
    if isinstance(source, Package):
        return source
    from .in_memory import package_of

    return package_of(source)


def _function(package: Package, name: str | None) -> Function:
    functions = package.program.functions
    wanted = package.description.default_function if name is None else name
    if name is None and wanted not in functions and len(functions) == 1:
        wanted = next(iter(functions))
    if wanted not in functions:
        fail(
            "call.unknown-function",
            f"“{package.name}” has no function “{wanted}”.",
            hint=f"It has: {', '.join(sorted(functions))}.",
        )
    return functions[wanted]
