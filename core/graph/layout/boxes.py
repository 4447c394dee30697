"""What a level knows of the things that it places."""

import dataclasses


@dataclasses.dataclass(frozen=True, slots=True)
class Box:
    """What an item looks like to the level around it; port positions are from its left side, by source."""

    width: float
    height: float
    in_x: tuple[tuple[int, float], ...] = ()
    out_x: tuple[tuple[int, float], ...] = ()
