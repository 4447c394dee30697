"""``exportdesk advise``: which submodules must be scripted, and why."""

from pathlib import Path
from typing import Annotated, Any

import typer

from ..errors import CHECK_FAILED, DONE, fail
from ..recipe.document import write_recipe
from ..recipe.input_text import parse_input
from ..recipe.moving import moved_recipe
from ..requests import Advise
from ..results import Advice, Culprit
from .answer import answer_json, diagnostic_lines
from .arguments import parse_arguments
from .flags import with_flags
from .job import run_job
from .target import recipe_of


def advise(
    target: Annotated[
        str, typer.Argument(metavar="FILE.py[:ENTRY]|RECIPE.toml", help="An entry of a model file, or a recipe.")
    ],
    input: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=SHAPE[:DTYPE]", help="x=1,3,224,224 · x=1,3,64..512=224,224 · x=@x.npy"),
    ] = None,
    arg: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="Constructor argument.")] = None,
    weights: Annotated[Path | None, typer.Option(metavar="FILE", help="State dict, .pt or .safetensors.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, cuda:N or mps.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of weights, inputs and probes.")] = None,
    timeout: Annotated[float | None, typer.Option(metavar="SECONDS", help="Limit of the whole job.")] = None,
    save_recipe: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write a recipe with the recommended marks.")
    ] = None,
    save_probes: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Keep the inputs that show each culprit, as .npz.")
    ] = None,
    envelope: Annotated[
        bool, typer.Option("--envelope", help="Also find how far it agrees: batch, sizes, scale, dtype, device.")
    ] = False,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> int:
    """Find the smallest set of submodules to script, and prove it by running."""
    recipe, folder = recipe_of(target)
    model: dict[str, Any] = {"device": device, "weights": None if weights is None else str(weights.resolve())}
    if arg:
        model["arguments"] = {**recipe.model.arguments, **parse_arguments(arg)}
    recipe = with_flags(recipe, {"model": model, "checks": {"seed": seed}}, list(map(parse_input, input or ())))
    if timeout is not None and timeout <= 0:
        fail("call.timeout", "--timeout is a number of seconds above zero.")
    kept = None if save_probes is None else str(save_probes.resolve())
    found = run_job(
        lambda job: Advise(job=job, recipe=recipe, folder=str(folder), measures_envelope=envelope, probes_folder=kept),
        timeout_s=timeout,
    )
    assert isinstance(found, Advice)
    if save_recipe is not None and found.is_verified:
        write_recipe(moved_recipe(found.recipe, folder, save_recipe.resolve().parent), save_recipe.resolve())
    if json:
        answer_json(found)
    else:
        _print(found)
    return DONE if found.is_verified else CHECK_FAILED


def _print(found: Advice) -> None:
    scripted = [path or "the model" for path, mark in found.marks.items() if mark == "script"]
    if not found.is_verified:
        print("No set of marks could be verified, so none is recommended.")
    elif scripted:
        print(f"Script {', '.join(scripted)}; trace the rest.")
        for path, mark in found.marks.items():
            print(f"  {mark:<7} {path or '(model)'}")
    else:
        print("Nothing needs to be scripted: trace the model.")
    if found.is_verified:
        print(f"Compiled so, it agrees with the model on all {found.probe_count} probes.")
    for culprit in found.culprits:
        print(_culprit_text(culprit))
    for diagnostic in found.diagnostics:
        print("\n".join(diagnostic_lines(diagnostic)))
        if diagnostic.evidence:
            print(f"    tested: {diagnostic.evidence}")
    for axis in dict.fromkeys(point.axis for point in found.envelope):
        print(_axis_text(axis, found))


def _axis_text(axis: str, found: Advice) -> str:
    points = [point for point in found.envelope if point.axis == axis]
    signs = {True: "", False: " (differs)", None: " (not run)"}
    shown = ", ".join(f"{point.value}{signs[point.agrees]}" for point in points)
    first = next((point for point in points if point.agrees is False), None)
    left_out = next((point for point in points if point.agrees is None), None)
    reasons = [f"\n    at {point.value}: {point.reason}" for point in (first, left_out) if point]
    return f"  {axis}: {shown}" + "".join(reasons)


def _culprit_text(culprit: Culprit) -> str:
    place = f"{culprit.file}:{culprit.line}" if culprit.file and culprit.line else ""
    lines = [f"  culprit: {culprit.module or 'the model'} ({culprit.type_name})  {place}"]
    if culprit.source:
        lines.append(f"    > {culprit.source}")
    if culprit.evidence:
        lines.append(f"    {culprit.evidence}")
    return "\n".join(lines)
