"""A Core ML package and the model that it was made from, run on the same probes."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from ..inputs.nested import flatten
from ..model_file.loading import LoadedModel
from ..recipe.model import CoreML
from .altered_programs import with_constants_moved
from .compare import magnitudes
from .probes import Probe
from .rounding import Rounds, run_rounded
from .verdict import Expected

if TYPE_CHECKING:
    from ..mil import ReferenceModel
    from ..mil.model import Observe
    from ..mil.package import Package


class PackageRuns:
    """Runs both sides; answers are translated, so that what the app gets is compared with what the model gives."""

    def __init__(
        self,
        package: Path,
        loaded: LoadedModel,
        method: str,
        probes: Sequence[Probe],
        expected: Sequence[Expected],
        options: CoreML,
        compiled: Any = None,
        function: str | None = None,
    ) -> None:
        from ..mil.package import read_package

        self.loaded, self.method, self.probes, self.options = loaded, method, probes, options
        self.compiled = compiled
        """The TorchScript that was converted; None where it is not at hand."""
        self._path, self._function = package, function
        self._package: Package | None = None
        self._read = read_package
        self.expected = [dataclasses.replace(row, output=self._kept(row.output)) for row in expected]
        """The model's answers, without the outputs that the package does not have."""
        self.scales: Mapping[str, float] = magnitudes([row.output for row in self.expected if row.problem is None])

    @property
    def answered(self) -> list[int]:
        """Indices of the probes that can be compared."""
        return [index for index, row in enumerate(self.expected) if row.problem is None]

    @property
    def package(self) -> "Package":
        """The package as it was saved; of several functions, the one that is compared.

        Raises:
            ExportDeskError: where it cannot be read.
        """
        if self._package is None:
            package = self._read(self._path)
            self._package = package if self._function is None else package.only(self._function)
        return self._package

    def model(self, precision: str) -> "ReferenceModel":
        """Return the package ready to run, in ``program`` or ``float32`` precision."""
        from ..mil import ReferenceModel

        return ReferenceModel(self.package, precision=precision)

    def outputs(self, model: "ReferenceModel", probe: int, observe: "Observe | None" = None) -> list[torch.Tensor]:
        """Return what a package answers on a probe, as tensors like the model's own."""
        from ..coreml.app_view import model_answers

        values = self.values(model, probe)
        tensors = [tensor for _, tensor in flatten(self.expected[probe].output)]
        return model_answers(model.predict(values, observe=observe), tensors, self.options)

    def values(self, model: "ReferenceModel", probe: int) -> dict[str, Any]:
        """Return what the app passes for a probe."""
        from ..coreml.app_view import app_values

        return app_values(model.input_names, tensors_of(self.probes[probe]), self.options)

    def outputs_with_constants_moved(self, probe: int, seed: int | None) -> list[torch.Tensor]:
        """Run the program in float32 on one probe; with a seed, its constants are moved as rounding does."""
        from ..mil import ReferenceModel

        source = self.package if seed is None else with_constants_moved(self.package, seed)
        return self.outputs(ReferenceModel(source, precision="float32"), probe)

    def rounded_answer(self, probe: int, rounds: Rounds, seed: int) -> Any:
        """Return what the model gives on a probe when it is rounded."""
        return self._kept(run_rounded(self.loaded, self.method, self.probes[probe].arguments, rounds, seed))

    def _kept(self, output: Any) -> Any:
        from ..coreml.app_view import kept_tensors

        tensors = [tensor for _, tensor in flatten(output)]
        kept = kept_tensors(tensors, self.options)
        # The nested answer keeps its paths (out["boxes"]) where nothing is left out.
        return output if len(kept) == len(tensors) else kept


def tensors_of(probe: Probe) -> list[torch.Tensor]:
    """Return the tensors of a probe in the order of the package's inputs."""
    values = [*probe.arguments.positional, *probe.arguments.keyword.values()]
    return [tensor for _, tensor in flatten([v for v in values if not isinstance(v, bool | int | float | str)])]
