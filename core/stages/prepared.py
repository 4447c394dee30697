"""The inputs of an export: the recipe's, bound to each exported method, and the probes that are made of them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from ..checks.probes import Probe
from ..checks.verdict import Expected
from ..coreml.app_view import through_pixels
from ..errors import fail
from ..inputs.binding import Binding, bind
from ..inputs.values import Variation, has_flexible_inputs, make_arguments, probe_variations
from ..model_file.loading import LoadedModel
from ..model_file.suggested import suggested_inputs
from ..model_file.user_errors import place_of_code
from ..recipe.model import Input, Recipe
from ..torchscript.compile import MethodExample


@dataclass(frozen=True, kw_only=True)
class Prepared:
    bindings: Mapping[str, Binding]
    probes: Mapping[str, Sequence[Probe]]
    check_probes: Mapping[str, Sequence[Probe]]
    """The check inputs of the recipe, on which TorchScript is compared as well."""

    @property
    def all_probes(self) -> dict[str, list[Probe]]:
        return {method: [*rows, *self.check_probes[method]] for method, rows in self.probes.items()}

    @property
    def has_own_rows(self) -> bool:
        """Whether the user wrote rows beyond the example, on which the model must run."""
        return any(probe.variation.label for rows in self.all_probes.values() for probe in rows[1:])

    def method_example(self, method: str, expected: Sequence[Expected]) -> MethodExample:
        """Return what the compiler needs to know of one method."""
        names = [item.name for item in self.bindings[method].positional]
        calls = [probe.arguments for probe in self.probes[method]]
        checks = [probe.arguments for probe in self.check_probes[method]]
        return MethodExample(calls=calls, names=names, output=expected[0].output, check_calls=checks)


def prepare_inputs(loaded: LoadedModel, recipe: Recipe, folder: Path) -> Prepared:
    """Bind the recipe's inputs to each exported method and make its probes, the example first.

    Raises:
        ExportDeskError: ``call.input``, ``call.sample``.
    """
    bindings: dict[str, Binding] = {}
    probes: dict[str, list[Probe]] = {}
    check_probes: dict[str, list[Probe]] = {}
    for method in loaded.methods:
        inputs = _inputs_of(recipe.inputs, loaded, method)
        place = place_of_code(loaded.function if loaded.module is None else getattr(loaded.module, method))
        bindings[method] = bind(
            loaded.signature(method),
            inputs,
            loaded.entry or loaded.file.name,
            suggestions=partial(suggested_inputs, loaded, recipe.model.arguments, method),
            file=place[0] or str(loaded.file),
            line=place[1],
        )
        variations = probe_variations(
            recipe.checks.seed, recipe.checks.probes, is_flexible=has_flexible_inputs(bindings[method])
        )
        names = tuple(item.name for item in bindings[method].inputs)
        probes[method] = []
        for variation in variations:
            arguments = make_arguments(bindings[method], variation, folder=folder, device=recipe.model.device)
            arguments = through_pixels(arguments, names, recipe.coreml)
            probes[method].append(Probe(variation=variation, arguments=arguments, names=names))
        check_probes[method] = _check_probes(loaded, recipe, method, inputs, folder)
    strangers = [item for item in recipe.inputs if item.method is not None and item.method not in loaded.methods]
    if strangers:
        fail(
            "call.input",
            f"The input {strangers[0].name!r} belongs to the method {strangers[0].method!r}, which is not exported.",
            hint=f"Exported: {', '.join(loaded.methods)}.",
        )
    return Prepared(bindings=bindings, probes=probes, check_probes=check_probes)


def _inputs_of(inputs: Sequence[Input], loaded: LoadedModel, method: str) -> list[Input]:
    """Return the inputs of one method; of several methods, one without a name of its own goes where it has a place."""
    own = {item.name: item for item in inputs if item.method == method}
    shared = [item for item in inputs if item.method is None and item.name not in own]
    if len(loaded.methods) > 1:
        parameters = loaded.signature(method).parameters
        shared = [item for item in shared if item.name in parameters]
    return [*shared, *own.values()]


def _check_probes(
    loaded: LoadedModel, recipe: Recipe, method: str, inputs: Sequence[Input], folder: Path
) -> list[Probe]:
    probes = []
    for index, row in enumerate(recipe.torchscript.check_inputs):
        others = {item.name: item for item in inputs} | {
            item.name: item for item in _inputs_of(row.inputs, loaded, method)
        }
        label = f"check input {row.name or index + 1}"
        binding = bind(loaded.signature(method), list(others.values()), f"{loaded.entry} ({label})")
        variation = Variation(seed=recipe.checks.seed + 10_000 + index, label=label)
        arguments = make_arguments(binding, variation, folder=folder, device=recipe.model.device)
        probes.append(Probe(variation=variation, arguments=arguments, names=tuple(i.name for i in binding.inputs)))
    return probes
