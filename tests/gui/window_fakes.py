"""A person and a worker that do as a test tells them, and the plain data they speak of."""

from collections.abc import Callable
from pathlib import Path

import msgspec
from exportdesk.core.diagnostics import Diagnostic, Severity
from exportdesk.core.errors import Failure
from exportdesk.core.events import AnyEvent, JobFailed, JobFinished, WorkerStarted
from exportdesk.core.recipe.model import CoreMLCompression, Model, Recipe
from exportdesk.core.requests import (
    Advise,
    DescribePackage,
    Export,
    Inspect,
    JobRequest,
    ReadGraph,
    ShowTexts,
    TryCompression,
)
from exportdesk.core.results import (
    Advice,
    Check,
    CompressionReport,
    CompressionTrial,
    CoreMLSummary,
    Culprit,
    EnvelopePoint,
    ExportResult,
    Feature,
    Inspection,
    ModuleRow,
    Parameter,
    ShownProbe,
    SuggestedInput,
    TextsResult,
    TorchScriptTexts,
)
from exportdesk.gui.desktop import Desktop, SaveAnswer, TrustAnswer

MODEL_TEXT = '''"""A model for tests of the window; it is never run."""

from torch import nn


class Body(nn.Module):
    def forward(self, x):
        return x


class Net(nn.Module):
    """A net."""

    def __init__(self, width: int = 3):
        super().__init__()
        self.body = Body()

    def forward(self, x):
        return self.body(x)
'''


class FakeDesktop(Desktop):
    """A person who answers at once, as the test says."""

    def __init__(self) -> None:
        super().__init__()
        self.trust_answer: TrustAnswer = "file"
        self.save_answer: SaveAnswer = "discard"
        self.chosen = Path()
        self.asked: list[str] = []
        self.revealed: list[Path] = []
        self.told: list[str] = []

    def ask_trust(self, model_file: Path, answer: Callable[[TrustAnswer], None]) -> None:
        self.asked.append("trust")
        answer(self.trust_answer)

    def ask_save(self, title: str, answer: Callable[[SaveAnswer], None]) -> None:
        self.asked.append("save")
        answer(self.save_answer)

    def choose_file(self, title: str, folder: Path, name_filter: str, answer: Callable[[Path], None]) -> None:
        answer(self.chosen)

    def choose_new_file(self, title: str, file: Path, name_filter: str, answer: Callable[[Path], None]) -> None:
        answer(self.chosen)

    def choose_folder(self, title: str, folder: Path, answer: Callable[[Path], None]) -> None:
        answer(self.chosen)

    def tell(self, title: str, text: str) -> None:
        self.told.append(text)

    def reveal(self, path: Path) -> None:
        self.revealed.append(path)


class FakeClient:
    """A worker whose answers the test writes; without an answer a job stays open."""

    def __init__(self, on_event: Callable[[AnyEvent], None]) -> None:
        self.on_event = on_event
        self.requests: list[JobRequest] = []
        self.cancelled: list[int] = []
        self.answer: Callable[[JobRequest], AnyEvent | None] = usual_answer
        self.is_closed = False

    def start(self) -> None:
        self.on_event(
            WorkerStarted(pid=1, python="3.11", torch="2.13.0+cpu", coremltools="9.0", devices=("cpu", "cuda:0"))
        )

    def submit(self, request: JobRequest) -> None:
        self.requests.append(request)
        event = self.answer(request)
        if event is not None:
            self.on_event(event)

    def cancel(self, job: int) -> None:
        self.cancelled.append(job)

    def close(self) -> None:
        self.is_closed = True

    def exports(self) -> list[Export]:
        return [request for request in self.requests if isinstance(request, Export)]


ROWS = (
    ModuleRow(path="", type_name="Net", parameter_count=84, own_parameter_count=0, file="model.py", line=10),
    ModuleRow(path="body", type_name="Body", parameter_count=84, own_parameter_count=84, file="model.py", line=6),
    ModuleRow(path="parts", type_name="ModuleList", parameter_count=0, own_parameter_count=0, is_container=True),
    ModuleRow(path="parts.0", type_name="Body", parameter_count=0, own_parameter_count=0),
)
WARNING = Diagnostic(
    code="trace.branch-on-tensor",
    severity=Severity.WARNING,
    message="A branch depends on the values of a tensor.",
    module="body",
    file="model.py",
    line=7,
    hint="Script this module.",
)


