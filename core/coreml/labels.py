"""The labels of a classifier, from the recipe or its file."""

from pathlib import Path

from ..errors import fail
from ..recipe.model import CoreML


def class_labels(options: CoreML, folder: Path | None) -> list[str]:
    """Return the labels of the classifier, from the recipe or its file.

    Raises:
        ExportDeskError: ``recipe.labels`` where the file cannot be read, is empty, or names a class twice.
    """
    assert options.classifier is not None
    labels = list(options.classifier.labels)
    file = None
    if options.classifier.labels_file is not None:
        file = (folder or Path()) / options.classifier.labels_file
        try:
            labels = [line.strip() for line in file.read_text(encoding="utf-8-sig").splitlines() if line.strip()]
        except (OSError, UnicodeDecodeError) as error:
            fail("recipe.labels", f"The labels file {file} cannot be read: {error}.", file=str(file), cause=error)
    if not labels:
        fail("recipe.labels", "The labels file is empty.", file=str(file))
    repeated = next((label for label in labels if labels.count(label) > 1), None)
    if repeated is not None:
        fail(
            "recipe.labels",
            f"The label {repeated!r} occurs twice; a classifier needs a name of its own for each class.",
        )
    return labels
