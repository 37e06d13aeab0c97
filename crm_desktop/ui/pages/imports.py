"""Import: a file step by step, or the imports made before."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from crm_core.i18n import message
from crm_core.rules.access import Action
from crm_desktop.services import rights
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.imports.choices import IMPORTED
from crm_desktop.ui.imports.past import PastImports
from crm_desktop.ui.imports.wizard import ImportWizard
from crm_desktop.ui.pages.page import Page
from crm_desktop.ui.theme import theme
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins

HEADER = 52


class ImportPage(Page):
    """Keeps an import that is under way while other pages are looked at."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        super().__init__(context, actions)
        self.title = Label(message("Import"), step="title")
        self.past_button = Button(message("Earlier imports"), icon="clock")
        self.wizard = ImportWizard(context, self._entities())
        self.past = PastImports(context)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.wizard)
        self._stack.addWidget(self.past)
        self._header = QWidget()
        head = QHBoxLayout(self._header)
        keep_margins(head, PAGE_MARGIN, 0, PAGE_MARGIN, 0)
        head.addWidget(self.title)
        head.addStretch(1)
        head.addWidget(self.past_button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(self._header)
        column.addWidget(self._stack, 1)
        self.past_button.clicked.connect(self._on_past_asked)
        self.past.new_asked.connect(lambda: context.go.emit(Place(page="import")))
        context.records_changed.connect(self._on_records_changed)
        self.retint()

    def show_place(self, place: Place) -> None:
        """Show the import of an `entity`, new ones with `defaults`; the one under way; or the `past` ones."""
        if place.options.get("past"):
            self._stack.setCurrentWidget(self.past)
            self.past.read()
        else:
            self._stack.setCurrentWidget(self.wizard)
            self.wizard.ask(place.options.get("entity"), place.options.get("defaults"))
        self._show_head()

    def refresh(self) -> None:
        """Read the earlier imports anew."""
        if self._stack.currentWidget() is self.past:
            self.past.read()

    def retint(self) -> None:
        """Keep the measures of the theme."""
        self._header.setFixedHeight(theme().px(HEADER))

    def _entities(self) -> tuple[str, ...]:
        person = self.context.replica
        return tuple(entity for entity in IMPORTED if rights.may_do(person, Action.CREATE, entity))

    def _show_head(self) -> None:
        past = self._stack.currentWidget() is self.past
        self.title.say(message("Earlier imports") if past else message("Import"))
        self.past_button.say(message("Import a file") if past else message("Earlier imports"))
        self.past_button.set_icon("dl" if past else "clock")

    def _on_past_asked(self) -> None:
        past = self._stack.currentWidget() is self.past
        self.context.go.emit(Place(page="import", options={} if past else {"past": True}))

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if any(entity in ("role", "user") for entity, _ in changed):
            self.wizard.file.offer(self._entities())
