"""The facts of a customer in reading mode; E or a double click turns them into a form."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QMouseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QScrollArea,
    QSizePolicy,
    QStackedLayout,
    QVBoxLayout,
    QWidget,
)

from crm_core.i18n import Message, message
from crm_core.schema.field import Kind
from crm_desktop.services.customers import Overview
from crm_desktop.services.lists import ShownField
from crm_desktop.services.other_versions import OtherVersion
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.field_texts import field_text, words_of
from crm_desktop.ui.forms.other_versions import version_words
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.buttons import Kind as ButtonKind
from crm_desktop.ui.widgets.chips import LevelBadge, Tag
from crm_desktop.ui.widgets.clearing import clear
from crm_desktop.ui.widgets.fields import Fact, breakable, line_up
from crm_desktop.ui.widgets.flow import FlowLayout
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins

_PLACE = ("territory_id", "province", "city")
_ELSEWHERE = frozenset(("name", "owner_id", "parent_id", "tags", "level", *_PLACE))
_ONE_WORD = frozenset((Kind.EMAIL, Kind.URL, Kind.PHONE))  # no space to break at
_LEAST_LABEL, _MOST_LABEL = 56, 72
_LEAST_LINK, _LINK_MARGIN = 60, 8
_UNSHOWN = frozenset((Kind.JSON, Kind.POSITION, Kind.CURRENCY))


class FactsPane(Live, QWidget):
    """Facts, or the form they are changed in."""

    edited = Signal()
    """The form was saved."""

    def __init__(self, context: Context, actions: ActionRegistry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context, self._actions = context, actions
        self._overview: Overview | None = None
        self._fields: tuple[ShownField, ...] = ()
        self._facts: list[Fact] = []
        self._kept: dict[tuple[str, bool], Fact] = {}
        """By field and whether it is one word; for the next customer, as making takes longer than filling."""
        self.form: RecordForm | None = None
        self.edit_button = Button(message("Edit"), ButtonKind.LINK, hint="E", weight=400)
        self.edit_button.clicked.connect(lambda: self.edit())
        self._body = QVBoxLayout()
        self._body.setSpacing(7)
        self._scroll = QScrollArea()
        self._stack = QStackedLayout(self)
        self._stack.addWidget(self._scroll)
        inner = QWidget()
        column = QVBoxLayout(inner)
        keep_margins(column, PAGE_MARGIN, L, L, L)
        column.setSpacing(8)
        head = QHBoxLayout()
        head.addWidget(Label(message("Facts"), weight=600))
        head.addStretch(1)
        head.addWidget(self.edit_button)
        column.addLayout(head)
        column.addLayout(self._body)
        column.addStretch(1)
        self._scroll.setWidget(inner)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    @property
    def editing(self) -> bool:
        """Whether the form is open."""
        return self.form is not None

    def leave(self) -> bool:
        """Return whether the pane may go: its form asks where something is not saved."""
        return self.form is None or self.form.leave()

    def show_overview(self, overview: Overview, fields: tuple[ShownField, ...]) -> None:
        """Show a customer."""
        other = self._overview is None or self._overview.customer.id != overview.customer.id
        if other and self.form is not None:
            self._close_form()
        self._overview, self._fields = overview, fields
        self.edit_button.setVisible(overview.customer.alive and any(shown.writable for shown in fields))
        self._fill()

    def edit(self, name: str | None = None) -> None:
        """Turn the facts into a form, with the focus in a field."""
        if self._overview is None or self.form is not None or not self.edit_button.isVisibleTo(self):
            return
        form = RecordForm(self._context, self._actions, "customer", self._overview.customer.id, narrow=True)
        form.closed.connect(self._close_form)
        form.saved.connect(lambda _record: self.edited.emit())
        if name is not None:
            form.loaded.connect(lambda: form.focus_field(name))
        self.form = form
        self._stack.addWidget(form)
        self._stack.setCurrentWidget(form)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Edit the fact under the mouse."""
        widget = self.childAt(event.position().toPoint())
        while widget is not None and widget is not self:
            name = widget.property("field")
            if name:
                self.edit(str(name))
                return
            widget = widget.parentWidget()
        super().mouseDoubleClickEvent(event)

    def retranslate(self) -> None:
        """Write the facts in the language on screen."""
        self.setAccessibleName(tr("Facts"))
        self._fill()

    def _close_form(self) -> None:
        if self.form is None:
            return
        self._stack.removeWidget(self.form)
        self.form.hide()
        self.form.deleteLater()
        self.form = None
        self._stack.setCurrentWidget(self._scroll)
        self.edit_button.setFocus()

    def _fill(self) -> None:
        self._take_out()
        overview = self._overview
        if overview is None:
            return
        customer = overview.customer
        by_name = {shown.field.name: shown.field for shown in self._fields}
        if customer.get("level") and "level" in by_name:
            self._add("level", Message(by_name["level"].label), self._level(str(customer.get("level"))))
        for name, field in by_name.items():
            if name in _ELSEWHERE or field.kind in _UNSHOWN:
                continue
            words = field_text(field, customer.values, overview.titles)
            if words:
                self._say(name, Message(field.label), words, one_word=field.kind in _ONE_WORD)
            if name == "status":
                self._add_place(by_name)
        tags = customer.get("tags") or []
        if tags:
            self._add("tags", message("Tags"), _tags([str(tag) for tag in tags]))
        if overview.parent is not None or overview.subsidiaries:
            self._body.addSpacing(12)
            self._body.addWidget(Label(message("Relations"), weight=600))
        if overview.parent is not None:
            self._line(Fact(message("Part of"), self._link(*overview.parent)))
        for place, (record_id, title) in enumerate(overview.subsidiaries):
            label = message("Has parts") if place == 0 else ""
            self._line(Fact(label, self._link(record_id, title)))
        for version in overview.others:
            self._line(Fact(Message(version.label), self._other(version)))
        if overview.twins:
            self._body.addSpacing(12)
            self._body.addWidget(Label(message("Possible duplicates"), weight=600))
        for twin in overview.twins:
            self._line(Fact(Message(twin.label), self._link(twin.record_id, twin.title)))
        line_up(self._facts, least=_LEAST_LABEL, most=_MOST_LABEL)
        shown = set(self._facts)
        for fact in self._kept.values():
            fact.setVisible(fact in shown)

    def _take_out(self) -> None:
        """Empty the layout; what is kept for the next customer only leaves its place."""
        kept: set[QWidget] = set(self._kept.values())
        for place in reversed(range(self._body.count())):
            item = self._body.itemAt(place)
            if item is not None and item.widget() in kept:
                self._body.takeAt(place)
        clear(self._body)
        self._facts = []

    def _say(self, name: str, label: Message, words: str, *, one_word: bool = False) -> None:
        """Show a fact in words."""
        fact = self._kept.get((name, one_word))
        if fact is None:
            fact = Fact(label, _one_word(words) if one_word else words)
            fact.setProperty("field", name)
            self._kept[name, one_word] = fact
        fact.label.say(label)
        if one_word:
            _say_one_word(fact.value, words)
            fact.retranslate()
        else:
            fact.say(words)
        self._line(fact)

    def _add(self, name: str, label: Message, value: QWidget) -> None:
        fact = Fact(label, value)
        fact.setProperty("field", name)
        self._line(fact)

    def _line(self, fact: Fact) -> None:
        self._facts.append(fact)
        self._body.addWidget(fact)

    def _add_place(self, by_name: dict[str, object]) -> None:
        overview = self._overview
        assert overview is not None
        parts = []
        for name in _PLACE:
            words = overview.titles.get(name) if name == "territory_id" else words_of(overview.customer, name)
            if words and name in by_name:
                parts.append(str(words))
        if parts:
            self._say("city", message("Region"), " · ".join(parts))

    def _level(self, letter: str) -> QWidget:
        field = next(shown.field for shown in self._fields if shown.field.name == "level")
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(LevelBadge(letter))
        words = tr(field.choice_label(letter))
        row.addWidget(Label(words.removeprefix(f"{letter} · ")))
        row.addStretch(1)
        holder.setAccessibleName(words)
        return holder

    def _other(self, version: OtherVersion) -> QWidget:
        """Return the button that opens the form where another version of a text is compared."""
        button = _ShortLink(version_words(version))
        button.clicked.connect(lambda: self.edit(version.field))
        return button

    def _link(self, record_id: str, title: str) -> QWidget:
        button = _ShortLink(title)
        button.clicked.connect(lambda: self._context.go.emit(Place(page="customers", record_id=record_id)))
        return button


