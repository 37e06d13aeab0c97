"""Above the lines: number and saving, the fields of the quote, and its state with the next step."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any

from PySide6.QtCore import QDate, QSignalBlocker, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.i18n import message, plural
from crm_desktop.services.quotes import QuoteView
from crm_desktop.ui.context import Context
from crm_desktop.ui.format import NOTHING, clock, figure, short_date
from crm_desktop.ui.forms.editors import QuietCombo
from crm_desktop.ui.forms.links import LinkEditor
from crm_desktop.ui.quotes.going_out import WAYS
from crm_desktop.ui.quotes.steps import StateSteps
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.chips import Chip, ChipLook
from crm_desktop.ui.widgets.fields import DateField, Field
from crm_desktop.ui.widgets.flow import FlowLayout
from crm_desktop.ui.widgets.glyphs import Glyph, GlyphLabel
from crm_desktop.ui.widgets.labels import ElidedLabel, Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.menus import Menu


class TitleRow(Live, QWidget):
    """Number, what kind of number it is, whether it was sent, when it was saved, what to do next."""

    step_asked = Signal(str)
    """The state to go to."""
    preview_asked = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.title = ElidedLabel("", step="title")
        self.kind = Chip("", look=ChipLook.OUTLINED)
        self.not_sent = GlyphLabel(Glyph.NOT_SENT, color="text-soft")
        self.saved = Label("", color="text-soft", step="caption")
        self.preview = Button(message("Preview"), icon="eye", hint="Ctrl+P")
        self.decline = Button(message("Mark as declined"))
        self.next = Button(message("Mark as sent"), Kind.PRIMARY)
        self._state = ""
        row = QHBoxLayout(self)
        keep_margins(row, PAGE_MARGIN, 12, PAGE_MARGIN, 8)
        row.setSpacing(12)
        row.addWidget(self.title, 1)
        for widget in (self.kind, self.not_sent):
            row.addWidget(widget)
        row.addStretch(1000)
        for further in (self.saved, self.preview, self.decline, self.next):
            row.addWidget(further)
        self.preview.clicked.connect(self.preview_asked)
        self.decline.clicked.connect(lambda: self.step_asked.emit("declined"))
        self.next.clicked.connect(self._on_next_clicked)

    def show_view(self, view: QuoteView, *, may_edit: bool) -> None:
        """Show a quote's number and the step it can take."""
        self._state = view.state
        number = view.quote.get("number")
        self.title.say(str(number) if number else message("Draft quote"))
        self.title.setMinimumWidth(min(self.title.sizeHint().width(), theme().px(220)))
        self.kind.say(message("Draft number") if view.draft_number else message("Final number"))
        self.not_sent.setVisible(view.not_sent)
        changed = view.quote.get("updated_at")
        if isinstance(changed, int):
            self.saved.say(_saved(changed))
        answered = may_edit and self._state in ("sent", "expired")
        self.next.setVisible(answered or (may_edit and self._state == "draft"))
        self.next.setEnabled(bool(view.lines))
        self.next.say(message("Mark as sent") if self._state == "draft" else message("Mark as accepted"))
        self.decline.setVisible(answered)

    def say_saved(self, at: datetime) -> None:
        """Say that everything typed is in the replica."""
        self.saved.say(message("Saved {time}", time=clock(at)))

    def ask_first(self, *, asks: bool) -> None:
        """Say that sending the draft asks for approval, or that it does not."""
        if self._state == "draft":
            self.next.say(message("Ask for approval") if asks else message("Mark as sent"))

    def _on_next_clicked(self) -> None:
        self.step_asked.emit("sent" if self._state == "draft" else "accepted")


