"""The small form over the board that asks for what a stage wants; Esc leaves the card where it was.

What cannot be filled in here, such as a quote to be sent, is said; whoever may gives a reason instead.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPoint, QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.errors import StageBlocked, UserError
from crm_core.i18n import Message, message
from crm_core.schema.field import Field as Declared
from crm_core.schema.field import Plain
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.editors import make_editor
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L, S
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.shadow import lift

WIDTH = 312
_EDGE = 8


class MissingForm(Live, QFrame):
    """Asks for the fields that problems name, and offers `optional` ones. Goes by itself once answered.

    Where an answer was not enough, `typed` is what it held: it stands in the fields, with what is wrong.
    """

    given = Signal(object)
    """{field: value} a person filled in; `skip_reason` among them where conditions are to be skipped."""
    left = Signal()
    """Esc or Cancel: nothing is to happen."""

    def __init__(
        self,
        context: Context,
        title: Message,
        blocked: StageBlocked,
        currency: str,
        parent: QWidget,
        optional: Sequence[str] = (),
        typed: Mapping[str, Plain] | None = None,
    ) -> None:
        super().__init__(parent)
        self._context, self._currency = context, currency
        self._typed = typed or {}
        self._values = {**blocked.values, **self._typed}
        self._answered = False
        self.setProperty("role", "popup")
        lift(self)
        self._column = QVBoxLayout(self)
        self._column.setContentsMargins(L, 12, L, L)
        self._column.setSpacing(12)
        self._title = Label(title, weight=600, wrap=True)
        self._column.addWidget(self._title)
        self._asked = QWidget()
        self._rows = QVBoxLayout(self._asked)
        self._rows.setContentsMargins(0, 0, 0, 0)
        self._rows.setSpacing(12)
        self._scroll = QScrollArea()
        self._scroll.setWidget(self._asked)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for ground in (self._asked, self._scroll.viewport()):
            ground.setAutoFillBackground(False)
        self._column.addWidget(self._scroll, 1)
        self.fields: dict[str, Field] = {}
        self.demands: list[Label] = []
        """What cannot be put right here."""
        self._required: set[str] = set()
        for problem in blocked.problems:
            declared = blocked.fields.get(problem.field or "")
            if declared is None:
                self._say(problem.message)
            elif declared.name not in self.fields:
                self._required.add(declared.name)
                self._ask(declared, problem.message)
        for name in self._typed:
            if name not in self.fields and name in blocked.fields and blocked.fields[name].in_form:
                self._add(blocked.fields[name], required=False)
        if not self.demands:
            for name in optional:
                if name in blocked.fields and name not in self.fields:
                    self._add(blocked.fields[name], required=False)
        self.reason: Field | None = None
        """The reason for skipping, once it is asked for."""
        self._lay_out_buttons(may_skip=blocked.may_skip)
        self.retranslate()
        self.retint()
        if blocked.may_skip and "skip_reason" in self._typed:
            self.skip()

    @property
    def skipping(self) -> bool:
        """Whether the deal is to be let in with a reason."""
        return self.reason is not None

    def open_at(self, anchor: QRect) -> None:
        """Show the form under the card, wholly inside its parent, and take the focus."""
        self._fit()
        room = self.parentWidget().rect().adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)
        corner = QPoint(anchor.left(), anchor.bottom() + 6)
        if corner.y() + self.height() > room.bottom():
            corner.setY(anchor.top() - self.height() - 6)
        corner.setX(max(room.left(), min(corner.x(), room.right() - self.width())))
        corner.setY(max(room.top(), min(corner.y(), room.bottom() - self.height())))
        self.move(corner)
        self.show()
        self.raise_()
        first = next(iter(self.fields.values()), None)
        target = first.editor if first is not None else self._cancel if self._skip.isHidden() else self._skip
        target.setFocus(Qt.FocusReason.PopupFocusReason)

    def skip(self) -> None:
        """Ask for the reason instead of for what is missing."""
        if self.reason is not None:
            return
        declared = SCHEMAS["deal"].fields["skip_reason"]
        editor = make_editor(self._context, declared, self._currency)
        editor.fill({"skip_reason": self._typed.get("skip_reason")}, {})
        self.reason = Field(Message(declared.label), editor, required=True)
        self.reason.set_note(message("Everybody who sees the deal sees the reason"))
        self._rows.addWidget(self.reason)
        self._required = set()
        self._skip.hide()
        self.move_button.say(message("Move anyway"))
        self.move_button.show()
        self.reason.show()  # a layout counts what is shown; by itself it would be after this
        self._fit()
        self._stay_inside()
        editor.setFocus(Qt.FocusReason.OtherFocusReason)

    def answer(self) -> None:
        """Hand over what was filled in; say what is wrong where something is."""
        if self.demands and not self.skipping:
            return
        found: dict[str, Plain] = {}
        wrong: Field | None = None
        asked = dict(self.fields)
        if self.reason is not None:
            asked["skip_reason"] = self.reason
        for name, field in asked.items():
            try:
                read = field.editor.read(self._values)
            except UserError as error:
                field.set_error(error.message)
                wrong = wrong or field
                continue
            if read.get(name) is None:
                if name in self._required or field is self.reason:
                    field.set_error(message("This is required"))
                    wrong = wrong or field
                continue
            found.update(read)
        if wrong is not None:
            wrong.editor.setFocus()
            self._fit()
            self._scroll.ensureWidgetVisible(wrong)
            return
        self._end()
        self.given.emit(found)

    def leave(self) -> None:
        """Go without doing anything."""
        if not self._answered:
            self._end()
            self.left.emit()

    def retranslate(self) -> None:
        """Name the form in the language on screen."""
        self.setAccessibleName(self._title.text())

    def retint(self) -> None:
        """Keep the width at the person's font scale."""
        self.setFixedWidth(theme().px(WIDTH))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Enter answers, Esc leaves."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.answer()
        elif event.key() == Qt.Key.Key_Escape:
            self.leave()
        else:
            super().keyPressEvent(event)

    def _add(self, declared: Declared, *, required: bool) -> Field:
        editor = make_editor(self._context, declared, self._currency)
        editor.fill(self._values, {})
        field = self.fields[declared.name] = Field(Message(declared.label), editor, required=required)
        self._rows.addWidget(field)
        return field

    def _ask(self, declared: Declared, wanted: Message) -> None:
        field = self._add(declared, required=True)
        if declared.name in self._typed:
            field.set_error(wanted)
        else:
            field.set_note(wanted)

    def _say(self, demand: Message) -> None:
        label = Label(demand, color="warn", wrap=True)
        self.demands.append(label)
        self._rows.addWidget(label)

    def _lay_out_buttons(self, *, may_skip: bool) -> None:
        self.move_button = Button(message("Move"), Kind.PRIMARY, small=True)
        self._cancel = Button(message("Cancel"), small=True, hint="Esc")
        self._skip = Button(message("Skip with a reason"), Kind.FLAT, small=True)
        self.move_button.clicked.connect(self.answer)
        self._cancel.clicked.connect(self.leave)
        self._skip.clicked.connect(self.skip)
        self._foot = row = QHBoxLayout()
        row.setSpacing(S)
        row.addWidget(self._skip)
        row.addStretch(1)
        row.addWidget(self._cancel)
        row.addWidget(self.move_button)
        self._column.addLayout(row)
        self._skip.setHidden(not may_skip)  # once they have a parent: alone they would be windows
        self.move_button.setHidden(bool(self.demands))

    def _fit(self) -> None:
        """Be as high as the lines need at this width, and as the page is; then the fields scroll."""
        self._rows.activate()
        inner = self.width() - 2 * L - 2
        needed = max(self._rows.totalHeightForWidth(inner), self._rows.totalMinimumSize().height())
        around = self._title.heightForWidth(inner) + self._foot.sizeHint().height() + 12 + L + 2
        around += 2 * self._column.spacing()
        room = self.parentWidget().height() - 2 * _EDGE
        self.resize(self.width(), min(needed + around, room))

    def _stay_inside(self) -> None:
        room = self.parentWidget().rect().adjusted(_EDGE, _EDGE, -_EDGE, -_EDGE)
        self.move(self.x(), max(room.top(), min(self.y(), room.bottom() - self.height())))

    def _end(self) -> None:
        self._answered = True
        self.hide()
        self.deleteLater()
