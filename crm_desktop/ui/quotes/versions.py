"""The versions of a quote, each as it was sent, and what became different from one to another."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.i18n import Message, message
from crm_core.money import Money
from crm_core.rules.quote_versions import Change, FieldChange, RowChange, values_of
from crm_desktop.services import quote_versions
from crm_desktop.services.calendar import local
from crm_desktop.services.quote_versions import Version
from crm_desktop.ui.context import Context
from crm_desktop.ui.field_texts import value_text
from crm_desktop.ui.format import money, near_moment
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L, M, S
from crm_desktop.ui.translate import Text, tr
from crm_desktop.ui.widgets.cards import Card, InfoRow
from crm_desktop.ui.widgets.chips import Chip, ChipLook
from crm_desktop.ui.widgets.clearing import clear
from crm_desktop.ui.widgets.labels import IconLabel, Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins

_WIDTH = 760
_WORDS = {
    Change.ADDED: message("Added"),
    Change.GONE: message("Taken out"),
    Change.CHANGED: message("Different"),
    Change.MOVED: message("Moved"),
}
_FOLLOWS = frozenset(("quote", "quote_line", "quote_group", "quote_version"))


class VersionsPanel(Live, QWidget):
    """Two versions side by side: which two is chosen above, what differs stands below."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._quote_id = ""
        self._versions: tuple[Version, ...] = ()
        self.card = Card(message("Versions"), flush=True)
        self.changes = Card(message("What is different"), flush=True)
        self.older, self.newer = QComboBox(), QComboBox()
        self.rows: list[InfoRow] = []
        """What differs, a row each."""
        self.versions: list[InfoRow] = []
        self._chooser = QWidget()
        choice = QHBoxLayout(self._chooser)
        choice.setContentsMargins(0, 0, 0, 0)
        choice.setSpacing(S)
        for widget in (self.older, IconLabel("right", color="text-soft"), self.newer):
            choice.addWidget(widget)
        self.changes.head.insertWidget(1, self._chooser)
        self.changes.head.setSpacing(M)
        for box in (self.older, self.newer):
            box.activated.connect(self._compare)
            box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        inner = QWidget()
        inner.setMaximumWidth(theme().px(_WIDTH))
        column = QVBoxLayout(inner)
        column.setContentsMargins(0, M, 0, L)
        column.setSpacing(theme().px(L))
        column.addWidget(self.card)
        column.addWidget(self.changes)
        column.addStretch(1)
        self._area = QScrollArea()
        self._area.setFocusPolicy(Qt.FocusPolicy.NoFocus)  # its rows take the focus
        self._area.setWidgetResizable(True)
        self._area.setWidget(inner)
        self._area.viewport().setAutoFillBackground(False)
        inner.setAutoFillBackground(False)
        whole = QVBoxLayout(self)
        keep_margins(whole, PAGE_MARGIN, 0, PAGE_MARGIN, 0)
        whole.addWidget(self._area)
        context.records_changed.connect(self._on_records_changed)
        self.retranslate()

    def show_record(self, record_id: str) -> None:
        """Show the versions of a quote."""
        self._quote_id = record_id
        replica = self._context.replica
        self._context.tasks.read(
            self,
            lambda: quote_versions.versions(replica, record_id),
            self._show,
            self._context.show_error,
            topic="versions",
        )

    def retranslate(self) -> None:
        """Name the choices, and say everything in the language on screen."""
        self._area.setAccessibleName(tr("Versions"))
        self.older.setAccessibleName(tr("Compare from"))
        self.newer.setAccessibleName(tr("Compare to"))
        if self._versions:
            self._show(self._versions)

    def _show(self, versions: tuple[Version, ...]) -> None:
        chosen = (self.older.currentData(), self.newer.currentData())
        known = len(self._versions) == len(versions)
        self._versions = versions
        clear(self.card.body)
        self.versions = []
        for version in versions:
            row = InfoRow(
                message("Version {number}", number=version.number),
                _sent(version),
                right=Label(_total(version)),
                lined=version is not versions[-1],
            )
            row.opened.connect(lambda number=version.number: self._choose(number))
            self.card.body.addWidget(row)
            self.versions.append(row)
        for box in (self.older, self.newer):
            box.clear()
            for version in versions:
                box.addItem(tr("Version {number}", number=version.number), version.number)
        self.changes.setVisible(len(versions) > 1)
        if len(versions) > 1:
            older, newer = chosen if known and None not in chosen else _last_two(versions)
            self._put(older, newer)
            self._compare()

    def _choose(self, number: int) -> None:
        """Compare a version with the one before it; the first one with the one after."""
        numbers = sorted(version.number for version in self._versions)
        place = numbers.index(number)
        older, newer = (place - 1, place) if place else (0, min(1, len(numbers) - 1))
        self._put(numbers[older], numbers[newer])
        self._compare()

    def _put(self, older: int, newer: int) -> None:
        self.older.setCurrentIndex(self.older.findData(older))
        self.newer.setCurrentIndex(self.newer.findData(newer))

    def _compare(self) -> None:
        by_number = {version.number: version for version in self._versions}
        older, newer = by_number[self.older.currentData()], by_number[self.newer.currentData()]
        clear(self.changes.body)
        self.rows = []
        found = quote_versions.compare(older, newer)
        for change in found:
            title: Text = change.title or message("The quote itself")
            for each in change.fields or (None,):
                words = _words(change, each, older, newer) if each is not None else {}
                line = tr("{label}: {old} → {new}", **words) if words else ""
                row = InfoRow(title, line, right=Chip(_WORDS[change.change], look=ChipLook.OUTLINED))
                self.changes.body.addWidget(row)
                self.rows.append(row)
        if not found:
            nothing = Label(message("Both say the same."), color="text-soft")
            nothing.setContentsMargins(theme().px(L), theme().px(M), theme().px(L), theme().px(L))
            self.changes.body.addWidget(nothing)

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if self.isVisible() and self._quote_id and any(entity in _FOLLOWS for entity, _ in changed):
            self.show_record(self._quote_id)


def _last_two(versions: tuple[Version, ...]) -> tuple[int, int]:
    return versions[1].number, versions[0].number


def _sent(version: Version) -> Message:
    if version.sent_at_ms is None:
        return message("Still a draft")
    when = near_moment(local(version.sent_at_ms))
    if not version.sent_by:
        return message("Sent {time}", time=when)
    return message("Sent {time} by {name}", time=when, name=version.sent_by)


def _total(version: Version) -> str:
    return money(Money(version.total, version.currency)) if version.total is not None else ""


def _words(change: RowChange, each: FieldChange, older: Version, newer: Version) -> dict[str, str]:
    """Return a changed field's label and its two values in words."""
    nothing = tr("nothing")
    old = _value(change, each.field, each.old, older) or nothing
    new = _value(change, each.field, each.new, newer) or nothing
    return {"label": tr(each.label), "old": " ".join(old.split()), "new": " ".join(new.split())}


def _value(change: RowChange, name: str, value: Any, version: Version) -> str:
    quote, lines = values_of(version.content, version.amounts)
    row: Mapping[str, Any] = {**quote, **dict(lines).get(change.row_id, {})}
    field = SCHEMAS[change.entity].fields.get(name)
    if field is None:  # a custom one: it was said as its choice was called then, or is shown as it is
        several = value if isinstance(value, list) else [value]
        return ", ".join(str(each) for each in several if each is not None)
    if name == "group_id":
        titles = {str(group["id"]): str(group.get("title") or "") for group in version.content["groups"]}
        return titles.get(str(value), "")
    return value_text(field, value, row, version.content.get("names", {}))
