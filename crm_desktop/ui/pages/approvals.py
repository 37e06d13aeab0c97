"""What waits for the person's approval, what he asked himself, and what has ended."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.i18n import N_, message
from crm_core.rules.approval import State, Verdict
from crm_core.rules.mandates import Mandate
from crm_desktop.services import approvals
from crm_desktop.services.approvals import RequestView
from crm_desktop.services.calendar import local
from crm_desktop.ui.actions import ActionRegistry, ActionSpec
from crm_desktop.ui.approvals.request_card import RequestCard
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.format import short_date
from crm_desktop.ui.pages.page import Page
from crm_desktop.ui.places import PAGE_OF_ENTITY
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, L, M
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.clearing import clear
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.info_bar import InfoBar
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.paint import Tone
from crm_desktop.ui.widgets.scrolling import read_below
from crm_desktop.ui.widgets.segments import Segment, SegmentedSwitch

FOLLOW_MS = 80  # between a change and reading it, so that a sync reads once
WIDTH = 820
MINE, OTHERS, ENDED = "mine", "others", "ended"
_FOLLOWS = frozenset(
    (
        *("approval_request", "approval_decision", "absence", "mandate", "quote", "quote_line"),
        *("service_request", "user", "team"),
    )
)


class ApprovalsPage(Page):
    """One card a request; Ctrl+Shift with A, B or X decides about the one that has the focus."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        super().__init__(context, actions)
        self.cards: list[RequestCard] = []
        self._found: tuple[tuple[RequestView, ...], tuple[Mandate, ...]] | None = None
        self._wanted = ""
        self.which = SegmentedSwitch(
            [
                Segment(key=MINE, text=message("To approve")),
                Segment(key=OTHERS, text=message("Waiting for others")),
                Segment(key=ENDED, text=message("Ended")),
            ],
            name=message("Which requests"),
        )
        self.which.choose(MINE)
        self.which.chosen.connect(lambda _key: self._show())
        self.renew = InfoBar("", Tone.WARN)
        self.renew.hide()
        self.nothing = EmptyState(
            "check",
            message("Nothing waits for you"),
            message("Quotes beyond a discount mandate, and whatever else needs approval, come here."),
        )
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(FOLLOW_MS)
        self._timer.timeout.connect(self.refresh)
        context.records_changed.connect(self._on_records_changed)
        self._lay_out()
        for name, text, icon, key, verdict in (
            ("approve", N_("Approve"), "check", "Ctrl+Shift+A", Verdict.APPROVE),
            ("return", N_("Return"), "undo", "Ctrl+Shift+B", Verdict.RETURN),
            ("refuse", N_("Refuse"), "x", "Ctrl+Shift+X", Verdict.REFUSE),
        ):
            spec = ActionSpec(
                id=f"approvals.{name}", text=text, group=N_("Approvals"), icon=icon, shortcut=key
            )
            actions.add(spec, lambda verdict=verdict: self._decide_current(verdict), self)
        self.retranslate()

    def show_place(self, place: Place) -> None:
        """Show what waits; `record_id` is the request to stand at."""
        self._wanted = place.record_id or ""
        self.refresh()

    def refresh(self) -> None:
        """Read anew."""
        replica = self.context.replica
        self.context.tasks.read(
            self,
            lambda: (approvals.listed(replica), approvals.mandates_to_renew(replica)),
            self._on_read,
            self.context.show_error,
            topic="approvals",
        )

    def retranslate(self) -> None:
        """Write the cards in the language on screen."""
        self.setAccessibleName(tr("Approvals"))
        if self._found is not None:
            self._show()

    def _lay_out(self) -> None:
        margin = theme().px(XL)
        head = QHBoxLayout()
        head.setContentsMargins(margin, theme().px(12), margin, theme().px(12))
        head.setSpacing(theme().px(M))
        head.addWidget(Label(message("Approvals"), step="title"))
        head.addStretch(1)
        head.addWidget(self.which)
        inner = QWidget()
        inner.setMaximumWidth(theme().px(WIDTH) + 2 * margin)
        column = QVBoxLayout(inner)
        column.setContentsMargins(margin, 0, margin, margin)
        column.setSpacing(theme().px(L))
        self._column = QVBoxLayout()
        self._column.setSpacing(theme().px(L))
        column.addWidget(self.renew)
        column.addWidget(self.nothing)
        column.addLayout(self._column)
        column.addStretch(1)
        self._area = read_below(self, head, inner, tr("Approvals"))

    def _on_read(self, found: tuple[tuple[RequestView, ...], tuple[Mandate, ...]]) -> None:
        self._found = found
        wanted = next((each for each in found[0] if each.request.id == self._wanted), None)
        if wanted is not None:
            self.which.choose(_group(wanted))
        self._show()

    def _show(self) -> None:
        views, ending = self._found or ((), ())
        now_ms = self.context.replica.clock.now_ms()
        held = next((card.view.request.id for card in self.cards if card.isAncestorOf(self._focus())), "")
        clear(self._column)
        self.cards = []
        for view in views:
            if _group(view) == self.which.key:
                card = RequestCard(view, now_ms)
                card.decided.connect(self._on_decided)
                card.withdrawn.connect(self._on_withdrawn)
                card.opened.connect(lambda record_id, view=view: self._on_opened(view, record_id))
                self._column.addWidget(card)
                self.cards.append(card)
        self.nothing.setVisible(not self.cards)
        self.renew.setVisible(bool(ending))
        if ending:
            day = short_date(local(ending[0].until_ms - 1).date())
            told = message(
                "Your discount mandate “{name}” ends on {day}: ask for another",
                name=ending[0].name,
                day=day,
            )
            self.renew.say(told, Tone.WARN)
        at = self._wanted or held
        card_at = next((card for card in self.cards if card.view.request.id == at), None)
        if card_at is None and held and self.cards:
            card_at = self.cards[0]
        if card_at is not None:
            (card_at.comment if card_at.view.seats else card_at.open).setFocus()
        elif not self.isAncestorOf(self._focus()):
            (self.cards[0].comment if self.cards and self.cards[0].view.seats else self.which).setFocus()
        self._wanted = ""

    def _focus(self) -> QWidget:
        return self.window().focusWidget() or self

    def _decide_current(self, verdict: Verdict) -> None:
        focus = self._focus()
        card = next((each for each in self.cards if each.isAncestorOf(focus)), None)
        if card is None and len(self.cards) == 1:
            card = self.cards[0]
        if card is not None:
            card.decide(verdict)

    def _on_decided(self, request_id: str, verdict: str, comment: str, to_step: int | None) -> None:
        replica = self.context.replica
        told = message("Decided; binding when HQ has accepted it")
        self._change(
            lambda: approvals.decide(replica, request_id, Verdict(verdict), comment, to_step=to_step), told
        )

    def _on_withdrawn(self, request_id: str) -> None:
        replica = self.context.replica
        self._change(lambda: approvals.withdraw(replica, request_id), message("Withdrawn"))

    def _change(self, work: Callable[[], object], told: object) -> None:
        self.context.change(self, work, lambda _record: self.refresh(), self.context.show_error, told=told)

    def _on_opened(self, view: RequestView, record_id: str) -> None:
        page = PAGE_OF_ENTITY.get(str(view.request.get("record_entity") or ""))
        if page is not None:
            self.context.go.emit(Place(page=page, record_id=record_id))

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if self._found is not None and not _FOLLOWS.isdisjoint(entity for entity, _ in changed):
            self._timer.start()


def _group(view: RequestView) -> str:
    if view.standing.state is not State.WAITING:
        return ENDED
    return MINE if view.seats else OTHERS
