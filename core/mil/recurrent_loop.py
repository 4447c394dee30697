"""Loops that are gated recurrent layers, computed by torch's own layer.

The converter of coremltools 9.0 writes ``torch.nn.GRU`` as a loop of some twenty operations a turn over a buffer of
states. This module recognises just that loop by its data flow; whatever differs in the smallest way runs as a loop.
A loop in float32 is torch's layer; one in half precision is computed turn by turn with a rounding after each operation.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor

from .constants import Constant
from .holders import round_to_half
from .program import Block, Operation, TensorType
from .steps import OBSERVER, Frame

Lookup = Callable[[str], "Constant | int | None"]
"""Returns what a name stands for around the loop: a constant, a place of the frame, or None."""


@dataclass(frozen=True, slots=True)
class GatedLoop:
    """One recognised loop: from which places it reads, and the weights in torch's order."""

    x: int
    limit: "int | Constant"
    weights: list[Tensor]
    is_half: bool
    """Whether every value of a turn is rounded to half."""

    def run(self, start: Tensor, buffer: Tensor, x: Tensor, limit: Tensor) -> tuple[Tensor, Tensor] | None:
        """Return the loop's results, or None where its values are not those of a layer's run."""
        count = int(limit.item())
        longest = min(x.shape[0], buffer.shape[0] - 1, _LONGEST)
        if start.item() != 0 or not 0 < count <= longest or bool(buffer[1:].any()):
            return None
        first = buffer[:1]
        if self.is_half:
            first = round_to_half(first)
            outputs = _rounded_layer(x[:count], first[0], self.weights)
        else:
            outputs, _ = torch.gru(x[:count], first, self.weights, True, 1, 0.0, False, False, False)
        done = torch.cat([first, outputs, buffer[count + 1 :]])
        return limit.reshape(start.shape).to(start.dtype), done


_LONGEST = 2**15 - 1
"""Half-precision programs count the turns in 16 bits."""


def _rounded_layer(x: Tensor, start: Tensor, weights: list[Tensor]) -> Tensor:
    """Return all states; each operation computes in float32 and rounds once, as torch does on halves."""
    from_input, for_state, input_bias, state_bias = weights
    size = for_state.shape[1]
    products = torch.nn.functional.linear(x, from_input, input_bias).half()
    state, states = start.half(), []
    for gates, candidate in zip(products[..., : 2 * size].unbind(), products[..., 2 * size :].unbind(), strict=True):
        own = torch.nn.functional.linear(state.float(), for_state, state_bias).half()
        reset, update = torch.sigmoid(gates + own[..., : 2 * size]).chunk(2, -1)
        new = torch.tanh(candidate + reset * own[..., 2 * size :])
        state = (1 - update) * new + update * state
        states.append(state)
    return torch.stack(states).float()


def recognise(operation: Operation, lookup: Lookup, *, rounds: bool) -> GatedLoop | None:
    """Return the layer that a ``while_loop`` stands for, or None.

    Args:
        rounds: whether values of type fp16 are rounded to half.
    """
    if len(operation.blocks) != 2 or len(operation.outputs) != 2:
        return None
    try:
        is_half = rounds and _is_half(operation.blocks[1])
        return _Recogniser(operation.blocks[1], lookup).layer(operation.blocks[0], is_half=is_half)
    except _Different:
        return None


class _Different(Exception):
    """The loop is not the one that is looked for."""


def _require(condition: bool) -> None:
    if not condition:
        raise _Different


def _is_half(body: Block) -> bool:
    """Whether all that is computed in a block is half precision; mixed blocks are no layer."""
    kinds = {
        named.type.dtype
        for item in body.operations
        if item.type not in ("const", "cast")
        for named in item.outputs
        if isinstance(named.type, TensorType) and named.type.dtype not in ("bool", "int32", "int16", "uint16")
    }
    _require(kinds in ({"fp16"}, {"fp32"}))
    return kinds == {"fp16"}


class _Linear(NamedTuple):
    x: str
    weight: Tensor
    bias: Tensor


