"""The first sync: what has come, how much is to come, and when one can begin to work."""

from __future__ import annotations

import time
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QProgressBar

from crm_core.entities import SCHEMAS
from crm_core.errors import CrmError
from crm_core.i18n import message
from crm_desktop.services import syncing
from crm_desktop.sync.report import RoundReport
from crm_desktop.sync.report import Step as SyncStep
from crm_desktop.sync.runner import Phase, Status
from crm_desktop.ui.context import Context
from crm_desktop.ui.first_run.step import Step
from crm_desktop.ui.format import clock, figure, file_size, percent
from crm_desktop.ui.shell.standing import Standing, Watch
from crm_desktop.ui.sync_words import entity_words, moment
from crm_desktop.ui.tasks import Job
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text, tr
from crm_desktop.ui.widgets.labels import IconLabel, Label

GROUPS = (
    (
        message("Settings, stages, fields"),
        ("role", "team", "territory", "user", "custom_field", "tag"),
        ("pipeline", "stage"),
    ),
    (message("Products and prices"), ("product", "price"), ()),
    (message("Customers"), ("customer",), ("contact",)),
    (message("Leads"), ("lead",), ()),
    (message("Deals"), ("deal",), ()),
    (message("Quotes"), ("quote",), ("quote_line",)),
    (message("Contracts and orders"), ("contract", "order"), ("order_line", "delivery")),
    (message("Tickets"), ("ticket",), ("ticket_message",)),
    (message("Activities"), ("activity",), ("attachment", "saved_view")),
)
OWN_PART, REST_PART, LATER = 1, 2, 3
_ORDER = {name: place for place, name in enumerate(SCHEMAS)}


