"""Triage by single keys while the rows have the focus: assign, qualify, put aside, next and previous."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence

from PySide6.QtCore import QObject, QPoint, Qt

from crm_core.entities.lead import JUNK_REASONS
from crm_core.i18n import N_, Message, message, plural
from crm_core.rules.access import Action as Right
from crm_desktop.models.records import Record
from crm_desktop.services import leads, pool
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.pool import Stepped
from crm_desktop.ui.actions import ActionRegistry, ActionSpec
from crm_desktop.ui.context import Context
from crm_desktop.ui.format import figure
from crm_desktop.ui.lists.chosen import Ids, chosen_ids
from crm_desktop.ui.lists.record_list import RecordList
from crm_desktop.ui.translate import show
from crm_desktop.ui.widgets.menus import Menu

GROUP = N_("Leads")


class Triage(QObject):
    """What is done with the leads selected, or with the current one."""

    def __init__(
        self, context: Context, actions: ActionRegistry, rows: RecordList, convert: Callable[[str], None]
    ) -> None:
        super().__init__(rows)
        self._context, self._list, self._convert = context, rows, convert
        self.menu: Menu | None = None
        """The one that is open."""
        edit, assign = (Right.EDIT, "lead"), (Right.ASSIGN, "lead")
        for key, text, shortcut, icon, right, run in (
            ("assign", N_("Assign…"), "A", "user", assign, self.ask_owner),
            ("claim", N_("Claim"), "M", "plus", edit, lambda: self.claim()),
            ("give-back", N_("Give back"), "R", "undo", edit, lambda: self.give_back()),
            ("qualify", N_("Qualify"), "Q", "check", edit, lambda: self.set_state("qualified")),
            ("work", N_("Take to work"), "W", "play", edit, lambda: self.set_state("working")),
            ("nurture", N_("Nurture"), "U", "clock", edit, lambda: self.set_state("nurture")),
            ("disqualify", N_("Put aside…"), "D", "trash", edit, self.ask_reason),
            ("convert", N_("Convert…"), "C", "right", edit, self.convert),
            ("next", N_("Next lead"), "J", "down", None, lambda: self.step(1)),
            ("previous", N_("Previous lead"), "K", "up", None, lambda: self.step(-1)),
        ):
            spec = ActionSpec(
                id=f"leads.{key}",
                text=text,
                group=GROUP,
                icon=icon,
                shortcut=shortcut,
                right=right,
                single_key=True,
            )
            actions.add(spec, run, rows.table)

    def step(self, by: int) -> None:
        """Go to the row below or above."""
        table = self._list.table
        row = table.currentIndex().row() + by
        if 0 <= row < self._list.model.known:
            table.setCurrentIndex(self._list.model.index(row, max(0, table.currentIndex().column())))

    def convert(self) -> None:
        """Ask to convert the current lead."""
        row = self._list.current_row()
        if row is not None:
            self._convert(row.id)

    def claim(self, lead_id: str | None = None) -> None:
        """Take the leads that are nobody's, or one of them; with Undo."""
        replica, chosen = self._context.replica, self._chosen(lead_id)
        if chosen is None:
            return

        def back(ids: Collection[str]) -> Outcome[Stepped]:
            return pool.return_leads(replica, ids)

        def done(claimed: Stepped) -> None:
            self._context.tell(claimed_words(claimed), lambda: pool.take_back(replica, claimed, back))

        self._context.change(self._list, lambda: pool.claim_leads(replica, chosen()), done)

    def give_back(self, lead_id: str | None = None) -> None:
        """Let the leads, or one of them, be nobody's again, for others to claim; with Undo."""
        replica, chosen = self._context.replica, self._chosen(lead_id)
        if chosen is None:
            return

        def back(ids: Collection[str]) -> Outcome[Stepped]:
            return pool.claim_leads(replica, ids)

        def done(given: Stepped) -> None:
            self._context.tell(_given_back_words(given.taken), lambda: pool.take_back(replica, given, back))

        self._context.change(self._list, lambda: pool.return_leads(replica, chosen()), done)

    def set_state(self, state: str, reason: str | None = None) -> None:
        """Take the leads to a state; with Undo."""
        replica, chosen = self._context.replica, self._chosen()
        if chosen is None:
            return
        before: list[Record] = []

        def work() -> Outcome[tuple[Record, ...]]:
            return leads.set_state(replica, chosen(), state, reason)

        def done(found: tuple[Record, ...]) -> None:
            before.extend(found)
            self._context.tell(_told(state, found), lambda: leads.put_back(replica, before))

        self._context.change(self._list, work, done)

    def ask_reason(self) -> None:
        """Show why a lead may lead nowhere; a choice puts the leads aside."""
        if self._chosen() is not None:
            words = {choice.value: Message(choice.label) for choice in JUNK_REASONS}
            self._ask(words, lambda reason: self.set_state("junk", reason))

    def ask_owner(self) -> None:
        """Show who may be given the leads."""
        replica = self._context.replica
        if self._chosen() is not None:
            self._context.tasks.read(
                self._list,
                lambda: leads.people(replica),
                self._show_people,
                self._context.show_error,
                topic="people",
            )

    def assign(self, owner_id: str, name: str) -> None:
        """Give the leads to somebody; with Undo."""
        replica, chosen = self._context.replica, self._chosen()
        if chosen is None:
            return
        held: dict[str, str | None] = {}

        def work() -> Outcome[dict[str, str | None]]:
            return leads.assign(replica, dict.fromkeys(chosen(), owner_id))

        def done(before: dict[str, str | None]) -> None:
            held.update(before)
            told = plural(
                len(before),
                message("1 lead given to {name}", name=name),
                message("{count} leads given to {name}", count=figure(len(before)), name=name),
            )
            self._context.tell(told, lambda: leads.assign(replica, held))

        self._context.change(self._list, work, done)

    def _chosen(self, lead_id: str | None = None) -> Ids | None:
        """Return what reads the ids meant, off the main thread: that, the selection, or the current row."""
        if lead_id is not None:
            return lambda: (lead_id,)
        return chosen_ids(self._list, self._context.replica)

    def _show_people(self, people: tuple[tuple[str, str], ...]) -> None:
        names = dict(people)
        self._ask(names, lambda owner_id: self.assign(owner_id, names[owner_id]))

    def _ask(self, words: Mapping[str, Message | str], take: Callable[[str], None]) -> None:
        """Show a menu of values at the current row, the first one in front."""
        table = self._list.table
        self.menu = Menu(table)
        self.menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for value, text in words.items():
            action = self.menu.add(show(text))
            action.triggered.connect(lambda _checked=False, value=value: take(value))
        if self.menu.actions():
            self.menu.setActiveAction(self.menu.actions()[0])
        self.menu.destroyed.connect(self._on_menu_gone)
        place = table.visualRect(table.currentIndex()).bottomLeft()
        self.menu.popup(table.viewport().mapToGlobal(QPoint(max(place.x(), 0), place.y())))

    def _on_menu_gone(self) -> None:
        self.menu = None


