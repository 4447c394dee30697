"""The manifest of a package: the identifiers of its items made repeatable."""

import json
import uuid
from pathlib import Path

_NAMESPACE = uuid.UUID("6f1d0f2e-6c0b-4d6e-9a44-9a3c3f0e5a11")
"""Chosen once, for identifiers derived from an item's path."""


def model_file(package: Path) -> Path:
    """Return the file with the specification: the program and its description, without the weights."""
    manifest = json.loads((package / "Manifest.json").read_text(encoding="utf-8"))
    item = manifest["itemInfoEntries"][manifest["rootModelIdentifier"]]
    return package / "Data" / str(item["path"])


def name_items_by_path(package: Path) -> None:
    """Replace the random identifiers of a package's items by ones that follow from their paths.

    coremltools draws new ones for each package, so that no two exports of one model were ever equal. A manifest of
    another form than the one known is left as it is.
    """
    file = package / "Manifest.json"
    manifest = json.loads(file.read_text(encoding="utf-8"))
    items = manifest.get("itemInfoEntries")
    if not isinstance(items, dict) or manifest.get("rootModelIdentifier") not in items:
        return
    names = {old: str(uuid.uuid5(_NAMESPACE, item["path"])) for old, item in items.items()}
    manifest["itemInfoEntries"] = {
        names[old]: item for old, item in sorted(items.items(), key=lambda row: str(row[1]["path"]))
    }
    manifest["rootModelIdentifier"] = names[manifest["rootModelIdentifier"]]
    file.write_text(json.dumps(manifest, indent=4) + "\n", encoding="utf-8")
