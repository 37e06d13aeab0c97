"""A year of targets with its twelve months: spread, copied from the year before, checked, saved as one."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.errors import CrmError, Invalid
from crm_core.i18n import message
from crm_desktop.services import target_plans
from crm_desktop.services.target_plans import Choice, Plan, Subject
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.forecast.plan_fields import PlanFields
from crm_desktop.ui.forecast.subject_fields import SubjectFields
from crm_desktop.ui.forms.form_bar import FormBar
from crm_desktop.ui.pages.page import Page
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, L, M
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.cards import Card
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.paint import Tone
from crm_desktop.ui.widgets.scrolling import read_below

WIDTH = 880


class TargetPlanPage(Page):
    """What the plan is of above, the year and its months below it."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        super().__init__(context, actions)
        self.held: Plan | None = None
        self.subject = SubjectFields(context.replica.clock.today().year)
        self.subject.chosen.connect(self._on_subject_chosen)
        self.fields = PlanFields()
        self.fields.copy_wanted.connect(self._on_copy_wanted)
        self.save_button = Button(message("Save the plan"), Kind.PRIMARY)
        self.save_button.clicked.connect(self.save)
        self.targets_button = Button(message("All targets…"), icon="trophy")
        self.targets_button.clicked.connect(lambda: context.go.emit(Place(page="targets")))
        self.note = FormBar(XL)
        self._lay_out()
        self.retranslate()

    def show_place(self, place: Place) -> None:
        """Read what a plan may be of, then the plan."""
        replica = self.context.replica

        def read() -> tuple[str, Sequence[Choice], Sequence[Choice]]:
            products = target_plans.product_choices(replica)
            return target_plans.currency_of(replica), target_plans.whose_choices(replica), products

        def take(found: tuple[str, Sequence[Choice], Sequence[Choice]]) -> None:
            self.subject.offer(*found)
            self.refresh()

        self.context.tasks.read(self, read, take, self.context.show_error, topic="plan choices")

    def leave(self) -> bool:
        """Return True where nothing typed would be lost; else ask whether to give it up."""
        if not self.fields.is_changed:
            return True
        self._ask_to_discard(self.refresh)
        return False

    def refresh(self) -> None:
        """Read the plan of what is chosen, unless somebody is typing one."""
        replica, subject = self.context.replica, self.subject.subject()
        if self.held is not None and self.held.subject == subject and self.fields.is_changed:
            return
        self.context.tasks.read(
            self,
            lambda: target_plans.plan(replica, subject),
            self._take,
            self.context.show_error,
            topic="plan",
        )

    def retranslate(self) -> None:
        """Name the page in the language on screen."""
        self.setAccessibleName(tr("Plan a year of targets"))

    def save(self) -> None:
        """Save the year and its months as one; what is no amount is told at its place."""
        read = self.fields.values()
        if read is None:
            return
        replica, subject = self.context.replica, self.subject.subject()
        year, months = read
        self.context.change(
            self,
            lambda: target_plans.save(replica, subject, year, months),
            lambda _ids: self._on_saved(subject),
            self._on_refused,
            told=message("Plan saved"),
        )

    def _on_subject_chosen(self) -> None:
        """Read the plan chosen; where another one is being typed, ask first and stay with that one."""
        wanted, held = self.subject.subject(), self.held
        if held is None or not self.fields.is_changed or held.subject == wanted:
            self.refresh()
            return

        def go() -> None:
            self.subject.show_subject(wanted)
            self.refresh()

        self.subject.show_subject(held.subject)
        self._ask_to_discard(go)

    def _ask_to_discard(self, then: Callable[[], None]) -> None:
        def discard() -> None:
            self.fields.is_changed = False
            self.note.clear()
            then()

        self.note.say(message("Your changes are not saved."), Tone.WARN, message("Discard"), discard)
        self.note.asks = True

    def _take(self, held: Plan) -> None:
        self.held = held
        self.fields.show_plan(held)
        self.note.clear()

    def _on_saved(self, subject: Subject) -> None:
        self.fields.is_changed = False
        if subject == self.subject.subject():
            self.refresh()

    def _on_refused(self, error: CrmError) -> None:
        if isinstance(error, Invalid):
            self.fields.year_field.set_error(error.problems[0].message)
        else:
            self.context.show_error(error)

    def _on_copy_wanted(self) -> None:
        percent = self.fields.percent()
        replica, subject = self.context.replica, self.subject.subject()
        self.context.tasks.read(
            self,
            lambda: target_plans.copied(replica, subject, percent),
            lambda found: self.fields.put(*found),
            self.context.show_error,
            topic="copy",
        )

    def _lay_out(self) -> None:
        margin = theme().px(XL)
        head = QHBoxLayout()
        head.setContentsMargins(margin, theme().px(12), margin, theme().px(12))
        head.setSpacing(theme().px(M))
        head.addWidget(Label(message("Plan a year of targets"), step="title"))
        head.addStretch(1)
        head.addWidget(self.targets_button)
        head.addWidget(self.save_button)
        inner = QWidget()
        inner.setMaximumWidth(theme().px(WIDTH) + 2 * margin)
        column = QVBoxLayout(inner)
        column.setContentsMargins(margin, 0, margin, margin)
        column.setSpacing(theme().px(L))
        of = Card(message("What the plan is of"))
        of.body.addWidget(self.subject)
        column.addWidget(of)
        plan = Card(message("The year and its months"))
        plan.body.addWidget(self.fields)
        column.addWidget(plan)
        column.addStretch(1)
        top = QVBoxLayout()
        top.setSpacing(0)
        top.addLayout(head)
        top.addWidget(self.note)
        read_below(self, top, inner, tr("Plan a year of targets"))
