"""The layout: nothing overlaps, no edge runs through what it does not touch, and the same graph looks the same."""

import random
import sys
import time
from pathlib import Path

import msgspec
import numpy as np
import pytest
from exportdesk.core.graph.builder import GraphBuilder
from exportdesk.core.graph.layout import Layout, LayoutEngine
from exportdesk.core.graph.layout.engine import CLOSED, OPEN, SOLID
from exportdesk.core.graph.layout.layers import layered
from exportdesk.core.graph.layout.routes import edge_points, seen_items
from exportdesk.core.graph.model import GroupKind
from hypothesis import given, settings
from hypothesis import strategies as st

sys.path.insert(0, str(Path(__file__).parent))
from graph_shapes import transformer, wild

TOUCH = 0.02
"""Coordinates are float32: what lies edge to edge may seem to overlap by a hair."""


def leaves(engine: LayoutEngine, layout: Layout) -> np.ndarray:
    """Return the items that are drawn as nodes: not hidden, not open, not inside a solid group."""
    nodes = engine.hierarchy.node_count
    states = layout.group_state.array
    seen = layout.item_width.array > 0
    seen[nodes:] &= np.isin(states, (CLOSED, SOLID))
    for item in range(nodes + len(states)):
        outer = engine.hierarchy.parent[item]
        if outer >= 0 and states[outer] == SOLID:
            seen[item] = False
    return np.flatnonzero(seen)


def boxes(layout: Layout) -> np.ndarray:
    x, y = layout.item_x.array.astype(float), layout.item_y.array.astype(float)
    return np.stack([x, y, x + layout.item_width.array, y + layout.item_height.array], axis=1)


def assert_nothing_overlaps(engine: LayoutEngine, layout: Layout) -> None:
    box = boxes(layout)
    drawn = leaves(engine, layout)
    here = box[drawn]
    apart = (
        (here[:, None, 2] <= here[None, :, 0] + TOUCH)
        | (here[None, :, 2] <= here[:, None, 0] + TOUCH)
        | (here[:, None, 3] <= here[None, :, 1] + TOUCH)
        | (here[None, :, 3] <= here[:, None, 1] + TOUCH)
    )
    np.fill_diagonal(apart, True)
    assert apart.all(), [(drawn[a], drawn[b]) for a, b in np.argwhere(~apart)[:3]]


def assert_children_lie_inside(engine: LayoutEngine, layout: Layout) -> None:
    box, nodes = boxes(layout), engine.hierarchy.node_count
    for item in np.flatnonzero(layout.item_width.array > 0):
        outer = int(engine.hierarchy.parent[item])
        if outer >= 0:
            around = box[nodes + outer]
            assert (box[item][:2] >= around[:2] - TOUCH).all()
            assert (box[item][2:] <= around[2:] + TOUCH).all()
            if layout.group_state.array[outer] == OPEN:
                assert box[item][1] >= around[1] + 16, "the title is covered"


def curve_points(x0, y0, x1, y1, steps=24):
    at = np.linspace(0, 1, steps)
    ease = 3 * at**2 - 2 * at**3
    y = y0 + (y1 - y0) * (1.5 * at * (1 - at) ** 2 + 1.5 * at**2 * (1 - at) + at**3)
    return np.stack([x0 + (x1 - x0) * ease, y], axis=1)


def assert_no_edge_runs_through_a_node(engine: LayoutEngine, layout: Layout) -> None:
    """Each piece stays outside the inner part of every item drawn as a node, and of every open group's title."""
    drawn = boxes(layout)[leaves(engine, layout)]
    inner = drawn + np.array([1.0, 1.0, -1.0, -1.0])
    for x0, y0, x1, y1 in layout.piece_ends.array.reshape(-1, 4):
        points = curve_points(x0, y0, x1, y1)
        inside = (
            (points[:, None, 0] > inner[None, :, 0])
            & (points[:, None, 0] < inner[None, :, 2])
            & (points[:, None, 1] > inner[None, :, 1])
            & (points[:, None, 1] < inner[None, :, 3])
        )
        assert not inside.any()


def assert_is_good(engine: LayoutEngine, layout: Layout) -> None:
    assert_nothing_overlaps(engine, layout)
    assert_children_lie_inside(engine, layout)
    assert_no_edge_runs_through_a_node(engine, layout)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 40), st.integers(0, 9), st.integers(0, 80))
