"""Each MIL operation alone, against values that were worked out without the executor."""

import numpy as np
import pytest

from .cases import elementwise_cases, matrix_cases, norm_cases, reduction_cases, window_cases
from .more_cases import other_cases
from .single import run_single, typed, value_of

CASES = [
    *elementwise_cases(), *reduction_cases(), *window_cases(), *norm_cases(), *matrix_cases(), *other_cases()
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "opset", "variables", "constants", "expected"),
    CASES,
    ids=[f"{case[0]}-{case[1]}-{index}" for index, case in enumerate(CASES)],
)
def test_that_an_operation_gives_the_values_of_its_definition(name, opset, variables, constants, expected) -> None:
    wanted = [typed(value) for value in expected]
    results = run_single(name, opset, variables, constants, [(value_of(v).type.dtype, v.shape) for v in wanted])
    for result, value in zip(results, wanted, strict=True):
        assert result.dtype == value.dtype
        np.testing.assert_allclose(result, value, rtol=2e-5, atol=2e-6)
