"""Convert a TorchScript module to a Core ML package."""

import shutil
import traceback
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..job_context import JobContext
from ..recipe.model import CoreML, RangeDimension, default_size
from .failures import explain
from .fast_passes import fast_passes
from .inputs import ConvertedInput, core_ml_names, name_notes
from .notes import notes
from .preflight import preflight, refuse_blocked
from .rules import check_inputs, check_options, enumerated_shapes, specification_version
from .source import Compiled, source_of
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
        specification.write_bytes(self.model._spec.SerializeToString())
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

    Raises:
        ExportDeskError: ``recipe.*`` for choices that do not fit together, ``convert.*`` for what coremltools cannot.
        Cancelled: the user cancelled.
    """
    check_options(options)
    check_inputs(inputs, options)
    ct = coremltools()
    names = core_ml_names(inputs, taken=[output.name for output in options.outputs])
    for note in name_notes(inputs, names):
        context.report(note)
    arguments: dict[str, Any] = {
        "inputs": input_types(inputs, names, options),
        "outputs": [ct.TensorType(name=output.name) for output in options.outputs] or None,
        "convert_to": options.convert_to,
        "minimum_deployment_target": ct.target(specification_version(options)),
        "compute_units": ct.ComputeUnit[options.compute_units.upper()],
        "skip_model_load": True,
    }
    if options.convert_to == "mlprogram":
        arguments["compute_precision"] = ct.precision[options.precision.upper()]
    package = None
    if staging is not None and options.convert_to == "mlprogram":
        package = staging / "converted.mlpackage"
        arguments["package_dir"] = str(package)
    found = preflight(module, inputs, method)
    for diagnostic in found:
        context.report(diagnostic)
    refuse_blocked(found)
    source = source_of(module, method, inputs)
    # Imported here because it imports coremltools, which a system may lack.
    from .converters.supply import supplied_converters

    with watching(context, source) as watch, fast_passes(ct.__version__), supplied_converters():
        try:
            model = ct.convert(source.script_module, **arguments)
        except BaseException as error:
            if package is not None:
                shutil.rmtree(package, ignore_errors=True)
            try:
                explain(error, source, watch)
            finally:
                # The frames hold the half-made program and coremltools' folder of weights, and the failure outlives us.
                traceback.clear_frames(error.__traceback__)
    for diagnostic in notes(watch.records, watch.warnings):
        context.report(diagnostic)
    context.progress(1.0, "converted")
    return ConvertedModel(model=model, program=model._mil_program)


def input_types(inputs: Sequence[ConvertedInput], names: Sequence[str], options: CoreML) -> list[Any]:
    """Return coremltools' description of the inputs, nested as the model takes them; ``names`` are of the leaves."""
    remaining = iter(names)
    return [_input_type(item, remaining, options) for item in inputs if not item.is_value]


def _input_type(item: ConvertedInput, names: Any, options: CoreML) -> Any:
    ct = coremltools()
    if item.items:
        return tuple(_input_type(member, names, options) for member in item.items)
    return ct.TensorType(name=next(names), shape=_shape(item), dtype=_dtype(item, options))


def _shape(item: ConvertedInput) -> Any:
    ct = coremltools()
    if any(isinstance(dimension, tuple) for dimension in item.shape):
        shapes = enumerated_shapes(item)
        return ct.EnumeratedShapes(shapes=shapes, default=shapes[0]) if len(shapes) > 1 else ct.Shape(shapes[0])
    return ct.Shape(
        tuple(
            ct.RangeDim(lower_bound=dimension.min, upper_bound=dimension.max, default=default_size(dimension))
            if isinstance(dimension, RangeDimension)
            else dimension
            for dimension in item.shape
        )
    )


def _dtype(item: ConvertedInput, options: CoreML) -> Any:
    """Return the type of an input, None where it follows the precision (float16 from iOS 16 on, else float32)."""
    import numpy as np

    match item.dtype:
        case "float32":
            return None if options.precision == "float16" else np.float32
        case "float16":
            return np.float16
        case "float64":
            return np.float64
        case "int64":
            return np.int64
        case "bool":
            return np.bool_
        case _:
            return np.int32
