"""Where a bundle may be written: an absent folder, an empty one, or an earlier bundle."""

from pathlib import Path

from ..errors import fail

MANIFEST = "manifest.json"


def check_place(out: Path) -> None:
    """Refuse a place that holds anything but an earlier bundle.

    Raises:
        ExportDeskError: ``call.out``.
    """
    if not out.exists():
        parent = next(folder for folder in out.parents if folder.exists())
        if not parent.is_dir():
            fail("call.out", f"{out} cannot be made: {parent} is a file.", file=str(out), hint="Choose another folder.")
        return
    if not out.is_dir():
        fail("call.out", f"{out} is a file, not a folder.", file=str(out), hint="Choose another folder.")
    if not is_bundle(out) and any(out.iterdir()):
        fail(
            "call.out",
            f"The folder {out} is not empty, and it is not an earlier bundle.",
            file=str(out),
            hint="Choose an empty or new folder: nothing that ExportDesk did not make is overwritten.",
        )


def is_bundle(folder: Path) -> bool:
    """Whether a folder was written by an export."""
    return (folder / MANIFEST).is_file() and (folder / "recipe.toml").is_file()
