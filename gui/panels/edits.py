"""The one wish that every editing panel has: replace the recipe by what a function makes of it."""

from collections.abc import Callable

from ...core.recipe.model import Recipe

Edit = Callable[[Recipe], Recipe]
"""Pure; raises ExportDeskError where what was typed cannot be."""
