"""The inputs of a conversion, with the names that Core ML gives them."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from ..diagnostics import Diagnostic, Severity
from ..recipe.model import Dimension

_TYPE_NAMES = [f"{kind}{bits}" for kind in ("int", "uint") for bits in (8, 16, 32, 64)]
RESERVED_NAMES = frozenset(
    ["any", "bool", "program", "func", "tensor", "list", "dict", "tuple", "true", "false", "string", "state"]
).union(["bf16", "fp16", "fp32", "fp64"], _TYPE_NAMES)
"""Words of MIL's own language; coremltools renames a feature that is called so."""


@dataclass(frozen=True)
class ConvertedInput:
    """One argument of the compiled model: a tensor, a tuple whose ``items`` are inputs themselves, or a fixed value."""

    name: str
    shape: tuple[Dimension, ...] = ()
    dtype: str = "float32"
    """Of the torch model: ``float32``, ``int64`` …"""
    items: tuple["ConvertedInput", ...] = field(default=())
    is_value: bool = False
    """Whether the argument is no tensor but ``value``: it becomes part of the model, and no input."""
    value: bool | int | float | str | None = None

    @property
    def leaves(self) -> tuple["ConvertedInput", ...]:
        """The tensors, in the order in which Core ML gets them."""
        if self.is_value:
            return ()
        return tuple(leaf for item in self.items for leaf in item.leaves) if self.items else (self,)


def is_allowed(name: str) -> bool:
    """Whether Core ML takes a name for an input or output as it is."""
    return re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) is not None and name not in RESERVED_NAMES


def core_ml_names(inputs: Sequence[ConvertedInput], taken: Sequence[str] = ()) -> tuple[str, ...]:
    """Return a name that Core ML allows for each leaf of ``inputs``, unique, and unchanged where possible."""
    leaves = [leaf.name for item in inputs for leaf in item.leaves]
    used = {name for name in leaves if is_allowed(name)} | set(taken)
    names: list[str] = []
    for position, name in enumerate(leaves):
        if is_allowed(name) and name not in names:
            names.append(name)
            continue
        plain = re.sub(r"[^A-Za-z0-9_]", "_", name) or f"input_{position}"
        plain = plain if re.match(r"[A-Za-z_]", plain) else f"input_{plain}"
        plain = f"{plain}_input" if plain in RESERVED_NAMES else plain
        candidate, count = plain, 1
        while candidate in used or candidate in names:
            count += 1
            candidate = f"{plain}_{count}"
        names.append(candidate)
    return tuple(names)


def name_notes(inputs: Sequence[ConvertedInput], names: Sequence[str]) -> list[Diagnostic]:
    """Return a note for each input whose name had to change."""
    leaves = [leaf.name for item in inputs for leaf in item.leaves]
    return [
        Diagnostic(
            code="convert.renamed-input",
            severity=Severity.NOTE,
            message=f"Input {old!r} is called {new!r} in the Core ML model, because Core ML does not allow the name.",
            hint="Core ML names are letters, digits and underscores, and none of MIL's own words.",
        )
        for old, new in zip(leaves, names, strict=True)
        if old != new
    ]
