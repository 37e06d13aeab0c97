"""What became of a forecast's deals in the last seven days."""

from __future__ import annotations

from crm_core.i18n import Message, message, plural
from crm_core.rules.forecast import Change
from crm_desktop.services.forecast_changes import Changed, ChangedDeal
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.forecast.words import CHANGES, signed
from crm_desktop.ui.format import figure
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L, M
from crm_desktop.ui.widgets.cards import Card, InfoRow
from crm_desktop.ui.widgets.clearing import clear
from crm_desktop.ui.widgets.labels import Label

SHOWN = 8
_COUNTED = (
    Change.NEW,
    Change.MOVED_IN,
    Change.MOVED_OUT,
    Change.GREW,
    Change.SHRANK,
    Change.WON,
    Change.LOST,
)


class ChangesCard(Card):
    """The largest changes; each row opens its deal."""

    def __init__(self, context: Context) -> None:
        super().__init__(message("What changed in the last 7 days"), flush=True)
        self._context = context
        self._shown: Changed | None = None
        self.rows: list[InfoRow] = []

    def show_changes(self, changed: Changed) -> None:
        """Show what changed."""
        self._shown = changed
        self._show()

    def retranslate(self) -> None:
        """Write everything in the language on screen."""
        super().retranslate()
        if getattr(self, "_shown", None) is not None:
            self._show()

    def _show(self) -> None:
        changed = self._shown
        assert changed is not None
        clear(self.body)
        self.rows = []
        if not changed.deals:
            nothing = Label(message("Nothing changed for this period."), color="text-soft", wrap=True)
            nothing.setContentsMargins(theme().px(L), theme().px(M), theme().px(L), theme().px(L))
            self.body.addWidget(nothing)
            self.body.addStretch(1)
            return
        shown = sorted(changed.deals, key=lambda each: (-abs(each.amount), each.name, each.deal_id))[:SHOWN]
        for each in shown:
            amount = Label(self._signed(each, changed.currency))
            last = each is shown[-1] and len(changed.deals) <= SHOWN
            row = InfoRow(each.name, message(CHANGES[each.change]), right=amount, lined=not last)
            row.opened.connect(lambda each=each: self._open(each))
            self.body.addWidget(row)
            self.rows.append(row)
        left = len(changed.deals) - len(shown)
        if left:
            more = plural(left, message("1 more"), message("{count} more", count=figure(left)))
            label = Label(more, color="text-soft", step="caption", wrap=True)
            label.setContentsMargins(theme().px(L), theme().px(M), theme().px(L), theme().px(M))
            self.body.addWidget(label)
        self.body.addStretch(1)
        self.set_remark(self._sums(changed))

    def _signed(self, each: ChangedDeal, currency: str) -> str:
        sign = -1 if each.change is Change.LOST else 1
        return signed(sign * each.amount, currency)

    def _sums(self, changed: Changed) -> Message:
        counts = {change: len(changed.of(change)) for change in _COUNTED}
        parts = [
            message("{change} {count}", change=message(CHANGES[change]), count=figure(count))
            for change, count in counts.items()
            if count
        ]
        said = parts[0]
        for more in parts[1:]:
            said = message("{first} · {second}", first=said, second=more)
        return said

    def _open(self, each: ChangedDeal) -> None:
        self._context.go.emit(Place(page="pipeline", record_id=each.deal_id))
