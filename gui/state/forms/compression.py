"""Steps that make the weights smaller."""

from collections.abc import Callable, Iterator

from ....core.recipe.model import CoreMLCompression, Recipe
from ..fields import Action, Section
from ..recipe_values import with_member, with_value
from .form import Form, removal

_STEP_FIELDS = {
    "palettize": ("method", "bits", "granularity", "size", "smallest", "skip"),
    "quantize": ("method", "bits", "granularity", "size", "symmetric", "smallest", "skip"),
    "prune": ("method", "sparsity", "smallest", "skip"),
}
_GRANULARITIES = {"palettize": ("tensor", "channel", "group"), "quantize": ("tensor", "channel", "block")}


def compression_sections(form: Form) -> Iterator[Section]:
    recipe = form.recipe
    steps = recipe.coreml.compression
    for position, step in enumerate(steps):
        path = ("coreml", "compression", position)
        fields = []
        for key in _STEP_FIELDS[step.method]:
            if key == "size" and step.granularity not in ("block", "group"):
                continue
            found = form.field(*path, key)
            if key == "granularity":
                choices = tuple(row for row in found.choices if row[0] in _GRANULARITIES[step.method])
                found = form.field(*path, key, choices=choices)
            if key == "method":
                found = form.field(*path, key, edit=_method_edit(position))
            fields.append(found)
        yield Section(
            key=f"compression {position}",
            title=f"Compression {position + 1}" if len(steps) > 1 else "Compression",
            fields=tuple(fields),
            actions=(removal("coreml", "compression", position, "step of compression"),),
            is_open=True,
        )
    yield Section(
        key="compressions",
        title="Compression" if not steps else "More compression",
        note="" if steps else "Weights stay as they are. Compressing them makes the package smaller, and less exact.",
        actions=(
            Action(
                key="add compression",
                label="Compress the Weights" if not steps else "Add a Step",
                name="Compress the weights",
                edit=lambda recipe: with_member(
                    recipe, ("coreml", "compression"), CoreMLCompression(method="quantize")
                ),
                help="Quantizes to 8 bits a weight; method and bits can be chosen then.",
            ),
        ),
    )


def _method_edit(position: int) -> Callable[[Recipe, str], Recipe]:
    """Another method begins with its own usual values: those of the former need not fit to it."""

    def edit(recipe: Recipe, method: str) -> Recipe:
        former = recipe.coreml.compression[position]
        granularity = "tensor" if method == "palettize" else "channel"
        changed = {"method": method, "granularity": granularity, "skip": former.skip, "smallest": former.smallest}
        return with_value(recipe, ("coreml", "compression", position), CoreMLCompression(**changed))  # type: ignore[arg-type]

    return edit
