"""Weights out of memory and back: the same bytes, in the same tensors, whatever happens meanwhile."""

import pytest
import torch
from exportdesk.core.torchscript import parked_weights
from exportdesk.core.torchscript.parked_weights import find_weights
from torch import nn


@pytest.fixture
def saved(tmp_path, monkeypatch):
    """A model with tied weights and a transposed buffer, and the file it was saved to."""
    monkeypatch.setattr(parked_weights, "_LEAST_BYTES", 2**16)
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(256, 256), nn.ReLU(), nn.Linear(256, 256))
    model[2].weight = model[0].weight
    model.register_buffer("table", torch.randn(512, 128).t())
    traced = torch.jit.trace(model.eval(), torch.randn(1, 256))
    traced.save(str(tmp_path / "m.pt"))
    return model, traced, tmp_path / "m.pt"


def test_that_weights_are_found_in_the_file_and_come_back_as_they_were(saved):
    model, traced, file = saved
    before = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    identities = {name: id(parameter) for name, parameter in model.named_parameters()}
    x = torch.randn(3, 256)
    expected = model(x)
    weights = find_weights(traced, file)
    assert weights.size_bytes == 256 * 256 * 4 + 512 * 128 * 4
    with weights.parked():
        assert model[0].weight.untyped_storage().nbytes() == 0
        assert model.table.untyped_storage().nbytes() == 0
    assert {name: id(parameter) for name, parameter in model.named_parameters()} == identities
    for name, tensor in model.state_dict().items():
        assert torch.equal(tensor, before[name])
    assert torch.equal(model(x), expected)
    assert torch.equal(traced(x), expected)


def test_that_weights_come_back_after_a_failure(saved):
    model, traced, file = saved
    before = model[0].weight.clone()
    with pytest.raises(KeyboardInterrupt), find_weights(traced, file).parked():
        raise KeyboardInterrupt
    assert torch.equal(model[0].weight, before)


def test_that_weights_that_are_not_in_the_file_stay_where_they_are(saved):
    model, traced, file = saved
    with torch.no_grad():
        model[0].weight[255, 255] += 1
    assert find_weights(traced, file).size_bytes == 512 * 128 * 4


def test_that_memory_that_others_look_into_stays_where_it_is(saved):
    model, traced, file = saved
    seen = model[0].weight.detach().numpy()
    weights = find_weights(traced, file)
    with weights.parked():
        assert seen[0, 0] == model[0].weight[0, 0].item()


def test_that_small_models_are_not_parked(tmp_path):
    traced = torch.jit.trace(nn.Linear(300, 300), torch.randn(1, 300))
    traced.save(str(tmp_path / "m.pt"))
    assert not find_weights(traced, tmp_path / "m.pt").is_worthwhile
    assert not find_weights(None, tmp_path / "m.pt").is_worthwhile
