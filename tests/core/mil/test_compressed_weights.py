"""Compressed weights: every scheme of coremltools runs as the program with the weights unpacked by coremltools itself."""

import coremltools as ct
import coremltools.optimize.coreml as cto
import numpy as np
import pytest
import torch
from exportdesk.core.mil import ReferenceModel
from exportdesk.core.mil.program import walk

pytestmark = pytest.mark.filterwarnings(
    "ignore:Implicitly cleaning up", "ignore::pytest.PytestUnraisableExceptionWarning"
)


def palettized(model, **options):
    config = cto.OpPalettizerConfig(mode="uniform", weight_threshold=10, **options)
    return cto.palettize_weights(model, cto.OptimizationConfig(global_config=config))


def quantized(model, joint=False, **options):
    config = cto.OpLinearQuantizerConfig(weight_threshold=10, **options)
    return cto.linear_quantize_weights(model, cto.OptimizationConfig(global_config=config), joint_compression=joint)


def pruned(model):
    config = cto.OpMagnitudePrunerConfig(target_sparsity=0.6, weight_threshold=10)
    return cto.prune_weights(model, cto.OptimizationConfig(global_config=config))


SCHEMES = {
    "1 bit": ("iOS16", lambda model: palettized(model, nbits=1)),
    "4 bits": ("iOS16", lambda model: palettized(model, nbits=4)),
    "6 bits": ("iOS17", lambda model: palettized(model, nbits=6)),
    "int8": ("iOS16", lambda model: quantized(model, mode="linear")),
    "pruned": ("iOS16", pruned),
    "3 bits": ("iOS18", lambda model: palettized(model, nbits=3)),
    "tables by group": (
        "iOS18",
        lambda model: palettized(model, nbits=4, granularity="per_grouped_channel", group_size=4),
    ),
    "table and scale": ("iOS18", lambda model: palettized(model, nbits=4, enable_per_channel_scale=True)),
    "int4 by block": (
        "iOS18",
        lambda model: quantized(model, mode="linear", dtype="int4", granularity="per_block", block_size=4),
    ),
    "uint4": ("iOS18", lambda model: quantized(model, mode="linear", dtype="uint4")),
    "pruned, then int8": ("iOS18", lambda model: quantized(pruned(model), joint=True)),
}


@pytest.fixture(scope="module")
def traced():
    layers = (
        torch.nn.Conv2d(4, 16, 3),
        torch.nn.ReLU(),
        torch.nn.Conv2d(16, 8, 1),
        torch.nn.Flatten(),
        torch.nn.Linear(32, 16),
    )
    return torch.jit.trace(torch.nn.Sequential(*layers).eval(), torch.rand(1, 4, 4, 4))


@pytest.mark.parametrize("scheme", SCHEMES)
def test_that_compressed_weights_are_what_coremltools_unpacks(traced, scheme: str) -> None:
    target, compress = SCHEMES[scheme]
    model = ct.convert(
        traced,
        inputs=[ct.TensorType(name="x", shape=(1, 4, 4, 4))],
        outputs=[ct.TensorType(name="y")],
        minimum_deployment_target=ct.target[target],
        skip_model_load=True,
    )
    compressed = compress(model)
    ours = ReferenceModel(compressed)
    assert any(operation.type.startswith("constexpr_") for operation in walk(ours.body))
    x = {"x": np.random.default_rng(0).normal(size=(1, 4, 4, 4)).astype(np.float32)}
    unpacked = ReferenceModel(cto.decompress_weights(compressed))
    assert not any(operation.type.startswith("constexpr_") for operation in walk(unpacked.body))
    np.testing.assert_array_equal(ours.predict(x)["y"], unpacked.predict(x)["y"])
