"""Operations on complex numbers, each as operations on real and imaginary parts; Core ML has real numbers only."""

import importlib
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias, TypeVar

import torch
from torch import Tensor


@dataclass(frozen=True)
class Complex:
    """A complex tensor, or number, as two real ones of the same shape."""

    real: Any
    imag: Any

    def parts(self, function: Callable[[Any], Any]) -> "Complex":
        return Complex(function(self.real), function(self.imag))


Value: TypeAlias = "Complex | Tensor | complex"
_FORMULAS: dict[str, Callable[..., Any]] = {}
"""By the operation's name: takes its arguments by position, complex ones as ``Complex``."""
BY_PARTS = frozenset(
    ["view", "reshape", "permute", "transpose", "slice", "select", "index", "cat", "stack", "expand", "unsqueeze"]
).union(
    ["squeeze", "flatten", "unflatten", "contiguous", "clone", "detach", "alias", "lift_fresh", "movedim", "repeat"],
    ["flip", "roll", "gather", "index_select", "pad", "constant_pad_nd", "sum", "mean", "cumsum", "narrow", "split"],
    ["split_with_sizes", "chunk", "unbind", "t", "neg", "zeros_like", "diagonal", "expand_as", "tile", "unfold", "T"],
    ["view_as", "reshape_as", "swapaxes", "numpy_T", "moveaxis", "ravel", "tril", "triu", "fft_fftshift"],
    ["fft_ifftshift", "tensor_split", "index_add", "broadcast_to", "hstack", "vstack"],
)
"""Operations that do to each part what they do to the whole."""


_Function = TypeVar("_Function", bound=Callable[..., Any])


def complex_formula(*names: str) -> Callable[[_Function], _Function]:
    def keep(function: _Function) -> _Function:
        _FORMULAS.update(dict.fromkeys(names, function))
        return function

    return keep


def complex_formula_of(name: str) -> Callable[..., Any] | None:
    """Return the formula of an operation on complex numbers."""
    importlib.import_module(f"{__package__}.spectra")
    return _FORMULAS.get(name)


def as_complex(value: Any) -> Complex:
    if isinstance(value, Complex):
        return value
    if isinstance(value, Tensor):
        return Complex(value, torch.zeros_like(value))
    return Complex(complex(value).real, complex(value).imag)


@complex_formula("add", "add_")
def add(x: Value, y: Value, alpha: float = 1) -> Complex:
    first, second = as_complex(x), as_complex(y)
    return Complex(first.real + second.real * alpha, first.imag + second.imag * alpha)


@complex_formula("sub", "sub_")
def sub(x: Value, y: Value, alpha: float = 1) -> Complex:
    return add(x, y, -alpha)


@complex_formula("rsub")
def rsub(x: Value, y: Value, alpha: float = 1) -> Complex:
    return add(y, x, -alpha)


@complex_formula("mul", "mul_")
def mul(x: Value, y: Value) -> Complex:
    return _product(x, y, lambda first, second: first * second)


@complex_formula("matmul", "mm", "bmm", "mv", "dot")
def matmul(x: Value, y: Value) -> Complex:
    return _product(x, y, torch.matmul)


@complex_formula("einsum")
def einsum(equation: str, operands: list[Value], path: object = None) -> Complex:
    x, y = operands  # a sum of more operands is refused
    return _product(x, y, lambda first, second: torch.einsum(equation, first, second))


def _product(x: Value, y: Value, times: Callable[[Any, Any], Any]) -> Complex:
    if not isinstance(x, Complex | complex):
        return as_complex(y).parts(lambda part: times(x, part))
    if not isinstance(y, Complex | complex):
        return as_complex(x).parts(lambda part: times(part, y))
    first, second = as_complex(x), as_complex(y)
    return Complex(
        times(first.real, second.real) - times(first.imag, second.imag),
        times(first.real, second.imag) + times(first.imag, second.real),
    )


@complex_formula("div", "true_divide", "divide")
def div(x: Value, y: Value) -> Complex:
    if not isinstance(y, Complex | complex):
        return as_complex(x).parts(lambda part: part / y)
    return mul(x, reciprocal(as_complex(y)))


@complex_formula("reciprocal")
def reciprocal(x: Complex) -> Complex:
    size = x.real * x.real + x.imag * x.imag
    return Complex(x.real / size, -x.imag / size)


@complex_formula("square")
def square(x: Complex) -> Complex:
    return mul(x, x)


@complex_formula("pow")
def power(x: Complex, exponent: Any) -> Complex:
    if isinstance(exponent, int | float) and exponent == int(exponent) and 0 < exponent <= 8:
        result = x
        for _ in range(int(exponent) - 1):
            result = mul(result, x)
        return result
    if isinstance(exponent, Complex | complex | Tensor):
        raise ValueError("only constant real exponents")
    size, turn = absolute(x) ** exponent, angle(x) * exponent
    return polar(size, turn)


@complex_formula("abs", "absolute")
def absolute(x: Complex) -> Tensor:
    return torch.sqrt(x.real * x.real + x.imag * x.imag)


@complex_formula("angle")
def angle(x: Complex) -> Tensor:
    return torch.atan2(x.imag, x.real)


@complex_formula("conj", "_conj", "conj_physical", "_conj_physical")
def conj(x: Complex) -> Complex:
    return Complex(x.real, -x.imag)


@complex_formula("resolve_conj", "resolve_neg")
def same(x: Complex) -> Complex:
    return x


@complex_formula("real")
def real(x: Complex) -> Any:
    return x.real


@complex_formula("imag")
def imag(x: Complex) -> Any:
    return x.imag


@complex_formula("view_as_real", "view_as_real_copy")
def view_as_real(x: Complex) -> Tensor:
    return torch.stack([x.real, x.imag], -1)


@complex_formula("view_as_complex", "view_as_complex_copy")
def view_as_complex(x: Tensor) -> Complex:
    return Complex(x.select(-1, 0), x.select(-1, 1))


@complex_formula("complex")
def complex_of(x: Tensor, y: Tensor) -> Complex:
    return Complex(x, y)


@complex_formula("polar")
def polar(size: Tensor, turn: Tensor) -> Complex:
    return Complex(size * torch.cos(turn), size * torch.sin(turn))


@complex_formula("exp")
def exp(x: Complex) -> Complex:
    return polar(torch.exp(x.real), x.imag)


@complex_formula("log")
def log(x: Complex) -> Complex:
    return Complex(torch.log(absolute(x)), angle(x))


@complex_formula("to", "type")
def to(x: Any, dtype: Any = None, *rest: object) -> Any:
    is_real = isinstance(dtype, int) and dtype not in (8, 9, 10)
    if isinstance(x, Complex):
        return x.real if is_real else x
    return as_complex(x)
