"""Above the lines, what is to be known of a quote before it is sent.

That it does not add up, repeats another, has a price book that ended, or that other prices hold by now.
"""

from __future__ import annotations

from functools import partial

from PySide6.QtCore import Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QVBoxLayout, QWidget

from crm_core.entities import schema_of
from crm_core.i18n import N_, Message, message
from crm_core.money import Money
from crm_core.schema.values import DEFAULT_CURRENCY
from crm_desktop.services.quotes import QuoteView
from crm_desktop.ui.actions import ActionRegistry, ActionSpec
from crm_desktop.ui.format import figure, money
from crm_desktop.ui.quotes.steps import LABELS
from crm_desktop.ui.translate import Text, show
from crm_desktop.ui.widgets.info_bar import InfoBar
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.paint import Tone


class PriceBar(Live, QWidget):
    """Hidden where there is nothing to say. The x keeps the prices as they are."""

    settled = Signal(object, bool)
    """Ids of lines, and whether they take the new prices."""
    opened = Signal(str)
    """The id of a quote to be looked at."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view: QuoteView | None = None
        self._actions: list[QAction] = []
        self.offered = InfoBar("", icon="coin", action=message("Take"), closable=True)
        self.warning = InfoBar("", Tone.WARN)
        self.repeats = InfoBar("", Tone.WARN, action=message("Open it"))
        column = QVBoxLayout(self)
        column.setContentsMargins(24, 8, 24, 8)
        column.setSpacing(8)
        column.addWidget(self.warning)
        column.addWidget(self.repeats)
        column.addWidget(self.offered)
        self.offered.action_clicked.connect(lambda: self.settle(takes=True))
        self.repeats.action_clicked.connect(self._open_repeat)
        self.offered.closed.connect(lambda: self.settle(takes=False))
        self.hide()

    def show_view(self, view: QuoteView) -> None:
        """Show what there is to say of a quote."""
        self._view = view
        if view.offers:
            self.offered.say(_offered(view), Tone.INFO, action=message("Take"), icon="coin")
        warning = view.problem or view.book_warning
        if warning is not None:
            self.warning.say(warning, Tone.WARN)
        if view.repeats:
            self.repeats.say(_repeated(view), Tone.WARN, action=message("Open it"))
        self.offered.setVisible(bool(view.offers))
        self.warning.setVisible(warning is not None)
        self.repeats.setVisible(bool(view.repeats))
        self.setVisible(bool(view.offers or view.repeats) or warning is not None)
        for action in self._actions:
            action.setEnabled(bool(view.offers))

    def add_actions(self, actions: ActionRegistry, owner: QWidget) -> None:
        """Have the answers in the palette too, while there are other prices."""
        group = schema_of("quote").meta.plural
        for key, text, takes in (
            ("take", N_("Take the new prices"), True),
            ("keep", N_("Keep the prices as they are"), False),
        ):
            spec = ActionSpec(id=f"quotes.{key}-prices", text=text, group=group, icon="coin")
            action = actions.add(spec, partial(self.settle, takes=takes), owner)
            action.setEnabled(self._view is not None and bool(self._view.offers))
            self._actions.append(action)

    def _open_repeat(self) -> None:
        if self._view is not None and self._view.repeats:
            self.opened.emit(self._view.repeats[0].quote_id)

    def settle(self, *, takes: bool) -> None:
        """Take the new prices of all lines, or leave them all."""
        if self._view is not None and self._view.offers:
            self.settled.emit(tuple(self._view.offers), takes)

    def retranslate(self) -> None:
        """Say the prices as the language does."""
        if self._view is not None:
            self.show_view(self._view)


def _offered(view: QuoteView) -> Text:
    lines = [line for line in view.lines if line.id in view.offers]
    if len(lines) > 1:
        return message(
            "{count} lines have other prices by now. Enter takes them, Esc keeps those they have.",
            count=figure(len(lines)),
        )
    line, offer = lines[0], view.offers[lines[0].id]
    currency = view.quote.get("currency") or DEFAULT_CURRENCY
    old, new = (
        money(Money(minor or 0, currency), symbol=False, decimals=True)
        for minor in (line.get("unit_price"), offer.unit_price)
    )
    return message(
        "“{name}”: {old} → {new}. Enter takes it, Esc keeps the old one. {why}",
        name=line.get("description") or "",
        old=old,
        new=new,
        why="; ".join(show(reason) for reason in offer.why),
    )


def _repeated(view: QuoteView) -> Text:
    """Return which open quote offers the customer the same, and how many more do."""
    repeat, more = view.repeats[0], len(view.repeats) - 1
    names = {
        "number": repeat.number or message("Draft quote"),
        "state": Message(LABELS.get(repeat.state, repeat.state)),
        "products": ", ".join(repeat.products),
    }
    if more:
        return message(
            "Quote {number} ({state}) offers this customer the same: {products}. {count} more do.",
            **names,
            count=figure(more),
        )
    return message("Quote {number} ({state}) offers this customer the same: {products}.", **names)
