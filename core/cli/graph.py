"""``exportdesk graph``: nodes and edges of a TorchScript file or a Core ML package, as JSON or as a picture."""

import re
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ..errors import fail
from ..graph.files import require_file
from ..graph.times import time_text, times_remark
from ..recipe.input_text import parse_input
from ..recipe.model import Input
from ..recipe.nested_inputs import nested_inputs
from ..requests import MeasureTimes, ReadGraph, ShowTexts
from ..results import GraphResult, TextsResult, TimesResult
from .answer import answer_json
from .job import run_job

if TYPE_CHECKING:
    from ..graph.layout import LayoutEngine
    from ..graph.model import Graph

_TEXTS = {"code": "code", "graph": "graph", "inlined_graph": "inlined_graph", "module": "printed"}
"""What ``--text`` prints, and the field that has it."""


def graph(
    file: Annotated[Path, typer.Argument(metavar="FILE", help="A TorchScript file (.pt) or a Core ML package.")],
    svg: Annotated[Path | None, typer.Option(metavar="PATH", help="Draw the graph into an SVG file.")] = None,
    png: Annotated[Path | None, typer.Option(metavar="PATH", help="Draw the graph into a PNG file.")] = None,
    expand: Annotated[
        str, typer.Option(metavar="all|MODULE|depth=N", help="Groups that are open in the picture; JSON has all.")
    ] = "",
    layout: Annotated[bool, typer.Option("--layout/--no-layout", help="Leave positions out of the JSON.")] = True,
    diff: Annotated[
        Path | None, typer.Option(metavar="OTHER", help="Compare: what OTHER adds, removes and changes.")
    ] = None,
    constants: Annotated[
        bool, typer.Option("--constants", help="Show constants, list building and attribute access as nodes too.")
    ] = False,
    text: Annotated[
        str, typer.Option("--text", metavar="code|graph|inlined_graph|module", help="Print TorchScript's own text.")
    ] = "",
    times: Annotated[
        bool, typer.Option("--times", help="Run the file several times here and time each operation on its own.")
    ] = False,
    input: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=SHAPE", help="What the file takes, for shapes and times; repeatable."),
    ] = None,
    dark: Annotated[bool, typer.Option("--dark", help="Light on dark.")] = False,
    timeout: Annotated[float | None, typer.Option(metavar="SECONDS", help="Limit of reading the file.")] = None,
    json: Annotated[bool, typer.Option("--json", help="One JSON object on standard output.")] = False,
) -> int:
    """Show nodes, edges and groups of a file; --svg and --png draw them."""
    for path in (file, diff):
        if path is not None:
            require_file(path)
    if text:
        _print_text(file, text, timeout, is_json=json)
        return 0
    for path in (svg, png):
        _refuse_bad_target(path)
    depth = _depth(expand)
    inputs = nested_inputs([parse_input(one) for one in input or ()])
    if times and (constants or diff is not None):
        fail("call.option", "--times is for one file and its folded graph.", hint="Leave --constants or --diff out.")
    measured = _measured(file, inputs, timeout) if times else None
    found = (
        _read(file, diff, inputs, timeout, is_folded=not constants)
        if measured is None
        else GraphResult(file=measured.file, graph=measured.graph)
    )
    if svg is not None or png is not None:
        _draw(found, svg, png, expand, depth, is_dark=dark)
    if json:
        _answer(found, measured, has_layout=layout)
    else:
        _print(found, measured, [path for path in (svg, png) if path is not None])
    return 0


def _read(
    file: Path, diff: Path | None, inputs: tuple[Input, ...], timeout: float | None, *, is_folded: bool
) -> GraphResult:
    found = run_job(
        lambda job: ReadGraph(
            job=job,
            file=str(file.absolute()),
            other=None if diff is None else str(diff.absolute()),
            is_folded=is_folded,
            inputs=inputs,
        ),
        timeout_s=timeout,
    )
    assert isinstance(found, GraphResult)
    return found


def _measured(file: Path, inputs: tuple[Input, ...], timeout: float | None) -> TimesResult:
    found = run_job(
        lambda job: MeasureTimes(job=job, file=str(file.absolute()), inputs=inputs, folder=str(Path.cwd())),
        timeout_s=timeout,
    )
    assert isinstance(found, TimesResult)
    return found


def _print_text(file: Path, name: str, timeout: float | None, *, is_json: bool) -> None:
    if name not in _TEXTS:
        fail(
            "call.option", f"--text {name!r} is not a text that TorchScript has.", hint=f"Choose: {', '.join(_TEXTS)}."
        )
    if file.suffix in (".mlpackage", ".mlmodel"):
        fail("call.option", "--text is for TorchScript files; a Core ML package has no such texts.", file=str(file))
    found = run_job(lambda job: ShowTexts(job=job, file=str(file.absolute())), timeout_s=timeout)
    assert isinstance(found, TextsResult)
    content = str(getattr(found.texts, _TEXTS[name]))
    if is_json:
        answer_json({"file": found.file, "name": name, "text": content})
    else:
        print(content)


