"""A pytest plugin that lets coremltools' own tests of MIL operations predict with the reference executor.

The tests believe in macOS 15; ``MLModel.predict`` and ``make_state`` are answered by ``ReferenceModel`` on the package
that the test has just written.
"""

import inspect
import os
import random
import re
from typing import Any

import coremltools
import numpy as np
import pytest
from coremltools import _deps
from coremltools.models import MLModel
from coremltools.models import utils as model_utils
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.mil import ReferenceModel
from exportdesk.core.mil.program import walk
from report import LAST_PLACE, Outcome

_deps._IS_MACOS = True
model_utils._macos_version = lambda: (15, 0)
coremltools.utils._macos_version = lambda: (15, 0)

from coremltools.converters.mil import testing_utils  # noqa: E402 - it asks for the platform when it is imported

LACKS_DIGITS = "half precision has fewer digits than the test's tolerance asks for"


def _reference(model: Any) -> Any:
    if not hasattr(model, "_exportdesk_reference"):
        model._exportdesk_reference = ReferenceModel(model.package_path, function=model.function_name)
    return model._exportdesk_reference


def _predict(self: Any, data: Any, state: Any = None) -> Any:
    try:
        return _reference(self).predict(data, state)
    except ExportDeskError as error:
        # The words of Core ML's own error, which some tests look for.
        raise RuntimeError(f"Unable to compute the prediction using ML Program: {error}") from error


def _make_state(self: Any) -> Any:
    return _reference(self).make_state()


def _holds_halves(model: Any) -> bool:
    """Whether the program rounds anything to half: an input, a weight, a result."""
    reference = _reference(model)
    inputs = reference.package.program.functions[reference.function_name].inputs
    kinds = [named.type for operation in walk(reference.body) for named in operation.outputs]
    kinds += [named.type for named in inputs]
    return any(getattr(kind, "dtype", "") == "fp16" for kind in kinds)


def _lacks_digits(actual: Any, expected: Any, atol: float, rtol: float) -> bool:
    """Whether two arrays differ by no more than half precision explains."""
    if not isinstance(actual, np.ndarray) or not isinstance(expected, np.ndarray):
        return False
    # Inputs, weights and result are rounded to half each, 2**-11 of their size; sums and recurrent layers carry it on.
    # coremltools itself allows 0.5 + 5 % for its fp16 backend.
    wide, wanted = actual.astype(np.float64), expected.astype(np.float64)
    largest = float(np.abs(wanted).max(initial=0))
    return np.allclose(wide, wanted, atol=atol + 2**-8 * largest, rtol=rtol)


def _compare(*args: Any, **kwargs: Any) -> Any:
    """coremltools' comparison; where halves have too few digits for it, one by the last place of a half.

    With ``INCLUDE_MIL_FP32_UNIT_TESTS`` programs of half precision are compared at float32's tolerance of 1e-4, which
    is less than the last place of a half above 0.1. So it counts, and is told apart in the report, if each number is
    right to one unit in the last place of a half. What is off by little more, since inputs and weights are halves and
    sums and recurrent layers carry that on, is an expected failure.
    """
    try:
        return _original_compare(*args, **kwargs)
    except AssertionError:
        bound = inspect.signature(_original_compare).bind(*args, **kwargs)
        bound.apply_defaults()
        given = bound.arguments
        if given["state"] is not None or not _holds_halves(given["mlmodel"]):
            raise
        actual = testing_utils.run_core_ml_predict(given["mlmodel"], given["input_key_values"])
        pairs = [
            (testing_utils._get_coreml_out_from_dict(actual, name), expected)
            for name, expected in given["expected_outputs"].items()
        ]
        if not all(_lacks_digits(*pair, given["atol"], given["rtol"]) for pair in pairs):
            raise
    if not all(_is_right_to_the_last_place(*pair, given["atol"]) for pair in pairs):
        pytest.xfail(LACKS_DIGITS)
    _to_the_last_place.add(os.environ["PYTEST_CURRENT_TEST"].rpartition(" ")[0])
    return actual


def _is_right_to_the_last_place(actual: np.ndarray[Any, Any], expected: np.ndarray[Any, Any], atol: float) -> bool:
    with np.errstate(over="ignore"):
        place = np.spacing(np.abs(expected).astype(np.float16)).astype(np.float64)
    difference = np.abs(actual.astype(np.float64) - expected.astype(np.float64))
    return bool((difference <= atol + place).all())


_to_the_last_place: set[str] = set()
"""Tests that passed so, and not by coremltools' own comparison."""


_original_compare = testing_utils.compare_backend
testing_utils.compare_backend = _compare
MLModel.predict = _predict
MLModel.make_state = _make_state


sample, seed = 0, 0
"""How many tests to choose at random, 0 for all; set by whoever starts pytest."""
names: frozenset[str] = frozenset()
"""Run these tests only, whatever the sample, if there are any; spaces and lines in a name do not count."""
outcomes: list[Outcome] = []


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    if names:
        items[:] = [item for item in items if "".join(item.nodeid.split()) in names]
        return
    if 0 < sample < len(items):
        chosen = random.Random(seed).sample(range(len(items)), sample)
        items[:] = [items[index] for index in sorted(chosen)]


def pytest_runtest_logreport(report: pytest.TestReport) -> None:
    if report.when != "call" and report.outcome != "skipped" and not report.failed:
        return
    test = re.sub(r"^.*?(\w+/test_)", r"\1", report.nodeid.split("[")[0])
    outcome = report.outcome
    if LACKS_DIGITS in str(getattr(report, "wasxfail", "")):
        outcome = "lacks digits"
    elif report.passed and report.nodeid in _to_the_last_place:
        outcome = LAST_PLACE
    crash = getattr(report.longrepr, "reprcrash", None)
    reason = str(crash.message).strip().splitlines()[0][:160] if report.failed and crash else ""
    outcomes.append(Outcome(test, outcome, reason))