class _ShortLink(Button):
    """A link that ends in "…" where the pane is too narrow for it; the whole of it is then its tooltip."""

    def __init__(self, text: Text, parent: QWidget | None = None) -> None:
        self._whole = text
        super().__init__(text, ButtonKind.LINK, weight=400, parent=parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def minimumSizeHint(self) -> QSize:
        """Leave room for a few letters."""
        return QSize(theme().px(_LEAST_LINK), super().minimumSizeHint().height())

    def sizeHint(self) -> QSize:
        """Ask for room for the whole text."""
        room = self.fontMetrics().horizontalAdvance(show(self._whole)) + theme().px(_LINK_MARGIN)
        return QSize(room, super().sizeHint().height())

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Cut the text where it does not fit."""
        super().resizeEvent(event)
        self.retranslate()

    def retranslate(self) -> None:
        """Set as much of the text as there is room for."""
        super().retranslate()
        whole, room = show(self._whole), self.width() - theme().px(_LINK_MARGIN)
        cut = self.fontMetrics().elidedText(whole, Qt.TextElideMode.ElideRight, max(room, 0))
        self.setText(cut)
        self.setToolTip(whole if cut != whole else "")
        self.setAccessibleName(whole)


def _one_word(words: str) -> Label:
    """Return an address as it is said aloud, in as many lines as it needs."""
    label = Label(wrap=True)
    _say_one_word(label, words)
    return label


def _say_one_word(label: QWidget, words: str) -> None:
    assert isinstance(label, Label)
    label.say(breakable(words.removeprefix("https://").removesuffix("/")))
    label.setToolTip(words)
    label.setAccessibleName(words)


def _tags(words: list[str]) -> QWidget:
    holder = QWidget()
    flow = FlowLayout(holder, gap=6, line_gap=4)
    for word in words:
        flow.addWidget(Tag(word))
    policy = holder.sizePolicy()
    policy.setHorizontalPolicy(policy.Policy.Expanding)
    policy.setHeightForWidth(True)
    holder.setSizePolicy(policy)
    holder.setAccessibleName(", ".join(words))
    return holder
