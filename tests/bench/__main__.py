"""Measures ExportDesk against what it replaces, in one run on one machine: ``make bench``.

Each figure stands beside a real peer measured in turn with it (ours, peer, ours, peer, ...), so that a busy machine
slows both. The median of the turns is compared. Writes .bench/results.json and prints a table.
"""

import json
import os
import platform
import queue
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from process_memory import run_and_measure  # noqa: E402 - this folder is no package: it is run, not imported

EXAMPLE = HERE.parents[1] / "resources" / "examples" / "control_flow_net_2.toml"
LARGE = HERE / "large_models.py"
RESULTS = HERE.parents[1] / ".bench" / "results.json"
TURNS = int(os.environ.get("BENCH_TURNS", "5"))
OFFSCREEN = {**os.environ, "QT_QPA_PLATFORM": "offscreen"}
COMMAND = [sys.executable, "-P", "-c", "from exportdesk.core.cli import main; main()"]


def window_times(which: str) -> tuple[float, float]:
    """Return seconds from the start of the process to the first picture, and to the first idle moment."""
    started = time.time()
    done = subprocess.run(
        [sys.executable, str(HERE / "window_ready.py"), which],
        env=OFFSCREEN,
        check=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    painted, idle = map(float, done.stdout.split())
    return painted - started, idle - started


def cold_export(*call: str, samples_memory: bool = False) -> tuple[float, int | None]:
    """Return seconds and peak bytes of ``exportdesk export``, its checks included.

    Sampling stops the processes it looks at, again and again, so that seconds are taken without it.
    """
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        command = [*COMMAND, "export", *(call or [str(EXAMPLE)]), "--out", f"{folder}/out"]
        peak = run_and_measure(command, samples_memory=samples_memory)
        return time.perf_counter() - started, peak.total_bytes


def plain_export(*call: str, samples_memory: bool = False) -> tuple[float, int | None]:
    """Return seconds and peak bytes of the same export as a script, without checks."""
    with tempfile.TemporaryDirectory() as folder:
        started = time.perf_counter()
        command = [sys.executable, str(HERE / "plain_export.py"), f"{folder}/out", *call]
        peak = run_and_measure(command, samples_memory=samples_memory)
        return time.perf_counter() - started, peak.total_bytes


def traced_transformer() -> float:
    """Return the seconds of loading, inputs, capture and tracing, all of an export but saving and checking."""
    with tempfile.TemporaryDirectory() as folder:
        call = [f"{LARGE}:Transformer", "--input", "x=1,64,256", "--no-coreml", "--json", "--out", f"{folder}/out"]
        done = subprocess.run([*COMMAND, "export", *call], check=True, capture_output=True, text=True)
    seconds = json.loads(done.stdout)["seconds"]
    return sum(seconds.get(stage, 0.0) for stage in ("inputs", "compile"))


def plain_trace() -> float:
    """Return the seconds of torch.jit.trace alone, its own check included."""
    with tempfile.TemporaryDirectory() as folder:
        call = [str(HERE / "plain_export.py"), f"{folder}/out", f"{LARGE}:Transformer", "1,64,256", "trace-only"]
        done = subprocess.run([sys.executable, *call], check=True, capture_output=True, text=True)
    return float(done.stdout.split()[-1])


def warm_exports(count: int, *, is_changed: bool) -> list[float]:
    """Return seconds of exports in a worker that has made one before.

    Args:
        is_changed: draw other probes each time, so that nothing of the export before can be kept.
    """
    import msgspec
    from exportdesk.core.client import WorkerClient
    from exportdesk.core.events import JobCancelled, JobFailed, JobFinished
    from exportdesk.core.recipe.document import read_recipe
    from exportdesk.core.requests import Export
    from exportdesk.core.staged_files import staging_beside

    events: queue.SimpleQueue[Any] = queue.SimpleQueue()
    seconds = []
    with tempfile.TemporaryDirectory() as folder, WorkerClient(events.put) as client:
        for turn in range(count + 1):
            out = Path(folder) / f"out{turn}"
            recipe = read_recipe(EXAMPLE)
            if is_changed:
                recipe = msgspec.structs.replace(recipe, checks=msgspec.structs.replace(recipe.checks, seed=turn))
            started = time.perf_counter()
            client.submit(
                Export(
                    job=client.next_job(),
                    recipe=recipe,
                    folder=str(EXAMPLE.parent),
                    out=str(out),
                    staging=str(staging_beside(out)),
                )
            )
            while not isinstance(event := events.get(timeout=300), JobFinished | JobFailed | JobCancelled):
                pass
            assert isinstance(event, JobFinished), event
            seconds.append(time.perf_counter() - started)
    return seconds[1:]


def longest_stall(which: str) -> float:
    """Return the longest time in seconds that a window's event loop was away during an export."""
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            [sys.executable, str(HERE / "event_loop_stall.py"), which, f"{folder}/out"],
            env=OFFSCREEN,
            capture_output=True,
            text=True,
        )
    if done.returncode:
        raise RuntimeError(f"event_loop_stall.py {which}: {done.stderr[-2000:]}")
    return float(done.stdout.split()[-1])


