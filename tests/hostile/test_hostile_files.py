"""Weights and samples as they lie about, and as somebody who means harm would write them: nothing in them is run."""

import argparse
import os
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.inputs.sample_files import read_sample
from exportdesk.core.model_file.weights import load_weights
from torch import nn


class Bomb:
    def __init__(self, place: Path) -> None:
        self.place = place

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.place),)


def net() -> nn.Sequential:
    return nn.Sequential(nn.Linear(2, 2), nn.BatchNorm1d(2))


STATE = {key: value + 3 for key, value in net().state_dict().items()}


def prefixed(*prefixes: str) -> dict[str, torch.Tensor]:
    return {f"{''.join(prefixes)}{key}": value for key, value in STATE.items()}


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({"state_dict": prefixed("module.")}, id="of DataParallel"),
        pytest.param(prefixed("_orig_mod.", "module."), id="of torch.compile and DataParallel"),
        pytest.param({"model": prefixed("backbone.")}, id="of a module around it"),
        pytest.param({"state_dict": STATE, "args": argparse.Namespace(lr=1)}, id="with the options of the training"),
        pytest.param({"model": STATE, "best": np.float64(0.5), "step": np.int64(3)}, id="with numbers of NumPy"),
    ],
)
def test_that_a_checkpoint_of_a_training_is_read(tmp_path: Path, content: Any) -> None:
    torch.save(content, tmp_path / "w.pt")
    module = net()
    load_weights(module, tmp_path / "w.pt", is_strict=True)
    assert all(torch.equal(value, STATE[key]) for key, value in module.state_dict().items())


@pytest.mark.parametrize(
    ("content", "words"),
    [
        pytest.param(lambda folder: {"0.weight": Bomb(folder / "harm")}, "Python objects", id="a bomb"),
        pytest.param(lambda folder: net(), "such as torch.nn.modules.container.Sequential", id="a whole model"),
        pytest.param(lambda folder: {1: torch.ones(2)}, "no state dict", id="numbers for names"),
        pytest.param(lambda folder: [1, 2], "no state dict", id="a list"),
        pytest.param(lambda folder: {**STATE, "0.weight": torch.ones(3, 2)}, "another shape", id="another shape"),
        pytest.param(lambda folder: {"a.0.weight": torch.ones(2, 2)}, "missing in the file", id="a part"),
    ],
)
@pytest.mark.parametrize("write", [torch.save, lambda content, file: file.write_bytes(pickle.dumps(content))])
def test_that_weights_that_cannot_be_taken_are_refused_with_the_reason(
    tmp_path: Path, content: Callable[[Path], Any], words: str, write: Callable[[Any, Path], None]
) -> None:
    file = tmp_path / "w.pt"
    write(content(tmp_path), file)
    with pytest.raises(ExportDeskError) as raised:
        load_weights(net(), file, is_strict=True)
    assert raised.value.failure.code in ("model.weights", "model.weights-mismatch")
    if write is torch.save:
        assert words in raised.value.failure.message
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("content", [b"", b"root:x:0:0:root\n", b"\x80", b"PK\x03\x04 and no more"])
def test_that_what_is_no_weights_file_is_told_in_words(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "w.pt").write_bytes(content)
    with pytest.raises(ExportDeskError) as raised:
        load_weights(net(), tmp_path / "w.pt", is_strict=True)
    message = raised.value.failure.message
    assert raised.value.failure.code == "model.weights"
    assert not any(word in message for word in ("list index", "EOFError", "Traceback", "NoneType"))


def test_that_a_sample_with_pickled_objects_is_refused_without_telling_how_to_run_it(tmp_path: Path) -> None:
    (tmp_path / "x.npy").write_bytes(pickle.dumps(Bomb(tmp_path / "harm")))
    with pytest.raises(ExportDeskError) as raised:
        read_sample(tmp_path / "x.npy", "x")
    assert "would run code" in raised.value.failure.message
    assert "allow_pickle" not in raised.value.failure.message
    assert not (tmp_path / "harm").exists()


def test_that_lazy_layers_take_weights_of_any_size(tmp_path: Path) -> None:
    torch.save({"0.weight": torch.ones(3, 5), "0.bias": torch.zeros(3)}, tmp_path / "w.pt")
    module = nn.Sequential(nn.LazyLinear(3))
    load_weights(module, tmp_path / "w.pt", is_strict=True)
    assert module(torch.ones(1, 5)).tolist() == [[5.0, 5.0, 5.0]]
