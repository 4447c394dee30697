"""The corpus: models that depend on their input in different ways, and models that only look so."""

from pathlib import Path

import pytest

from .advising import advise_file, scripted
from .models_that_depend import CASES as DEPEND
from .models_that_only_look import CASES as ONLY_LOOK
from .models_that_only_look import TRAINING_CASES

HERE = Path(__file__).parent


def test_that_the_corpus_is_large_enough() -> None:
    assert len(DEPEND) >= 30
    assert len(ONLY_LOOK) + len(TRAINING_CASES) >= 30


@pytest.mark.parametrize("entry", list(DEPEND))
def test_that_exactly_what_depends_on_its_input_is_scripted(entry: str) -> None:
    inputs, wanted = DEPEND[entry]
    advice = advise_file(HERE / "models_that_depend.py", entry, inputs)
    assert scripted(advice) == wanted
    assert advice.is_verified
    assert {culprit.module for culprit in advice.culprits} >= wanted
    for place in advice.places:
        # A place in a scripted module may be harmless by itself: the first half of `if a and b`.
        assert place.verdict != "harmless" or any(p.verdict == "changes the output" for p in advice.places)


@pytest.mark.parametrize("entry", list(ONLY_LOOK))
def test_that_nothing_is_scripted_where_a_trace_is_right(entry: str) -> None:
    advice = advise_file(HERE / "models_that_only_look.py", entry, ONLY_LOOK[entry])
    assert advice.marks == {}
    assert advice.is_verified
    assert advice.culprits == ()
    assert not any(place.verdict == "changes the output" for place in advice.places)


@pytest.mark.parametrize("entry", list(TRAINING_CASES))
def test_that_random_layers_are_not_blamed_on_the_trace(entry: str) -> None:
    advice = advise_file(HERE / "models_that_only_look.py", entry, TRAINING_CASES[entry], mode="train")
    assert advice.marks == {}
    assert advice.is_verified


def test_that_a_loop_over_a_size_is_scripted_only_where_the_size_may_vary() -> None:
    fixed = advise_file(HERE / "models_that_depend.py", "Columns", ["x=2,5"])
    assert fixed.marks == {}
    assert fixed.is_verified
    flexible = advise_file(HERE / "models_that_depend.py", "Columns", ["x=2,3..9=5"])
    assert flexible.marks == {"": "script"}


@pytest.mark.parametrize(("activation", "is_scripted"), [("relu", False), ("gelu", False)])
def test_that_a_choice_of_the_constructor_is_not_scripted(activation: str, is_scripted: bool) -> None:
    file = HERE / "models_that_only_look.py"
    advice = advise_file(file, "ChosenActivation", ["x=2,5"], arguments={"activation": activation})
    assert bool(advice.marks) is is_scripted
