"""Every example, exported for real: files that load without ExportDesk and give the model's numbers."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from exportdesk.core import export
from exportdesk.core.graph.files import graph_of_file
from exportdesk.resources import Example, examples

sys.path.insert(0, str(Path(__file__).parent / "graph"))
from known_places import assert_places_are_known

ALL = examples()
RELOADED = """
import sys, torch
model = torch.jit.load(sys.argv[1])
calls = torch.load(sys.argv[2], weights_only=True)
torch.save([model(*arguments) for arguments in calls], sys.argv[3])
"""


def eager(example: Example) -> torch.nn.Module | object:
    """Make the model as its file would, with the weights of the recipe's seed."""
    from exportdesk.core.recipe.document import read_recipe

    recipe = read_recipe(example.recipe)
    namespace: dict[str, object] = {"__name__": example.path.stem}
    torch.manual_seed(recipe.checks.seed)
    exec(compile(example.path.read_text(), str(example.path), "exec"), namespace)
    entry = namespace[recipe.model.entry.removesuffix(".forward")]
    if not isinstance(entry, type):
        return entry
    torch.manual_seed(recipe.checks.seed)
    return entry(**recipe.model.arguments).eval()


def eight_inputs(example: Example) -> list[tuple[torch.Tensor, ...]]:
    """Random inputs; every second one is shifted below zero, every second above."""
    from exportdesk.core.recipe.document import read_recipe

    shapes = [item.default_shape for item in read_recipe(example.recipe).inputs]
    torch.manual_seed(1)
    return [tuple(torch.rand(shape) + offset for shape in shapes) for offset in (0.0, -1.0) * 4]


@pytest.fixture(scope="module", params=ALL, ids=lambda example: example.name)
def exported(request, tmp_path_factory):
    example = request.param
    return example, export(example.recipe, tmp_path_factory.mktemp(example.name) / "out")


@pytest.mark.parametrize("kind", ["torchscript", "coreml"])
def test_that_every_node_of_an_exported_example_has_its_module_and_source_line(exported, kind):
    example, result = exported
    assert_places_are_known(graph_of_file(Path(result.files[kind])), example.path.name, eager(example))


def test_that_an_example_exports_and_its_file_gives_the_same_numbers_elsewhere(exported, tmp_path):
    example, result = exported
    assert {check.name: check.status for check in result.checks if check.status != "passed"} == {}
    assert Path(result.files["coreml"]).is_dir()
    calls = eight_inputs(example)
    torch.save(calls, tmp_path / "calls.pt")
    # -I: neither this folder, nor the example's, nor ExportDesk can be imported there.
    subprocess.run(
        [sys.executable, "-I", "-W", "ignore", "-c", RELOADED, result.files["torchscript"], "calls.pt", "answers.pt"],
        cwd=tmp_path,
        check=True,
    )
    answers = torch.load(tmp_path / "answers.pt")
    model = eager(example)
    with torch.no_grad():
        expected = [model(*arguments) for arguments in calls]
    for answer, wanted in zip(answers, expected, strict=True):
        torch.testing.assert_close(answer, wanted, rtol=1e-5, atol=1e-6)


def test_that_the_loop_of_an_example_takes_five_turns_or_four(tmp_path):
    (example,) = [example for example in ALL if example.name == "loop_until"]
    model = torch.jit.load(export(example.recipe, tmp_path / "out").files["torchscript"])
    for largest, turns in ((1.0, 5), (0.5, 4)):
        given = torch.full((1, 4), largest)
        assert torch.equal(model(given), given * 0.5**turns)


@pytest.mark.slow
@pytest.mark.parametrize("example", ALL, ids=lambda example: example.name)
def test_that_an_example_exports_from_the_command_line(example, tmp_path):
    """From a folder that has a ``core`` of its own, as a user's repository may."""
    (tmp_path / "core").mkdir()
    (tmp_path / "core" / "__init__.py").write_text("raise SystemExit('the wrong core')\n")
    code = "from exportdesk.core.cli import main; main()"
    done = subprocess.run(
        [sys.executable, "-P", "-c", code, "export", str(example.recipe), "--out", "out", "--json"],
        cwd=tmp_path,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert set(answer["files"]) >= {"torchscript", "coreml", "recipe"}
    assert all(Path(path).exists() for path in answer["files"].values())
    assert {check["status"] for check in answer["checks"]} == {"passed"}
