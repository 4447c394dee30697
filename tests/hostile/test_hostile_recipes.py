"""Recipes that ask for the impossible: each is refused before anything is made."""

import shutil
from pathlib import Path

import pytest
from exportdesk.core.cli.app import run
from exportdesk.core.errors import WRONG_CALL

MODEL = '[model]\nfile = "good.py"\nentry = "Good"\n'
INPUT = '[[inputs]]\nname = "x"\nshape = [1, 4]\n'

WITHOUT_A_WORKER = {
    "no such recipe key": f"{MODEL}{INPUT}[corml]\nenabled = true\n",
    "size beyond memory": f'{MODEL}[[inputs]]\nname = "x"\nshape = [9000000000000000000, 4]\n',
    "size beyond integers": f'{MODEL}[[inputs]]\nname = "x"\nshape = [{"9" * 26}, 4]\n',
    "negative size": f'{MODEL}[[inputs]]\nname = "x"\nshape = [-1, 4]\n',
    "range the wrong way": f'{MODEL}[[inputs]]\nname = "x"\nshape = [{{min = 4, max = 2}}]\n',
    "two inputs of a name": f"{MODEL}{INPUT}{INPUT}",
    "unknown dtype": f'{MODEL}[[inputs]]\nname = "x"\nshape = [1]\ndtype = "float33"\n',
    "seed beyond integers": f"{MODEL}{INPUT}[checks]\nseed = -{'9' * 20}\n",
    "a million probes": f"{MODEL}{INPUT}[checks]\nprobes = 1000000\n",
    "tolerance is no number": f"{MODEL}{INPUT}[torchscript]\ncheck_tolerance = nan\n",
    "bounds that are no numbers": f'{MODEL}[[inputs]]\nname = "x"\nshape = [1]\nlow = nan\n',
    "file with a nul": '[model]\nfile = "a\\u0000b.py"\n',
    "file of 5000 letters": f'[model]\nfile = "{"a" * 5000}.py"\n',
    "argument beyond integers": f"{MODEL.rstrip()}\narguments = {{ n = {'9' * 30} }}\n{INPUT}",
    "unknown mark": f'{MODEL}{INPUT}[marks]\nlinear = "inline"\n',
    "another format": f"exportdesk = 2\n{MODEL}",
    "unknown device": f'{MODEL}device = "gpu"\n{INPUT}',
    "unknown target": f'{MODEL}{INPUT}[coreml]\nminimum_deployment_target = "iOS12"\n',
    "no model": INPUT,
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    shutil.copy(Path(__file__).parent / "models" / "good.py", tmp_path)
    return tmp_path


def export(folder: Path, text: str) -> int:
    (folder / "recipe.toml").write_text(text)
    return run(["export", str(folder / "recipe.toml"), "--out", str(folder / "out")])


@pytest.mark.parametrize("text", WITHOUT_A_WORKER.values(), ids=WITHOUT_A_WORKER.keys())
def test_that_an_impossible_recipe_is_refused_at_once(folder, capfd, text):
    assert export(folder, text) == WRONG_CALL
    printed = capfd.readouterr()
    assert "recipe.toml" in printed.err
    assert "Traceback" not in printed.err
    assert printed.out == ""
    assert sorted(path.name for path in folder.iterdir()) == ["good.py", "recipe.toml"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[model]\nfile = "/dev/zero"\n', "/dev/zero"),
        ('[model]\nfile = "."\n', "folder"),
        ('[model]\nfile = "nowhere.py"\n', "nowhere.py"),
        (f'{MODEL}weights = "/dev/zero"\n{INPUT}', "/dev/zero"),
        (f'{MODEL}weights = "nowhere.pt"\n{INPUT}', "nowhere.pt"),
        (f'{MODEL}[[inputs]]\nname = "x"\nfill = {{ file = "/dev/zero" }}\n', "/dev/zero"),
        (f'{MODEL}{INPUT}[marks]\n"a..b" = "trace"\n', "a..b"),
        (f'{MODEL}{INPUT}[[inputs]]\nname = "y"\nshape = [1]\n', "'y'"),
        (MODEL.replace("Good", "God") + INPUT, "Good"),
        (MODEL.replace("Good", "__builtins__.exit") + INPUT, "__builtins__"),
        (f"{MODEL}arguments = {{ d = 2020-01-01 }}\n{INPUT}", "'d'"),
    ],
)
def test_that_a_recipe_that_names_what_is_not_there_is_a_wrong_call(folder, capfd, text, said):
    assert export(folder, text) == WRONG_CALL
    printed = capfd.readouterr()
    assert said in printed.err
    assert "Traceback" not in printed.err
    assert sorted(path.name for path in folder.iterdir()) == ["good.py", "recipe.toml"]


@pytest.mark.slow
def test_that_an_input_that_does_not_fit_into_memory_is_a_failure(folder, capfd):
    assert export(folder, f'{MODEL}[[inputs]]\nname = "x"\nshape = [1099511627776, 4]\n') == 1
    assert "smaller shape" in capfd.readouterr().err
