"""Changing the passphrase of a profile that has one."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from crm_core.errors import CrmError
from crm_core.i18n import message
from crm_desktop.platform.secrets import MIN_PASSPHRASE, REPLICA_KEY, PassphraseFile
from crm_desktop.ui.context import Context, Notice
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

WIDTH = 400


class ChangePassphrase(Live, QDialog):
    """The present passphrase, and the new one twice."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.present, self.first, self.second = QLineEdit(), QLineEdit(), QLineEdit()
        self._present = Field(message("Present passphrase"), self.present, required=True)
        self._first = Field(message("New passphrase"), self.first, required=True)
        self._second = Field(message("New passphrase again"), self.second, required=True)
        for line in (self.present, self.first, self.second):
            line.setEchoMode(QLineEdit.EchoMode.Password)
            line.textChanged.connect(self._show_ready)
        self._first.set_note(message("At least {count} characters", count=MIN_PASSPHRASE))
        self.change = Button(message("Change"), Kind.PRIMARY)
        self.change.setDefault(True)
        self.change.clicked.connect(self._on_change)
        leave = Button(message("Cancel"), Kind.STANDARD)
        leave.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(leave)
        buttons.addWidget(self.change)
        column = QVBoxLayout(self)
        column.setContentsMargins(XL, XL, XL, XL)
        column.setSpacing(12)
        column.addWidget(Label(message("Change the passphrase"), step="title"))
        for field in (self._present, self._first, self._second):
            column.addWidget(field)
        column.addLayout(buttons)
        self.setMinimumWidth(theme().px(WIDTH))
        self._show_ready()
        self.retranslate()

    def retranslate(self) -> None:
        """Name the dialog in the language on screen."""
        self.setWindowTitle(tr("Change the passphrase"))

    def _show_ready(self) -> None:
        self._present.set_error("")
        typed = self.first.text()
        differs = bool(self.second.text()) and not typed.startswith(self.second.text())
        self._second.set_error(message("The two are not the same") if differs else "")
        same = typed == self.second.text() and len(typed) >= MIN_PASSPHRASE
        self.change.setEnabled(bool(self.present.text()) and same)

    def _on_change(self) -> None:
        key_file, present, new = self._context.app.profile.key_file, self.present.text(), self.first.text()

        def work() -> None:
            # Opened anew, so that the present passphrase must be known to whoever sits here.
            store = PassphraseFile(key_file, lambda _new: present)
            store.read(REPLICA_KEY)
            store.change_passphrase(new)

        self.change.setEnabled(False)
        self._context.tasks.write(self, work, lambda _none: self._on_changed(), self._on_refused)

    def _on_changed(self) -> None:
        told = message("The passphrase was changed. Restart Satchel before you sign in to another HQ.")
        self._context.notice.emit(Notice(kind="good", text=told, seconds=20))
        self.accept()

    def _on_refused(self, error: CrmError) -> None:
        self._show_ready()
        self._present.set_error(error.message)
        self.present.selectAll()
        self.present.setFocus()
