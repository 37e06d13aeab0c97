"""What a person does to the calendar: changes that can be taken back; of a series it asks which times."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from PySide6.QtCore import QObject, QRect
from PySide6.QtWidgets import QWidget

from crm_core.i18n import Message, message
from crm_core.rules.recurrence import Repeat
from crm_core.rules.suggesting import Colleague
from crm_core.rules.typed_moment import TypedMoment
from crm_core.times import MINUTE_MS
from crm_desktop.models.replica import Replica
from crm_desktop.services import delegating, planning, records
from crm_desktop.services.calendar import local, moment
from crm_desktop.services.calendar_period import CalendarItem, key_parts
from crm_desktop.services.delegating import Handed
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.planning import Planned, Which
from crm_desktop.ui.calendar.calendar_chart import Slot
from crm_desktop.ui.calendar.plan_popup import PlanPopup
from crm_desktop.ui.calendar.repeat_popup import RepeatPopup
from crm_desktop.ui.calendar.which_popup import WhichPopup
from crm_desktop.ui.context import Context
from crm_desktop.ui.format import clock, weekday_date
from crm_desktop.ui.translate import show
from crm_desktop.ui.widgets.menus import Menu

MOST_STEPS_BACK = 20
MOST_SUGGESTED = 8
LEAST_MINUTES = 15

Work = Callable[[Replica, Which], Outcome[Planned]]


class Changes(QObject):
    """Makes the changes, tells of them with an Undo, and remembers the last ones."""

    def __init__(self, context: Context, page: QWidget, anchor: Callable[[], QRect]) -> None:
        super().__init__(page)
        self._context, self._page, self._anchor = context, page, anchor
        self._done: list[Planned] = []
        self.menu: Menu | None = None
        self.popup: PlanPopup | RepeatPopup | WhichPopup | None = None

    def move(self, item: CalendarItem, slot: Slot) -> None:
        """Let an item begin elsewhere."""
        when = _slot_words(slot)
        self._ask(
            item,
            message("Move “{subject}”", subject=item.subject),
            lambda replica, which: planning.move(replica, item.key, slot.at_ms, which, all_day=slot.all_day),
            message("Moved to {when}: {subject}", when=when, subject=item.subject),
        )

    def shift(self, item: CalendarItem, days: int, minutes: int) -> None:
        """Move an item by days and minutes of the clock on the wall."""
        begins = local(item.begins_ms)
        day = (item.first_day or begins.date()) + datetime.timedelta(days=days)
        if item.all_day:
            if days:
                self.move(item, Slot(at_ms=moment(day), all_day=True))
            return
        at = begins.hour * 60 + begins.minute + minutes
        self.move(item, Slot(at_ms=moment(day, at), all_day=False))

    def stretch(self, item: CalendarItem, minutes: int) -> None:
        """Let an item take longer or shorter by minutes."""
        if not item.all_day:
            self.resize(item, max((item.ends_ms - item.begins_ms) // MINUTE_MS + minutes, LEAST_MINUTES))

    def resize(self, item: CalendarItem, minutes: int) -> None:
        """Let an item take so many minutes."""
        self._ask(
            item,
            message("Change “{subject}”", subject=item.subject),
            lambda replica, which: planning.resize(replica, item.key, minutes, which),
            message(
                "Until {time}: {subject}",
                time=clock(local(item.begins_ms + minutes * MINUTE_MS)),
                subject=item.subject,
            ),
        )

    def put(self, task_id: str, subject: str, slot: Slot) -> None:
        """Plan a task of the side for a place in the calendar."""
        self._make(
            lambda replica: planning.move(replica, task_id, slot.at_ms, all_day=slot.all_day),
            message("Planned for {when}: {subject}", when=_slot_words(slot), subject=subject),
        )

    def plan(self, key: str, subject: str, item: CalendarItem | None) -> None:
        """Ask for a day and a time, and plan for it."""
        clock_ms = self._context.replica.clock.now_ms
        popup = PlanPopup(subject, clock_ms, self._page, has_day=item is not None and not item.repeats)

        def answered(typed: TypedMoment) -> None:
            when = weekday_date(typed.day)
            when = f"{when} {clock(typed.at)}" if typed.at is not None else when
            self._ask(
                item,
                message("Move “{subject}”", subject=subject),
                lambda replica, which: planning.plan(replica, key, typed, which),
                message("Planned for {when}: {subject}", when=when, subject=subject),
            )

        popup.given.connect(answered)
        popup.unplanned.connect(
            lambda: self._make(
                lambda replica: planning.unplan(replica, key),
                message("No day any more: {subject}", subject=subject),
            )
        )
        self._open(popup)

    def repeat(self, item: CalendarItem) -> None:
        """Ask how an item repeats."""
        replica = self._context.replica
        record_id, _day = key_parts(item.key)

        def ask(rule_text: str | None) -> None:
            first = item.first_day or local(item.begins_ms).date()
            popup = RepeatPopup(item.subject, first, rule_text, self._page)
            popup.given.connect(answered)
            self._open(popup)

        def answered(rule: Repeat | None) -> None:
            told = (
                message("Repeats now: {subject}", subject=item.subject)
                if rule is not None
                else message("Repeats no more: {subject}", subject=item.subject)
            )
            self._make(lambda replica: planning.repeat(replica, record_id, rule), told)

        def read() -> str | None:
            return records.get(replica, "activity", record_id).get("repeats")

        self._context.tasks.read(self, read, ask)

    def tick(self, item: CalendarItem) -> None:
        """Tick an item off, or open it again."""
        done = not item.done
        told = message("Done: {subject}", subject=item.subject)
        if not done:
            told = message("Open again: {subject}", subject=item.subject)
        self._make(lambda replica: planning.tick(replica, item.key, done), told)

    def tick_task(self, task_id: str, subject: str) -> None:
        """Tick a task of the side off."""
        told = message("Done: {subject}", subject=subject)
        self._make(lambda replica: planning.tick(replica, task_id, True), told)

    def alone(self, item: CalendarItem, then: Callable[[str], None]) -> None:
        """Make one time of a series a record of its own, and hand its id over."""
        self._make(
            lambda replica: planning.change(replica, item.key, {}),
            None,
            lambda planned: then(planned.made[0]) if planned.made else None,
        )

    def remove(self, item: CalendarItem) -> None:
        """Delete an item, or times of its series."""
        self._ask(
            item,
            message("Delete “{subject}”", subject=item.subject),
            lambda replica, which: planning.remove(replica, item.key, which),
            message("Deleted: {subject}", subject=item.subject),
        )

    def remove_task(self, task_id: str, subject: str) -> None:
        """Delete a task of the side."""
        told = message("Deleted: {subject}", subject=subject)
        self._make(lambda replica: planning.remove(replica, task_id), told)

    def give(self, key: str) -> None:
        """Ask who is to have it, the one suggested first, and give it to him."""
        replica = self._context.replica

        def ask(people: list[Colleague]) -> None:
            if not people:
                self._context.remark(message("There is nobody else on this laptop to give it to"))
                return
            menu = Menu(self._page)
            menu.aboutToHide.connect(menu.deleteLater)
            for each in people[:MOST_SUGGESTED]:
                action = menu.add(f"{each.name} · {show(each.reason)}", "user")
                action.triggered.connect(lambda _checked=False, one=each: self.give_to(key, one))
            menu.popup(self._page.mapToGlobal(self._anchor().bottomLeft()))
            self.menu = menu

        self._context.tasks.read(self, lambda: delegating.suggestions(replica, key), ask)

    def give_to(self, key: str, colleague: Colleague) -> None:
        """Give it to somebody; where the role does not allow to hand it over, he is put on it."""
        replica = self._context.replica

        def finished(handed: Handed) -> None:
            self.keep(handed.planned)
            told = (
                message("{name} has it now; you stay on it", name=colleague.name)
                if handed.handed_over
                else message("{name} is on it too; you may not hand it over", name=colleague.name)
            )
            self._context.tell(told, lambda: planning.take_back(replica, handed.planned))

        self._context.change(self, lambda: delegating.give(replica, key, colleague.user_id), finished)

    def take_back(self) -> None:
        """Undo the last change."""
        if self._done:
            self._undo(self._done[-1])

    def keep(self, planned: Planned) -> None:
        """Remember what was done elsewhere, so that it can be taken back here."""
        self._done = [*self._done[-MOST_STEPS_BACK:], planned]

    def _ask(self, item: CalendarItem | None, title: Message, work: Work, told: Message) -> None:
        """Make a change, of a series after the question which times it means."""
        if item is None or item.occurs_on is None:
            self._make(lambda replica: work(replica, Which.THIS), told)
            return
        popup = WhichPopup(title, self._page)
        popup.chosen.connect(lambda which: self._make(lambda replica: work(replica, which), told))
        self._open(popup)

    def _make(
        self,
        work: Callable[[Replica], Outcome[Planned]],
        told: Message | None,
        then: Callable[[Planned], object] | None = None,
    ) -> None:
        replica = self._context.replica
        made: list[Planned] = []

        def run() -> Outcome[Planned]:
            outcome = work(replica)
            made.append(outcome.value)
            return outcome

        def finished(planned: Planned) -> None:
            self.keep(planned)
            if then is not None:
                then(planned)

        self._context.change(
            self,
            run,
            finished,
            told=told,
            undo=lambda: planning.take_back(replica, made[0]),
        )

    def _undo(self, planned: Planned) -> None:
        replica = self._context.replica
        self._done = [each for each in self._done if each is not planned]
        self._context.change(
            self, lambda: planning.take_back(replica, planned), told=message("The last change was taken back")
        )

    def _open(self, popup: PlanPopup | RepeatPopup | WhichPopup) -> None:
        self.popup = popup
        popup.destroyed.connect(self._on_popup_gone)
        popup.open_at(self._anchor())

    def _on_popup_gone(self) -> None:
        self.popup = None


def _slot_words(slot: Slot) -> str:
    begins = local(slot.at_ms)
    day = weekday_date(begins.date())
    return day if slot.all_day else f"{day} {clock(begins)}"
