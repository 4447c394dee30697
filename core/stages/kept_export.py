"""What an export takes over from the one before it in the same process: results that cannot have changed."""

import hashlib
import os
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import msgspec
import torch

from ..checks.coreml import PackageVerdict
from ..diagnostics import Diagnostic
from ..job_context import JobContext
from ..model_file.loading import LoadedModel
from ..recipe.model import Checks, CoreML, CoreMLMetadata, Lane, Recipe
from .coreml_lane import CoreMLOutcome
from .lane import LaneMade
from .prepared import Prepared
from .sameness import is_same

_LARGEST_HASHED = 64 * 2**20
"""Larger files are told by their times and size: hashing would cost more than it saves, and weights are compared."""

_LARGEST_KEPT = 2**30
"""Bytes of weights: until they are known to be the same, the next export has two models in memory."""
_LANE_STAGES: dict[Lane, tuple[str, ...]] = {
    "torchscript": ("eager", "compile", "save", "check-torchscript", "audit", "check-reloaded"),
    "torch.export": ("eager", "compile", "save", "check-exported", "check-reloaded"),
}

Signature = tuple[int, int, int, int]


@dataclass(frozen=True, kw_only=True)
class KeptPackage:
    """A Core ML package as it was made and checked."""

    outcome: CoreMLOutcome
    verdict: PackageVerdict | None
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True, kw_only=True)
class KeptExport:
    """A finished export. Its files are those of its bundle, as long as nobody has touched them."""

    recipe: Recipe
    folder: Path
    loaded: LoadedModel
    prepared: Prepared
    made: LaneMade
    diagnostics: tuple[Diagnostic, ...]
    """Of everything before the conversion."""
    package: KeptPackage | None
    out: Path
    files_read: Mapping[Path, str] = field(default_factory=dict)
    """By the model's code and by us, with what tells their content."""
    files_written: Mapping[Path, Signature] = field(default_factory=dict)
    """Of the bundle, relative to it."""
    checksums: Mapping[Path, str] = field(default_factory=dict)
    """Of these files."""

    def known_checksums(self, bundle: Path) -> dict[Path, str]:
        """Return the checksums of what is in a new bundle the very file that it was in this one."""
        return {
            name: digest
            for name, digest in self.checksums.items()
            if (bundle / name).exists()
            and (self.out / name).exists()
            and (bundle / name).samefile(self.out / name)
            # A link more changes the third of the times, and nothing else does.
            and _signature_but_links(self.out / name) == _but_links(self.files_written.get(name))
        }

    def take_over(self, name: Path, bundle: Path, out: Path) -> None:
        """Put a file or folder of the earlier bundle into the new one, which will lie at ``out``."""
        # The earlier bundle is about to be replaced, so that the link is the only one left; elsewhere two bundles that
        # share a file would change together.
        place = os.link if out == self.out else shutil.copy2
        for file in self._files_of(name):
            (bundle / file).parent.mkdir(parents=True, exist_ok=True)
            place(self.out / file, bundle / file)

    def has(self, name: Path) -> bool:
        """Whether a file or folder of the bundle is as it was written."""
        files = self._files_of(name)
        return bool(files) and all(_signature(self.out / file) == self.files_written[file] for file in files)

    def _files_of(self, name: Path) -> list[Path]:
        return [file for file in self.files_written if file == name or name in file.parents]


class KeptLane:
    """A ``LaneStage`` whose results are those of the export before."""

    def __init__(self, kept: KeptExport, out: Path, context: JobContext) -> None:
        self.entry, self.expected = kept.made.entry, kept.made.expected
        self._kept, self._out, self._context = kept, out, context

    def start(self, stem: Path) -> None:
        """Put the files of the earlier bundle in their place."""
        with self._context.stage("save"):
            self._context.keep(_LANE_STAGES[self._kept.recipe.lane], self._kept.diagnostics)
            for name in self._kept.made.files.values():
                self._kept.take_over(Path(name), stem.parent, self._out)

    def finish(self) -> LaneMade:
        return self._kept.made


