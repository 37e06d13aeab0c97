"""Forecast: what a period brings by its deals, how far targets are, what the past says, and what-if."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.errors import CrmError
from crm_core.i18n import message
from crm_desktop.services import forecast_scopes
from crm_desktop.services.forecast_scopes import Scope
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.forecast.attainment_view import AttainmentView
from crm_desktop.ui.forecast.chooser import Chooser
from crm_desktop.ui.forecast.deals_view import DealsView
from crm_desktop.ui.forecast.history_view import HistoryView
from crm_desktop.ui.forecast.view import View
from crm_desktop.ui.forecast.what_if_view import WhatIfView
from crm_desktop.ui.pages.page import Page
from crm_desktop.ui.settling import Settling
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, L, M
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.scrolling import read_below
from crm_desktop.ui.widgets.segments import Segment, SegmentedSwitch

WIDTH = 1240
DEALS, ATTAINMENT, HISTORY, WHAT_IF = "deals", "attainment", "history", "what-if"


_VIEWS: Mapping[str, type[View]] = {
    DEALS: DealsView,
    ATTAINMENT: AttainmentView,
    HISTORY: HistoryView,
    WHAT_IF: WhatIfView,
}


class ForecastPage(Page):
    """One period and scope, seen in one of four ways."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        super().__init__(context, actions)
        self.views: dict[str, View] = {}
        """Those that were shown: each is made when it is first chosen."""
        self.switch = SegmentedSwitch(
            [
                Segment(key=DEALS, text=message("By deals")),
                Segment(key=ATTAINMENT, text=message("Attainment")),
                Segment(key=HISTORY, text=message("By history")),
                Segment(key=WHAT_IF, text=message("What if")),
            ],
            name=message("How it is seen"),
        )
        self.switch.chosen.connect(self._on_view_chosen)
        self.chooser = Chooser(context.replica)
        self.chooser.chosen.connect(self.refresh)
        self.fault = Label(color="text-soft", wrap=True)
        self._lay_out()
        self._changes = Settling(self)
        self._changes.due.connect(self.refresh)
        context.records_changed.connect(self._on_records_changed)
        self._show_view()
        self.retranslate()

    @property
    def view(self) -> View:
        """The view in front."""
        key = self.switch.key
        if key not in self.views:
            made = self.views[key] = _VIEWS[key](self.context, self._inner)
            if isinstance(made, AttainmentView):
                made.asks_anew = self.refresh
            self._column.insertWidget(self._column.count() - 1, made)
        return self.views[key]

    def show_place(self, place: Place) -> None:
        """Show a view: `tab` among the options names it."""
        wanted = place.options.get("tab")
        if wanted in _VIEWS:
            self.switch.choose(str(wanted))
            self._show_view()
        self.refresh()

    def refresh(self) -> None:
        """Read the scopes, then the view in front."""
        replica = self.context.replica
        self.context.tasks.read(
            self,
            lambda: forecast_scopes.scopes_of(replica),
            self._on_scopes,
            self._on_fault,
            topic="forecast scopes",
        )

    def retranslate(self) -> None:
        """Name the page in the language on screen."""
        self.setAccessibleName(tr("Forecast"))

    def _on_scopes(self, scopes: tuple[Scope, ...]) -> None:
        if scopes != self.chooser.scopes:
            self.chooser.show_scopes(scopes)
        scope, view = self.chooser.scope, self.view
        if scope is None:
            return
        read = view.reader(self.context.replica, self.chooser.stretch, scope)
        self.context.tasks.read(
            self, read, lambda found: self._take(view, found), self._on_fault, topic="forecast"
        )

    def _take(self, view: View, found: Any) -> None:
        self.fault.hide()
        view.show() if view is self.view else None
        view.take(found)

    def _on_fault(self, error: CrmError) -> None:
        self.fault.say(error.message)
        self.fault.show()
        self.view.hide()

    def _on_view_chosen(self, _key: str) -> None:
        self._show_view()
        self.refresh()

    def _show_view(self) -> None:
        assert self.view is not None  # made where it was not
        for key, view in self.views.items():
            view.setVisible(key == self.switch.key)
        self.chooser.scope_box.setVisible(self.switch.key != ATTAINMENT)

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if self.isVisible() and any(entity in self.view.follows for entity, _ in changed):
            self._changes.mark()

    def _lay_out(self) -> None:
        margin = theme().px(XL)
        head = QHBoxLayout()
        head.setContentsMargins(margin, theme().px(12), margin, theme().px(12))
        head.setSpacing(theme().px(M))
        head.addWidget(Label(message("Forecast"), step="title"))
        head.addStretch(1)
        head.addWidget(self.switch)
        self._inner = inner = QWidget(self)
        inner.setMaximumWidth(theme().px(WIDTH) + 2 * margin)
        self._column = column = QVBoxLayout(inner)
        column.setContentsMargins(margin, 0, margin, margin)
        column.setSpacing(theme().px(L))
        column.addWidget(self.chooser)
        column.addWidget(self.fault)
        column.addStretch(1)
        self.fault.hide()
        read_below(self, head, inner, tr("Forecast"))
