"""``exportdesk inspect``: what is in a model file."""

from typing import Annotated

import typer

from ..requests import Inspect
from ..results import Inspection, Parameter
from .answer import answer_json, diagnostic_lines
from .arguments import parse_arguments
from .job import run_job
from .target import recipe_of


def inspect(
    target: Annotated[str, typer.Argument(metavar="FILE.py[:ENTRY]", help="Model file; an entry of it after a colon.")],
    arg: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="Constructor argument.")] = None,
    timeout: Annotated[float | None, typer.Option(help="Seconds that loading may take.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> int:
    """Show entries, module tree, parameters, signature and suggested inputs."""
    import msgspec

    recipe, folder = recipe_of(target)
    if arg:
        arguments = {**recipe.model.arguments, **parse_arguments(arg)}
        recipe = msgspec.structs.replace(recipe, model=msgspec.structs.replace(recipe.model, arguments=arguments))
    found = run_job(lambda job: Inspect(job=job, recipe=recipe, folder=str(folder)), timeout_s=timeout)
    assert isinstance(found, Inspection)
    if json:
        answer_json(found)
    else:
        _print(found)
    return 0


def _print(found: Inspection) -> None:
    print(found.file)
    for entry in found.entries:
        chosen = "*" if entry.name == found.entry else " "
        made = f"({_signature(entry.constructor)})" if entry.kind in ("class", "factory") else ""
        print(f" {chosen} {entry.kind:<9} {entry.name}{made}  line {entry.line}")
    if found.entry is not None:
        called_with = _signature(found.signature)
        print(f"\n{found.entry or found.file}: {found.parameter_count:,} parameters, called with ({called_with})")
    for row in found.modules:
        depth = row.path.count(".") + 1 if row.path else 0
        name = row.path.rpartition(".")[2] or "(model)"
        count = f"  {row.parameter_count:,}" if row.parameter_count else ""
        shared = f"  = {row.shared_with}" if row.shared_with is not None else ""
        print(f"  {'  ' * depth}{name}: {row.type_name}{count}{shared}")
    for suggestion in found.suggested_inputs:
        from ..recipe.input_text import shape_text

        dtype = "" if suggestion.dtype == "float32" else f":{suggestion.dtype}"
        print(f"  suggested: --input {suggestion.name}={shape_text(suggestion.shape)}{dtype}  ({suggestion.reason})")
    for diagnostic in found.diagnostics:
        print("\n".join(diagnostic_lines(diagnostic)))


def _signature(parameters: tuple[Parameter, ...]) -> str:
    stars = {"var_positional": "*", "var_keyword": "**"}
    return ", ".join(
        stars.get(p.kind, "")
        + p.name
        + (f": {p.annotation}" if p.annotation else "")
        + (f" = {p.default}" if p.default is not None else "")
        for p in parameters
    )
