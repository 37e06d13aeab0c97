"""The knowledge base: categories and search, the article that is read, the form it is written in."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

from PySide6.QtCore import Qt, QTimer
from PySide6.QtWidgets import QSplitter, QStackedWidget, QVBoxLayout, QWidget

from crm_core.entities.article import TEXT_FIELDS
from crm_core.errors import CrmError
from crm_core.i18n import N_, Message, message
from crm_core.rules.access import Action as Right
from crm_core.schema.field import Plain
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import articles, records, rights
from crm_desktop.services.articles import ArticleRow, ArticleView, Shelf, VersionRow
from crm_desktop.services.outcome import Outcome
from crm_desktop.ui.actions import ActionRegistry, ActionSpec
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.knowledge.article_form import ArticleForm
from crm_desktop.ui.knowledge.comparison import Comparison
from crm_desktop.ui.knowledge.reader import Reader
from crm_desktop.ui.knowledge.shelf_pane import ShelfPane
from crm_desktop.ui.knowledge.words import NO_ARTICLES
from crm_desktop.ui.pages.page import Page
from crm_desktop.ui.settling import Settling
from crm_desktop.ui.theme import theme
from crm_desktop.ui.timeline.record_tabs import FIRST, RecordTabs
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins

TYPED_MS = 150
_SHELVES = 316
_KINDS = frozenset(("article", "article_category", "article_version", "article_vote", "ticket_article"))
_TOLD = {
    "review": message("The reviewers are asked"),
    "draft": message("It is a draft again"),
    "published": message("Published; headquarters shows it with the next sync"),
    "retired": message("Taken out of use"),
}


class KnowledgePage(Page):
    """Shows the shelves and the article chosen on them."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        super().__init__(context, actions)
        self._article_id: str | None = None
        self._view: ArticleView | None = None
        self._text = ""
        self.form: ArticleForm | None = None
        self.shelves = ShelfPane()
        self.reader = Reader()
        self.comparison = Comparison()
        self.new_button = Button(message("New article"), Kind.PRIMARY, icon="plus")
        self.nothing = EmptyState("book", NO_ARTICLES, "", (self.new_button,))
        self._lay_out()
        self._listen()
        self._add_keys(actions)
        self._changes = Settling(self)
        self._changes.due.connect(self._read)
        self._typed = QTimer(self)
        self._typed.setSingleShot(True)
        self._typed.setInterval(TYPED_MS)
        self._typed.timeout.connect(self._search)
        may_write = bool(rights.may_do(context.replica, Right.CREATE, "article"))
        self.shelves.new.setVisible(may_write)
        may_arrange = bool(rights.may_do(context.replica, Right.EDIT, "article_category"))
        self.shelves.categories.setVisible(may_arrange)
        self.new_button.setVisible(may_write)

    @property
    def view(self) -> ArticleView | None:
        """The article on screen."""
        return self._view

    def show_place(self, place: Place) -> None:
        """Show one article, the form of a new one, or the shelves."""
        if place.options.get("new"):
            self._show_form(None, place.options.get("values") or {})
            return
        self._drop_form()
        if place.record_id is not None:
            self._article_id = place.record_id
        self._read()
        self._focus_pane()
        if "tab" in place.options:
            self.tabs.choose(place.options["tab"])

    def in_front(self) -> tuple[str, str] | None:
        """Return the article that is read."""
        return ("article", self._article_id) if self._article_id is not None else None

    def refresh(self) -> None:
        """Read everything anew."""
        self._read()

    def leave(self) -> bool:
        """Stay where a form holds what is not saved."""
        return self.form is None or self.form.leave()

    def retint(self) -> None:
        """Keep the pane as wide as its rows need."""
        self.shelves.setMinimumWidth(theme().px(220))

    # Making

    def _lay_out(self) -> None:
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        self._body = QSplitter(Qt.Orientation.Horizontal)
        outer.addWidget(self._body)
        self._body.setHandleWidth(1)
        self._body.setChildrenCollapsible(False)
        self._content = QStackedWidget()
        self._body.addWidget(self.shelves)
        self._body.addWidget(self._content)
        self._body.setStretchFactor(1, 1)
        self._body.setSizes([theme().px(_SHELVES), theme().px(924)])
        self.tabs = RecordTabs(self.context, "article", self.reader, message("Article"), PAGE_MARGIN)
        self._blank, self._form_room = QWidget(), QWidget()
        self._form_column = QVBoxLayout(self._form_room)
        keep_margins(self._form_column, 0, 0, 0, 0)
        for part in (self._blank, self.tabs, self.comparison, self._form_room, self.nothing):
            self._content.addWidget(part)
        self.retint()

    def _listen(self) -> None:
        context, go = self.context, self.context.go
        self.shelves.chosen.connect(self._on_chosen)
        self.shelves.shelf_opened.connect(self._read_shelf)
        self.shelves.typed.connect(self._on_typed)
        for asked in (self.shelves.new_asked, self.new_button.clicked):
            asked.connect(lambda *_: go.emit(Place(page="knowledge", options={"new": True})))
        self.shelves.categories.clicked.connect(lambda: go.emit(Place(page="article_categories")))
        self.reader.step_asked.connect(self._step)
        self.reader.edit_asked.connect(self._edit)
        self.reader.delete_asked.connect(self._delete)
        self.reader.revise_asked.connect(self._revise)
        self.reader.take_on_asked.connect(self._take_on)
        self.reader.voted.connect(self._vote)
        self.reader.version_asked.connect(self._compare)
        self.reader.ticket_asked.connect(lambda ticket: go.emit(Place(page="tickets", record_id=ticket)))
        self.reader.article_asked.connect(lambda other: go.emit(Place(page="knowledge", record_id=other)))
        self.comparison.left.connect(lambda: self._content.setCurrentWidget(self.tabs))
        context.records_changed.connect(self._on_records_changed)

    def _add_keys(self, actions: ActionRegistry) -> None:
        group = N_("Knowledge")
        for key, text, shortcut, icon, run in (
            ("search", N_("Search articles"), "/", "search", self._focus_pane),
            ("edit", N_("Edit or revise the article"), "E", "pen", self._edit_or_revise),
        ):
            spec = ActionSpec(
                id=f"knowledge.{key}", text=text, group=group, icon=icon, shortcut=shortcut, single_key=True
            )
            actions.add(spec, run, self._body)

        actions.add(
            ActionSpec(id="knowledge.side", text=N_("Show or hide the facts"), group=group, shortcut="F4"),
            self.reader.show_side,
            self._body,
        )

    def _focus_pane(self) -> None:
        self.shelves.search.setFocus()
        self.shelves.search.selectAll()

    # Reading

    def _read(self) -> None:
        replica = self.context.replica
        if self._text.strip():
            self._search()
        else:
            self.context.tasks.read(
                self,
                lambda: articles.shelves(replica),
                self._on_shelves,
                self.context.show_error,
                topic="shelves",
            )
        if self._article_id is not None:
            self._read_article(self._article_id)

    def _read_article(self, article_id: str) -> None:
        replica = self.context.replica
        self.context.tasks.read(
            self,
            lambda: articles.view(replica, article_id),
            self._on_article_read,
            self._on_article_missing,
            topic="article",
        )

    def _read_shelf(self, shelf_id: str) -> None:
        replica = self.context.replica
        self.context.tasks.read(
            self,
            lambda: articles.listed(replica, category_ids=(shelf_id,)),
            lambda rows: self.shelves.show_articles(shelf_id, rows, self._article_id),
            self.context.show_error,
            topic=f"shelf {shelf_id}",
        )

    def _search(self) -> None:
        replica, text = self.context.replica, self._text
        if not text.strip():
            self._read()
            return
        self.context.tasks.read(
            self,
            lambda: articles.listed(replica, text=text),
            self._on_found,
            self.context.show_error,
            topic="found",
        )

    def _on_shelves(self, shelves: tuple[Shelf, ...]) -> None:
        if self._text.strip():
            return
        self.shelves.show_shelves(shelves)
        if shelves and not self.shelves.any_open():
            self.shelves.open_shelves()
        if self._article_id is None and self.form is None:
            self._say_nothing(empty=not shelves)

    def _on_found(self, rows: tuple[ArticleRow, ...]) -> None:
        if self._text.strip():
            self.shelves.show_found(rows, self._article_id)

    def _on_article_read(self, view: ArticleView) -> None:
        if view.article.id != self._article_id:
            return
        self._view = view
        self.reader.show_view(view)
        if self.form is None and self._content.currentWidget() is not self.comparison:
            self._content.setCurrentWidget(self.tabs)
        self.tabs.show_record(view.article.id)
        self.shelves.select(view.article.id)

    def _on_article_missing(self, error: CrmError) -> None:
        self._view, self._article_id = None, None
        if self.form is None:
            self.nothing.say(error.message)
            self._content.setCurrentWidget(self.nothing)

    def _say_nothing(self, *, empty: bool) -> None:
        if empty:
            self.nothing.say(NO_ARTICLES, message("Write down what is asked again and again."))
        else:
            self.nothing.say(message("Choose an article, or search"))
        self._content.setCurrentWidget(self.nothing)

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if not _KINDS.isdisjoint(entity for entity, _ in changed):
            self._changes.mark()

    # Choosing

    def _on_chosen(self, article_id: str) -> None:
        if not self.leave():
            return
        self._drop_form()
        self._article_id = article_id
        self._content.setCurrentWidget(self.tabs if self._view is not None else self._blank)
        self._read_article(article_id)

    def _on_typed(self, text: str) -> None:
        self._text = text
        self._typed.start()

    def _compare(self, version: VersionRow) -> None:
        if self._view is None:
            return
        held = self._view.article
        newest = int(str(held.get("version") or version.version))
        said = f"# {version.title}\n\n{version.summary}\n\n{version.body}"
        now = f"# {held.title}\n\n{held.get('summary') or ''}\n\n{held.get('body') or ''}"
        self.comparison.show_texts(version.version, said, newest, now)
        self._content.setCurrentWidget(self.comparison)

    # Writing

    def _show_form(self, article_id: str | None, given: Mapping[str, Plain]) -> None:
        self._drop_form()
        left_out: tuple[str, ...] = ()
        view = self._view
        if article_id is not None and view is not None and view.article.get("status") == "published":
            left_out = (*TEXT_FIELDS, "status")
        elif article_id is not None and view is not None and view.article.get("replaces_id"):
            left_out = ("category_id", "keywords", "product_ids", "review_by", "expires_on", "status")
        self.form = ArticleForm(
            self.context,
            self.actions_of_program,
            "article",
            article_id,
            given={name: value for name, value in given.items() if value is not None},
            left_out=left_out,
        )
        self.form.saved.connect(self._on_saved)
        self.form.closed.connect(self._on_form_closed)
        self._form_column.addWidget(self.form)
        self._content.setCurrentWidget(self._form_room)

    def _drop_form(self) -> None:
        if self.form is not None:
            self.form.hide()
            self.form.deleteLater()
            self.form = None

    def _on_saved(self, record: Record) -> None:
        self._article_id = record.id

    def _on_form_closed(self) -> None:
        self._drop_form()
        if self._article_id is None:
            self._say_nothing(empty=False)
        else:
            self.tabs.choose(FIRST)
            self._content.setCurrentWidget(self.tabs if self._view is not None else self._blank)
        self._read()

    def _edit(self) -> None:
        if self._article_id is not None:
            self._show_form(self._article_id, {})

    def _edit_or_revise(self) -> None:
        view = self._view
        if view is None or not view.may_edit:
            return
        if view.article.get("status") == "published":
            self._revise()
        elif view.article.get("status") in ("draft", "review"):
            self._edit()

    def _revise(self) -> None:
        if self._article_id is None:
            return
        replica, article_id = self.context.replica, self._article_id

        def begun(revision: Record) -> None:
            self._article_id = revision.id
            self._view = None
            self._show_form(revision.id, {})
            self._read()

        self.context.change(self, lambda: articles.revise(replica, article_id), begun)

    def _delete(self) -> None:
        if self._article_id is None:
            return
        replica, article_id = self.context.replica, self._article_id

        def gone(_article: Record) -> None:
            self._article_id = self._view = None
            self._read()

        self.context.change(
            self,
            lambda: records.delete(replica, "article", article_id),
            gone,
            told=message("Article deleted"),
            undo=lambda: records.restore(replica, "article", article_id),
        )

    def _take_on(self) -> None:
        self._change(articles.take_on, message("The newer version counts as its ground"))

    def _vote(self, helpful: bool) -> None:
        self._change(lambda replica, article_id: articles.vote(replica, article_id, helpful), None)

    def _step(self, status: str) -> None:
        self._change(partial(_set_status, status=status), _TOLD[status])

    def _change(self, write: Callable[..., Outcome[Record]], told: Message | None) -> None:
        if self._article_id is None:
            return
        replica, article_id = self.context.replica, self._article_id
        self.context.change(self, lambda: write(replica, article_id), told=told)

    def retranslate(self) -> None:
        """Name the page in the language on screen."""
        self.setAccessibleName(tr("Knowledge"))


def _set_status(replica: Replica, article_id: str, *, status: str) -> Outcome[Record]:
    return articles.set_status(replica, article_id, status)
