"""The picture on the canvas as a file, opened as it is now."""

from collections.abc import Sequence
from pathlib import Path

from ...core.errors import ExportDeskError
from ...core.graph.drawing.colours import Colours
from ...core.staged_files import write_whole
from .scene import Scene


def save_picture(path: Path, scene: Scene, colours: Colours, states: Sequence[str] | None) -> str:
    """Write SVG or PNG, as the ending says; return why that failed, empty where it did not."""
    try:
        if path.suffix.lower() == ".png":
            from ...core.graph.drawing.png import png_of

            content = png_of(scene.engine, scene.layout, colours, states)
        else:
            from ...core.graph.drawing.svg import svg_of

            content = svg_of(scene.engine, scene.layout, colours, states).encode()
        write_whole(path, content)
    except ExportDeskError as error:
        return error.failure.message
    except OSError as error:
        return f"The picture could not be written: {error.strerror or error}."
    return ""
