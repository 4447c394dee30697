"""``exportdesk run``: the job, and the command in front of it."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
from exportdesk.core.cli.app import run
from exportdesk.core.errors import Cancelled, ExportDeskError
from exportdesk.core.job_context import JobContext
from exportdesk.core.mil.running import run_package
from exportdesk.core.requests import RunPackage

from .packages import Maker, constant

VECTOR = ("fp32", (3,))


@pytest.fixture
def package(tmp_path: Path) -> Path:
    maker = Maker({"x": VECTOR})
    maker.add("square", {"squared": VECTOR}, x="x")
    maker.add("add", {"y": VECTOR}, x="squared", y=constant(np.float32(1)))
    maker.output("y", "fp32", (3,))
    return maker.save(tmp_path)


@pytest.fixture
def x_file(tmp_path: Path) -> str:
    np.save(tmp_path / "x.npy", np.array([1, 2, 3], np.float32))
    return str(tmp_path / "x.npy")


def test_that_a_run_writes_outputs_and_the_wanted_intermediates(package: Path, x_file: str, tmp_path: Path) -> None:
    output = str(tmp_path / "y.npz")
    request = RunPackage(job=1, package=str(package), inputs={"x": x_file}, output=output, intermediates=("squared",))
    result = run_package(request, JobContext())
    written = np.load(output)
    assert {name: written[name].tolist() for name in written.files} == {"squared": [1, 4, 9], "y": [2, 5, 10]}
    assert [(row.name, row.shape, row.maximum) for row in result.outputs] == [("y", (3,), 10.0)]
    assert [row.name for row in result.intermediates] == ["squared"]


def test_that_a_cancelled_run_ends_and_leaves_no_file(package: Path, x_file: str, tmp_path: Path) -> None:
    context = JobContext()
    context.cancel()
    output = tmp_path / "y.npz"
    with pytest.raises(Cancelled):
        run_package(RunPackage(job=1, package=str(package), inputs={"x": x_file}, output=str(output)), context)
    assert not output.exists()


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"inputs": {"x": "/nowhere/x.npy"}}, "call.input-file"),
        ({"inputs": {"z": ""}}, "call.input-file"),
        ({"inputs": {}}, "call.missing-input"),
        ({"function": "other"}, "call.unknown-function"),
        ({"intermediates": ("nothing",)}, "call.unknown-intermediate"),
        ({"package": "/nowhere.mlpackage"}, "call.package-missing"),
        ({"output": "/nowhere/y.npz"}, "call.output"),
    ],
)
def test_that_a_wrong_request_is_an_error_of_the_call(package: Path, x_file: str, change: dict, code: str) -> None:
    request = {"package": str(package), "inputs": {"x": x_file}} | change
    with pytest.raises(ExportDeskError) as caught:
        run_package(RunPackage(job=1, **request), JobContext())
    assert caught.value.failure.code == code
    assert caught.value.failure.exit_code == 2


def test_that_inputs_come_from_arrays_by_name_and_from_tensors(package: Path, tmp_path: Path) -> None:
    x = np.array([1, 2, 3], np.float32)
    np.savez(tmp_path / "several.npz", a=np.zeros(7), x=x)
    np.savez(tmp_path / "one.npz", other=x)
    torch.save(torch.from_numpy(x), tmp_path / "x.pt")
    torch.save({"x": torch.from_numpy(x), "z": torch.zeros(2)}, tmp_path / "several.pt")
    for name in ("several.npz", "one.npz", "x.pt", "several.pt"):
        request = RunPackage(job=1, package=str(package), inputs={"x": str(tmp_path / name)})
        assert run_package(request, JobContext()).outputs[0].maximum == 10, name


def test_that_a_file_of_several_arrays_without_the_name_is_refused(package: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "several.npz", a=np.zeros(3, np.float32), b=np.zeros(3, np.float32))
    with pytest.raises(ExportDeskError, match="it holds a, b"):
        run_package(RunPackage(job=1, package=str(package), inputs={"x": str(tmp_path / "several.npz")}), JobContext())


def test_that_a_pickle_is_not_loaded(package: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "p.npy", np.array([{"a": 1}], dtype=object), allow_pickle=True)
    with pytest.raises(ExportDeskError, match="cannot be read"):
        run_package(RunPackage(job=1, package=str(package), inputs={"x": str(tmp_path / "p.npy")}), JobContext())


def test_that_the_command_answers_with_one_json_object(package: Path, x_file: str, tmp_path: Path, capsys) -> None:
    arguments = ["run", str(package), "--input", f"x={x_file}", "--output", str(tmp_path / "y.npz"), "--json"]
    assert run(arguments) == 0
    answer = json.loads(capsys.readouterr().out)
    assert answer["outputs"][0]["maximum"] == 10.0
    assert Path(answer["output"]).is_file()


def test_that_the_command_lists_what_is_unsupported_and_exits_with_1(tmp_path: Path, capsys) -> None:
    maker = Maker({"x": VECTOR})
    maker.add("frobnicate", {"y": VECTOR}, x="x")
    maker.output("y", "fp32", (3,))
    assert run(["run", str(maker.save(tmp_path)), "--list-unsupported"]) == 1
    assert "frobnicate “y”" in capsys.readouterr().out


@pytest.mark.parametrize(
    "arguments",
    [["--input", "x"], ["--input", "=a.npy"], ["--precision", "half"], ["--output", "y.txt"], ["--steps", "0"]],
)
def test_that_wrong_flags_exit_with_2(package: Path, arguments: list[str], capsys) -> None:
    assert run(["run", str(package), *arguments, "--json"]) == 2
    assert json.loads(capsys.readouterr().out)["error"]["code"].startswith("call.")
