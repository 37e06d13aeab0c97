"""Signing in once more, when HQ does not take this laptop's word any longer."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from crm_core.errors import CrmError
from crm_core.i18n import message
from crm_core.sync.sealed_file import WrongPassphrase
from crm_desktop.settings import SERVER_URL, USER_NAME
from crm_desktop.ui.context import Context
from crm_desktop.ui.first_run.enrolment_file import EnrolmentFile
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

WIDTH = 400


class SignInAgain(Live, QDialog):
    """Name and HQ stay as they are; only the password is asked for, or a new file of HQ's."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._server = context.app.settings.get(SERVER_URL)
        self._user = context.app.settings.get(USER_NAME)
        self.password = QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self._field = Field(message("Password"), self.password, required=True)
        self.file = EnrolmentFile(context.tasks)
        self.by_file = Button(message("Use a file…"), Kind.STANDARD, icon="file")
        self.by_file.clicked.connect(self._ask_for_file)
        self.sign_in = Button(message("Sign in"), Kind.PRIMARY)
        self.sign_in.setDefault(True)
        self.sign_in.clicked.connect(self._on_sign_in)
        leave = Button(message("Later"), Kind.STANDARD)
        leave.clicked.connect(self.reject)
        buttons = QHBoxLayout()
        buttons.addWidget(self.by_file)
        buttons.addStretch(1)
        buttons.addWidget(leave)
        buttons.addWidget(self.sign_in)
        column = QVBoxLayout(self)
        column.setContentsMargins(XL, XL, XL, XL)
        column.setSpacing(12)
        column.addWidget(Label(message("Sign in to sync"), step="title"))
        safe = message(
            "{user} at {server}. Your work is safe on this laptop and goes on either way.",
            user=self._user,
            server=self._server,
        )
        if not self._server:
            safe = message(
                "{user}, by a new file from HQ. Your work is safe on this laptop and goes on either way.",
                user=self._user,
            )
        column.addWidget(Label(safe, color="text-soft", wrap=True))
        column.addWidget(self._field)
        column.addWidget(self.file)
        column.addLayout(buttons)
        self.setMinimumWidth(theme().px(WIDTH))
        self.file.hide()
        if not self._server:  # it never was told where HQ is
            self._ask_for_file()
        self.retranslate()

    def retranslate(self) -> None:
        """Name the dialog in the language on screen."""
        self.setWindowTitle(tr("Sign in"))

    def _ask_for_file(self) -> None:
        self._field.hide()
        self.by_file.hide()
        self.file.show()
        self.file.begin()

    def _on_sign_in(self) -> None:
        app, server, user, password = self._context.app, self._server, self._user, self.password.text()
        self.sign_in.setEnabled(False)
        if self.file.isVisible():
            file, passphrase = self.file.file, self.file.passphrase.text()
            self._context.tasks.run(
                self,
                message("Reading {file}", file=file.name),
                lambda job: app.enrol_by_file(
                    file,
                    passphrase,
                    on_step=lambda step: job.step(step.done, step.total),
                    cancelled=job.is_cancelled,
                ),
                lambda _report: self._on_signed_in(),
                self._on_file_refused,
            )
            return
        self._context.tasks.write(
            self,
            lambda: app.enrol(server, user, password),
            lambda _none: self._on_signed_in(),
            self._on_refused,
        )

    def _on_signed_in(self) -> None:
        if self._context.app.runner is not None:
            self._context.app.runner.sync_now()
        self.accept()

    def _on_file_refused(self, error: CrmError) -> None:
        self.sign_in.setEnabled(True)
        self.file.refuse(error.message, is_passphrase=isinstance(error, WrongPassphrase))

    def _on_refused(self, error: CrmError) -> None:
        self.sign_in.setEnabled(True)
        self._field.set_error(error.message)
        self.password.selectAll()
        self.password.setFocus()
