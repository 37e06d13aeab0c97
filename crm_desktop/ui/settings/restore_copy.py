"""Going back to a copy from within the program: which one, and what it means."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from crm_core.i18n import message
from crm_desktop.models.backup import Copy
from crm_desktop.ui.copies import MEANING, CopyChoice
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

WIDTH = 520


class RestoreCopy(Live, QDialog):
    """The copies, what would stay behind, and a last question: it cannot be taken back by a button."""

    def __init__(
        self, copies: Sequence[Copy], left_behind: Mapping[Path, int], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.choice = CopyChoice(copies, left_behind)
        self.restore = Button(message("Restore this copy"), Kind.BAD)
        self.restore.clicked.connect(self.accept)
        self.restore.setVisible(bool(copies))
        keep = Button(message("Cancel"), Kind.STANDARD)
        keep.clicked.connect(self.reject)
        keep.setDefault(True)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(self.restore)
        buttons.addWidget(keep)
        column = QVBoxLayout(self)
        column.setContentsMargins(XL, XL, XL, XL)
        column.setSpacing(12)
        column.addWidget(Label(message("Go back to a copy?"), step="title", wrap=True))
        if copies:
            column.addWidget(Label(MEANING, color="text-soft", wrap=True))
        else:
            none = message("There is no copy on this laptop yet. One is made every day.")
            column.addWidget(Label(none, color="text-soft", wrap=True))
        column.addWidget(self.choice)
        column.addLayout(buttons)
        width = theme().px(WIDTH)
        self.setMinimumWidth(width)
        self.retranslate()
        self.resize(width, column.heightForWidth(width))

    def retranslate(self) -> None:
        """Name the dialog in the language on screen."""
        self.setWindowTitle(tr("Restore a copy"))