class FirstSyncStep(Step):
    """Shows the first round, or the file that is read instead. Both go on after a break."""

    file_left = Signal(object)
    """Reading a file ended before its end: a `CrmError`, or None where somebody stopped it."""

    def __init__(self) -> None:
        super().__init__(message("First sync"), message("Your data is on its way."))
        self._file: Path | None = None
        self._job: Job | None = None
        self._context: Context | None = None
        self._standing: Standing | None = None
        self._here: Mapping[str, int] = {}
        self._totals: dict[str, int] = {}
        self._begun = -1
        """Place of the kind whose own rows come; past the last where the rest has begun."""
        self._reached = -1
        """Place of the kind before which everything is here."""
        self._shares: dict[str, Decimal] = {}
        self._is_told_ahead = False
        """HQ says how much there will be of every kind, so those it does not name are empty."""
        self._began = time.monotonic()
        self._done = False
        self._now = Label(message("Asking HQ…"), weight=600)
        self._share = Label(color="text-soft")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bytes = Label(step="caption", color="text-soft")
        head = QHBoxLayout()
        head.addWidget(self._now, 1)
        head.addWidget(self._share)
        self.body.addLayout(head)
        self.body.addWidget(self._bar)
        self.body.addWidget(self._bytes)
        self._rows = QGridLayout()
        self._rows.setHorizontalSpacing(theme().px(12))
        self._rows.setVerticalSpacing(theme().px(14))
        self._rows.setColumnStretch(2, 1)
        self._lines = [_GroupLine(self._rows, place, name) for place, (name, _, _) in enumerate(GROUPS)]
        self.body.addSpacing(theme().px(8))
        self.body.addLayout(self._rows)
        foot = QHBoxLayout()
        foot.setSpacing(theme().px(8))
        foot.addWidget(IconLabel("lock"), 0, Qt.AlignmentFlag.AlignTop)
        foot.addWidget(
            Label(
                message(
                    "Stored encrypted on this laptop. If the link breaks or you close Satchel, it goes on"
                    " from here."
                ),
                step="caption",
                color="text-soft",
                wrap=True,
            ),
            1,
        )
        self.body.addSpacing(theme().px(8))
        self.body.addLayout(foot)

    def follow(self, context: Context) -> None:
        """Begin to sync, and show how it goes."""
        self._watch_over(context)
        self._file = None
        if context.app.runner is None:
            context.app.start_syncing(context.on_sync_status)
        self._watch.ask()

    def take_from(self, context: Context, file: Path, passphrase: str) -> None:
        """Sign in with a file and take over what is in it, and show how it goes."""
        self._watch_over(context)
        self._file = file
        if context.app.runner is not None:
            context.app.runner.cancel()
        self._job = context.tasks.run(
            self,
            message("Reading {file}", file=file.name),
            lambda job: _taken(context, file, passphrase, job),
            self._on_taken,
            self._on_not_taken,
        )
        self._now.say(self._job.text)
        self._show()

    @property
    def reads_file(self) -> bool:
        """Whether what comes is in a file."""
        return self._file is not None

    @property
    def is_out_of_reach(self) -> bool:
        """Whether HQ is not reached over the line, or somebody paused it."""
        phase = self._context.sync_status.phase if self._context else Phase.UNKNOWN
        return phase in (Phase.OFFLINE, Phase.REFUSED, Phase.PAUSED)

    def stop_reading(self) -> None:
        """Stop reading the file after the page under way; it goes on with the same file."""
        if self._job is not None:
            self._job.cancel()

    def _watch_over(self, context: Context) -> None:
        if self._context is context:
            return
        self._context = context
        self._watch = Watch(context, self)
        self._watch.changed.connect(self._on_standing)
        context.sync_changed.connect(self._on_status)

    def _on_taken(self, report: RoundReport) -> None:
        self._job = None
        if report.up_to_date:
            self._done = True
            self._say(Status(), None)
            self._watch.ask()
            self._show()
        else:
            self.file_left.emit(None)

    def _on_not_taken(self, error: CrmError) -> None:
        self._job = None
        self.file_left.emit(error)

    @property
    def ready(self) -> bool:
        """Whether set-up and customers are here; of a file whether it was read."""
        past_customers = max(self._begun, self._reached) > _ORDER["customer"]
        known = self._standing is not None and bool(self._standing.allowed.readable)
        return known and (self._done or (past_customers and self._job is None))

    @property
    def done(self) -> bool:
        """Whether everything has come."""
        return self._done

    @property
    def paused(self) -> bool:
        """Whether somebody paused it."""
        return self._context is not None and self._context.sync_status.phase is Phase.PAUSED

    def pause_or_resume(self) -> None:
        """Pause it for an hour, or go on."""
        runner = self._context.app.runner if self._context else None
        if runner is not None:
            if self.paused:
                runner.resume()
            else:
                runner.pause(3600)

    def _on_standing(self, standing: Standing) -> None:
        self._standing = standing
        self._done = self._done or standing.sync.last_ok_ms is not None
        self._show()
        if self._context is not None:
            replica = self._context.replica
            self._context.tasks.read(self, lambda: syncing.rows_here(replica), self._on_counted, topic="rows")

    def _on_counted(self, rows: Mapping[str, int]) -> None:
        self._here = rows
        self._show()

    def _on_status(self, status: Status) -> None:
        step = status.step
        if step is not None and step.phase == "receiving" and step.entity.isdecimal():
            name = next((n for n, schema in SCHEMAS.items() if schema.no == int(step.entity)), "")
            self._totals[name] = max(step.total, self._totals.get(name, 0))
            if step.total:
                share = Decimal(step.done) / step.total
                self._shares[name] = max(share, self._shares.get(name, Decimal(0)))
            place = _ORDER.get(name, -1)
            self._is_told_ahead = self._is_told_ahead or step.part == LATER
            if step.part == LATER:
                pass
            elif step.part == OWN_PART:
                self._begun = max(self._begun, place)
            else:
                self._reached = max(self._reached, place)
            if step.part == REST_PART:
                self._begun = len(_ORDER)
        if status.phase is Phase.IDLE and status.last_report is not None and status.last_report.up_to_date:
            self._done = True
        self._say(status, step)
        self._show()

    def _say(self, status: Status, step: SyncStep | None) -> None:
        words: Text = message("Asking HQ…")
        if self._done:
            words = message("Everything is here.")
            self.line.say(message("You can start now."))
        elif status.phase is Phase.PAUSED:
            words = message("Paused")
        elif status.phase in (Phase.OFFLINE, Phase.REFUSED) and status.problem is not None:
            words = status.problem
            if status.next_try_ms:
                self.line.say(message("Next try {time}", time=clock(moment(status.next_try_ms))))
        elif step is not None and step.total:
            words = message(
                "Receiving {what} {done} of {total}…",
                what=entity_words(step),
                done=figure(step.done),
                total=figure(step.total),
            )
        self._now.say(words)
        if self.ready and not self._done:
            self.line.say(
                message(
                    "You can start now: your customers and the price list are here."
                    " The rest comes while you work."
                )
            )

    def _show(self) -> None:
        running = self._begun if 0 <= self._begun < len(_ORDER) else self._reached
        present = next((n for n, place in _ORDER.items() if place == running), "")
        for line, (_, first, more) in zip(self._lines, GROUPS, strict=True):
            members = (*first, *more)
            done = sum(self._here.get(name, 0) for name in members)
            passed = all(self._is_through(name) for name in members)
            known = sum(self._totals.get(name, 0) for name in members)
            total = done if passed else max(done, known) if known else 0
            line.show_progress(done, total, passed=passed, running=present in members and not self._done)
        self._show_share()
        self._show_bytes()
        self.ready_changed.emit()

    def _is_through(self, name: str) -> bool:
        """Tell whether everything of a kind is here; of what has owners the rest comes last."""
        place = _ORDER[name]
        all_came = place < self._begun and SCHEMAS[name].meta.reference
        return self._done or all_came or place < self._reached

    def _show_share(self) -> None:
        if self._done:
            self._bar.setRange(0, 1)
            self._bar.setValue(1)
            self._share.say(percent(Decimal(100)))
        elif max(self._reached, self._begun) < 0:
            self._bar.setRange(0, 0)
        else:
            share = self._share_of_rows() * 100
            self._bar.setRange(0, 100)
            self._bar.setValue(int(share))
            self._share.say(percent(share))

    def _share_of_rows(self) -> Decimal:
        """Return how much of all rows has come, 0 to 1; of an HQ that does not say, how many kinds have."""
        weights = {name: Decimal(total) for name, total in self._totals.items() if total}
        if len(weights) < 2 and not self._is_told_ahead:
            weights = dict.fromkeys(SCHEMAS, Decimal(1))
        here = sum(
            (1 if self._is_through(name) else self._shares.get(name, Decimal(0))) * weight
            for name, weight in weights.items()
        )
        return Decimal(here) / sum(weights.values())

    def _show_bytes(self) -> None:
        received = self._context.app.bytes_received if self._context else 0
        seconds = max(1, round(time.monotonic() - self._began))
        if received:
            self._bytes.say(
                message(
                    "{size} received · {speed} a second",
                    size=file_size(received),
                    speed=file_size(received // seconds),
                )
            )


def _taken(context: Context, file: Path, passphrase: str, job: Job) -> RoundReport:
    """Read a file to its end, or as far as the job goes; any thread."""

    def on_step(step: SyncStep) -> None:
        context.on_sync_status(Status(phase=Phase.RUNNING, step=step))

    return context.app.enrol_by_file(file, passphrase, on_step=on_step, cancelled=job.is_cancelled)


class _GroupLine:
    """One row of the table: state, name, bar, figures. It owns cells of the step's grid."""

    def __init__(self, grid: QGridLayout, row: int, name: Text) -> None:
        self._icon = IconLabel("clock")
        self._name = Label(name, color="text-soft")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setRange(0, 1)
        self._figures = Label(color="text-soft")
        self._figures.setAlignment(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        for column, widget in enumerate((self._icon, self._name, self._bar, self._figures)):
            grid.addWidget(widget, row, column, Qt.AlignmentFlag.AlignVCenter)
        grid.setColumnMinimumWidth(3, theme().px(130))

    def show_progress(self, done: int, total: int, *, passed: bool, running: bool) -> None:
        """Show how far the group is."""
        if passed:
            self._icon.show_icon("check", "good")
        else:
            self._icon.show_icon("sync" if running else "clock", "accent" if running else "text-soft")
        color = "text" if passed or running else "text-soft"
        self._name.set_color(color)
        self._figures.set_color(color)
        self._bar.setRange(0, max(total, 1))
        self._bar.setValue(max(total, 1) if passed else min(done, total))
        self._figures.say(
            message("{done} of {total}", done=figure(done), total=figure(total))
            if total
            else message("none")
            if passed
            else ""
        )
        self._bar.setAccessibleName(
            tr("{label}: {value}", label=self._name.text(), value=self._figures.text())
        )
