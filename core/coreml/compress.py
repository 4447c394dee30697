"""Make the weights of a converted model smaller, and say what was and was not compressed."""

import importlib
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np

from ..diagnostics import Diagnostic, Severity
from ..errors import fail
from ..recipe.model import CoreMLCompression
from .replacing import replaced
from .toolkit import coremltools


def compress(
    model: Any, steps: Sequence[CoreMLCompression], *, keeps_given: bool = False, only: str | None = None
) -> tuple[Any, list[Diagnostic]]:
    """Return the compressed model, in a package of its own, and notes about it.

    Args:
        model: coremltools' MLModel. Its package is removed, unless ``keeps_given``.
        only: the name of the one weight to compress; None compresses all.

    Raises:
        ExportDeskError: ``convert.compression`` where a step changed weights that it then did not compress.
    """
    notes: list[Diagnostic] = []
    for position, step in enumerate(steps):
        before, previous = weights_of(model), model.package_path
        model = _applied(model, step, is_joint=position > 0, only=only)
        if position > 0 or not keeps_given:
            shutil.rmtree(previous, ignore_errors=True)
        notes.append(_note(step, before, weights_of(model), compressed_names(model)))
    return model, notes


def _applied(model: Any, step: CoreMLCompression, *, is_joint: bool, only: str | None) -> Any:
    optimize = coremltools().optimize.coreml
    match step.method:
        case "palettize":
            settings: dict[str, Any] = {"mode": "kmeans", "nbits": step.bits}
            if step.granularity != "tensor":
                settings |= {
                    "granularity": "per_grouped_channel",
                    "group_size": step.size if step.granularity == "group" else 1,
                }
            kind, apply = optimize.OpPalettizerConfig, optimize.palettize_weights
        case "quantize":
            settings = {
                "mode": "linear_symmetric" if step.symmetric else "linear",
                "dtype": f"int{step.bits}",
                "granularity": f"per_{step.granularity}",
            }
            if step.granularity == "block":
                settings["block_size"] = step.size
            kind, apply = optimize.OpLinearQuantizerConfig, optimize.linear_quantize_weights
        case "prune":
            settings = {"target_sparsity": step.sparsity}
            kind, apply = optimize.OpMagnitudePrunerConfig, optimize.prune_weights
    settings["weight_threshold"] = step.smallest
    own = dict.fromkeys(step.skip) if only is None else {only: kind(**settings)}
    config = optimize.OptimizationConfig(
        global_config=kind(**settings) if only is None else None, op_name_configs=own or None
    )
    with _exact_clusters():
        return apply(model, config, joint_compression=is_joint)


@contextmanager
def _exact_clusters() -> Iterator[None]:
    """Cluster every weight with the exact method for numbers that coremltools carries.

    For small weights it would ask for scikit-learn, which it does not bring along.
    """
    passes = importlib.import_module("coremltools.optimize.coreml._quantization_passes")
    clustered = passes._get_kmeans_lookup_table_and_weight

    def exactly(bits: int, weight: Any, **settings: Any) -> Any:
        if settings.get("cluster_dim", 1) == 1:
            settings["force_kmeans1d"] = True
        return clustered(bits, weight, **settings)

    with replaced(passes, "_get_kmeans_lookup_table_and_weight", exactly):
        yield


def weights_of(model: Any) -> dict[str, np.ndarray[Any, Any]]:
    """Return the uncompressed weights of a model's program by operation name."""
    return {
        operation.name: np.asarray(operation.val.val)
        for function in _program_of(model).functions.values()
        for operation in function.operations
        if operation.op_type == "const" and isinstance(operation.val.val, np.ndarray) and operation.val.val.size > 1
    }


def _program_of(model: Any) -> Any:
    """Return the program of a model that was converted, or read it of one that was loaded from its file."""
    if model._mil_program is not None:
        return model._mil_program
    models = importlib.import_module("coremltools.models.utils")
    version = model.get_spec().specificationVersion
    return models._convert_model_spec_to_pymil_prog(model, version, models._milproto_to_pymil.load)


def compressed_names(model: Any) -> list[str]:
    """Return the names of the weights that are stored in a compressed form."""
    return [
        operation.name
        for function in model._mil_program.functions.values()
        for operation in function.operations
        if operation.op_type.startswith("constexpr_")
        # Of weights compressed twice, one unpacks what the other has unpacked.
        and not any(reader.op_type.startswith("constexpr_") for reader in operation.outputs[0].child_ops)
    ]


def _note(
    step: CoreMLCompression,
    before: dict[str, np.ndarray[Any, Any]],
    after: dict[str, np.ndarray[Any, Any]],
    compressed: list[str],
) -> Diagnostic:
    # Defect of coremltools (issue 2777): a weight that palettisation skips comes out divided by its scale.
    changed = [
        name
        for name, weight in after.items()
        if name in before
        and weight.shape == before[name].shape
        and weight.dtype == before[name].dtype
        and not np.array_equal(weight, before[name], equal_nan=weight.dtype.kind == "f")
    ]
    if changed:
        fail(
            "convert.compression",
            f"The step {step.method!r} changed the weights of {', '.join(changed[:3])} without compressing them "
            "(a defect of coremltools: github.com/apple/coremltools/issues/2777).",
            hint="Name these operations in skip, or use another granularity.",
        )
    left = [name for name, weight in after.items() if name in before and weight.size >= max(step.smallest, 2)]
    how = {"palettize": f"a table of {2**step.bits} values", "quantize": f"{step.bits} bits", "prune": "sparse form"}
    return Diagnostic(
        code="convert.compressed",
        severity=Severity.NOTE if compressed else Severity.WARNING,
        message=f"{len(compressed)} weights are stored as {how[step.method]}"
        + (f"; {len(left)} of {step.smallest} or more elements stayed as they were." if left else "."),
        hint=None
        if compressed
        else "Every weight is smaller than `smallest`, or is used in a way that has no compressed form.",
        evidence=", ".join(left[:8]) or None,
    )
