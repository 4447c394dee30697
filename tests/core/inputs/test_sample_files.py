"""Samples from files: which dtype they become, and what is said of those that cannot be read."""

import numpy as np
import pytest
import torch
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.inputs.binding import Binding
from exportdesk.core.inputs.sample_files import read_sample
from exportdesk.core.inputs.values import Variation, make_arguments
from exportdesk.core.recipe.input_text import parse_input
from exportdesk.core.recipe.model import FileFill


def made(folder, text):
    binding = Binding(positional=(parse_input(text),), keyword=())
    return make_arguments(binding, Variation(seed=0), folder=folder, device="cpu").positional[0]


@pytest.mark.parametrize(
    ("dtype", "text", "expected"),
    [
        ("float64", "x=@x.npy", torch.float32),
        ("float64", "x=@x.npy:float64", torch.float64),
        (">f4", "x=@x.npy", torch.float32),
        ("float16", "x=@x.npy:float16", torch.float16),
        ("int64", "x=@x.npy", torch.int64),
        ("int64", "x=@x.npy:float16", torch.float16),
        ("bool", "x=@x.npy", torch.bool),
    ],
)
def test_that_a_sample_has_the_dtype_that_was_asked_for(tmp_path, dtype, text, expected):
    values = np.arange(6).reshape(2, 3).astype(dtype)
    np.save(tmp_path / "x.npy", values)
    tensor = made(tmp_path, text)
    assert tensor.dtype is expected
    assert torch.equal(tensor.double(), torch.from_numpy(values.astype("float64")))


def test_that_a_colon_in_a_path_is_no_dtype():
    assert parse_input("x=@C:/samples/x.npy").fill == FileFill(file="C:/samples/x.npy")
    assert parse_input("x=@a:b").fill == FileFill(file="a:b")


def test_that_a_sample_that_would_run_code_is_refused_in_plain_words(tmp_path):
    torch.save(torch.nn.Linear(2, 2), tmp_path / "x.pt")
    with pytest.raises(ExportDeskError, match="reading those would run code") as caught:
        read_sample(tmp_path / "x.pt", "x")
    assert "\x1b" not in caught.value.failure.message
    assert caught.value.failure.code == "call.sample"
