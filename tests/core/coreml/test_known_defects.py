"""Models that coremltools 9.0 refuses or computes wrongly, and that are right with what is worked round."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from exportdesk.core.coreml.convert import convert
from exportdesk.core.coreml.inputs import ConvertedInput
from exportdesk.core.job_context import JobContext
from exportdesk.core.mil import ReferenceModel
from exportdesk.core.recipe.model import CoreML
from torch import Tensor, nn

pytestmark = pytest.mark.filterwarnings("ignore:.*:torch.jit.TracerWarning")

X = torch.randn(3, 4)

SHARED: dict[str, Callable[[Tensor], Any]] = {
    "an input": lambda x: (x, x + 1),
    "an input twice": lambda x: (x, x),
    "an input that a dropout hands on": lambda x: nn.functional.dropout(x, 0.5, training=False),
    "a copy of an input": lambda x: x.clone().contiguous(),
    "a value twice": lambda x: (x + 1,) * 2,
    "values that become one": lambda x: (x.relu(), x, x.relu() * 1, x.relu()),
}


class Called(nn.Module):
    def __init__(self, function: Callable[[Tensor], Any]) -> None:
        super().__init__()
        self.function = function

    def forward(self, x: Tensor) -> Any:
        return self.function(x)


def answers(module: nn.Module, folder: Path, **options: Any) -> list[np.ndarray[Any, Any]]:
    compiled = torch.jit.trace(module.eval(), X, check_trace=False)
    package = convert(compiled, [ConvertedInput("x", (3, 4))], CoreML(**options), JobContext())
    return list(ReferenceModel(package.save(folder / "m.mlpackage")).predict({"x": X.numpy()}).values())


@pytest.mark.parametrize("precision", ["float32", "float16"])
@pytest.mark.parametrize("case", SHARED)
def test_that_each_output_has_a_value_of_its_own(case: str, precision: str, tmp_path: Path) -> None:
    expected = SHARED[case](X)
    expected = expected if isinstance(expected, tuple) else (expected,)
    given = answers(Called(SHARED[case]), tmp_path, precision=precision)
    assert len(given) == len(expected)
    for one, other in zip(given, expected, strict=True):
        np.testing.assert_allclose(one, other.numpy(), atol=3e-3)


def test_that_the_root_of_a_square_is_never_negative(tmp_path: Path) -> None:
    (given,) = answers(Called(lambda x: x.pow(2).sqrt()), tmp_path, precision="float32")
    np.testing.assert_allclose(given, X.abs().numpy(), rtol=1e-6)


def test_that_the_rest_of_a_division_by_one_is_kept(tmp_path: Path) -> None:
    (given,) = answers(Called(lambda x: x % 1), tmp_path, precision="float32")
    np.testing.assert_allclose(given, (X % 1).numpy(), atol=1e-6)
