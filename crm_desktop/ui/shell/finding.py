"""The search box at work: asks for records while it is typed in, and knows the pages and actions itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QObject, QTimer
from PySide6.QtWidgets import QLineEdit, QWidget

from crm_core.entities import SCHEMAS
from crm_core.i18n import Message, message
from crm_desktop.services import places, records, search
from crm_desktop.settings import RECENT_RECORDS
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.pages.registry import PageSpec
from crm_desktop.ui.places import PAGE_OF_ENTITY, place_showing
from crm_desktop.ui.shell.palette import Choice, Palette
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.key_words import key_words

PAUSE_MS = 120  # between two keys of somebody who types
MOST_RECORDS = 8
MOST_OTHERS = 6
RECENT = 6

_Found = tuple[str, str, str, str]
"""Kind and id of a record, its title, and where the text was found."""


class Finding(QObject):
    """Fills the palette of a search field."""

    def __init__(
        self,
        context: Context,
        actions: ActionRegistry,
        pages: Iterable[PageSpec],
        field: QLineEdit,
        window: QWidget,
    ) -> None:
        super().__init__(window)
        self._context, self._actions, self._pages, self._field = context, actions, tuple(pages), field
        self.palette = Palette(field, window)
        self._pause = QTimer(self)
        self._pause.setSingleShot(True)
        self._pause.setInterval(PAUSE_MS)
        self._pause.timeout.connect(self._ask)
        field.textEdited.connect(lambda _text: self._pause.start())

    def begin(self) -> None:
        """Go into the search box and offer what was opened last."""
        self._field.setFocus()
        self._field.selectAll()
        self._ask()

    def _ask(self) -> None:
        text = self._field.text().strip()
        if not text:
            self._context.tasks.read(self, self._recent, lambda found: self._show(found, ""), topic="find")
            return
        replica = self._context.replica
        names = {tr(each.text) for each in (*self._pages, *self._actions.specs())}

        def read() -> tuple[list[_Found], frozenset[str]]:
            hits = search.find(replica, text, MOST_RECORDS, entities=set(PAGE_OF_ENTITY))
            found = [(hit.entity, hit.id, hit.title, hit.snippet) for hit in hits]
            return found, search.spelt(names, text)

        self._context.tasks.read(self, read, lambda found: self._show(found[0], text, found[1]), topic="find")

    def _recent(self) -> list[_Found]:
        kept = [(entity, record_id) for entity, record_id in self._context.app.settings.get(RECENT_RECORDS)]
        titles = records.titles(self._context.replica, kept[:RECENT])
        return [(entity, record_id, titles[entity, record_id], "") for entity, record_id in titles]

    def _show(self, found: list[_Found], text: str, spelt: frozenset[str] = frozenset()) -> None:
        if not self._field.hasFocus() or self._field.text().strip() != text:
            return
        choices = [self._record(*each) for each in found]
        choices += self._matching(text, spelt)
        self.palette.show_choices(choices, text)

    def _record(self, entity: str, record_id: str, title: str, snippet: str) -> Choice:
        meta = SCHEMAS[entity].meta
        return Choice(
            icon=meta.icon,
            text=show(title) or tr(meta.label),
            remark=snippet or Message(meta.label),
            run=lambda: self._open(entity, record_id),
        )

    def _matching(self, text: str, spelt: frozenset[str]) -> list[Choice]:
        """Return the pages and actions of a name, whole or in part; `spelt` are those found by pinyin."""
        wanted = text.casefold()

        def is_named(name: str) -> bool:
            shown = tr(name)
            return wanted in shown.casefold() or wanted in name.casefold() or shown in spelt

        pages = [
            Choice(
                icon=page.icon,
                text=Message(page.text),
                remark=message("Page"),
                hint=key_words(page.shortcut),
                run=_going(self._context, page.id),
            )
            for page in self._pages
            if is_named(page.text)
        ]
        acts = []
        for spec in self._actions.specs():
            action = self._actions.action(spec.id)
            if (
                text
                and is_named(spec.text)
                and action.isEnabled()
                and not spec.single_key
                and not spec.id.startswith("page.")
            ):
                acts.append(
                    Choice(
                        icon=spec.icon or "right",
                        text=Message(spec.text),
                        remark=Message(spec.group),
                        hint=key_words(spec.shortcut),
                        run=action.trigger,
                    )
                )
        return [*pages, *acts][:MOST_OTHERS] if text else pages

    def _open(self, entity: str, record_id: str) -> None:
        replica, context = self._context.replica, self._context

        def go(shown: tuple[str, str]) -> None:
            context.go.emit(place_showing(entity, record_id, shown))

        context.tasks.read(self, lambda: places.shown_on(replica, entity, record_id), go)


def _going(context: Context, page_id: str) -> Callable[[], None]:
    return lambda: context.go.emit(Place(page=page_id))
