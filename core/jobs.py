"""Which function does which request: the worker's table of contents."""

import contextlib
import functools
import importlib.metadata
import importlib.util
import platform
from pathlib import Path
from typing import TYPE_CHECKING, assert_never

from .events import WorkerStarted
from .job_context import JobContext
from .requests import (
    Advise,
    CheckBundle,
    DescribePackage,
    Export,
    Inspect,
    JobRequest,
    MeasureTimes,
    ReadGraph,
    RunPackage,
    ShowTexts,
    TryCompression,
)
from .results import AnyResult

if TYPE_CHECKING:
    from .stages.kept_export import LastExport


def start_up() -> WorkerStarted:
    """Import what every job needs, and tell what was found."""
    import os

    import torch

    from .torchscript.clean_process import warm_clean_process

    # Before anything else is done with torch: the copy is as clean as a new process, and shares this one's memory.
    warm_clean_process(forks=True)
    from .coreml.toolkit import leave_out_other_frontends

    devices = ["cpu", *(f"cuda:{index}" for index in range(torch.cuda.device_count()))]
    if torch.backends.mps.is_available():
        devices.append("mps")
    leave_out_other_frontends()
    has_coremltools = importlib.util.find_spec("coremltools") is not None
    return WorkerStarted(
        pid=os.getpid(),
        python=platform.python_version(),
        torch=str(torch.__version__),
        coremltools=importlib.metadata.version("coremltools") if has_coremltools else None,
        devices=tuple(devices),
    )


def warm_up() -> None:
    """Import what the next job is likely to need, while nothing waits; a library that fails here fails there too."""
    if importlib.util.find_spec("coremltools") is not None:
        with contextlib.suppress(Exception):
            from .coreml.toolkit import coremltools

            coremltools()


@functools.cache
def _last_export() -> "LastExport":
    """Return what this process keeps of its exports; it imports torch, so not before the first."""
    from .stages.kept_export import LastExport

    return LastExport()


def run(request: JobRequest, context: JobContext) -> AnyResult:
    """Do a request; each function is imported on first use, since its libraries are slow to load."""
    match request:
        case Inspect():
            from .inspection import inspect_model

            return inspect_model(request.recipe, Path(request.folder), context)
        case Export():
            from .pipeline import run_export

            out, staging = Path(request.out), Path(request.staging)
            return run_export(request.recipe, Path(request.folder), out, staging, context, _last_export())
        case Advise():
            from .advisor.advise import run_advise

            return run_advise(
                request.recipe,
                Path(request.folder),
                context,
                measures_envelope=request.measures_envelope,
                probes_folder=None if request.probes_folder is None else Path(request.probes_folder),
            )
        case ShowTexts():
            from .torchscript.texts import texts_of_file

            return texts_of_file(Path(request.file))
        case ReadGraph():
            from .graph.reading import read_graph

            return read_graph(request, context)
        case MeasureTimes():
            from .costs.measuring import measure_times

            return measure_times(request, context)
        case RunPackage():
            from .mil.running import run_package

            return run_package(request, context)
        case DescribePackage():
            from .coreml.summary import describe_package

            return describe_package(Path(request.package))
        case CheckBundle():
            from .bundle.verify import check_bundle

            return check_bundle(Path(request.bundle), context)
        case TryCompression():
            from .what_if import try_compression

            return try_compression(request, context)
        case _:
            assert_never(request)
