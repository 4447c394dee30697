"""Private names of torch that the product uses: a release that moves one must fail here, not at a user's desk."""

import torch
from torch.jit import _trace


def test_that_the_tracers_warning_is_where_we_look_for_it() -> None:
    assert issubclass(_trace.TracerWarning, Warning)


def test_that_graphs_can_be_made_comparable() -> None:
    assert callable(torch._C._jit_pass_canonicalize)
    assert callable(torch._C._jit_pass_erase_shape_information)
