"""The faster conversion gives the very bytes of coremltools' own, and falls back where it is not known to."""

import warnings
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from exportdesk.core.coreml.convert import convert
from exportdesk.core.coreml.fast_passes import KNOWN_VERSIONS, fast_passes
from exportdesk.core.coreml.inputs import ConvertedInput
from exportdesk.core.coreml.toolkit import coremltools
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.job_context import JobContext
from exportdesk.core.mil.scopes import LINES_KEY, METADATA_KEY
from exportdesk.core.recipe.model import CoreML, RangeDimension
from torch import Tensor, nn

pytestmark = pytest.mark.filterwarnings("ignore:.*:torch.jit.TracerWarning")


class Convolutions(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.layers = nn.Sequential(
            nn.Conv2d(3, 8, 3, padding=1),
            nn.BatchNorm2d(8),
            nn.SiLU(),
            nn.MaxPool2d(2),
            nn.ConvTranspose2d(8, 4, 2, stride=2),
            nn.GroupNorm(2, 4),
            nn.AdaptiveAvgPool2d(1),
        )

    def forward(self, x: Tensor) -> Tensor:
        return torch.cat([self.layers(x).flatten(1), x.mean((2, 3))], 1)


class Attention(nn.Module):
    def __init__(self, width: int = 32, heads: int = 4) -> None:
        super().__init__()
        self.heads = heads
        self.norm = nn.LayerNorm(width)
        self.qkv = nn.Linear(width, 3 * width)
        self.out = nn.Linear(width, width)
        self.mlp = nn.Sequential(nn.Linear(width, 4 * width), nn.GELU(), nn.Linear(4 * width, width))

    def forward(self, x: Tensor) -> Tensor:
        batch, length, width = x.shape
        q, k, v = self.qkv(self.norm(x)).view(batch, length, 3, self.heads, width // self.heads).permute(2, 0, 3, 1, 4)
        mask = torch.full((length, length), float("-inf")).triu(1)
        scores = (q @ k.transpose(-1, -2) / (width // self.heads) ** 0.5 + mask).softmax(-1)
        x = x + self.out((scores @ v).transpose(1, 2).reshape(batch, length, width))
        return x + self.mlp(self.norm(x))


class Recurrent(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.lstm = nn.LSTM(8, 6, num_layers=2, bidirectional=True, batch_first=True)
        self.head = nn.Linear(12, 3)

    def forward(self, x: Tensor) -> tuple[Tensor, Tensor]:
        y, (h, _) = self.lstm(x)
        return self.head(y), h


class ControlFlow(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.body = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x: Tensor) -> Tensor:
        turns = 2 if x.mean().item() < 0 else 1
        for _ in range(turns):
            x = torch.relu(self.body(x))
        return x


class LargeConstants(nn.Module):
    """Constants that overflow float16, are infinite, or are not a number: the precision pass must treat them alike."""

    def __init__(self) -> None:
        super().__init__()
        self.register_buffer("large", torch.tensor([1.0, 1e6, 2.0, 3.0]))
        self.register_buffer("infinite", torch.tensor([1.0, float("inf"), float("-inf"), 3.0]))

    def forward(self, x: Tensor) -> Tensor:
        return ((x * self.large) + self.infinite).clamp(-3, 3) + torch.tensor([float("nan"), 1e5, 2.0, 1.0])


def traced(module: nn.Module, shape: tuple[int, ...]) -> torch.jit.ScriptModule:
    return torch.jit.trace(module.eval(), torch.rand(shape), check_trace=False)


CASES: dict[str, tuple[Callable[[], torch.jit.ScriptModule], ConvertedInput, CoreML]] = {
    "convolutions": (
        lambda: traced(Convolutions(), (1, 3, 16, 16)),
        ConvertedInput("x", (1, 3, RangeDimension(min=8, max=64, default=16), 16)),
        CoreML(),
    ),
    "attention": (lambda: traced(Attention(), (1, 8, 32)), ConvertedInput("x", (1, 8, 32)), CoreML()),
    "attention, iOS 18": (
        lambda: traced(Attention(), (1, 8, 32)),
        ConvertedInput("x", (1, 8, 32)),
        CoreML(minimum_deployment_target="iOS18"),
    ),
    "recurrent": (lambda: traced(Recurrent(), (1, 5, 8)), ConvertedInput("x", (1, 5, 8)), CoreML(precision="float32")),
    "scripted branch and loop": (
        lambda: torch.jit.script(ControlFlow().eval()),
        ConvertedInput("x", (1, 3, 8, 8)),
        CoreML(minimum_deployment_target="iOS16"),
    ),
    "large constants": (lambda: traced(LargeConstants(), (1, 4)), ConvertedInput("x", (1, 4)), CoreML()),
    "neural network": (
        lambda: traced(Convolutions(), (1, 3, 16, 16)),
        ConvertedInput("x", (1, 3, 16, 16)),
        CoreML(convert_to="neuralnetwork", precision="float32", minimum_deployment_target="iOS14"),
    ),
}


@pytest.mark.parametrize("case", CASES)
def test_that_the_faster_conversion_gives_the_same_bytes(case: str, tmp_path: Path) -> None:
    make, item, options = CASES[case]
    torch.manual_seed(0)
    compiled = make()
    fast = convert(compiled, [item], options, JobContext())
    plain = plainly_converted(compiled, item, options)
    # Where values came from is ours, written after the conversion.
    for key in (METADATA_KEY, LINES_KEY):
        fast.model.user_defined_metadata.pop(key, None)
    assert specification(fast.model) == specification(plain)
    assert weights(fast.model) == weights(plain)


def plainly_converted(compiled: torch.jit.ScriptModule, item: ConvertedInput, options: CoreML) -> object:
    """Convert as a script would: ct.convert and nothing else."""
    ct = coremltools()
    shape = tuple(
        ct.RangeDim(size.min, size.max, size.default) if isinstance(size, RangeDimension) else size
        for size in item.shape
    )
    arguments = {"compute_precision": ct.precision[options.precision.upper()]}
    if options.convert_to == "neuralnetwork":
        arguments = {}
    dtype = None if options.precision == "float16" else float
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ct.convert(
            compiled,
            inputs=[ct.TensorType(name=item.name, shape=shape, dtype=dtype)],
            minimum_deployment_target=ct.target[options.minimum_deployment_target],
            convert_to=options.convert_to,
            skip_model_load=True,
            **arguments,
        )


def specification(model: object) -> bytes:
    return bytes(model.get_spec().SerializeToString(deterministic=True))  # type: ignore[attr-defined]


def weights(model: object) -> bytes:
    """Return the weights file; a small model has none."""
    file = Path(model.weights_dir or "") / "weight.bin"  # type: ignore[attr-defined]
    return file.read_bytes() if file.is_file() else b""


def test_that_an_unknown_version_is_converted_plainly() -> None:
    from coremltools.converters.mil.mil import Program

    before = Program.validate
    with fast_passes("9.1") as is_fast:
        assert not is_fast
        assert Program.validate is before
    with fast_passes(KNOWN_VERSIONS[0]) as is_fast:
        assert is_fast
        assert Program.validate is not before
    assert Program.validate is before


def test_that_a_broken_program_is_still_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    from coremltools.converters.mil.backend.mil.passes.sanitize_name_strings import sanitize_name_strings
    from coremltools.converters.mil.mil import Program

    def cut_an_edge(self: object, program: Program) -> None:
        operation = next(item for item in program.functions["main"].operations if item.op_type == "linear")
        operation.x._child_ops.clear()

    monkeypatch.setattr(sanitize_name_strings, "apply", cut_an_edge)
    module = traced(nn.Sequential(nn.Linear(4, 4), nn.ReLU()), (1, 4))
    with pytest.raises(ExportDeskError, match="should be consumed by op"):
        convert(module, [ConvertedInput("x", (1, 4))], CoreML(), JobContext())
