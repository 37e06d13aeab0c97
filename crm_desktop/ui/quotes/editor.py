"""One quote: what is typed shows and counts at once, and is saved behind it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QHBoxLayout,
    QSizePolicy,
    QSplitter,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from crm_core.errors import CrmError, UserError
from crm_core.i18n import N_, Message, message, plural
from crm_core.rules.access import Action as Right
from crm_core.schema.field import Plain
from crm_desktop.documents import sent_file
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import contracts, orders, quote_versions, quotes, records, rights
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.quotes import QuoteView
from crm_desktop.ui.actions import ActionRegistry, ActionSpec
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.files.panel import FilesPanel
from crm_desktop.ui.format import figure
from crm_desktop.ui.quotes.approval_bar import FOLLOWED, ApprovalBar
from crm_desktop.ui.quotes.entry import EntryLine
from crm_desktop.ui.quotes.going_out import GoingOut, ways_of
from crm_desktop.ui.quotes.grid import LineGrid
from crm_desktop.ui.quotes.hairline import Hairline
from crm_desktop.ui.quotes.header import FieldsRow, StateBar, TitleRow
from crm_desktop.ui.quotes.line_work import LineWork
from crm_desktop.ui.quotes.lines import Col, QuoteLines
from crm_desktop.ui.quotes.outgoing_bar import OutgoingBar
from crm_desktop.ui.quotes.preview import PreviewPane
from crm_desktop.ui.quotes.price_bar import PriceBar
from crm_desktop.ui.quotes.saving import Saving
from crm_desktop.ui.quotes.terms import TermsRow
from crm_desktop.ui.quotes.totals_block import TotalsBlock
from crm_desktop.ui.settling import Settling
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.scrolling import UprightArea

NARROW_BELOW = 1130  # px of its own before the font scale: narrower, one of the two is shown
_PREVIEW = 440
_FOLLOWED = frozenset(
    ("quote_line", "quote_group", "contact", "customer", "price", "price_book", "exchange_rate")
)


class QuoteEditor(Live, QWidget):
    """The editor and its preview. `show_quote` names the quote; everything is read off the main thread."""

    shown = Signal(str)
    """The id of the quote that is now on screen."""

    def __init__(self, context: Context, actions: ActionRegistry, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self._quote_id: str | None = None
        self._view: QuoteView | None = None
        self.select_after: str | None = None
        self.lines = QuoteLines(self)
        self.title = TitleRow()
        self.fields = FieldsRow(context)
        self.states = StateBar()
        self.prices = PriceBar()
        self.approval = ApprovalBar(context)
        self.outgoing = OutgoingBar(context)
        self.grid = LineGrid(self.lines, actions)
        self.entry = EntryLine(context)
        self.terms = TermsRow()
        self.totals = TotalsBlock()
        self.files = FilesPanel(context, "quote", compact_rows=2)
        self.preview = PreviewPane(context)
        self.missing = EmptyState("doc", message("This quote is not on this laptop"))
        self._changes = Settling(self)
        self._saving = Saving(context, self, self._changes)
        self._changes.due.connect(self._read)
        self._narrow = False
        self._wants_preview = True
        self._lay_out()
        self._listen()
        self.going_out = GoingOut(
            context, "quote", self._stack, lambda: str(self.preview.language.currentData()), actions, self
        )
        self.states.way_asked.connect(self.going_out.go)
        self.going_out.kept.connect(lambda: self.preview.refresh(now=True))
        group = N_("Quotes")
        actions.add(
            ActionSpec(
                id="quotes.preview", text=N_("Preview of the PDF"), group=group, icon="eye", shortcut="Ctrl+P"
            ),
            self.go_to_preview,
            self,
        )
        actions.add(
            ActionSpec(
                id="quotes.pane", text=N_("Show or hide the preview"), group=group, icon="pane", shortcut="F4"
            ),
            self.toggle_preview,
            self,
        )
        self.prices.add_actions(actions, self)
        self.retranslate()
        self.retint()

    @property
    def replica(self) -> Replica:
        """The database."""
        return self.context.replica

    @property
    def quote_id(self) -> str | None:
        """The quote asked for."""
        return self._quote_id

    @property
    def view(self) -> QuoteView | None:
        """The quote as it was read last."""
        return self._view

    @property
    def saving(self) -> int:
        """How many changes are not in the replica yet."""
        return self._saving.under_way

    def show_quote(self, quote_id: str) -> None:
        """Show a quote; the fields appear when it is read."""
        if quote_id != self._quote_id:
            self._quote_id = quote_id
            self._view = None
            self.going_out.close()
            self.entry.show_quote(quote_id)
            self.work.forget_alternative()
            self._stack.setCurrentWidget(self._blank)
        self._read()
        self.files.show_record(quote_id)
        self.preview.show_quote(quote_id)

    def refresh(self) -> None:
        """Read the quote anew."""
        self._read()

    def go_to_preview(self) -> None:
        """Bring the preview in sight with the focus on printing."""
        self._wants_preview = True
        self._place_panes()
        self.preview.print.setFocus(Qt.FocusReason.ShortcutFocusReason)

    def toggle_preview(self) -> None:
        """Show or hide the preview."""
        self._wants_preview = not self.preview.isVisible()
        self._place_panes()
        if not self._wants_preview:
            self.entry.focus()

    def retranslate(self) -> None:
        """Name what has no label of its own."""
        self.setAccessibleName(tr("Quote"))

    def resizeEvent(self, event: object) -> None:
        """Give the preview the editor's place where there is no room for both."""
        super().resizeEvent(event)
        narrow = self.width() < theme().px(NARROW_BELOW)
        if narrow != self._narrow:
            self._narrow = narrow
            self._wants_preview = not narrow
            self._place_panes()

    def _lay_out(self) -> None:
        self._keys = Label(
            message("Enter adds a line · Ctrl+D duplicates · Alt+↑↓ moves · Del deletes · Alt+G groups"),
            color="text-soft",
            step="caption",
            wrap=True,
        )
        left = QVBoxLayout()
        left.setSpacing(16)
        left.addWidget(self.terms)
        left.addWidget(self._keys)
        left.addStretch(1)
        foot = QHBoxLayout()
        keep_margins(foot, PAGE_MARGIN, 16, PAGE_MARGIN, 12)
        foot.setSpacing(24)
        foot.addLayout(left, 1)
        foot.addWidget(self.totals, 0, Qt.AlignmentFlag.AlignTop)
        # From the outside in: what is put into its place afterwards is dressed anew with all it holds.
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        self._splitter = QSplitter(Qt.Orientation.Horizontal, self)
        row.addWidget(self._splitter)
        self._stack = QStackedWidget()
        self._splitter.addWidget(self._stack)
        self._blank = QWidget()
        self._sheet = QWidget()
        self._scroll = UprightArea(self._sheet)
        for widget in (self._blank, self._scroll, self.missing):
            self._stack.addWidget(widget)
        column = QVBoxLayout(self._sheet)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        parts = (self.title, self.fields, Hairline(), self.states, Hairline(), self.prices, self.approval)
        for part in (*parts, self.outgoing):
            column.addWidget(part)
        column.addWidget(self.grid, 1000)
        column.addWidget(self.entry)
        column.addLayout(foot)
        papers = QHBoxLayout()
        keep_margins(papers, PAGE_MARGIN, 0, PAGE_MARGIN, 8)
        papers.addWidget(self.files)
        column.addLayout(papers)
        column.addStretch(1)
        self.grid.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self._splitter.setHandleWidth(1)
        self._splitter.setChildrenCollapsible(False)
        self._splitter.addWidget(self.preview)
        self._splitter.setStretchFactor(0, 1)
        self._splitter.setSizes([800, _PREVIEW])
        self.preview.setMinimumWidth(theme().px(360))

    def _listen(self) -> None:
        self.work = LineWork(self, self)
        self.lines.totals_changed.connect(self._on_totals_changed)
        self.lines.refused.connect(self.context.show_error)
        self.grid.entry_wanted.connect(self._go_to_entry)
        self.grid.price_settled.connect(self._settle_prices)
        self.prices.settled.connect(self._settle_prices)
        self.prices.opened.connect(lambda other: self.context.go.emit(Place(page="quotes", record_id=other)))
        self.grid.selectionModel().currentRowChanged.connect(self._say_lines)
        self.entry.left_upwards.connect(self._go_up)
        self.entry.answered.connect(lambda takes: self.prices.settle(takes=takes))
        self.title.step_asked.connect(self._take_step)
        self.title.preview_asked.connect(self.go_to_preview)
        self.states.copy_asked.connect(self._copy)
        self.approval.needed.connect(lambda asks: self.title.ask_first(asks=asks))
        self.states.revision_asked.connect(self._revise)
        self.states.order_asked.connect(lambda: self._make("orders", orders.from_quote))
        self.states.contract_asked.connect(lambda: self._make("contracts", contracts.from_quote))
        self.fields.edited.connect(self._on_fields_edited)
        self.terms.edited.connect(self._change_terms)
        self.terms.left.connect(self.entry.focus)
        self.context.records_changed.connect(self._on_records_changed)

    def _place_panes(self) -> None:
        self.preview.setVisible(self._wants_preview)
        self._stack.setVisible(not (self._narrow and self._wants_preview))

    # Reading

    def _read(self) -> None:
        if self._saving.under_way:
            return  # what is read now may not hold it yet; once it is saved, all is read
        quote_id, replica, edits = self._quote_id, self.context.replica, self._saving.edits
        if quote_id is None:
            return

        def read() -> tuple[QuoteView, bool, frozenset[str]]:
            person = replica.person
            may_edit = bool(rights.decide(person, Right.EDIT, "quote"))
            made = ("quote", "order", "contract")
            makes = frozenset(each for each in made if rights.decide(person, Right.CREATE, each))
            return quotes.view(replica, quote_id), may_edit, makes

        def show(found: tuple[QuoteView, bool, frozenset[str]]) -> None:
            # What was typed meanwhile is newer than what was read; its saving asks again.
            if quote_id == self._quote_id and self._saving.is_current(edits):
                self._show(*found)

        self.context.tasks.read(self, read, show, self._on_failed, topic="quote")

    def _show(self, view: QuoteView, may_edit: bool, makes: frozenset[str]) -> None:
        first, before = self._view is None, self._view
        self._view = view
        quote = view.quote
        self.title.show_view(view, may_edit=may_edit)
        self.fields.show_view(view)
        self.states.show_view(view, may_create="quote" in makes, makes=makes)
        self.going_out.show_record(quote)
        self.states.offer(ways_of(self.replica, quote))
        self.outgoing.show_record(quote)
        self.terms.show_quote(quote.values)
        self.totals.show_view(view)
        self.terms.setVisible(view.editable)
        self._keys.setVisible(view.editable)
        self.entry.setVisible(view.editable)
        self.entry.set_prices_as_of(view.prices_as_of_ms)
        if first:
            self.lines.show_lines((), {})
        self.lines.show_terms(quote.values, editable=view.editable)
        groups = [(group.id, group.values) for group in view.groups]
        self.lines.show_lines([(line.id, line.values) for line in view.lines], view.codes, groups)
        self.lines.show_offers(view.offers)
        self.prices.show_view(view)
        if not self.going_out.is_open:
            self._stack.setCurrentWidget(self._scroll)
        if self.select_after is not None:
            self.grid.select_line(self.select_after)
            self.select_after = None
        elif first:
            self.grid.leave()
            (self.entry.input if view.editable else self.grid).setFocus()
        self._say_lines()
        if not first and before is not None and _said(before) != _said(view):
            self.preview.refresh()
        self.approval.show_quote(quote)
        if first:
            self.shown.emit(quote.id)

    def _on_failed(self, error: CrmError) -> None:
        self.missing.say(error.message)
        self._stack.setCurrentWidget(self.missing)

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        kinds = {entity for entity, _ in changed}
        if ("quote", self._quote_id) in changed or not kinds.isdisjoint(_FOLLOWED | FOLLOWED):
            self._changes.mark()

    # Writing

    def save(
        self,
        work: Callable[[], Outcome[Any]],
        done: Callable[[Any], None] | None = None,
        *,
        told: Message | None = None,
        undo: Callable[[], object] | None = None,
    ) -> None:
        """Do a change off the main thread and read the quote anew."""

        def saved(record: Any) -> None:
            self.title.say_saved(datetime.now().astimezone())
            if done is not None:
                done(record)

        self._saving.save(work, saved, told, undo)

    def _on_fields_edited(self, changes: Mapping[str, Plain]) -> None:
        replica, quote_id = self.context.replica, self._quote_id
        if quote_id is not None:
            self.save(lambda: records.update(replica, "quote", quote_id, changes))

    def _change_terms(self, changes: Mapping[str, Plain]) -> None:
        """Count with other terms at once and save them; those no quote may hold are said at their field."""
        if self._view is None or not self._view.editable:
            return
        try:
            self.lines.take_terms({**self._view.quote.values, **changes})
        except UserError as error:
            self.terms.refuse(changes, error)
        else:
            self._on_fields_edited(changes)

    def _settle_prices(self, line_ids: tuple[str, ...], takes: bool) -> None:
        replica, quote_id = self.context.replica, self._quote_id
        if quote_id is not None:
            self.save(lambda: quotes.settle_prices(replica, quote_id, line_ids, takes=takes))

    def _take_step(self, state: str) -> None:
        replica, quote_id = self.context.replica, self._quote_id
        if quote_id is not None:
            language = str(self.preview.language.currentData())
            if state == "sent":
                self.save(lambda: sent_file.send(replica, "quote", quote_id, language))
            else:
                self.save(lambda: quotes.set_status(replica, quote_id, state))

    def _copy(self) -> None:
        replica, quote_id = self.context.replica, self._quote_id

        def copied(quote: Record) -> None:
            self.context.go.emit(Place(page="quotes", record_id=quote.id))

        if quote_id is not None:
            self.save(lambda: quotes.copy(replica, quote_id), copied, told=message("Copied as a new draft"))

    def _make(self, page: str, work: Callable[[Replica, str], Outcome[Record]]) -> None:
        """Make what follows from the quote, and go to its lines."""
        replica, quote_id = self.context.replica, self._quote_id

        def made(found: Record) -> None:
            self.context.go.emit(Place(page=page, record_id=found.id, options={"tab": "lines"}))

        if quote_id is not None:
            self.save(lambda: work(replica, quote_id), made)

    def _revise(self) -> None:
        replica, quote_id = self.context.replica, self._quote_id
        if quote_id is not None:
            self.save(lambda: quote_versions.revise(replica, quote_id), lambda _quote: self.entry.focus())

    # Focus and words

    def _go_to_entry(self) -> None:
        if self._view is not None and self._view.editable:
            self.grid.leave()
            self.entry.focus()

    def _go_up(self) -> None:
        last = self.lines.rowCount() - 1
        if last >= 0:
            self.grid.setFocus()
            self.grid.setCurrentIndex(self.lines.index(last, Col.NAME))

    def _on_totals_changed(self, totals: object) -> None:
        self.totals.show_totals(self.lines.totals)
        self.entry.show_number(self.lines.line_count + 1)

    def _say_lines(self) -> None:
        if not self.isVisible():
            return
        count = self.lines.line_count
        words = plural(count, message("1 line"), message("{count} lines", count=figure(count)))
        self.context.selection_changed.emit(words)


def _said(view: QuoteView) -> object:
    """Return what the PDF follows from."""
    return view.quote, view.groups, view.lines
