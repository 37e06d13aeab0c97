"""The steps of an approval flow in rows: whom each asks, how many must approve, what else may happen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QSpinBox, QWidget

from crm_core.errors import UserError
from crm_core.i18n import N_, message
from crm_core.rules import approval
from crm_core.rules.approval import MOST_LEVELS, MOST_STEPS, WORDS, Mode, Nobody, Own, Step, Who
from crm_core.schema.field import Field, Kind, Plain
from crm_desktop.services import records
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.editors import QuietCombo
from crm_desktop.ui.forms.links import LinkEditor
from crm_desktop.ui.forms.member_editor import MemberEditor
from crm_desktop.ui.settings.rows_editor import RowsEditor
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import S
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import IconButton
from crm_desktop.ui.widgets.fields import keep_off_edges
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

_USERS = Field(no=0, name="users", label=N_("People"), kind=Kind.TAGS, members=("user",))
_ROLE = Field(no=0, name="role", label=N_("Role"), kind=Kind.REF, target="role")
_E = TypeVar("_E", bound=StrEnum)


class _Named(MemberEditor):
    """People in the order in which they were chosen."""

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return the ids in their order."""
        found = super().read(values)
        return {name: [*self._named] for name in found}

    def _show(self) -> None:
        self.row.show_chips([*self._named.items()])


