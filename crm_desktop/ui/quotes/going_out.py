"""What is done with a document that went out: mailing it, its link, and having the customer sign it here."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Final

from PySide6.QtCore import QObject, Signal
from PySide6.QtGui import QGuiApplication
from PySide6.QtWidgets import QStackedWidget, QWidget

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.i18n import N_, message
from crm_core.rules.access import Action
from crm_core.rules.answers import ANSWERS
from crm_desktop.documents import sent_file
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import rights
from crm_desktop.ui.actions import ActionRegistry, ActionSpec
from crm_desktop.ui.context import Context
from crm_desktop.ui.quotes.mail_form import MailForm
from crm_desktop.ui.quotes.sign_form import SignForm
from crm_desktop.ui.translate import tr

WAYS: Final = (
    ("mail", N_("Send by e-mail…"), "mail"),
    ("link", N_("Link for the customer"), "globe"),
    ("sign", N_("Sign here…"), "pen"),
)
"""Name, English words and icon of what can be done."""
_NOT_NOW: Final = N_("That is not done with it as it stands, or your role does not do it")


class GoingOut(QObject):
    """Puts the two forms in the place of what a stack shows, each made when it is first asked for."""

    kept = Signal()
    """The file that was sent was made: the preview shows it from now on."""

    def __init__(
        self,
        context: Context,
        entity: str,
        stack: QStackedWidget,
        language: Callable[[], str],
        actions: ActionRegistry,
        parent: QWidget,
    ) -> None:
        """`language` gives that of the document, where its file is still to be made."""
        super().__init__(parent)
        self._context, self._entity, self._stack, self._language = context, entity, stack, language
        self._record: Record | None = None
        self._before: QWidget | None = None
        self.mail_form: MailForm | None = None
        self.sign_form: SignForm | None = None
        group = SCHEMAS[entity].meta.plural
        for name, text, icon in WAYS:
            spec = ActionSpec(id=f"{entity}s.{name}", text=text, group=group, icon=icon)
            actions.add(spec, partial(self.go, name), parent)

    @property
    def is_open(self) -> bool:
        """Whether one of the forms is in front."""
        return self._stack.currentWidget() in (self.mail_form, self.sign_form) and self._before is not None

    def show_record(self, record: Record) -> None:
        """Stand beside a record; another one than before closes a form."""
        if self._record is not None and self._record.id != record.id:
            self.close()
        self._record = record

    def go(self, name: str) -> None:
        """Do what `WAYS` names; where it cannot be done, say why."""
        if self._record is None:
            return  # it is being read
        if name in ways_of(self._context.replica, self._record):
            {"mail": self.mail, "link": self.link, "sign": self.sign}[name]()
        elif not ANSWERS[self._entity].is_out(self._record.values):
            self._context.show_error(UserError(sent_file.NOT_OUT))
        else:
            self._context.show_error(UserError(_NOT_NOW))

    def mail(self) -> None:
        """Write a mail with the document."""
        if self._record is None:
            return
        if self.mail_form is None:
            self.mail_form = MailForm(self._context, self._entity)
            self._take_in(self.mail_form)
        self._put(self.mail_form)
        self.mail_form.begin(self._record.id, self._called(), self._language())

    def sign(self) -> None:
        """Have the customer sign the document here."""
        if self._record is None:
            return
        if self.sign_form is None:
            self.sign_form = SignForm(self._context, self._entity)
            self._take_in(self.sign_form)
        self._put(self.sign_form)
        self.sign_form.begin(self._record.id, self._called(), self._language())

    def link(self) -> None:
        """Copy the address of the page on which the customer answers."""
        if self._record is None:
            return
        replica, entity = self._context.replica, self._entity
        record_id, language = self._record.id, self._language()

        def made(url: str) -> None:
            QGuiApplication.clipboard().setText(url)
            self._context.tell(message("The link for the customer is copied: {url}", url=url))
            self.kept.emit()

        self._context.change(self, lambda: sent_file.link_to(replica, entity, record_id, language), made)

    def close(self) -> None:
        """Go back to what was shown before."""
        if self._before is not None:
            self._stack.setCurrentWidget(self._before)
            self._before = None

    def _called(self) -> str:
        assert self._record is not None
        return self._record.title or tr(ANSWERS[self._entity].label)

    def _take_in(self, form: MailForm | SignForm) -> None:
        form.closed.connect(self.close)
        form.kept.connect(self.kept)
        self._stack.addWidget(form)

    def _put(self, form: QWidget) -> None:
        if not self.is_open:
            self._before = self._stack.currentWidget()
        self._stack.setCurrentWidget(form)


def ways_of(replica: Replica, record: Record) -> frozenset[str]:
    """Return the names of what the person may do with a document as it stands."""
    of = ANSWERS[record.entity]
    possible = {
        "mail": str(record.get("status")) in of.mailed,
        "link": of.is_open(record.values),
        "sign": of.may_be_signed(record.values),
    }
    needed = {"mail": "outgoing_mail", "link": "acceptance", "sign": "signature"}
    return frozenset(
        name
        for name, entity in needed.items()
        if possible[name] and rights.may_do(replica, Action.CREATE, entity)
    )
