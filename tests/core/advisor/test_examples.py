"""The guides' own models: what must be scripted in them is known."""

from pathlib import Path

import pytest
from exportdesk.core.advisor.advise import run_advise
from exportdesk.core.job_context import JobContext
from exportdesk.core.recipe.document import read_recipe
from exportdesk.core.results import Advice

EXAMPLES = Path(__file__).resolve().parents[3] / "resources" / "examples"


def advised(name: str) -> Advice:
    recipe = read_recipe(EXAMPLES / f"{name}.toml")
    return run_advise(recipe, EXAMPLES, JobContext())


@pytest.mark.parametrize("name", ["simple_net", "foo", "net", "net_forward", "chosen_activation"])
def test_that_nothing_is_scripted_where_a_trace_is_right(name: str) -> None:
    advice = advised(name)
    assert advice.marks == {}
    assert advice.is_verified
    assert advice.culprits == ()


@pytest.mark.parametrize(
    ("name", "child", "line"),
    [("control_flow_net", "loop_body", 30), ("control_flow_net_2", "loop_body", 31), ("loop_until", "body", 35)],
)
def test_that_a_loop_on_values_is_scripted_around_its_traced_body(name: str, child: str, line: int) -> None:
    advice = advised(name)
    assert advice.marks == {"": "script", child: "trace"}
    assert advice.is_verified
    (culprit,) = advice.culprits
    assert (culprit.module, culprit.line) == ("", line)
    assert culprit.probe is not None
