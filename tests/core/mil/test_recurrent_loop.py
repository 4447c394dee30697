"""The converter's loop for a gated recurrent layer: computed as one layer, with the numbers that the loop gives."""

from pathlib import Path

import coremltools as ct
import numpy as np
import pytest
import torch
from exportdesk.core.mil import ReferenceModel
from exportdesk.core.mil.recurrent_loop import GatedLoop

pytestmark = [
    # coremltools leaves temporary folders to the garbage collector.
    pytest.mark.filterwarnings("ignore:Implicitly cleaning up", "ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore::torch.jit.TracerWarning"),
]


def _package(folder: Path, layer: torch.nn.Module, shape: tuple[int, ...], precision: ct.precision) -> Path:
    class Net(torch.nn.Module):
        def __init__(self) -> None:
            super().__init__()
            self.layer = layer

        def forward(self, x: torch.Tensor) -> torch.Tensor:
            return self.layer(x)[0]

    with torch.no_grad():
        traced = torch.jit.trace(Net().eval(), torch.zeros(shape))
    path = folder / "gru.mlpackage"
    ct.convert(
        traced,
        inputs=[ct.TensorType(name="x", shape=shape)],
        outputs=[ct.TensorType(name="y")],
        compute_precision=precision,
        minimum_deployment_target=ct.target.iOS18,
        skip_model_load=True,
        package_dir=str(path),
    )
    return path


@pytest.mark.parametrize("precision", ["FLOAT32", "FLOAT16"])
@pytest.mark.parametrize("options", [{}, {"bidirectional": True, "bias": False}])
def test_that_a_gated_layer_gives_the_numbers_of_its_loop(
    precision: str, options: dict[str, bool], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    torch.manual_seed(0)
    layer = torch.nn.GRU(6, 5, **options)
    path = _package(tmp_path, layer, (7, 2, 6), ct.precision[precision])
    as_layer = []
    run = GatedLoop.run
    monkeypatch.setattr(GatedLoop, "run", lambda *values: as_layer.append(run(*values)) or as_layer[-1])
    x = torch.randn(7, 2, 6).half().float()
    model = ReferenceModel(path)
    found = model.predict({"x": x})["y"]
    assert len(as_layer) == (2 if options else 1), "each direction is one layer"
    assert all(result is not None for result in as_layer)
    turn_by_turn = model.predict({"x": x}, observe=lambda name, array: None)["y"]
    assert found.dtype == (np.float16 if precision == "FLOAT16" else np.float32)
    allowed = 2**-10 if precision == "FLOAT16" else 1e-6
    np.testing.assert_allclose(found, turn_by_turn, atol=allowed)
    np.testing.assert_allclose(found, layer(x)[0].detach(), atol=4e-3 if precision == "FLOAT16" else 1e-6)
