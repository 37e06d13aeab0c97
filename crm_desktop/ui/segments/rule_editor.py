"""A rule drawn as groups within groups: all of, any of, none of these conditions."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.errors import UserError
from crm_core.i18n import N_, Message, message
from crm_core.rules.condition_words import rule_words
from crm_core.rules.rule_groups import Always, Group, How, Part, group_of, rule_of_group
from crm_core.rules.segments import AllOf, AnyOf, Rule
from crm_core.schema.field import Field
from crm_desktop.models.conditions import Value
from crm_desktop.services.rule_offers import RuleOffers
from crm_desktop.ui.conditions.row import Offered
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.editors import QuietCombo
from crm_desktop.ui.lists.conditions import value_words
from crm_desktop.ui.segments.rule_rows import Further, KeptRow, LeafRow, is_shown_by, offered_by
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L, S
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, IconButton, Kind
from crm_desktop.ui.widgets.live import Live

DEEPEST = 3
"""Groups within groups that a person can make here; a rule that has more of them is shown all the same."""
_HOW = {
    How.ALL: N_("All of these hold"),
    How.ANY: N_("At least one of these holds"),
    How.NONE: N_("None of these holds"),
}


@dataclass(frozen=True, slots=True)
class Asked:
    """What every part of one rule is handed."""

    context: Context
    offers: RuleOffers
    offered: Sequence[Offered]
    further: Further | None = None


class RuleGroup(Live, QWidget):
    """One group: how its parts are put together, the parts, and what adds further ones."""

    edited = Signal()
    removed = Signal()
    grown = Signal()
    """Parts have come or gone, here or further in."""

    def __init__(self, asked: Asked, group: Group, parent: QWidget, number: str = "", depth: int = 1) -> None:
        # Made where it stays: whatever changes its parent has all that is in it dressed anew.
        super().__init__(parent)
        self._asked, self._number, self._depth = asked, number, depth
        self.parts: list[RuleGroup | LeafRow | KeptRow] = []
        self.how_box = QuietCombo()
        for how in How:
            self.how_box.addItem("", how.value)
        self.how_box.setCurrentIndex(self.how_box.findData(group.how.value))
        self.how_box.activated.connect(self.edited)
        self.remove_button = IconButton("x", message("Remove the group"), small=True, parent=self)
        self.remove_button.setVisible(depth > 1)
        self.remove_button.clicked.connect(self.removed)
        self.add_button = Button(message("Add a condition"), Kind.LINK, icon="plus", weight=400, parent=self)
        self.add_button.clicked.connect(lambda: self._on_added(None))
        self.group_button = Button(message("Add a group"), Kind.LINK, icon="plus", weight=400, parent=self)
        self.group_button.clicked.connect(lambda: self._on_added(Group(How.ANY)))
        self.group_button.setVisible(depth < DEEPEST)
        self.setFocusProxy(self.how_box)
        self._lay_out()
        for part in group.parts:
            self._add(part)
        self.retranslate()
        self.retint()

    def group(self) -> Group:
        """Return the group. `UserError` where a part of it is not finished."""
        if not self.parts:
            raise UserError(N_("Add a condition to this group, or take the group away"))
        parts: list[Part] = []
        for part in self.parts:
            match part:
                case RuleGroup():
                    parts.append(part.group())
                case LeafRow():
                    parts.append(part.leaf())
                case _:
                    parts.append(part.kept)
        return Group(How(self.how_box.currentData()), tuple(parts))

    def wrong_stop(self) -> QWidget | None:
        """Return the first control at which something is not finished; None where all is."""
        if not self.parts:
            return self.add_button
        for part in self.parts:
            if isinstance(part, RuleGroup) and (stop := part.wrong_stop()) is not None:
                return stop
            if isinstance(part, LeafRow):
                try:
                    part.leaf()
                except UserError:
                    return part.wrong_stop()
        return None

    def stops(self) -> Iterator[QWidget]:
        """Yield what the Tab key stops at, in its order."""
        yield self.how_box
        if self._depth > 1:
            yield self.remove_button
        for part in self.parts:
            yield from part.stops()
        yield self.add_button
        if self._depth < DEEPEST:
            yield self.group_button

    def renumber(self, number: str) -> None:
        """Take another place in the rule."""
        self._number = number
        for place, part in enumerate(self.parts, start=1):
            part.renumber(self._number_of(place))
        self.retranslate()

    def retranslate(self) -> None:
        """Name everything in the language on screen."""
        for place in range(self.how_box.count()):
            self.how_box.setItemText(place, tr(_HOW[How(self.how_box.itemData(place))]))
        if self._depth == 1:
            self.how_box.setAccessibleName(tr("How the conditions are put together"))
            self.add_button.setAccessibleName(tr("Add a condition"))
            self.group_button.setAccessibleName(tr("Add a group"))
            return
        named = {"number": self._number}
        self.how_box.setAccessibleName(tr("How the conditions of group {number} are put together", **named))
        self.remove_button.setAccessibleName(tr("Remove group {number}", **named))
        self.add_button.setAccessibleName(tr("Add a condition to group {number}", **named))
        self.group_button.setAccessibleName(tr("Add a group to group {number}", **named))

    def retint(self) -> None:
        """Take the measures of the theme."""
        inset = theme().px(L) if self._depth > 1 else 0
        self.layout().setContentsMargins(inset, 0, 0, 0)
        self.layout().setSpacing(theme().px(S))
        self._parts.setSpacing(theme().px(S))
        self._parts.setContentsMargins(theme().px(L), 0, 0, 0)
        self._below.setContentsMargins(theme().px(L), 0, 0, 0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Draw the line that holds the parts together."""
        painter = QPainter(self)
        top = self.how_box.geometry().bottom() + theme().px(S)
        x = self.how_box.geometry().left() + theme().px(S)
        bottom = self.add_button.mapTo(self, QPoint(0, self.add_button.height())).y()
        painter.fillRect(QRect(x, top, 1, max(0, bottom - top)), theme().color("line-strong"))
        painter.end()

    def _lay_out(self) -> None:
        head = QHBoxLayout()
        head.addWidget(self.how_box)
        head.addStretch(1)
        head.addWidget(self.remove_button)
        self._parts = QVBoxLayout()
        self._below = QHBoxLayout()
        self._below.addWidget(self.add_button)
        self._below.addWidget(self.group_button)
        self._below.addStretch(1)
        column = QVBoxLayout(self)
        column.addLayout(head)
        column.addLayout(self._parts)
        column.addLayout(self._below)

    def _number_of(self, place: int) -> str:
        return f"{self._number}.{place}" if self._number else str(place)

    def _add(self, part: Part | None) -> RuleGroup | LeafRow | KeptRow:
        number = self._number_of(len(self.parts) + 1)
        made: RuleGroup | LeafRow | KeptRow
        if isinstance(part, Group):
            made = RuleGroup(self._asked, part, self, number, self._depth + 1)
        elif isinstance(part, Always):
            made = self._kept(part, number)
        else:
            asked = self._asked
            made = LeafRow(
                asked.context, asked.offered, part, asked.offers.titles, number, self, asked.further
            )
            if part is not None and not is_shown_by(made, part):
                made.hide()
                made.deleteLater()
                made = self._kept(part, number)
        if not isinstance(made, KeptRow):
            made.edited.connect(self.edited)
            made.grown.connect(self.grown)
        made.removed.connect(lambda made=made: self._on_removed(made))
        self.parts.append(made)
        self._parts.addWidget(made)
        made.show()
        return made

    def _kept(self, part: Part, number: str) -> KeptRow:
        rule: Rule = (AllOf() if part.everybody else AnyOf()) if isinstance(part, Always) else _rule(part)

        def words() -> Message:
            return said_in_words(rule, self._asked.offers)

        return KeptRow(part, words, number, self)

    def _on_added(self, part: Part | None) -> None:
        made = self._add(part)
        if isinstance(made, RuleGroup):
            made._add(None)
        (made.how_box if isinstance(made, RuleGroup) else made).setFocus()
        self.grown.emit()
        self.edited.emit()

    def _on_removed(self, gone: RuleGroup | LeafRow | KeptRow) -> None:
        place = self.parts.index(gone)
        self.parts.remove(gone)
        self._parts.removeWidget(gone)
        gone.hide()
        gone.deleteLater()
        self.renumber(self._number)
        self.grown.emit()
        follows = self.parts[min(place, len(self.parts) - 1)] if self.parts else None
        if follows is None:
            self.add_button.setFocus()
        else:
            (follows.row.remove_button if isinstance(follows, LeafRow) else follows.remove_button).setFocus()
        self.edited.emit()


