"""Models that look as if a trace would freeze something, and that a trace gets right; nothing is to be scripted."""

import logging
import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

log = logging.getLogger(__name__)


class MaskedSelection(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x[x > 0].sum() * x


class MaskedOutput(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x[x > 0] * 2


class Where(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.where(x > 0, x, x * 0.1)


class WhereOnMean(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.a, self.b = nn.Linear(4, 4), nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return torch.where(x.mean() > 0, self.a(x), self.b(x))


class NonzeroOutput(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return torch.nonzero(x > 0)


class ChosenActivation(nn.Module):
    def __init__(self, activation: str = "gelu") -> None:
        super().__init__()
        self.activation, self.linear = activation, nn.Linear(5, 5)

    def forward(self, x: Tensor) -> Tensor:
        x = self.linear(x)
        if self.activation == "relu":
            return torch.relu(x)
        return F.gelu(x)


class TrainingSwitch(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if self.training:
            return x + torch.randn_like(x)
        return x


class DimensionCheck(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.dim() == 3:
            x = x.unsqueeze(0)
        return x.mean((2, 3))


class FixedWidth(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.shape[-1] > 10:
            return x.mean(-1)
        return x.sum(-1)


class FixedColumns(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        total = x[:, 0]
        for i in range(x.shape[1]):
            total = total + i * x[:, i]
        return total


class Repeated(nn.Module):
    def __init__(self, times: int = 3) -> None:
        super().__init__()
        self.times, self.layer = times, nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        for _ in range(self.times):
            x = torch.relu(self.layer(x))
        return x


class Asserted(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        assert x.abs().max() < 1e9, "too large"
        return x * 2


class RaisesOnNan(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if torch.isnan(x).any():
            raise ValueError("NaN in the input")
        return x * 2


class Prints(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.max() > 3:
            log.debug("a large value: %s", x.max().item())
        return x * 2


class LogsMean(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean().item()
        log.debug("mean %s", mean)
        return x - x.mean()


class KeepsLastMean(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.last = 0.0

    def forward(self, x: Tensor) -> Tensor:
        self.last = x.mean().item()
        return x * 2


class ParameterCondition(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        if self.linear.weight.sum() > 0:
            return self.linear(x)
        return -self.linear(x)


class ScalarParameter(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.scale = nn.Parameter(torch.tensor(2.0))

    def forward(self, x: Tensor) -> Tensor:
        return x * self.scale.item()


class NeverNegative(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        y = torch.relu(self.linear(x))
        if y.min() < 0:
            return y * 100
        return y


class SquaresAreNotNegative(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if (x * x).sum() >= 0:
            return x + 1
        return x - 1


class SigmoidBelowTwo(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        gate = torch.sigmoid(x)
        if bool((gate > 2).any()):
            gate = gate * 0
        return x * gate


class SameEitherWay(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            y = x + x
        else:
            y = 2 * x
        return y


class MaskedFill(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.masked_fill(x < 0, -1.0).softmax(-1)


class MaskedAssignment(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = x.clone()
        y[y < 0] = 0.0
        return y


class TopThree(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        values, places = torch.topk(x, 3, dim=-1)
        return values + places


class GatherBest(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.gather(1, x.argmax(1, keepdim=True))


class BatchView(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.view(x.size(0), -1).cumsum(1)


class Positions(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x + torch.arange(x.shape[1], dtype=x.dtype).unsqueeze(-1)


class LearnedPositions(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.table = nn.Parameter(torch.randn(32, 4))

    def forward(self, x: Tensor) -> Tensor:
        return x + self.table[: x.shape[1]]


class RootOfWidth(nn.Module):
    def forward(self, q: Tensor, k: Tensor) -> Tensor:
        return (q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])).softmax(-1)


class DropoutInTraining(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.linear, self.dropout = nn.Linear(6, 6), nn.Dropout(0.5)

    def forward(self, x: Tensor) -> Tensor:
        return self.dropout(self.linear(x))


class NormInTraining(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.norm = nn.BatchNorm1d(6)

    def forward(self, x: Tensor) -> Tensor:
        return self.norm(x)


class BufferCounter(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("calls", torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        return x * self.calls


class OptionalMask(nn.Module):
    def forward(self, x: Tensor, mask: Tensor | None = None) -> Tensor:
        if mask is not None:
            x = x * mask
        return x + 1


class TypeChecks(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.dtype == torch.float64:
            x = x.float()
        if not x.is_contiguous():
            x = x.contiguous()
        if isinstance(x, Tensor) and x.is_floating_point():
            return x * 2
        return x.float()


class MoreAttention(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layer = nn.TransformerEncoderLayer(8, 2, 16, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.layer(x)


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(4, 5, batch_first=True)

    def forward(self, x: Tensor) -> Tensor:
        return self.lstm(x)[0]


class Doubled(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up = nn.Upsample(scale_factor=2)

    def forward(self, x: Tensor) -> Tensor:
        return F.interpolate(self.up(x), size=x.shape[-2:], mode="bilinear")


class DictOut(nn.Module):
    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"twice": 2 * x, "half": 0.5 * x}


class SortedValues(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.sort(dim=-1, descending=True).values.diff()


class Listed(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(4, 4) for _ in range(3))

    def forward(self, x: Tensor) -> Tensor:
        for index, layer in enumerate(self.layers):
            x = layer(x) if index % 2 == 0 else torch.relu(layer(x))
        return x


class OneHot(nn.Module):
    def forward(self, ids: Tensor) -> Tensor:
        return F.one_hot(ids, 10).float()


class NewTensors(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        weights = torch.tensor([0.2, 0.3, 0.5])
        return x * weights + torch.ones(x.shape[0], 1)


def plain_function(x: Tensor, y: Tensor) -> Tensor:
    return torch.maximum(x, y).clamp(min=0)


CASES: dict[str, list[str]] = {
    "MaskedSelection": ["x=3,4"],
    "MaskedOutput": ["x=3,4"],
    "Where": ["x=3,4"],
    "WhereOnMean": ["x=3,4"],
    "NonzeroOutput": ["x=3,4"],
    "ChosenActivation": ["x=2,5"],
    "TrainingSwitch": ["x=2,5"],
    "DimensionCheck": ["x=2,3,4,4"],
    "FixedWidth": ["x=2,12"],
    "FixedColumns": ["x=2,5"],
    "Repeated": ["x=2,4"],
    "Asserted": ["x=2,4"],
    "RaisesOnNan": ["x=2,4"],
    "Prints": ["x=2,4"],
    "LogsMean": ["x=2,4"],
    "KeepsLastMean": ["x=2,4"],
    "ParameterCondition": ["x=2,4"],
    "ScalarParameter": ["x=2,4"],
    "NeverNegative": ["x=2,4"],
    "SquaresAreNotNegative": ["x=2,4"],
    "SigmoidBelowTwo": ["x=2,4"],
    "SameEitherWay": ["x=2,4"],
    "MaskedFill": ["x=2,4"],
    "MaskedAssignment": ["x=2,4"],
    "TopThree": ["x=2,6"],
    "GatherBest": ["x=2,6"],
    "BatchView": ["x=1..8=2,3,4"],
    "Positions": ["x=1,2..30=7,4"],
    "LearnedPositions": ["x=1,2..30=7,4"],
    "RootOfWidth": ["q=1,5,8", "k=1,5,8"],
    "BufferCounter": ["x=3"],
    "OptionalMask": ["x=3"],
    "TypeChecks": ["x=3"],
    "MoreAttention": ["x=1,3..9=5,8"],
    "Recurrent": ["x=2,3..12=6,4"],
    "Doubled": ["x=1,2,8..16=8,8"],
    "DictOut": ["x=3"],
    "SortedValues": ["x=3,5"],
    "Listed": ["x=3,4"],
    "OneHot": ["ids=3,4:int64"],
    "NewTensors": ["x=2..5=2,3"],
    "plain_function": ["x=4", "y=4"],
}
"""Entry to its inputs."""

TRAINING_CASES: dict[str, list[str]] = {
    "DropoutInTraining": ["x=2,6"],
    "NormInTraining": ["x=4,6"],
    "TrainingSwitch": ["x=2,5"],
}
"""The same in train mode."""
