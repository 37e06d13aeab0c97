"""The milestones of a deal below its form: ticked off here, with when each is due and who did it."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPoint, QRect
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QCheckBox, QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from crm_core.errors import CrmError
from crm_core.i18n import Message, message
from crm_core.rules.access import Action
from crm_core.schema.field import Plain
from crm_desktop.services import milestones, rights
from crm_desktop.services.calendar import local
from crm_desktop.services.milestones import ListedMilestone
from crm_desktop.ui.context import Context
from crm_desktop.ui.format import coming_date, figure, near_date
from crm_desktop.ui.pipeline.milestone_popup import MilestonePopup, held_of
from crm_desktop.ui.settling import Settling
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import S
from crm_desktop.ui.translate import show, translator
from crm_desktop.ui.widgets.buttons import IconButton
from crm_desktop.ui.widgets.labels import Heading, Label
from crm_desktop.ui.widgets.live import Live
from resources import CHINESE

_MOST_ROWS = 5
_FOLLOWS = frozenset(("deal_milestone", "milestone", "deal", "stage"))


class MilestonesPanel(Live, QWidget):
    """Hidden as long as the deal has no milestone."""

    def __init__(self, context: Context, deal_id: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, self._deal_id = context, deal_id
        self._listed: tuple[ListedMilestone, ...] = ()
        self._may_tick = False
        self.boxes: list[QCheckBox] = []
        self.plan_buttons: list[IconButton] = []
        self.popup: MilestonePopup | None = None
        """The one that is open."""
        self.heading = Heading("")
        self._inner = QWidget()
        self._rows = QVBoxLayout(self._inner)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(0)
        self._area = QScrollArea()
        self._area.setWidget(self._inner)
        self._area.setWidgetResizable(True)
        self._area.setFrameShape(QFrame.Shape.NoFrame)
        self._column = QVBoxLayout(self)
        self._column.addWidget(self.heading)
        self._column.addWidget(self._area)
        self._changes = Settling(self)
        self._changes.due.connect(self.read)
        context.records_changed.connect(self._on_records_changed)
        self.hide()
        self.retint()
        self.read()

    def read(self) -> None:
        """Read the milestones anew."""
        replica, deal_id = self._context.replica, self._deal_id

        def read() -> tuple[tuple[ListedMilestone, ...], bool]:
            may_tick = bool(rights.may_do(replica, Action.CREATE, "deal_milestone"))
            return milestones.checklist(replica, deal_id), may_tick

        self._context.tasks.read(self, read, self._on_read, self._context.show_error, topic="milestones")

    def retranslate(self) -> None:
        """Name everything in the language on screen."""
        if self._listed:
            self._show()

    def retint(self) -> None:
        """Take the measures of the theme."""
        margin = theme().px(24)
        self._column.setContentsMargins(margin, theme().px(8), margin, theme().px(12))
        self._column.setSpacing(theme().px(4))
        if self._listed:
            self._show()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the hairline above."""
        painter = QPainter(self)
        painter.fillRect(0, 0, self.width(), 1, theme().color("line"))
        painter.end()

    def _on_read(self, found: tuple[Sequence[ListedMilestone], bool]) -> None:
        listed, self._may_tick = tuple(found[0]), found[1]
        if listed != self._listed or not self.boxes:
            self._listed = listed
            self._show()
        self.setVisible(bool(listed))

    def _show(self) -> None:
        focused = next((place for place, box in enumerate(self.boxes) if box.hasFocus()), None)
        while (item := self._rows.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.boxes, self.plan_buttons = [], []
        done = sum(each.done for each in self._listed)
        count = figure(len(self._listed))
        self.heading.title.say(message("Milestones {done} of {count}", done=figure(done), count=count))
        self.heading.retranslate()
        for each in self._listed:
            self._rows.addWidget(self._row(each))
        row = theme().px(28)
        self._area.setFixedHeight(row * min(len(self._listed), _MOST_ROWS))
        if focused is not None and focused < len(self.boxes):
            self.boxes[focused].setFocus()

    def _row(self, each: ListedMilestone) -> QWidget:
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, theme().px(S), 0)
        name = each.name_zh if translator().language == CHINESE else each.name
        box = QCheckBox(name.replace("&", "&&"))
        box.setAccessibleName(name)
        box.setChecked(each.done)
        box.setEnabled(self._may_tick)
        box.toggled.connect(lambda on, key=each.key: self._on_toggled(key, on))
        said = _state(each)
        box.setAccessibleDescription(said.show() if isinstance(said, Message) else said)
        self.boxes.append(box)
        line.addWidget(box, 1)
        line.addWidget(Label(said, step="caption", color="bad" if each.late else "text-soft"))
        button = IconButton("cal", message("Plan…"), small=True)
        button.setAccessibleName(show(message("Plan: {subject}", subject=name)))
        button.setVisible(self._may_tick and not each.done)
        button.clicked.connect(lambda: self._ask_plan(each, name, button))
        self.plan_buttons.append(button)
        line.addWidget(button)
        row.setFixedHeight(theme().px(28))
        return row

    def _ask_plan(self, each: ListedMilestone, name: str, button: QWidget) -> None:
        window = self.window()
        self.popup = MilestonePopup(self._context, name, each, window)
        self.popup.given.connect(lambda wanted: self._on_planned(each, name, wanted))
        self.popup.open_at(QRect(button.mapTo(window, QPoint()), button.size()))

    def _on_planned(self, each: ListedMilestone, name: str, wanted: Mapping[str, Plain]) -> None:
        replica, deal_id, key, held = self._context.replica, self._deal_id, each.key, held_of(each)
        if dict(wanted) == dict(held):
            return
        self._context.change(
            self,
            lambda: milestones.plan(replica, deal_id, key, wanted),
            told=message("“{title}” planned", title=name),
            undo=lambda: milestones.plan(replica, deal_id, key, held),
        )

    def _on_toggled(self, key: str, done: bool) -> None:
        replica, deal_id = self._context.replica, self._deal_id
        self._context.change(
            self,
            lambda: milestones.tick(replica, deal_id, key, done=done),
            lambda _record: None,
            self._on_refused,
        )

    def _on_refused(self, error: CrmError) -> None:
        self._context.show_error(error)
        self.boxes = []  # what is shown was not written
        self.read()

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if any(entity in _FOLLOWS for entity, _ in changed):
            self._changes.mark()


def _state(each: ListedMilestone) -> Message | str:
    """Return who did it and when, or whose it is and until when."""
    if each.done:
        day = near_date(local(each.done_at).date()) if each.done_at else ""
        if each.done_by_name and day:
            return message("{who}, {day}", who=each.done_by_name, day=day)
        return day
    if each.due_on is None:
        return each.owner_name
    due = coming_date(datetime.date.fromisoformat(each.due_on), datetime.datetime.now().astimezone().date())
    if each.owner_name:
        return message("{who}, due {day}", who=each.owner_name, day=due)
    return message("due {day}", day=due)
