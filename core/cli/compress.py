"""``exportdesk compress``: what would smaller weights cost? Several choices side by side, for a bundle."""

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from ..errors import CHECK_FAILED, DONE, fail
from ..recipe.compression_text import parse_steps
from ..recipe.document import write_recipe
from ..recipe.moving import moved_recipe
from ..requests import TryCompression
from ..results import CompressionReport, CompressionTrial
from .answer import answer_json, say
from .job import run_job


def compress(
    bundle: Annotated[Path, typer.Argument(metavar="BUNDLE", help="A folder that `exportdesk export` wrote.")],
    choice: Annotated[
        list[str] | None,
        typer.Option(
            metavar="STEPS",
            help="palettize:4 · palettize:4:group=32 · quantize:8 · quantize:4:block=32 · prune:0.5 · joint: "
            "prune:0.5+quantize:8. Without it, what is usual for the deployment target.",
        ),
    ] = None,
    layers: Annotated[
        str | None, typer.Option(metavar="STEPS", help="Also compress every weight on its own, and tell what it costs.")
    ] = None,
    choose: Annotated[
        str | None,
        typer.Option(metavar="STEPS|smallest", help="The choice for --save-recipe; smallest is the smallest good one."),
    ] = None,
    save_recipe: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Write the bundle's recipe with the chosen compression.")
    ] = None,
    timeout: Annotated[float | None, typer.Option(metavar="SECONDS", help="Limit of the whole job.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> int:
    """Try ways to make a package smaller; compare size and error of each. The bundle stays as it is."""
    choices = [parse_steps(text) for text in choice or ()]
    if choose is not None and choose != "smallest" and parse_steps(choose) not in choices:
        choices.append(parse_steps(choose))
    if (choose is None) != (save_recipe is None):
        fail("call.choice", "--choose and --save-recipe belong together: what is chosen is written into the recipe.")
    result = run_job(
        lambda job: TryCompression(
            job=job,
            bundle=str(bundle.resolve()),
            choices=tuple(choices),
            layers_of=parse_steps(layers) if layers else (),
        ),
        timeout_s=timeout,
    )
    assert isinstance(result, CompressionReport)
    if json:
        answer_json(result)
    else:
        _print(result)
    if choose is not None and save_recipe is not None:
        _save(result, choose, bundle.resolve(), save_recipe.resolve())
    return DONE if result.smallest_good is not None else CHECK_FAILED


def _save(report: CompressionReport, choose: str, bundle: Path, file: Path) -> None:
    if choose == "smallest":
        chosen = next((trial for trial in report.trials if trial.label == report.smallest_good), None)
    else:
        chosen = next((trial for trial in report.trials if trial.steps == parse_steps(choose)), None)
    if chosen is None or chosen.problem is not None:
        reason = "no choice reaches the limit" if chosen is None else str(chosen.problem)
        fail("call.choice", f"{choose!r} cannot be chosen: {reason}.")
    coreml = msgspec.structs.replace(report.recipe.coreml, compression=chosen.steps)
    write_recipe(moved_recipe(msgspec.structs.replace(report.recipe, coreml=coreml), bundle, file.parent), file)
    say(f"Written: {file}, with {chosen.label}.")


def _print(report: CompressionReport) -> None:
    say("")
    first = report.trials[0]
    print(f"{'':<26} {'size':>10} {'':>6} {'PSNR':>9} {'largest error':>14} {'seconds':>8}")
    for trial in report.trials:
        print(_row(trial, first))
    print(f"Compared with the model on {report.samples} sample(s); good is {report.limit_db:g} dB or more.")
    if report.smallest_good is not None:
        print(f"Smallest that is good: {report.smallest_good}")
    if report.layers:
        print(f"Each weight on its own, {report.layers_of}; the most sensitive first:")
    for row in report.layers:
        said = row.problem or (_decibels(row.psnr_db) if row.is_compressed else "stays as it is")
        print(f"  {said:>14}  {row.elements:>10,}  {row.weight}" + (f"  ({row.module})" if row.module else ""))


def _row(trial: CompressionTrial, first: CompressionTrial) -> str:
    if trial.problem is not None:
        return f"{trial.label:<26} not possible: {trial.problem}"
    error = "–" if trial.max_absolute_error is None else f"{trial.max_absolute_error:.3g}"
    mark = "  " if trial.is_good else " !"
    share = trial.size_bytes / first.size_bytes
    size = f"{trial.size_bytes / 1e6:.2f} MB"
    psnr = _decibels(trial.psnr_db)
    return f"{trial.label:<26} {size:>10} {share:>6.0%} {psnr:>9} {error:>14} {trial.seconds:>8.1f}{mark}"


def _decibels(value: float | None) -> str:
    return "–" if value is None else f"{value:.1f} dB"
