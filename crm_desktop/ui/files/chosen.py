"""Files chosen to go with what is being written: a paper clip, what was chosen, a way to drop it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtGui import QDragEnterEvent, QDropEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from crm_core.i18n import message
from crm_desktop.services import attachments
from crm_desktop.ui.context import Context
from crm_desktop.ui.files.adding import add_file, choose_files, local_files
from crm_desktop.ui.widgets.buttons import IconButton
from crm_desktop.ui.widgets.labels import ElidedLabel


class ChosenFiles(QWidget):
    """A line with the names of the chosen files, hidden while there are none; the caller places `clip`."""

    changed = Signal()
    """Files were chosen, or let go of."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._paths: list[Path] = []
        self.clip = IconButton("clip", message("Attach files, such as a picture of the visit"), parent=self)
        self.label = ElidedLabel("", step="caption", color="text-soft")
        self.detach = IconButton("x", message("Attach nothing"), small=True)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(4)
        row.addWidget(self.label, 1)
        row.addWidget(self.detach)
        self.clip.clicked.connect(self._on_clip_clicked)
        self.detach.clicked.connect(lambda: self._choose([]))
        self.hide()

    @property
    def paths(self) -> tuple[Path, ...]:
        """The files chosen."""
        return tuple(self._paths)

    @property
    def may_add(self) -> bool:
        """Whether the role may add files at all."""
        return attachments.may_add(self._context.replica)

    def show_paths(self, paths: Sequence[Path]) -> None:
        """Show other files, and the paper clip where the role may add some; nobody is told."""
        self._paths = list(paths)
        self.label.say(", ".join(path.name for path in paths))
        self.setVisible(bool(paths))
        self.clip.setVisible(self.may_add)

    def add(self, paths: Sequence[Path]) -> None:
        """Choose files beside those chosen before."""
        self._choose([*self._paths, *paths])

    def welcome(self, event: QDragEnterEvent) -> None:
        """Let files be dropped where these are shown, if the role may add some."""
        if self.may_add and local_files(event.mimeData()):
            event.acceptProposedAction()

    def take(self, event: QDropEvent) -> None:
        """Choose what was dropped, beside what was chosen before."""
        if paths := local_files(event.mimeData()):
            self.add(paths)
            event.acceptProposedAction()

    def put_on(self, entity: str, record_id: str, paths: Sequence[Path]) -> None:
        """Put files on a record that was just made, one after the other, while people go on working."""
        for path in paths:
            add_file(self._context, self, entity, record_id, path, path.name)

    def _choose(self, paths: Sequence[Path]) -> None:
        self.show_paths(paths)
        self.changed.emit()

    def _on_clip_clicked(self) -> None:
        if paths := choose_files(self._context, self):
            self.add(paths)
