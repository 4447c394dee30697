"""A function of a MIL program, made once into a flat list of bound calls.

Every value gets a place in a frame; constants lie in theirs before the run. A step is a closure that reads places,
calls one function and writes places: nothing is looked up by name while the program runs.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from torch import Tensor

from ..errors import ExportDeskError, fail
from . import operations
from .closures import bind_places, cond_step, finisher, while_step
from .constants import Constant, as_plain
from .program import Binding, Block, Function, Operation, Value, ValueType
from .recurrent_loop import recognise, step_of
from .steps import NOTHING, OBSERVER, OPERATION_ERRORS, CompiledBlock, Frame, Step, located, raise_located
from .table import Call, Entry, Parameter, ResultType, Tensors, find
from .weights import WeightFiles

operations.load()


@dataclass(frozen=True, slots=True)
class Place:
    """A value that is known only when the program runs."""

    index: int
    type: ValueType


Scope = dict[str, "Place | Constant"]


@dataclass(frozen=True, slots=True)
class CompiledFunction:
    block: CompiledBlock
    template: Frame
    """The frame at the start of a run: constants in their places."""

    def run(self, inputs: list[Any], observer: Any = None) -> list[Any]:
        """Run on held values in the order of the function's inputs; return held outputs in order."""
        frame = self.template.copy()
        frame[OBSERVER] = observer
        for place, value in zip(self.block.inputs, inputs, strict=True):
            frame[place] = value
        del inputs
        self.block.run(frame)
        return [frame[place] for place in self.block.outputs]


Around = Callable[[Operation, Callable[[Frame], None]], Callable[[Frame], None]]
"""Puts something around what runs an operation, a clock for example."""


def compile_function(
    function: Function, weights: WeightFiles, *, rounds: bool, around: Around | None = None
) -> CompiledFunction:
    """Compile a function.

    Args:
        rounds: whether values of type fp16 are rounded to half.
        around: is put around each operation; None leaves them as they are.

    Raises:
        ExportDeskError: ``mil.*`` with the operation that cannot be compiled.
    """
    compiler = _Compiler(function.opset, weights, rounds, around)
    block, _ = compiler.block(function.body, {}, function.inputs)
    return CompiledFunction(block, compiler.template)


_RawStep = tuple[Callable[[Frame], None], set[int], Operation, tuple[int, ...]]
"""What runs, the places it reads, the operation, the places of its results."""


