"""Past exports: read when a document is opened, written when an export ends."""

import datetime
from pathlib import Path

import msgspec
from PySide6.QtCore import QObject

from ...core.recipe.document import recipe_text
from .. import settings as known
from ..settings import Settings
from ..state.happenings import HistoryRead
from ..state.history import HISTORY_LIMIT, ExportRecord, Outcome, records_of
from ..state.session import Document, Exported, Session
from .store import Store


class History(QObject):
    def __init__(self, store: Store, settings: Settings) -> None:
        super().__init__(store)
        self._store = store
        self._settings = settings
        store.changed.connect(self._follow)

    def _follow(self, before: Session) -> None:
        now = self._store.session
        if now.document is None:
            return
        if before.document is None or _name(before.document) != _name(now.document):
            self._tell(now.document)
        elif before.job is not None and before.job.kind == "export" and now.job is None:
            self._record(before, now, now.document)

    def _record(self, before: Session, now: Session, document: Document) -> None:
        recipe = before.job_recipe or document.recipe
        record = ExportRecord(
            document=_name(document),
            at=datetime.datetime.now().strftime("%Y-%m-%d %H:%M:%S"),
            outcome="failed",
            recipe=recipe_text(recipe),
            out=str(document.out),
        )
        if now.exported is not None and now.exported is not before.exported:
            record = _with_result(record, now.exported)
        elif now.failure is not None:
            record = msgspec.structs.replace(record, message=" ".join(now.failure.message.split())[:300])
        else:
            return  # cancelled
        stored = [msgspec.to_builtins(record), *self._settings.get(known.HISTORY)]
        self._settings.put(known.HISTORY, stored[:HISTORY_LIMIT])
        self._tell(document)

    def _tell(self, document: Document) -> None:
        found = records_of(self._settings.get(known.HISTORY))
        self._store.tell(HistoryRead(records=tuple(r for r in found if r.document == _name(document))))


def _with_result(record: ExportRecord, exported: Exported) -> ExportRecord:
    result = exported.result
    outcome: Outcome = "good" if result.is_good else "check failed"
    measured = [check.psnr_db for check in result.checks if check.psnr_db is not None]
    return msgspec.structs.replace(
        record,
        outcome=outcome,
        out=result.out,
        seconds=exported.seconds,
        sizes_bytes={kind: _size(Path(file)) for kind, file in result.files.items() if kind != "recipe"},
        passed=sum(check.status == "passed" for check in result.checks),
        checked=len(result.checks),
        psnr_db=min(measured, default=None),
    )


def _size(file: Path) -> int:
    files = [file] if file.is_file() else [found for found in file.rglob("*") if found.is_file()]
    return sum(found.stat().st_size for found in files if found.exists())


def _name(document: Document) -> str:
    return str(document.recipe_file or document.model_file)
