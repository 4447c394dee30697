"""Small right models of many kinds, and ways to get each of them wrong."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn


class Lambda(nn.Module):
    def __init__(self, function: Callable[..., Any], **children: nn.Module) -> None:
        super().__init__()
        self.function = function
        for name, child in children.items():
            self.add_module(name, child)

    def forward(self, x: Tensor) -> Any:
        return self.function(self, x)


def _trained(model: nn.Module) -> nn.Module:
    """Give norms weights and statistics that are not 0 and 1, as training does."""
    for module in model.modules():
        if isinstance(module, nn.modules.batchnorm._BatchNorm):
            nn.init.uniform_(module.running_mean, -0.5, 0.5)
            nn.init.uniform_(module.running_var, 0.3, 2.0)
        if isinstance(module, nn.modules.batchnorm._BatchNorm | nn.LayerNorm | nn.GroupNorm) and module.affine_():
            nn.init.uniform_(module.weight, 0.5, 1.5)
            nn.init.uniform_(module.bias, -0.3, 0.3)
    return model.eval()


def _affine(self: Any) -> bool:
    return self.weight is not None


nn.LayerNorm.affine_ = nn.GroupNorm.affine_ = nn.modules.batchnorm._BatchNorm.affine_ = _affine  # type: ignore


def conv_net(depth: int = 4, norm: bool = True) -> nn.Module:
    layers: list[nn.Module] = []
    for index in range(depth):
        layers.append(nn.Conv2d(3 if index == 0 else 16, 16, 3, padding=1, bias=not norm))
        layers += [nn.BatchNorm2d(16)] if norm else []
        layers.append(nn.ReLU())
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(16, 10))


class Residual(nn.Module):
    def __init__(self, channels: int = 12, blocks: int = 3) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, channels, 3, padding=1)
        self.blocks = nn.ModuleList(
            nn.Sequential(nn.Conv2d(channels, channels, 3, padding=1), nn.BatchNorm2d(channels), nn.GELU())
            for _ in range(blocks)
        )
        self.head = nn.Linear(channels, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.stem(x)
        for block in self.blocks:
            x = x + block(x)
        return self.head(x.mean((2, 3)))


class UNet(nn.Module):
    def __init__(self, mode: str = "bilinear", corners: bool | None = False) -> None:
        super().__init__()
        self.down, self.middle, self.up = nn.Conv2d(3, 8, 3, 2, 1), nn.Conv2d(8, 8, 3, 1, 1), nn.Conv2d(11, 2, 3, 1, 1)
        self.mode, self.corners = mode, corners

    def forward(self, x: Tensor) -> Tensor:
        y = F.relu(self.middle(F.relu(self.down(x))))
        y = F.interpolate(y, scale_factor=2.0, mode=self.mode, align_corners=self.corners)
        return self.up(torch.cat([x, y], 1))


class Recurrent(nn.Module):
    def __init__(self, kind: type[nn.RNNBase] = nn.LSTM, **options: Any) -> None:
        super().__init__()
        self.rnn = kind(8, 12, batch_first=True, **options)
        self.head = nn.Linear(12 * (2 if options.get("bidirectional") else 1), 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.rnn(x)[0])


class Attention(nn.Module):
    def __init__(self, layers: int = 2, width: int = 16) -> None:
        super().__init__()
        self.layers = nn.ModuleList(
            nn.TransformerEncoderLayer(width, 2, 32, dropout=0.0, batch_first=True, norm_first=index % 2 == 0)
            for index in range(layers)
        )
        self.norm = nn.LayerNorm(width)

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return self.norm(x)


class Language(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.words, self.places = nn.Embedding(50, 16), nn.Parameter(torch.randn(1, 12, 16) * 0.1)
        self.body = Attention()

    def forward(self, ids: Tensor) -> Tensor:
        x = self.body(self.words(ids) + self.places)
        return x @ self.words.weight.t()


class Cancelling(nn.Module):
    """A right conversion is off by more than 1e-3: the output is a small difference of large numbers."""

    def __init__(self) -> None:
        super().__init__()
        self.left, self.right = nn.Linear(8, 8), nn.Linear(8, 8)
        with torch.no_grad():
            self.right.weight.copy_(self.left.weight + 0.1 * torch.randn(8, 8))
            self.right.bias.copy_(self.left.bias)

    def forward(self, x: Tensor) -> Tensor:
        return self.left(x) - self.right(x)


class Scaled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.linear(x) * 1e3 / 1e5


class Variational(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body, self.mean, self.spread = nn.Linear(20, 16), nn.Linear(16, 4), nn.Linear(16, 4)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        x = torch.tanh(self.body(x))
        return self.mean(x), torch.exp(0.5 * self.spread(x))


IMAGE, SEQUENCE, VECTOR = (1, 3, 16, 16), (1, 6, 8), (1, 20)


@dataclass(frozen=True)
class Architecture:
    make: Callable[[], nn.Module]
    shape: tuple[int, ...]
    is_ids: bool = False

    def example(self, seed: int) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        if self.is_ids:
            return torch.randint(0, 50, self.shape, generator=generator)
        scale, offset = ((1, 0), (1, 0.5), (4, 0), (0.1, 0))[seed % 4]
        return torch.randn(self.shape, generator=generator) * scale + offset

    def model(self, seed: int = 0) -> nn.Module:
        torch.manual_seed(seed)
        return _trained(self.make())


ARCHITECTURES = {
    "convolutions with batch norm": Architecture(conv_net, IMAGE),
    "deep convolutions": Architecture(lambda: conv_net(12), IMAGE),
    "convolutions without norm": Architecture(lambda: conv_net(norm=False), IMAGE),
    "residual": Architecture(Residual, IMAGE),
    "u-net": Architecture(UNet, IMAGE),
    "u-net, nearest": Architecture(lambda: UNet("nearest", None), IMAGE),
    "lstm": Architecture(Recurrent, SEQUENCE),
    "two-way lstm": Architecture(lambda: Recurrent(bidirectional=True), SEQUENCE),
    "two-layer gru": Architecture(lambda: Recurrent(nn.GRU, num_layers=2), SEQUENCE),
    "rnn": Architecture(lambda: Recurrent(nn.RNN), SEQUENCE),
    "transformer": Architecture(Attention, (1, 6, 16)),
    "deep transformer": Architecture(lambda: Attention(6), (1, 6, 16)),
    "language model": Architecture(Language, (1, 12), is_ids=True),
    "cancelling": Architecture(Cancelling, (1, 8)),
    "scaled up and down": Architecture(Scaled, (1, 4)),
    "two heads": Architecture(Variational, VECTOR),
    "one number": Architecture(lambda: Lambda(lambda self, x: self.a(x).tanh().mean(), a=nn.Linear(20, 30)), VECTOR),
    "perceptron": Architecture(
        lambda: nn.Sequential(nn.Linear(20, 64), nn.SiLU(), nn.Linear(64, 64), nn.ELU(), nn.Linear(64, 3)), VECTOR
    ),
    "probabilities": Architecture(
        lambda: nn.Sequential(nn.Linear(20, 64), nn.GELU(), nn.Linear(64, 10), nn.Softmax(-1)), VECTOR
    ),
    "log probabilities": Architecture(
        lambda: nn.Sequential(nn.Linear(20, 64), nn.Hardswish(), nn.Linear(64, 10), nn.LogSoftmax(-1)), VECTOR
    ),
    "group norm": Architecture(
        lambda: nn.Sequential(nn.Conv2d(3, 8, 3), nn.GroupNorm(2, 8), nn.Mish(), nn.Conv2d(8, 4, 1)), IMAGE
    ),
    "depthwise": Architecture(
        lambda: nn.Sequential(nn.Conv2d(3, 12, 1), nn.Conv2d(12, 12, 3, padding=1, groups=12), nn.ReLU6()), IMAGE
    ),
    "transposed convolution": Architecture(
        lambda: nn.Sequential(nn.ConvTranspose2d(3, 6, 4, 2, 1), nn.LeakyReLU(0.1), nn.Conv2d(6, 1, 3)), IMAGE
    ),
    "pooling": Architecture(
        lambda: nn.Sequential(nn.Conv2d(3, 6, 3), nn.AvgPool2d(3, 2, 1), nn.MaxPool2d(2), nn.Sigmoid()), IMAGE
    ),
    "sound": Architecture(
        lambda: nn.Sequential(nn.Conv1d(3, 8, 5, stride=2), nn.BatchNorm1d(8), nn.PReLU(8), nn.Conv1d(8, 2, 3)),
        (1, 3, 64),
    ),
    "constants in code": Architecture(
        lambda: Lambda(lambda self, x: (self.a(x) * 0.1 + 0.3) / math.sqrt(3) - x.mean(), a=nn.Linear(20, 8)), VECTOR
    ),
    "variance": Architecture(lambda: Lambda(lambda self, x: x.var(-1) + (x * x).sum(-1).sqrt()), VECTOR),
}


def _norm_off(model: nn.Module) -> None:
    norm = next(m for m in model.modules() if isinstance(m, nn.LayerNorm | nn.GroupNorm | nn.BatchNorm2d))
    norm.weight.mul_(1.01)


def _other_mode(model: nn.Module) -> None:
    model.mode, model.corners = "nearest", None  # type: ignore[assignment]


def _other_corners(model: nn.Module) -> None:
    model.corners = True  # type: ignore[assignment]


def _gates_swapped(model: nn.Module) -> None:
    weight = model.rnn.weight_ih_l0
    size = weight.shape[0] // (4 if weight.shape[0] == 48 else 3)
    weight.copy_(torch.cat([weight[size : 2 * size], weight[:size], weight[2 * size :]]))


def _edge_padding(model: nn.Module) -> None:
    conv = [m for m in model.modules() if isinstance(m, nn.Conv2d) and m.padding != (0, 0)][-1]
    conv.padding_mode = "replicate"
    conv._reversed_padding_repeated_twice = [1, 1, 1, 1]


def _divisor(model: nn.Module) -> None:
    next(m for m in model.modules() if isinstance(m, nn.AvgPool2d)).count_include_pad = False


def _tanh_gelu(model: nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, nn.GELU):
            module.approximate = "tanh"


def _epsilon(model: nn.Module) -> None:
    for module in model.modules():
        if isinstance(module, nn.LayerNorm | nn.BatchNorm2d):
            module.eps = 1e-2


def _slope(model: nn.Module) -> None:
    next(m for m in model.modules() if isinstance(m, nn.LeakyReLU)).negative_slope = 0.11


def _bias_lost(model: nn.Module) -> None:
    [m for m in model.modules() if isinstance(m, nn.Linear)][-1].bias.zero_()


def _weight_off(model: nn.Module) -> None:
    next(m for m in model.modules() if isinstance(m, nn.Linear)).weight.mul_(1.01)


FAULTS: dict[str, tuple[str, Callable[[nn.Module], None]]] = {
    "1 % in a layer norm": ("transformer", _norm_off),
    "1 % in the first layer norm of a deep one": ("deep transformer", _norm_off),
    "1 % in a layer norm of a language model": ("language model", _norm_off),
    "1 % in a batch norm": ("convolutions with batch norm", _norm_off),
    "1 % in a group norm": ("group norm", _norm_off),
    "wrong resize mode": ("u-net", _other_mode),
    "wrong resize corners": ("u-net", _other_corners),
    "swapped gates of an lstm": ("lstm", _gates_swapped),
    "swapped gates of a gru": ("two-layer gru", _gates_swapped),
    "wrong padding": ("convolutions with batch norm", _edge_padding),
    "wrong padding in a u-net": ("u-net", _edge_padding),
    "wrong divisor of a pooling": ("pooling", _divisor),
    "a large epsilon": ("transformer", _epsilon),
    "a wrong slope": ("transposed convolution", _slope),
    "a lost bias": ("residual", _bias_lost),
    "1 % in a linear layer": ("perceptron", _weight_off),
    "1 % in one of two cancelling layers": ("cancelling", _weight_off),
    "gelu by tanh": ("probabilities", _tanh_gelu),
}