def claimed_words(claimed: Stepped) -> Message:
    """Return what is said of leads just claimed."""
    taken = claimed.taken
    if claimed.refusal is not None:
        return message(
            "{count} of {all} leads are claimed, yours when HQ has agreed. {reason}",
            count=figure(len(taken)),
            all=figure(len(taken) + claimed.left),
            reason=claimed.refusal,
        )
    return plural(
        len(taken),
        message("“{lead}” is claimed; yours when HQ has agreed", lead=taken[0].title),
        message("{count} leads are claimed; yours when HQ has agreed", count=figure(len(taken))),
    )


def _given_back_words(leads: Sequence[Record]) -> Message:
    return plural(
        len(leads),
        message("“{lead}” is free to be claimed", lead=leads[0].title),
        message("{count} leads are free to be claimed", count=figure(len(leads))),
    )


def _told(state: str, before: Sequence[Record]) -> Message:
    if len(before) == 1:
        title = before[0].title
        return {
            "qualified": message("“{lead}” is qualified", lead=title),
            "junk": message("“{lead}” is put aside", lead=title),
            "nurture": message("“{lead}” is to be nurtured", lead=title),
            "working": message("“{lead}” is at work", lead=title),
        }[state]
    count = figure(len(before))
    return {
        "qualified": message("{count} leads are qualified", count=count),
        "junk": message("{count} leads are put aside", count=count),
        "nurture": message("{count} leads are to be nurtured", count=count),
        "working": message("{count} leads are at work", count=count),
    }[state]