class StepRow(Live, QWidget):
    """One step. `number` is its place among the rows."""

    edited = Signal()
    removed = Signal()

    def __init__(self, context: Context, step: Step, number: int, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._number, self._step = number, step
        self.place = Label("", weight=600)
        self.who, self.mode, self.nobody, self.own = (QuietCombo() for _ in range(4))
        self.people = _Named(context, _USERS)
        self.role = LinkEditor(context, _ROLE)
        self.levels = QSpinBox()
        self.levels.setRange(1, MOST_LEVELS)
        keep_off_edges(self.levels)
        self.levels.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.remove_button = IconButton("x", message("Remove the step"), small=True)
        self.nobody_label = Label(message("If nobody is found"), color="text-soft", step="caption")
        self.own_label = Label(message("If it would ask who asked"), color="text-soft", step="caption")
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.addWidget(self.place, 0, 0)
        self._grid.addWidget(self.who, 0, 1)
        self._grid.addWidget(self.mode, 0, 2)
        self._grid.addWidget(self.remove_button, 0, 3)
        self._grid.addWidget(self.people, 1, 1, 1, 2)
        self._grid.addWidget(self.role, 2, 1)
        self._grid.addWidget(self.levels, 2, 2)
        self._grid.addWidget(self.own_label, 3, 1)
        self._grid.addWidget(self.nobody_label, 3, 2)
        self._grid.addWidget(self.own, 4, 1)
        self._grid.addWidget(self.nobody, 4, 2)
        for column in (1, 2):
            self._grid.setColumnStretch(column, 1)
        for box, words in (
            (self.who, WORDS.who),
            (self.mode, WORDS.mode),
            (self.nobody, WORDS.nobody),
            (self.own, WORDS.own),
        ):
            for each in words:
                box.addItem("", each)
            box.activated.connect(self._on_edited)
        self.people.edited.connect(self.edited)
        self.role.edited.connect(self.edited)
        self.levels.valueChanged.connect(self.edited)
        self.remove_button.clicked.connect(self.removed)
        self.setFocusProxy(self.who)
        self._fill(step)
        self.retranslate()
        self.retint()
        self._ask_titles(context, step)

    def step(self) -> Step:
        """Return what the row says. `UserError` where a name is typed and nobody chosen."""
        who = _chosen(self.who, Who)
        users = self.people.read({})["users"] if who is Who.NAMED else []
        role = self.role.read({})["role"] if who in (Who.ROLE, Who.CHAIN) else None
        if (who is Who.NAMED and not users) or (who is Who.ROLE and not role):
            raise UserError(N_("Name the people or the role of each step"))
        return Step(
            who=who,
            users=tuple(str(each) for each in users) if isinstance(users, list) else (),
            role=str(role) if role else None,
            levels=self.levels.value() if who is Who.CHAIN else None,
            mode=_chosen(self.mode, Mode),
            nobody=_chosen(self.nobody, Nobody),
            own=_chosen(self.own, Own),
            changes=self._step.changes,
        )

    def renumber(self, number: int) -> None:
        """Take another place among the rows."""
        self._number = number
        self.retranslate()

    def retranslate(self) -> None:
        """Name everything in the language on screen."""
        self.place.say(message("Step {number}", number=self._number))
        for box, words, name in (
            (self.who, WORDS.who, tr("Step {number}: who approves", number=self._number)),
            (self.mode, WORDS.mode, tr("Step {number}: how many of them", number=self._number)),
            (self.nobody, WORDS.nobody, tr("Step {number}: if nobody is found", number=self._number)),
            (self.own, WORDS.own, tr("Step {number}: if it would ask who asked", number=self._number)),
        ):
            for place, text in enumerate(words.values()):
                box.setItemText(place, tr(text))
            box.setAccessibleName(name)
        self.people.setAccessibleName(tr("Step {number}: people", number=self._number))
        self.role.setAccessibleName(tr("Step {number}: role", number=self._number))
        self.levels.setAccessibleName(tr("Step {number}: how many superiors", number=self._number))
        self.levels.setPrefix(tr("Superiors at most: "))
        self.remove_button.setAccessibleName(tr("Remove step {number}", number=self._number))

    def retint(self) -> None:
        """Take the measures of the theme."""
        self._grid.setHorizontalSpacing(theme().px(S))
        self._grid.setVerticalSpacing(theme().px(4))

    def _fill(self, step: Step) -> None:
        for box, value in (
            (self.who, step.who),
            (self.mode, step.mode),
            (self.nobody, step.nobody),
            (self.own, step.own),
        ):
            box.setCurrentIndex(max(0, box.findData(value)))
        self.levels.setValue(step.levels or MOST_LEVELS)
        self.people.fill({"users": list(step.users)}, dict.fromkeys(step.users, "…"))
        self.role.fill({"role": step.role}, {"role": "…"})
        self._show_what_fits()

    def _show_what_fits(self) -> None:
        who = _chosen(self.who, Who)
        self.people.setVisible(who is Who.NAMED)
        self.role.setVisible(who in (Who.ROLE, Who.CHAIN))
        self.levels.setVisible(who is Who.CHAIN)
        self.mode.setVisible(who is not Who.SUPERIOR)

    def _on_edited(self) -> None:
        self._show_what_fits()
        self.edited.emit()

    def _ask_titles(self, context: Context, step: Step) -> None:
        keys = [("user", each) for each in step.users] + ([("role", step.role)] if step.role else [])

        def show(found: Mapping[tuple[str, str], str]) -> None:
            names = {record_id: title for (_, record_id), title in found.items()}
            self.people.fill({"users": list(step.users)}, names)
            self.role.fill({"role": step.role}, {"role": names.get(step.role or "", "")})

        if keys:
            replica = context.replica
            context.tasks.read(
                self, lambda: records.titles(replica, keys), show, context.show_error, topic="titles"
            )


class StepsEditor(RowsEditor[StepRow]):
    """The steps in their order; a flow has one at least."""

    adds_named = N_("{field}: add a step")

    def __init__(self, context: Context, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(field, message("Add a step"), MOST_STEPS, parent)
        self._context = context

    def make_row(self, held: Mapping[str, Any]) -> StepRow:
        """Return the row of a step."""
        step = approval.steps_of([held])[0] if held else Step()
        return StepRow(self._context, step, 1, self)

    def first_of(self, row: StepRow) -> QWidget:
        """Return whom it asks."""
        return row.who

    def place_row(self, row: StepRow, number: int, many: int) -> None:
        """Number the steps; the only one stays."""
        row.renumber(number)
        row.remove_button.setVisible(many > 1)

    def value_of(self, row: StepRow) -> Plain:
        """Return the step."""
        return approval.plain_step(row.step())

    def kept_in(self, stored: Any) -> Sequence[Mapping[str, Any]]:
        """Return the flow's steps, of one that cannot be read the usual ones."""
        try:
            steps = approval.steps_of(stored)
        except (ValueError, TypeError, KeyError):
            steps = approval.STANDARD_STEPS
        return [approval.plain_step(step) for step in steps]


def _chosen(box: QuietCombo, kind: type[_E]) -> _E:
    return kind(str(box.currentData()))