class FieldsRow(Live, QWidget):
    """Customer, contact, price book and validity: fields while it is a draft, then text."""

    edited = Signal(object)
    """Changes of the quote to save."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        fields = SCHEMAS["quote"].fields
        self.customer = LinkEditor(context, fields["customer_id"])
        self.contact = QuietCombo()
        self.book = QuietCombo()
        self.valid = DateField()
        self._view: QuoteView | None = None
        editors = (
            Field(message("Customer"), self.customer, required=True),
            Field(message("Contact"), self.contact),
            Field(message("Price book"), self.book),
            Field(message("Valid until"), self.valid, required=True),
        )
        self.book_field = editors[2]
        self._texts = [ElidedLabel("") for _ in editors]
        names = ("Customer", "Contact", "Price book", "Valid until")
        self._edited = _row(list(editors))
        facts = [_fact(message(name), text) for name, text in zip(names, self._texts, strict=True)]
        self._said = _row(facts)  # of a quote that was sent; lower than the editors
        self._said.hide()
        row = QVBoxLayout(self)
        keep_margins(row, PAGE_MARGIN, 0, PAGE_MARGIN, 12)
        row.addWidget(self._edited)
        row.addWidget(self._said)
        for combo in (self.contact, self.book):
            combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
            combo.setMinimumContentsLength(6)
        self.customer.edited.connect(self._on_customer_edited)
        self.contact.activated.connect(self._on_contact_chosen)
        self.book.activated.connect(self._on_book_chosen)
        self.valid.dateChanged.connect(self._on_valid_changed)

    def show_view(self, view: QuoteView) -> None:
        """Show a quote's fields, leaving alone the one being typed in."""
        self._view = view
        quote = view.quote
        if not self.customer.hasFocus():
            self.customer.link(quote.get("customer_id"), view.customer_name)
        self._show_contacts(view)
        self._show_books(view)
        valid = QDate.fromString(str(quote.get("valid_until") or ""), "yyyy-MM-dd")
        if valid.isValid() and not self.valid.hasFocus():
            with QSignalBlocker(self.valid):
                self.valid.setDate(valid)
        contact = next((c for c in view.contacts if c.id == quote.get("contact_id")), None)
        words = (
            view.customer_name,
            _person(contact.values) if contact else NOTHING,
            str(quote.get("price_book") or NOTHING),
            str(quote.get("valid_until") or NOTHING),
        )
        for label, text in zip(self._texts, words, strict=True):
            label.say(text)
        self._edited.setVisible(view.editable)
        self._said.setVisible(not view.editable)

    def retranslate(self) -> None:
        """Name contacts and books in the language on screen."""
        if self._view is not None:
            self._show_contacts(self._view)
            self._show_books(self._view)

    def _show_contacts(self, view: QuoteView) -> None:
        with QSignalBlocker(self.contact):
            self.contact.clear()
            self.contact.addItem(tr("Nobody in particular"), None)
            for contact in view.contacts:
                self.contact.addItem(_person(contact.values), contact.id)
            self.contact.setCurrentIndex(max(0, self.contact.findData(view.quote.get("contact_id"))))

    def _show_books(self, view: QuoteView) -> None:
        """Offer the books in use; first the one that holds by itself, where none is chosen."""
        chosen = view.quote.get("price_book_id")
        by_itself = view.book.title if view.book is not None and not chosen else None
        with QSignalBlocker(self.book):
            self.book.clear()
            self.book.addItem(
                tr("Automatic: {book}", book=show(by_itself)) if by_itself is not None else tr("Automatic"),
                None,
            )
            for book in view.books:
                self.book.addItem(show(book.title), book.id)
            place = self.book.findData(chosen) if chosen else 0
            if place < 0:  # out of use by now, or not on this laptop
                self.book.addItem(str(view.quote.get("price_book") or NOTHING), chosen)
                place = self.book.count() - 1
            self.book.setCurrentIndex(place)
        if view.prices_as_of_ms is None:
            self.book_field.set_hint("")
            return
        day = datetime.fromtimestamp(view.prices_as_of_ms / 1000).astimezone().date()
        age = (datetime.now().astimezone().date() - day).days
        self.book_field.set_hint(
            plural(
                age,
                message("Prices as of {date}, 1 day old", date=short_date(day)),
                message("Prices as of {date}, {days} days old", date=short_date(day), days=figure(age)),
            )
            if age > 0
            else message("Prices as of {date}", date=short_date(day))
        )

    def _on_customer_edited(self) -> None:
        chosen = self.customer.record_id
        if self._view is None or chosen is None or chosen == self._view.quote.get("customer_id"):
            return
        self.edited.emit({"customer_id": chosen, "contact_id": None})

    def _on_contact_chosen(self, place: int) -> None:
        chosen = self.contact.itemData(place)
        if self._view is not None and chosen != self._view.quote.get("contact_id"):
            self.edited.emit({"contact_id": chosen})

    def _on_book_chosen(self, place: int) -> None:
        chosen = self.book.itemData(place)
        if self._view is not None and chosen != self._view.quote.get("price_book_id"):
            self.edited.emit({"price_book_id": chosen})

    def _on_valid_changed(self, day: QDate) -> None:
        self.edited.emit({"valid_until": day.toString("yyyy-MM-dd")})


