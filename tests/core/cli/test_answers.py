"""Wrong calls: one JSON object or one paragraph, the exit code of the contract, and nothing left behind."""

import json
import shutil
from pathlib import Path

import pytest
from exportdesk.core.cli.app import run
from exportdesk.core.errors import FAILED, WORKER_DIED, WRONG_CALL

KEYS = {"code", "message", "stage", "module", "file", "line", "hint"}
GOOD = "export good.py:Good --input x=1,4"
WITHOUT_A_WORKER = [
    ("export nowhere.py:Net", "call.file", "nowhere.py"),
    ("inspect nowhere.py", "call.file", "nowhere.py"),
    (f"export {'a' * 300}.py:Net", "call.file", "aaa"),
    ("advise good.py:Good --seed -1", "call.option", "seed"),
    (f"{GOOD} --input x=2,4 --input x=-1,4", "call.shape", "-1"),
    ("export nowhere.toml", "recipe.missing", "nowhere.toml"),
    ("export good.py:Good --input x=1,4:floaty", "call.input", "float64"),
    ("export good.py:Good --input x", "call.input", "NAME=SHAPE"),
    ("export good.py:Good --input x=one,two", "call.shape", "one"),
    (f"{GOOD} --out good.py", "call.out", "good.py"),
    (f"{GOOD} --out .", "call.out", "not empty"),
    (f"{GOOD} --out good.py/below", "call.out", "good.py"),
    (f"{GOOD} --save-recipe good.py/below/r.toml", "recipe.unwritable", "written"),
    (f"{GOOD} --target iOS99", "call.option", "iOS17"),
    (f"{GOOD} --precision float8", "call.option", "float16"),
    (f"{GOOD} --device gpu", "call.option", "cuda"),
    (f"{GOOD} --probes 0", "call.option", "probes"),
    (f"{GOOD} --set checks.seed", "call.set", "KEY=VALUE"),
    (f"{GOOD} --set checks.sed=1", "recipe.invalid", "seed"),
    (f"{GOOD} --set checks.seed=2020-13-45", "recipe.invalid", "seed"),
    (f"{GOOD} --set checks.seed={'[' * 5000}", "recipe.invalid", "seed"),
    (f"{GOOD} --timeout 0", "call.timeout", "zero"),
    (f"{GOOD} --script linear --trace linear", "call.mark", "linear"),
    (f"{GOOD} --precison float16", "call.usage", "--precison"),
    ("export", "call.usage", "RECIPE.toml"),
    ("bogus", "call.usage", "bogus"),
]
WITH_A_WORKER = [
    ("export good.py:Nope --input x=1,4", "call.entry", WRONG_CALL),
    ("export good.py:Good", "call.input", WRONG_CALL),
    ("export good.py:Good --input y=1,4", "call.input", WRONG_CALL),
    (f"{GOOD} --trace nope", "call.mark", WRONG_CALL),
    (f"{GOOD} --arg a=1", "call.arguments", WRONG_CALL),
    ("export good.py:Good --input x=1,5", "model.run", FAILED),
    ("export good.py:Good --input x=1,4:int64", "model.run", FAILED),
    (f"{GOOD} --timeout 0.2", "worker.timeout", WORKER_DIED),
]


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    shutil.copy(Path(__file__).parents[2] / "hostile" / "models" / "good.py", tmp_path)
    monkeypatch.chdir(tmp_path)
    return tmp_path


@pytest.mark.parametrize(("call", "code", "named"), WITHOUT_A_WORKER)
def test_that_a_wrong_call_is_one_json_object_and_exit_code_2(folder, capfd, call, code, named):
    assert run([*call.split(), "--json"]) == WRONG_CALL
    printed = capfd.readouterr()
    error = json.loads(printed.out)["error"]
    assert set(error) == KEYS
    assert error["code"] == code
    assert named in f"{error['message']} {error['hint']} {error['file']}"
    assert "Traceback" not in printed.err
    assert [path.name for path in folder.iterdir()] == ["good.py"]


@pytest.mark.parametrize(("call", "code", "named"), WITHOUT_A_WORKER)
def test_that_a_wrong_call_is_a_short_text_on_standard_error(capfd, call, code, named):
    assert run(call.split()) == WRONG_CALL
    printed = capfd.readouterr()
    assert printed.out == ""
    assert printed.err.startswith("exportdesk: ")
    assert len(printed.err.splitlines()) <= 4


@pytest.mark.slow
@pytest.mark.parametrize(("call", "code", "exit_code"), WITH_A_WORKER)
def test_that_what_the_model_shows_to_be_wrong_is_answered_alike(folder, capfd, call, code, exit_code):
    assert run([*call.split(), "--json"]) == exit_code
    error = json.loads(capfd.readouterr().out)["error"]
    assert set(error) == KEYS
    assert error["code"] == code
    assert {path.name for path in folder.iterdir()} <= {"good.py", "__pycache__"}
