"""For each MIL operation inputs and what must come out, worked out with numpy, naive loops or by hand.

A case is (operation, opset, variable inputs, constant inputs, expected outputs).
"""

import itertools
import math
from typing import Any

import numpy as np

Case = tuple[str, str, dict[str, Any], dict[str, Any], list[Any]]

R = np.random.default_rng(7)
X = R.normal(size=(2, 3, 4)).astype(np.float32)
P = np.abs(X) + np.float32(0.1)
U = np.clip(X / 4, -0.95, 0.95).astype(np.float32)
Y = R.normal(size=(3, 1)).astype(np.float32)
I = np.array([[7, -7, 0], [5, 3, -2]], np.int32)  # noqa: E741 - as short as its neighbours
J = np.array([[2, 2, 5], [-3, 3, 3]], np.int32)
B1 = np.array([True, True, False, False])
B2 = np.array([True, False, True, False])
IMAGE = R.normal(size=(2, 3, 5, 6)).astype(np.float32)


def erf(x: np.ndarray) -> np.ndarray:
    return np.vectorize(math.erf)(x)


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def softmax(x: np.ndarray, axis: int) -> np.ndarray:
    e = np.exp(x - x.max(axis, keepdims=True))
    return e / e.sum(axis, keepdims=True)


def channel(values: np.ndarray, rank: int) -> np.ndarray:
    return np.asarray(values).reshape(1, -1, *[1] * (rank - 2))


UNARY: dict[str, tuple[np.ndarray, np.ndarray]] = {
    "abs": (X, np.abs(X)),
    "acos": (U, np.arccos(U)),
    "asin": (U, np.arcsin(U)),
    "atan": (X, np.arctan(X)),
    "atanh": (U, np.arctanh(U)),
    "ceil": (X, np.ceil(X)),
    "cos": (X, np.cos(X)),
    "cosh": (X, np.cosh(X)),
    "erf": (X, erf(X)),
    "exp": (X, np.exp(X)),
    "exp2": (X, 2.0**X),
    "floor": (X, np.floor(X)),
    "inverse": (P, 1 / (P + 1e-4)),
    "log": (P, np.log(P)),
    "logical_not": (B1, ~B1),
    "round": (np.array([0.5, 1.5, -0.5, 2.4], np.float32), np.array([0, 2, 0, 2])),
    "rsqrt": (P, P**-0.5),
    "sign": (X, np.sign(X)),
    "sin": (X, np.sin(X)),
    "sinh": (X, np.sinh(X)),
    "sqrt": (P, np.sqrt(P)),
    "square": (X, X * X),
    "tan": (U, np.tan(U)),
    "tanh": (X, np.tanh(X)),
    "relu": (X, np.maximum(X, 0)),
    "relu6": (X * 5, np.clip(X * 5, 0, 6)),
    "sigmoid": (X, sigmoid(X)),
    "silu": (X, X * sigmoid(X)),
    "softplus": (X * 20, np.log1p(np.exp(-np.abs(X * 20))) + np.maximum(X * 20, 0)),
    "softsign": (X, X / (1 + np.abs(X))),
    "identity": (X, X),
}

BINARY: dict[str, tuple[np.ndarray, np.ndarray, np.ndarray]] = {
    "add": (X, Y, X + Y),
    "sub": (X, Y, X - Y),
    "mul": (X, Y, X * Y),
    "maximum": (X, Y, np.maximum(X, Y)),
    "minimum": (X, Y, np.minimum(X, Y)),
    "mod": (I, J, np.mod(I, J)),
    "pow": (P, Y, P**Y),
    "equal": (I, J, I == J),
    "not_equal": (I, J, I != J),
    "greater": (X, Y, X > Y),
    "greater_equal": (I, J, I >= J),
    "less": (X, Y, X < Y),
    "less_equal": (I, J, I <= J),
    "logical_and": (B1, B2, B1 & B2),
    "logical_or": (B1, B2, B1 | B2),
    "logical_xor": (B1, B2, B1 ^ B2),
}

