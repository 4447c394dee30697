"""``exportdesk gui``: the window."""

from pathlib import Path
from typing import Annotated

import typer


def gui(
    file: Annotated[Path | None, typer.Argument(metavar="[FILE|RECIPE]", help="Model file or recipe to open.")] = None,
) -> int:
    """Open the window, on a file or a recipe."""
    from ...gui.__main__ import main

    return main([] if file is None else [str(file)])
