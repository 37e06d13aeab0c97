"""What rail and status bar count: asked for anew, in the background, after changes have settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from PySide6.QtCore import QObject, QTimer, Signal

from crm_desktop.models.replica import Replica
from crm_desktop.services import approvals, attention, neglected, syncing, tagging, tickets
from crm_desktop.services.syncing import SyncStatus
from crm_desktop.ui.context import Context
from crm_desktop.ui.shell.allowed import Allowed, allowed

SETTLE_MS = 400  # one question for the many commits of a sync


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How the laptop stands: with HQ, by page, by rights."""

    sync: SyncStatus
    counts: dict[str, int]
    allowed: Allowed
    tag_colours: Mapping[str, str] = field(default_factory=dict)


class Watch(QObject):
    """Keeps a `Standing` up to date; `changed` carries the new one."""

    changed = Signal(object)

    def __init__(self, context: Context, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._is_reading = self._is_due = False
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self.ask)
        # Bound methods, which Qt lets go of with this object; lambdas would outlive it.
        context.records_changed.connect(self._on_changed)
        context.sync_changed.connect(self._on_changed)

    def ask(self) -> None:
        """Ask now, or as soon as the answer under way is here."""
        if self._is_reading:
            # Asked beside it, a slow answer would ever be overtaken by the next question, and none be shown.
            self._is_due = True
            return
        self._is_reading = True
        self._context.tasks.read(self, self._read, self._on_read)

    def _read(self) -> Standing:
        try:
            return standing(self._context.replica)
        except BaseException:
            self._is_reading = False  # whatever it was, the next question is asked
            raise

    def _on_read(self, found: Standing) -> None:
        self._is_reading = False
        if self._is_due:
            self._is_due = False
            self.ask()
        self.changed.emit(found)

    def _on_changed(self, _what: object) -> None:
        # Not restarted: a sync that never pauses must still move the figures.
        if not self._settle.isActive():
            self._settle.start()


def standing(replica: Replica) -> Standing:
    """Return how the laptop stands; reads the database."""
    may = allowed(replica)
    known = syncing.status(replica)
    counts = {"sync": known.returned + known.offered, "home": attention.count_mentions(replica)}
    if approvals.REQUEST in may.readable:
        counts["approvals"] = approvals.count_to_decide(replica)
    if "deal" in may.readable:
        counts["pipeline"] = neglected.count_own(replica)
    if "ticket" in may.readable:
        counts["tickets"] = tickets.count_near(replica)
    return Standing(sync=known, counts=counts, allowed=may, tag_colours=tagging.colours(replica))
