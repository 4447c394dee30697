"""Convert a TorchScript module to a Core ML package."""

import shutil
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch

from ..diagnostics import Diagnostic, Severity
from ..errors import ExportDeskError
from ..job_context import JobContext
from ..recipe.model import CoreML
from .compress import compress
from .control_flow import missing_control_flow
from .failures import explain
from .fast_passes import fast_passes
from .features import classifier_config, input_types, output_types, precision_of, state_types
from .graph_edits import keep_outputs, put_in_mean_and_std
from .images import in_words
from .inputs import ConvertedInput, core_ml_names, name_notes
from .known_defects import defects_worked_round
from .metadata import write_metadata
from .notes import notes
from .origins import write_origins
from .package_manifest import name_items_by_path
from .preflight import preflight_of, ready_source, refuse_blocked
from .rules import check_inputs, check_options, size_in_words, specification_version
from .source import Compiled, Source, source_of
from .toolkit import coremltools
from .watching import watching


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
        specification = Path(self._specification_file())
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

    def _specification_file(self) -> str:
        from coremltools.models.utils import _ModelPackage

        return str(_ModelPackage(self.model.package_path).getRootModel().path())


def convert(
    module: Compiled,
    inputs: Sequence[ConvertedInput],
    options: CoreML,
    context: JobContext,
    *,
    method: str = "forward",
    staging: Path | None = None,
    folder: Path | None = None,
) -> ConvertedModel:
    """Convert a traced, scripted or mixed module, or a compiled function; it stays as it was.

    Args:
        module: compiled model, on the CPU or any other device.
        inputs: one for each argument of the method, in order; arguments left out at the end take their defaults.
        options: of the recipe.
        context: gets progress and diagnostics, and may cancel.
        method: the method of the module to convert.
        staging: existing folder in which the package is made; one on the file system of the final place makes
            ``ConvertedModel.save`` a rename. The system's temporary folder where it is None.
        folder: of the recipe, that a labels file is relative to.

    Raises:
        ExportDeskError: ``recipe.*`` for choices that do not fit together, ``convert.*`` for what coremltools cannot.
        Cancelled: the user cancelled.
    """
    check_options(options)
    check_inputs(inputs, options)
    ct = coremltools()
    names = core_ml_names(inputs, taken=[output.name for output in options.outputs])
    for note in (*name_notes(inputs, names), *_image_notes(inputs, options)):
        context.report(note)
    arguments: dict[str, Any] = {
        "inputs": input_types(inputs, names, options),
        "outputs": output_types(options),
        "states": state_types(module if isinstance(module, torch.nn.Module) else None, options),
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
    source = edited_source(module, method, inputs, options)
    found = preflight_of(source)
    for diagnostic in found:
        context.report(diagnostic)
    refuse_blocked(found)
    further_notes: list[Diagnostic] = []
    # Imported here because it imports coremltools, which a system may lack.
    from .converters.supply import supplied_converters

    with watching(context, source) as watch, fast_passes(ct.__version__), supplied_converters(), defects_worked_round():
        try:
            model = ct.convert(source.script_module, **arguments)
            if options.compression:
                context.progress(1.0, "compressing weights")
                model, further_notes = compress(model, options)
        except BaseException as error:
            if package is not None:
                shutil.rmtree(package, ignore_errors=True)
            try:
                explain(error, source, watch)
            finally:
                # The frames hold the half-made program and coremltools' folder of weights, and the failure outlives us.
                traceback.clear_frames(error.__traceback__)
    if model._mil_program is not None and watch.graph is not None:
        further_notes += missing_control_flow(watch.graph, model._mil_program, source)
    for diagnostic in (*notes(watch.records, watch.warnings), *further_notes):
        context.report(diagnostic)
    converted = ConvertedModel(model=model, program=model._mil_program)
    try:
        write_metadata(model._spec.description, options.metadata)
        write_origins(model, source, watch.graph, folder)
    except ExportDeskError:
        converted.discard()
        raise
    context.progress(1.0, "converted")
    return converted


def edited_source(module: Compiled, method: str, inputs: Sequence[ConvertedInput], options: CoreML) -> Source:
    """Return the graph to convert, with the changes that the options ask for."""
    source = ready_source(source_of(module, method, inputs), inputs)
    keep_outputs(source.graph, options)
    for position, item in enumerate(item for item in inputs if not item.is_value):
        given = options.inputs.get(item.name)
        if given is not None and given.image is not None and given.image.exact:
            put_in_mean_and_std(source.graph, position, given.image)
    return source


def _image_notes(inputs: Sequence[ConvertedInput], options: CoreML) -> list[Diagnostic]:
    found = []
    for item in (leaf for whole in inputs for leaf in whole.leaves):
        given = options.inputs.get(item.name)
        if given is not None and given.image is not None:
            height, width = (size_in_words(size) for size in item.shape[2:])
            message = in_words(item.name, given.image, height, width)
            found.append(Diagnostic(code="convert.image-input", severity=Severity.NOTE, message=message))
    return found
