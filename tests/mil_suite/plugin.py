"""A pytest plugin that lets coremltools' own tests of MIL operations predict with the reference executor.

The tests believe in macOS 15; ``MLModel.predict`` and ``make_state`` are answered by ``ReferenceModel`` on the package
that the test has just written. ``--mil-sample N`` keeps a random sample.
"""

import random
from typing import Any

import coremltools
import pytest
from coremltools import _deps
from coremltools.models import MLModel
from coremltools.models import utils as model_utils

_deps._IS_MACOS = True
model_utils._macos_version = lambda: (15, 0)
coremltools.utils._macos_version = lambda: (15, 0)


def _reference(model: Any) -> Any:
    from exportdesk.core.mil import ReferenceModel

    if not hasattr(model, "_exportdesk_reference"):
        model._exportdesk_reference = ReferenceModel(model.package_path, function=model.function_name)
    return model._exportdesk_reference


def _predict(self: Any, data: Any, state: Any = None) -> Any:
    return _reference(self).predict(data, state)


def _make_state(self: Any) -> Any:
    return _reference(self).make_state()


MLModel.predict = _predict
MLModel.make_state = _make_state


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--mil-sample", type=int, default=0, help="run a random sample of this many tests")
    parser.addoption("--mil-seed", type=int, default=0, help="seed of the sample")


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    count = config.getoption("--mil-sample")
    if 0 < count < len(items):
        chosen = random.Random(config.getoption("--mil-seed")).sample(range(len(items)), count)
        items[:] = [items[index] for index in sorted(chosen)]
