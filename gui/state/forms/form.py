"""What the sections of the Core ML form are made from, and what several of them need."""

from dataclasses import dataclass, replace

from ....core.recipe.model import Recipe
from ..fields import Action, Field, path_text, recipe_field
from ..recipe_values import with_value, without_member
from ..session import Document, Session


@dataclass(frozen=True)
class Form:
    """The recipe as it is, with what does not fit in it."""

    session: Session
    recipe: Recipe
    problems: dict[str, str]

    @property
    def methods(self) -> tuple[str, ...]:
        """Methods of the model that the file tells of, ``forward`` first."""
        return methods_of(self.session.document) if self.session.document else ()

    def field(self, *path: str | int, **changes: object) -> Field:
        found = recipe_field(self.recipe, path, **changes)
        return replace(found, problem=self.problems.get(found.key, ""))


def removal(part: str, key: str, position: int, what: str) -> Action:
    return Action(
        key=f"remove {key} {position}",
        label="Remove",
        name=f"Remove an {what}" if what[0] in "aeiou" else f"Remove a {what}",
        edit=lambda recipe: without_member(recipe, (part, key), position),
        help=f"Take this {what} out again.",
    )


def description(recipe: Recipe, part: str, name: str) -> Field:
    path = ("coreml", "metadata", part, name)
    texts: dict[str, str] = getattr(recipe.coreml.metadata, part)
    return Field(
        key=path_text(path),
        label="Description",
        kind="text",
        value=texts.get(name, ""),
        edit=lambda recipe, text: with_value(recipe, path, text.strip()),
        help="Shown in Xcode beside the name.",
    )


def methods_of(document: Document) -> tuple[str, ...]:
    """Return ``forward`` and the other methods of the entry, as the file's text and the recipe tell them."""
    entry = document.recipe.model.entry
    others = [row.name.partition(".")[2] for row in document.entries if row.name.startswith(f"{entry}.")]
    return tuple(dict.fromkeys(["forward", *others, *document.recipe.model.methods]))
