"""The worker through its client: real processes, real models, one terminal event a job whatever happens."""

import os
import queue
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from exportdesk.core import worker_process
from exportdesk.core.client import WorkerClient
from exportdesk.core.events import (
    AnyEvent,
    JobCancelled,
    JobFailed,
    JobFinished,
    ProgressMade,
    StageStarted,
    TextPrinted,
    WorkerStarted,
    WorkerStopped,
)
from exportdesk.core.recipe.model import CoreML, Input, Model, Recipe
from exportdesk.core.requests import Export, Inspect
from exportdesk.core.results import ExportResult, Inspection

NET = """
import torch
print("loading the file")
class Net(torch.nn.Module):
    def __init__(self, width: int = 4):
        super().__init__()
        self.layers = torch.nn.Sequential(*[torch.nn.Linear(width, width) for _ in range(200)])
    def forward(self, x):
        return self.layers(x)
"""
HANGS = "import torch\nprint('in the loop', flush=True)\nwhile True:\n    pass\nclass Net(torch.nn.Module):\n    pass\n"
FORKS = """
import os, time, torch
child = os.fork()
if child == 0:
    time.sleep(600)
with open("written", "w") as file:
    file.write(str(child))
os.rename("written", "child")
while True:
    time.sleep(1)
class Net(torch.nn.Module):
    pass
"""
CLIENT = """
import sys, time
from exportdesk.core.client import WorkerClient
from exportdesk.core.recipe.model import Model, Recipe
from exportdesk.core.requests import Inspect
client = WorkerClient(lambda event: None)
client.submit(Inspect(job=client.next_job(), recipe=Recipe(model=Model(file="forks.py")), folder=sys.argv[1]))
time.sleep(600)
"""
WAIT_S = 60


