"""How the model is compiled, and how what was made is checked."""

from ....core.recipe.model import Recipe
from ..fields import Section, recipe_field


def tracing_form(recipe: Recipe) -> tuple[Section, ...]:
    tracer = tuple(
        recipe_field(recipe, ("torchscript", key), is_enabled=recipe.lane == "torchscript")
        for key in ("check_trace", "strict", "check_tolerance")
    )
    checks = tuple(recipe_field(recipe, ("checks", key)) for key in ("probes", "seed", "layers"))
    limits = tuple(recipe_field(recipe, ("checks", key)) for key in ("coreml_psnr_db", "coreml_relative_error"))
    lane = recipe_field(recipe, ("lane",))
    is_traced = recipe.lane == "torchscript"
    return (
        Section(
            key="lane",
            title="How it is compiled",
            fields=(lane,),
            note="" if is_traced else "Marks of modules, and the options of the tracer, do not apply to torch.export.",
            is_open=True,
            has_heading=False,
        ),
        Section(key="tracing", title="Tracing", fields=tracer, is_open=True),
        Section(
            key="checks",
            title="Checks",
            fields=checks,
            note="Further inputs of your own, of other sizes or values, are rows below the inputs.",
            is_open=True,
        ),
        Section(key="limits", title="What counts as equal", fields=limits),
    )
