"""The broad line over the Sync centre: how it stands, in a sentence and three figures."""

from __future__ import annotations

from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.i18n import Message, message
from crm_desktop.services.syncing import HELD
from crm_desktop.sync.runner import Phase, Status
from crm_desktop.ui.format import NOTHING, clock, figure, file_size, near_moment
from crm_desktop.ui.record_words import counted
from crm_desktop.ui.sync_centre.facts import Facts
from crm_desktop.ui.sync_words import is_offline, moment, sync_words, until
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import RADII
from crm_desktop.ui.translate import Text, show
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.labels import IconLabel, Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.paint import Tone
from crm_desktop.ui.widgets.sync_badge import SyncState

HEIGHT = 64
CLOCK_ALARM_MS = 60 * 60 * 1000  # HQ tells its administrators from here on too
_TONES = {
    SyncState.UPDATE_NEEDED: (Tone.WARN, "dl"),
    SyncState.SIGN_IN: (Tone.WARN, "user"),
    SyncState.FAILED: (Tone.BAD, "overdue"),
    SyncState.ATTENTION: (Tone.WARN, "conflict"),
    SyncState.UP_TO_DATE: (Tone.GOOD, "cloudok"),
    SyncState.OFFLINE: (Tone.NEUTRAL, "cloudoff"),
    SyncState.OFFLINE_WITH_WORK: (Tone.NEUTRAL, "cloudoff"),
    SyncState.PAUSED: (Tone.NEUTRAL, "pause"),
    SyncState.NOT_CONNECTED: (Tone.NEUTRAL, "laptop"),
}


class Banner(Live, QWidget):
    """Icon, title and sentence at the left; data, disk and what is to be sent at the right."""

    def __init__(self) -> None:
        super().__init__()
        self._tone = Tone.NEUTRAL
        self._icon = IconLabel("unknown")
        self._title = Label(weight=600)
        self._line = Label(wrap=True)
        self._figures = [(Label(text, step="caption"), Label()) for text in _HEADS]
        row = QHBoxLayout(self)
        row.setContentsMargins(theme().px(16), theme().px(8), theme().px(20), theme().px(8))
        row.setSpacing(theme().px(14))
        row.addWidget(self._icon)
        words = QVBoxLayout()
        words.setSpacing(1)
        words.addStretch(1)
        words.addWidget(self._title)
        words.addWidget(self._line)
        words.addStretch(1)
        row.addLayout(words, 1)
        for head, value in self._figures:
            column = QVBoxLayout()
            column.setSpacing(1)
            column.addStretch(1)
            column.addWidget(head)
            column.addWidget(value)
            column.addStretch(1)
            row.addLayout(column)
        self.setMinimumHeight(theme().px(HEIGHT))

    def show_facts(self, facts: Facts, status: Status) -> None:
        """Show how it stands now."""
        words = sync_words(status, facts.status)
        self._tone, icon = _TONES.get(words.badge.state, (Tone.INFO, "sync"))
        self._icon.show_icon(icon, self._tone.ink if self._tone is not Tone.NEUTRAL else "text-soft")
        self._title.say(words.badge.sentence())
        self._line.say(" ".join(show(sentence) for sentence in _sentences(facts, status)))
        shown: tuple[Text, Text, Text] = (
            counted("customer", facts.rows["customer"]),
            file_size(facts.disk_bytes),
            file_size(facts.waiting.size_bytes) if facts.waiting.count else NOTHING,
        )
        for (_, value), text in zip(self._figures, shown, strict=True):
            value.say(text)
        self.setAccessibleName(f"{self._title.text()}. {self._line.text()}")
        self.update()

    def retint(self) -> None:
        """Paint anew."""
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the soft ground of the state."""
        painter = QPainter(self)
        ground = theme().color(self._tone.ground)
        paint.rounded(painter, self.rect(), ground, None, RADII["card"])
        painter.end()


_HEADS = (message("Data"), message("Disk"), message("To send"))


def _sentences(facts: Facts, status: Status) -> list[Text]:
    known = facts.status
    if not known.enrolled:
        return [message("Everything is kept on this laptop. Connect to your head office to share it.")]
    said: list[Text] = []
    if is_offline(status) and status.offline_since_ms:
        said.append(message("Offline since {time}.", time=clock(moment(status.offline_since_ms))))
    if status.problem is not None and status.phase is Phase.REFUSED:
        said.append(message("{reason}.", reason=status.problem))
    if status.last_report is not None and status.last_report.held:
        said.append(message("{reason}.", reason=Message(HELD)))
    if abs(known.clock_off_ms) > CLOCK_ALARM_MS:
        said.append(message("This laptop's clock is wrong by more than an hour; set it in the system."))
    if known.waiting_records and known.oldest_waiting_ms:
        oldest = near_moment(moment(known.oldest_waiting_ms))
        said.append(
            message("1 record is saved on this laptop since {time}.", time=oldest)
            if known.waiting_records == 1
            else message(
                "{count} records are saved on this laptop, oldest {time}.",
                count=figure(known.waiting_records),
                time=oldest,
            )
        )
    if known.last_ok_ms:
        said.append(message("Last good sync {time}.", time=near_moment(moment(known.last_ok_ms))))
    if status.phase is Phase.OFFLINE and status.next_try_ms:
        said.append(message("Next try {time}.", time=clock(moment(status.next_try_ms))))
    if status.phase is Phase.PAUSED and status.paused_until_ms:
        said.append(message("Paused until {time}.", time=until(status.paused_until_ms)))
    return said