def reference_execution() -> Iterator[list[dict[str, Any]]]:
    """Yield time and memory of float32 programs against the eager model, on one thread."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "rows.json"
        call = [sys.executable, str(HERE / "executor_bench.py"), "--turns", str(5 * TURNS), "--json", str(file)]
        subprocess.run(call, check=True, capture_output=True)
        rows = json.loads(file.read_text(encoding="utf-8"))
    for row in rows:
        turns, held = row["turns_ms"], {side: [size / 1e6] for side, size in row["memory_bytes"].items()}
        name = f"reference execution, {row['model']}"
        yield [
            figure(name, "ms", turns["ours"], turns["eager"], "eager torch", 1.5),
            figure(f"{name}, memory", "MB", held["ours"], held["eager"], "eager torch", 1.5),
        ]


def advice() -> list[dict[str, Any]]:
    """Return what advising a model without culprits costs beside a trace that checks itself, and how long a cancel takes."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "turns.json"
        call = [sys.executable, str(HERE / "advise_cost.py"), "--turns", str(TURNS), "--json", str(file)]
        subprocess.run(call, check=True, capture_output=True)
        turns = json.loads(file.read_text(encoding="utf-8"))
    cancel = figure(
        "cancel of a job that advises, longest", "s", [max(turns["cancel"])], [1.0], "the promised second", 1
    )
    return [
        figure("advise, 24 blocks without culprits", "s", turns["advise"], turns["trace"], "trace with its check", 5),
        cancel,
    ]


def in_turn(first: Callable[[], Any], second: Callable[[], Any], turns: int = TURNS) -> tuple[list[Any], list[Any]]:
    pairs = [(first(), second()) for _ in range(turns)]
    return [pair[0] for pair in pairs], [pair[1] for pair in pairs]


def figure(
    name: str, unit: str, ours: list[float], peer: list[float], peer_name: str, most: float | None
) -> dict[str, Any]:
    """Return one line of the results; ``most`` is the largest ratio to the peer that the design allows."""
    mine, theirs = statistics.median(ours), statistics.median(peer)
    return {
        "name": name,
        "unit": unit,
        "exportdesk": mine,
        "peer": theirs,
        "peer_name": peer_name,
        "ratio": mine / theirs,
        "target": None if most is None else f"<= {most:g} x",
        "is_met": None if most is None else mine / theirs <= most,
        "turns": {"exportdesk": ours, "peer": peer},
    }


def memory(name: str, ours: list[Any], plain: list[Any], most: float | None) -> list[dict[str, Any]]:
    """Return the line of peak memory, all processes together; none where it could not be measured."""
    if any(peak is None for _, peak in [*ours, *plain]):
        return []
    mine, theirs = ([peak / 1e6 for _, peak in side] for side in (ours, plain))
    return [figure(name, "MB", mine, theirs, "plain script", most)]


def measure() -> list[dict[str, Any]]:
    say("windows")
    ours, bare = in_turn(lambda: window_times("exportdesk"), lambda: window_times("bare"))
    figures = [
        figure("window, first picture", "s", [o[0] for o in ours], [b[0] for b in bare], "bare Qt window", 1.5),
        figure("window, ready for use", "s", [o[1] for o in ours], [b[1] for b in bare], "bare Qt window", 1.5),
    ]
    say("cold exports")
    ours, plain = in_turn(cold_export, plain_export)
    script = [seconds for seconds, _ in plain]
    figures.append(figure("cold export, with checks", "s", [o[0] for o in ours], script, "plain script", 1.1))
    say("warm exports")
    for name, is_changed in (("warm export, with checks", True), ("the same export again", False)):
        seconds = warm_exports(TURNS, is_changed=is_changed)
        figures.append(figure(name, "s", seconds, script, "plain script", 0.6))
    sampled = partial(cold_export, samples_memory=True), partial(plain_export, samples_memory=True)
    figures += memory("peak memory of an export", *in_turn(*sampled, 1), None)
    say("a model of 512 MB")
    model = f"{LARGE}:HalfGigabyte"
    ours, plain = in_turn(partial(sampled[0], model, "--input", "x=1,4000"), partial(sampled[1], model, "1,4000"), 1)
    figures += memory("peak memory, a model of 512 MB", ours, plain, 1.2)
    say("tracing 24 transformer blocks")
    traced, trace = in_turn(traced_transformer, plain_trace)
    figures.append(figure("capture and trace, 24 blocks", "s", traced, trace, "torch.jit.trace", 1.3))
    say("advising 24 transformer blocks")
    figures += advice()
    say("reference execution")
    figures += [line for row in reference_execution() for line in row]
    say("event loop during an export")
    ours, bare = in_turn(lambda: longest_stall("exportdesk"), lambda: longest_stall("bare"))
    stall = figure(
        "longest stall of the window",
        "ms",
        [1000 * s for s in ours],
        [1000 * s for s in bare],
        "bare window beside it",
        None,
    )
    figures.append(stall | {"target": "<= 50 ms", "is_met": stall["exportdesk"] <= 50})
    return figures


def say(text: str) -> None:
    print(f"measuring {text}, {TURNS} turns ...", file=sys.stderr, flush=True)


def main() -> None:
    figures = measure()
    machine = {"system": platform.platform(), "python": platform.python_version(), "cores": os.cpu_count()}
    machine["load_average"] = os.getloadavg()[0] if hasattr(os, "getloadavg") else None
    RESULTS.parent.mkdir(exist_ok=True)
    RESULTS.write_text(json.dumps({"machine": machine, "turns": TURNS, "figures": figures}, indent=2) + "\n")
    print(f"{'':42}{'ExportDesk':>12}{'peer':>12}{'ratio':>8}  {'target':<10} peer")
    for row in figures:
        verdict = "" if row["is_met"] is None else "met" if row["is_met"] else "MISSED"
        print(
            f"{row['name']:42}{row['exportdesk']:>9.2f} {row['unit']:<2}{row['peer']:>9.2f} {row['unit']:<2}"
            f"{row['ratio']:>8.2f}  {row['target'] or '-':<10} {row['peer_name']} {verdict}"
        )
    print(f"written: {RESULTS}")


if __name__ == "__main__":
    main()
