"""Where synchronisation stands and what is on this laptop: the Overview tab."""

from __future__ import annotations

from datetime import datetime, timedelta

from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.i18n import Message, message
from crm_desktop.sync.runner import Phase, Status
from crm_desktop.ui.format import NOTHING, duration, figure, file_size, near_moment
from crm_desktop.ui.places import PAGE_OF_ENTITY
from crm_desktop.ui.sync_centre.facts import Facts
from crm_desktop.ui.sync_words import moment, sync_words, until
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, L
from crm_desktop.ui.translate import Text, tr
from crm_desktop.ui.widgets.cards import Card
from crm_desktop.ui.widgets.fields import Fact
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.scrolling import ReadingArea

LABEL_WIDTH = 160
NOT_COUNTED = ("custom_field", "saved_view")
"""What nobody thinks of as records."""


class Overview(QWidget):
    """Where synchronisation stands, and how many records of each kind are here."""

    def __init__(self) -> None:
        super().__init__()
        self._state = {
            key: Fact(label, NOTHING, label_width=LABEL_WIDTH)
            for key, label in (
                ("state", message("State")),
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
        # What has a page first, then what it is made of.
        counted = sorted(
            (entity for entity in SCHEMAS if entity not in NOT_COUNTED),
            key=lambda entity: entity not in PAGE_OF_ENTITY,
        )
        half = (len(counted) + 1) // 2
        for place, entity in enumerate(counted):
            row, column = place % half, 3 * (place // half)
            number = Label(weight=600)
            self._counts[entity] = number
            grid.addWidget(Label(Message(SCHEMAS[entity].meta.plural), color="text-soft"), row, column)
            grid.addWidget(number, row, column + 1)
            grid.setColumnStretch(column + 2, 1)
        here.body.addLayout(grid)
        here.body.addStretch(1)
        two_columns(self, standing, here)

    def show_facts(self, facts: Facts, status: Status) -> None:
        """Show other figures."""
        known = facts.status
        self._state["state"].say(sync_words(status, known).badge.sentence())
        self._state["company"].say(known.company or NOTHING)
        self._state["user"].say(known.user_name or NOTHING)
        self._state["last"].say(time_words(known.last_ok_ms))
        paused = status.paused_until_ms if status.phase is Phase.PAUSED else None
        self._state["next"].say(
            message("Paused until {time}", time=until(paused))
            if paused
            else until(status.next_try_ms)
            if status.next_try_ms
            else NOTHING
        )
        self._state["waiting"].say(_waiting_words(facts))
        self._state["oldest"].say(_age(known.oldest_waiting_ms))
        self._state["numbers"].say(figure(known.quote_numbers_left))
        self._state["disk"].say(file_size(facts.disk_bytes))
        for entity, label in self._counts.items():
            label.say(figure(facts.rows.get(entity, 0)))


def _waiting_words(facts: Facts) -> Text:
    waiting = facts.waiting
    if not waiting.count:
        return NOTHING
    size = file_size(waiting.size_bytes)
    if waiting.count == 1:
        return message("1 record, {size}", size=size)
    return message("{count} records, {size}", count=figure(waiting.count), size=size)


def _age(since_ms: int | None) -> Text:
    """Return since when something waits, and how long that is."""
    if not since_ms:
        return NOTHING
    at = moment(since_ms)
    waited = datetime.now().astimezone() - at
    if waited < timedelta(minutes=1):
        return near_moment(at)
    span = duration(waited)
    return message("{time}, {span} ago", time=near_moment(at), span=span)


def time_words(at_ms: int | None) -> str:
    """Return a time that is past; a dash for none."""
    return near_moment(moment(at_ms)) if at_ms else NOTHING


def two_columns(page: QWidget, left: QWidget, right: QWidget) -> None:
    """Lay two cards out beside each other, scrolled where there is little room."""
    area = ReadingArea()
    whole = QVBoxLayout(page)  # first, for what is put into its place later is dressed anew with all it holds
    whole.setContentsMargins(0, 0, 0, 0)
    whole.addWidget(area)
    inner = QWidget()
    row = QHBoxLayout(inner)
    margin = theme().px(XL)
    row.setContentsMargins(margin, theme().px(16), margin, margin)
    row.setSpacing(theme().px(16))
    row.addWidget(left, 1)
    row.addWidget(right, 1)
    outer = QWidget()
    column = QVBoxLayout(outer)
    column.setContentsMargins(0, 0, 0, 0)
    column.addWidget(inner)
    column.addStretch(1)
    area.setAccessibleName(tr("Facts"))
    area.setWidgetResizable(True)
    area.setWidget(outer)
    area.viewport().setAutoFillBackground(False)
    outer.setAutoFillBackground(False)
