"""How HQ is reached, a way to try it, and text to copy for whoever helps: the Network tab."""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta

from PySide6.QtWidgets import QApplication, QHBoxLayout, QWidget

from crm_core.errors import CrmError
from crm_core.i18n import Message, message
from crm_desktop import assembly
from crm_desktop.sync.runner import Status
from crm_desktop.ui.context import Context, Notice
from crm_desktop.ui.format import NOTHING, duration, figure
from crm_desktop.ui.sync_centre.facts import Facts
from crm_desktop.ui.sync_centre.history import event_words
from crm_desktop.ui.sync_centre.overview import LABEL_WIDTH, time_words, two_columns
from crm_desktop.ui.sync_centre.support import support_text
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text, show
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.cards import Card
from crm_desktop.ui.widgets.fields import Fact
from crm_desktop.ui.widgets.labels import Label

CLOCK_OFF_MS = 120_000
"""A laptop's clock that is further off is said to be so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a test of the connection found."""

    company: str
    took_ms: int


class Network(QWidget):
    """What is known of the way to HQ; a button that walks it now."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._known: tuple[Facts, Status] | None = None
        self._facts: dict[str, Fact] = {
            key: Fact(label, NOTHING, label_width=LABEL_WIDTH)
            for key, label in (
                ("server", message("HQ address")),
                ("secure", message("Connection")),
                ("proxy", message("Proxy")),
                ("device", message("Number of this laptop")),
                ("interval", message("Sync every")),
                ("clock", message("Clock")),
            )
        }
        self.test = Button(message("Test the connection"), Kind.STANDARD, icon="sync")
        self.test.clicked.connect(self._on_test)
        self._answer = Label(color="text-soft", wrap=True)
        way = Card(message("Network"))
        for fact in self._facts.values():
            way.body.addWidget(fact)
        row = QHBoxLayout()
        row.addWidget(self.test)
        row.addWidget(self._answer, 1)
        way.body.addSpacing(theme().px(8))
        way.body.addLayout(row)
        way.body.addStretch(1)
        self._troubles: dict[str, Fact] = {
            key: Fact(label, NOTHING, label_width=LABEL_WIDTH)
            for key, label in (
                ("since", message("Offline since")),
                ("failures", message("Failed in a row")),
                ("problem", message("Last problem")),
                ("before", message("The one before")),
            )
        }
        self.copy = Button(message("Copy for support"), Kind.STANDARD, icon="file")
        self.copy.clicked.connect(self._on_copy)
        trouble = Card(message("When it fails"))
        for fact in self._troubles.values():
            trouble.body.addWidget(fact)
        note = message("Addresses, versions and what went wrong; no customer's data.")
        row = QHBoxLayout()
        row.addWidget(self.copy)
        row.addWidget(Label(note, color="text-soft", step="caption", wrap=True), 1)
        trouble.body.addSpacing(theme().px(8))
        trouble.body.addLayout(row)
        trouble.body.addStretch(1)
        two_columns(self, way, trouble)

    def show_facts(self, facts: Facts, status: Status) -> None:
        """Show other facts."""
        self._known = (facts, status)
        known = facts.status
        self._facts["server"].say(known.server or NOTHING)
        secure: Text = NOTHING
        if known.server:
            secure = (
                message("encrypted (TLS)")
                if known.server.startswith("https://")
                else message("on this computer, not encrypted")
            )
        self._facts["secure"].say(secure)
        self._facts["proxy"].say(facts.proxy or (message("none") if known.server else NOTHING))
        self._facts["device"].say(figure(known.device) if known.device else NOTHING)
        interval = message("{seconds} s, as HQ sets it", seconds=known.interval_s)
        self._facts["interval"].say(interval if known.enrolled else NOTHING)
        self._facts["clock"].say(_clock_words(known.clock_off_ms) if known.last_ok_ms else NOTHING)
        self._troubles["since"].say(time_words(status.offline_since_ms))
        self._troubles["failures"].say(figure(status.failures) if status.failures else NOTHING)
        problems = [event_words(event)[2] for event in facts.events if event.kind in ("failed", "refused")]
        latest = status.problem or (problems[0] if problems else NOTHING)
        self._troubles["problem"].say(latest)
        others = (problem for problem in problems if show(problem) != show(latest))
        self._troubles["before"].say(next(others, NOTHING))
        self.test.setEnabled(bool(known.server))

    def _on_test(self) -> None:
        if self._known is None:
            return
        server, folder = self._known[0].status.server, self._context.app.profile.root

        def ask() -> Answer:
            began = time.monotonic()
            company = assembly.find_hq(server, folder)
            return Answer(company=company, took_ms=round((time.monotonic() - began) * 1000))

        self.test.setEnabled(False)
        self._answer.set_color("text-soft")
        self._answer.say(message("Asking…"))
        self._context.tasks.read(self, ask, self._on_answer, self._on_no_answer)

    def _on_answer(self, answer: Answer) -> None:
        self.test.setEnabled(True)
        self._answer.set_color("good")
        company = answer.company or (self._known[0].status.server if self._known else "")
        self._answer.say(
            message("HQ answers: {company}, {ms} ms", company=company, ms=figure(answer.took_ms))
        )

    def _on_no_answer(self, error: CrmError) -> None:
        self.test.setEnabled(True)
        self._answer.set_color("bad")
        self._answer.say(error.message)

    def _on_copy(self) -> None:
        if self._known is not None:
            QApplication.clipboard().setText(support_text(*self._known))
            self._context.notice.emit(Notice(kind="good", text=message("Copied"), seconds=5))


def _clock_words(off_ms: int) -> Message:
    if abs(off_ms) < CLOCK_OFF_MS:
        return message("as HQ's")
    span = duration(timedelta(milliseconds=off_ms))
    if off_ms > 0:
        return message("{span} behind HQ's; HQ's counts", span=span)
    return message("{span} ahead of HQ's; HQ's counts", span=span)
