"""``exportdesk run``: a Core ML package, run on this machine by reference execution."""

from pathlib import Path
from typing import Annotated

import typer

from ..errors import DONE, FAILED, fail
from ..requests import RunPackage
from ..results import ArraySummary, PackageRun
from .answer import answer_json
from .job import run_job


def run(
    package: Annotated[Path, typer.Argument(metavar="PACKAGE", help="An .mlpackage that holds an ML program.")],
    input: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=FILE", help="x=x.npy (.npz, .pt), or x=photo.png for an image input; repeatable."),
    ] = None,
    output: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Where values go: .npz, or .npy if there is one.")
    ] = None,
    intermediates: Annotated[
        str | None, typer.Option(metavar="NAMES|all", help="Values inside the program to keep too: a,b,c or all.")
    ] = None,
    precision: Annotated[
        str, typer.Option(metavar="program|float32", help="float32 computes half precision without its rounding.")
    ] = "program",
    function: Annotated[str | None, typer.Option(metavar="NAME", help="Function of a multifunction package.")] = None,
    steps: Annotated[int, typer.Option(min=1, help="Runs, one after another, that share the model's states.")] = 1,
    list_unsupported: Annotated[
        bool, typer.Option("--list-unsupported", help="List the operations that cannot be run, and run nothing.")
    ] = False,
    timeout: Annotated[float | None, typer.Option(metavar="SECONDS", help="Limit of the whole job.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> int:
    """Run a Core ML package on arrays. This is reference execution; Apple's runtime may round differently."""
    if precision not in ("program", "float32"):
        fail("call.unknown-precision", f"There is no precision “{precision}”.", hint="Use program or float32.")
    inputs = _inputs(input or [])
    if output is not None:
        _check_output(output)
    found = run_job(
        lambda job: RunPackage(
            job=job,
            package=str(package.absolute()),
            inputs=inputs,
            output=None if output is None else str(output.absolute()),
            function=function,
            precision=precision,
            intermediates=tuple(name.strip() for name in (intermediates or "").split(",") if name.strip()),
            steps=steps,
            lists_unsupported=list_unsupported,
        ),
        timeout_s=timeout,
    )
    assert isinstance(found, PackageRun)
    if json:
        answer_json(found)
    else:
        _print(found, lists_unsupported=list_unsupported)
    return FAILED if found.unsupported else DONE


def _inputs(texts: list[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    for text in texts:
        name, equals, file = text.partition("=")
        if not equals or not name or not file:
            fail("call.input", f"--input {text!r} is not NAME=FILE.", hint="For example --input x=x.npy.")
        if name in found:
            fail("call.input", f"The input “{name}” is given twice.")
        found[name] = str(Path(file.removeprefix("@")).absolute())
    return found


def _check_output(output: Path) -> None:
    if output.suffix not in (".npz", ".npy"):
        fail("call.output", f"“{output.name}” ends neither in .npz nor in .npy.", file=str(output))
    if not output.absolute().parent.is_dir() or output.is_dir():
        fail("call.output", f"“{output}” cannot be written: there is no such folder.", file=str(output))


def _print(found: PackageRun, *, lists_unsupported: bool) -> None:
    if lists_unsupported:
        total = sum(found.operations.values())
        print(f"{total} operations, {len(found.unsupported)} of them unsupported")
        for item in found.unsupported:
            place = f"  {item.file}:{item.line}" if item.file else f"  {item.module}" if item.module else ""
            print(f"  {item.type} “{item.name}” ({item.opset}, function {item.function}){place}")
        return
    print(f"Reference execution of {Path(found.package).name}, function {found.function}, {found.seconds:.3f} s")
    for title, rows in (("Outputs", found.outputs), ("States", found.states), ("Intermediates", found.intermediates)):
        if rows:
            print(f"{title}:")
        for row in rows:
            print(f"  {_line(row)}")
    if found.output:
        print(f"Written: {found.output}")


def _line(row: ArraySummary) -> str:
    if row.text is not None:
        return f"{row.name}: {row.text}"
    shape = " x ".join(map(str, row.shape)) or "one number"
    text = f"{row.name}: {row.dtype}, {shape}"
    if row.minimum is not None:
        text += f", {row.minimum:.5g} … {row.maximum:.5g}, mean {row.mean:.5g}"
    return f"{text}, {row.non_finite} not finite" if row.non_finite else text
