"""The files of one record: add by button, drop or paste, and everything else by keyboard or menu."""

from __future__ import annotations

import time
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMimeData, QPoint, QUrl, Signal
from PySide6.QtGui import (
    QDesktopServices,
    QDragEnterEvent,
    QDropEvent,
    QGuiApplication,
    QImage,
    QKeyEvent,
    QKeySequence,
    QPainter,
    QPaintEvent,
)
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from crm_core.i18n import message
from crm_core.rules.access import Action as Right
from crm_desktop.interchange.saving import write_pieces
from crm_desktop.services import attachments, records, rights
from crm_desktop.services.attachments import ON_LAPTOP, FileRow, FileState
from crm_desktop.settings import EXPORT_FOLDER
from crm_desktop.sync.runner import Status
from crm_desktop.ui.context import Context
from crm_desktop.ui.files.adding import add_file, choose_files, local_files
from crm_desktop.ui.files.file_list import ROW_HEIGHT, FileList, FileModel
from crm_desktop.ui.settling import Settling
from crm_desktop.ui.tasks import Job
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, IconButton
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.labels import Heading, Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.menus import Menu

PICTURES_MOST = 100  # read at a time; what is below shows its sign


_OPENED = message("A file is opened from a copy only you can read; it is erased when the window closes.")


