"""What a real run showed of a graph's values, and how its operations are named from one reading to the next."""

from collections.abc import Mapping
from typing import Any

Path = tuple[str, ...]
"""An operation: torch's names of the calls that lead to it, the outermost first, then of its own first output."""

Observed = Mapping[Path, Mapping[int, Any]]
"""For each operation that ran, a tensor without data for each output that is a tensor, by its position."""
