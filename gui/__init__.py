"""The desktop window. Never imports torch or coremltools: those live in the worker process."""

if __name__ != "exportdesk.gui":
    raise ImportError("this folder is ExportDesk's window and is imported as 'exportdesk.gui', never as 'gui'")