class Session:
    """A client whose events are kept in order."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.queue: queue.SimpleQueue[AnyEvent] = queue.SimpleQueue()
        self.events: list[AnyEvent] = []
        self.client = WorkerClient(self.queue.put)

    def export(self, file: str, *, coreml: bool = False) -> int:
        job = self.client.next_job()
        recipe = Recipe(model=Model(file=file), inputs=(Input(name="x", shape=(1, 4)),), coreml=CoreML(enabled=coreml))
        out, staging = self.folder / "out", self.folder / f".out.{job}.partial"
        self.client.submit(Export(job=job, recipe=recipe, folder=str(self.folder), out=str(out), staging=str(staging)))
        return job

    def inspect(self, file: str) -> int:
        job = self.client.next_job()
        self.client.submit(Inspect(job=job, recipe=Recipe(model=Model(file=file)), folder=str(self.folder)))
        return job

    def until(self, *kinds: type[AnyEvent]) -> AnyEvent:
        while True:
            event = self.queue.get(timeout=WAIT_S)
            self.events.append(event)
            if isinstance(event, kinds):
                return event


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    (tmp_path / "net.py").write_text(NET)
    made = Session(tmp_path)
    yield made
    made.client.close()


def test_that_a_job_ends_with_one_result_and_prints_go_to_the_log(session: Session) -> None:
    session.inspect("net.py")
    finished = session.until(JobFinished, JobFailed)
    assert isinstance(finished, JobFinished)
    assert isinstance(finished.result, Inspection)
    assert finished.result.parameter_count == 200 * (16 + 4)
    assert finished.memory_bytes > 50e6
    assert isinstance(session.events[0], WorkerStarted)
    assert any(isinstance(e, StageStarted) and e.stage == "load" for e in session.events)
    printed = "".join(e.text for e in session.events if isinstance(e, TextPrinted))
    while "loading the file" not in printed:
        event = session.until(TextPrinted)
        assert isinstance(event, TextPrinted)
        printed += event.text


def test_that_a_worker_stays_warm_and_an_edited_file_is_read_anew(session: Session) -> None:
    session.inspect("net.py")
    session.until(JobFinished)
    (session.folder / "net.py").write_text(NET.replace("range(200)", "range(3)"))
    session.inspect("net.py")
    finished = session.until(JobFinished)
    assert isinstance(finished, JobFinished)
    assert isinstance(finished.result, Inspection)
    assert finished.result.parameter_count == 3 * 20
    assert sum(isinstance(e, WorkerStarted) for e in session.events) == 1


def test_that_another_model_file_gets_another_worker(session: Session) -> None:
    (session.folder / "other.py").write_text(NET + "\ntorch.set_default_dtype(torch.float64)\n")
    session.inspect("other.py")
    session.until(JobFinished)
    session.inspect("net.py")
    assert isinstance(session.until(JobFinished, JobFailed), JobFinished)
    assert sum(isinstance(e, WorkerStarted) for e in session.events) == 2


def test_that_cancel_during_conversion_ends_within_a_second_and_the_next_export_works(session: Session) -> None:
    job = session.export("net.py", coreml=True)
    while True:
        event = session.until(ProgressMade, JobFinished, JobFailed)
        assert isinstance(event, ProgressMade), event
        if event.stage == "convert":
            break
    started = time.monotonic()
    session.client.cancel(job)
    ended = session.until(JobCancelled, JobFinished, JobFailed)
    assert isinstance(ended, JobCancelled)
    assert time.monotonic() - started < 1.0
    assert {path.name for path in session.folder.iterdir()} <= {"net.py", "__pycache__"}
    session.export("net.py")
    finished = session.until(JobFinished, JobFailed)
    assert isinstance(finished, JobFinished)
    assert isinstance(finished.result, ExportResult)
    assert Path(finished.result.files["torchscript"]).is_file()


@pytest.mark.skipif(os.name == "nt", reason="there are no such signals on Windows")
def test_that_a_worker_killed_from_outside_is_reported_and_replaced(session: Session) -> None:
    (session.folder / "hangs.py").write_text(HANGS)
    job = session.inspect("hangs.py")
    started = session.until(WorkerStarted)
    assert isinstance(started, WorkerStarted)
    session.until(TextPrinted)
    os.kill(started.pid, signal.SIGKILL)
    failed = session.until(JobFailed)
    assert isinstance(failed, JobFailed)
    assert failed.job == job
    assert failed.failure.code == "worker.died"
    assert failed.failure.exit_code == 4
    assert "SIGKILL" in failed.failure.message
    assert "in the loop" in (failed.failure.details or "")
    assert isinstance(session.until(WorkerStopped), WorkerStopped)
    session.inspect("net.py")
    assert isinstance(session.until(JobFinished, JobFailed), JobFinished)


def test_that_a_job_that_hangs_is_cancelled_by_killing_its_process(session: Session) -> None:
    (session.folder / "hangs.py").write_text(HANGS)
    job = session.inspect("hangs.py")
    session.until(TextPrinted)
    started = time.monotonic()
    session.client.cancel(job)
    assert isinstance(session.until(JobCancelled, JobFailed), JobCancelled)
    assert time.monotonic() - started < 1.0


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no process groups")
def test_that_what_a_model_started_ends_with_a_client_that_is_killed(tmp_path: Path) -> None:
    (tmp_path / "forks.py").write_text(FORKS)
    client = subprocess.Popen([sys.executable, "-c", CLIENT, str(tmp_path)], cwd=tmp_path)
    _wait_until((tmp_path / "child").exists)
    child = int((tmp_path / "child").read_text())
    client.kill()
    client.wait()
    _wait_until(lambda: not _is_running(child))


def _wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def _is_running(process: int) -> bool:
    # One that has ended is listed until somebody asks how.
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(process)], capture_output=True, text=True).stdout.strip()
    return state != "" and not state.startswith("Z")


def test_that_nothing_is_told_of_a_job_after_its_end(session: Session) -> None:
    job = session.export("net.py")
    session.until(JobFinished, JobFailed)
    session.client.cancel(job)
    session.inspect("net.py")
    session.until(JobFinished, JobFailed)
    ends = [e for e in session.events if isinstance(e, JobFinished | JobFailed | JobCancelled) and e.job == job]
    assert len(ends) == 1
    assert not any(
        isinstance(e, ProgressMade | StageStarted) and e.job == job
        for e in session.events[session.events.index(ends[0]) :]
    )


def test_that_a_process_started_early_is_the_one_that_serves_and_one_not_taken_ends(tmp_path: Path) -> None:
    (tmp_path / "net.py").write_text(NET)
    worker_process.start_early()
    early = worker_process._early
    assert early is not None
    session = Session(tmp_path)
    session.inspect("net.py")
    started = session.until(WorkerStarted)
    session.client.close()
    assert isinstance(started, WorkerStarted)
    assert started.pid == early.process.pid
    worker_process.start_early()
    unused = worker_process._early
    assert unused is not None
    worker_process._end_early()
    assert unused.process.poll() is not None
    assert not Path(unused.temporary).exists()
    worker_process._early = None
