"""Today: the strip of the day, and under it the tasks that are late or due, to be ticked off."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QCheckBox, QVBoxLayout

from crm_core.i18n import message
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.models.replica import Replica
from crm_desktop.services import activities
from crm_desktop.services.activities import Agenda, AgendaItem
from crm_desktop.services.calendar import local
from crm_desktop.services.calendar_period import key_parts
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.format import clock, figure
from crm_desktop.ui.home import words
from crm_desktop.ui.home.day_strip import MORE, DayStrip
from crm_desktop.ui.home.home_card import HomeCard
from crm_desktop.ui.home.lines import Line, refill
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.glyphs import Glyph, GlyphLabel

MOST_LINES = 3
_GLYPH_WIDTH = 96
_TICK_WIDTH = 16


class TodayCard(HomeCard):
    """The person's day."""

    key = "today"
    follows = frozenset(("activity", "customer"))

    agenda_read = Signal(object)
    """The `Agenda`, for whoever sums it up."""

    def __init__(self, context: Context) -> None:
        super().__init__(context, message("Today"), flush=True)
        self._agenda: Agenda | None = None
        self._late: tuple[Condition, ...] = ()
        self.strip = DayStrip()
        self.strip.part_clicked.connect(self._on_strip_clicked)
        self.all_button = Button("", Kind.LINK, weight=400)
        self.all_button.hide()
        self.all_button.clicked.connect(self._on_all_clicked)
        self.head.addWidget(self.all_button)
        around = QVBoxLayout()
        around.setContentsMargins(L, 4, L, 0)
        around.addWidget(self.strip)
        self.lines = QVBoxLayout()
        self.lines.setSpacing(0)
        self.body.addLayout(around)
        self.body.addLayout(self.lines)
        self.body.addStretch(1)

    def reader(self, replica: Replica) -> Callable[[], Any]:
        """Return what reads the day."""

        def read() -> tuple[Agenda, str, int]:
            return activities.agenda(replica), replica.person.user_id, replica.clock.now_ms()

        return read

    def take(self, read: Any) -> None:
        """Show the day."""
        agenda, user_id, now_ms = read
        changed, self._agenda = agenda != self._agenda, agenda
        self._late = (
            Condition(field="owner_id", op=Op.EQUAL, value=user_id),
            Condition(field="done", op=Op.EQUAL, value=False),
            Condition(field="due_at", op=Op.LESS, value=now_ms),
        )
        if changed:  # rows are dear to make
            self._show()
        self.agenda_read.emit(agenda)

    def tick(self) -> None:
        """Move the line of now; what became late is late."""
        if self._agenda is not None:
            self._show()

    def retranslate(self) -> None:
        """Write everything in the language on screen."""
        super().retranslate()
        if getattr(self, "_agenda", None) is not None:
            self._show()

    def _show(self) -> None:
        agenda = self._agenda
        if agenda is None:
            return
        now_ms = self.context.replica.clock.now_ms()
        self.set_remark(words.next_words(agenda, now_ms))
        self.strip.show_day([item for item in agenda.today if words.meets(item)], local(now_ms))
        late_ids = {item.id for item in agenda.late}
        due = [i for i in agenda.today if i.kind == "task" and not i.done and i.id not in late_ids]
        listed = [*agenda.late, *due][:MOST_LINES]
        refill(self.lines, [self._line(item, now_ms) for item in listed])
        total = agenda.late_total + len(due)
        self.all_button.say(message("All {count} tasks", count=figure(total)))
        self.all_button.setVisible(total > len(listed))

    def _line(self, item: AgendaItem, now_ms: int) -> Line:
        tick = QCheckBox()
        tick.setFixedWidth(theme().px(_TICK_WIDTH))
        tick.setAccessibleName(show(message("Done: {subject}", subject=item.subject)))
        tick.setToolTip(tr("Tick off"))
        tick.toggled.connect(lambda on: self._on_ticked(item) if on else None)
        late = item.at_ms < now_ms
        said = words.late_words(item.at_ms, now_ms) if late else clock(local(item.at_ms))
        glyph = Glyph.OVERDUE if late else Glyph.TODAY
        state = GlyphLabel(glyph, said, color=glyph.color)
        line = Line(item.subject, item.customer_name, before=tick, right=((state, _GLYPH_WIDTH),))
        line.opened.connect(lambda: self._on_item_opened(item.id))
        tick.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        return line

    def _on_ticked(self, item: AgendaItem) -> None:
        replica = self.context.replica
        self.context.change(
            self,
            lambda: activities.set_done(replica, item.id, True),
            told=message("Done: {subject}", subject=item.subject),
            undo=lambda: activities.set_done(replica, item.id, False),
        )

    def _on_strip_clicked(self, key: str) -> None:
        if key == MORE:
            self.context.go.emit(Place(page="calendar"))
        else:
            self._on_item_opened(key)

    def _on_item_opened(self, activity_id: str) -> None:
        self.context.go.emit(Place(page="calendar", record_id=key_parts(activity_id)[0]))

    def _on_all_clicked(self) -> None:
        self.drill("calendar", self._late, message("Overdue"))
