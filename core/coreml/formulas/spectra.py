"""Fourier transforms, each as a product with the matrix of the transform."""

import math
from collections.abc import Callable
from typing import Any

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from .complex_numbers import Complex, Value, as_complex, complex_formula, matmul, view_as_real
from .constants import sizes_of


def _turns(size: int, count: int, sign: int) -> Complex:
    """Return the matrix of the transform of ``size`` numbers into the first ``count`` frequencies."""
    turn = 2 * np.pi * (np.outer(np.arange(size), np.arange(count)) % size) / size
    return Complex(
        torch.from_numpy(np.cos(turn).astype(np.float32)), torch.from_numpy((sign * np.sin(turn)).astype(np.float32))
    )


def _scale(norm: str | None, size: int, is_inverse: bool) -> float:
    if norm == "ortho":
        return 1 / math.sqrt(size)
    return 1 / size if is_inverse == (norm != "forward") else 1.0


def _fitted(x: Value, size: int, axis: int) -> Any:
    """Return the last axis moved there from ``axis``, cut or filled up to ``size``."""

    def fit(part: Tensor) -> Tensor:
        last = part.movedim(axis, -1)
        length = sizes_of(last)[-1]
        return last[..., :size] if length >= size else F.pad(last, (0, size - length))

    return x.parts(fit) if isinstance(x, Complex) else fit(x)  # type: ignore[arg-type]


def _axis_size(x: Value, axis: int) -> int:
    return sizes_of(x.real if isinstance(x, Complex) else x)[axis]  # type: ignore[arg-type]


@complex_formula("fft_fft")
def fft(x: Value, n: int | None = None, dim: int = -1, norm: str | None = None) -> Complex:
    return _transformed(x, n, dim, norm, is_inverse=False)


@complex_formula("fft_ifft")
def ifft(x: Value, n: int | None = None, dim: int = -1, norm: str | None = None) -> Complex:
    return _transformed(x, n, dim, norm, is_inverse=True)


def _transformed(x: Value, n: int | None, dim: int, norm: str | None, *, is_inverse: bool) -> Complex:
    size = n or _axis_size(x, dim)
    matrix = _turns(size, size, 1 if is_inverse else -1).parts(lambda part: part * _scale(norm, size, is_inverse))
    return matmul(_fitted(x, size, dim), matrix).parts(lambda part: part.movedim(-1, dim))


