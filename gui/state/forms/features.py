"""Inputs and outputs as the app sees them: numbers or pictures, names, types, which ones."""

from collections.abc import Callable, Iterator

from ....core.recipe.model import CoreMLImage, CoreMLOutput, Input, Recipe
from ..fields import Action, Field, Section
from ..recipe_values import with_member, with_value
from .form import Form, description, removal

_PIXELS = ("layout", "mean", "std", "white", "exact")
_IMAGENET = {"mean": (0.485, 0.456, 0.406), "std": (0.229, 0.224, 0.225), "white": 1.0}


def tensor_names(inputs: tuple[Input, ...]) -> tuple[str, ...]:
    """Return the names by which Core ML options speak of inputs: those of tensors, at any depth."""

    def names(item: Input) -> Iterator[str]:
        if item.kind == "tensor" and item.name:
            yield item.name
        for member in item.items:
            yield from names(member)

    return tuple(dict.fromkeys(name for item in inputs for name in names(item)))


def input_sections(form: Form) -> Iterator[Section]:
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
        about = description(recipe, "inputs", name)
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


def output_sections(form: Form) -> Iterator[Section]:
    session, recipe = form.session, form.recipe
    rows = recipe.coreml.outputs
    for position, output in enumerate(rows):
        path = ("coreml", "outputs", position)
        fields = tuple(form.field(*path, key) for key in ("name", "dtype", "image", "keep"))
        about = description(recipe, "outputs", output.name)
        is_last = position == len(rows) - 1
        yield Section(
            key=f"output {position}",
            title=f"Output {output.name}" if output.keep else f"Output {output.name} (left out)",
            fields=(*fields, about),
            actions=(removal("coreml", "outputs", position, "output"),) if is_last else (),
        )
    summary = session.shown.coreml if session.shown else None
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


def _free_name(taken: list[str]) -> str:
    return next(name for name in ("output", *(f"output_{n}" for n in range(2, len(taken) + 3))) if name not in taken)
