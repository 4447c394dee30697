"""What the advisor found, as rows and sentences for the Advice tab; no Qt here."""

import html
from typing import Literal

import msgspec
from msgspec.structs import replace

from ...core.diagnostics import Diagnostic, Severity
from ...core.recipe.model import Acknowledgement, Recipe
from ...core.results import Advice, ShownProbe
from .wording import in_words_of_the_window

Weight = Literal["culprit", "in the way", "undecided", "harmless"]
_ORDER: tuple[Weight, ...] = ("culprit", "in the way", "undecided", "harmless")


class Place(msgspec.Struct, frozen=True, kw_only=True):
    """One thing that the advisor looked at: a culprit, a doubtful line, or what stands in the way of an answer."""

    weight: Weight
    module: str | None
    file: str | None
    line: int | None
    source: str | None
    text: str
    """The verdict in a few words, or the message."""
    evidence: str = ""
    hint: str = ""
    probe: ShownProbe | None = None
    expected: str = ""
    actual: str = ""


class MarkRow(msgspec.Struct, frozen=True, kw_only=True):
    """The mark that a module has beside the one that is advised; empty where it inherits."""

    module: str
    now: str
    advised: str

    @property
    def is_change(self) -> bool:
        return self.now != self.advised


def places(advice: Advice) -> tuple[Place, ...]:
    """Return everything worth looking at, the gravest first, each line once."""
    hints = {(d.module, d.line): d.hint or "" for d in reversed(advice.diagnostics)}
    rows = [
        Place(
            weight="culprit",
            module=culprit.module,
            file=culprit.file,
            line=culprit.line,
            source=culprit.source,
            text="changes the output",
            evidence=culprit.evidence,
            hint=hints.get((culprit.module, culprit.line), ""),
            probe=culprit.probe,
            expected=culprit.expected or "",
            actual=culprit.actual or "",
        )
        for culprit in advice.culprits
    ]
    rows += [
        Place(
            weight=_weight(place.verdict),
            module=place.module,
            file=place.file,
            line=place.line,
            source=place.source,
            text=place.verdict,
            evidence=place.evidence,
            hint=hints.get((place.module, place.line), ""),
            probe=place.probe,
            expected=place.expected or "",
            actual=place.actual or "",
        )
        for place in advice.places
    ]
    rows += [_standing_in_the_way(d) for d in advice.diagnostics if _is_in_the_way(d)]
    once: dict[object, Place] = {}
    for row in rows:
        once.setdefault((row.module, row.file, row.line, row.weight == "in the way"), row)
    return tuple(sorted(once.values(), key=lambda row: _ORDER.index(row.weight)))


def _weight(verdict: str) -> Weight:
    if verdict == "changes the output":
        return "culprit"
    return "undecided" if verdict == "could not be decided" else "harmless"


def _is_in_the_way(diagnostic: Diagnostic) -> bool:
    return diagnostic.severity is Severity.ERROR or diagnostic.code.startswith(("model.", "trace.graphs"))


def _standing_in_the_way(diagnostic: Diagnostic) -> Place:
    return Place(
        weight="in the way",
        module=diagnostic.module,
        file=diagnostic.file,
        line=diagnostic.line,
        source=diagnostic.source,
        text=diagnostic.message,
        evidence=diagnostic.evidence or "",
        hint=diagnostic.hint or "",
    )


def mark_rows(advice: Advice, recipe: Recipe) -> tuple[MarkRow, ...]:
    """Return the modules that have a mark now, or would have one."""
    if not advice.is_verified:
        return ()
    paths = sorted({*recipe.marks, *advice.marks})
    return tuple(MarkRow(module=p, now=recipe.marks.get(p, ""), advised=advice.marks.get(p, "")) for p in paths)


def headline(advice: Advice) -> str:
    """Return the answer in one sentence."""
    if not advice.is_verified:
        return "No set of marks could be verified, so none is recommended."
    scripted = [path or "the model" for path, mark in advice.marks.items() if mark == "script"]
    if not scripted:
        return "Nothing needs to be scripted: trace the model."
    return f"Script {listed(scripted)}; trace the rest."


