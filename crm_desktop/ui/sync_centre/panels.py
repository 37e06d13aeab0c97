"""What is on this laptop and how HQ is reached: the Overview and Network tabs."""

from __future__ import annotations

from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.errors import CrmError
from crm_core.i18n import Message, message
from crm_desktop import assembly
from crm_desktop.sync.runner import Status
from crm_desktop.ui.context import Context
from crm_desktop.ui.format import NOTHING, figure, file_size, near_moment
from crm_desktop.ui.record_words import counted
from crm_desktop.ui.sync_centre.facts import Facts
from crm_desktop.ui.sync_words import moment
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, L
from crm_desktop.ui.translate import Text, show
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.cards import Card
from crm_desktop.ui.widgets.fields import Fact
from crm_desktop.ui.widgets.labels import Label

LABEL_WIDTH = 160
COUNTED = (
    "customer",
    "contact",
    "deal",
    "activity",
    "quote",
    "quote_line",
    "ticket",
    "ticket_message",
    "product",
    "price",
    "tag",
    "user",
)


class Overview(QWidget):
    """Where synchronisation stands, and how many records of each kind are here."""

    def __init__(self) -> None:
        super().__init__()
        self._state = {
            key: Fact(label, NOTHING, label_width=LABEL_WIDTH)
            for key, label in (
                ("company", message("Company")),
                ("user", message("Signed in as")),
                ("last", message("Last good sync")),
                ("next", message("Next try")),
                ("waiting", message("Waits to be sent")),
                ("oldest", message("Oldest unsent")),
                ("numbers", message("Quote numbers left")),
                ("disk", message("Database on disk")),
            )
        }
        standing = Card(message("With HQ"))
        for fact in self._state.values():
            standing.body.addWidget(fact)
        standing.body.addStretch(1)
        here = Card(message("On this laptop"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(L)
        grid.setVerticalSpacing(8)
        self._counts: dict[str, Label] = {}
        for place, entity in enumerate(COUNTED):
            row, column = place % ((len(COUNTED) + 1) // 2), 3 * (place // ((len(COUNTED) + 1) // 2))
            number = Label(weight=600)
            self._counts[entity] = number
            grid.addWidget(Label(Message(SCHEMAS[entity].meta.plural), color="text-soft"), row, column)
            grid.addWidget(number, row, column + 1)
            grid.setColumnStretch(column + 2, 1)
        here.body.addLayout(grid)
        here.body.addStretch(1)
        _two_columns(self, standing, here)

    def show_facts(self, facts: Facts, status: Status) -> None:
        """Show other figures."""
        known = facts.status
        self._state["company"].say(known.company or NOTHING)
        self._state["user"].say(known.user_name or NOTHING)
        self._state["last"].say(_time(known.last_ok_ms))
        self._state["next"].say(_time(status.next_try_ms))
        self._state["waiting"].say(counted("", known.waiting_records) if known.waiting_records else NOTHING)
        self._state["oldest"].say(_time(known.oldest_waiting_ms))
        self._state["numbers"].say(figure(known.quote_numbers_left))
        self._state["disk"].say(file_size(facts.disk_bytes))
        for entity, label in self._counts.items():
            label.say(figure(known.rows.get(entity, 0)))


class Network(QWidget):
    """How HQ is reached, a way to try it, and text to copy for whoever helps."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._facts: dict[str, Fact] = {
            key: Fact(label, NOTHING, label_width=LABEL_WIDTH)
            for key, label in (
                ("server", message("HQ address")),
                ("secure", message("Connection")),
                ("device", message("Number of this laptop")),
                ("interval", message("Sync every")),
                ("since", message("Offline since")),
                ("problem", message("Last problem")),
            )
        }
        self._server = ""
        self.test = Button(message("Test the connection"), Kind.STANDARD, icon="sync")
        self.test.clicked.connect(self._on_test)
        self._answer = Label(color="text-soft", wrap=True)
        card = Card(message("Network"))
        for fact in self._facts.values():
            card.body.addWidget(fact)
        row = QHBoxLayout()
        row.addWidget(self.test)
        row.addWidget(self._answer, 1)
        card.body.addSpacing(theme().px(8))
        card.body.addLayout(row)
        card.body.addStretch(1)
        _two_columns(self, card, None)

    def show_facts(self, facts: Facts, status: Status) -> None:
        """Show other facts."""
        known = facts.status
        self._server = known.server
        self._facts["server"].say(known.server or NOTHING)
        secure: Text = NOTHING
        if known.server:
            secure = (
                message("encrypted (TLS)")
                if known.server.startswith("https://")
                else message("on this computer, not encrypted")
            )
        self._facts["secure"].say(secure)
        self._facts["device"].say(figure(known.device) if known.device else NOTHING)
        self._facts["interval"].say(message("{seconds} s, as HQ sets it", seconds=known.interval_s))
        self._facts["since"].say(_time(status.offline_since_ms))
        self._facts["problem"].say(status.problem or NOTHING)
        self.test.setEnabled(bool(known.server))

    def _on_test(self) -> None:
        server, folder = self._server, self._context.app.profile.root
        self.test.setEnabled(False)
        self._answer.set_color("text-soft")
        self._answer.say(message("Asking…"))
        self._context.tasks.read(
            self, lambda: assembly.find_hq(server, folder), self._on_answer, self._on_no_answer
        )

    def _on_answer(self, company: str) -> None:
        self.test.setEnabled(True)
        self._answer.set_color("good")
        self._answer.say(message("HQ answers: {company}", company=company or show(self._server)))

    def _on_no_answer(self, error: CrmError) -> None:
        self.test.setEnabled(True)
        self._answer.set_color("bad")
        self._answer.say(error.message)


def _time(at_ms: int | None) -> str:
    return near_moment(moment(at_ms)) if at_ms else NOTHING


def _two_columns(page: QWidget, left: QWidget, right: QWidget | None) -> None:
    inner = QWidget()
    row = QHBoxLayout(inner)
    margin = theme().px(XL)
    row.setContentsMargins(margin, theme().px(16), margin, margin)
    row.setSpacing(theme().px(16))
    row.addWidget(left, 1)
    if right is None:
        row.addStretch(1)
    else:
        row.addWidget(right, 1)
    outer = QWidget()
    column = QVBoxLayout(outer)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(inner)
    column.addStretch(1)
    area = QScrollArea()
    area.setWidgetResizable(True)
    area.setFrameShape(QFrame.Shape.NoFrame)
    area.setWidget(outer)
    area.viewport().setAutoFillBackground(False)
    outer.setAutoFillBackground(False)
    whole = QVBoxLayout(page)
    whole.setContentsMargins(0, 0, 0, 0)
    whole.addWidget(area)