class _Compiler:
    def __init__(self, opset: str, weights: WeightFiles, rounds: bool, around: Around | None) -> None:
        self.template: Frame = [None, None]
        self._opset = opset
        self._weights = weights
        self._rounds = rounds
        self._around = around
        self._constant_places: dict[int, int] = {}
        self._constants: list[Constant] = []

    def block(
        self, block: Block, outer: Scope, inputs: tuple[Any, ...] | None = None
    ) -> tuple[CompiledBlock, set[int]]:
        """Compile a block; also return the places outside it that it reads."""
        scope: Scope = dict(outer)
        own: set[int] = set()
        places = []
        for named in block.inputs if inputs is None else inputs:
            places.append(self._define(named.name, named.type, scope, own))
        names = {named.name for named in (block.inputs if inputs is None else inputs)}
        raw: list[_RawStep] = []
        for operation in block.operations:
            try:
                compiled = self._operation(operation, scope, own)
            except ExportDeskError as error:
                raise located(error, operation) from error.__cause__
            except OPERATION_ERRORS as error:
                raise_located(operation, error)
            _require_new(operation, names)
            if compiled is not None:
                run = compiled[0] if self._around is None else self._around(operation, compiled[0])
                raw.append((run, compiled[1], operation, compiled[2]))
        outputs = tuple(self._output(name, scope) for name in block.outputs)
        reads = set(outputs).union(*(item[1] for item in raw))
        return CompiledBlock(_with_frees(raw, own, set(outputs)), tuple(places), outputs), reads - own

    def _define(self, name: str, kind: ValueType, scope: Scope, own: set[int]) -> int:
        self.template.append(None)
        index = len(self.template) - 1
        scope[name] = Place(index, kind)
        own.add(index)
        return index

    def _output(self, name: str, scope: Scope) -> int:
        if name not in scope:
            fail("mil.undefined-name", f"A block ends with “{name}”, which nothing defines.")
        return self._place(scope[name])

    def _place(self, found: "Place | Constant") -> int:
        if isinstance(found, Place):
            return found.index
        if id(found) not in self._constant_places:
            self.template.append(found.tensor)
            self._constants.append(found)  # kept, so that its id stays its own
            self._constant_places[id(found)] = len(self.template) - 1
        return self._constant_places[id(found)]

    def _operation(
        self, operation: Operation, scope: Scope, own: set[int]
    ) -> tuple[Callable[[Frame], None], set[int], tuple[int, ...]] | None:
        if operation.type == "const":
            if "val" not in operation.attributes or not operation.outputs:
                fail("package.malformed", f"The constant “{operation.label}” has no value.")
            scope[operation.outputs[0].name] = self._constant(operation.attributes["val"])
            return None
        if operation.type in ("cond", "while_loop"):
            return self._control_flow(operation, scope, own)
        entry = find(operation.type, self._opset)
        if entry is None:
            fail(
                "mil.unsupported-operation",
                f"The operation “{operation.type}” (“{operation.label}”, opset {self._opset}) is not supported.",
                module=operation.module,
                file=operation.file,
                line=operation.line,
                hint="`exportdesk run --list-unsupported` lists all such operations of the package.",
            )
        function, reads = self._bound(operation, entry, scope)
        rounds = self._rounds and not entry.is_exact
        finish = [finisher(named.type, operation, rounds=rounds) for named in operation.outputs]
        if operation.type.startswith("constexpr_"):
            self._fold(operation, function, reads, finish, scope)
            return None
        results = tuple(self._define(named.name, named.type, scope, own) for named in operation.outputs)
        return bind_places(function, reads, results, finish), set(reads), results

    def _constant(self, value: Value) -> Constant:
        return Constant(value, self._weights, rounds=self._rounds)

    def _fold(
        self,
        operation: Operation,
        function: Callable[..., Any],
        reads: tuple[int, ...],
        finish: list[Callable[[Any], Any]],
        scope: Scope,
    ) -> None:
        """Compute an operation on constants now; its results are constants."""
        result = function(*[self.template[place] for place in reads])
        results = result if isinstance(result, tuple) else (result,)
        for named, value, end in zip(operation.outputs, results, finish, strict=True):
            scope[named.name] = Constant.computed(end(value), named.type, rounds=self._rounds)

    def _found(self, binding: Binding, operation: Operation, scope: Scope) -> "Place | Constant":
        if isinstance(binding, Value):
            return self._constant(binding)
        if binding not in scope:
            fail(
                "mil.undefined-name",
                f"{operation.type} “{operation.label}” uses “{binding}”, which nothing before it defines.",
                module=operation.module,
                file=operation.file,
                line=operation.line,
            )
        return scope[binding]

    def _bound(self, operation: Operation, entry: Entry, scope: Scope) -> tuple[Callable[..., Any], tuple[int, ...]]:
        """Return a function of held values alone, and the places that they come from."""
        arguments = _Arguments()
        unknown = operation.inputs.keys() - {parameter.name for parameter in entry.parameters}
        if unknown:
            fail(
                "mil.unknown-argument",
                f"{operation.type} “{operation.label}” has the unknown input “{min(unknown)}”.",
                module=operation.module,
            )
        for parameter in entry.parameters:
            if parameter.annotation is ResultType:
                arguments.plain[parameter.name] = ResultType(tuple(named.type for named in operation.outputs))
                continue
            bindings = operation.inputs.get(parameter.name, ())
            found = [self._found(binding, operation, scope) for binding in bindings]
            if not found and parameter.annotation != Tensors:
                self._left_out(operation, parameter, arguments, scope)
            elif parameter.annotation == Tensors:
                arguments.add_group(parameter.name, [self._place(item) for item in found])
            elif len(found) > 1:
                fail(
                    "mil.too-many-values",
                    f"{operation.type} “{operation.label}” has several values for “{parameter.name}”.",
                )
            elif parameter.annotation is Tensor or parameter.annotation is Any:
                arguments.add(parameter.name, self._place(found[0]))
                arguments.note(parameter.name, found[0])
            elif isinstance(found[0], Constant):
                arguments.plain[parameter.name] = found[0].plain(parameter.annotation)
            else:
                arguments.add(parameter.name, self._place(found[0]), parameter.annotation)
        return arguments.bind(operation, entry), tuple(arguments.places)

    def _left_out(self, operation: Operation, parameter: Parameter, arguments: "_Arguments", scope: Scope) -> None:
        if parameter.is_required:
            fail(
                "mil.missing-argument",
                f"{operation.type} “{operation.label}” lacks its input “{parameter.name}”.",
                module=operation.module,
            )
        if parameter.annotation is Tensor:
            arguments.add(parameter.name, NOTHING)
        else:
            arguments.plain[parameter.name] = parameter.default

    def _control_flow(
        self, operation: Operation, scope: Scope, own: set[int]
    ) -> tuple[Callable[[Frame], None], set[int], tuple[int, ...]]:
        if len(operation.blocks) != 2:
            fail(
                "package.malformed", f"{operation.type} “{operation.label}” has {len(operation.blocks)} blocks, not 2."
            )
        first, first_reads = self.block(operation.blocks[0], scope)
        second, second_reads = self.block(operation.blocks[1], scope)
        name = "pred" if operation.type == "cond" else "loop_vars"
        starts = tuple(self._place(self._found(item, operation, scope)) for item in operation.inputs.get(name, ()))
        results = tuple(self._define(named.name, named.type, scope, own) for named in operation.outputs)
        make = cond_step if operation.type == "cond" else while_step
        run = make(operation, starts, (first, second), results)
        if operation.type == "while_loop":
            run = self._as_layer(operation, scope, starts, results, run)
        return run, {*starts, *first_reads, *second_reads}, results

    def _as_layer(
        self,
        operation: Operation,
        scope: Scope,
        starts: tuple[int, ...],
        results: tuple[int, ...],
        run: Callable[[Frame], None],
    ) -> Callable[[Frame], None]:
        """Return a step that computes a recognised recurrent layer as one, or the loop as it is."""
        inner = {
            item.outputs[0].name: self._constant(item.attributes["val"])
            for block in operation.blocks
            for item in block.operations
            if item.type == "const" and item.outputs and "val" in item.attributes
        }

        def lookup(name: str) -> Constant | int | None:
            found = inner.get(name) or scope.get(name)
            return found.index if isinstance(found, Place) else found

        layer = recognise(operation, lookup, rounds=self._rounds)
        if layer is None:
            return run
        limit = layer.limit if isinstance(layer.limit, int) else self._place(layer.limit)
        return step_of(layer, limit, starts, results, run)


