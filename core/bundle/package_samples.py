"""The samples of a bundle, on which packages that are made of its own are compared with the model."""

from dataclasses import replace
from pathlib import Path

from ..checks.compare import Comparison, compare_all
from ..coreml.app_view import kept_tensors
from ..errors import fail
from ..recipe.model import Recipe
from .samples import read_tensors
from .verify import package_runner, read_manifest, recipe_of_function


class PackageSamples:
    """Knows what the model itself answers.

    Raises:
        ExportDeskError: ``call.bundle`` where the bundle has no package or no samples.
    """

    def __init__(self, folder: Path, recipe: Recipe) -> None:
        self._folder, self._manifest = folder, read_manifest(folder)
        self._recipe = recipe_of_function(recipe, self._manifest.function)
        name = self._manifest.files.get("coreml", "")
        if not name.endswith(".mlpackage"):
            fail("call.bundle", f"The bundle {folder} has no Core ML package.", file=str(folder))
        if not self._manifest.samples:
            fail(
                "call.bundle",
                f"The bundle {folder} has no samples to compare on.",
                file=str(folder),
                hint="Samples are left out where an input is nested or very large, or where the model is random.",
            )
        self.package = folder / name

    def __len__(self) -> int:
        return len(self._manifest.samples)

    def compare(self, package: Path) -> Comparison:
        """Run a package on every sample; return the output with the lowest PSNR.

        Raises:
            Unlike: an answer cannot be compared with the model's.
            ExportDeskError: the package cannot be run.
        """
        run = package_runner(package, self._manifest, self._recipe, self._folder)
        found: list[Comparison] = []
        for sample in self._manifest.samples:
            expected = list(read_tensors(self._folder / sample.outputs).values())
            wanted = kept_tensors(expected, self._recipe.coreml)
            actual = run(read_tensors(self._folder / sample.inputs), sample)
            found += compare_all(actual, wanted)
        lowest = min(found, key=lambda one: one.psnr_db)
        return replace(lowest, absolute=max(one.absolute for one in found), relative=max(one.relative for one in found))