class _Recogniser:
    def __init__(self, body: Block, lookup: Lookup) -> None:
        _require(len(body.inputs) == 2 and len(body.outputs) == 2)
        self._lookup = lookup
        self._made = {named.name: operation for operation in body.operations for named in operation.outputs}
        values = [*body.inputs, *(named for operation in body.operations for named in operation.outputs)]
        self._is_floating = {
            named.name: isinstance(named.type, TensorType) and named.type.dtype in ("fp16", "fp32") for named in values
        }
        self._index, self._buffer = (named.name for named in body.inputs)
        self._next, self._result = (self._uncast(name) for name in body.outputs)

    def layer(self, condition: Block, *, is_half: bool) -> GatedLoop:
        """Follow the data from the loop's results back to its inputs."""
        first, second = self._pair("add", self._next, lambda name: name == self._index)
        _require(first == self._index and self._number(second) == 1)
        write = self._operation("scatter", self._result)
        _require(self._argument(write, "data") == self._buffer and self._argument(write, "indices") == self._next)
        _require(self._text(write, "mode") == "add" and self._number(self._argument(write, "axis")) == 0)
        state = self._argument(self._operation("expand_dims", self._argument(write, "updates")), "x")
        kept, new = self._pair("add", state, self._is_update_times_state)
        update, old = self._pair("mul", kept, self._is_sigmoid)
        self._require_row(old, self._buffer)
        self._old = old
        complement, candidate = self._pair("mul", new, lambda name: self._is("sub", name))
        minus = self._operation("sub", complement)
        _require(self._number(self._argument(minus, "x")) == 1 and self._argument(minus, "y") == update)
        inner = self._argument(self._operation("tanh", candidate), "x")
        gated, from_input = self._pair("add", inner, lambda name: self._is("mul", name))
        reset, from_state = self._pair("mul", gated, self._is_sigmoid)
        parts = [self._gate(reset), self._gate(update), (self._linear(from_input), self._linear(from_state))]
        inputs = {part[0].x for part in parts}
        _require(len(inputs) == 1 and all(part[1].x == old for part in parts))
        source = self._row_of(inputs.pop())
        place = self._lookup(source)
        _require(isinstance(place, int))
        assert isinstance(place, int)
        weights = [torch.cat([part[side].weight for part in parts]) for side in (0, 1)]
        weights += [torch.cat([part[side].bias for part in parts]) for side in (0, 1)]
        return GatedLoop(place, self._limit(condition), weights, is_half)

    def _limit(self, condition: Block) -> "int | Constant":
        test = [operation for operation in condition.operations if operation.type != "const"]
        _require(len(test) == 1 and test[0].type == "less" and condition.outputs == (test[0].outputs[0].name,))
        _require(self._argument(test[0], "x") == condition.inputs[0].name)
        found = self._lookup(self._argument(test[0], "y"))
        if found is None:
            raise _Different
        return found

    def _operation(self, kind: str, name: str) -> Operation:
        operation = self._made.get(name)
        if operation is None or operation.type != kind:
            raise _Different
        return operation

    def _is(self, kind: str, name: str) -> bool:
        return name in self._made and self._made[name].type == kind

    def _is_sigmoid(self, name: str) -> bool:
        return self._is("sigmoid", name)

    def _is_update_times_state(self, name: str) -> bool:
        """Of ``(1 - z) * n`` and ``z * h`` only the second has a sigmoid as a factor."""
        if not self._is("mul", name):
            return False
        operation = self._made[name]
        return any(self._is_sigmoid(self._argument(operation, side)) for side in ("x", "y"))

    def _argument(self, operation: Operation, name: str) -> str:
        bindings = operation.inputs.get(name, ())
        if len(bindings) != 1 or not isinstance(bindings[0], str):
            raise _Different
        return self._uncast(bindings[0])

    def _uncast(self, name: str) -> str:
        """Return the value behind casts: what they change is rounded anyway, or a small whole number."""
        while self._is("cast", name):
            source = str(self._made[name].inputs["x"][0])
            _require(self._is_floating.get(source) == self._is_floating[name])
            name = source
        return name

    def _pair(self, kind: str, name: str, is_first: Callable[[str], bool]) -> tuple[str, str]:
        """Return both operands of a commutative operation, the one that ``is_first`` before the other."""
        operation = self._operation(kind, name)
        one, other = self._argument(operation, "x"), self._argument(operation, "y")
        _require(is_first(one) != is_first(other))
        return (one, other) if is_first(one) else (other, one)

    def _constant(self, name: str) -> Constant:
        found = self._lookup(name)
        if not isinstance(found, Constant):
            raise _Different
        return found

    def _number(self, name: str) -> float:
        array = self._constant(name).array()
        _require(not isinstance(array, str) and array.size == 1)
        return float(array.reshape(-1)[0])

    def _text(self, operation: Operation, name: str) -> str:
        return str(self._constant(self._argument(operation, name)).array())

    def _linear(self, name: str) -> _Linear:
        operation = self._operation("linear", name)
        weight = self._constant(self._argument(operation, "weight")).tensor
        bias = self._constant(self._argument(operation, "bias")).tensor
        return _Linear(self._argument(operation, "x"), weight, bias)

    def _gate(self, name: str) -> tuple[_Linear, _Linear]:
        """Return the products with the input and with the state below a sigmoid."""
        operation = self._operation("add", self._argument(self._operation("sigmoid", name), "x"))
        one, other = (self._linear(self._argument(operation, side)) for side in ("x", "y"))
        if one.x == self._old:
            one, other = other, one
        _require(other.x == self._old)
        return one, other

    def _row_of(self, name: str) -> str:
        """Return what a row was taken from: ``squeeze(gather(source, index of the turn))``."""
        squeezed = self._operation("squeeze", name)
        row = self._operation("gather", self._argument(squeezed, "x"))
        _require(self._number(self._argument(row, "axis")) == 0)
        if "batch_dims" in row.inputs:
            _require(self._number(self._argument(row, "batch_dims")) == 0)
        _require(self._is_turn(self._argument(row, "indices")))
        return self._argument(row, "x")

    def _require_row(self, name: str, source: str) -> None:
        _require(self._row_of(name) == source)

    def _is_turn(self, name: str) -> bool:
        """Whether a value is the number of the turn, possibly guarded against being negative."""
        if name == self._index:
            return True
        if not self._is("select", name):
            return False
        choice = self._made[name]
        test = self._operation("greater_equal", self._argument(choice, "cond"))
        is_guard = self._argument(test, "x") == self._index and self._number(self._argument(test, "y")) == 0
        return is_guard and self._argument(choice, "a") == self._index


def step_of(
    loop: GatedLoop,
    limit_place: int,
    starts: tuple[int, ...],
    results: tuple[int, ...],
    generic: Callable[[Frame], None],
) -> Callable[[Frame], None]:
    """Return a step that runs the layer, and the loop where its values are others or somebody observes each turn."""
    start, buffer = starts
    first, second = results

    def run(frame: Frame) -> None:
        values = (frame[start], frame[buffer], frame[loop.x], frame[limit_place])
        done = None if frame[OBSERVER] is not None else loop.run(*values)
        if done is None:
            generic(frame)
        else:
            frame[first], frame[second] = done

    return run
