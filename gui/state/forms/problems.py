"""Choices of the Core ML options that do not fit together, each at the field where it is seen."""

import re
from collections.abc import Callable

from ....core.coreml.inputs import ConvertedInput
from ....core.coreml.rules import check_inputs, check_options
from ....core.errors import ExportDeskError, Failure
from ....core.recipe.model import Input, Recipe
from ..wording import in_words_of_the_window

_PLACES = {
    "recipe.target-too-old": "minimum_deployment_target",
    "recipe.target-too-new": "convert_to",
    "recipe.compute-units": "compute_units",
    "recipe.states": "states",
    "recipe.functions": "",
    "recipe.rank": "",
    "recipe.shape": "",
    "recipe.input-dtype": "",
}
_QUOTED = re.compile(r"'([^']*)'")


def coreml_problems(recipe: Recipe) -> dict[str, str]:
    """Return the key of a field to why its value does not fit; a problem of no single field has the key ``""``."""
    if not recipe.coreml.enabled:
        return {}
    found: dict[str, str] = {}
    checks: tuple[Callable[[], None], ...] = (
        lambda: check_options(recipe.coreml),
        lambda: check_inputs(_converted(_checked(recipe)), recipe.coreml),
    )
    for check in checks:
        try:
            check()
        except ExportDeskError as error:
            found.setdefault(_place(error.failure, recipe), in_words_of_the_window(error.failure.message))
    return found


def _place(failure: Failure, recipe: Recipe) -> str:
    options = recipe.coreml
    quoted = _QUOTED.search(failure.message)
    name = quoted[1] if quoted else ""
    match failure.code:
        case "recipe.precision":
            key = "float32_operations" if options.float32_operations and options.precision == "float32" else "precision"
            return f"coreml.{key}"
        case "recipe.output-name":
            names = [output.name for output in options.outputs]
            return f"coreml.outputs.{len(names) - 1 - names[::-1].index(name)}.name" if name in names else ""
        case "recipe.compression":
            return f"coreml.compression.{max(0, len(options.compression) - 1)}.method"
        case "recipe.dtype" if failure.message.startswith("Output"):
            names = [output.name for output in options.outputs]
            return f"coreml.outputs.{names.index(name)}.dtype" if name in names else ""
        case "recipe.dtype" | "recipe.default":
            image = options.inputs[name].image if name in options.inputs else None
            key = "default" if failure.code == "recipe.default" else "dtype" if image is None else "image.layout"
            return f"coreml.inputs.{name}.{key}"
        case "recipe.image" | "recipe.unknown-input":
            return f"coreml.inputs.{name}.image"
        case _:
            key = _PLACES.get(failure.code, "")
            return f"coreml.{key}" if key else ""


def _checked(recipe: Recipe) -> tuple[Input, ...]:
    """Return the inputs that become inputs of the package: of several methods it has the first, unless told."""
    methods = recipe.model.methods or ("forward",)
    has_all = bool(recipe.coreml.functions)
    return tuple(item for item in recipe.inputs if has_all or item.method in (None, methods[0]))


def _converted(inputs: tuple[Input, ...]) -> list[ConvertedInput]:
    """Return what is known of the inputs before anything has run; one without a shape is read from a file, later."""
    found = []
    for item in inputs:
        if item.kind == "tensor" and item.shape is not None:
            found.append(ConvertedInput(name=item.name, shape=item.shape, dtype=item.dtype))
        elif item.kind == "tensor":
            found.append(ConvertedInput(name=item.name, shape=(1,), dtype=item.dtype))
        elif item.kind != "value":
            found.append(ConvertedInput(name=item.name, items=tuple(_converted(item.items))))
    return found
