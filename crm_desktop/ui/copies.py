"""The copies of a profile to choose from: when each was made, why, how large it is."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtWidgets import QButtonGroup, QVBoxLayout, QWidget

from crm_core.errors import CrmError, DamagedDatabase
from crm_core.i18n import Message, message, plural
from crm_desktop.models.backup import ASKED, DAILY, Copy
from crm_desktop.ui.format import clock, figure, file_size, near_date
from crm_desktop.ui.sync_words import moment
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import S
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.option_card import OptionCard

_REASONS = {DAILY: message("daily copy"), ASKED: message("copy you asked for")}

MEANING = message(
    "Satchel becomes what it was at that moment. What HQ has comes back with the next sync. What was edited"
    " after the copy and not sent stays behind: only the file that is put aside has it, replica-…-replaced.db"
    " in the profile's folder."
)


def made_at(copy: Copy) -> str:
    """Return day and time of a copy in the language on screen."""
    local = moment(copy.made_ms)
    return f"{near_date(local.date())} {clock(local)}"


def reason_words(copy: Copy) -> Message:
    """Return why a copy was made."""
    return _REASONS.get(copy.reason, message("before an upgrade"))


class CopyChoice(Live, QWidget):
    """One card a copy, the newest first and chosen; what went wrong stands in its card or under them all."""

    def __init__(self, copies: Sequence[Copy], left_behind: Mapping[Path, int] | None = None) -> None:
        super().__init__()
        self._copies, self._left_behind = tuple(copies), left_behind or {}
        self._damaged: set[Path] = set()
        self._group = QButtonGroup(self)
        self.cards: list[OptionCard] = []
        self.error = Label(color="bad", wrap=True)
        self.error.hide()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme().px(S))
        for number, _copy in enumerate(self._copies):
            card = OptionCard("", "")
            self._group.addButton(card.radio, number)
            self.cards.append(card)
            card.radio.toggled.connect(card.update)
            column.addWidget(card)
        column.addWidget(self.error)
        if self.cards:
            self.cards[0].radio.setChecked(True)
        self.retranslate()

    @property
    def chosen(self) -> Copy | None:
        """The copy to go back to; None where none is fit."""
        number = self._group.checkedId()
        copy = self._copies[number] if number >= 0 else None
        return None if copy is None or copy.file in self._damaged else copy

    def choose(self, copy: Copy) -> None:
        """Choose a copy."""
        self.cards[self._copies.index(copy)].radio.setChecked(True)

    def focus(self) -> None:
        """Give the keys to the copy that is chosen."""
        if self._group.checkedButton() is not None:
            self._group.checkedButton().setFocus()

    def refuse(self, copy: Copy, error: CrmError) -> None:
        """Say why a copy could not be restored; a damaged one is closed and the next older one chosen."""
        if isinstance(error, DamagedDatabase):
            self._damaged.add(copy.file)
            fit = [n for n, each in enumerate(self._copies) if each.file not in self._damaged]
            older = [n for n in fit if n > self._copies.index(copy)]
            for number in (older or fit)[:1]:
                self.cards[number].radio.setChecked(True)
        self.error.say(error.message)
        self.error.setHidden(copy.file in self._damaged)  # its card says so
        self.retranslate()

    def retranslate(self) -> None:
        """Write the cards in the language on screen."""
        for copy, card in zip(self._copies, self.cards, strict=True):
            is_damaged = copy.file in self._damaged
            card.radio.setEnabled(not is_damaged and self.isEnabled())
            if is_damaged:
                card.say(made_at(copy), message("This backup is damaged"), "bad")
            else:
                card.say(made_at(copy), self._line(copy))

    def _line(self, copy: Copy) -> Message:
        facts = message("{reason} · {size}", reason=reason_words(copy), size=file_size(copy.size))
        count = self._left_behind.get(copy.file, 0)
        if not count:
            return facts
        left = plural(
            count,
            message("1 record with edits not sent would stay behind"),
            message("{count} records with edits not sent would stay behind", count=figure(count)),
        )
        return message("{facts} · {left}", facts=facts, left=left)
