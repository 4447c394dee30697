"""Model files that misbehave: each ends in one answer with a place, and leaves nothing half made."""

import queue
from pathlib import Path

import pytest
from exportdesk.core.client import WorkerClient
from exportdesk.core.events import AnyEvent, JobCancelled, JobFailed, JobFinished, TextPrinted
from exportdesk.core.recipe.model import Checks, CoreML, Input, Model, Recipe
from exportdesk.core.requests import Export
from exportdesk.core.staged_files import staging_beside

MODELS = Path(__file__).parent / "models"
WAIT_S = 90
slow = pytest.mark.slow

FAILING = [
    pytest.param("syntax_error", "model.syntax", 4, marks=slow),
    pytest.param("import_error", "model.import", 1, marks=slow),
    pytest.param("exits", "model.exits", 16, marks=slow),
    pytest.param("exits_hard", "worker.died", None, marks=slow),
    pytest.param("exits_when_made", "model.construction", 6, marks=slow),
    pytest.param("interrupts_itself", "model.import", 14, marks=slow),
    pytest.param("asks", "model.import", 14, marks=slow),
    pytest.param("crashes", "worker.died", None, marks=slow),
    pytest.param("closes_every_file", "worker.died", None, marks=slow),
    pytest.param("raises_base_exception", "model.run", 11, marks=slow),
    pytest.param("recurses", "model.run", 7, marks=slow),
    pytest.param("takes_all_memory", "model.run", 7, marks=slow),
    pytest.param("patches_torch", "model.run", 15, marks=slow),
    pytest.param("changes_settings", "model.run", 16, marks=slow),
    pytest.param("returns_nothing", "trace.refused", 6, marks=slow),
]
HARMLESS = [
    pytest.param("prints_binary", marks=slow),
    pytest.param("prints_much", marks=slow),
    pytest.param("closes_output", marks=slow),
    pytest.param("changes_folder", marks=slow),
    pytest.param("changes_its_input", marks=slow),
    pytest.param("forks", marks=slow),
    pytest.param("leaves_a_thread", marks=slow),
    pytest.param("makes_warnings_errors", marks=slow),
    pytest.param("never_the_same", marks=slow),
    pytest.param("refuses_to_be_looked_at", marks=slow),
]


class Desk:
    """A client, and the one answer that each export gets."""

    def __init__(self, folder: Path) -> None:
        self.out = folder / "out"
        self.printed = 0
        self._events: queue.SimpleQueue[AnyEvent] = queue.SimpleQueue()
        self.client = WorkerClient(self._events.put)

    def start(self, name: str) -> int:
        recipe = Recipe(
            model=Model(file=f"{name}.py", entry="Good" if name == "good" else "Net"),
            inputs=(Input(name="x", shape=(1, 4)),),
            coreml=CoreML(enabled=False),
            checks=Checks(probes=2),
        )
        job = self.client.next_job()
        staging = str(staging_beside(self.out))
        self.client.submit(Export(job=job, recipe=recipe, folder=str(MODELS), out=str(self.out), staging=staging))
        return job

    def answer(self, job: int, wait_s: float = WAIT_S) -> JobFinished | JobFailed | JobCancelled:
        while True:
            event = self._events.get(timeout=wait_s)
            if isinstance(event, TextPrinted):
                self.printed += len(event.text)
            if isinstance(event, JobFinished | JobFailed | JobCancelled):
                assert event.job == job
                return event


@pytest.fixture
def desk(tmp_path):
    made = Desk(tmp_path)
    yield made
    made.client.close()


def test_that_every_hostile_model_is_tried():
    tried = {case.values[0] for case in [*FAILING, *HARMLESS]}
    others = {"good", "loops_at_import", "loops_in_forward", "breaks_builtins", "clears_path"}
    assert tried | others == {path.stem for path in MODELS.glob("*.py")}


@pytest.mark.parametrize(("name", "code", "line"), FAILING)
def test_that_a_file_that_cannot_work_is_a_located_failure(desk, name, code, line):
    answer = desk.answer(desk.start(name))
    assert isinstance(answer, JobFailed)
    failure = answer.failure
    assert (failure.code, failure.line) == (code, line)
    if line is not None:
        assert failure.file == str(MODELS / f"{name}.py")
    assert list(desk.out.parent.iterdir()) == []


@pytest.mark.parametrize("name", HARMLESS)
def test_that_bad_manners_do_not_stop_an_export(desk, name):
    answer = desk.answer(desk.start(name))
    assert isinstance(answer, JobFinished)
    assert (desk.out / "Net.pt").is_file()
    assert [path.name for path in desk.out.parent.iterdir()] == ["out"]
    if name == "prints_much":
        assert desk.printed > 20_000_000


@slow
@pytest.mark.parametrize("name", ["breaks_builtins", "clears_path"])
def test_that_a_file_that_breaks_python_gets_an_answer_whatever_it_is(desk, name):
    answer = desk.answer(desk.start(name))
    assert isinstance(answer, JobFailed | JobFinished)
    assert {path.name for path in desk.out.parent.iterdir()} <= {"out"}


@slow
@pytest.mark.parametrize("name", ["loops_at_import", "loops_in_forward"])
def test_that_an_endless_loop_can_be_cancelled(desk, name):
    job = desk.start(name)
    with pytest.raises(queue.Empty):
        desk.answer(job, wait_s=8)
    desk.client.cancel(job)
    assert isinstance(desk.answer(job, wait_s=2), JobCancelled)
    assert list(desk.out.parent.iterdir()) == []


def test_that_the_next_model_works_after_a_crash(desk):
    assert isinstance(desk.answer(desk.start("crashes")), JobFailed)
    assert isinstance(desk.answer(desk.start("good")), JobFinished)
    assert (desk.out / "Good.pt").is_file()
