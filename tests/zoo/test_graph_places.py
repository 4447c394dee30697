"""Every architecture's graph, in TorchScript and in Core ML: each node knows its module and its line, none overlaps."""

import sys
import warnings
from pathlib import Path

import pytest
import torch
from exportdesk.core.coreml.convert import convert
from exportdesk.core.coreml.inputs import ConvertedInput
from exportdesk.core.errors import ExportDeskError
from exportdesk.core.graph.files import graph_of_file
from exportdesk.core.graph.layout import LayoutEngine
from exportdesk.core.job_context import JobContext
from exportdesk.core.recipe.model import CoreML
from exportdesk.core.torchscript.kept_state import inference

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]
pytest.importorskip("transformers")
sys.path.insert(0, str(Path(__file__).parent))
sys.path.insert(0, str(Path(__file__).parents[1] / "core" / "graph"))

from architectures import BUILDERS  # noqa: E402
from known_places import assert_places_are_known  # noqa: E402
from test_layout import assert_is_good  # noqa: E402

NOT_SAVED = {"bloom"}
"""Torch does not save what calls a Python function."""


@pytest.mark.parametrize("name", [name for name in BUILDERS if name not in NOT_SAVED])
def test_that_every_node_has_its_place_in_the_source_and_in_the_picture(name: str, tmp_path: Path) -> None:
    torch.manual_seed(0)
    with warnings.catch_warnings(), inference():
        warnings.simplefilter("ignore")
        model, example = BUILDERS[name]()
        compiled = torch.jit.trace(model.eval(), example, check_trace=False, strict=False)
        compiled.save(str(tmp_path / "model.pt"))
        assert_is_known_and_drawn(tmp_path / "model.pt", model)
        inputs = [
            ConvertedInput(f"x{position}", tuple(value.shape), str(value.dtype).removeprefix("torch."))
            for position, value in enumerate(example)
        ]
        try:
            converted = convert(compiled, inputs, CoreML(precision="float32"), JobContext(), staging=tmp_path)
        except ExportDeskError:
            return  # test_zoo knows which ones do not convert
        assert_is_known_and_drawn(converted.save(tmp_path / "model.mlpackage"), model)


def assert_is_known_and_drawn(file: Path, model: torch.nn.Module) -> None:
    graph = graph_of_file(file)
    assert_places_are_known(graph, "", model)
    engine = LayoutEngine(graph)
    for opened in (engine.everything(), engine.first_view()):
        assert_is_good(engine, engine.layout(opened))
