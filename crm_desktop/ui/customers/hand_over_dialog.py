"""Handing over customers: from whom, to whom, what would move and what stays; then one step, with Undo."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QDialog, QHBoxLayout, QVBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.errors import CrmError, UserError
from crm_core.i18n import N_, Message, message
from crm_core.rules.hand_over import Spread
from crm_core.schema.field import Field as Declared
from crm_core.schema.field import Kind as FieldKind
from crm_desktop.models.query import ListQuery
from crm_desktop.services import hand_over
from crm_desktop.services.hand_over import HandedOver, Plan, Wish
from crm_desktop.services.outcome import Outcome
from crm_desktop.ui.context import Context
from crm_desktop.ui.format import figure
from crm_desktop.ui.forms.links import LinkEditor
from crm_desktop.ui.forms.member_editor import MemberEditor
from crm_desktop.ui.tasks import Job
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

WIDTH = 520
RECEIVERS = Declared(no=0, name="receivers", label=N_("To"), kind=FieldKind.TAGS, members=("user",))
WAYS = (
    (Spread.EVENLY, message("Evenly")),
    (Spread.TERRITORY, message("By whose territory a customer is in")),
)


class HandOverDialog(Live, QDialog):
    """Says what would move as soon as giver and receivers are known.

    `chosen`: those customers alone, of which `number` are selected.
    """

    def __init__(
        self,
        context: Context,
        giver: tuple[str, str] | None,
        chosen: ListQuery | None = None,
        number: int = 0,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self._context = context
        self._chosen, self._number = chosen, number
        self._plan: Plan | None = None
        self._wish: Wish | None = None
        self.giver = LinkEditor(context, SCHEMAS["customer"].fields["owner_id"])
        self.heirs = MemberEditor(context, RECEIVERS)
        self.way = QComboBox()
        for each, text in WAYS:
            self.way.addItem(show(text), each.value)
        self.told = Label(wrap=True)
        self.stays = Label(wrap=True, color="warn")
        self.carry = Button(message("Hand over"), Kind.PRIMARY)
        self.leave = Button(message("Cancel"))
        self._lay_out()
        self.giver.link(*(giver or (None, "")))
        self.heirs.fill({}, {})
        self.giver.edited.connect(self.look)
        self.heirs.edited.connect(self.look)
        self.way.currentIndexChanged.connect(lambda _place: self.look())
        self.carry.clicked.connect(self._on_carry)
        self.leave.clicked.connect(self.reject)
        self.look()
        (self.heirs if giver else self.giver).setFocus()

    def look(self) -> None:
        """Work out anew what would move."""
        self._plan = None
        self.carry.setEnabled(False)
        self.stays.say("")
        try:
            giver = self.giver.read({})["owner_id"]
            receivers = self.heirs.read({})["receivers"]
        except UserError as error:
            self.told.say(error.message)
            return
        if not giver or not receivers:
            self.told.say(message("Choose whose customers go, and who receives them."))
            return
        wish = Wish(
            giver_id=str(giver),
            receiver_ids=tuple(str(each) for each in receivers if isinstance(each, str))
            if isinstance(receivers, list)
            else (),
            how=Spread(self.way.currentData()),
            conditions=self._chosen.conditions if self._chosen is not None else (),
            text=self._chosen.text if self._chosen is not None else "",
        )
        self._wish = wish
        replica = self._context.replica
        self.told.say(message("Looking…"))
        self._context.tasks.read(
            self, lambda: hand_over.plan(replica, wish), self._on_planned, self._on_failed, topic="plan"
        )

    def retranslate(self) -> None:
        """Speak the language on screen."""
        self.setWindowTitle(tr("Hand over customers"))
        for place, (_, text) in enumerate(WAYS):
            self.way.setItemText(place, show(text))
        if self._plan is not None:
            self._on_planned(self._plan)

    def retint(self) -> None:
        """Keep the width of the theme."""
        self.setMinimumWidth(theme().px(WIDTH))

    def _lay_out(self) -> None:
        column = QVBoxLayout(self)
        column.setContentsMargins(XL, XL, XL, XL)
        column.setSpacing(theme().px(12))
        column.addWidget(Label(message("Hand over customers"), step="title"))
        if self._chosen is not None:
            some = message("Of those selected: {count}", count=figure(self._number))
            column.addWidget(Label(some, color="text-soft"))
        column.addWidget(Field(message("From"), self.giver))
        column.addWidget(Field(message("To"), self.heirs))
        column.addWidget(Field(message("Spread over several"), self.way))
        column.addWidget(self.told)
        column.addWidget(self.stays)
        foot = QHBoxLayout()
        foot.addStretch(1)
        foot.addWidget(self.leave)
        foot.addWidget(self.carry)
        column.addLayout(foot)
        self.retint()
        self.retranslate()

    def _on_planned(self, plan: Plan) -> None:
        self._plan = plan
        moving = [
            f"{tr(SCHEMAS[kind].meta.plural)}: {figure(number)}"
            for kind, number in plan.counts.items()
            if number
        ]
        self.carry.setEnabled(bool(plan.moves))
        if moving:
            leaves = tr("It moves with its whole history, and leaves the giver's laptop at the next sync.")
            self.told.say("\n".join([*moving, leaves]))
        else:
            self.told.say(message("There is nothing to hand over."))
        self.stays.say(
            "\n".join(
                tr(
                    "{count} of {kind} stay: {reason}",
                    count=figure(number),
                    kind=tr(SCHEMAS[kind].meta.plural),
                    reason=show(why),
                )
                for kind, why, number in plan.stays
            )
        )

    def _on_failed(self, error: CrmError) -> None:
        self.told.say(error.message)

    def _on_carry(self) -> None:
        plan, wish, context = self._plan, self._wish, self._context
        if plan is None or wish is None:
            return
        replica = context.replica

        def work(job: Job) -> Outcome[HandedOver]:
            return hand_over.carry_out(replica, wish, plan, job.step)

        def done(outcome: Outcome[HandedOver]) -> None:
            batch = outcome.value.id
            context.tell(told_of(outcome.value), lambda: hand_over.undo(replica, batch))

        context.tasks.run(context, message("Handing over customers"), work, done, context.show_error)
        self.accept()


def told_of(done: HandedOver) -> Message:
    """Return what was handed over."""
    if done.kept:
        return message(
            "{count} records handed over, {kept} left as they are",
            count=figure(done.moved),
            kept=figure(done.kept),
        )
    return message("{count} records handed over", count=figure(done.moved))
