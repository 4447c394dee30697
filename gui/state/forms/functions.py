"""Functions of a package that has several: methods of the model, or functions of packages made before."""

from collections.abc import Callable, Iterator

from ....core.recipe.model import CoreMLFunction, CoreMLOutput, Recipe
from ..fields import Action, Field, Section
from ..recipe_values import value_at, with_member, with_value
from .form import Form, removal

_FUNCTIONS = ("coreml", "functions")


def function_sections(form: Form) -> Iterator[Section]:
    """Yield a section for each function, and one to add more."""
    functions = form.recipe.coreml.functions
    methods = tuple(dict.fromkeys([*form.methods, *(item.method for item in functions if item.method)]))
    for position, function in enumerate(functions):
        path = (*_FUNCTIONS, position)
        name = form.field(*path, "name")
        rows: tuple[Field, ...]
        if function.package is None:
            choices = tuple((method, method) for method in methods)
            rows = (
                form.field(*path, "method", kind="choice", choices=choices),
                form.field(
                    *path,
                    "outputs",
                    kind="text",
                    value=", ".join(output.name for output in function.outputs),
                    edit=_outputs_edit(position),
                ),
            )
        else:
            rows = (form.field(*path, "package"), form.field(*path, "source"))
        yield Section(
            key=f"function {position}",
            title=f"Function {function.name}" + ("" if position else " (the default)"),
            fields=(name, *rows),
            actions=(removal(*_FUNCTIONS, position, "function"),),
            is_open=True,
        )
    yield Section(
        key="functions",
        title="More functions" if functions else "Functions",
        note="" if functions else "One package can hold several functions that share their weights (iOS 18).",
        actions=(
            Action(
                key="add function",
                label="Add a Method",
                name="Add a function",
                edit=lambda recipe: _with_method(recipe, methods),
                help="Another method of this model, as a function of the same package.",
            ),
            Action(
                key="add package",
                label="Add from a Package",
                name="Add a function of a package",
                edit=lambda recipe: with_member(
                    recipe, _FUNCTIONS, CoreMLFunction(name=_free_name(recipe, "function"), package="other.mlpackage")
                ),
                help="A function of a package that was made before; choose the package in its field.",
            ),
        ),
    )


def _with_method(recipe: Recipe, methods: tuple[str, ...]) -> Recipe:
    used = {item.method for item in recipe.coreml.functions}
    method = next((name for name in methods if name not in used), methods[0])
    name = "main" if method == "forward" else method
    return with_member(recipe, _FUNCTIONS, CoreMLFunction(name=_free_name(recipe, name), method=method))


def _outputs_edit(position: int) -> Callable[[Recipe, str], Recipe]:
    def edit(recipe: Recipe, text: str) -> Recipe:
        path = (*_FUNCTIONS, position, "outputs")
        former = {output.name: output for output in value_at(recipe, path)}
        names = [part.strip() for part in text.split(",") if part.strip()]
        return with_value(recipe, path, tuple(former.get(name) or CoreMLOutput(name=name) for name in names))

    return edit


def _free_name(recipe: Recipe, name: str) -> str:
    taken = {item.name for item in recipe.coreml.functions}
    return next(found for found in (name, *(f"{name}_{n}" for n in range(2, len(taken) + 3))) if found not in taken)
