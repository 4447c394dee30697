"""How the model is made: constructor arguments, methods, weights, mode."""

from collections.abc import Callable

from ....core.recipe.model import Recipe
from ....core.results import Parameter
from ..edits import argument_text, with_argument, with_methods
from ..fields import Field, Section, recipe_field
from ..session import Document
from .form import methods_of


def setup_form(document: Document) -> tuple[Section, ...]:
    recipe = document.recipe
    weights = recipe_field(recipe, ("model", "weights"))
    strict = recipe_field(recipe, ("model", "weights_strict"), is_enabled=recipe.model.weights is not None)
    mode = recipe_field(recipe, ("model", "mode"))
    has_file_alone = document.model_file.suffix != ".py"
    fields = () if has_file_alone else (weights, strict)
    made = Section(key="made", title="Weights and mode", fields=(*fields, mode), is_open=True)
    return tuple(section for section in (_arguments(document), _methods(document), made) if section is not None)


def _arguments(document: Document) -> Section | None:
    if document.model_file.suffix != ".py":
        return None
    entry = document.entry
    parameters = tuple(p for p in entry.constructor if not p.kind.startswith("var_")) if entry else ()
    name, missing = entry.name if entry else "The model", document.missing_arguments
    if missing:
        note = f"{name} cannot be made without: {', '.join(missing)}."
    elif parameters:
        note = "Empty fields keep the default that the grey text shows."
    else:
        note = f"{name} is made without arguments."
    fields = tuple(_argument(document.recipe, parameter) for parameter in parameters)
    return Section(key="arguments", title="Arguments", fields=fields, note=note, is_open=True)


def _argument(recipe: Recipe, parameter: Parameter) -> Field:
    given = recipe.model.arguments
    hint = parameter.default
    if hint is None:
        hint = f"required ({parameter.annotation})" if parameter.annotation else "required"
    return Field(
        key=f"model.arguments.{parameter.name}",
        label=parameter.name,
        kind="text",
        value=argument_text(given[parameter.name]) if parameter.name in given else "",
        edit=lambda recipe, text: with_argument(recipe, parameter, text),
        hint=hint,
        help=f"Argument {parameter.name} of the constructor, as in Python; {parameter.annotation or 'any type'}.",
    )


def _methods(document: Document) -> Section | None:
    """Return the methods that can be exported together; None where the entry has only its one way of being called."""
    recipe, entry = document.recipe, document.recipe.model.entry
    known = methods_of(document)
    if len(known) < 2 or "." in entry:
        return None
    chosen = recipe.model.methods or ("forward",)
    fields = tuple(
        Field(
            key=f"model.methods.{name}",
            label=name,
            kind="switch",
            value=name in chosen,
            edit=_method_edit(name),
            help=f"Export {name} of the model; methods that are exported together share weights in one file.",
        )
        for name in known
    )
    note = "An input belongs to one method: encode:x is the input x of encode." if len(chosen) > 1 else ""
    return Section(key="methods", title="Methods", fields=fields, note=note, is_open=True)


def _method_edit(name: str) -> Callable[[Recipe, bool], Recipe]:
    return lambda recipe, is_on: with_methods(recipe, name, is_on=is_on)