def _require_new(operation: Operation, names: set[str]) -> None:
    """Note an operation's results among the names of its block; one that comes again would hide a value."""
    for named in operation.outputs:
        if named.name in names:
            fail("package.malformed", f"The value “{named.name}” is defined twice.", module=operation.module)
        names.add(named.name)


class _Arguments:
    """What one use of an operation binds: plain values, and places to read when it runs."""

    def __init__(self) -> None:
        self.plain: dict[str, Any] = {}
        self.places: list[int] = []
        self._names: list[str] = []
        self._kinds: list[Any] = []
        self._groups: dict[str, tuple[int, int]] = {}
        self._constants: dict[str, Any] = {}
        self._types: dict[str, ValueType] = {}

    def add(self, name: str, place: int, kind: Any = None) -> None:
        """Bind a parameter to a place; ``kind`` is what its value must be turned into when it runs."""
        self.places.append(place)
        self._names.append(name)
        self._kinds.append(kind)

    def add_group(self, name: str, places: list[int]) -> None:
        self._groups[name] = (len(self.places), len(places))
        for place in places:
            self.add(name, place)

    def note(self, name: str, found: "Place | Constant") -> None:
        self._types[name] = found.type
        if isinstance(found, Constant):
            self._constants[name] = found.tensor

    def bind(self, operation: Operation, entry: Entry) -> Callable[..., Any]:
        if not any(kind is not None for kind in self._kinds):
            if entry.prepare is not None:
                quick = entry.prepare(Call(operation, {**self.plain, **self._constants}, self._types))
                if quick is not None:
                    return quick
            function = partial(entry.function, **self.plain) if self.plain else entry.function
            if self._groups:
                return self._grouped(function)
            if self._names == [parameter.name for parameter in entry.parameters[: len(self._names)]]:
                return function
        return self._by_name(partial(entry.function, **self.plain))

    def _grouped(self, function: Callable[..., Any]) -> Callable[..., Any]:
        if len(self._groups) == 1 and len(set(self._names)) == 1:
            return lambda *values: function(values)
        return self._by_name(function)

    def _by_name(self, function: Callable[..., Any]) -> Callable[..., Any]:
        names, kinds, groups = tuple(self._names), tuple(self._kinds), dict(self._groups)

        def call(*values: Any) -> Any:
            arguments = {
                name: value if kind is None else as_plain(value, kind)
                for name, kind, value in zip(names, kinds, values, strict=True)
                if name not in groups
            }
            for name, (start, count) in groups.items():
                arguments[name] = values[start : start + count]
            return function(**arguments)

        return call


def _with_frees(raw: list[_RawStep], own: set[int], kept: set[int]) -> tuple[Step, ...]:
    """Give each step the places that nobody reads after it."""
    seen: set[int] = set(kept)
    steps = []
    for run, reads, operation, results in reversed(raw):
        frees = ((reads | set(results)) & own) - seen
        seen |= frees
        steps.append(Step(run, tuple(sorted(frees)), operation, results))
    return tuple(reversed(steps))
