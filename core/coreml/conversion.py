"""One conversion by coremltools, of whatever it can read: rules before it, progress during it, notes after it."""

import shutil
import traceback
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import torch

from ..diagnostics import Diagnostic, Severity
from ..errors import ExportDeskError
from ..job_context import JobContext
from ..mil.scopes import Origins
from ..recipe.model import CoreML
from .compress import compress
from .failures import explain
from .fast_passes import fast_passes
from .features import classifier_config, input_types, output_types, precision_of, state_types
from .images import in_words
from .inputs import ConvertedInput, core_ml_names, name_notes
from .known_defects import defects_worked_round
from .locating import Location
from .metadata import write_metadata
from .notes import notes
from .package_manifest import model_file, name_items_by_path
from .preflight import refuse_blocked
from .rules import check_inputs, check_options, size_in_words, specification_version
from .toolkit import coremltools
from .watching import Watch


@dataclass
class ConvertedModel:
    """A converted model, in a package at a temporary place until it is saved."""

    model: Any
    """coremltools' MLModel; it is not loaded, so that it cannot predict."""
    program: Any
    """The MIL program that the package was made from (None for a neural network file)."""

    def save(self, path: Path) -> Path:
        """Move the package to ``path``, which must not exist, and return the path.

        The weights are moved, never copied, where both places are on one file system. A neural network is one file and
        is written to ``path`` with the suffix ``.mlmodel``.
        """
        from coremltools.models.utils import save_spec

        if not self.model.is_package:
            path = path.with_suffix(".mlmodel")
            save_spec(self.model.get_spec(), str(path))
            return path
        specification = model_file(Path(self.model.package_path))
        # Equal exports are equal files: protobuf writes its maps in any order unless told not to.
        specification.write_bytes(self.model._spec.SerializeToString(deterministic=True))
        name_items_by_path(Path(self.model.package_path))
        shutil.move(self.model.package_path, path)
        self.model.package_path = str(path)
        self.model._weights_dir = str(path / "Data" / "com.apple.CoreML" / "weights")
        return path

    def discard(self) -> None:
        """Remove the temporary package."""
        if self.model.is_package:
            shutil.rmtree(self.model.package_path, ignore_errors=True)


class Subject(Protocol):
    """What is converted: TorchScript or an exported program, with the changes that the options ask for."""

    handed_over: Any
    """What coremltools is called with."""
    buffers: Mapping[str, torch.Tensor]
    """By path, for states."""

    def preflight(self) -> list[Diagnostic]:
        """Return what stands in the way (errors), and what will differ."""

    def watching(self, context: JobContext) -> AbstractContextManager[Watch]:
        """Return the block in which coremltools converts ``handed_over`` and tells the job."""

    def place(self, watch: Watch, kind: str, name: str, inputs: Sequence[str]) -> Location:
        """Return where an operation came from."""

    def notes(self, program: Any, watch: Watch) -> list[Diagnostic]:
        """Return what the converted program makes worth saying."""

    def origins(self, program: Any, watch: Watch, folder: Path | None) -> Origins:
        """Return where the values of the converted program came from."""


def run_conversion(
    subject: Subject,
    inputs: Sequence[ConvertedInput],
    options: CoreML,
    context: JobContext,
    *,
    staging: Path | None = None,
    folder: Path | None = None,
) -> ConvertedModel:
    """Convert a subject whose options were checked by ``check_choices``.

    Raises:
        ExportDeskError: ``recipe.*`` for choices that do not fit together, ``convert.*`` for what coremltools cannot.
        Cancelled: the user cancelled.
    """
    ct = coremltools()
    names = core_ml_names(inputs, taken=[output.name for output in options.outputs])
    for note in (*name_notes(inputs, names), *_image_notes(inputs, options)):
        context.report(note)
    arguments: dict[str, Any] = {
        "inputs": input_types(inputs, names, options),
        "outputs": output_types(options),
        "states": state_types(subject.buffers, options),
        "classifier_config": classifier_config(options, folder),
        "convert_to": options.convert_to,
        "minimum_deployment_target": ct.target(specification_version(options)),
        "compute_units": ct.ComputeUnit[options.compute_units.upper()],
        "skip_model_load": True,
    }
    if options.convert_to == "mlprogram":
        arguments["compute_precision"] = precision_of(options)
    package = None
    if staging is not None and options.convert_to == "mlprogram":
        package = staging / "converted.mlpackage"
        arguments["package_dir"] = str(package)
    with defects_worked_round():
        found = subject.preflight()
    for diagnostic in found:
        context.report(diagnostic)
    refuse_blocked(found)
    further_notes: list[Diagnostic] = []
    # Imported here because it imports coremltools, which a system may lack.
    from .converters.supply import supplied_converters

    with subject.watching(context) as watch, fast_passes(ct.__version__), supplied_converters(), defects_worked_round():
        try:
            model = ct.convert(subject.handed_over, **arguments)
            if options.compression:
                context.progress(1.0, "compressing weights")
                model, further_notes = compress(model, options.compression)
        except BaseException as error:
            if package is not None:
                shutil.rmtree(package, ignore_errors=True)
            try:
                explain(error, subject.place, watch)
            finally:
                # The frames hold the half-made program and coremltools' folder of weights, and the failure outlives us.
                traceback.clear_frames(error.__traceback__)
    program = model._mil_program
    if program is not None:
        further_notes += subject.notes(program, watch)
    for diagnostic in (*notes(watch.records, watch.warnings), *further_notes):
        context.report(diagnostic)
    converted = ConvertedModel(model=model, program=program)
    try:
        write_metadata(model._spec.description, options.metadata)
    except ExportDeskError:
        converted.discard()
        raise
    if program is not None:
        for key, text in subject.origins(program, watch, folder).as_metadata().items():
            model.user_defined_metadata[key] = text
    context.progress(1.0, "converted")
    return converted


def check_choices(inputs: Sequence[ConvertedInput], options: CoreML) -> None:
    """Refuse options and inputs that do not fit together, before anything is made.

    Raises:
        ExportDeskError: ``recipe.*``.
    """
    check_options(options)
    check_inputs(inputs, options)
    coremltools()


def _image_notes(inputs: Sequence[ConvertedInput], options: CoreML) -> list[Diagnostic]:
    found = []
    for item in (leaf for whole in inputs for leaf in whole.leaves):
        given = options.inputs.get(item.name)
        if given is not None and given.image is not None:
            height, width = (size_in_words(size) for size in item.shape[2:])
            message = in_words(item.name, given.image, height, width)
            found.append(Diagnostic(code="convert.image-input", severity=Severity.NOTE, message=message))
    return found
