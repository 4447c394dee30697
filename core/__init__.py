"""The engine: from a model file to TorchScript, Core ML and a checked bundle. Knows nothing of Qt."""

from typing import TYPE_CHECKING, Any

if __name__ != "exportdesk.core":
    raise ImportError(
        "this folder is ExportDesk's engine and is imported as 'exportdesk.core', never as 'core': "
        "that name belongs to the packages of users' repositories"
    )

if TYPE_CHECKING:
    from .pipeline import export as export
    from .results import ExportResult as ExportResult

__all__ = ["ExportResult", "export"]


def __getattr__(name: str) -> Any:
    # The GUI process imports this package and must not pay for, or load, torch: resolve on first use.
    if name == "export":
        from .pipeline import export

        return export
    if name == "ExportResult":
        from .results import ExportResult

        return ExportResult
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
