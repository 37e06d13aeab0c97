"""Why deals were lost: counted by reason, competitor, month or owner, in a time; each row opens its deals."""

from __future__ import annotations

import datetime
from decimal import Decimal

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, Message, message, plural
from crm_core.money import Money
from crm_desktop.services import losses
from crm_desktop.services.calendar import local
from crm_desktop.services.figures import Part
from crm_desktop.services.losses import By, Losses
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.format import figure, money, percent
from crm_desktop.ui.home.words import month_name
from crm_desktop.ui.pages.page import Page
from crm_desktop.ui.settling import Settling
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, L, M, S
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets.cards import Card, InfoRow
from crm_desktop.ui.widgets.clearing import clear
from crm_desktop.ui.widgets.flow import FlowLayout
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.scrolling import read_below
from crm_desktop.ui.widgets.segments import Segment, SegmentedSwitch

WIDTH = 760
_FOLLOWS = frozenset(("deal", "stage", "competitor", "user"))
QUARTER, YEAR, TWELVE, EVER = "quarter", "year", "twelve", "ever"
_NOTHING_SAID = {
    By.REASON: N_("No reason given"),
    By.COMPETITOR: N_("No competitor met"),
    By.MONTH: N_("Unknown"),
    By.OWNER: N_("Nobody's"),
}


class LossesPage(Page):
    """What is counted, and over which time, is chosen above the rows."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        super().__init__(context, actions)
        self._read_one: Losses | None = None
        self.rows: list[InfoRow] = []
        self.by = SegmentedSwitch(
            [
                Segment(key=By.REASON, text=message("By reason")),
                Segment(key=By.COMPETITOR, text=message("By competitor")),
                Segment(key=By.MONTH, text=message("By month")),
                Segment(key=By.OWNER, text=message("By owner")),
            ],
            name=message("Counted by"),
        )
        self.time = SegmentedSwitch(
            [
                Segment(key=QUARTER, text=message("This quarter")),
                Segment(key=YEAR, text=message("This year")),
                Segment(key=TWELVE, text=message("Twelve months")),
                Segment(key=EVER, text=message("All time")),
            ],
            name=message("Lost in"),
        )
        self.by.choose(By.REASON)
        self.time.choose(TWELVE)
        for switch in (self.by, self.time):
            switch.chosen.connect(lambda _key: self.refresh())
        self.card = Card(message("Lost deals"), flush=True)
        self._changes = Settling(self)
        self._changes.due.connect(self.refresh)
        context.records_changed.connect(self._on_records_changed)
        self._lay_out()
        self.retranslate()

    def show_place(self, place: Place) -> None:
        """Count."""
        self.refresh()

    def refresh(self) -> None:
        """Count anew."""
        replica, by, since = self.context.replica, By(self.by.key), self._since()
        self.context.tasks.read(
            self,
            lambda: losses.counted(replica, by, since),
            self._on_read,
            self.context.show_error,
            topic="losses",
        )

    def retranslate(self) -> None:
        """Write the rows in the language on screen."""
        self.setAccessibleName(tr("Lost deals"))
        if self._read_one is not None:
            self._show(self._read_one)

    def _lay_out(self) -> None:
        margin = theme().px(XL)
        head = QHBoxLayout()
        head.setContentsMargins(margin, theme().px(12), margin, theme().px(12))
        head.setSpacing(theme().px(M))
        head.addWidget(Label(message("Why deals were lost"), step="title"))
        head.addStretch(1)
        inner = QWidget()
        inner.setMaximumWidth(theme().px(WIDTH) + 2 * margin)
        column = QVBoxLayout(inner)
        column.setContentsMargins(margin, 0, margin, margin)
        column.setSpacing(theme().px(L))
        switches = FlowLayout(gap=theme().px(L), line_gap=theme().px(S))
        switches.addWidget(self.by)
        switches.addWidget(self.time)
        column.addLayout(switches)
        column.addWidget(self.card)
        column.addStretch(1)
        read_below(self, head, inner, tr("Lost deals"))

    def _since(self) -> datetime.date | None:
        today = local(self.context.replica.clock.now_ms()).date()
        first = today.replace(day=1)
        match self.time.key:
            case "quarter":
                return first.replace(month=3 * ((today.month - 1) // 3) + 1)
            case "year":
                return first.replace(month=1)
            case "twelve":
                return first.replace(year=today.year - 1)
            case _:
                return None

    def _on_read(self, read: Losses) -> None:
        self._read_one = read
        self._show(read)

    def _show(self, read: Losses) -> None:
        held = next((place for place, row in enumerate(self.rows) if row.hasFocus()), None)
        clear(self.card.body)
        self.rows = []
        count = read.count
        self.card.set_remark(
            plural(count, message("1 deal"), message("{count} deals", count=figure(count))) if count else ""
        )
        for part in read.parts:
            amount = Label(money(Money(part.amount_minor, read.currency)) if read.shows_money else "")
            share = percent(Decimal(100 * part.count) / count)
            number = plural(part.count, message("1 deal"), message("{count} deals", count=figure(part.count)))
            row = InfoRow(
                self._name(part),
                message("{count} · {share}", count=number, share=share),
                right=amount,
                lined=part is not read.parts[-1],
            )
            row.opened.connect(lambda part=part: self._open(part))
            self.card.body.addWidget(row)
            self.rows.append(row)
        if not read.parts:
            nothing = Label(message("Nothing was lost in this time."), color="text-soft")
            nothing.setContentsMargins(theme().px(L), theme().px(M), theme().px(L), theme().px(L))
            self.card.body.addWidget(nothing)
        if held is not None and self.rows:
            self.rows[min(held, len(self.rows) - 1)].setFocus()

    def _name(self, part: Part) -> Text:
        by = By(self.by.key)
        if not part.key:
            return message(_NOTHING_SAID[by])
        if by is By.REASON:
            return Message(SCHEMAS["deal"].fields["loss_reason"].choice_label(part.key))
        return month_name(datetime.date.fromisoformat(f"{part.key}-01")) if by is By.MONTH else part.label

    def _open(self, part: Part) -> None:
        title = message("Lost: {what}", what=show(self._name(part)))
        options = {"conditions": part.conditions, "title": title}
        self.context.go.emit(Place(page="pipeline", options=options))

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if self.isVisible() and any(entity in _FOLLOWS for entity, _ in changed):
            self._changes.mark()