class FilesPanel(Live, QWidget):
    """The list with its bar. `compact_rows`: below a form, with a heading, no higher than so many rows."""

    counted = Signal(int)
    """How many files there are."""

    def __init__(
        self, context: Context, entity: str, *, compact_rows: int = 0, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._context, self._entity, self._record_id = context, entity, ""
        self._compact_rows = compact_rows
        self._may_add = False
        self._awaited = ""
        """The file to be opened once it is here."""
        self.model = FileModel(self)
        self.list = FileList(self.model)
        self.add_button = (
            IconButton("plus", message("Add files…"), color="accent", small=True)
            if compact_rows
            else Button(message("Add files…"), icon="plus", small=True)
        )
        self.open_button = Button(message("Open file"), icon="eye", small=True)
        self.save_button = Button(message("Save as…"), icon="dl", small=True)
        self.more_button = IconButton("more", message("More"), small=True)
        self.hint = Label(step="caption", color="text-soft", wrap=True)
        self.empty = EmptyState(
            "clip",
            message("No files yet"),
            message("Drop files here, paste a picture, or add them by the button."),
        )
        self._changes = Settling(self)
        self._changes.due.connect(self.read)
        self._lay_out()
        self._connect()
        self.setAcceptDrops(True)
        self.retranslate()
        self._on_chosen()

    @property
    def rows(self) -> Sequence[FileRow]:
        """The files shown."""
        return self.model.rows

    def show_record(self, record_id: str) -> None:
        """Show the files of a record."""
        if record_id != self._record_id:
            self._record_id = record_id
            self._awaited = ""
            self.model.show_rows((), {})
        self.read()

    def read(self) -> None:
        """Read the files anew."""
        if not self._record_id:
            return
        replica, entity, record_id = self._context.replica, self._entity, self._record_id
        known = {row.preview_sha256 for row in self.rows if self.model.picture_of(row) is not None}

        def read() -> tuple[tuple[FileRow, ...], dict[str, QImage], bool, bool]:
            rows = attachments.files_of(replica, entity, record_id)
            wanted = [row.preview_sha256 for row in rows if row.has_preview][:PICTURES_MOST]
            pictures = {}
            for sha256 in dict.fromkeys(wanted):
                content = None if sha256 in known else attachments.preview(replica, sha256)
                if content is not None:
                    pictures[sha256] = QImage.fromData(content)
            may_edit = bool(rights.may_do(replica, Right.EDIT, "attachment"))
            return rows, pictures, attachments.may_add(replica), may_edit

        self._context.tasks.read(self, read, self._on_read, self._context.show_error, topic="files")

    def add_files(self, paths: Sequence[Path]) -> None:
        """Put files on the record, one after the other, while people go on working."""
        for path in paths:
            self._add(path, path.name)

    def open_file(self, row: FileRow) -> None:
        """Open a copy in the program for its kind; what is not here is fetched first."""
        if row.state not in ON_LAPTOP:
            self._awaited = row.id
            self.fetch(row)
            return
        self._awaited = ""
        replica = self._context.replica
        self._context.tasks.read(
            self,
            lambda: attachments.open_copy(replica, row.id),
            self._on_copied,
            self._context.show_error,
        )

    def save_file(self, row: FileRow) -> None:
        """Ask where to, and write the content there."""
        folder = Path(self._context.app.settings.get(EXPORT_FOLDER) or Path.home())
        offered = folder / attachments.clean_name(row.name)
        chosen, _kind = QFileDialog.getSaveFileName(self, tr("Save as…"), str(offered))
        if chosen:
            self.save_to(row, Path(chosen))

    def save_to(self, row: FileRow, path: Path) -> None:
        """Write the content of a file to another place."""
        replica, settings = self._context.replica, self._context.app.settings

        def write(job: Job) -> None:
            write_pieces(path, attachments.content(replica, row.id))
            settings.set(EXPORT_FOLDER, str(path.parent))

        self._context.tasks.run(
            self,
            message("Saving {file}", file=path.name),
            write,
            lambda _done: self._context.tell(message("Saved {file}", file=path.name)),
            self._context.show_error,
        )

    def fetch(self, row: FileRow) -> None:
        """Have the content fetched before all others."""
        replica = self._context.replica
        self._context.tasks.write(
            self,
            lambda: attachments.fetch(replica, row.id),
            lambda _done: self._wake(),
            self._context.show_error,
        )

    def leave_at_hq(self, row: FileRow) -> None:
        """Stop fetching, or free the room the content takes."""
        replica = self._context.replica
        self._awaited = ""
        self._context.tasks.write(
            self, lambda: attachments.leave_at_hq(replica, row.id), None, self._context.show_error
        )

    def delete(self) -> None:
        """Delete the chosen file; Undo brings it back."""
        row = self.list.current
        if row is None:
            return
        replica = self._context.replica
        self._context.change(
            self,
            lambda: records.delete(replica, "attachment", row.id),
            told=message("“{name}” was deleted", name=row.name),
            undo=lambda: records.restore(replica, "attachment", row.id),
        )

    def paste(self) -> bool:
        """Add what is on the clipboard; False where that is no file and no picture."""
        return self._take(QGuiApplication.clipboard().mimeData())

    def menu(self) -> Menu:
        """Return what can be done with the chosen file."""
        menu = Menu(self)
        row = self.list.current
        if row is None:
            return menu
        here = row.state in ON_LAPTOP
        menu.add(tr("Open file"), "eye").triggered.connect(lambda: self.open_file(row))
        save = menu.add(tr("Save as…"), "dl")
        save.setEnabled(here)
        save.triggered.connect(lambda: self.save_file(row))
        menu.addSeparator()
        if row.state in (FileState.AT_HQ, FileState.MISSING):
            menu.add(tr("Fetch now"), "dl").triggered.connect(lambda: self.fetch(row))
        if row.state is FileState.FETCHING:
            menu.add(tr("Stop fetching"), "x").triggered.connect(lambda: self.leave_at_hq(row))
        if row.state is FileState.HERE and self._context.app.enrolled:
            menu.add(tr("Free the space here"), "cloud").triggered.connect(lambda: self.leave_at_hq(row))
        rename = menu.add(tr("Rename"), "pen", "F2")
        rename.setEnabled(self.model.may_rename)
        rename.triggered.connect(lambda: self.list.edit(self.list.currentIndex()))
        delete = menu.add(tr("Delete"), "trash", "Del")
        delete.setEnabled(self.model.may_rename)
        delete.triggered.connect(self.delete)
        return menu

    def retranslate(self) -> None:
        """Say everything in the language on screen."""
        self.setAccessibleName(tr("Files"))
        self.hint.say(_OPENED)

    def retint(self) -> None:
        """Keep the height of the rows."""
        self._fit()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Add what is on the clipboard by the keys for pasting."""
        if event.matches(QKeySequence.StandardKey.Paste) and self._may_add and self.paste():
            return
        super().keyPressEvent(event)

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files and pictures where the role may add some."""
        if self._may_add and _holds_files(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        """Add what was dropped."""
        if self._may_add and self._take(event.mimeData()):
            event.acceptProposedAction()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the ground of lists."""
        if not self._compact_rows:
            painter = QPainter(self)
            painter.fillRect(self.rect(), theme().color("surface"))
            painter.end()

    def _lay_out(self) -> None:
        self._bar = QHBoxLayout()
        self._bar.setSpacing(8)
        if self._compact_rows:
            self._bar.addWidget(Heading(message("Files")), 1)
            self._bar.addWidget(self.more_button)
            self._bar.addWidget(self.add_button)
        else:
            for button in (self.add_button, self.open_button, self.save_button, self.more_button):
                self._bar.addWidget(button)
            self._bar.insertStretch(1, 1)
        self._stack = QStackedWidget(self)
        column = QVBoxLayout(self)
        margin = 0 if self._compact_rows else PAGE_MARGIN
        keep_margins(column, margin, 0 if self._compact_rows else 12, margin, 8)
        column.setSpacing(8)
        column.addLayout(self._bar)
        column.addWidget(self._stack, 1)
        self._stack.addWidget(self.list)
        self._stack.addWidget(self.empty)
        if not self._compact_rows:
            column.addWidget(self.hint)

    def _connect(self) -> None:
        self.add_button.clicked.connect(self._on_add_clicked)
        self.open_button.clicked.connect(self._on_open_clicked)
        self.save_button.clicked.connect(self._on_save_clicked)
        self.more_button.clicked.connect(self._on_more_clicked)
        self.list.opened.connect(self.open_file)
        self.list.deleted.connect(self._on_delete_key)
        self.list.customContextMenuRequested.connect(self._on_menu_asked)
        self.list.selectionModel().currentChanged.connect(lambda _now, _before: self._on_chosen())
        self.model.modelReset.connect(self._on_chosen)
        self.model.name_typed.connect(self._on_name_typed)
        self._context.records_changed.connect(self._on_records_changed)
        self._context.sync_changed.connect(self._on_sync_changed)

    def _fit(self) -> None:
        """Below a form be as high as the rows, up to a few."""
        if not self._compact_rows:
            return
        count = min(len(self.rows), self._compact_rows)
        self._stack.setVisible(bool(count))
        self.more_button.setVisible(bool(count))
        self._stack.setFixedHeight(theme().px(ROW_HEIGHT) * max(count, 1))

    def _on_read(self, read: tuple[tuple[FileRow, ...], dict[str, QImage], bool, bool]) -> None:
        rows, pictures, self._may_add, self.model.may_rename = read
        self.model.show_rows(rows, pictures)
        self._stack.setCurrentIndex(0 if rows or self._compact_rows else 1)
        self.add_button.setVisible(self._may_add)
        if not self._compact_rows:
            self.hint.setVisible(bool(rows))
        self._fit()
        self._on_chosen()
        self.counted.emit(len(rows))
        awaited = next((row for row in rows if row.id == self._awaited), None)
        if awaited is not None and awaited.state in ON_LAPTOP:
            self.open_file(awaited)

    def _on_chosen(self) -> None:
        row = self.list.current
        self.open_button.setEnabled(row is not None and row.state is not FileState.EMPTY)
        self.save_button.setEnabled(row is not None and row.state in ON_LAPTOP)
        self.more_button.setEnabled(row is not None)

    def _on_add_clicked(self) -> None:
        self.add_files(choose_files(self._context, self))

    def _on_open_clicked(self) -> None:
        if (row := self.list.current) is not None:
            self.open_file(row)

    def _on_save_clicked(self) -> None:
        if (row := self.list.current) is not None:
            self.save_file(row)

    def _on_more_clicked(self) -> None:
        self.menu().popup(self.more_button.mapToGlobal(QPoint(0, self.more_button.height())))

    def _on_menu_asked(self, place: QPoint) -> None:
        if self.list.indexAt(place).isValid():
            self.menu().popup(self.list.viewport().mapToGlobal(place))

    def _on_delete_key(self) -> None:
        if self.model.may_rename:
            self.delete()

    def _on_name_typed(self, attachment_id: str, name: str) -> None:
        replica = self._context.replica
        self._context.change(self, lambda: attachments.rename(replica, attachment_id, name))

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if any(entity in ("attachment", "role") for entity, _ in changed) and self._record_id:
            self._changes.mark()

    def _on_sync_changed(self, status: Status) -> None:
        step = status.file
        if step is None:
            self.model.show_progress("", 0, 0)
        else:
            self.model.show_progress(step.sha256, step.done, step.total)

    def _on_copied(self, copy: Path) -> None:
        if self._compact_rows:
            self._context.tell(_OPENED)
        if not QDesktopServices.openUrl(QUrl.fromLocalFile(str(copy))):
            self._context.tell(
                message("No program on this computer opens “{name}”. Save it instead", name=copy.name)
            )

    def _add(self, source: Path | bytes, name: str) -> None:
        add_file(self._context, self, self._entity, self._record_id, source, name)

    def _take(self, data: QMimeData) -> bool:
        """Add the files, or the picture, that a drag or the clipboard holds."""
        paths = (
            [Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile()] if data.hasUrls() else []
        )
        if paths:
            self.add_files(paths)
            return True
        if not data.hasImage():
            return False
        image = QImage(data.imageData())
        held = QByteArray()
        buffer = QBuffer(held)
        buffer.open(QIODevice.OpenModeFlag.WriteOnly)
        if image.isNull() or not image.save(buffer, "PNG"):
            return False
        moment = time.strftime("%Y-%m-%d %H.%M.%S")
        self._add(bytes(held.data()), tr("Picture {moment}", moment=moment) + ".png")
        return True

    def _wake(self) -> None:
        runner = self._context.app.runner
        if runner is not None:
            runner.sync_now()


def _holds_files(data: QMimeData) -> bool:
    return data.hasImage() or bool(local_files(data))
