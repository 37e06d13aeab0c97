"""Signing in for the first time, and the passphrase that guards the data where no key store does."""

from __future__ import annotations

import platform

from PySide6.QtWidgets import QLineEdit

from crm_core.i18n import Message, message
from crm_desktop.platform.secrets import MIN_PASSPHRASE
from crm_desktop.ui.first_run.step import Step
from crm_desktop.ui.opening import Guard
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.info_bar import InfoBar
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.paint import Tone

FIELD_WIDTH = 360


class SignInStep(Step):
    """Name, password, and what this laptop is to be called at HQ."""

    def __init__(self) -> None:
        super().__init__(message("Sign in"), "")
        self.user, self.password, self.device = (
            QLineEdit(),
            QLineEdit(),
            QLineEdit(platform.node() or "laptop"),
        )
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self._user = Field(message("Name"), self.user, required=True)
        self._password = Field(message("Password"), self.password, required=True)
        self._device = Field(message("Name of this laptop"), self.device)
        self._device.set_note(message("HQ lists it under this name. You can take it off the list there."))
        for field in (self._user, self._password, self._device):
            field.setMaximumWidth(FIELD_WIDTH)
            self.body.addWidget(field)
        for line in (self.user, self.password):
            line.textChanged.connect(self._on_typed)

    @property
    def ready(self) -> bool:
        """Whether name and password were typed."""
        return bool(self.user.text().strip() and self.password.text())

    def enter(self) -> None:
        """Begin with the first empty field."""
        (self.password if self.user.text() else self.user).setFocus()

    def show_company(self, company: str) -> None:
        """Say whose HQ it is."""
        self.line.say(message("With your account at {company}.", company=company))

    def refuse(self, reason: Message) -> None:
        """Say why HQ did not let the person in."""
        self._password.set_error(reason)
        self.password.selectAll()

    def _on_typed(self) -> None:
        self._password.set_error("")
        self.ready_changed.emit()


class UnlockStep(Step):
    """What keeps the data from others: the system's key store, or a passphrase typed twice."""

    def __init__(self) -> None:
        super().__init__(
            message("Unlock"),
            message("Everything on this laptop is stored encrypted. The key stays with you."),
        )
        self._guard = Guard.KEY_STORE
        self.first, self.second = QLineEdit(), QLineEdit()
        self._first = Field(message("Passphrase"), self.first, required=True)
        self._second = Field(message("Passphrase again"), self.second, required=True)
        for line in (self.first, self.second):
            line.setEchoMode(QLineEdit.EchoMode.Password)
            line.textChanged.connect(self._on_typed)
        for field in (self._first, self._second):
            field.setMaximumWidth(FIELD_WIDTH)
        self._bar = InfoBar("", Tone.GOOD, icon="key")
        self._warning = Label(
            message(
                "Nobody can open this data without the passphrase, not even your head office. What was sent"
                " to HQ can be fetched again; what was not sent would be lost."
            ),
            color="text-soft",
            wrap=True,
        )
        for widget in (self._bar, self._first, self._second, self._warning):
            self.body.addWidget(widget)
        self.show_guard(self._guard)

    def show_guard(self, guard: Guard) -> None:
        """Ask for what this computer needs."""
        self._guard = guard
        typed = guard is Guard.PASSPHRASE
        for widget in (self._first, self._second, self._warning):
            widget.setVisible(typed)
        self._bar.setVisible(not typed)
        if guard is Guard.KEY_STORE:
            self._bar.say(
                message("The key is kept in this computer's key store. There is nothing to type."),
                Tone.GOOD,
                icon="key",
            )
        elif guard is Guard.ENVIRONMENT:
            self._bar.say(message("The passphrase is taken from CRM_PASSPHRASE."), Tone.INFO, icon="key")
        self._first.set_note(message("At least {count} characters", count=MIN_PASSPHRASE))
        self.ready_changed.emit()

    @property
    def passphrase(self) -> str:
        """What was typed; empty where nothing needs to be."""
        return self.first.text() if self._guard is Guard.PASSPHRASE else ""

    @property
    def ready(self) -> bool:
        """Whether the passphrase is long enough and typed the same twice."""
        if self._guard is not Guard.PASSPHRASE:
            return True
        return len(self.first.text()) >= MIN_PASSPHRASE and self.first.text() == self.second.text()

    def enter(self) -> None:
        """Begin with the passphrase."""
        if self._guard is Guard.PASSPHRASE:
            self.first.setFocus()

    def refuse(self, reason: Message) -> None:
        """Say why the profile could not be made."""
        self._first.set_error(reason)

    def _on_typed(self) -> None:
        differs = bool(self.second.text()) and not self.first.text().startswith(self.second.text())
        self._second.set_error(message("The two are not the same") if differs else "")
        self.ready_changed.emit()
