"""The program ``exportdesk``: its commands, its version, and how a wrong call is answered."""

import sys
from typing import Annotated

import typer

from ..errors import WRONG_CALL, ExportDeskError, Failure, unexpected
from .advise import advise
from .answer import answer_failure
from .check import check
from .compress import compress
from .export import export
from .graph import graph
from .gui import gui
from .inspect import inspect
from .run import run as run_command
from .version import version_text

# typer brings its own copy of click since 0.21, and used the installed one before: the class is found either way.
_USAGE_ERROR: type[Exception] = typer.BadParameter.__mro__[1]

app = typer.Typer(
    name="exportdesk",
    help="Takes a PyTorch model from a Python file to TorchScript and Core ML files that an app team can trust.",
    epilog="Without a command, the window opens. With --details, an error shows the full text behind it.",
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
    add_completion=False,
)


@app.callback(invoke_without_command=True)
def _window(
    context: typer.Context,
    version: Annotated[
        bool, typer.Option("--version", help="Show versions, and what they are known to support.")
    ] = False,
) -> None:
    if version:
        print(version_text())
    elif context.invoked_subcommand is None:
        raise typer.Exit(gui(None))


for command, name in (
    (gui, "gui"),
    (inspect, "inspect"),
    (export, "export"),
    (graph, "graph"),
    (run_command, "run"),
    (check, "check"),
    (advise, "advise"),
    (compress, "compress"),
):
    app.command(name=name)(command)


def run(arguments: list[str] | None = None) -> int:
    """Run the program; return its exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    shows_details = "--details" in arguments
    arguments = [argument for argument in arguments if argument != "--details"]
    is_json = "--json" in arguments
    try:
        code = app(arguments, standalone_mode=False)
    except ExportDeskError as error:
        return answer_failure(error.failure, is_json=is_json, shows_details=shows_details)
    except typer.Exit as done:
        return int(done.exit_code)
    except _USAGE_ERROR as error:
        context = getattr(error, "ctx", None)
        hint = " ".join(context.get_usage().split()) if context else "Run exportdesk --help."
        message = getattr(error, "format_message", error.__str__)()
        return answer_failure(Failure(code="call.usage", message=message, hint=hint), is_json=is_json)
    except (typer.Abort, KeyboardInterrupt):
        return answer_failure(Failure(code="cancelled", message="Cancelled."), is_json=is_json)
    except BrokenPipeError:
        return WRONG_CALL
    except Exception as error:
        return answer_failure(unexpected(error), is_json=is_json, shows_details=shows_details)
    return code if isinstance(code, int) else 0
