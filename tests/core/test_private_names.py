"""Private names of torch that the product uses: a release that moves one must fail here, not at a user's desk."""

import torch.testing._comparison as comparison
from torch.jit import _trace


def test_that_the_switch_for_distributed_tensors_is_where_we_look_for_it() -> None:
    assert isinstance(comparison._HAS_DTENSOR, bool)


def test_that_the_tracers_warning_and_error_are_where_we_look_for_them() -> None:
    assert issubclass(_trace.TracerWarning, Warning)
    assert issubclass(_trace.TracingCheckError, Exception)
