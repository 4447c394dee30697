"""Shape and dtype of the tensor that an expression makes, read from its source."""

import ast
import math
import operator
from collections.abc import Callable
from dataclasses import dataclass, field, replace

from .names import Names

_DEEPEST = 40
"""Names may refer to names; a chain longer than this is a circle."""
_DTYPES = {
    "bool": "bool",
    "byte": "uint8",
    "cdouble": "complex128",
    "cfloat": "complex64",
    "char": "int8",
    "double": "float64",
    "float": "float32",
    "half": "float16",
    "int": "int32",
    "long": "int64",
    "short": "int16",
} | {
    name: name
    for name in (
        "float32", "float16", "bfloat16", "float64", "int64", "int32", "int16", "int8", "uint8", "complex64",
        "complex128",
    )
}  # fmt: skip
_SIZED = {"rand", "randn", "zeros", "ones", "empty"}
_LIKE = {"rand_like", "randn_like", "zeros_like", "ones_like", "empty_like", "full_like", "randint_like"}
_KEEPS = {
    "abs", "clamp", "clone", "contiguous", "cpu", "cuda", "detach", "fill_", "mul", "normal_", "random_",
    "requires_grad_", "sigmoid", "to", "uniform_", "zero_",
}  # fmt: skip
_OPERATIONS: dict[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.FloorDiv: operator.floordiv,
    ast.Div: operator.truediv,
    ast.Mod: operator.mod,
}


@dataclass(frozen=True)
class TensorGuess:
    shape: tuple[int, ...]
    dtype: str = "float32"
    high: float | None = None
    """Integers are below this, where it is known."""