REDUCTIONS = {
    "reduce_sum": lambda x, a, k: x.sum(a, keepdims=k),
    "reduce_mean": lambda x, a, k: x.mean(a, keepdims=k),
    "reduce_max": lambda x, a, k: x.max(a, keepdims=k),
    "reduce_min": lambda x, a, k: x.min(a, keepdims=k),
    "reduce_prod": lambda x, a, k: x.prod(a, keepdims=k),
    "reduce_l1_norm": lambda x, a, k: np.abs(x).sum(a, keepdims=k),
    "reduce_l2_norm": lambda x, a, k: np.sqrt((x * x).sum(a, keepdims=k)),
    "reduce_log_sum": lambda x, a, k: np.log(x.sum(a, keepdims=k)),
    "reduce_log_sum_exp": lambda x, a, k: np.log(np.exp(x).sum(a, keepdims=k)),
    "reduce_sum_square": lambda x, a, k: (x * x).sum(a, keepdims=k),
}


def elementwise_cases() -> list[Case]:
    cases: list[Case] = [(name, "iOS15", {"x": x}, {}, [y]) for name, (x, y) in UNARY.items()]
    cases += [(name, "iOS15", {"x": x, "y": y}, {}, [z]) for name, (x, y, z) in BINARY.items()]
    f = np.float32
    per_channel = np.array([0.1, 0.5, 2.0], f)
    alpha, beta = channel(per_channel, 3), channel(per_channel + 1, 3)
    cases += [
        ("real_div", "iOS15", {"x": X, "y": Y}, {}, [X / Y]),
        ("real_div", "iOS15", {"x": I, "y": J}, {}, [np.trunc(I / J).astype(np.int32)]),
        ("floor_div", "iOS15", {"x": I, "y": J}, {}, [I // J]),
        ("floor_div", "iOS15", {"x": X, "y": Y}, {}, [np.floor(X / Y)]),
        ("pow", "iOS15", {"x": I, "y": np.full_like(I, 2)}, {}, [I * I]),
        ("clip", "iOS15", {"x": X}, {"alpha": f(-0.5), "beta": f(0.25)}, [np.clip(X, -0.5, 0.25)]),
        ("threshold", "iOS15", {"x": X}, {"alpha": f(0.3)}, [np.maximum(X, f(0.3))]),
        ("inverse", "iOS15", {"x": P}, {"epsilon": f(0.5)}, [1 / (P + 0.5)]),
        ("log", "iOS15", {"x": P}, {"epsilon": f(0.5)}, [np.log(P + 0.5)]),
        ("rsqrt", "iOS15", {"x": P}, {"epsilon": f(0.5)}, [(P + 0.5) ** -0.5]),
        ("cast", "iOS15", {"x": X * 10}, {"dtype": "int32"}, [np.trunc(X * 10).astype(np.int32)]),
        ("cast", "iOS15", {"x": I}, {"dtype": "bool"}, [I != 0]),
        ("cast", "iOS15", {"x": P}, {"dtype": "bool"}, [np.ones(P.shape, bool)]),
        ("cast", "iOS17", {"x": X}, {"dtype": "fp16"}, [X.astype(np.float16)]),
        ("cast", "iOS17", {"x": np.array([300, -1], np.int32)}, {"dtype": "uint8"}, [np.array([44, 255], np.uint8)]),
        ("select", "iOS15", {"cond": B1, "a": X[0, 0], "b": X[1, 0]}, {}, [np.where(B1, X[0, 0], X[1, 0])]),
        ("clamped_relu", "iOS15", {"x": X * 3}, {"alpha": f(0.2), "beta": f(1)},
         [np.minimum(np.where(X > 0, X * 3, X * 3 * f(0.2)), 1)]),
        ("elu", "iOS15", {"x": X}, {"alpha": f(0.7)}, [np.where(X > 0, X, 0.7 * (np.exp(X) - 1))]),
        ("leaky_relu", "iOS15", {"x": X}, {"alpha": f(0.1)}, [np.where(X > 0, X, X * f(0.1))]),
        ("linear_activation", "iOS15", {"x": X}, {"alpha": f(2), "beta": f(3)}, [X * 2 + 3]),
        ("scaled_tanh", "iOS15", {"x": X}, {"alpha": f(2), "beta": f(3)}, [2 * np.tanh(3 * X)]),
        ("sigmoid_hard", "iOS15", {"x": X * 3}, {"alpha": f(0.2), "beta": f(0.5)}, [np.clip(X * 3 * 0.2 + 0.5, 0, 1)]),
        ("thresholded_relu", "iOS15", {"x": X}, {"alpha": f(0.4)}, [np.where(X >= 0.4, X, 0)]),
        ("prelu", "iOS15", {"x": X}, {"alpha": per_channel}, [np.where(X > 0, X, X * alpha)]),
        ("softplus_parametric", "iOS15", {"x": X}, {"alpha": per_channel, "beta": per_channel + 1},
         [alpha * np.log(1 + np.exp(X * beta))]),
        ("softmax", "iOS15", {"x": X}, {}, [softmax(X, -1)]),
        ("softmax", "iOS15", {"x": X}, {"axis": 1}, [softmax(X, 1)]),
        ("gelu", "iOS15", {"x": X}, {}, [X * 0.5 * (1 + erf(X / math.sqrt(2)))]),
        ("gelu", "iOS15", {"x": X}, {"mode": "TANH_APPROXIMATION"},
         [0.5 * X * (1 + np.tanh(math.sqrt(2 / math.pi) * (X + 0.044715 * X**3)))]),
        ("gelu", "iOS15", {"x": X}, {"mode": "SIGMOID_APPROXIMATION"}, [X * sigmoid(1.702 * X)]),
    ]  # fmt: skip
    return cases


def reduction_cases() -> list[Case]:
    cases: list[Case] = []
    for name, reduce in REDUCTIONS.items():
        for axes, keep in (((1,), False), ((0, -1), True)):
            expected = reduce(P.astype(np.float64), axes, keep)
            cases.append((name, "iOS15", {"x": P}, {"axes": np.array(axes), "keep_dims": keep}, [expected]))
        cases.append((name, "iOS15", {"x": P}, {"keep_dims": False}, [reduce(P.astype(np.float64), None, False)]))
    ties = np.array([[1, 3, 3], [2, 0, 0]], np.float32)
    cases += [
        ("reduce_argmax", "iOS15", {"x": ties}, {"axis": 1, "keep_dims": False}, [np.array([1, 0], np.int32)]),
        ("reduce_argmin", "iOS15", {"x": ties}, {"axis": -1, "keep_dims": True}, [np.array([[0], [1]], np.int32)]),
        ("reduce_argmax", "iOS17", {"x": ties}, {"axis": 0, "keep_dims": False, "output_dtype": "uint16"},
         [np.array([1, 0, 0], np.uint16)]),
    ]  # fmt: skip
    return cases


def naive_conv(x, w, bias, strides, padding, dilations, groups):
    """Convolve two spatial dimensions by the definition."""
    (top, bottom), (left, right) = padding
    x = np.pad(x.astype(np.float64), ((0, 0), (0, 0), (top, bottom), (left, right)))
    n, _c_in, height, width = x.shape
    c_out, per_group, kh, kw = w.shape
    oh = (height - (kh - 1) * dilations[0] - 1) // strides[0] + 1
    ow = (width - (kw - 1) * dilations[1] - 1) // strides[1] + 1
    out = np.zeros((n, c_out, oh, ow))
    for o, i, j in itertools.product(range(c_out), range(oh), range(ow)):
        first = o // (c_out // groups) * per_group
        top_left = i * strides[0], j * strides[1]
        window = x[:, first : first + per_group, top_left[0] :: dilations[0], top_left[1] :: dilations[1]][
            ..., :kh, :kw
        ]
        out[:, o, i, j] = (window * w[o]).sum((1, 2, 3))
    return out if bias is None else out + bias.reshape(1, -1, 1, 1)


def naive_conv_transpose(x, w, bias, strides, padding):
    """Spread each input over its kernel, then cut the padding."""
    n, _c_in, height, width = x.shape
    _, c_out, kh, kw = w.shape
    out = np.zeros((n, c_out, (height - 1) * strides[0] + kh, (width - 1) * strides[1] + kw))
    for i, j in itertools.product(range(height), range(width)):
        spread = np.einsum("nc,cokl->nokl", x[:, :, i, j].astype(np.float64), w)
        out[:, :, i * strides[0] : i * strides[0] + kh, j * strides[1] : j * strides[1] + kw] += spread
    (top, bottom), (left, right) = padding
    out = out[:, :, top : out.shape[2] - bottom, left : out.shape[3] - right]
    return out + bias.reshape(1, -1, 1, 1)


def naive_pool(x, kernel, strides, padding, function, outside):
    (top, bottom), (left, right) = padding
    x = np.pad(x.astype(np.float64), ((0, 0), (0, 0), (top, bottom), (left, right)), constant_values=outside)
    oh, ow = ((x.shape[2 + i] - kernel[i]) // strides[i] + 1 for i in range(2))
    out = np.zeros((*x.shape[:2], oh, ow))
    for i, j in itertools.product(range(oh), range(ow)):
        a, b = i * strides[0], j * strides[1]
        out[:, :, i, j] = function(x[:, :, a : a + kernel[0], b : b + kernel[1]])
    return out


def window_cases() -> list[Case]:
    w = R.normal(size=(4, 3, 3, 2)).astype(np.float32)
    grouped = R.normal(size=(6, 1, 3, 3)).astype(np.float32)
    bias = R.normal(size=4).astype(np.float32)
    bias3 = R.normal(size=3).astype(np.float32)
    transposed = R.normal(size=(3, 3, 3, 2)).astype(np.float32)
    ints = lambda *values: np.array(values, np.int32)  # noqa: E731
    line, line_w = IMAGE[:, :, 0], w[:, :, :, 0]
    volume, volume_w = IMAGE[:, :, None], w[:, :, None]
    mean = lambda a: a.mean((2, 3))  # noqa: E731
    biggest = lambda a: a.max((2, 3))  # noqa: E731
    l2 = lambda a: np.sqrt((a * a).sum((2, 3)))  # noqa: E731
    k = ints(3, 2)
    counts = naive_pool(np.ones_like(IMAGE), (3, 2), (2, 2), ((1, 1), (1, 0)), lambda a: a.sum((2, 3)), 0)
    cases: list[Case] = [
        ("conv", "iOS15", {"x": IMAGE}, {"weight": w, "bias": bias, "strides": ints(2, 1), "pad_type": "custom",
         "pad": ints(1, 1, 0, 2), "dilations": ints(1, 2), "groups": 1},
         [naive_conv(IMAGE, w, bias, (2, 1), ((1, 1), (0, 2)), (1, 2), 1)]),
        ("conv", "iOS15", {"x": IMAGE}, {"weight": w, "pad_type": "valid"}, [naive_conv(IMAGE, w, None, (1, 1), ((0, 0), (0, 0)), (1, 1), 1)]),
        ("conv", "iOS15", {"x": IMAGE}, {"weight": w, "pad_type": "same", "strides": ints(2, 2)},
         [naive_conv(IMAGE, w, None, (2, 2), ((1, 1), (0, 0)), (1, 1), 1)]),
        ("conv", "iOS16", {"x": IMAGE}, {"weight": w, "pad_type": "same_lower"},
         [naive_conv(IMAGE, w, None, (1, 1), ((1, 1), (1, 0)), (1, 1), 1)]),
        ("conv", "iOS15", {"x": IMAGE}, {"weight": w, "pad_type": "same"},
         [naive_conv(IMAGE, w, None, (1, 1), ((1, 1), (0, 1)), (1, 1), 1)]),
        ("conv", "iOS17", {"x": IMAGE, "weight": grouped}, {"groups": 3, "pad_type": "valid"},
         [naive_conv(IMAGE, grouped, None, (1, 1), ((0, 0), (0, 0)), (1, 1), 3)]),
        ("conv", "iOS15", {"x": line}, {"weight": line_w, "pad_type": "valid"},
         [naive_conv(line[:, :, None], line_w[:, :, None], None, (1, 1), ((0, 0), (0, 0)), (1, 1), 1)[:, :, 0]]),
        ("conv", "iOS15", {"x": volume}, {"weight": volume_w, "pad_type": "valid"},
         [naive_conv(IMAGE, w, None, (1, 1), ((0, 0), (0, 0)), (1, 1), 1)[:, :, None]]),
        ("conv_quantized", "iOS15", {"x": IMAGE}, {"weight": np.full((4, 3, 3, 2), 3, np.uint8), "pad_type": "valid",
         "quantization_type": "linear", "quant_scale": np.full(4, 0.5, np.float32), "quant_bias": np.full(4, -1, np.float32)},
         [naive_conv(IMAGE, np.full_like(w, 0.5), None, (1, 1), ((0, 0), (0, 0)), (1, 1), 1)]),
        ("conv_transpose", "iOS15", {"x": IMAGE}, {"weight": transposed, "bias": bias3, "strides": ints(2, 3), "pad_type": "valid"},
         [naive_conv_transpose(IMAGE, transposed, bias3, (2, 3), ((0, 0), (0, 0)))]),
        ("conv_transpose", "iOS17", {"x": IMAGE}, {"weight": transposed, "bias": bias3, "strides": ints(2, 3), "pad_type": "custom",
         "pad": ints(1, 0, 1, 1)}, [naive_conv_transpose(IMAGE, transposed, bias3, (2, 3), ((1, 0), (1, 1)))]),
        ("conv_transpose", "iOS15", {"x": IMAGE}, {"weight": transposed, "bias": bias3, "strides": ints(2, 2), "pad_type": "same"},
         [naive_conv_transpose(IMAGE, transposed, bias3, (2, 2), ((0, 1), (0, 0)))]),
        ("max_pool", "iOS15", {"x": IMAGE}, {"kernel_sizes": k, "strides": ints(2, 2), "pad_type": "custom", "pad": ints(1, 1, 1, 0), "ceil_mode": False},
         [naive_pool(IMAGE, (3, 2), (2, 2), ((1, 1), (1, 0)), biggest, -np.inf)]),
        ("max_pool", "iOS15", {"x": IMAGE}, {"kernel_sizes": k, "strides": ints(2, 2), "pad_type": "valid"},
         [naive_pool(IMAGE, (3, 2), (2, 2), ((0, 0), (0, 0)), biggest, -np.inf)]),
        ("max_pool", "iOS15", {"x": IMAGE}, {"kernel_sizes": ints(2, 2), "strides": ints(2, 2), "pad_type": "valid", "ceil_mode": True},
         [naive_pool(IMAGE, (2, 2), (2, 2), ((0, 1), (0, 0)), biggest, -np.inf)]),
        ("max_pool", "iOS15", {"x": IMAGE}, {"kernel_sizes": ints(2, 2), "strides": ints(1, 1), "pad_type": "same"},
         [naive_pool(IMAGE, (2, 2), (1, 1), ((0, 1), (0, 1)), biggest, -np.inf)]),
        ("avg_pool", "iOS15", {"x": IMAGE}, {"kernel_sizes": k, "strides": ints(2, 2), "pad_type": "custom", "pad": ints(1, 1, 1, 0)},
         [naive_pool(IMAGE, (3, 2), (2, 2), ((1, 1), (1, 0)), mean, 0)]),
        ("avg_pool", "iOS15", {"x": IMAGE}, {"kernel_sizes": k, "strides": ints(2, 2), "pad_type": "custom", "pad": ints(1, 1, 1, 0),
         "exclude_padding_from_average": True},
         [naive_pool(IMAGE, (3, 2), (2, 2), ((1, 1), (1, 0)), mean, 0) * 6 / counts]),
        ("avg_pool", "iOS15", {"x": IMAGE}, {"kernel_sizes": ints(2, 2), "strides": ints(2, 2), "pad_type": "valid", "ceil_mode": True},
         [np.concatenate([naive_pool(IMAGE, (2, 2), (2, 2), ((0, 0), (0, 0)), mean, 0),
                          naive_pool(IMAGE[:, :, 4:], (1, 2), (1, 2), ((0, 0), (0, 0)), mean, 0)], 2)]),
        ("l2_pool", "iOS15", {"x": IMAGE}, {"kernel_sizes": k, "strides": ints(2, 2), "pad_type": "valid"},
         [naive_pool(IMAGE, (3, 2), (2, 2), ((0, 0), (0, 0)), l2, 0)]),
    ]  # fmt: skip
    return cases


def norm_cases() -> list[Case]:
    x = IMAGE.astype(np.float64)
    mean, variance = np.array([0.1, -0.2, 0.3], np.float32), np.array([0.5, 1.5, 2.5], np.float32)
    gamma, beta = np.array([1.5, 0.5, -1], np.float32), np.array([0, 1, 2], np.float32)
    scaled = lambda value: value * channel(gamma, 4) + channel(beta, 4)  # noqa: E731
    normal = (x - channel(mean, 4)) / np.sqrt(channel(variance, 4) + 1e-3)
    instance = (x - x.mean((2, 3), keepdims=True)) / np.sqrt(x.var((2, 3), keepdims=True) + 1e-3)
    last = (x - x.mean((2, 3), keepdims=True)) / np.sqrt(x.var((2, 3), keepdims=True) + 1e-3)
    middle = (x - x.mean(1, keepdims=True)) / np.sqrt(x.var(1, keepdims=True) + 1e-5)
    g, b = R.normal(size=(5, 6)).astype(np.float32), R.normal(size=(5, 6)).astype(np.float32)
    squares = np.zeros_like(x)
    for c in range(3):
        squares[:, c] = (x[:, max(c - 1, 0) : c + 2] ** 2).sum(1)
    f = np.float32
    return [
        ("batch_norm", "iOS15", {"x": IMAGE}, {"mean": mean, "variance": variance, "gamma": gamma, "beta": beta, "epsilon": f(1e-3)}, [scaled(normal)]),
        ("batch_norm", "iOS17", {"x": IMAGE}, {"mean": mean, "variance": variance, "epsilon": f(1e-3)}, [normal]),
        ("instance_norm", "iOS15", {"x": IMAGE}, {"gamma": gamma, "beta": beta, "epsilon": f(1e-3)}, [scaled(instance)]),
        ("instance_norm", "iOS17", {"x": IMAGE}, {"epsilon": f(1e-3)}, [instance]),
        ("layer_norm", "iOS15", {"x": IMAGE}, {"axes": np.array([2, 3]), "gamma": g, "beta": b, "epsilon": f(1e-3)}, [last * g + b]),
        ("layer_norm", "iOS15", {"x": IMAGE}, {"axes": np.array([1]), "gamma": gamma, "beta": beta, "epsilon": f(1e-5)}, [scaled(middle)]),
        ("layer_norm", "iOS17", {"x": IMAGE}, {"axes": np.array([-2, -1]), "epsilon": f(1e-3)}, [last]),
        ("l2_norm", "iOS15", {"x": IMAGE}, {"epsilon": f(1e-3)}, [x / np.sqrt((x**2).sum((1, 2, 3), keepdims=True) + 1e-3)]),
        ("local_response_norm", "iOS15", {"x": IMAGE}, {"size": 3, "alpha": f(0.1), "beta": f(0.7), "k": f(2)},
         [x / (2 + 0.1 / 3 * squares) ** 0.7]),
    ]  # fmt: skip


def matrix_cases() -> list[Case]:
    a, b = R.normal(size=(2, 3, 4)).astype(np.float32), R.normal(size=(4, 5)).astype(np.float32)
    weight, bias = R.normal(size=(5, 4)).astype(np.float32), R.normal(size=5).astype(np.float32)
    q, k, v = (R.normal(size=(1, 2, n, 4)).astype(np.float32) for n in (3, 5, 5))
    mask = np.array([[1, 0, 1, 1, 0]] * 3, bool)
    scores = q @ k.swapaxes(-1, -2) / 2.0
    t1, t2 = R.normal(size=(2, 3, 4, 5)).astype(np.float32), R.normal(size=(2, 5, 4, 6)).astype(np.float32)
    return [
        ("linear", "iOS15", {"x": a}, {"weight": weight, "bias": bias}, [a @ weight.T + bias]),
        ("linear", "iOS17", {"x": a}, {"weight": weight.astype(np.float16)}, [a @ weight.astype(np.float16).astype(np.float32).T]),
        ("linear", "iOS15", {"x": I}, {"weight": np.ones((2, 3), np.int32), "bias": np.array([1, 2], np.int32)}, [I @ np.ones((3, 2), np.int32) + [1, 2]]),
        ("matmul", "iOS15", {"x": a, "y": b}, {"transpose_x": False, "transpose_y": False}, [a @ b]),
        ("matmul", "iOS15", {"x": a, "y": b.T.copy()}, {"transpose_y": True}, [a @ b]),
        ("matmul", "iOS15", {"x": a.swapaxes(1, 2).copy()}, {"y": b, "transpose_x": True}, [a @ b]),
        ("matmul", "iOS15", {"x": a, "y": b[:, 0].copy()}, {}, [a @ b[:, 0]]),
        ("einsum", "iOS15", {"values": [t1, t2]}, {"equation": "nchw,nwhu->nchu"}, [np.einsum("nchw,nwhu->nchu", t1, t2)]),
        ("scaled_dot_product_attention", "iOS18", {"query": q, "key": k, "value": v}, {}, [softmax(scores, -1) @ v]),
        ("scaled_dot_product_attention", "iOS18", {"query": q, "key": k, "value": v, "attn_mask": mask}, {},
         [softmax(np.where(mask, scores, -np.inf), -1) @ v]),
        ("scaled_dot_product_attention", "iOS18", {"query": q, "key": k, "value": v, "attn_mask": mask.astype(np.float32)}, {},
         [softmax(scores + mask, -1) @ v]),
    ]  # fmt: skip
