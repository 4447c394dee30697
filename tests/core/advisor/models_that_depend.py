"""Models that a trace gets wrong, each in another way; ``CASES`` says which submodules must be scripted."""

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class MeanBranch(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.up, self.down = nn.Linear(6, 6), nn.Linear(6, 6)

    def forward(self, x: Tensor) -> Tensor:
        if x.mean() > 0:
            return self.up(x)
        return self.down(x)


class RareMaximum(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.max().item() > 7.5:
            x = x / x.max()
        return x + 1


class RareNorm(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        y = x * 2
        if torch.norm(y) > 300:
            y = y / torch.norm(y)
        return y


class AnyBelow(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if (x < -6).any():
            return torch.zeros_like(x)
        return x.exp()


class AllPositive(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.log() if bool((x > 0).all()) else x.abs()


class Halving(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        while x.abs().max() > 0.5:
            x = x * 0.5
        return x


class Counted(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Linear(5, 5)

    def forward(self, x: Tensor) -> Tensor:
        turns = int(x.abs().mean().item() * 3) + 1
        for _ in range(min(turns, 9)):
            x = torch.tanh(self.body(x))
        return x


class EarlyReturn(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.head = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        y = self.head(x)
        if y.sum() < -3:
            return y
        y = y * 3
        if y.sum() > 12:
            return y + 1
        return y - 1


class ScaledByItem(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        largest = x.abs().max().item()
        return x / (largest + 1.0)


class PickedRow(nn.Module):
    def forward(self, x: Tensor, which: Tensor) -> Tensor:
        return x[int(which)]


class CountOfNonzero(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        found = torch.nonzero(x > 1.0)
        if found.shape[0] > 12:
            return x * 2
        return x * 3


class LoopOverFound(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        total = torch.zeros(1)
        places = torch.nonzero(x[0] > 0)
        for i in range(places.shape[0]):
            total = total + x[0, places[i, 0]] * (i + 1)
        return total


def branching_function(x: Tensor, y: Tensor) -> Tensor:
    if x.sum() > y.sum():
        return x - y
    return x + y


def _clip_if_large(x: Tensor, limit: float) -> Tensor:
    if x.abs().max() > limit:
        return x.clamp(-limit, limit)
    return x


class HelperOutside(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.first = nn.Linear(6, 6)

    def forward(self, x: Tensor) -> Tensor:
        return _clip_if_large(self.first(x), 4.0)


class Clip(nn.Module):
    def __init__(self, limit: float = 3.0) -> None:
        super().__init__()
        self.limit = limit

    def forward(self, x: Tensor) -> Tensor:
        if x.max() > self.limit:
            x = x * (self.limit / x.max())
        return x


class Inner(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.project = nn.Linear(8, 8)
        self.clip = Clip(2.18)

    def forward(self, x: Tensor) -> Tensor:
        return self.clip(self.project(x))


class Block(nn.Module):
    def __init__(self, inner: nn.Module | None = None) -> None:
        super().__init__()
        self.norm = nn.LayerNorm(8)
        self.inner = inner or nn.Sequential(nn.Linear(8, 8), nn.ReLU())

    def forward(self, x: Tensor) -> Tensor:
        return x + self.inner(self.norm(x))


class Flip(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.sum() > 0:
            return -x
        return x


class TwoAmongForty(nn.Module):
    """``body.7.inner.clip`` is three levels deep and seldom acts; ``body.21`` often does."""

    def __init__(self) -> None:
        super().__init__()
        blocks: list[nn.Module] = [Block() for _ in range(12)]
        blocks[7] = Block(Inner())
        blocks += [nn.Identity() if i % 2 else nn.Linear(8, 8) for i in range(28)]
        blocks[21] = Flip()
        self.body = nn.Sequential(*blocks)

    def forward(self, x: Tensor) -> Tensor:
        return self.body(x)


class InModuleList(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.ModuleList([nn.Linear(4, 4), Flip(), nn.Linear(4, 4), Clip(1.0)])

    def forward(self, x: Tensor) -> Tensor:
        for layer in self.layers:
            x = layer(x)
        return x


class InModuleDict(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.parts = nn.ModuleDict({"a": nn.Linear(4, 4), "b": Flip()})

    def forward(self, x: Tensor) -> Tensor:
        return self.parts["b"](self.parts["a"](x))


class SharedTwice(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.one = Flip()
        self.two = self.one
        self.linear = nn.Linear(4, 4)

    def forward(self, x: Tensor) -> Tensor:
        return self.two(self.linear(self.one(x)) - 0.5)


class EqualInputs(nn.Module):
    def forward(self, x: Tensor, y: Tensor) -> Tensor:
        if torch.equal(x, y):
            return x
        return x * y


class BothConditions(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.mean() > 1.5 and x.std() < 0.5:
            return x * 10
        return x


class FirstElement(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x[0, 0] > 2.9:
            x = x + x[0, 0]
        return x * 2


class DeepRare(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.stem = nn.Conv2d(3, 4, 3, padding=1)
        self.stage = nn.Sequential(nn.Sequential(nn.Conv2d(4, 4, 1), nn.ReLU(), Clip(6.0)), nn.Flatten())
        self.head = nn.Linear(4 * 36, 3)

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.stage(torch.relu(self.stem(x))))


class Columns(nn.Module):
    """A running maximum with decay over the columns, whose number may vary."""

    def forward(self, x: Tensor) -> Tensor:
        state = x[:, 0]
        for i in range(x.shape[1]):
            state = 0.5 * state + x[:, i]
        return state


class WideBranch(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if x.shape[-1] > 10:
            return x.mean(-1)
        return x.sum(-1)


class PadToFour(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        missing = (4 - x.shape[-1] % 4) % 4
        if missing > 0:
            x = F.pad(x, (0, missing))
        return x.reshape(x.shape[0], -1, 4).sum(-1)


class Rows(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        total = torch.zeros_like(x[0])
        for row in x:
            total = total * 0.5 + row
        return total


class Length(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        return x.sum(0) / float(len(x))


class PaddingTokens(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.embed = nn.Embedding(50, 6)

    def forward(self, ids: Tensor) -> Tensor:
        y = self.embed(ids)
        if (ids == 49).any():
            y = y * (ids != 49).unsqueeze(-1)
        return y


class StepCounter(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("steps", torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        self.steps += 1
        if self.steps > 2:
            return x * 2
        return x


class NanFallback(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        if torch.isnan(x).any():
            x = torch.nan_to_num(x)
        return x * 2


class Band(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        mean = x.mean().item()
        if 3.0 < mean < 3.05:
            return x * 0
        return x * 2


class WithMethods(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.gate = Flip()
        self.encoder = nn.Linear(4, 4)

    def encode(self, x: Tensor) -> Tensor:
        return self.gate(self.encoder(x))

    def forward(self, x: Tensor) -> Tensor:
        return self.encode(x)


class DetachedCondition(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lin = nn.Linear(6, 6)

    @torch.no_grad()
    def _is_large(self, y: Tensor) -> bool:
        return bool(y.detach().pow(2).sum() > 2000.0)

    def forward(self, x: Tensor) -> Tensor:
        y = self.lin(x)
        if self._is_large(y):
            return y * 0.1
        return y


class DictOfTensors(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.flip = Flip()

    def forward(self, x: Tensor) -> dict[str, Tensor]:
        return {"a": self.flip(x), "b": x}


class PairOut(nn.Module):
    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        if (x > 0).sum() > x.numel() // 2:
            return x, -x
        return -x, x


class ParentAndChild(nn.Module):
    """Both the model and one of its submodules look at values."""

    def __init__(self) -> None:
        super().__init__()
        self.child = nn.Sequential(nn.Linear(4, 4), Flip())

    def forward(self, x: Tensor) -> Tensor:
        if x.max() > 1.5:
            x = x - x.max()
        return self.child(x)


class Python3Counter(nn.Module):
    calls: int

    def __init__(self) -> None:
        super().__init__()
        self.calls = 0
        self.linear = nn.Linear(3, 3)

    def forward(self, x: Tensor) -> Tensor:
        self.calls += 1
        if self.calls > 1:
            return self.linear(x)
        return x


class Argmax(nn.Module):
    def forward(self, x: Tensor) -> Tensor:
        best = int(x.argmax())
        return x[:, : best + 1].sum(1)


class AttentionMaskIsCausal(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.q = nn.Linear(4, 4)

    def forward(self, x: Tensor, mask: Tensor) -> Tensor:
        scores = self.q(x) @ x.transpose(-1, -2)
        if not bool(mask.all()):
            scores = scores.masked_fill(mask == 0, -1e4)
        return scores.softmax(-1)


CASES: dict[str, tuple[list[str], set[str]]] = {
    "MeanBranch": (["x=2,6"], {""}),
    "RareMaximum": (["x=3,4"], {""}),
    "RareNorm": (["x=4,4"], {""}),
    "AnyBelow": (["x=5,5"], {""}),
    "AllPositive": (["x=6"], {""}),
    "Halving": (["x=7"], {""}),
    "Counted": (["x=2,5"], {""}),
    "EarlyReturn": (["x=2,4"], {""}),
    "ScaledByItem": (["x=3,3"], {""}),
    "PickedRow": (["x=5,3", "which=:int64"], {""}),
    "CountOfNonzero": (["x=4,4"], {""}),
    "LoopOverFound": (["x=1,6"], {""}),
    "branching_function": (["x=4", "y=4"], {""}),
    "HelperOutside": (["x=2,6"], {""}),
    "TwoAmongForty": (["x=2,8"], {"body.7.inner.clip", "body.21"}),
    "InModuleList": (["x=2,4"], {"layers.1", "layers.3"}),
    "InModuleDict": (["x=2,4"], {"parts.b"}),
    "SharedTwice": (["x=2,4"], {"one"}),
    "EqualInputs": (["x=3", "y=3"], {""}),
    "BothConditions": (["x=4,4"], {""}),
    "FirstElement": (["x=2,3"], {""}),
    "DeepRare": (["x=1,3,6,6"], {"stage.0.2"}),
    "Columns": (["x=2,3..9=5"], {""}),
    "WideBranch": (["x=2,4..32=8"], {""}),
    "PadToFour": (["x=2,4..16=8"], {""}),
    "Rows": (["x=2..6=3,4"], {""}),
    "PaddingTokens": (["ids=2,7:int64"], {""}),
    "StepCounter": (["x=3"], {""}),
    "NanFallback": (["x=3"], {""}),
    "Band": (["x=4,4"], {""}),
    "WithMethods": (["x=2,4"], {"gate"}),
    "WithMethods.encode": (["x=2,4"], {"gate"}),
    "DetachedCondition": (["x=2,6"], {""}),
    "PairOut": (["x=3,3"], {""}),
    "ParentAndChild": (["x=2,4"], {"", "child.1"}),
    "Python3Counter": (["x=3"], {""}),
    "Argmax": (["x=1,5"], {""}),
    "AttentionMaskIsCausal": (["x=1,4,4", "mask=1,4,4"], {""}),
}
"""Entry to its inputs and the submodules that must be scripted."""