def listed(names: list[str]) -> str:
    """Return ``a, b and c``, at most four of them by name."""
    last = f"{len(names) - 4} more" if len(names) > 4 else names[-1]
    first = names[:4] if len(names) > 4 else names[:-1]
    return f"{', '.join(first)} and {last}" if first else last


def proof(advice: Advice) -> str:
    """Return what the answer rests on."""
    seconds = sum(advice.seconds.values())
    if advice.is_verified:
        return f"Compiled so, it agrees with the model on all {advice.probe_count} probes ({seconds:.1f} s)."
    errors = [d for d in advice.diagnostics if d.severity is Severity.ERROR]
    return errors[0].message if errors else "See the rows below for what stands in the way."


def with_advice(recipe: Recipe, advice: Advice) -> Recipe:
    """Return the recipe with the advised marks, and with ``strict`` as they were verified."""
    torchscript = replace(recipe.torchscript, strict=advice.recipe.torchscript.strict)
    return replace(recipe, marks=advice.recipe.marks, torchscript=torchscript)


def is_same_question(asked: Recipe, now: Recipe) -> bool:
    """Whether an answer given for one recipe still answers another: marks and conversion do not matter to it."""
    return (asked.model, asked.inputs, asked.checks.seed) == (now.model, now.inputs, now.checks.seed)


def acknowledgement(diagnostic: Diagnostic) -> Acknowledgement:
    """Return how a recipe remembers that a finding is accepted: with the text of its line."""
    return Acknowledgement(code=diagnostic.code, module=diagnostic.module, source=diagnostic.source)


def with_acknowledgement(recipe: Recipe, diagnostic: Diagnostic) -> Recipe:
    """Accept a finding, or take that back where it is accepted already."""
    row = acknowledgement(diagnostic)
    kept = tuple(known for known in recipe.acknowledged if known != row)
    return replace(recipe, acknowledged=kept if len(kept) < len(recipe.acknowledged) else (*kept, row))


def evidence_html(place: Place) -> str:
    """Return all that is known of a place, the two outputs side by side."""
    module = "" if place.module is None else place.module or "the model"
    parts = [f"<p><b>{html.escape(module)}</b>{' · ' if module else ''}{html.escape(place.text)}</p>"]
    if place.file and place.line:
        source = f"<br><code>{html.escape(place.source)}</code>" if place.source else ""
        parts.append(f"<p>{html.escape(place.file)}:{place.line}{source}</p>")
    if place.hint:
        parts.append(f"<p>{html.escape(in_words_of_the_window(place.hint))}</p>")
    if place.expected and place.actual:
        parts.append(_side_by_side(place.expected, place.actual))
    if place.probe is not None:
        parts.append(_probe_html(place.probe))
    if place.evidence:
        parts.append(f"<p><i>Tested:</i> {html.escape(place.evidence)}</p>")
    return "".join(parts)


def _side_by_side(expected: str, actual: str) -> str:
    left, right = expected.split("; "), actual.split("; ")
    height = max(len(left), len(right))
    rows = zip(left + [""] * (height - len(left)), right + [""] * (height - len(right)), strict=True)
    cells = "".join(
        f"<tr><td><code>{html.escape(one)}</code></td><td><code>{html.escape(other)}</code></td></tr>"
        for one, other in rows
    )
    heads = "<tr><th align='left'>Your model gives</th><th align='left'>Frozen, as a trace does</th></tr>"
    return f"<table cellspacing='0' cellpadding='4' border='1' style='border-collapse:collapse'>{heads}{cells}</table>"


def _probe_html(probe: ShownProbe) -> str:
    shapes = ", ".join(
        f"{'×'.join(map(str, shape)) or 'scalar'} {dtype}"
        for shape, dtype in zip(probe.shapes, probe.dtypes, strict=True)
    )
    text = f"<p><i>Input that shows it:</i> {html.escape(probe.description)} — {html.escape(shapes)}"
    if probe.file:
        text += f"<br><i>Kept as</i> <code>{html.escape(probe.file)}</code><br>To see it again, take all marks away, "
        text += "add a check input with this file as its fill, and export: that check fails."
    return text + "</p>"
