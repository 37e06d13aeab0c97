"""The pictures among the files of a record, side by side."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, QUrl
from PySide6.QtGui import QDesktopServices, QIcon, QImage, QPixmap
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QVBoxLayout, QWidget

from crm_desktop.services import attachments
from crm_desktop.services.attachments import ON_LAPTOP, FileRow
from crm_desktop.ui.context import Context
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.live import Live

_MOST = 24
_SIDE = 120


class Gallery(Live, QWidget):
    """Hidden where there is no picture. Enter or a double click opens one as it was added."""

    def __init__(self, context: Context, entity: str, record_id: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, self._entity, self._record_id = context, entity, record_id
        self.list = QListWidget()
        self.list.setViewMode(QListWidget.ViewMode.IconMode)
        self.list.setFlow(QListWidget.Flow.LeftToRight)
        self.list.setWrapping(False)
        self.list.setMovement(QListWidget.Movement.Static)
        self.list.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.list.itemActivated.connect(self._on_activated)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.list)
        self.hide()
        context.records_changed.connect(self._on_records_changed)
        self.retranslate()
        self.retint()
        self.read()

    def read(self) -> None:
        """Read the pictures anew."""
        replica, entity, record_id = self._context.replica, self._entity, self._record_id

        def read() -> list[tuple[FileRow, QImage]]:
            found = []
            for row in attachments.files_of(replica, entity, record_id):
                content = attachments.preview(replica, row.preview_sha256) if row.has_preview else None
                if content is not None:
                    found.append((row, QImage.fromData(content)))
            return found[:_MOST]

        self._context.tasks.read(self, read, self._on_read, self._context.show_error, topic="gallery")

    def retranslate(self) -> None:
        """Name the row of pictures."""
        self.list.setAccessibleName(tr("Pictures"))

    def retint(self) -> None:
        """Take the size of a picture from the theme."""
        side = theme().px(_SIDE)
        self.list.setIconSize(QSize(side, side))
        self.list.setFixedHeight(side + theme().px(48))

    def _on_read(self, pictures: list[tuple[FileRow, QImage]]) -> None:
        self.list.clear()
        for row, image in pictures:
            item = QListWidgetItem(QIcon(QPixmap.fromImage(image)), row.name)
            item.setData(Qt.ItemDataRole.UserRole, row)
            self.list.addItem(item)
        self.setVisible(bool(pictures))

    def _on_activated(self, item: QListWidgetItem) -> None:
        row: FileRow = item.data(Qt.ItemDataRole.UserRole)
        replica = self._context.replica
        if row.state not in ON_LAPTOP:
            attachments.fetch(replica, row.id)
            return
        self._context.tasks.read(
            self,
            lambda: attachments.open_copy(replica, row.id),
            lambda path: QDesktopServices.openUrl(QUrl.fromLocalFile(str(path))),
            self._context.show_error,
        )

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if any(entity == "attachment" for entity, _ in changed):
            self.read()
