"""The first step: language, and how to start: with an HQ, its file, sample data, or nothing."""

from __future__ import annotations

from enum import StrEnum

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QButtonGroup, QLineEdit

from crm_core.errors import CrmError
from crm_core.i18n import message
from crm_desktop import assembly
from crm_desktop.platform.paths import Profile
from crm_desktop.sync.address import checked_address
from crm_desktop.ui.dressing import LANGUAGES
from crm_desktop.ui.first_run.enrolment_file import EnrolmentFile
from crm_desktop.ui.first_run.step import Step
from crm_desktop.ui.tasks import Tasks
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import translator
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.option_card import OptionCard
from crm_desktop.ui.widgets.segments import Segment, SegmentedSwitch

TYPING_PAUSE_MS = 600


class Start(StrEnum):
    """How somebody wants to start."""

    HQ = "hq"
    FILE = "file"
    """Signed in by a file of HQ's, without a network."""
    SAMPLE = "sample"
    EMPTY = "empty"


class StartStep(Step):
    """Language, and the ways to start. An HQ must answer before it can be signed in to."""

    language_chosen = Signal(str)
    start_changed = Signal()

    def __init__(self, tasks: Tasks, profile: Profile, *, only_hq: bool) -> None:
        super().__init__(
            message("Welcome"),
            message("Your customers, quotes and visits on this laptop, with or without a network."),
        )
        self._tasks, self._profile = tasks, profile
        self._company: str | None = None
        self.language = SegmentedSwitch(
            [Segment(key=key, text=words) for key, words in reversed(LANGUAGES)],
            name=message("Language"),
            ticked=True,
        )
        self.language.choose(translator().language)
        self.language.chosen.connect(self.language_chosen)
        self.address = QLineEdit()
        self._address = Field(message("HQ address"), self.address, required=True)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(TYPING_PAUSE_MS)
        self._pause.timeout.connect(self.look_up)
        self.address.textEdited.connect(self._on_address_edited)
        hq = OptionCard(
            message("Connect to your head office"),
            message("Your company gave you an address and an account."),
            self._address,
        )
        self.file = EnrolmentFile(tasks)
        self.file.hide()
        self.file.changed.connect(self._on_file_changed)
        by_file = OptionCard(
            message("Sign in with a file from your head office"),
            message("Without a network: everything comes from a USB stick or by mail."),
            self.file,
        )
        self.options = {Start.HQ: hq, Start.FILE: by_file}
        if not only_hq:
            self.options[Start.SAMPLE] = OptionCard(
                message("Try with sample data"),
                message("40 invented customers, kept on this laptop only. Remove them any time."),
            )
            self.options[Start.EMPTY] = OptionCard(
                message("Start empty and connect later"),
                message("Work offline now. What you enter is sent when you connect."),
            )
        group = QButtonGroup(self)
        for card in self.options.values():
            group.addButton(card.radio)
            card.radio.toggled.connect(self._on_option_toggled)
        hq.radio.setChecked(True)
        self.body.addWidget(Label(message("Language"), step="caption", color="text-soft"))
        self.body.addWidget(self.language)
        self.body.addSpacing(theme().px(6))
        self.body.addWidget(Label(message("How do you want to start?"), step="caption", color="text-soft"))
        for card in self.options.values():
            self.body.addWidget(card)

    def retranslate(self) -> None:
        """Show which language is on screen."""
        self.language.choose(translator().language)

    @property
    def start(self) -> Start:
        """The way chosen."""
        return next(start for start, card in self.options.items() if card.radio.isChecked())

    @property
    def company(self) -> str:
        """The company whose HQ was found."""
        return self._company or ""

    @property
    def ready(self) -> bool:
        """Whether the way chosen can be gone: an HQ must have answered."""
        if self.start is Start.FILE:
            return self.file.ready
        return self.start is not Start.HQ or self._company is not None

    def enter(self) -> None:
        """Begin with the address, or the file."""
        if self.start is Start.HQ:
            self.address.setFocus()
        elif self.start is Start.FILE:
            self.file.begin()

    def demand_connecting(self, start: Start) -> None:
        """Choose a way to HQ; there is no other for a laptop that is known there."""
        self.options[start].radio.setChecked(True)
        for other in (Start.SAMPLE, Start.EMPTY):
            if other in self.options:
                self.options[other].hide()

    def look_up(self) -> None:
        """Ask whoever answers at the address who they are."""
        address = self.address.text().strip()
        self._pause.stop()
        if not address:
            self._address.set_error("")
            return
        profile = self._profile
        self._address.set_note(message("Looking for HQ…"))
        self._tasks.read(
            self,
            lambda: assembly.find_hq(address, profile.root),
            lambda company: self._on_found(address, company),
            self._on_not_found,
            topic="address",
        )

    def _on_address_edited(self) -> None:
        self._company = None
        self._address.set_error("")
        self._pause.start()
        self.ready_changed.emit()

    def _on_found(self, address: str, company: str) -> None:
        if self.address.text().strip() != address:
            return
        self._company = company or address
        secure = checked_address(address).startswith("https://")
        company = self._company
        found = (
            message("Found: {company}, secure connection", company=company)
            if secure
            else message("Found: {company}, on this computer", company=company)
        )
        self._address.set_error("")
        self._address.set_note(found, "good")
        self.ready_changed.emit()

    def _on_not_found(self, error: CrmError) -> None:
        self._company = None
        self._address.set_error(error.message)
        self.ready_changed.emit()

    def _on_file_changed(self) -> None:
        self.ready_changed.emit()

    def _on_option_toggled(self) -> None:
        self._address.setVisible(self.options[Start.HQ].radio.isChecked())
        self.file.setVisible(self.options[Start.FILE].radio.isChecked())
        for card in self.options.values():
            card.update()
        self.start_changed.emit()
        self.ready_changed.emit()
