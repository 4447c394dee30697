"""Models written by hand before the advisor was looked at, each with its right answer in its first lines."""

import importlib.util
import re
from pathlib import Path

import pytest
from exportdesk.core.results import Advice

from .advising import advise_file, scripted

FOLDER = Path(__file__).parent / "held_out"
MODELS = sorted(FOLDER.glob("*.py"))
_DIAGNOSTICS = {
    "random": {"model.random"},
    "state": {"model.not-repeatable", "model.keeps-state"},
    "nan": {"model.not-finite"},
}


def answers(advice: Advice, wanted: str) -> bool:
    """Whether an advice is what ``none``, ``script: a, b``, ``impossible: a``, ``state: a`` and so on say."""
    kind, _, names = wanted.strip().partition(":")
    paths = {"" if name.strip() == "<model>" else name.strip() for name in names.split(",")}
    match kind:
        case "none":
            return advice.is_verified and not scripted(advice)
        case "script":
            return advice.is_verified and scripted(advice) == paths
        case "impossible":
            return not advice.is_verified and not advice.marks and paths <= {c.module for c in advice.culprits}
        case "undecided":
            return all(place.verdict != "harmless" for place in advice.places if place.module in paths)
        case "any":
            return advice.is_verified or not advice.marks
        case _:
            return any(d.code in _DIAGNOSTICS[kind] and d.module in paths for d in advice.diagnostics)


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the models are other people's, and so are their warnings
@pytest.mark.parametrize("file", MODELS, ids=[file.stem for file in MODELS])
def test_that_a_model_nobody_tuned_for_is_answered_rightly(file: Path) -> None:
    text = file.read_text(encoding="utf-8")
    if "transformers" in text and importlib.util.find_spec("transformers") is None:
        pytest.skip("transformers is not installed")
    run, expect = (re.search(rf"# {word}: (.*)", text) for word in ("run", "expect"))
    assert run
    assert expect
    entry, *inputs = run[1].split(" --input ")
    advice = advise_file(file, entry.strip(), [text.strip() for text in inputs])
    assert any(answers(advice, wanted) for wanted in expect[1].split("|")), (advice.marks, advice.culprits)


def test_that_there_are_enough_of_them() -> None:
    assert len(MODELS) >= 60