class LastExport:
    """The last export of this process, and what of it holds for the next one.

    It keeps the model in memory, which the next export of the same model then shares.
    """

    def __init__(self) -> None:
        self._kept: KeptExport | None = None

    def matching(self, recipe: Recipe, folder: Path, loaded: LoadedModel, prepared: Prepared) -> KeptExport | None:
        """Return the last export if all that its lane depends on is as it was; otherwise it is forgotten.

        The model's code has just been run again: files that it read are compared by content, the model that it made
        by every weight and attribute, and the inputs by every element.
        """
        kept, self._kept = self._kept, None
        if kept is None or kept.folder != folder or lane_part(kept.recipe) != lane_part(recipe):
            return None
        if any(content_mark(path) != mark for path, mark in kept.files_read.items()):
            return None
        if not all(kept.has(Path(name)) for name in kept.made.files.values()):
            return None
        if not _same_model(kept.loaded, loaded):
            return None
        return kept if is_same(kept.prepared.all_probes, prepared.all_probes) else None

    def keep(self, kept: KeptExport) -> None:
        """Remember an export that is finished, unless its weights would take too much of the next one's memory."""
        module = kept.loaded.module
        weights = [] if module is None else list(module.state_dict(keep_vars=True).values())
        if sum(tensor.nbytes for tensor in weights if isinstance(tensor, torch.Tensor)) <= _LARGEST_KEPT:
            self._kept = kept


def lane_part(recipe: Recipe) -> Recipe:
    """Return the recipe without what only the conversion and its checks depend on."""
    checks = Checks(probes=recipe.checks.probes, seed=recipe.checks.seed)
    return msgspec.structs.replace(recipe, coreml=CoreML(), checks=checks, acknowledged=())


def program_part(options: CoreML) -> CoreML:
    """Return the Core ML options without metadata, and without output names where nothing else refers to them."""
    options = msgspec.structs.replace(options, metadata=CoreMLMetadata())
    if options.classifier or options.functions or options.float32_operations or options.compression:
        return options
    unnamed = tuple(msgspec.structs.replace(output, name="") for output in options.outputs)
    return msgspec.structs.replace(options, outputs=unnamed)


def content_marks(paths: Collection[Path], since_ns: int) -> dict[Path, str] | None:
    """Return what tells the content of files; None where one has changed since a time, so that nothing is certain."""
    marks = {}
    for path in paths:
        try:
            status = path.stat()
        except OSError:
            continue  # gone again: a temporary file of the model's own
        if max(status.st_mtime_ns, status.st_ctime_ns) >= since_ns:
            return None
        marks[path] = content_mark(path)
    return marks


def content_mark(path: Path) -> str:
    """Return a text that is the same for the same content."""
    try:
        if path.stat().st_size > _LARGEST_HASHED:
            return str(_signature(path))
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()
    except OSError:
        return "missing"


def written_files(out: Path) -> dict[Path, Signature]:
    """Return the files of a bundle, relative to it, with what changes when they are changed."""
    found = {path.relative_to(out): _signature(path) for path in out.rglob("*") if path.is_file()}
    return {path: signature for path, signature in found.items() if signature is not None}


def _signature(path: Path) -> Signature | None:
    try:
        status = path.stat()
    except OSError:
        return None
    return status.st_size, status.st_mtime_ns, status.st_ctime_ns, status.st_ino


def _signature_but_links(path: Path) -> tuple[int, ...] | None:
    return _but_links(_signature(path))


def _but_links(signature: Signature | None) -> tuple[int, ...] | None:
    return None if signature is None else (signature[0], signature[1], signature[3])


def _same_model(first: LoadedModel, second: LoadedModel) -> bool:
    if (first.file, first.entry, first.methods) != (second.file, second.entry, second.methods):
        return False
    if first.module is None or second.module is None:
        # A function may read variables of its file, whose values nothing here compares.
        return False
    # A .pt file is its content, which is compared as a file's.
    return (first.is_script and second.is_script) or is_same(first.module, second.module)
