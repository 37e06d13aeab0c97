"""The prices of a book or of a product: looked through, edited in place, added, copied from another book."""

from __future__ import annotations

from PySide6.QtCore import Qt, QTimer
from PySide6.QtGui import QAction, QKeyEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QLineEdit,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.i18n import N_, Message, message, plural
from crm_core.schema.field import Plain
from crm_desktop.services import price_rows, records
from crm_desktop.services.price_rows import PriceRows
from crm_desktop.ui.actions import ActionRegistry, ActionSpec
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.format import figure
from crm_desktop.ui.forms.links import LinkEditor
from crm_desktop.ui.prices.price_model import KINDS, Col, PriceModel, read_cell
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.fields import Field
from crm_desktop.ui.widgets.labels import Heading, Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.rows import dress

PAUSE_MS = 150  # between a key and looking, so that quick typing asks once
_ROWS_SHOWN = 8
_WIDTHS = {Col.CODE: 120, Col.BOOK: 180, Col.LEAST: 110, Col.PRICE: 130, Col.FIRST: 110, Col.LAST: 110}


class PriceTable(Live, QWidget):
    """`of` is `price_book` or `product`: whose prices are shown."""

    def __init__(self, context: Context, of: str, record_id: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, self._record_id = context, record_id
        self._is_book = of == "price_book"
        self._own = "book_id" if self._is_book else "product_id"
        self._actions: list[QAction] = []
        self._read_last: PriceRows | None = None
        self.model = PriceModel(self)
        self.table = _Table(self.model)
        self.search = QLineEdit()
        self.count = Label("", step="caption", color="text-soft")
        other = "product_id" if self._is_book else "book_id"
        self.other = LinkEditor(context, SCHEMAS["price"].fields[other])
        self.least, self.price = QLineEdit("1"), QLineEdit()
        self.add_button = Button(message("Add the price"), icon="plus", small=True)
        self.source = LinkEditor(context, SCHEMAS["price"].fields["book_id"])
        self.copy_button = Button(message("Copy its prices"), small=True)
        self.import_button = Button(message("Import prices…"), icon="dl", small=True)
        self._adding = QWidget()
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self.read)
        self._lay_out()
        self._connect()
        self.retranslate()
        self.retint()
        self.read()

    def read(self) -> None:
        """Read the prices anew."""
        replica, text = self._context.replica, self.search.text()
        ids = {"book_id" if self._is_book else "product_id": self._record_id}
        self._context.tasks.read(
            self,
            lambda: price_rows.rows(replica, **ids, text=text),
            self._on_read,
            self._context.show_error,
            topic="prices",
        )

    def add(self) -> None:
        """Add the price that was typed; what is wrong with it is said under its field."""
        for field in (self._other_field, self._least_field, self._price_field):
            field.set_error("")
        other = self.other.record_id
        if other is None:
            self._other_field.set_error(message("This is required"))
            return
        currency = self._read_last.currency if self._read_last is not None else None
        values: dict[str, Plain] = {}
        for name, editor, field in (
            ("min_quantity", self.least, self._least_field),
            ("unit_price", self.price, self._price_field),
        ):
            try:
                values |= read_cell(name, editor.text(), currency)
            except UserError as error:
                field.set_error(error.message)
                return
        if values.get("unit_price") is None:
            self._price_field.set_error(message("This is required"))
            return
        values |= {self._own: self._record_id, self.other.field.name: other}
        replica = self._context.replica
        self._context.change(
            self, lambda: records.create(replica, "price", values), lambda _: self._on_added()
        )

    def copy(self) -> None:
        """Add the prices of another book to this one."""
        source, replica, target = self.source.record_id, self._context.replica, self._record_id
        if source is not None and source != target:
            self._context.change(
                self,
                lambda: price_rows.copy(replica, source, target),
                lambda copied: self._context.tell(
                    plural(
                        copied,
                        message("1 price copied"),
                        message("{count} prices copied", count=figure(copied)),
                    )
                ),
            )

    def bring_in(self) -> None:
        """Go to the import of prices; rows that name no book, or no product, are of this one."""
        options: dict[str, object] = {"entity": "price"}
        if self._read_last is not None and self._read_last.of:
            options["defaults"] = {self._own: self._read_last.of}
        self._context.go.emit(Place(page="import", options=options))

    def add_actions(self, actions: ActionRegistry, owner: QWidget) -> None:
        """Have the buttons in the palette and under keys, while the form they stand in is in front."""
        group = SCHEMAS["price"].meta.plural
        for key, text, icon, run in (
            ("add", N_("Add the price"), "plus", self.go_to_adding),
            ("copy", N_("Copy the prices of another book"), "", self.go_to_copying),
            ("import", N_("Import prices…"), "dl", self.bring_in),
        ):
            if key != "copy" or self._is_book:
                shortcut = "Ctrl+I" if key == "import" else ""
                spec = ActionSpec(id=f"price.{key}", text=text, group=group, icon=icon, shortcut=shortcut)
                self._actions.append(actions.add(spec, run, owner))
        self._allow()

    def go_to_adding(self) -> None:
        """Put the keyboard where the product, or the book, of another price is named."""
        self.other.setFocus()

    def go_to_copying(self) -> None:
        """Put the keyboard where the book to be copied is named."""
        self.source.setFocus()

    def retranslate(self) -> None:
        """Name what has no label of its own."""
        self.search.setPlaceholderText(tr("Code or name"))
        self.search.setAccessibleName(tr("Look for a product"))
        self.table.setAccessibleName(tr("Prices"))
        self._say_count()

    def retint(self) -> None:
        """Take widths from the theme."""
        for column, width in _WIDTHS.items():
            self.table.setColumnWidth(column, theme().px(width))
        self.search.setFixedWidth(theme().px(220))

    def _lay_out(self) -> None:
        self.table.horizontalHeader().setSectionResizeMode(Col.NAME, QHeaderView.ResizeMode.Stretch)
        hidden = (Col.BOOK,) if self._is_book else (Col.CODE, Col.NAME)
        for each in hidden:
            self.table.setColumnHidden(each, True)
        if not self._is_book:
            self.table.horizontalHeader().setSectionResizeMode(Col.BOOK, QHeaderView.ResizeMode.Stretch)
        head = QHBoxLayout()
        head.setSpacing(12)
        head.addWidget(Heading(message("Prices")))
        head.addWidget(self.count)
        head.addStretch(1)
        head.addWidget(self.search)
        head.addWidget(self.import_button)
        self.search.setVisible(self._is_book)
        words = message("Product") if self._is_book else message("Price book")
        self._other_field = Field(words, self.other, required=True)
        self._least_field = Field(message("From quantity"), self.least)
        self._price_field = Field(message("Unit price"), self.price, required=True)
        row = QHBoxLayout(self._adding)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(12)
        row.addWidget(self._other_field, 3)
        row.addWidget(self._least_field, 1)
        row.addWidget(self._price_field, 1)
        row.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignVCenter)
        self._copying = QWidget()
        copying = QHBoxLayout(self._copying)
        copying.setContentsMargins(0, 0, 0, 0)
        copying.setSpacing(12)
        copying.addWidget(Field(message("From the book"), self.source), 3)
        copying.addWidget(self.copy_button, 0, Qt.AlignmentFlag.AlignVCenter)
        copying.addStretch(2)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.table)
        column.addWidget(self._adding)
        column.addWidget(self._copying)
        for widget in (self._adding, self._copying, self.import_button):
            widget.hide()

    def _connect(self) -> None:
        self.search.textEdited.connect(lambda _text: self._pause.start())
        self.model.edited.connect(self._on_edited)
        self.model.refused.connect(self._context.show_error)
        self.table.delete_asked = self._delete
        self.add_button.clicked.connect(self.add)
        self.price.returnPressed.connect(self.add)
        self.copy_button.clicked.connect(self.copy)
        self.import_button.clicked.connect(self.bring_in)
        self._context.records_changed.connect(self._on_records_changed)

    def _on_read(self, read: PriceRows) -> None:
        self._read_last = read
        self.model.show_rows(read.rows, may_edit=read.may_edit)
        self._allow()
        header, row = theme().size("table-header"), self.table.verticalHeader().defaultSectionSize()
        self.table.setFixedHeight(header + row * max(1, min(len(read.rows), _ROWS_SHOWN)) + 2)
        self._say_count()

    def _allow(self) -> None:
        """Offer changes to whoever may make them."""
        may = self._read_last is not None and self._read_last.may_edit
        self._adding.setVisible(may)
        self._copying.setVisible(may and self._is_book)
        self.import_button.setVisible(may)
        for action in self._actions:
            action.setEnabled(may)

    def _say_count(self) -> None:
        if self._read_last is None:
            return
        shown, count = len(self._read_last.rows), self._read_last.count
        words: Message = plural(count, message("1 price"), message("{count} prices", count=figure(count)))
        if shown < count:
            words = message("{shown} of {count} prices", shown=figure(shown), count=figure(count))
        self.count.say(words if count else message("No prices yet: add one below, or import a list."))

    def _on_added(self) -> None:
        self.other.link(None, "")
        self.least.setText("1")
        self.price.clear()
        self.other.setFocus()

    def _on_edited(self, price_id: str, changes: dict[str, Plain]) -> None:
        replica = self._context.replica
        self._context.change(self, lambda: records.update(replica, "price", price_id, changes))

    def _delete(self, row: int) -> None:
        if not self.model.may_edit or not 0 <= row < len(self.model.rows):
            return
        replica, price_id = self._context.replica, self.model.rows[row].record.id
        self._context.change(
            self,
            lambda: records.delete(replica, "price", price_id),
            told=message("Price deleted"),
            undo=lambda: records.restore(replica, "price", price_id),
        )

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if any(entity in ("price", "product", "price_book") for entity, _ in changed):
            self._pause.start()


class _Table(QTableView):
    """Del asks for a row to go."""

    def __init__(self, model: PriceModel) -> None:
        super().__init__()
        self.setModel(model)
        dress(self, [KINDS[column] for column in Col])
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        triggers = QAbstractItemView.EditTrigger
        self.setEditTriggers(triggers.AnyKeyPressed | triggers.EditKeyPressed | triggers.DoubleClicked)
        self.delete_asked = lambda _row: None

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take Del; everything else is the table's own."""
        if event.key() == Qt.Key.Key_Delete and self.state() is not QAbstractItemView.State.EditingState:
            self.delete_asked(self.currentIndex().row())
            return
        super().keyPressEvent(event)
