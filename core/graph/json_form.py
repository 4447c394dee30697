"""The graph as the command line's JSON: a public contract, fully expanded, coordinates absolute."""

from typing import Any

from .diff import GraphDiff
from .layout import Layout
from .model import NO_GROUP, Graph, parse_shape


def graph_as_json(graph: Graph, layout: Layout | None) -> dict[str, Any]:
    """Return nodes, edges and groups; without a layout, positions and edge points are left out."""
    nodes, edges, groups = _nodes(graph), _edges(graph), _groups(graph)
    if layout is not None:
        from .layout.routes import edge_points

        boxes = zip(
            *(
                column.array.astype(float).round(2).tolist()
                for column in (layout.item_x, layout.item_y, layout.item_width, layout.item_height)
            ),
            strict=True,
        )
        for row, (x, y, width, height) in zip([*nodes, *groups], boxes, strict=True):
            row |= {"x": x, "y": y, "width": width, "height": height}
        for row, points in zip(edges, edge_points(graph, layout), strict=True):
            row["points"] = points
    return {"source": graph.source, "title": graph.title, "nodes": nodes, "edges": edges, "groups": groups}


def diff_as_json(before: Graph, after: Graph, diff: GraphDiff) -> dict[str, Any]:
    """Return the differences; ids under ``removed`` and ``before`` are of the first graph, the others of the second."""
    old, new = before.nodes.id, after.nodes.id
    pairs = list(zip(diff.before.array.tolist(), diff.after.array.tolist(), diff.changes, strict=True))
    return {
        "before": before.title,
        "after": after.title,
        "is_equal": diff.is_empty,
        "matched": [{"before": old[one], "after": new[other]} for one, other, change in pairs if not change],
        "changed": [
            {"before": old[one], "after": new[other], "change": change} for one, other, change in pairs if change
        ],
        "removed": [old[node] for node in diff.removed.array.tolist()],
        "added": [new[node] for node in diff.added.array.tolist()],
    }


def _group_id(graph: Graph, group: int) -> str | None:
    return None if group == NO_GROUP else graph.groups.id[group]


def _nodes(graph: Graph) -> list[dict[str, Any]]:
    table = graph.nodes
    columns = zip(
        table.id,
        table.op,
        table.label,
        table.kind,
        table.module,
        table.file,
        table.line.array.tolist(),
        table.group.array.tolist(),
        table.inputs,
        table.outputs,
        table.shape,
        table.dtype,
        table.detail,
        strict=True,
    )
    return [
        {
            "id": identity,
            "op": op,
            "label": label,
            "kind": kind,
            "module": module,
            "file": file or None,
            "line": line or None,
            "group": _group_id(graph, group),
            "inputs": list(inputs),
            "outputs": list(outputs),
            "shape": parse_shape(shape),
            "dtype": dtype or None,
            "detail": detail,
        }
        for identity, op, label, kind, module, file, line, group, inputs, outputs, shape, dtype, detail in columns
    ]


def _edges(graph: Graph) -> list[dict[str, Any]]:
    table, names = graph.edges, graph.nodes.id
    columns = zip(
        table.source.array.tolist(),
        table.target.array.tolist(),
        table.source_port.array.tolist(),
        table.target_port.array.tolist(),
        table.shape,
        table.dtype,
        strict=True,
    )
    return [
        {
            "source": names[source],
            "target": names[target],
            "source_port": source_port,
            "target_port": target_port if target_port >= 0 else None,
            "shape": parse_shape(shape),
            "dtype": dtype or None,
        }
        for source, target, source_port, target_port, shape, dtype in columns
    ]


def _groups(graph: Graph) -> list[dict[str, Any]]:
    table = graph.groups
    columns = zip(
        table.id,
        table.parent.array.tolist(),
        table.kind,
        table.label,
        table.module,
        table.file,
        table.line.array.tolist(),
        strict=True,
    )
    return [
        {
            "id": identity,
            "parent": _group_id(graph, parent),
            "kind": kind,
            "label": label,
            "module": module,
            "file": file or None,
            "line": line or None,
        }
        for identity, parent, kind, label, module, file, line in columns
    ]
