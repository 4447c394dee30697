"""Undo: one command is enough, because a recipe is frozen and an edit replaces it."""

from collections.abc import Callable

from PySide6.QtGui import QUndoCommand

from ..core.recipe.model import Recipe

_MERGEABLE = 1


class ReplaceRecipe(QUndoCommand):
    """Put one recipe in the place of another.

    Commands with the same non-empty ``merge_key`` that follow each other become one step, as typing and dragging
    should; a merged command that leads back to where it began takes itself off the stack.
    """

    def __init__(
        self, name: str, before: Recipe, after: Recipe, show: Callable[[Recipe], None], merge_key: str = ""
    ) -> None:
        super().__init__(name)
        self._before = before
        self._after = after
        self._show = show
        self._merge_key = merge_key

    def redo(self) -> None:
        self._show(self._after)

    def undo(self) -> None:
        self._show(self._before)

    def id(self) -> int:
        return _MERGEABLE if self._merge_key else -1

    def mergeWith(self, other: QUndoCommand) -> bool:
        if not isinstance(other, ReplaceRecipe) or other._merge_key != self._merge_key:
            return False
        self._after = other._after
        self.setObsolete(self._after == self._before)
        return True
