"""The screens on which the program cannot go on: what is the matter, and what can be done."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from crm_core.i18n import Message, message
from crm_desktop.ui.translate import Text
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.labels import Label

_LOCKED = {
    "revoked": (
        message("HQ has taken this laptop off its list"),
        message(
            "Satchel is locked. Nothing was erased: what was not sent is still here, encrypted. Ask your"
            " administrator to allow this laptop again."
        ),
    ),
    "disabled": (
        message("Your account at HQ is closed"),
        message("Satchel is locked. Nothing was erased. Ask your administrator."),
    ),
    "wipe": (
        message("HQ had the data on this laptop erased"),
        message("The key was destroyed, so nobody can open the data any more. To work again, sign in anew."),
    ),
}


class StoppedScreen(QWidget):
    """A line, its explanation, where the profile lies, and two ways on."""

    again_wanted = Signal()
    left = Signal()

    def __init__(
        self, reason: Text, folder: str, explanation: Text = "", *, again: bool = True, icon: str = "warn"
    ) -> None:
        super().__init__()
        self.again = Button(message("Try again"), Kind.PRIMARY)
        self.again.clicked.connect(self.again_wanted)
        leave = Button(message("Quit"), Kind.STANDARD)
        leave.clicked.connect(self.left)
        self.state = EmptyState(icon, reason, explanation, [self.again, leave])
        self.again.setVisible(again)
        where = Label(message("Profile: {folder}", folder=folder), step="caption", color="text-soft")
        where.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        where.setAlignment(Qt.AlignmentFlag.AlignHCenter)
        column = QVBoxLayout(self)
        column.addWidget(self.state, 1)
        column.addWidget(where)


def locked_screen(why: str, folder: str) -> StoppedScreen:
    """Return the screen for what HQ said of this laptop: `revoked`, `disabled` or `wipe`."""
    reason, explanation = _LOCKED[why]
    return StoppedScreen(reason, folder, explanation, again=why != "wipe", icon="lock")


NOT_OPENED = message("The profile could not be opened")


def stopped_screen(reason: Message, folder: str) -> StoppedScreen:
    """Return the screen for a profile that could not be opened."""
    return StoppedScreen(NOT_OPENED, folder, reason)


def lost_screen(folder: str) -> StoppedScreen:
    """Return the screen for a damaged profile without a copy to go back to."""
    advice = message(
        "Its database is damaged or of another key, and there is no copy on this laptop. What was sent is at"
        " HQ: sign in with a new profile."
    )
    return StoppedScreen(NOT_OPENED, folder, advice)
