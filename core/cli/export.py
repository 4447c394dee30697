"""``exportdesk export``: run a recipe, or a model file with flags."""

from functools import partial
from pathlib import Path
from typing import Annotated, Any

import msgspec
import typer

from ..bundle.place import check_place
from ..errors import CHECK_FAILED, DONE, fail
from ..recipe.changes import with_values
from ..recipe.document import write_recipe
from ..recipe.input_text import parse_input
from ..recipe.moving import moved_recipe
from ..requests import Export
from ..results import ExportResult
from ..staged_files import staging_beside
from .answer import answer_json, check_line, diagnostic_lines, say
from .arguments import parse_arguments
from .flags import check_rows, checked, functions, value_input, with_flags
from .job import run_job
from .target import recipe_of


def export(
    target: Annotated[
        str, typer.Argument(metavar="RECIPE.toml|FILE.py:ENTRY", help="A recipe, or an entry of a file.")
    ],
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="Folder of the bundle: new, empty or an earlier one.")
    ] = Path("out"),
    input: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=SHAPE[:DTYPE]",
            help="x=1,3,224,224 · ids=1,128:int64 · x=1,3,64..512=224,64..512=224 · x=1|2|4,8 · x=@x.npy · "
            "nested: state[0]=1,4 · batch.image=1,3,8,8 · items[]=1,4 · of a method: encode:x=1,4",
        ),
    ] = None,
    script: Annotated[
        list[str] | None, typer.Option(metavar="PATH", help='Script this submodule; "" is the model.')
    ] = None,
    trace: Annotated[
        list[str] | None, typer.Option(metavar="PATH", help='Trace this submodule; "" is the model.')
    ] = None,
    arg: Annotated[list[str] | None, typer.Option(metavar="NAME=VALUE", help="Constructor argument.")] = None,
    weights: Annotated[Path | None, typer.Option(metavar="FILE", help="State dict, .pt or .safetensors.")] = None,
    device: Annotated[str | None, typer.Option(help="cpu, cuda, cuda:N or mps.")] = None,
    target_os: Annotated[
        str | None, typer.Option("--target", metavar="iOS17", help="Minimum deployment target.")
    ] = None,
    precision: Annotated[str | None, typer.Option(metavar="float16|float32", help="Of the Core ML program.")] = None,
    lane: Annotated[
        str | None, typer.Option(metavar="torchscript|torch.export", help="What the model is exported with.")
    ] = None,
    function: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME=METHOD|FILE.mlpackage",
            help="A function of a package with several (iOS 18): a method, or one of a package made before.",
        ),
    ] = None,
    no_coreml: Annotated[bool, typer.Option("--no-coreml", help="TorchScript only.")] = False,
    probes: Annotated[int | None, typer.Option(help="Random inputs on which the files are checked.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of weights, inputs and probes.")] = None,
    value: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Argument that is no tensor: 3, 0.5, true, None, text."),
    ] = None,
    check_input: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=SHAPE[;…]", help="One more call to check the trace on: 'x=1,3,64,64; mask=1,64'."),
    ] = None,
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Any key of the recipe: torchscript.strict=false"),
    ] = None,
    timeout: Annotated[float | None, typer.Option(metavar="SECONDS", help="Limit of the whole job.")] = None,
    save_recipe: Annotated[Path | None, typer.Option(metavar="FILE", help="Write what was asked as a recipe.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> int:
    """Export a model to TorchScript and Core ML, checked against the model itself."""
    recipe, folder = recipe_of(target)
    changes: dict[str, dict[str, Any]] = {
        "model": {"device": device, "weights": None if weights is None else str(weights.resolve())},
        "coreml": {
            "minimum_deployment_target": target_os,
            "precision": precision,
            "enabled": False if no_coreml else None,
            "functions": functions(function) if function else None,
        },
        "torchscript": {"check_inputs": check_rows(check_input) if check_input else None},
        "checks": {"probes": probes, "seed": seed},
    }
    if arg:
        changes["model"]["arguments"] = {**recipe.model.arguments, **parse_arguments(arg)}
    if lane is not None:
        recipe = checked(partial(msgspec.structs.replace, recipe, lane=lane))
    recipe = with_flags(recipe, changes, [*map(parse_input, input or ()), *map(value_input, value or ())])
    if script or trace:
        marks = {**recipe.marks, **dict.fromkeys(script or (), "script"), **dict.fromkeys(trace or (), "trace")}
        both = set(script or ()) & set(trace or ())
        if both:
            fail("call.mark", f"{min(both)!r} is given to --script and to --trace.", module=min(both))
        recipe = checked(partial(msgspec.structs.replace, recipe, marks=marks))
    recipe = with_values(recipe, set_ or ())
    if timeout is not None and timeout <= 0:
        fail("call.timeout", "--timeout is a number of seconds above zero.")
    out = out.absolute()
    check_place(out)
    if save_recipe is not None:
        write_recipe(moved_recipe(recipe, folder, save_recipe.resolve().parent), save_recipe.resolve())
    staging = staging_beside(out)
    result = run_job(
        lambda job: Export(job=job, recipe=recipe, folder=str(folder), out=str(out), staging=str(staging)),
        timeout_s=timeout,
    )
    assert isinstance(result, ExportResult)
    if json:
        answer_json(result)
    else:
        _print(result)
    return DONE if result.is_good else CHECK_FAILED


def _print(result: ExportResult) -> None:
    say("")
    for diagnostic in result.diagnostics:
        print("\n".join(diagnostic_lines(diagnostic)))
    print("Written:")
    for kind, path in result.files.items():
        print(f"  {kind:<12} {path}")
    print("Checked against the model:")
    for check in result.checks:
        print(check_line(check))
    print(f"Seconds: {', '.join(f'{stage} {seconds:.1f}' for stage, seconds in result.seconds.items())}")
