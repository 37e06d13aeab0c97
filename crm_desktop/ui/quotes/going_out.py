"""What is done with a quote that was sent: mailing it, and having the customer sign it here."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QStackedWidget, QWidget

from crm_core.i18n import N_
from crm_core.rules.access import Action
from crm_desktop.models.replica import Replica
from crm_desktop.services import rights
from crm_desktop.services.quotes import QuoteView
from crm_desktop.ui.actions import ActionRegistry, ActionSpec
from crm_desktop.ui.context import Context
from crm_desktop.ui.quotes.header import StateBar
from crm_desktop.ui.quotes.mail_form import MailForm
from crm_desktop.ui.quotes.sign_form import SignForm

_MAILED = ("sent", "accepted", "expired")
_SIGNED = ("sent", "expired")


class GoingOut(QObject):
    """Puts the two forms in the place of the quote's sheet, each made when it is first asked for."""

    kept = Signal()
    """The file that was sent was made: the preview shows it from now on."""

    def __init__(
        self,
        context: Context,
        stack: QStackedWidget,
        states: StateBar,
        language: Callable[[], str],
        actions: ActionRegistry,
        parent: QWidget,
    ) -> None:
        """`language` gives that of the document, where its file is still to be made."""
        super().__init__(parent)
        self._context, self._stack, self._states, self._language = context, stack, states, language
        self._view: QuoteView | None = None
        self._before: QWidget | None = None
        self.mail_form: MailForm | None = None
        self.sign_form: SignForm | None = None
        states.mail_asked.connect(self.mail)
        states.sign_asked.connect(self.sign)
        group = N_("Quotes")
        specs = (
            (ActionSpec(id="quotes.mail", text=N_("Send by e-mail…"), group=group, icon="mail"), self.mail),
            (ActionSpec(id="quotes.sign", text=N_("Sign here…"), group=group, icon="pen"), self.sign),
        )
        for spec, call in specs:
            actions.add(spec, call, parent)

    @property
    def is_open(self) -> bool:
        """Whether one of the forms is in front."""
        return self._stack.currentWidget() in (self.mail_form, self.sign_form) and self._before is not None

    def show_view(self, view: QuoteView) -> None:
        """Offer what may be done with a quote; another quote than before closes a form."""
        if self._view is not None and self._view.quote.id != view.quote.id:
            self.close()
        self._view = view
        replica = self._context.replica
        self._states.offer(
            mail=view.state in _MAILED and may_mail(replica), sign=view.state in _SIGNED and may_sign(replica)
        )

    def mail(self) -> None:
        """Write a mail with the quote."""
        if self._view is None or self._view.state not in _MAILED or not may_mail(self._context.replica):
            return
        if self.mail_form is None:
            self.mail_form = MailForm(self._context)
            self.mail_form.closed.connect(self.close)
            self.mail_form.kept.connect(self.kept)
            self._stack.addWidget(self.mail_form)
        self._put(self.mail_form)
        self.mail_form.begin(self._view.quote.id, _number(self._view), self._language())

    def sign(self) -> None:
        """Have the customer sign the quote here."""
        if self._view is None or self._view.state not in _SIGNED or not may_sign(self._context.replica):
            return
        if self.sign_form is None:
            self.sign_form = SignForm(self._context)
            self.sign_form.closed.connect(self.close)
            self.sign_form.kept.connect(self.kept)
            self._stack.addWidget(self.sign_form)
        self._put(self.sign_form)
        self.sign_form.begin(self._view.quote.id, _number(self._view), self._language())

    def close(self) -> None:
        """Go back to the quote's sheet."""
        if self._before is not None:
            self._stack.setCurrentWidget(self._before)
            self._before = None

    def _put(self, form: QWidget) -> None:
        if not self.is_open:
            self._before = self._stack.currentWidget()
        self._stack.setCurrentWidget(form)


def may_mail(replica: Replica) -> bool:
    """Tell whether the person may write mails at all."""
    return bool(rights.may_do(replica, Action.CREATE, "outgoing_mail"))


def may_sign(replica: Replica) -> bool:
    """Tell whether the person may take signatures at all."""
    return bool(rights.may_do(replica, Action.CREATE, "signature"))


def _number(view: QuoteView) -> str:
    return str(view.quote.get("number") or "")
