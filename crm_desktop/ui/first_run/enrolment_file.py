"""A file of HQ's that signs a laptop in: which one, and the passphrase that came by another way."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from crm_core.errors import CrmError
from crm_core.i18n import Message, message
from crm_desktop.sync.by_file import size_of_enrolment
from crm_desktop.ui.format import file_size
from crm_desktop.ui.tasks import Tasks
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import S
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.fields import Field

_KINDS = "Satchel (*.satchel)"


class EnrolmentFile(QWidget):
    """Two fields. A file is looked at when it is chosen: one of another kind is refused at once."""

    changed = Signal()

    def __init__(self, tasks: Tasks) -> None:
        super().__init__()
        self._tasks = tasks
        self._is_fit = False
        self.path = QLineEdit()
        self.path.editingFinished.connect(self._look_at)
        self.path.textEdited.connect(self._on_path_edited)
        self.choose = Button(message("Choose a file…"), Kind.STANDARD, icon="file")
        self.choose.clicked.connect(self._on_choose)
        self.passphrase = QLineEdit()
        self.passphrase.setEchoMode(QLineEdit.EchoMode.Password)
        self.passphrase.textEdited.connect(self._on_passphrase_edited)
        self._path = Field(message("File from HQ"), self.path, required=True)
        self._passphrase = Field(message("Passphrase of the file"), self.passphrase, required=True)
        self._passphrase.set_note(message("Whoever gave you the file tells you its passphrase."))
        row = QHBoxLayout()
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme().px(S))
        row.addWidget(self._path, 1)
        button = QVBoxLayout()
        button.setContentsMargins(0, 0, 0, 0)
        button.addSpacing(self._path.label.sizeHint().height() + 4)
        button.addWidget(self.choose)
        button.addStretch(1)
        row.addLayout(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme().px(S))
        column.addLayout(row)
        column.addWidget(self._passphrase)

    @property
    def file(self) -> Path:
        """The file named."""
        return Path(self.path.text().strip()).expanduser()

    @property
    def ready(self) -> bool:
        """Whether a file that fits and a passphrase are there."""
        return self._is_fit and bool(self.passphrase.text())

    def begin(self) -> None:
        """Put the focus where something is missing."""
        (self.passphrase if self._is_fit else self.choose).setFocus()

    def take(self, file: Path) -> None:
        """Name a file, and look at it."""
        self.path.setText(str(file))
        self._look_at()

    def refuse(self, reason: Message, *, is_passphrase: bool) -> None:
        """Say what is wrong with the passphrase, or with the file."""
        if is_passphrase:
            self._passphrase.set_error(reason)
            self.passphrase.selectAll()
            self.passphrase.setFocus()
        else:
            self._path.set_error(reason)

    def _on_choose(self) -> None:
        folder = str(self.file.parent if self.path.text().strip() else Path.home())
        chosen, _ = QFileDialog.getOpenFileName(self, tr("Choose a file…"), folder, _KINDS)
        if chosen:
            self.take(Path(chosen))

    def _on_path_edited(self) -> None:
        self._is_fit = False
        self._path.set_error("")
        self.changed.emit()

    def _on_passphrase_edited(self) -> None:
        self._passphrase.set_error("")
        self.changed.emit()

    def _look_at(self) -> None:
        file = self.file
        if not self.path.text().strip():
            return
        self._tasks.read(
            self,
            lambda: size_of_enrolment(file),
            self._on_fit,
            self._on_unfit,
            topic="file",
        )

    def _on_fit(self, size: int) -> None:
        self._is_fit = True
        self._path.set_error("")
        self._path.set_note(message("Signs a laptop in; {size}", size=file_size(size)), "good")
        self.changed.emit()

    def _on_unfit(self, error: CrmError) -> None:
        self._is_fit = False
        self._path.set_error(error.message)
        self.changed.emit()
