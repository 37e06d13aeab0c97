"""One request: what is asked and why, what was decided, and deciding about it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QLineEdit

from crm_core.i18n import message
from crm_core.rules.approval import State, Verdict
from crm_desktop.services.approvals import RequestView
from crm_desktop.ui.approvals import words
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.cards import Card
from crm_desktop.ui.widgets.flow import FlowLayout
from crm_desktop.ui.widgets.labels import Label


class RequestCard(Card):
    """Tells what the person decided; whoever shows it carries that out."""

    decided = Signal(str, str, str, object)
    """Id of the request, verdict, comment, and of a return the step that decides again (None: who asked)."""
    withdrawn = Signal(str)
    opened = Signal(str)
    """Id of the record that is asked about."""

    def __init__(self, view: RequestView, now_ms: int) -> None:
        title = message("{title} · {customer}", title=view.title, customer=view.customer)
        super().__init__(title if view.customer else view.title, words.state_words(view))
        self.title.setWordWrap(True)
        self.head.setStretch(0, 1)  # it takes all there is, not half of it
        self.head.setStretch(1, 0)
        self.view = view
        self.comment = QLineEdit()
        self.approve = Button(message("Approve"), Kind.PRIMARY, icon="check", hint="Ctrl+Shift+A")
        self.give_back = Button(message("Return"), icon="undo", hint="Ctrl+Shift+B")
        self.refuse = Button(message("Refuse"), Kind.BAD, icon="x", hint="Ctrl+Shift+X")
        self.withdraw = Button(message("Withdraw"), Kind.FLAT)
        self.back_to = QComboBox()
        """Where a return goes: to who asked, or to a step before this one."""
        for step in (None, *range(view.standing.place.step)):
            self.back_to.addItem("", step)
        self.open = Button(message("Show"), Kind.FLAT, icon="eye")
        asked = message("{who} asks: {why}", who=view.asked_by, why=str(view.request.get("reason") or "—"))
        about = (words.offer_words(view), words.answers_words(view))
        for text in (asked, *about, words.standing_words(view, now_ms)):
            if show(text):
                self.body.addWidget(Label(text, wrap=True))
        # The last one of a request that ended is what it came to, said above already.
        ended = view.standing.state is not State.WAITING and view.reason is None
        for line in view.decisions[:-1] if ended else view.decisions:
            said = words.decision_words(line, now_ms)
            self.body.addWidget(Label(said, color="text-soft", step="caption", wrap=True))
        if view.in_place_of:
            told = message("You decide in the place of {name}", name=view.in_place_of)
            self.body.addWidget(Label(told, color="text-soft", step="caption"))
        self.body.addWidget(self.comment)
        row = FlowLayout()
        for button in (self.approve, self.give_back, self.refuse):
            row.addWidget(button)
            button.setVisible(bool(view.seats))
        row.addWidget(self.back_to)
        self.back_to.setVisible(bool(view.seats) and self.back_to.count() > 1)
        row.addWidget(self.withdraw)
        row.addWidget(self.open)
        self.body.addLayout(row)
        self.comment.setVisible(bool(view.seats))
        self.withdraw.setVisible(view.mine)
        self.open.setVisible(view.about is not None)
        self.approve.clicked.connect(lambda: self.decide(Verdict.APPROVE))
        self.give_back.clicked.connect(lambda: self.decide(Verdict.RETURN))
        self.refuse.clicked.connect(lambda: self.decide(Verdict.REFUSE))
        self.withdraw.clicked.connect(lambda: self.withdrawn.emit(view.request.id))
        self.open.clicked.connect(lambda: self.opened.emit(str(view.request.get("record_id") or "")))
        self.retranslate()

    def decide(self, verdict: Verdict) -> None:
        """Say what the person decided; where it must be said why, the keyboard goes there first."""
        if not self.view.seats:
            return
        if verdict is not Verdict.APPROVE and not self.comment.text().strip():
            self.comment.setPlaceholderText(tr("Say why in a comment"))
            self.comment.setFocus()
            return
        to_step = self.back_to.currentData() if verdict is Verdict.RETURN else None
        self.decided.emit(self.view.request.id, verdict.value, self.comment.text(), to_step)

    def retranslate(self) -> None:
        """Name the line for the comment."""
        super().retranslate()
        if hasattr(self, "comment"):
            self.comment.setPlaceholderText(tr("Comment; needed to return or refuse"))
            self.comment.setAccessibleName(tr("Comment on {title}", title=self.view.title))
            self.back_to.setAccessibleName(tr("Return {title} to", title=self.view.title))
            for place in range(self.back_to.count()):
                step = self.back_to.itemData(place)
                said = tr("Back to who asked") if step is None else tr("Back to step {step}", step=step + 1)
                self.back_to.setItemText(place, said)