class StateBar(Live, QWidget):
    """Where the quote stands, and the way to a further one like it."""

    copy_asked = Signal()
    revision_asked = Signal()
    order_asked = Signal()
    contract_asked = Signal()
    way_asked = Signal(str)
    """What is to be done with a quote that went out, by its name in `WAYS`."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.steps = StateSteps()
        self.remark = ElidedLabel("", color="text-soft", step="caption")
        self.copy = Button(message("Copy as new draft"), icon="file", small=True)
        line = QWidget()
        row = FlowLayout(line, gap=12, line_gap=8)
        row.addWidget(self.steps)
        column = QVBoxLayout(self)
        keep_margins(column, PAGE_MARGIN, 7, PAGE_MARGIN, 7)
        column.setSpacing(4)
        column.addWidget(line)
        column.addWidget(self.remark)
        self.revise = Button(message("New version"), icon="pen", small=True)
        self.make = Button(message("Make…"), icon="plus", small=True)
        menu = Menu(self)
        self.order, self.contract = menu.add("", "box"), menu.add("", "file")
        self.make.setMenu(menu)
        self.out = Button(message("Send or sign…"), icon="mail", small=True)
        ways = Menu(self)
        self.ways = {name: ways.add("", icon) for name, _text, icon in WAYS}
        self.out.setMenu(ways)
        for button in (self.out, self.make, self.revise, self.copy):
            row.addWidget(button)
        for action, asked in (
            (self.order, self.order_asked),
            (self.contract, self.contract_asked),
        ):
            action.triggered.connect(lambda _checked=False, asked=asked: asked.emit())
        for name, way in self.ways.items():
            way.triggered.connect(lambda _checked=False, name=name: self.way_asked.emit(name))
        self.offer(())
        self.revise.clicked.connect(self.revision_asked)
        self.copy.clicked.connect(self.copy_asked)
        self.retranslate()

    def show_view(self, view: QuoteView, *, may_create: bool, makes: Collection[str] = ()) -> None:
        """Show a quote's state. `makes`: kinds of record the person may make of it."""
        state = view.state
        has_lines = bool(view.lines)
        self.order.setVisible("order" in makes and has_lines and state in ("sent", "accepted", "expired"))
        self.contract.setVisible("contract" in makes and has_lines and state != "declined")
        self.make.setVisible(self.order.isVisible() or self.contract.isVisible())
        self.steps.show_state(state)
        remark: Text = ""
        if state == "waiting":
            remark = message("It waits for approval; withdraw that to change it.")
        elif state == "expired":
            remark = message("Its last day is over; send a new version, or take a late answer.")
        elif state != "draft":
            remark = message("What was sent stays as it is; a new version can be changed.")
        elif int(view.quote.get("version") or 1) > 1:
            number = view.quote["version"]
            remark = message("Version {number}; what was sent before is under Versions.", number=number)
        elif not view.editable:
            remark = message("You may look at this quote but not change it.")
        self.remark.say(remark)
        self.remark.setVisible(bool(remark))
        self.copy.setVisible(may_create)
        self.revise.setVisible(may_create and state in ("sent", "declined", "expired"))

    def retranslate(self) -> None:
        """Name what can be made and done in the language on screen."""
        self.order.setText(tr("Make order"))
        self.contract.setText(tr("Make contract"))
        for name, text, _icon in WAYS:
            self.ways[name].setText(tr(text))

    def offer(self, names: Collection[str]) -> None:
        """Offer what may be done with a quote that went out, by the names in `WAYS`."""
        for name, way in self.ways.items():
            way.setVisible(name in names)
        self.out.setVisible(bool(names))


def _row(widgets: list[QWidget]) -> QWidget:
    holder = QWidget()
    row = QHBoxLayout(holder)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(16)
    for widget, share in zip(widgets, (12, 9, 8, 8), strict=True):
        row.addWidget(widget, share)
    return holder


def _fact(name: Text, value: Label) -> QWidget:
    holder = QWidget()
    column = QVBoxLayout(holder)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(4)
    column.addWidget(Label(name, step="caption", color="text-soft"))
    column.addWidget(value)
    column.addStretch(1)
    return holder


def _person(values: Mapping[str, Any]) -> str:
    name, title = str(values.get("name") or ""), str(values.get("title") or "")
    return tr("{name}, {title}", name=name, title=title) if name and title else name or title


def _saved(at_ms: int) -> Text:
    moment = datetime.fromtimestamp(at_ms / 1000).astimezone()
    if moment.date() == datetime.now().astimezone().date():
        return message("Saved {time}", time=clock(moment))
    return message("Saved {time}", time=short_date(moment.date()))
