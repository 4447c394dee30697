"""Samples in a bundle: inputs with the answers of the eager model, for whoever receives it to check against."""

import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import torch

from ..checks.probes import Probe
from ..checks.sample_gates import SampleGate
from ..checks.verdict import Expected
from ..inputs.nested import flatten

FOLDER = "samples"
_MOST = 2
_LARGEST_BYTES = 64 * 2**20


class Sample(msgspec.Struct, frozen=True, kw_only=True):
    """One sample, as the manifest lists it; files are relative to the bundle."""

    inputs: str
    """An ``.npz``: the tensors of the call in order, named as the model's arguments."""
    outputs: str
    """An ``.npz``: the tensors of the answer in order, named as the package's outputs."""
    description: str
    keyword: tuple[str, ...] = ()
    """Which of the inputs go by keyword; the others, in order, by position."""
    gate: SampleGate | None = None
    """What the package may be off; None where the export set no gate of its own."""


def write_samples(
    bundle: Path,
    probes: Sequence[Probe],
    expected: Sequence[Expected],
    output_names: Sequence[str],
    gates: Mapping[int, SampleGate],
) -> tuple[Sample, ...]:
    """Write the first probes that have an answer; none where an argument is nested, or where they would be large.

    Those on which rounding decides come last: a package cannot be checked on them.

    Args:
        gates: what the package may be off, by the index of the probe.
    """
    samples: list[Sample] = []
    rows = list(enumerate(zip(probes, expected, strict=True)))
    rows.sort(key=lambda row: row[0] in gates and gates[row[0]].decided_by_rounding is not None)
    for index, (probe, answer) in rows:
        if len(samples) == _MOST or answer.problem is not None:
            continue
        arguments = probe.named_tensors
        outputs = [tensor for _, tensor in flatten(answer.output)]
        if arguments is None or sum(_bytes(value) for value in [*arguments.values(), *outputs]) > _LARGEST_BYTES:
            continue
        names = output_names if len(output_names) == len(outputs) else [f"output_{i}" for i in range(len(outputs))]
        (bundle / FOLDER).mkdir(exist_ok=True)
        sample = Sample(
            inputs=f"{FOLDER}/{len(samples)}.inputs.npz",
            outputs=f"{FOLDER}/{len(samples)}.outputs.npz",
            description=probe.variation.description,
            keyword=tuple(probe.arguments.keyword),
            gate=gates.get(index),
        )
        _write(bundle / sample.inputs, arguments)
        _write(bundle / sample.outputs, dict(zip(names, outputs, strict=True)))
        samples.append(sample)
    return tuple(samples)


def read_tensors(file: Path) -> dict[str, torch.Tensor]:
    """Read the tensors of one side of a sample; nothing in the file is run."""
    with np.load(file, allow_pickle=False) as archive:
        return {name: torch.from_numpy(archive[name]) for name in archive.files}


def _write(file: Path, tensors: Mapping[str, torch.Tensor]) -> None:
    """Write an ``.npz``; unlike ``np.savez`` this takes any name, ``file`` included."""
    with zipfile.ZipFile(file, "w") as archive:
        for name, tensor in tensors.items():
            with archive.open(f"{name}.npy", "w") as member:
                np.lib.format.write_array(member, _array(tensor), allow_pickle=False)  # type: ignore[no-untyped-call]


def _array(tensor: torch.Tensor) -> np.ndarray[Any, Any]:
    tensor = tensor.detach().cpu()
    if tensor.layout is not torch.strided:
        tensor = tensor.to_dense()
    if tensor.is_quantized:
        tensor = tensor.dequantize()
    array: np.ndarray[Any, Any] = (tensor.float() if tensor.dtype == torch.bfloat16 else tensor).numpy()
    return array


def _bytes(tensor: torch.Tensor) -> int:
    return tensor.numel() * tensor.element_size()
