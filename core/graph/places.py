"""From torch's description of where a node came from to a file and a line that the user wrote."""

import re

_SCRIPTED = re.compile(r'^\s*File "([^"]+)", line (\d+)', re.MULTILINE)
_TRACED = re.compile(r"^(.+)\((\d+)\): \S+", re.MULTILINE)
_TORCH = re.compile(
    r"[\\/](?:site|dist)-packages[\\/]torch[\\/]|[\\/]torch[\\/](?:nn|jit|_\w+|functional\.py|utils)[\\/.]"
)
_TRACER = re.compile(r"[\\/]torch[\\/]jit[\\/]_trace\.py$")
_MARKED = re.compile(r"([^\n]*)\n[ ]*~+[ ]*(?:<--- HERE)?(?:\n|$)")

Place = tuple[str, int]
"""File and line; ``("", 0)`` where nothing is known."""
NOWHERE: Place = ("", 0)


def users_place(source_range: str) -> Place:
    """Return the innermost place outside torch; NOWHERE where there is none.

    A traced node carries the whole Python stack: the part below torch's tracer is whoever exported the model. A
    loaded node carries, behind ``Serialized``, its place in the archive, which is no file of the user's.
    """
    own = source_range.partition("Serialized   File")[0]
    for pattern in (_TRACED, _SCRIPTED):
        for match in pattern.finditer(own):
            file, line = match[1].strip(), int(match[2])
            if _TRACER.search(file):
                return NOWHERE
            if not _TORCH.search(file) and not file.startswith("<"):
                return (file, line)
    return NOWHERE


def source_text(source_range: str) -> str:
    """Return the first line of source that a scripted node was compiled from, stripped; empty where it is not known."""
    match = _MARKED.search(source_range)
    return match[1].strip() if match else ""