@dataclass(frozen=True)
class Scope:
    """What names stand for at a place of the file; inner assignments hide outer ones."""

    names: Names
    values: dict[str, ast.expr] = field(default_factory=dict)
    depth: int = 0

    def inner(self, values: dict[str, ast.expr]) -> "Scope":
        return replace(self, values={**self.values, **values})

    def _deeper(self) -> "Scope":
        return replace(self, depth=self.depth + 1)

    def number(self, expression: ast.expr | None) -> float | None:
        """Return the number that an expression of constants and known names gives, None where it gives none."""
        if self.depth > _DEEPEST:
            return None
        match expression:
            case ast.Constant(value=bool()):
                return None
            case ast.Constant(value=int() | float() as value):
                return value
            case ast.Name(id=name):
                return self._deeper().number(self.values.get(name))
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                positive = self._deeper().number(operand)
                return None if positive is None else -positive
            case ast.BinOp(left=left, op=op, right=right):
                sides = (self._deeper().number(left), self._deeper().number(right))
                return _calculated(type(op), *sides)
            case ast.Call(func=ast.Name(id="int"), args=[argument]):
                given = self._deeper().number(argument)
                return None if given is None or not math.isfinite(given) else int(given)
        return None

    def integer(self, expression: ast.expr | None) -> int | None:
        value = self.number(expression)
        return int(value) if value is not None and math.isfinite(value) and value == int(value) else None

    def sizes(self, expression: ast.expr) -> tuple[int, ...] | None:
        """Return the sizes that ``(1, 3, H, W)`` or a name for it gives, None where one of them is not known."""
        if self.depth > _DEEPEST:
            return None
        match expression:
            case ast.Name(id=name) if name in self.values:
                return self._deeper().sizes(self.values[name])
            case ast.Tuple(elts=members) | ast.List(elts=members):
                return self._all_integers(members)
            case ast.BinOp(op=ast.Add(), left=left, right=right):
                first, second = self._deeper().sizes(left), self._deeper().sizes(right)
                return None if first is None or second is None else first + second
            case ast.Call(args=[argument]) if self.names.resolve(expression.func) in ("torch.Size", "tuple", "list"):
                return self._deeper().sizes(argument)
        value = self.integer(expression)
        return None if value is None else (value,)

    def _all_integers(self, members: list[ast.expr]) -> tuple[int, ...] | None:
        found = [self.integer(member) for member in members]
        known = tuple(size for size in found if size is not None and size >= 0)
        return known if len(known) == len(found) else None

    def tensor(self, expression: ast.expr | None) -> TensorGuess | None:
        """Return shape and dtype of the tensor that an expression makes, None where they are not all known."""
        if self.depth > _DEEPEST:
            return None
        inner = self._deeper()
        match expression:
            case ast.Name(id=name):
                return inner.tensor(self.values.get(name))
            case ast.BinOp(left=left, right=right):
                return inner.tensor(left) or inner.tensor(right)
            case ast.UnaryOp(operand=operand):
                return inner.tensor(operand)
            case ast.Call(func=func) if (full := self.names.resolve(func)) and full.startswith(("torch.", "numpy.")):
                return inner._made_by(full.rpartition(".")[2], full, expression)
            case ast.Call(func=ast.Attribute(attr=method, value=value)):
                guess = inner.tensor(value)
                return None if guess is None else inner._changed_by(method, guess, expression)
        return None

    def _made_by(self, name: str, full: str, call: ast.Call) -> TensorGuess | None:
        keywords = {keyword.arg: keyword.value for keyword in call.keywords if keyword.arg}
        dtype = self._dtype(keywords.get("dtype"))
        arguments = call.args
        size = keywords.get("size")
        if name in _SIZED or (name in ("standard_normal", "random") and full.startswith("numpy.")):
            shape = self.sizes(size) if size is not None else self._sizes_given(arguments)
            is_double = full.startswith("numpy.")
            return None if shape is None else TensorGuess(shape, dtype or ("float64" if is_double else "float32"))
        if name == "full" and (arguments or size is not None):
            shape = self.sizes(size if size is not None else arguments[0])
            return None if shape is None else TensorGuess(shape, dtype or "float32")
        if name == "randint":
            last = size if size is not None else (arguments[-1] if len(arguments) > 1 else None)
            shape = self.sizes(last) if last is not None else None
            bounds = arguments if size is not None else arguments[:-1]
            high = self.number(bounds[-1]) if bounds else self.number(keywords.get("high"))
            return None if shape is None else TensorGuess(shape, dtype or "int64", high)
        if name == "arange" and arguments:
            ends = [self.integer(argument) for argument in arguments]
            if None in ends:
                return None
            known = [end for end in ends if end is not None]
            return (
                TensorGuess((len(range(*known[:3])),), dtype or "int64", max(known[:2])) if known[2:] != [0] else None
            )
        if name in ("tensor", "as_tensor", "array", "asarray", "from_numpy", "stack", "LongTensor", "FloatTensor"):
            return self._copied(name, arguments, dtype)
        if name in _LIKE and arguments:
            guess = self.tensor(arguments[0])
            return guess and replace(guess, dtype=dtype or guess.dtype, high=None)
        if name == "unsqueeze" and arguments:
            guess = self.tensor(arguments[0])
            return guess and self._changed_by(name, guess, ast.Call(func=call.func, args=arguments[1:], keywords=[]))
        return None

    def _sizes_given(self, arguments: list[ast.expr]) -> tuple[int, ...] | None:
        if len(arguments) == 1:
            if isinstance(arguments[0], ast.Starred):
                return self.sizes(arguments[0].value)
            return self.sizes(arguments[0])
        return self._all_integers(arguments)

    def _copied(self, name: str, arguments: list[ast.expr], dtype: str | None) -> TensorGuess | None:
        if not arguments:
            return None
        if (inner := self.tensor(arguments[0])) is not None:
            return replace(inner, dtype=dtype or inner.dtype)
        shape: list[int] = []
        item: ast.expr = arguments[0]
        while isinstance(item, ast.List | ast.Tuple) and item.elts and len(shape) < 16:
            shape.append(len(item.elts))
            item = item.elts[0]
        if name == "stack" and (inner := self.tensor(item)) is not None:
            return replace(inner, shape=(*shape, *inner.shape))
        if isinstance(item, ast.Constant) and isinstance(item.value, bool):
            return TensorGuess(tuple(shape), dtype or "bool")
        value = self.number(item)
        if value is None:
            return None
        is_whole = isinstance(value, int) and name != "FloatTensor"
        return TensorGuess(tuple(shape), dtype or ("int64" if is_whole else "float32"))

    def _changed_by(self, method: str, guess: TensorGuess, call: ast.Call) -> TensorGuess | None:
        if method in _DTYPES:
            return replace(guess, dtype=_DTYPES[method])
        if method == "to":
            named = [*call.args, *(keyword.value for keyword in call.keywords if keyword.arg == "dtype")]
            return replace(guess, dtype=next(filter(None, map(self._dtype, named)), guess.dtype))
        if method in ("view", "reshape"):
            shape = self._sizes_given(call.args)
            return replace(guess, shape=shape) if shape is not None else None
        if method == "unsqueeze" and len(call.args) == 1:
            place = self.integer(call.args[0])
            if place is None or not -len(guess.shape) - 1 <= place <= len(guess.shape):
                return None
            place += len(guess.shape) + 1 if place < 0 else 0
            return replace(guess, shape=(*guess.shape[:place], 1, *guess.shape[place:]))
        if method == "permute":
            order = self._sizes_given(call.args)
            if order is None or sorted(order) != list(range(len(guess.shape))):
                return None
            return replace(guess, shape=tuple(guess.shape[place] for place in order))
        return guess if method in _KEEPS else None

    def _dtype(self, expression: ast.expr | None) -> str | None:
        if expression is None:
            return None
        full = self.names.resolve(expression) or ""
        return _DTYPES.get(full.rpartition(".")[2]) if full.startswith(("torch.", "numpy.")) else None


def _calculated(kind: type[ast.operator], left: float | None, right: float | None) -> float | None:
    if left is None or right is None:
        return None
    if kind is ast.Pow:
        return float(left**right) if abs(left) <= 1e6 and 0 <= right <= 16 and left >= 0 else None
    try:
        return _OPERATIONS[kind](left, right) if kind in _OPERATIONS else None
    except (ZeroDivisionError, OverflowError):
        return None
