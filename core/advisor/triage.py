"""Each place where a value leaves torch, tested: does freezing it, as a trace does, change what the model gives?"""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

from ..job_context import JobContext
from ..recipe.model import Input
from .bounds import proven_constant
from .probes import Probe, describe_tensors
from .provenance import asks_for_nan
from .recorder import Leak, Site
from .running import Outcome, Subject, difference, summary_of
from .scripted_set import Known
from .search import Search, attributes_of, further, unusual_changes
from .static_reading import attributes_near, is_compared, numbers_near, only_reports

HARMLESS = "harmless"
CHANGES = "changes the output"
SHAPE_ONLY = "depends on shape only"
UNDECIDED = "could not be decided"

_ENOUGH_FLIPS = 5
"""Other values of a number that decides nothing; more of them would show the same."""
_MOST_KEPT = 10
"""Searched inputs that are kept for one site, at most, while none of them shows a change."""


@dataclass(kw_only=True)
class Finding:
    """What is known of one site."""

    site: Site
    is_data: bool
    reference: dict[int, Any]
    """Values by occurrence with the input that the trace is made with: what a trace would keep."""
    first_probe: int
    """Number of that input among the probes; 0 is the example."""
    node_leaks: tuple[Leak, ...] = ()
    verdict: str = UNDECIDED
    evidence: str = ""
    probe: Probe | None = None
    """The input that shows the change."""
    expected: str = ""
    """What the model gives for it."""
    actual: str = ""
    """What it gives with the value frozen."""
    is_report: bool = False
    """Whether the value is only printed, asserted and the like."""
    flips: int = 0
    """Probes on which the site gave other values than a trace would keep."""
    tries: int = 0


