"""A limit on how large one value may become: a package that nobody vouches for must not take the machine down."""

import os


def _limit() -> int:
    try:
        physical = os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):  # Windows has no sysconf
        physical = 16 << 30
    return physical // 8


MAXIMUM_ELEMENTS = _limit()
"""Half of the memory, at four bytes an element."""


def require_elements(count: int) -> None:
    """Raise MemoryError if a tensor of ``count`` elements is out of proportion to this machine."""
    if count > MAXIMUM_ELEMENTS:
        raise MemoryError(f"a value of {count} elements is too large for this machine")
