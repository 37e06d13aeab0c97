"""Giving up the sample data: the one thing that cannot be taken back, so it is asked for."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from crm_core.i18n import message
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

WIDTH = 420


class RemoveSample(Live, QDialog):
    """Says what goes, and that nothing of it was ever sent."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.remove = Button(message("Remove the sample data"), Kind.BAD)
        self.remove.clicked.connect(self.accept)
        keep = Button(message("Keep it"), Kind.STANDARD)
        keep.clicked.connect(self.reject)
        keep.setDefault(True)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.remove)
        buttons.addWidget(keep)
        column = QVBoxLayout(self)
        column.setContentsMargins(XL, XL, XL, XL)
        column.setSpacing(12)
        column.addWidget(Label(message("Start anew without the sample data?"), step="title", wrap=True))
        column.addWidget(
            Label(
                message(
                    "The invented customers, and whatever you changed or added while trying, go for good."
                    " Nothing of it was ever sent. Then you can connect to your head office or start empty."
                ),
                color="text-soft",
                wrap=True,
            )
        )
        column.addLayout(buttons)
        self.setMinimumWidth(theme().px(WIDTH))
        self.retranslate()

    def retranslate(self) -> None:
        """Name the dialog in the language on screen."""
        self.setWindowTitle(tr("Sample data"))
