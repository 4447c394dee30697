"""The inputs that show a culprit, kept as files from which they can be replayed: ``--input x=@probe.npz``."""

import re
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np

from ..results import Advice, ShownProbe
from .probes import Probe, Source, content, leaves_of
from .triage import CHANGES, Finding


def with_saved_probes(advice: Advice, findings: Sequence[Finding], sources: Sequence[Source], folder: Path) -> Advice:
    """Write the input of each place that changes the output to ``folder``; return the advice with the files named."""
    folder.mkdir(parents=True, exist_ok=True)
    files: dict[tuple[str, int | None], str] = {}
    names = {source.method: _names(source) for source in sources}
    for finding in findings:
        if finding.verdict == CHANGES and finding.probe is not None:
            site = finding.site
            stem = re.sub(r"[^A-Za-z0-9_]+", "-", f"{site.module or 'model'}-line-{site.line}")
            files.setdefault((site.module, site.line), str(_write(folder / f"{stem}.npz", finding.probe, sources)))

    def named(probe: ShownProbe | None, module: str, line: int | None) -> ShownProbe | None:
        file = files.get((module, line))
        return None if probe is None else msgspec.structs.replace(probe, file=file, names=names[probe.method])

    return msgspec.structs.replace(
        advice,
        culprits=tuple(msgspec.structs.replace(c, probe=named(c.probe, c.module, c.line)) for c in advice.culprits),
        places=tuple(msgspec.structs.replace(p, probe=named(p.probe, p.module, p.line)) for p in advice.places),
    )


def _names(source: Source) -> tuple[str, ...]:
    return tuple(item.name or f"input{index}" for index, item in enumerate(leaves_of(source.binding)))


def _write(file: Path, probe: Probe, sources: Sequence[Source]) -> Path:
    source = next(source for source in sources if source.method == probe.method)
    arrays = {
        name: tensor.float() if tensor.dtype.itemsize == 2 and tensor.dtype.is_floating_point else tensor
        for name, tensor in zip(_names(source), content(probe.arguments), strict=True)
    }
    np.savez(file, **{name: tensor.numpy() for name, tensor in arrays.items()})
    return file