def usual_answer(request: JobRequest) -> AnyEvent | None:
    """Answer as a worker does for whom everything goes well."""
    match request:
        case Inspect():
            return JobFinished(
                job=request.job,
                result=Inspection(
                    file=request.recipe.model.file,
                    entries=(),
                    entry=request.recipe.model.entry,
                    modules=ROWS,
                    signature=(Parameter(name="x"), Parameter(name="mask")),
                    suggested_inputs=(SuggestedInput(name="x", shape=(1, 3, 8, 8), dtype="float32", reason="a test"),),
                ),
            )
        case Advise():
            return JobFinished(job=request.job, result=advice(request))
        case Export():
            return JobFinished(job=request.job, result=export_result(request), memory_bytes=612_000_000)
        case ShowTexts():
            texts = TorchScriptTexts(
                code="def forward(self, x):\n  return x\n",
                graph="graph(%x : Tensor):\n  %1 = aten::relu(%x) # model.py:8:0\n  return (%1)\n",
                inlined_graph="graph(%x : Tensor):\n  return (%x)\n",
                printed="Net(original_name=Net)\n",
            )
            return JobFinished(job=request.job, result=TextsResult(file=request.file, texts=texts))
        case DescribePackage():
            return JobFailed(job=request.job, failure=Failure(code="package.none", message="There is no package here."))
        case ReadGraph():
            return JobFailed(job=request.job, failure=Failure(code="graph.none", message="There is no graph here."))
        case TryCompression():
            return JobFinished(job=request.job, result=compression(request))
        case _:
            return None


def compression(request: TryCompression) -> CompressionReport:
    """Return two choices that can be, one that cannot, and the package as it is."""
    small = (CoreMLCompression(method="palettize", bits=2, granularity="tensor"),)
    even = (CoreMLCompression(method="quantize"),)
    block = (CoreMLCompression(method="quantize", bits=4, granularity="block"),)
    numbers = {"max_absolute_error": 0.01, "max_relative_error": 0.02, "compressed_weights": 3, "seconds": 1.25}
    return CompressionReport(
        bundle=request.bundle,
        trials=(
            CompressionTrial(label="as it is", steps=(), size_bytes=8_000_000, psnr_db=74.0, is_good=True),
            CompressionTrial(
                label="quantize:8", steps=even, size_bytes=4_400_000, psnr_db=60.5, is_good=True, **numbers
            ),
            CompressionTrial(label="palettize:2", steps=small, size_bytes=1_200_000, psnr_db=14.0, **numbers),
            CompressionTrial(label="quantize:4:block=32", steps=block, problem="It needs iOS 18."),
        ),
        limit_db=20.0,
        samples=2,
        smallest_good="quantize:8",
        recipe=Recipe(model=Model(file="model.py")),
    )


def advice(request: Advise, **changes: object) -> Advice:
    marks = {"body": "script"}
    points = [
        EnvelopePoint(axis="batch", value="1", agrees=True, error=0.0),
        EnvelopePoint(axis="batch", value="2", agrees=False, error=0.3, reason="out is off by up to 0.3"),
        EnvelopePoint(axis="scale", value="0.1", agrees=True, error=1e-7),
        EnvelopePoint(axis="scale", value="10", agrees=True, error=1e-7),
        EnvelopePoint(axis="device", value="cpu", agrees=True, error=0.0),
        EnvelopePoint(axis="device", value="cuda", agrees=None, reason="not run: this machine has no cuda"),
    ]
    plain: dict[str, object] = {
        "marks": marks,
        "culprits": (
            Culprit(
                module="body",
                type_name="Body",
                file="model.py",
                line=7,
                source="if x.mean() > 0:",
                evidence="with other values (seed 1) the output is off",
                probe=ShownProbe(description="other values (seed 1)", shapes=((1, 3),), dtypes=("float32",)),
                expected="out 1×3 [1, 2, 3]",
                actual="out 1×3 [9, 9, 9]",
                is_scripted=True,
            ),
        ),
        "is_verified": True,
        "probe_count": 29,
        "diagnostics": (WARNING,),
        "recipe": msgspec.structs.replace(request.recipe, marks=marks),
        "envelope": tuple(points) if request.measures_envelope else (),
        "seconds": {"probe": 1.5},
    }
    return Advice(**{**plain, **changes})  # type: ignore[arg-type]


def export_result(request: Export, **changes: object) -> ExportResult:
    plain: dict[str, object] = {
        "out": request.out,
        "files": {"torchscript": f"{request.out}/Net.pt", "coreml": f"{request.out}/Net.mlpackage"},
        "checks": (
            Check(name="torchscript", status="passed", probes=8, max_absolute_error=0.0, max_relative_error=0.0),
            Check(name="coreml", status="not run", reason="there is no Core ML on this system"),
        ),
        "diagnostics": (WARNING,),
        "seconds": {"load": 1.0, "convert": 3.2},
        "recipe": request.recipe,
        "modes": {"": "trace"},
        "coreml": CoreMLSummary(
            inputs=(Feature(name="x", kind="tensor", dtype="float32", shape=("1", "3", "64..512", "8")),),
            outputs=(Feature(name="y", kind="tensor", dtype="float16", shape=("1", "3", "8", "8")),),
            operations={"conv": 2, "relu": 1},
            size_bytes=5600,
            specification_version=8,
            minimum_deployment_target="iOS17",
            precision="float16",
        ),
    }
    return ExportResult(**{**plain, **changes})  # type: ignore[arg-type]
