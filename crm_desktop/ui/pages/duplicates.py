"""Possible duplicates: groups with score and reasons, records merged side by side, merges taken apart."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QListWidget, QListWidgetItem, QStackedWidget, QVBoxLayout, QWidget

from crm_core.errors import CrmError
from crm_core.i18n import N_, Message, message, plural
from crm_core.rules.duplicates import LIKELY_FROM, SHOWN_FROM
from crm_core.schema.values import links_of
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import duplicates, merging, records
from crm_desktop.services.calendar import local
from crm_desktop.services.duplicates import Group
from crm_desktop.services.merging import SideBySide
from crm_desktop.services.outcome import Outcome
from crm_desktop.ui.actions import ActionRegistry, ActionSpec
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.duplicates.side_by_side import SideBySideView
from crm_desktop.ui.duplicates.words import reasons_words
from crm_desktop.ui.field_texts import moment_text
from crm_desktop.ui.format import figure
from crm_desktop.ui.pages.listed_page import ListedPage
from crm_desktop.ui.tasks import Job
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import M
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.ending_keys import is_taking
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.segments import Segment, SegmentedSwitch

FOOT = 56
MERGES = "merges"
_ID = Qt.ItemDataRole.UserRole


class DuplicatesPage(ListedPage):
    """The groups found at the left, the one in front at the right; or the merges of the last weeks."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        super().__init__(context, actions)
        self.entity = "customer"
        self.groups: list[Group] = []
        self._merges: dict[str, Record] = {}
        self._ids: tuple[str, ...] = ()
        self._job: Job | None = None
        self.title = Label(message("Possible duplicates"), step="title")
        self.kinds = SegmentedSwitch(
            (
                Segment(key="customer", text=message("Customers")),
                Segment(key="contact", text=message("Contacts")),
                Segment(key=MERGES, text=message("Merges")),
            ),
            name=message("What is shown"),
        )
        self.least = SegmentedSwitch(
            (
                Segment(key=str(LIKELY_FROM), text=message("Likely")),
                Segment(key=str(SHOWN_FROM), text=message("All that are alike")),
            ),
            name=message("How alike"),
        )
        self.search = Button(message("Search again"), icon="search")
        self.list = QListWidget()
        self.side = SideBySideView()
        self.apart = Button(message("Not a duplicate"))
        self.merge = Button(message("Merge"), Kind.PRIMARY, hint="Ctrl+Enter")
        self.take_apart = Button(message("Take the merge apart"), icon="undo")
        self._foot_words = Label(color="text-soft")
        self.empty = EmptyState("check", message("No duplicates found"))
        self._lay_out()
        self._connect(actions)
        self.retint()

    def show_place(self, place: Place) -> None:
        """Show the groups of an `entity`, or, with `ids`, those records beside one another."""
        entity = str(place.options.get("entity") or self.entity)
        ids = tuple(place.options.get("ids") or ())
        self.kinds.choose(entity)
        self._show_kind(entity)
        if ids:
            self._show_records(ids)
        elif not self.groups or entity != self.entity:
            self.find()

    def refresh(self) -> None:
        """Look again at what is shown."""
        if self.kinds.key == MERGES:
            self._read_merges()
        elif self._ids:
            self._show_records(self._ids)

    def find(self) -> None:
        """Compare all records; what was found before stays until then."""
        if self._job is not None:
            self._job.cancel()
        replica, entity, least = self.context.replica, self.entity, int(self.least.key)

        def work(job: Job) -> tuple[str, tuple[Group, ...]]:
            found = duplicates.find_groups(
                replica, entity, least=least, progress=job.step, stopped=job.is_cancelled
            )
            return entity, found

        self.empty.say(message("Comparing records…"), icon="search")
        self._show_front()
        self._job = self.context.tasks.run(
            self, message("Looking for duplicates"), work, self._on_found, self.context.show_error
        )

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Merge by Ctrl+Enter."""
        if is_taking(event) and self.merge.isVisible():
            self.merge_shown()
            return
        super().keyPressEvent(event)

    def merge_shown(self) -> None:
        """Merge the records in front as they were chosen; with Undo, and for 30 days from Merges."""
        shown = self.side.shown
        if shown is None or not self._ids:
            return
        replica, entity, kept, take = self.context.replica, shown.entity, shown.kept, self.side.taken
        others = [record.id for record in shown.records if record.id != kept]
        title = next(record.title for record in shown.records if record.id == kept)
        made: list[str] = []

        def work() -> Outcome[Record]:
            outcome = merging.merge(replica, entity, kept, others, take)
            made.append(outcome.value.id)
            return outcome

        self.merge.setEnabled(False)
        self.context.change(
            self,
            work,
            lambda _told: self._on_decided({*others}),
            self._on_refused,
            told=message("Merged into “{title}”", title=title),
            undo=lambda: merging.take_apart(replica, made[0]),
        )

    def say_distinct(self) -> None:
        """Note that the records in front are not the same; with Undo."""
        shown = self.side.shown
        if shown is None or not self._ids:
            return
        replica, entity = self.context.replica, shown.entity
        first, *others = (record.id for record in shown.records)
        pairs = [(first, others), *((each, others[place + 1 :]) for place, each in enumerate(others[:-1]))]

        def say(how: Any) -> Outcome[Record]:
            outcomes = [how(replica, entity, one, several) for one, several in pairs]
            return Outcome(outcomes[0].value, frozenset().union(*(each.changed for each in outcomes)))

        self.context.change(
            self,
            lambda: say(merging.say_distinct),
            lambda _record: self._on_decided({first, *others}),
            told=message("Noted: these are not the same"),
            undo=lambda: say(merging.unsay_distinct),
        )

    def retint(self) -> None:
        """Keep the measures of the theme."""
        super().retint()
        self._foot.setFixedHeight(theme().px(FOOT))

    def retranslate(self) -> None:
        """Write the list in the language on screen."""
        self.list.setAccessibleName(tr("Possible duplicates"))
        self._fill_list()

    def _lay_out(self) -> None:
        self._foot = QWidget()
        foot = QHBoxLayout(self._foot)
        keep_margins(foot, PAGE_MARGIN, 0, PAGE_MARGIN, 0)
        foot.setSpacing(M)
        foot.addWidget(self._foot_words, 1)
        for button in (self.take_apart, self.apart, self.merge):
            foot.addWidget(button)
        front = QWidget()
        right = QVBoxLayout(front)
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addWidget(self.side, 1)
        right.addWidget(self._foot)
        self._stack = QStackedWidget()
        self._stack.addWidget(front)
        self._stack.addWidget(self.empty)
        self.lay_out((self.title, self.kinds), (self.least, self.search), self.list, self._stack)

    def _connect(self, actions: ActionRegistry) -> None:
        self.kinds.chosen.connect(self._on_kind_chosen)
        self.least.chosen.connect(lambda _key: self.find())
        self.search.clicked.connect(self.find)
        self.list.currentRowChanged.connect(self._on_row_chosen)
        self.side.kept_chosen.connect(lambda kept: self._show_records(self._ids, kept))
        self.merge.clicked.connect(self.merge_shown)
        self.apart.clicked.connect(self.say_distinct)
        self.take_apart.clicked.connect(self._on_take_apart)
        group = N_("Possible duplicates")
        for key, text, run in (
            ("merge", N_("Merge"), self.merge_shown),
            ("distinct", N_("Not a duplicate"), self.say_distinct),
            ("find", N_("Search again"), self.find),
        ):
            actions.add(ActionSpec(id=f"duplicates.{key}", text=text, group=group), run, self)

    def _show_kind(self, entity: str) -> None:
        merges = entity == MERGES
        for widget in (self.least, self.search, self.apart, self.merge, self.side):
            widget.setVisible(not merges)
        self.take_apart.setVisible(merges)
        if not merges and entity != self.entity:
            self.entity, self.groups, self._ids = entity, [], ()
        self._fill_list()

    def _on_kind_chosen(self, key: str) -> None:
        self._show_kind(key)
        if key == MERGES:
            self._read_merges()
        elif not self.groups:
            self.find()
        self._show_front()

    def _on_found(self, found: tuple[str, tuple[Group, ...]]) -> None:
        self._job = None
        entity, groups = found
        if entity != self.entity or self.kinds.key == MERGES:
            return
        self.groups = list(groups)
        self.empty.say(
            message("No duplicates found"), message("Records you said are not the same are left out"), "check"
        )
        self._fill_list()
        self._show_front()

    def _fill_list(self) -> None:
        self.list.blockSignals(True)
        self.list.clear()
        if self.kinds.key == MERGES:
            for record in self._merges.values():
                words = moment_text(local(int(record.get("created_at") or 0)))
                self._add(f"{record.title}\n{words}", record.id)
        else:
            for group in self.groups:
                names = " · ".join(member.title for member in group.members)
                self._add(f"{names}\n{figure(group.score)} · {reasons_words(group.members[0])}", None)
        self.list.blockSignals(False)
        if self.list.count():
            self.list.setCurrentRow(0)

    def _add(self, text: str, record_id: str | None) -> None:
        item = QListWidgetItem(text)
        item.setData(_ID, record_id)
        item.setToolTip(text)
        self.list.addItem(item)

    def _on_row_chosen(self, row: int) -> None:
        if self.kinds.key == MERGES:
            self._show_front()
        elif 0 <= row < len(self.groups):
            ids = tuple(member.record_id for member in self.groups[row].members)
            self._show_records(ids[: merging.MOST_RECORDS])

    def _show_records(self, ids: tuple[str, ...], kept: str | None = None) -> None:
        self._ids = ids
        replica, entity = self.context.replica, self.entity
        self.context.tasks.read(
            self, lambda: _read(replica, entity, ids, kept), self._on_read, self._on_gone, topic="side"
        )

    def _on_read(self, read: tuple[SideBySide, Any]) -> None:
        shown, titles = read
        self.side.show_records(shown, titles)
        self.merge.setEnabled(True)
        number = len(shown.records)
        self._foot_words.say(message("{count} records become one", count=figure(number)))
        self._show_front()

    def _on_gone(self, error: CrmError) -> None:
        self._ids = ()
        self.empty.say(error.message, icon="info")
        self._show_front()

    def _on_decided(self, gone: set[str]) -> None:
        """Go on with the next group."""
        self.merge.setEnabled(True)
        self._ids = ()
        row = self.list.currentRow()
        self.groups = [group for group in self.groups if len({m.record_id for m in group.members} - gone) > 1]
        self._fill_list()
        if self.groups:
            self.list.setCurrentRow(min(max(row, 0), len(self.groups) - 1))
        else:
            self.empty.say(message("No duplicates left"), icon="check")
        self.list.setFocus()
        self._show_front()

    def _on_refused(self, error: CrmError) -> None:
        self.merge.setEnabled(True)
        self.context.show_error(error)

    def _show_front(self) -> None:
        merges = self.kinds.key == MERGES
        row = self.list.currentItem()
        shows = row is not None if merges else bool(self._ids) and self.side.shown is not None
        if merges:
            told = self._merges.get(str(row.data(_ID))) if row is not None else None
            words = _merge_words(told) if told is not None else ""
            self._foot_words.say(words)
            if told is None:
                self.empty.say(message("No merges in the last 30 days"), icon="compare")
        self._stack.setCurrentIndex(0 if shows else 1)
        self.list.setVisible(self.list.count() > 0)
        self.update()

    def _read_merges(self) -> None:
        replica = self.context.replica
        self.context.tasks.read(self, lambda: merging.recent_merges(replica), self._on_merges, topic="merges")

    def _on_merges(self, found: tuple[Record, ...]) -> None:
        self._merges = {record.id: record for record in found}
        if self.kinds.key == MERGES:
            self._fill_list()
            self._show_front()

    def _on_take_apart(self) -> None:
        row = self.list.currentItem()
        if row is None or self.kinds.key != MERGES:
            return
        replica, merge_id = self.context.replica, str(row.data(_ID))
        self.context.change(
            self,
            lambda: merging.take_apart(replica, merge_id),
            lambda _kept: self._read_merges(),
            told=message("The merge was taken apart; edits made since stay with the kept record"),
        )


def _read(replica: Replica, entity: str, ids: tuple[str, ...], kept: str | None) -> tuple[SideBySide, Any]:
    shown = merging.compare(replica, entity, ids, kept)
    links = {
        link
        for row in shown.rows
        for record in shown.records
        for each in row.fields
        for link in links_of(each, record.values)
    }
    return shown, records.titles(replica, links)


def _merge_words(told: Record) -> Message:
    number = len(told.get("moves") or ())
    return plural(
        number,
        message("1 record was moved to the kept one"),
        message("{count} records were moved to the kept one", count=figure(number)),
    )