def test_that_nothing_overlaps_whatever_the_graph_and_the_open_groups(seed, nodes, groups, edges):
    engine = LayoutEngine(wild(seed, nodes=nodes, groups=groups, edges=edges))
    chance = random.Random(seed)
    some = frozenset(group for group in range(len(engine.graph.groups)) if chance.random() < 0.5)
    for opened in (engine.everything(), frozenset(), some):
        assert_is_good(engine, engine.layout(opened))


@settings(max_examples=40, deadline=None)
@given(st.integers(0, 10_000))
def test_that_each_seen_edge_leads_from_its_source_to_its_target(seed):
    engine = LayoutEngine(wild(seed, groups=3, forward_only=True))
    for opened in (engine.everything(), frozenset()):
        layout = engine.layout(opened)
        graph, seen = engine.graph, seen_items(engine.graph, layout)
        box, ways = boxes(layout), edge_points(engine.graph, layout)
        for edge, points in enumerate(ways):
            source, target = graph.edges.source[edge], graph.edges.target[edge]
            if seen[source] == seen[target]:
                assert points == []
                continue
            for (x, y), item in ((points[0], seen[source]), (points[-1], seen[target])):
                assert box[item][0] - TOUCH <= x <= box[item][2] + TOUCH
                assert min(abs(y - box[item][1]), abs(y - box[item][3])) < 0.1


def test_that_long_edges_of_a_wide_flat_graph_pass_beside_everything():
    chance = random.Random(0)
    builder = GraphBuilder("torchscript", "chain with long edges")
    for number in range(400):
        builder.add_node(f"{number}", "aten::add", "add")
        for source in {number - 1, chance.randrange(number)} if number else ():
            builder.add_edge(source, number)
    engine = LayoutEngine(builder.finish())
    layout = engine.layout(())
    assert layered(engine.level(-1).shape).lanes
    assert_is_good(engine, layout)


def test_that_the_same_graph_has_the_same_layout():
    graph = wild(7)
    one, other = LayoutEngine(graph), LayoutEngine(graph)
    other.layout(())
    assert msgspec.msgpack.encode(one.layout(one.everything())) == msgspec.msgpack.encode(
        other.layout(other.everything())
    )


def test_that_opening_a_group_reorders_nothing_outside_it():
    engine = LayoutEngine(transformer(200))
    closed = engine.layout(())
    opened = engine.layout({0})
    top = engine.hierarchy.children(-1)
    for column in ("item_x", "item_y"):
        before, after = getattr(closed, column).array[top], getattr(opened, column).array[top]
        # Things that lay left of, or above, each other still do.
        assert (np.sign(before[:, None] - before[None, :]) * (after[:, None] - after[None, :]) >= -200).all()
    assert np.array_equal(
        np.argsort(closed.item_y.array[top], kind="stable"), np.argsort(opened.item_y.array[top], kind="stable")
    )


def test_that_opening_and_closing_a_group_gives_back_the_first_layout():
    engine = LayoutEngine(transformer(200))
    first = engine.layout({1})
    engine.layout({0, 1, 2})
    assert engine.layout({1}) == first


def test_that_a_chain_is_drawn_as_one_straight_line():
    engine = LayoutEngine(wild(1, nodes=0, groups=0, edges=0))
    assert engine.layout(()).width > 0
    builder = GraphBuilder("torchscript", "chain")
    for number in range(20):
        builder.add_node(f"{number}", "aten::relu", "relu" * (1 + number % 3))
        if number:
            builder.add_edge(number - 1, number)
    layout = LayoutEngine(builder.finish()).layout(())
    ends = layout.piece_ends.array.reshape(-1, 4)
    assert len(ends) == 19
    assert len(set(ends[:, 0]) | set(ends[:, 2])) == 1


def test_that_a_module_of_one_operation_is_drawn_as_that_operation():
    builder = GraphBuilder("torchscript", "one")
    box = builder.add_group("conv", "conv · Conv2d", kind=GroupKind.MODULE)
    builder.add_node("conv/1", "aten::conv2d", "conv2d 3→6 k3", group=box)
    engine = LayoutEngine(builder.finish())
    layout = engine.layout(engine.first_view())
    assert layout.group_state.array.tolist() == [SOLID]
    assert layout.item_width[0] == layout.item_width[1] > 0


@pytest.mark.parametrize("count", [10_000])
def test_that_ten_thousand_open_nodes_are_laid_out_in_seconds(count):
    """A loose bound for a loaded machine; tests/bench measures."""
    engine = LayoutEngine(transformer(count))
    started = time.process_time()
    layout = engine.layout(engine.everything())
    assert time.process_time() - started < 5
    assert len(layout.piece_source) > count
