"""Failures as data: what happened, where, and what to do next."""

import traceback
from typing import NoReturn

import msgspec

DONE = 0
"""Exit code: done, and every check passed."""
FAILED = 1
"""Exit code: the model could not be loaded, compiled or converted."""
WRONG_CALL = 2
"""Exit code: the call or the recipe is wrong."""
CHECK_FAILED = 3
"""Exit code: exported, but a numeric check failed."""
WORKER_DIED = 4
"""Exit code: the worker died or timed out."""
CANCELLED = 130
"""Exit code: cancelled by the user."""

_EXIT_CODES = {"call": WRONG_CALL, "recipe": WRONG_CALL, "worker": WORKER_DIED, "cancelled": CANCELLED}


class Failure(msgspec.Struct, frozen=True, kw_only=True):
    """One failure that a user can act on; its JSON form is a public contract.

    ``code`` is ``area.reason``. The areas ``call`` and ``recipe`` mean the request was wrong, ``worker`` that the
    process ended, ``cancelled`` that the user stopped it; every other area means that the work itself failed.
    """

    code: str
    message: str
    stage: str | None = None
    module: str | None = None
    file: str | None = None
    line: int | None = None
    hint: str | None = None
    details: str | None = None
    """A traceback or a compiler's full text; shown only on request."""

    @property
    def exit_code(self) -> int:
        return _EXIT_CODES.get(self.code.partition(".")[0], FAILED)

    @property
    def location(self) -> str:
        """``model.py:15 · body.clip``, or an empty string where nothing is known."""
        place = f"{self.file}:{self.line}" if self.file and self.line else self.file or ""
        module = {None: "", "": "the model"}.get(self.module, self.module)
        return " · ".join(part for part in (place, module) if part)

    def as_json(self) -> dict[str, object]:
        """Return the keys of the public contract, ``details`` left out."""
        return {key: value for key, value in msgspec.to_builtins(self).items() if key != "details"}


class ExportDeskError(Exception):
    """A failure on its way up; anything else that is raised is a defect of ours or of the user's code."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def unexpected(error: BaseException) -> Failure:
    """Return the failure for an exception that nobody foresaw: a defect, told without a traceback on the screen."""
    return Failure(
        code="engine.unexpected",
        message=f"Something went wrong that ExportDesk did not expect: {type(error).__name__}: {error}",
        hint="The details show where. If the place is not in your model, please report it as a defect of ExportDesk.",
        details="".join(traceback.format_exception(error)),
    )


class Cancelled(Exception):
    """Raised by a checkpoint once the user has cancelled the job."""


def fail(
    code: str,
    message: str,
    *,
    stage: str | None = None,
    module: str | None = None,
    file: str | None = None,
    line: int | None = None,
    hint: str | None = None,
    details: str | None = None,
    cause: BaseException | None = None,
) -> NoReturn:
    """Raise an ExportDeskError; ``cause`` gives the traceback kept behind *details*."""
    if cause is not None and details is None:
        details = "".join(traceback.format_exception(cause))
    failure = Failure(
        code=code, message=message, stage=stage, module=module, file=file, line=line, hint=hint, details=details
    )
    raise ExportDeskError(failure) from cause
