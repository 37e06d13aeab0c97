"""The button that compares this laptop with HQ, and what came of it."""

from __future__ import annotations

from crm_core.errors import CrmError
from crm_core.i18n import message
from crm_desktop.services import syncing
from crm_desktop.sync.report import RoundReport
from crm_desktop.sync.runner import Phase, Status
from crm_desktop.ui.context import Context, Notice
from crm_desktop.ui.format import figure
from crm_desktop.ui.widgets.buttons import Button, Kind

_NOT_NOW = (Phase.OFFLINE, Phase.REFUSED, Phase.PAUSED)
_LATER = message("HQ cannot be asked now. The next sync compares.")


class CompareButton(Button):
    """Asks for the comparison, has it done by the next round at once, and says how it ended."""

    def __init__(self, context: Context) -> None:
        super().__init__(message("Compare with HQ"), Kind.STANDARD, icon="sync")
        self._context = context
        self._waits = False
        self._before: RoundReport | None = None
        self.clicked.connect(self._on_clicked)
        context.sync_changed.connect(self._on_sync_changed)

    def _on_clicked(self) -> None:
        self.setEnabled(False)
        replica = self._context.replica
        self._context.tasks.write(
            self, lambda: syncing.ask_to_compare(replica), lambda _: self._on_asked(), self._on_failed
        )

    def _on_asked(self) -> None:
        runner = self._context.app.runner
        if runner is None or runner.status.phase is Phase.PAUSED:
            self._end(Notice(kind="info", text=_LATER, seconds=20))
            return
        self._waits = True
        self._before = runner.status.last_report
        runner.sync_now()

    def _on_failed(self, error: CrmError) -> None:
        self.setEnabled(True)
        self._context.show_error(error)

    def _on_sync_changed(self, status: Status) -> None:
        if not self._waits:
            return
        report = status.last_report if status.last_report is not self._before else None
        if status.phase in _NOT_NOW:
            self._end(Notice(kind="info", text=_LATER, seconds=20))
        elif status.phase is Phase.IDLE and report is not None and report.compared:
            self._end(_told(report))
        elif status.phase is Phase.IDLE:
            replica = self._context.replica
            self._context.tasks.read(self, lambda: syncing.is_comparison_asked(replica), self._on_known)

    def _on_known(self, still_asked: bool) -> None:
        # A round that was under way when the button was pressed ends without comparing; the next one will.
        if self._waits and not still_asked:
            text = message("HQ did not compare: it has news all the time, or is an older version")
            self._end(Notice(kind="warn", text=text))

    def _end(self, notice: Notice) -> None:
        self._waits = False
        self.setEnabled(True)
        self._context.notice.emit(notice)


def _told(report: RoundReport) -> Notice:
    if report.differing:
        return Notice(kind="bad", text=message("Records still differ from HQ after they were repaired"))
    if report.repaired:
        text = message("Records repaired: {count}", count=figure(report.repaired))
        return Notice(kind="good", text=text, seconds=20)
    return Notice(kind="good", text=message("Compared with HQ: the same on both sides"), seconds=20)
