"""Graphs made up for tests and measurements: shaped like neural nets, or as wild as the format allows."""

import random

from exportdesk.core.graph.builder import GraphBuilder
from exportdesk.core.graph.model import NO_GROUP, Graph, GroupKind, NodeKind

_OPS = ("aten::linear", "aten::relu", "aten::add", "aten::layer_norm", "aten::matmul", "aten::view")


def transformer(nodes: int, *, in_groups: bool = True) -> Graph:
    """Blocks of 24 operations with two residual connections and a mask that all of them read."""
    builder = GraphBuilder("torchscript", f"transformer of {nodes}")
    x = builder.add_node("input:ids", "input", "ids", kind=NodeKind.INPUT)
    mask = builder.add_node("input:mask", "input", "mask", kind=NodeKind.INPUT)
    block = 0
    while builder.node_count < nodes:
        outer = NO_GROUP
        attention = feed = NO_GROUP
        if in_groups:
            outer = builder.add_group(f"blocks.{block}", f"{block} · Block", kind=GroupKind.MODULE)
            attention = builder.add_group(f"blocks.{block}.attention", "attention", kind=GroupKind.MODULE, parent=outer)
            feed = builder.add_group(f"blocks.{block}.feed", "feed", kind=GroupKind.MODULE, parent=outer)

        def op(label: str, group: int, *sources: int, block: int = block) -> int:
            node = builder.add_node(f"{block}/{label}", f"aten::{label}", f"{label} 768→768", group=group)
            for port, source in enumerate(sources):
                builder.add_edge(source, node, target_port=port, shape="1×128×768", dtype="float32")
            return node

        normed = op("layer_norm", outer, x)
        heads = []
        for name in "qkv":
            projected = op(f"linear_{name}", attention, normed)
            heads.append(op(f"transpose_{name}", attention, op(f"view_{name}", attention, projected)))
        scores = op("add_mask", attention, op("div", attention, op("matmul", attention, heads[0], heads[1])), mask)
        mixed = op("matmul_v", attention, op("softmax", attention, scores), heads[2])
        joined = op("view_o", attention, op("transpose_o", attention, mixed))
        x = op("add", outer, x, op("linear_o", attention, joined))
        normed = op("layer_norm_2", outer, x)
        x = op("add_2", outer, x, op("down", feed, op("gelu", feed, op("up", feed, normed))))
        block += 1
    end = builder.add_node("output:output", "output", "output", kind=NodeKind.OUTPUT)
    builder.add_edge(x, end)
    return builder.finish()


def wild(seed: int, *, nodes: int = 40, groups: int = 8, edges: int = 70, forward_only: bool = False) -> Graph:
    """Return a graph with random groups and edges; edges may run backwards, and groups may form circles."""
    chance = random.Random(seed)
    builder = GraphBuilder("mil", f"wild {seed}")
    kinds = [GroupKind.MODULE, GroupKind.IF, GroupKind.LOOP, GroupKind.BRANCH, GroupKind.FUNCTION]
    made = [NO_GROUP]
    for number in range(groups):
        made.append(
            builder.add_group(
                f"g{number}",
                "group " + "x" * chance.randrange(30),
                kind=chance.choice(kinds),
                parent=chance.choice(made),
            )
        )
    for number in range(nodes):
        label = "op" + "w" * chance.randrange(25)
        builder.add_node(
            f"n{number}", chance.choice(_OPS), label, group=chance.choice(made), shape="1×2" * chance.randrange(2)
        )
    for _ in range(edges if nodes > 1 else 0):
        source, target = chance.randrange(nodes), chance.randrange(nodes)
        if forward_only:
            source, target = min(source, target), max(source, target)
        builder.add_edge(source, target, target_port=chance.randrange(3))
    return builder.finish()
