"""Finds nodes and groups by name, operation, shape or module. No Qt."""

from ...core.graph.model import Graph

MOST_HITS = 2000


def search(graph: Graph, text: str) -> list[int]:
    """Return items (nodes, then groups counted on) in which every word is found, best places first.

    An ``x`` between numbers finds ``×`` too: nobody types ``1×3×64×64``.
    """
    words = [word.casefold() for word in text.split()]
    if not words:
        return []
    nodes, groups = graph.nodes, graph.groups
    hits: list[tuple[int, int]] = []
    columns = zip(nodes.label, nodes.op, nodes.module, nodes.shape, nodes.id, strict=True)
    for index, (label, op, module, shape, identity) in enumerate(columns):
        place = _place(words, (label, op, module, shape.replace("×", "x") + " " + shape, identity))
        if place >= 0:
            hits.append((place, index))
    for index, (label, module) in enumerate(zip(groups.label, groups.module, strict=True)):
        place = _place(words, (label, module))
        if place >= 0:
            hits.append((place, len(nodes) + index))
    hits.sort()
    return [item for _, item in hits[:MOST_HITS]]


def _place(words: list[str], fields: tuple[str, ...]) -> int:
    """Return the position of the first field with the first word, -1 where a word is nowhere."""
    folded = [field.casefold() for field in fields]
    if not all(any(word in field for field in folded) for word in words):
        return -1
    return next(position for position, field in enumerate(folded) if words[0] in field)