@dataclass(kw_only=True)
class Triage:
    """Decides the sites of one method; probes that it finds on the way join ``known``."""

    subject: Subject
    known: Known
    example: Probe
    leaves: Sequence[Input]
    tolerance: float
    context: JobContext
    findings: dict[Site, Finding] = field(default_factory=dict)
    _replayed: set[tuple[Site, int]] = field(default_factory=set)

    def decide(self, provenance: Outcome) -> None:
        """Give each site that the example reaches, or that a probe reached, its verdict."""
        self._note_sites(provenance.leaks)
        done: set[Site] = set()
        while waiting := [f for f in self.findings.values() if f.site not in done]:
            finding = waiting[0]
            done.add(finding.site)
            place = f"line {finding.site.line} of {finding.site.module or 'the model'}"
            self.context.progress(len(done) / (len(done) + len(waiting)), f"testing {place}")
            self._decide(finding)
        # A probe found for one condition may be the first to show what another one does: `if a and b`.
        for finding in self.findings.values():
            if finding.verdict in (HARMLESS, UNDECIDED) and finding.is_data and not finding.is_report:
                any(self._replay(finding, index) for index in range(len(self.known.probes)))

    def _note_sites(self, leaks: Iterable[Leak]) -> None:
        by_site: dict[Site, list[Leak]] = {}
        for leak in leaks:
            by_site.setdefault(leak.site, []).append(leak)
        for site, rows in by_site.items():
            self.findings[site] = Finding(
                site=site,
                is_data=any(leak.is_data for leak in rows),
                reference={leak.occurrence: leak.value for leak in rows},
                first_probe=0,
                node_leaks=tuple(rows),
            )
        for index, outcome in enumerate(self.known.outcomes):
            self._note_new(outcome, index)

    def _note_new(self, outcome: Outcome, index: int) -> None:
        for leak in outcome.leaks:
            if leak.site not in self.findings:
                reference = {other.occurrence: other.value for other in outcome.leaks if other.site == leak.site}
                self.findings[leak.site] = Finding(site=leak.site, is_data=True, reference=reference, first_probe=index)

    def _decide(self, finding: Finding) -> None:
        site = finding.site
        if not finding.node_leaks:
            run = self.subject.run(self.known.probes[finding.first_probe], with_provenance=True)
            finding.node_leaks = tuple(leak for leak in run.leaks if leak.site == site)
            finding.is_data = any(leak.is_data for leak in finding.node_leaks) or not finding.node_leaks
        if not finding.is_data:
            finding.verdict = HARMLESS
            finding.evidence = "it depends on parameters and constants only, which are the same for every input"
            return
        if reason := only_reports(site.file, site.line):
            finding.verdict, finding.evidence, finding.is_report = HARMLESS, reason, True
            return
        for index in range(len(self.known.probes)):
            if self._replay(finding, index):
                return
        if site.kind == "bool" and (reason := proven_constant(finding.node_leaks)):
            finding.verdict, finding.evidence = HARMLESS, reason
            return
        is_used_as_it_is = site.kind in ("number", "index", "values") and not is_compared(site.file, site.line)
        if not (is_used_as_it_is and finding.flips >= _ENOUGH_FLIPS):
            self._search(finding)
        if finding.verdict == CHANGES:
            return
        tries = f"{len(self.known.probes)} probes and {finding.tries} searched inputs"
        if site.kind in ("bool", "size") and finding.flips == 0:
            finding.verdict = UNDECIDED
            finding.evidence = f"it was the same with {tries}; no input was found that changes it, and none ruled out"
        elif (
            site.kind in ("number", "index", "values")
            and is_compared(site.file, site.line)
            and not self._is_crossed(finding)
        ):
            finding.verdict = UNDECIDED
            finding.evidence = (
                f"freezing it changed nothing with {tries}, but it decides something that none of them changed"
            )
        else:
            finding.verdict = HARMLESS
            finding.evidence = (
                f"freezing it never changed the output, with {tries}; {finding.flips} of them gave it other values"
            )

    def _replay(self, finding: Finding, index: int) -> bool:
        """Freeze the site to what a trace would keep and run a probe; return whether the output changes."""
        probe, outcome = self.known.probes[index], self.known.outcomes[index]
        if outcome.problem is not None or finding.site.kind == "size" or probe.is_resized:
            return False
        rows = {leak.occurrence: leak.value for leak in outcome.leaks if leak.site == finding.site}
        if not rows or all(_same(value, finding.reference.get(key)) for key, value in rows.items()):
            return False
        if (finding.site, index) in self._replayed:
            return False
        self._replayed.add((finding.site, index))
        finding.flips += 1
        pins = {(finding.site, occurrence): value for occurrence, value in finding.reference.items()}
        frozen = self.subject.run(probe, pins=pins)
        if frozen.is_stopped or (reason := difference(frozen, outcome, self.tolerance)) is None:
            return False
        finding.verdict, finding.probe = CHANGES, probe
        finding.expected = summary_of(outcome.output)
        finding.actual = frozen.problem or summary_of(frozen.output)
        finding.evidence = (
            f"with {probe.description} ({describe_tensors(probe.arguments)}) the model gives {finding.expected}; "
            f"with the value frozen as a trace does, {reason}"
        )
        return True

    def _search(self, finding: Finding) -> None:
        site = finding.site
        attributes = attributes_of(self.subject.loaded.module, site.module, attributes_near(site.file, site.line))
        targets = list(dict.fromkeys([*attributes[:6], *numbers_near(site.file, site.line)]))[:12]
        before = finding.flips

        def seen(probe: Probe, outcome: Outcome) -> bool:
            finding.tries += 1
            return self._take(finding, probe, outcome)

        search = Search(subject=self.subject, leaves=self.leaves, seen=seen)
        starts = self._starts(finding)
        if any(leak.node is not None and asks_for_nan(leak.node) for leak in finding.node_leaks):
            for probe in unusual_changes(starts[0], self.leaves):
                if seen(probe, self.subject.run(probe)):
                    return
        found = search.turn(site, starts, targets)
        if found or finding.flips == before:
            return
        # Turned over without an effect so far: the effect may begin farther on.
        flipped = [self.known.probes[index] for key, index in self._replayed if key == site][-3:]
        for probe in flipped:
            for moved in further(probe, self.example, self.leaves):
                if seen(moved, self.subject.run(moved)):
                    return

    def _take(self, finding: Finding, probe: Probe, outcome: Outcome) -> bool:
        """Look at a searched input; keep it where it shows something new. Return whether the site is decided."""
        if outcome.problem is not None:
            return False
        rows = {leak.occurrence: leak.value for leak in outcome.leaks if leak.site == finding.site}
        differs = any(not _same(value, finding.reference.get(key)) for key, value in rows.items())
        is_new_place = any(leak.site not in self.findings for leak in outcome.leaks)
        if not (is_new_place or (differs and rows)):
            return False
        self.known.add(probe, outcome)
        index = len(self.known.probes) - 1
        self._note_new(outcome, index)
        decided = self._replay(finding, index)
        is_telling = decided or is_new_place or (finding.site.kind in ("bool", "size") and finding.flips <= _MOST_KEPT)
        if not is_telling and (finding.site, index) in self._replayed:
            self.known.probes.pop()
            self.known.outcomes.pop()
            self._replayed.discard((finding.site, index))
        if finding.site.kind == "size":
            finding.flips += 1
        return decided

    def _starts(self, finding: Finding) -> list[Probe]:
        """Return probes that reach the site, the one that the trace is made with first."""
        first = self.known.probes[finding.first_probe]
        reach = [
            probe
            for probe, outcome in zip(self.known.probes, self.known.outcomes, strict=True)
            if probe is not first
            and not probe.is_resized
            and outcome.problem is None
            and any(leak.site == finding.site for leak in outcome.leaks)
        ]
        return [first, *reach[:6]]

    def _is_crossed(self, finding: Finding) -> bool:
        """Whether probes took the number between all the numbers that the code around it mentions."""
        site = finding.site
        attributes = attributes_of(self.subject.loaded.module, site.module, attributes_near(site.file, site.line))
        values = [
            float(leak.value)
            for outcome in self.known.outcomes
            for leak in outcome.leaks
            if leak.site == site and isinstance(leak.value, int | float) and outcome.problem is None
        ]
        if not values:
            return False
        targets = sorted({*attributes, *numbers_near(site.file, site.line)})
        parts = [(-math.inf, targets[0]), *pairwise(targets), (targets[-1], math.inf)]
        return all(any(low < value < high for value in values) for low, high in parts)


def culprit_modules(findings: Iterable[Finding]) -> dict[str, list[Finding]]:
    """Return the submodules whose own code takes a value that changes the output, with what was found there."""
    found: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.verdict == CHANGES:
            found.setdefault(finding.site.module, []).append(finding)
    return found


def _same(one: Any, other: Any) -> bool:
    if type(one) is not type(other):
        return False
    try:
        return bool(one == other) or (one != one and other != other)
    except (ValueError, TypeError, RuntimeError):
        import numpy as np

        return bool(
            np.array_equal(one, other, equal_nan=getattr(one, "dtype", None) is not None and one.dtype.kind == "f")
        )
