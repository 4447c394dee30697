"""Compression steps as short text: ``palettize:4``, ``quantize:4:block=32``, ``prune:0.5+quantize:8``."""

from collections.abc import Sequence
from typing import Any

from ..errors import fail
from .model import CoreMLCompression

_METHODS = ("palettize", "quantize", "prune")
_EXAMPLE = "For example palettize:4, palettize:4:group=32, quantize:8, quantize:4:block=32, prune:0.5+quantize:8."


def parse_steps(text: str) -> tuple[CoreMLCompression, ...]:
    """Read steps; joined by ``+`` they are applied in order.

    Raises:
        ExportDeskError: ``call.choice``.
    """
    return tuple(_parse_step(part.strip(), text) for part in text.split("+"))


def steps_text(steps: Sequence[CoreMLCompression]) -> str:
    """Return the text of steps, without what only says which weights they are for; ``as it is`` for none."""
    return "+".join(_step_text(step) for step in steps) or "as it is"


def _parse_step(part: str, text: str) -> CoreMLCompression:
    method, *rest = part.split(":")
    settings: dict[str, Any] = {}
    try:
        if method not in _METHODS:
            raise ValueError(f"{method!r} is none of {', '.join(_METHODS)}")
        for word in rest:
            name, equals, value = word.partition("=")
            if not equals and method == "prune":
                settings["sparsity"] = float(name)
            elif not equals and name in ("tensor", "channel"):
                settings["granularity"] = name
            elif not equals:
                settings["bits"] = int(name)
            elif name in ("block", "group"):
                settings |= {"granularity": name, "size": int(value)}
            else:
                raise ValueError(f"{name!r} is not known")
        if method == "palettize":
            settings.setdefault("granularity", "tensor")
        return CoreMLCompression(method=method, **settings)  # type: ignore[arg-type]
    except ValueError as error:
        fail("call.choice", f"{text!r} is no choice of compression: {error}.", hint=_EXAMPLE, cause=error)


def _step_text(step: CoreMLCompression) -> str:
    match step.method:
        case "prune":
            return f"prune:{step.sparsity:g}"
        case "palettize":
            of = {"tensor": "", "channel": ":channel", "group": f":group={step.size}"}.get(step.granularity, "")
        case _:
            of = {"channel": "", "tensor": ":tensor", "block": f":block={step.size}"}.get(step.granularity, "")
    return f"{step.method}:{step.bits}{of}"
