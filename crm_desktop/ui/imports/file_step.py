"""First step: which file, which kind of record, and how text is to be read."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QDragEnterEvent, QDragLeaveEvent, QDropEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFileDialog,
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from crm_core.entities import SCHEMAS
from crm_core.errors import CrmError
from crm_core.exchange.decoding import NAMES
from crm_core.exchange.source import TextForm
from crm_core.i18n import N_, Message, message
from crm_desktop.settings import IMPORT_FOLDER
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.editors import QuietCombo
from crm_desktop.ui.imports.choices import IMPORTED, Choices, ReadFile, read_choices
from crm_desktop.ui.imports.step import FOCUS_ROOM, READ_WIDTH, ImportStep
from crm_desktop.ui.imports.tables import FileModel
from crm_desktop.ui.imports.words import row_words
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import RADII
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.cells import CellKind
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.flow import FlowLayout
from crm_desktop.ui.widgets.labels import ElidedLabel, IconLabel, Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.rows import dress

SHOWN_ROWS = 100
MOST_NOTES = 4
LEAST_TABLE = 140
ENCODINGS = ("utf-8", "gb18030", "utf-16-le", "utf-16-be", "cp1252")
DELIMITERS = ((",", N_("Comma")), (";", N_("Semicolon")), ("\t", N_("Tab")), ("|", N_("Vertical bar")))
_ENDINGS = "*.csv *.tsv *.txt *.xlsx *.xlsm *.xls *.ods *.vcf *.json *.jsonl"


class FileStep(ImportStep):
    """Reads the file as soon as it is chosen, and anew when its form is corrected."""

    read_done = Signal()

    def __init__(self, context: Context, entities: Sequence[str]) -> None:
        super().__init__(context, message("File"))
        self.entity = QuietCombo()
        self._entity = Field(message("The rows are"), self.entity)
        self.drop = DropCard()
        self.drop.chosen.connect(self.take_file)
        self.drop.button.clicked.connect(self.ask_for_file)
        self.encoding, self.delimiter = QuietCombo(), QuietCombo()
        self._encoding = Field(message("Encoding"), self.encoding)
        self._delimiter = Field(message("Columns are separated by"), self.delimiter)
        self._notes = QVBoxLayout()
        self._notes.setSpacing(4)
        self.model = FileModel(self)
        self.table = QTableView()
        self.table.setModel(self.model)
        self._delegate = dress(self.table, [], compact=True)
        self._reading = False
        self._lay_out()
        self.offer(entities)
        self.entity.activated.connect(self._on_entity_chosen)
        self.encoding.activated.connect(self._on_form_chosen)
        self.delimiter.activated.connect(self._on_form_chosen)
        self.retranslate()
        self.retint()

    @property
    def ready(self) -> bool:
        """Whether a file was read."""
        return self.choices.read is not None and not self._reading

    def offer(self, entities: Sequence[str]) -> None:
        """Say which kinds of record the person may make."""
        self.entity.clear()
        for entity in IMPORTED:
            if entity in entities:
                self.entity.addItem(tr(SCHEMAS[entity].meta.plural), entity)
        self.entity.setCurrentIndex(self.entity.findData(self.choices.entity))

    def begin(self, choices: Choices) -> None:
        """Show the choices of another import."""
        super().begin(choices)
        self._show()

    def enter(self) -> None:
        """Put the focus where a file is chosen."""
        self._show()
        self.drop.button.setFocus()

    def ask_for_file(self) -> None:
        """Ask for a file."""
        folder = self.context.app.settings.get(IMPORT_FOLDER) or str(Path.home())
        kinds = f"{tr('Files to import')} ({_ENDINGS});;{tr('All files')} (*)"
        chosen, _ = QFileDialog.getOpenFileName(self, tr("Choose a file"), folder, kinds)
        if chosen:
            self.take_file(Path(chosen))

    def take_file(self, path: Path) -> None:
        """Read another file."""
        self.choices.path, self.choices.form, self.choices.read = path, None, None
        self._read()

    def choose_entity(self, entity: str) -> None:
        """Have the rows be another kind of record."""
        if entity != self.choices.entity:
            self.choices.entity = entity
            self.entity.setCurrentIndex(self.entity.findData(entity))
            if self.choices.path is not None:
                self._read()

    def retranslate(self) -> None:
        """Name everything in the language on screen."""
        for place in range(self.entity.count()):
            self.entity.setItemText(place, tr(SCHEMAS[self.entity.itemData(place)].meta.plural))
        self.table.setAccessibleName(tr("First rows of the file"))
        self._show_form()

    def retint(self) -> None:
        """Keep the measures of the theme."""
        self._delegate.set_kinds([CellKind.RIGHT])
        for field in (self._entity, self._encoding, self._delimiter):
            field.setFixedWidth(theme().px(220))
        self.drop.setMaximumWidth(theme().px(READ_WIDTH))
        self.table.setMinimumHeight(theme().px(LEAST_TABLE))

    def _lay_out(self) -> None:
        inner = QWidget()
        column = QVBoxLayout(inner)
        column.setContentsMargins(FOCUS_ROOM, FOCUS_ROOM, 0, 0)
        column.setSpacing(12)
        fields = QWidget()
        policy = QSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        policy.setHeightForWidth(True)
        fields.setSizePolicy(policy)
        row = FlowLayout(fields, gap=16, line_gap=8)
        for field in (self._entity, self._encoding, self._delimiter):
            row.addWidget(field)
        column.addWidget(fields)
        column.addWidget(self.drop)
        column.addLayout(self._notes)
        self._preview = Label(message("First rows of the file"), step="section")
        column.addWidget(self._preview)
        column.addWidget(self.table, 1)
        self._blank = QWidget()
        column.addWidget(self._blank, 1)
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        area.setWidget(inner)
        self.leave_room_for_focus()
        self.body.addWidget(area, 1)

    def _read(self) -> None:
        choices, replica, settings = self.choices, self.context.replica, self.context.app.settings
        path = choices.path
        if path is None:
            return
        entity, form = choices.entity, choices.form
        self._reading = True
        self.drop.say_reading(path)
        self.ready_changed.emit()
        known = choices.read.table if choices.read is not None and form == choices.read.table.form else None

        def read() -> ReadFile:
            found = read_choices(replica, path, entity, form, known)
            settings.set(IMPORT_FOLDER, str(path.parent))
            return found

        self.context.tasks.read(self, read, self._on_read, self._on_not_read, topic="file")

    def _on_read(self, read: ReadFile) -> None:
        self._reading = False
        self.choices.take_read(read)
        self._show()
        self.ready_changed.emit()
        self.read_done.emit()

    def _on_not_read(self, error: CrmError) -> None:
        self._reading = False
        self.choices.read, self.choices.plan = None, None
        self._show()
        self.drop.say_wrong(error.message)
        self.ready_changed.emit()

    def _show(self) -> None:
        choices, read = self.choices, self.choices.read
        self.entity.setCurrentIndex(self.entity.findData(choices.entity))
        self.drop.say_file(
            choices.path, len(read.table.rows) if read else None, len(read.table.headers) if read else 0
        )
        for widget in (self.table, self._preview):
            widget.setVisible(read is not None)
        self._blank.setVisible(read is None)
        self._show_notes(read.table.notes if read is not None else ())
        if read is not None:
            self.model.show_table(read.table, SHOWN_ROWS)
            self.table.resizeColumnsToContents()
            head = self.table.horizontalHeader()
            for place in range(head.count()):
                head.resizeSection(place, min(max(head.sectionSize(place), theme().px(56)), theme().px(240)))
        self._show_form()

    def _show_notes(self, notes: Sequence[Message]) -> None:
        while self._notes.count():
            old = self._notes.takeAt(0).widget()
            old.hide()
            old.deleteLater()
        for note in notes[:MOST_NOTES]:
            self._notes.addWidget(Label(note, color="text-soft", wrap=True))

    def _show_form(self) -> None:
        """Show how text was read, for files that are text."""
        read = self.choices.read
        form = read.table.form if read is not None else None
        for field in (self._encoding, self._delimiter):
            field.setVisible(form is not None)
        if form is None:
            return
        self.encoding.clear()
        for encoding in ENCODINGS:
            words = NAMES[encoding]
            if encoding == "utf-16-be":
                words = f"{words} BE"
            self.encoding.addItem(words, encoding)
        self.encoding.setCurrentIndex(self.encoding.findData(form.encoding))
        self.delimiter.clear()
        for sign, name in DELIMITERS:
            self.delimiter.addItem(tr(name), sign)
        if self.delimiter.findData(form.delimiter) < 0:
            self.delimiter.addItem(form.delimiter, form.delimiter)
        self.delimiter.setCurrentIndex(self.delimiter.findData(form.delimiter))

    def _on_entity_chosen(self) -> None:
        self.choose_entity(str(self.entity.currentData()))

    def _on_form_chosen(self) -> None:
        form = TextForm(encoding=self.encoding.currentData(), delimiter=self.delimiter.currentData())
        if self.choices.read is not None and form != self.choices.read.table.form:
            self.choices.form = form
            self._read()


class DropCard(Live, QWidget):
    """Where a file is dropped or chosen, what it is, and what is wrong with it."""

    chosen = Signal(object)
    """The `Path` of a file that was dropped."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._over = False
        self.setAcceptDrops(True)
        self.name = ElidedLabel(weight=600)
        self.line = Label(color="text-soft", wrap=True)
        self._icon = IconLabel("file", color="text-soft", size=20)
        self.button = Button(message("Choose a file…"))
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addWidget(self.name)
        words.addWidget(self.line)
        row = QHBoxLayout(self)
        row.setContentsMargins(16, 14, 16, 14)
        row.setSpacing(16)
        row.addWidget(self._icon)
        row.addLayout(words, 1)
        row.addWidget(self.button)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Maximum)
        self.say_file(None, None, 0)

    def say_file(self, path: Path | None, rows: int | None, columns: int) -> None:
        """Show which file it is and how much it holds; None for none yet."""
        self.line.set_color("text-soft")
        self._icon.show_icon("file", "text-soft")
        self.name.say(message("Drop a file here") if path is None else path.name)
        self.button.say(message("Choose a file…") if path is None else message("Another file…"))
        if path is None or rows is None:
            self.line.say(message("CSV, Excel, address cards (vCard) or JSON. Nothing is changed yet."))
        else:
            self.line.say(message("{rows}, columns: {columns}", rows=row_words(rows), columns=columns))

    def say_reading(self, path: Path) -> None:
        """Say that the file is being read."""
        self.say_file(path, None, 0)
        self.line.say(message("Reading…"))

    def say_wrong(self, problem: Message) -> None:
        """Say why the file cannot be used."""
        self._icon.show_icon("overdue", "bad")
        self.line.set_color("bad")
        self.line.say(problem)

    def retint(self) -> None:
        """Paint anew."""
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint surface and edge, the accent's while a file is held over it."""
        painter = QPainter(self)
        ground, edge = ("accent-soft", "accent") if self._over else ("surface", "line-strong")
        paint.rounded(painter, self.rect(), theme().color(ground), theme().color(edge), RADII["card"])
        painter.end()

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        """Take files."""
        if _file_in(event) is not None:
            event.acceptProposedAction()
            self._hover(True)

    def dragLeaveEvent(self, event: QDragLeaveEvent) -> None:
        """Let go."""
        self._hover(False)

    def dropEvent(self, event: QDropEvent) -> None:
        """Take the file."""
        self._hover(False)
        path = _file_in(event)
        if path is not None:
            event.setDropAction(Qt.DropAction.CopyAction)
            event.accept()
            self.chosen.emit(path)

    def _hover(self, over: bool) -> None:
        self._over = over
        self.update()


def _file_in(event: QDropEvent) -> Path | None:
    """Return the first file of this computer among what is dragged."""
    urls = event.mimeData().urls()
    return next((Path(url.toLocalFile()) for url in urls if url.isLocalFile()), None)
