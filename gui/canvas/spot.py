"""What was chosen in a graph, in words that other views understand."""

from pathlib import PurePath
from typing import NamedTuple


class Spot(NamedTuple):
    node: str = ""
    """Id of the node; empty where a box was chosen, or nothing."""
    module: str | None = None
    """None where nothing was chosen."""
    file: str = ""
    line: int = 0
    operation: str = ""
    """What the node does, as its graph names it; empty for a box, which is a module as a whole."""


def is_same_file(one: str, other: str) -> bool:
    """Return whether two names may be of one file: a package names files without the folders of one machine."""
    if not one or not other:
        return False
    parts, others = PurePath(one).parts, PurePath(other).parts
    shorter = min(len(parts), len(others))
    return parts[-shorter:] == others[-shorter:]
