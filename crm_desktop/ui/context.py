"""What every page is handed: the open profile, the task lanes, and the bus facts travel on.

Pages know this and nothing of the window or of one another. To show a record a page emits `go`; to learn
that records changed it listens to `records_changed`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QWidget

from crm_core.errors import CrmError, DamagedDatabase
from crm_core.i18n import Message, message
from crm_desktop.assembly import App
from crm_desktop.models.replica import Replica
from crm_desktop.services.outcome import Outcome
from crm_desktop.sync.runner import Status
from crm_desktop.ui.tasks import Tasks

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a person can be: a page and what it shows. Back and Forward walk these.

    `page` is an id of `crm_desktop.ui.pages.registry`; `record_id` opens one record there; `options` are
    the page's own: `conditions` and `title` of a list a chart drilled into; `new` for an empty form, with the
    `values` it begins with.
    """

    page: str
    record_id: str | None = None
    options: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A line for the info bar. `kind`: info, good, warn or bad. With `act`, `action` is its button's text."""

    kind: str
    text: Message
    action: Message | None = None
    act: Callable[[], None] | None = None
    seconds: int | None = None
    """How long it stays; None until it is closed or replaced."""


class Context(QObject):
    """Handed to every page. Signals are facts; the window listens and acts."""

    go = Signal(object)
    """A `Place` to show."""
    notice = Signal(object)
    """A `Notice` to show."""
    records_changed = Signal(object)
    """A frozenset of (entity, id), after each commit, whoever made it."""
    sync_changed = Signal(object)
    """A `runner.Status`."""
    selection_changed = Signal(object)
    """A `Message` for the status bar on what is selected, None for nothing."""
    restore_wanted = Signal()
    """The person wants the profile to go back to a copy."""
    _committed = Signal(object)
    _synced = Signal(object)

    def __init__(self, app: App, tasks: Tasks, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.app = app
        self.tasks = tasks
        self.sync_status = Status()
        self.stage: QWidget | None = None
        """Where pages stand: made there at once, what is in them is dressed once, not at every move."""
        # Both arrive from other threads and cross over here.
        self._committed.connect(self.records_changed, Qt.ConnectionType.QueuedConnection)
        self._synced.connect(self._on_synced, Qt.ConnectionType.QueuedConnection)
        app.replica.on_changed.append(self._committed.emit)

    @property
    def replica(self) -> Replica:
        """The laptop's database."""
        return self.app.replica

    def on_sync_status(self, status: Status) -> None:
        """Take a status from the sync thread."""
        self._synced.emit(status)

    def change(
        self,
        owner: QObject,
        work: Callable[[], Outcome[T]],
        done: Callable[[T], None] | None = None,
        failed: Callable[[CrmError], None] | None = None,
        *,
        told: Message | None = None,
        undo: Callable[[], object] | None = None,
    ) -> None:
        """Run a use case that writes, in the lane.

        `told` is shown afterwards; with `undo`, another use case that takes it back, for ten seconds with
        an Undo button. A failure without `failed` is shown as a notice. The changed records are announced
        by the replica itself.
        """

        def finished(outcome: Outcome[T]) -> None:
            if told is not None:
                self.tell(told, undo)
            if done is not None:
                done(outcome.value)

        self.tasks.write(owner, work, finished, failed or self.show_error)

    def tell(self, told: Message, undo: Callable[[], object] | None = None) -> None:
        """Say what was done; with `undo`, a use case that takes it back, for ten seconds with a button."""

        def take_back() -> None:
            if undo is not None:
                self.tasks.write(self, undo, None, self.show_error)

        self.notice.emit(
            Notice(
                kind="good",
                text=told,
                action=UNDO if undo is not None else None,
                act=take_back if undo is not None else None,
                seconds=10,
            )
        )

    def remark(self, told: Message) -> None:
        """Say why nothing was done, where that is nobody's mistake."""
        self.notice.emit(Notice(kind="info", text=told, seconds=10))

    def show_error(self, error: CrmError) -> None:
        """Show an error's sentence in the info bar; where a backup would help, with the way to one."""
        if isinstance(error, DamagedDatabase):
            self.tell_of_damage(error.message)
        else:
            self.notice.emit(Notice(kind="bad", text=error.message))

    def tell_of_damage(self, text: Message) -> None:
        """Say that the database is damaged, with the way back to a copy."""
        self.notice.emit(Notice(kind="bad", text=text, action=RESTORE, act=self.restore_wanted.emit))

    def _on_synced(self, status: Status) -> None:
        self.sync_status = status
        self.sync_changed.emit(status)


UNDO = message("Undo")
RESTORE = message("Restore a copy…")
