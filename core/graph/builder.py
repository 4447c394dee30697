"""Collects nodes, edges and groups one at a time and ends as a graph of columns."""

from ..errors import fail
from .columns import Ints, TextLists, Texts
from .model import NO_GROUP, Edges, Graph, GroupKind, Groups, NodeKind, Nodes

NODE_LIMIT = 1_000_000
"""More than this is a file made to hurt: a module that calls a child twice, forty levels deep, has 2⁴⁰ operations."""


class GraphBuilder:
    """Grows lists; indices it returns are those of the finished graph."""

    def __init__(self, source: str, title: str) -> None:
        self._source, self._title = source, title
        self._ids: dict[str, int] = {}
        self._nodes: list[tuple[str, str, str, str, str, str, int, int, str, str]] = []
        self._inputs: list[tuple[str, ...]] = []
        self._outputs: list[tuple[str, ...]] = []
        self._edges: dict[tuple[int, int, int, int], tuple[str, str]] = {}
        self._group_ids: dict[str, int] = {}
        self._groups: list[tuple[int, str, str, str, str, int]] = []
        self._group_names: list[str] = []
        self._repeats: dict[str, int] = {}

    @property
    def node_count(self) -> int:
        return len(self._nodes)

    def add_node(
        self,
        wished_id: str,
        op: str,
        label: str,
        *,
        kind: NodeKind = NodeKind.OPERATION,
        detail: str = "",
        module: str = "",
        file: str = "",
        line: int = 0,
        group: int = NO_GROUP,
        inputs: tuple[str, ...] = (),
        outputs: tuple[str, ...] = (),
        shape: str = "",
        dtype: str = "",
    ) -> int:
        """Add a node and return its index; a second node that wishes the same id gets ``id#2``."""
        if len(self._nodes) >= NODE_LIMIT:
            fail(
                "graph.too-large",
                f"The graph has more than {NODE_LIMIT:,} operations.",
                hint="Open a submodule of the model on its own.",
            )
        self._ids[self._unique(wished_id, self._ids)] = len(self._nodes)
        self._nodes.append((op, label, kind.value, detail, module, file, line, group, shape, dtype))
        self._inputs.append(inputs)
        self._outputs.append(outputs)
        return len(self._nodes) - 1

    def add_edge(
        self, source: int, target: int, *, source_port: int = 0, target_port: int = 0, shape: str = "", dtype: str = ""
    ) -> None:
        """Add an edge; the same ports connected twice are one edge."""
        self._edges.setdefault((source, target, source_port, target_port), (shape, dtype))

    def add_group(
        self,
        wished_id: str,
        label: str,
        *,
        kind: GroupKind,
        parent: int = NO_GROUP,
        module: str = "",
        file: str = "",
        line: int = 0,
    ) -> int:
        """Add a group and return its index."""
        unique = self._unique(wished_id, self._group_ids)
        self._group_ids[unique] = len(self._groups)
        self._group_names.append(unique)
        self._groups.append((parent, kind.value, label, module, file, line))
        return len(self._groups) - 1

    def group_id(self, group: int) -> str:
        """Return the id that a group was given."""
        return self._group_names[group]

    def finish(self) -> Graph:
        """Return the graph; groups without a node, and functions that are a single operation, are left out."""
        kept = self._kept_groups()
        renumbered = {old: new for new, old in enumerate(kept)} | {NO_GROUP: NO_GROUP}
        for group in range(len(self._groups)):
            if group not in renumbered:
                renumbered[group] = renumbered[self._groups[group][0]]
        nodes = list(zip(*self._nodes, strict=True)) or [()] * 10
        groups = list(zip(*(self._groups[index] for index in kept), strict=True)) or [()] * 6
        ids = self._group_names
        edges, carried = list(zip(*self._edges, strict=True)) or [()] * 4, list(self._edges.values())
        return Graph(
            source=self._source,
            title=self._title,
            nodes=Nodes(
                id=tuple(self._ids),
                op=Texts.of(nodes[0]),
                label=Texts.of(nodes[1]),
                kind=Texts.of(nodes[2]),
                detail=Texts.of(nodes[3]),
                module=Texts.of(nodes[4]),
                file=Texts.of(nodes[5]),
                line=Ints.of(nodes[6]),
                group=Ints.of([renumbered[group] for group in nodes[7]]),
                inputs=TextLists.of(self._inputs),
                outputs=TextLists.of(self._outputs),
                shape=Texts.of(nodes[8]),
                dtype=Texts.of(nodes[9]),
            ),
            edges=Edges(
                source=Ints.of(edges[0]),
                target=Ints.of(edges[1]),
                source_port=Ints.of(edges[2]),
                target_port=Ints.of(edges[3]),
                shape=Texts.of(shape for shape, _ in carried),
                dtype=Texts.of(dtype for _, dtype in carried),
            ),
            groups=Groups(
                id=tuple(ids[index] for index in kept),
                parent=Ints.of([renumbered[parent] for parent in groups[0]]),
                kind=Texts.of(groups[1]),
                label=Texts.of(groups[2]),
                module=Texts.of(groups[3]),
                file=Texts.of(groups[4]),
                line=Ints.of(groups[5]),
            ),
        )

    def _kept_groups(self) -> list[int]:
        members = [0] * len(self._groups)
        for group in range(len(self._groups) - 1, -1, -1):
            parent = self._groups[group][0]
            if parent != NO_GROUP:
                members[parent] += 1
        holds_nodes = [False] * len(self._groups)
        for node in self._nodes:
            if node[7] != NO_GROUP:
                members[node[7]] += 1
                holds_nodes[node[7]] = True
        for group in range(len(self._groups) - 1, -1, -1):
            parent = self._groups[group][0]
            if holds_nodes[group] and parent != NO_GROUP:
                holds_nodes[parent] = True
        return [
            group
            for group, is_used in enumerate(holds_nodes)
            if is_used and not (members[group] == 1 and self._groups[group][1] == GroupKind.FUNCTION)
        ]

    def _unique(self, wished: str, taken: dict[str, int]) -> str:
        unique = wished
        while unique in taken:
            self._repeats[wished] = self._repeats.get(wished, 1) + 1
            unique = f"{wished}#{self._repeats[wished]}"
        return unique
