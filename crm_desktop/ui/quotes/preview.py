"""The very PDF of a quote, contract or order beside it: look, print, save."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QMargins, QPointF, QTimer
from PySide6.QtGui import QPainter, QPaintEvent
from PySide6.QtPdf import QPdfDocument
from PySide6.QtPdfWidgets import QPdfView
from PySide6.QtWidgets import QComboBox, QFileDialog, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from crm_core.errors import CrmError, UserError
from crm_core.i18n import N_, message
from crm_desktop.documents import agreed_files
from crm_desktop.documents.agreed_files import Shown
from crm_desktop.documents.saving import save
from crm_desktop.settings import EXPORT_FOLDER
from crm_desktop.ui.context import Context, Notice
from crm_desktop.ui.quotes.printing import ask_and_print
from crm_desktop.ui.tasks import Job
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import tr, translator
from crm_desktop.ui.widgets.buttons import Button, IconButton
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.labels import ElidedLabel, Label
from crm_desktop.ui.widgets.live import Live

PAUSE_MS = 400  # after the last change, so that typing makes one PDF and not one a key
_LANGUAGES = {"both": N_("Both languages"), "zh": N_("Chinese"), "en": N_("English")}
_ZOOMS = {
    QPdfView.ZoomMode.FitToWidth: N_("Fit width"),
    QPdfView.ZoomMode.FitInView: N_("Whole page"),
}
_MARGIN = 24


class PreviewPane(Live, QWidget):
    """Shows the PDF of one record of a kind; `refresh` has it made anew, off the main thread."""

    def __init__(self, context: Context, entity: str = "quote", parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, self._entity = context, entity
        self._quote_id: str | None = None
        self._stale = False
        self._buffer: QBuffer | None = None
        self._file_name = ""
        self._sent: bytes | None = None
        self.document = QPdfDocument(self)
        self.language = QComboBox()
        self.zoom = QComboBox()
        for key in _LANGUAGES:
            self.language.addItem("", key)
        for mode in _ZOOMS:
            self.zoom.addItem("", mode)
        self.view = QPdfView(self)
        self.view.setDocument(self.document)
        self.view.setPageMode(QPdfView.PageMode.SinglePage)
        self.view.setZoomMode(QPdfView.ZoomMode.FitToWidth)
        self.view.setFrameShape(QPdfView.Shape.NoFrame)
        self.view.setDocumentMargins(QMargins(_MARGIN, _MARGIN, _MARGIN, 8))
        self.empty = EmptyState("doc", message("The quote has no lines yet"))
        self.back = IconButton("back", message("Previous page"), color="text-soft")
        self.pages = Label("")
        self.forward = IconButton("fwd", message("Next page"), color="text-soft")
        self.print = Button(message("Print…"), icon="print")
        self.save = Button(message("Save as…"), icon="dl")
        self.file = ElidedLabel("", color="text-soft", step="caption")
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self._make)
        self._lay_out()
        self.language.setCurrentIndex(1 if translator().language == "zh_CN" else 2)
        self.language.currentIndexChanged.connect(self._make)
        self.zoom.currentIndexChanged.connect(self._on_zoom_chosen)
        navigator = self.view.pageNavigator()
        navigator.currentPageChanged.connect(self._say_page)
        self.back.clicked.connect(lambda: self._turn(-1))
        self.forward.clicked.connect(lambda: self._turn(1))
        self.print.clicked.connect(self.ask_printer)
        self.save.clicked.connect(self.ask_file)
        self._show_pages(False)
        self.retranslate()
        self.retint()

    @property
    def file_name(self) -> str:
        """The name suggested for the quote's file."""
        return self._file_name

    def show_quote(self, quote_id: str) -> None:
        """Show another record at once."""
        if quote_id != self._quote_id:
            self._quote_id = quote_id
            self._stale = True
            self.document.close()
            self._show_pages(False)
            self.empty.say("")
        self.refresh(now=True)

    def show_record(self, record_id: str) -> None:
        """Show another record, as a tab beside it."""
        self.show_quote(record_id)

    def refresh(self, *, now: bool = False) -> None:
        """Make the PDF anew: after a pause, since more changes may follow, or `now`."""
        self._stale = True
        if self.isVisible():
            self._pause.start(0 if now else PAUSE_MS)

    def ask_printer(self) -> None:
        """Ask for a printer and print the PDF shown."""
        if self.document.pageCount():
            try:
                ask_and_print(self.document, self._file_name, self)
            except CrmError as error:
                self._context.show_error(error)

    def ask_file(self) -> None:
        """Ask for a file and write the PDF to it."""
        settings = self._context.app.settings
        folder = Path(settings.get(EXPORT_FOLDER) or Path.home())
        chosen, _kind = QFileDialog.getSaveFileName(
            self, tr("Save the document"), str(folder / self._file_name), tr("PDF files (*.pdf)")
        )
        if chosen:
            self.save_to(Path(chosen))

    def save_to(self, file: Path) -> None:
        """Write the PDF to a file, off the main thread."""
        quote_id, language, replica = self._quote_id, str(self.language.currentData()), self._context.replica
        sent, count, entity = self._sent, self.document.pageCount(), self._entity
        file = file if file.suffix else file.with_suffix(".pdf")
        if quote_id is None:
            return

        def saved(_pages: int) -> None:
            text = message("Saved as {file}", file=file.name)
            self._context.notice.emit(Notice(kind="good", text=text, seconds=10))

        def write(job: Job) -> int:
            if job.is_cancelled():
                raise UserError(N_("Stopped; no file was written"))
            content = sent or agreed_files.shown_file(replica, entity, quote_id, language).content
            save(content, file)
            return count

        writing = message("Saving {file}", file=file.name)
        self._context.tasks.run(self, writing, write, saved, self._context.show_error)

    def showEvent(self, event: object) -> None:
        """Catch up with what changed while it was hidden."""
        super().showEvent(event)
        if self._stale and self._quote_id is not None:
            self._pause.start(0)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the hairline under the head."""
        painter = QPainter(self)
        painter.fillRect(0, self._head.height(), self.width(), 1, theme().color("line"))
        painter.end()

    def retranslate(self) -> None:
        """Name choices and pages in the language on screen."""
        self.language.setAccessibleName(tr("Language of the PDF"))
        self.zoom.setAccessibleName(tr("Size of the page"))
        self.view.setAccessibleName(tr("PDF preview"))
        for box, words in ((self.language, _LANGUAGES), (self.zoom, _ZOOMS)):
            for place, text in enumerate(words.values()):
                box.setItemText(place, tr(text))
        self._say_page()

    def retint(self) -> None:
        """Stand on the canvas in both schemes."""
        colors = self.view.palette()
        for role in (colors.ColorRole.Dark, colors.ColorRole.Mid, colors.ColorRole.Base):
            colors.setColor(role, theme().color("canvas"))
        self.view.setPalette(colors)
        self.view.viewport().setPalette(colors)

    def _lay_out(self) -> None:
        self._head = QWidget()
        head = QHBoxLayout(self._head)
        head.setContentsMargins(16, 8, 16, 8)
        head.setSpacing(8)
        head.addWidget(Label(message("PDF preview"), weight=600), 1)
        head.addWidget(self.language)
        head.addWidget(self.zoom)
        pages = QHBoxLayout()
        pages.setSpacing(8)
        pages.addStretch(1)
        for widget in (self.back, self.pages, self.forward):
            pages.addWidget(widget)
        pages.addStretch(1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.print, 1)
        buttons.addWidget(self.save, 1)
        self._foot = QWidget()
        foot = QVBoxLayout(self._foot)
        foot.setContentsMargins(_MARGIN, 4, _MARGIN, 16)
        foot.setSpacing(8)
        foot.addLayout(pages)
        foot.addLayout(buttons)
        foot.addWidget(self.file)
        self._stack = QStackedWidget(self)
        self._stack.addWidget(self.view)
        self._stack.addWidget(self.empty)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._head)
        column.addSpacing(1)
        column.addWidget(self._stack, 1)
        column.addWidget(self._foot)

    def _make(self) -> None:
        quote_id, replica = self._quote_id, self._context.replica
        language = str(self.language.currentData())
        if quote_id is None:
            return
        self._stale = False

        entity = self._entity

        def made() -> Shown:
            return agreed_files.shown_file(replica, entity, quote_id, language)

        self._context.tasks.read(self, made, self._on_made, self._on_failed, topic="pdf")

    def _on_made(self, made: Shown) -> None:
        self._file_name, content, sha256 = made.name, made.content, made.sha256
        self._sent = content if sha256 else None
        self.language.setEnabled(self._sent is None)
        page = max(0, self.view.pageNavigator().currentPage())
        # The document reads from the buffer as long as it shows it, so the old one goes last.
        buffer = QBuffer(self)
        buffer.setData(QByteArray(content))
        buffer.open(QIODevice.OpenModeFlag.ReadOnly)
        self.document.close()
        self.document.load(buffer)
        if self._buffer is not None:
            self._buffer.deleteLater()
        self._buffer = buffer
        self._show_pages(True)
        self.view.pageNavigator().jump(min(page, self.document.pageCount() - 1), QPointF())
        self._say_page()
        name = message("File name {name}", name=self._file_name)
        sent = message("As it was sent: {name}, SHA-256 {sha256}", name=self._file_name, sha256=sha256)
        self.file.say(sent if sha256 else name)

    def _on_failed(self, error: CrmError) -> None:
        self.document.close()
        self.empty.say(error.message)
        self._show_pages(False)

    def _show_pages(self, shown: bool) -> None:
        self._stack.setCurrentWidget(self.view if shown else self.empty)
        self._foot.setVisible(shown)

    def _on_zoom_chosen(self, place: int) -> None:
        self.view.setZoomMode(list(_ZOOMS)[place])

    def _turn(self, by: int) -> None:
        navigator = self.view.pageNavigator()
        page = navigator.currentPage() + by
        if 0 <= page < self.document.pageCount():
            navigator.jump(page, QPointF())

    def _say_page(self) -> None:
        page, count = self.view.pageNavigator().currentPage(), self.document.pageCount()
        self.pages.say(message("Page {page} of {count}", page=page + 1, count=count))
        self.back.setEnabled(page > 0)
        self.forward.setEnabled(page + 1 < count)