def _refuse_bad_target(path: Path | None) -> None:
    if path is not None and path.is_dir():
        fail("call.output-is-folder", f"{path} is a folder; give the name of a file.", file=str(path))
    if path is not None and not path.absolute().parent.is_dir():
        fail("call.no-folder", f"There is no folder {path.absolute().parent}.", file=str(path))


def _depth(expand: str) -> int | None:
    if not expand.startswith("depth="):
        return None
    text = expand.removeprefix("depth=")
    if not re.fullmatch(r"\d{1,6}", text):
        fail("call.unknown-depth", f"“{text}” is no depth; give a whole number, as in --expand depth=2.")
    return int(text)


def _draw(
    found: GraphResult, svg: Path | None, png: Path | None, expand: str, depth: int | None, *, is_dark: bool
) -> None:
    from ..graph.chapters import in_chapters
    from ..graph.drawing.colours import DARK, LIGHT
    from ..graph.layout import LayoutEngine
    from ..staged_files import write_whole

    shown, states = found.graph, None
    if found.other is not None and found.diff is not None:
        from ..graph.diff import merged

        shown, states = merged(found.graph, found.other, found.diff)
    engine = LayoutEngine(in_chapters(shown))
    layout = engine.layout(_opened(engine, shown, expand, depth))
    colours = DARK if is_dark else LIGHT
    if svg is not None:
        from ..graph.drawing.svg import svg_of

        write_whole(svg.absolute(), svg_of(engine, layout, colours, states).encode())
    if png is not None:
        from ..graph.drawing.png import png_of

        write_whole(png.absolute(), png_of(engine, layout, colours, states))


def _opened(engine: "LayoutEngine", graph: "Graph", expand: str, depth: int | None) -> frozenset[int]:
    if depth is not None:
        return engine.to_depth(depth)
    if not expand:
        return engine.first_view()
    if expand == "all":
        return engine.everything()
    opened = engine.inside_module(expand)
    if not opened:
        modules = sorted({module for module in graph.groups.module if module})
        near = [module for module in modules if expand.rpartition(".")[2] in module][:5]
        fail(
            "call.unknown-module",
            f"There is no box for the module “{expand}”.",
            module=expand,
            hint=f"Known: {', '.join(near or modules[:8]) or 'none; use --expand all'}",
        )
    return opened


def _answer(found: GraphResult, measured: TimesResult | None, *, has_layout: bool) -> None:
    from ..graph.json_form import diff_as_json, graph_as_json
    from ..graph.layout import LayoutEngine

    layout = None
    if has_layout:
        engine = LayoutEngine(found.graph)
        layout = engine.layout(engine.everything())
    content = graph_as_json(found.graph, layout)
    if measured is not None:
        content["times"] = {"runs": measured.runs, "inputs": measured.inputs, "threads": measured.threads}
        for node in content["nodes"]:
            time = measured.times.get(node["id"])
            node |= {"seconds": time and time.seconds, "turns": time.turns if time else 0}
    if found.other is not None and found.diff is not None:
        content["diff"] = diff_as_json(found.graph, found.other, found.diff)
    answer_json(content)


def _print(found: GraphResult, measured: TimesResult | None, written: list[Path]) -> None:
    graph = found.graph
    times = {} if measured is None else measured.times
    print(f"{graph.title}: {len(graph.nodes):,} nodes, {len(graph.edges):,} edges, {len(graph.groups):,} groups")
    for path in written:
        print(f"  wrote {path}")
    if found.other is not None and found.diff is not None:
        _print_diff(found)
        return
    if written:
        return
    if measured is not None:
        print(f"  {times_remark(measured)}")
    nodes = graph.nodes
    for node in range(min(len(nodes), 400)):
        place = f"{Path(nodes.file[node]).name}:{nodes.line[node]}" if nodes.file[node] else ""
        shape = " ".join(part for part in (nodes.shape[node], nodes.dtype[node]) if part)
        took = f"{time_text(times[nodes.id[node]]):>22}  " if nodes.id[node] in times else " " * 24 if times else ""
        print(f"  {took}{nodes.label[node]:<32} {shape:<24} {nodes.module[node]:<28} {place}".rstrip())
    if len(nodes) > 400:
        print(f"  … and {len(nodes) - 400:,} more; --json has all")


def _print_diff(found: GraphResult) -> None:
    assert found.other is not None
    assert found.diff is not None
    before, after, diff = found.graph.nodes, found.other.nodes, found.diff
    changed = [(node, change) for node, change in zip(diff.after.array.tolist(), diff.changes, strict=True) if change]
    print(f"{found.other.title}: {len(after):,} nodes")
    same = len(diff.before) - len(changed)
    counts = f"{same:,} the same, {len(changed):,} changed"
    print(f"  {counts}, {len(diff.removed):,} removed, {len(diff.added):,} added")
    for node in diff.removed.array.tolist():
        print(f"  - {before.label[node]}  {before.module[node]}".rstrip())
    for node in diff.added.array.tolist():
        print(f"  + {after.label[node]}  {after.module[node]}".rstrip())
    for node, change in changed:
        print(f"  ~ {after.label[node]}  {after.module[node]}  {change}")
