"""How the Core ML package is made: what fits is offered, and what does not fit is told where it was chosen."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

from ....core.recipe.model import CoreMLClassifier, CoreMLCompression, CoreMLImage, CoreMLOutput, Input, Recipe
from ..edits import with_classifier
from ..fields import Action, Field, Section, path_text, recipe_field
from ..recipe_values import with_member, with_value, without_member
from ..session import Session
from .problems import coreml_problems

_GENERAL = (
    "enabled",
    "minimum_deployment_target",
    "convert_to",
    "precision",
    "float32_operations",
    "compute_units",
)
_PIXELS = ("layout", "mean", "std", "white", "exact")
_STEP_FIELDS = {
    "palettize": ("method", "bits", "granularity", "size", "smallest", "skip"),
    "quantize": ("method", "bits", "granularity", "size", "symmetric", "smallest", "skip"),
    "prune": ("method", "sparsity", "smallest", "skip"),
}
_GRANULARITIES = {"palettize": ("tensor", "channel", "group"), "quantize": ("tensor", "channel", "block")}
_NO_CLASSIFIER = CoreMLClassifier(labels=("",))
"""What the fields show while there is none."""
_IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225), "white": 1.0}


@dataclass(frozen=True)
class _Form:
    """The recipe as it is, with what does not fit in it."""

    session: Session
    recipe: Recipe
    problems: dict[str, str]

    def field(self, *path: str | int, **changes: object) -> Field:
        found = recipe_field(self.recipe, path, **changes)
        return replace(found, problem=self.problems.get(found.key, ""))


def coreml_form(session: Session) -> tuple[Section, ...]:
    """Return the sections of the Core ML options; of a package that is not made, only the switch."""
    assert session.document is not None
    recipe = session.document.recipe
    form = _Form(session, recipe, coreml_problems(recipe))
    keys = _GENERAL if recipe.coreml.enabled else _GENERAL[:1]
    general = Section(
        key="general",
        title="Package",
        fields=tuple(form.field("coreml", key) for key in keys),
        is_open=True,
        has_heading=False,
        problem=form.problems.get("", ""),
    )
    if not recipe.coreml.enabled:
        return (general,)
    metadata = ("author", "license", "version", "description", "preview", "user")
    return (
        general,
        *_inputs(form),
        *_outputs(form),
        _classifier(form),
        _states(form),
        *_compression(form),
        Section(
            key="metadata",
            title="Description for Xcode",
            fields=tuple(form.field("coreml", "metadata", key) for key in metadata),
        ),
    )


def tensor_names(inputs: tuple[Input, ...]) -> tuple[str, ...]:
    """Return the names by which Core ML options speak of inputs: those of tensors, at any depth."""

    def names(item: Input) -> Iterator[str]:
        if item.kind == "tensor" and item.name:
            yield item.name
        for member in item.items:
            yield from names(member)

    return tuple(dict.fromkeys(name for item in inputs for name in names(item)))


def _inputs(form: _Form) -> Iterator[Section]:
    recipe = form.recipe
    for name in dict.fromkeys([*tensor_names(recipe.inputs), *recipe.coreml.inputs]):
        path = ("coreml", "inputs", name)
        given = recipe.coreml.inputs.get(name)
        image = given.image if given else None
        kind = Field(
            key=f"coreml.inputs.{name}.image",
            label="The app gives",
            kind="choice",
            value="numbers" if image is None else "picture",
            choices=(("numbers", "numbers (a multi-array)"), ("picture", "a picture")),
            edit=_image_edit(name),
            help="A picture comes from the camera or a file; Core ML resizes nothing, the app gives it in this size.",
            problem=form.problems.get(f"coreml.inputs.{name}.image", ""),
        )
        rows: tuple[Field, ...] = tuple(form.field(*path, key) for key in ("dtype", "default"))
        if image is not None:
            rows = tuple(form.field(*path, "image", key) for key in _PIXELS)
        about = _description(recipe, "inputs", name)
        actions = (_imagenet(path),) if image is not None and not image.layout.startswith("grayscale") else ()
        yield Section(
            key=f"input {name}",
            title=f"Input {name}",
            fields=(kind, *rows, about),
            actions=actions,
            is_open=image is not None,
        )


def _image_edit(name: str) -> Callable[[Recipe, str], Recipe]:
    def edit(recipe: Recipe, value: str) -> Recipe:
        image = None if value == "numbers" else _usual_image(recipe, name)
        return with_value(recipe, ("coreml", "inputs", name, "image"), image)

    return edit


def _usual_image(recipe: Recipe, name: str) -> CoreMLImage:
    """Return a picture with as many channels as the input has, where it is an input by itself."""
    shape = next((item.shape for item in recipe.inputs if item.name == name and item.shape), ())
    return CoreMLImage(layout="grayscale" if len(shape) == 4 and shape[1] == 1 else "rgb")


def _imagenet(path: tuple[str | int, ...]) -> Action:
    def edit(recipe: Recipe) -> Recipe:
        for key, value in _IMAGENET.items():
            recipe = with_value(recipe, (*path, "image", key), value)
        return recipe

    return Action(
        key="imagenet",
        label="Use ImageNet's",
        name="Use ImageNet's mean and deviation",
        edit=edit,
        help="Mean 0.485, 0.456, 0.406 and deviation 0.229, 0.224, 0.225, as for torchvision's models.",
    )


def _outputs(form: _Form) -> Iterator[Section]:
    session, recipe = form.session, form.recipe
    rows = recipe.coreml.outputs
    for position, output in enumerate(rows):
        path = ("coreml", "outputs", position)
        fields = tuple(form.field(*path, key) for key in ("name", "dtype", "image", "keep"))
        about = _description(recipe, "outputs", output.name)
        is_last = position == len(rows) - 1
        yield Section(
            key=f"output {position}",
            title=f"Output {output.name}" if output.keep else f"Output {output.name} (left out)",
            fields=(*fields, about),
            actions=(_removal("coreml", "outputs", position, "output"),) if is_last else (),
        )
    summary = session.exported.coreml if session.exported else None
    found = tuple(CoreMLOutput(name=feature.name) for feature in summary.outputs) if summary else ()
    actions = [
        Action(
            key="add output",
            label="Add an Output",
            name="Add an output",
            edit=lambda recipe: with_member(
                recipe, ("coreml", "outputs"), CoreMLOutput(name=_free_name([o.name for o in recipe.coreml.outputs]))
            ),
            help="Outputs are listed in the order in which the model returns them, nested ones flattened.",
        )
    ]
    if found and not rows:
        actions.insert(
            0,
            Action(
                key="take outputs",
                label="Take Those of the Last Export",
                name="List the outputs",
                edit=lambda recipe: with_value(recipe, ("coreml", "outputs"), found),
                help=f"The last export has: {', '.join(output.name for output in found)}.",
            ),
        )
    note = "" if rows else "The model's own names are used. List the outputs, in order, to name or leave out some."
    yield Section(
        key="outputs",
        title="Outputs" if not rows else "More outputs",
        note=note,
        actions=tuple(actions),
    )


def _classifier(form: _Form) -> Section:
    recipe = form.recipe
    classifier = recipe.coreml.classifier
    shown = recipe if classifier else with_value(recipe, ("coreml", "classifier"), _NO_CLASSIFIER)
    fields = tuple(
        recipe_field(
            shown,
            ("coreml", "classifier", key),
            edit=lambda recipe, value, key=key: with_classifier(recipe, key, value),
            is_enabled=classifier is not None or key.startswith("labels"),
        )
        for key in ("labels", "labels_file", "predicted", "probabilities")
    )
    count = len(classifier.labels) if classifier else 0
    note = "With labels, the app gets the likeliest label and the score of each."
    if count:
        note = f"{count} label{'' if count == 1 else 's'}."
    return Section(key="classifier", title="Classifier", fields=fields, note=note, is_open=classifier is not None)


def _states(form: _Form) -> Section:
    session, recipe = form.session, form.recipe
    buffers = session.inspection.buffers if session.inspection else ()
    typed = form.field("coreml", "states")
    if not buffers:
        note = "The model has no buffers." if session.inspection else "Buffers are listed once the model is loaded."
        is_shown = bool(recipe.coreml.states)
        return Section(key="states", title="States", fields=(typed,) if is_shown else (), note=note, is_open=is_shown)
    names = dict.fromkeys([*(buffer.path for buffer in buffers), *recipe.coreml.states])
    sizes = {buffer.path: " × ".join(map(str, buffer.shape)) or "one number" for buffer in buffers}
    fields = tuple(
        Field(
            key=f"coreml.states.{name}",
            label=f"{name}  ({sizes.get(name, 'not in the model')})",
            kind="switch",
            value=name in recipe.coreml.states,
            edit=_state_edit(name),
            help="The model updates this buffer and Core ML keeps it between calls (iOS 18). Inputs stay as they are.",
            problem=typed.problem if name in recipe.coreml.states[:1] else "",
        )
        for name in names
    )
    return Section(
        key="states",
        title="States",
        fields=fields,
        note="Buffers that the model updates, and that Core ML is to keep between calls.",
        is_open=bool(recipe.coreml.states),
    )


def _state_edit(name: str) -> Callable[[Recipe, bool], Recipe]:
    def edit(recipe: Recipe, is_on: bool) -> Recipe:
        others = tuple(state for state in recipe.coreml.states if state != name)
        return with_value(recipe, ("coreml", "states"), (*others, name) if is_on else others)

    return edit


def _compression(form: _Form) -> Iterator[Section]:
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
            actions=(_removal("coreml", "compression", position, "step of compression"),),
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


def _removal(part: str, key: str, position: int, what: str) -> Action:
    return Action(
        key=f"remove {key} {position}",
        label="Remove",
        name=f"Remove an {what}" if what[0] in "aeiou" else f"Remove a {what}",
        edit=lambda recipe: without_member(recipe, (part, key), position),
        help=f"Take this {what} out again.",
    )


def _description(recipe: Recipe, part: str, name: str) -> Field:
    path = ("coreml", "metadata", part, name)
    texts: dict[str, str] = getattr(recipe.coreml.metadata, part)
    return Field(
        key=path_text(path),
        label="Description",
        kind="text",
        value=texts.get(name, ""),
        edit=lambda recipe, text: with_value(recipe, path, text.strip()),
        help="Shown in Xcode beside the name.",
    )


def _free_name(taken: list[str]) -> str:
    return next(name for name in ("output", *(f"output_{n}" for n in range(2, len(taken) + 3))) if name not in taken)
