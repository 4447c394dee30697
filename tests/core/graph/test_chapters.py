"""Chapters: a list too long to be read gets boxes, and stays the same graph."""

import random
import sys
import time
from collections import Counter
from itertools import pairwise
from pathlib import Path

import numpy as np
from exportdesk.core.graph.builder import GraphBuilder
from exportdesk.core.graph.chapters import MOST_CHAPTERS, in_chapters
from exportdesk.core.graph.layout import LayoutEngine
from exportdesk.core.graph.model import NO_GROUP, GroupKind
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from graph_shapes import transformer, wild
from test_layout import assert_is_good


def groups_around(graph, node):
    group, around = graph.nodes.group[node], []
    while group != NO_GROUP:
        around.append(group)
        group = graph.groups.parent[group]
    return around


def test_that_a_graph_with_short_levels_stays_as_it_is():
    graph = transformer(600)
    assert in_chapters(graph) is graph


def test_that_no_level_of_a_flat_graph_stays_long():
    graph = in_chapters(transformer(9000, in_groups=False))
    members = Counter(graph.nodes.group.array.tolist()) + Counter(graph.groups.parent.array.tolist())
    assert max(members.values()) <= 2 * MOST_CHAPTERS


def test_that_chapters_follow_the_program_and_nodes_keep_their_places():
    flat = transformer(3000, in_groups=False)
    graph = in_chapters(flat)
    assert graph.nodes.id == flat.nodes.id
    assert graph.edges == flat.edges
    innermost = graph.nodes.group.array.tolist()
    assert NO_GROUP not in innermost
    runs = [one for one, other in pairwise([*innermost, None]) if one != other]
    assert len(runs) == len(set(runs)), "a chapter is one stretch of the program"


def test_that_a_chapter_ends_where_few_values_go_on():
    graph = in_chapters(transformer(3000, in_groups=False))
    innermost = graph.nodes.group.array
    source, target = graph.edges.source.array, graph.edges.target.array
    ends = np.flatnonzero(np.diff(innermost))
    passing = [len(set(source[(source <= end) & (target > end)].tolist())) for end in ends.tolist()]
    # Between two blocks go the mask and the sum so far; in the middle of one, up to five values.
    assert np.mean(passing) <= 3.0


def test_that_modules_stay_together_and_lend_their_names():
    builder = GraphBuilder("torchscript", "deep")
    before = None
    for number in range(300):
        box = builder.add_group(
            f"layers.{number}", f"{number} · Layer", kind=GroupKind.MODULE, module=f"layers.{number}"
        )
        for part in ("norm", "linear"):
            node = builder.add_node(f"{number}/{part}", f"aten::{part}", part, module=f"layers.{number}", group=box)
            if before is not None:
                builder.add_edge(before, node)
            before = node
    flat = builder.finish()
    graph = in_chapters(flat)
    modules = [group for group, kind in enumerate(graph.groups.kind) if kind == "module"]
    assert [graph.groups.id[group] for group in modules] == list(flat.groups.id)
    chapters = {graph.groups.parent[group] for group in modules}
    assert {graph.groups.kind[group] for group in chapters} == {"chapter"}
    assert graph.groups.label[min(chapters)].startswith("layers.0 … layers.")
    assert len(groups_around(graph, 0)) == 2


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 60), st.integers(0, 6), st.integers(0, 90))
def test_that_nothing_overlaps_with_chapters_either(seed, nodes, groups, edges):
    graph = in_chapters(wild(seed, nodes=nodes, groups=groups, edges=edges), most_items=7)
    engine = LayoutEngine(graph)
    chance = random.Random(seed)
    some = frozenset(group for group in range(len(graph.groups)) if chance.random() < 0.5)
    for opened in (engine.everything(), engine.first_view(), some):
        assert_is_good(engine, engine.layout(opened))


def test_that_the_first_view_of_a_flat_graph_of_50_000_nodes_comes_at_once():
    flat = transformer(50_000, in_groups=False)
    begun = time.process_time()
    engine = LayoutEngine(in_chapters(flat))
    engine.layout(engine.first_view())
    assert time.process_time() - begun < 1.0, "0.1 s where this was written"