@complex_formula("fft_rfft")
def rfft(x: Tensor, n: int | None = None, dim: int = -1, norm: str | None = None) -> Complex:
    size = n or _axis_size(x, dim)
    matrix = _turns(size, size // 2 + 1, -1).parts(lambda part: part * _scale(norm, size, False))
    return matmul(_fitted(x, size, dim), matrix).parts(lambda part: part.movedim(-1, dim))


@complex_formula("fft_irfft")
def irfft(x: Complex, n: int | None = None, dim: int = -1, norm: str | None = None) -> Tensor:
    size = n or 2 * (_axis_size(x, dim) - 1)
    half = _fitted(as_complex(x), size // 2 + 1, dim)
    return _from_half(half, size).movedim(-1, dim) * (_scale(norm, size, True) * size)


def _from_half(half: Complex, size: int) -> Tensor:
    """Return the real numbers whose transform has these frequencies; those left out are the conjugates."""
    weights = np.full(size // 2 + 1, 2.0)
    weights[0] = 1
    if size % 2 == 0:
        weights[-1] = 1
    turn = 2 * np.pi * (np.outer(np.arange(size // 2 + 1), np.arange(size)) % size) / size
    cosines, sines = (
        torch.from_numpy((weights[:, None] * f(turn) / size).astype(np.float32)) for f in (np.cos, np.sin)
    )
    return torch.matmul(half.real, cosines) - torch.matmul(half.imag, sines)


@complex_formula("fft_fft2", "fft_fftn")
def fftn(x: Value, n: list[int] | None = None, dim: list[int] | None = None, norm: str | None = None) -> Any:
    return _over_axes(x, n, dim, norm, fft)


@complex_formula("fft_ifft2", "fft_ifftn")
def ifftn(x: Value, n: list[int] | None = None, dim: list[int] | None = None, norm: str | None = None) -> Any:
    return _over_axes(x, n, dim, norm, ifft)


def _over_axes(x: Value, n: list[int] | None, dim: list[int] | None, norm: str | None, one: Callable[..., Any]) -> Any:
    rank = (x.real if isinstance(x, Complex) else x).dim()  # type: ignore[union-attr]
    axes = list(range(rank)) if dim is None else dim
    sizes: list[Any] = n or [None] * len(axes)
    for axis, size in zip(axes, sizes, strict=True):
        x = one(x, size, axis, norm)
    return x


@complex_formula("fft_rfft2", "fft_rfftn")
def rfftn(x: Tensor, n: list[int] | None = None, dim: list[int] | None = None, norm: str | None = None) -> Any:
    axes = list(range(x.dim())) if dim is None else dim
    sizes: list[Any] = n or [None] * len(axes)
    half = rfft(x, sizes[-1], axes[-1], norm)
    return _over_axes(half, sizes[:-1], axes[:-1], norm, fft)


@complex_formula("fft_irfft2", "fft_irfftn")
def irfftn(x: Complex, n: list[int] | None = None, dim: list[int] | None = None, norm: str | None = None) -> Tensor:
    axes = list(range(x.real.dim())) if dim is None else dim
    sizes: list[Any] = n or [None] * len(axes)
    return irfft(_over_axes(x, sizes[:-1], axes[:-1], norm, ifft), sizes[-1], axes[-1], norm)


def _window(window: Tensor | None, length: int, size: int) -> Tensor:
    whole = torch.ones(length) if window is None else window
    before = (size - length) // 2
    return F.pad(whole, (before, size - length - before))


@complex_formula("stft")
def stft(
    x: Tensor,
    n_fft: int,
    hop: int | None = None,
    width: int | None = None,
    window: Tensor | None = None,
    *rest: Any,
) -> Any:
    # Overloads: (…, normalized, onesided, return_complex, align) and one with (center, pad_mode) before them.
    if len(rest) > 5:
        centre, mode, *rest = rest  # type: ignore[assignment]
        if centre:
            rows = x if x.dim() == 2 else x.unsqueeze(0)
            x = F.pad(rows.unsqueeze(1), (n_fft // 2, n_fft // 2), mode=mode).squeeze(1).reshape(*x.shape[:-1], -1)
    normalized, onesided, return_complex = (list(rest) + [None] * 3)[:3]
    if isinstance(window, Complex):
        raise ValueError("only real windows")
    frames = x.unfold(-1, n_fft, hop or n_fft // 4) * _window(window, width or n_fft, n_fft)
    count = n_fft if onesided is False else n_fft // 2 + 1
    scale = 1 / math.sqrt(n_fft) if normalized else 1.0
    found = matmul(frames, _turns(n_fft, count, -1)).parts(lambda part: part.transpose(-1, -2) * scale)
    return found if return_complex else view_as_real(found)


@complex_formula("istft")
def istft(
    x: Complex,
    n_fft: int,
    hop: int | None = None,
    width: int | None = None,
    window: Tensor | None = None,
    center: bool = True,
    normalized: bool = False,
    onesided: bool | None = None,
    length: int | None = None,
    return_complex: bool = False,
) -> Tensor:
    if return_complex or onesided is False:
        raise ValueError("only real signals")
    step = hop or n_fft // 4
    shape = _window(window, width or n_fft, n_fft)
    frames = _from_half(x.parts(lambda part: part.transpose(-1, -2)), n_fft) * shape
    frames = frames * math.sqrt(n_fft) if normalized else frames
    lead, count = sizes_of(frames)[:-2], sizes_of(frames)[-2]
    whole = n_fft + step * (count - 1)
    columns = frames.reshape(-1, count, n_fft).transpose(1, 2)
    signal = F.fold(columns, (1, whole), (1, n_fft), stride=(1, step)).reshape(*lead, whole)
    squares = (shape * shape).reshape(1, n_fft, 1).expand(1, n_fft, count)
    signal = signal / F.fold(squares, (1, whole), (1, n_fft), stride=(1, step)).reshape(whole).clamp(min=1e-11)
    start = n_fft // 2 if center else 0
    end = start + length if length is not None else whole - start
    cut = signal[..., start : min(end, whole)]
    return F.pad(cut, (0, end - whole)) if end > whole else cut
