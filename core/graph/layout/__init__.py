"""Where things are drawn: a layered layout, recursive over groups, in plain numbers."""

from .engine import Layout as Layout
from .engine import LayoutEngine as LayoutEngine