class RuleEditor(Live, QWidget):
    """Shows a rule and reads it back; nothing of a rule is lost that it cannot draw."""

    edited = Signal()
    grown = Signal()
    """It holds other controls than before."""

    def __init__(
        self,
        context: Context,
        offers: RuleOffers,
        parent: QWidget | None = None,
        further: Further | None = None,
    ) -> None:
        """`further`: more fields to choose from than `offers` has."""
        super().__init__(parent)
        self._context, self._further = context, further
        self.root = RuleGroup(self._asked(offers), Group(How.ALL), self)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self._put(self.root)

    @property
    def is_empty(self) -> bool:
        """Whether there is no condition yet."""
        return not self.root.parts

    def show_rule(self, rule: Rule | None, offers: RuleOffers) -> None:
        """Show a rule; None: nothing is said yet, and the first condition waits to be made."""
        before = self.root
        group = Group(How.ALL) if rule is None else group_of(rule)
        self.layout().removeWidget(before)
        before.hide()
        before.deleteLater()
        self.root = RuleGroup(self._asked(offers), group, self)
        self._put(self.root)

    def rule(self) -> Rule:
        """Return the rule. `UserError` where a condition is not finished or cannot be read."""
        return rule_of_group(self.root.group())

    def focus_wrong(self) -> None:
        """Go to the first condition that is not finished."""
        stop = self.root.wrong_stop()
        if stop is not None:
            stop.setFocus(Qt.FocusReason.OtherFocusReason)

    def _asked(self, offers: RuleOffers) -> Asked:
        return Asked(self._context, offers, offered_by(offers), self._further)

    def _put(self, root: RuleGroup) -> None:
        self.layout().addWidget(root)
        self.setFocusProxy(root)
        root.edited.connect(self.edited)
        root.grown.connect(self._chain)
        root.show()
        self._chain()

    def _chain(self) -> None:
        for before, after in pairwise(self.root.stops()):
            QWidget.setTabOrder(before, after)
        self.grown.emit()


def said_in_words(rule: Rule, offers: RuleOffers) -> Message:
    """Return a rule as one line."""

    def say(field: Field, value: Value) -> str:
        return value_words(field, value, offers.titles)

    return rule_words(rule, offers.fields_of, say, offers.entity)


def _rule(part: Part) -> Rule:
    return rule_of_group(Group(How.ALL, (part,)))
