"""The job behind ``graph --times`` and Measure Times: a file is run several times, its operations timed one by one."""

import time
from collections.abc import Callable
from pathlib import Path

import torch

from ..errors import Cancelled, ExportDeskError, fail
from ..job_context import JobContext
from ..requests import MeasureTimes
from ..results import OperationTime, TimesResult

_FEWEST_RUNS, _MOST_RUNS, _ENOUGH_SECONDS = 5, 30, 2.0
"""A small model is timed more often, since its operations vary more."""


def measure_times(request: MeasureTimes, context: JobContext) -> TimesResult:
    """Run the request.

    Raises:
        ExportDeskError: ``call.input`` where nobody says what the file takes, ``times.failed`` where it does not run
            with that; what reading its graph raises.
    """
    path = Path(request.file)
    if path.suffix == ".pt2":
        fail("call.unknown-kind", "Times are measured of TorchScript files and Core ML packages.", file=str(path))
    is_package = path.suffix in (".mlpackage", ".mlmodel")
    measure = _package_times if is_package else _script_times
    return measure(path, request, context)


def _script_times(path: Path, request: MeasureTimes, context: JobContext) -> TimesResult:
    from ..graph.files import readable_script
    from ..graph.torchscript.graph import graph_of_run
    from ..torchscript.torch_jit import load_graphs
    from .inputs import script_call
    from .recorded_run import RecordedRun

    with context.stage("load"):
        script = readable_script(path)
        call = script_call(path, script, request.inputs, Path(request.folder))
        run = RecordedRun(load_graphs(path), context.checkpoint)
    with context.stage("run"):
        runs = _repeat(path, lambda: run.run(call.method, *call.values()), context)
    with context.stage("read graph"):
        medians = run.medians()
        graph, paths = graph_of_run(script.handle, path.name, run.observed(), call.recorded, context.checkpoint)
    times = {node: OperationTime(*medians[place]) for node, place in paths.items() if place in medians}
    return TimesResult(
        file=str(path),
        graph=graph,
        times=times,
        runs=runs,
        inputs=call.description,
        threads=torch.get_num_threads(),
    )


def _package_times(path: Path, request: MeasureTimes, context: JobContext) -> TimesResult:
    from ..graph.files import graph_of_file
    from ..mil import ReferenceModel
    from .inputs import package_data
    from .package_clock import PackageClock

    with context.stage("load"):
        graph = graph_of_file(path, checkpoint=context.checkpoint)
        clock = PackageClock()
        model = ReferenceModel(path, around=clock.around)
        data, description = package_data(path, model, request.inputs, Path(request.folder))

    def run_once() -> None:
        clock.begin()
        model.predict(data, model.make_state(), checkpoint=context.checkpoint)

    with context.stage("run"):
        runs = _repeat(path, run_once, context)
    prefix = f"{model.function_name}/" if len(model.package.program.functions) > 1 else ""
    medians = clock.medians()
    times = {
        node: OperationTime(*medians[outputs[0]])
        for node, kind, outputs in zip(graph.nodes.id, graph.nodes.kind, graph.nodes.outputs, strict=True)
        if kind == "operation" and outputs and outputs[0] in medians and node.startswith(prefix)
    }
    return TimesResult(
        file=str(path),
        graph=graph,
        times=times,
        runs=runs,
        inputs=description,
        threads=torch.get_num_threads(),
    )


def _repeat(path: Path, run: Callable[[], None], context: JobContext) -> int:
    """Run once to warm up and then as often as a median needs; return how often that was."""
    try:
        run()
        started = time.perf_counter()
        for count in range(1, _MOST_RUNS + 1):
            context.progress(count / _MOST_RUNS, f"run {count}")
            run()
            if count >= _FEWEST_RUNS and time.perf_counter() - started > _ENOUGH_SECONDS:
                break
    except (ExportDeskError, Cancelled):
        raise
    except Exception as error:
        lines = str(error).strip().splitlines() or [type(error).__name__]
        fail(
            "times.failed",
            f"{path.name} does not run with these inputs: {lines[-1][:300]}",
            file=str(path),
            hint="Give inputs that suit it with --input.",
            cause=error,
        )
    return count
