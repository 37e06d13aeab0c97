"""The card of reminders: how long before, and whether the system shows them too."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox

from crm_core.i18n import message
from crm_desktop.settings import NOTIFICATIONS, REMIND_MINUTES
from crm_desktop.ui.context import Context
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.cards import Card
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.segments import Segment, SegmentedSwitch

_SHOWN, _HIDDEN = "shown", "hidden"


class ReminderRules(Card):
    """Takes effect at once; what an activity says of itself goes first."""

    def __init__(self, context: Context) -> None:
        super().__init__(message("Reminders"))
        self._settings = context.app.settings
        self.lead = QComboBox()
        self.system = SegmentedSwitch(
            [Segment(key=_SHOWN, text=message("Shown")), Segment(key=_HIDDEN, text=message("Not shown"))],
            name=message("By the system"),
            ticked=True,
        )
        self.body.addWidget(
            Label(
                message(
                    "The system shows them while another program is in front; here they stand over the page."
                ),
                color="text-soft",
                wrap=True,
            )
        )
        self.lead.activated.connect(
            lambda _at: self._settings.set(REMIND_MINUTES, int(self.lead.currentData()))
        )
        self.system.chosen.connect(lambda key: self._settings.set(NOTIFICATIONS, key == _SHOWN))
        self.retranslate()

    def refresh(self) -> None:
        """Show what is set."""
        self.lead.setCurrentIndex(self.lead.findData(self._settings.get(REMIND_MINUTES)))
        self.system.choose(_SHOWN if self._settings.get(NOTIFICATIONS) else _HIDDEN)

    def retranslate(self) -> None:
        """Say the times in the language on screen."""
        super().retranslate()
        if not hasattr(self, "lead"):
            return
        self.lead.clear()
        for minutes, text in (
            (-1, tr("No reminder")),
            (0, tr("When it is due")),
            (5, tr("5 minutes before")),
            (10, tr("10 minutes before")),
            (15, tr("15 minutes before")),
            (30, tr("30 minutes before")),
            (60, tr("1 hour before")),
        ):
            self.lead.addItem(text, minutes)
        self.lead.setAccessibleName(tr("Reminded"))
        self.refresh()
