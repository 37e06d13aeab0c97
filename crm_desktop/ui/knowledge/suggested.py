"""Articles that may answer a ticket, with how well they fit and why; found on this laptop."""

from __future__ import annotations

from PySide6.QtCore import QPoint, Qt, QTimer, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.i18n import Message, message
from crm_core.rules.access import Action
from crm_core.rules.article_suggestions import Asked, Reason, Why
from crm_desktop.services import article_suggestions, articles, rights
from crm_desktop.services.article_suggestions import SuggestedArticle
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.format import NOTHING
from crm_desktop.ui.settling import Settling
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.cards import InfoRow
from crm_desktop.ui.widgets.clearing import clear
from crm_desktop.ui.widgets.labels import Heading, Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.menus import Menu

TYPED_MS = 200
"""After the last key: who types on is not interrupted."""
PAGE = "knowledge"


def inserted_text(article: SuggestedArticle) -> str:
    """Return what is put into an answer: number and title, and where the customer reads it."""
    named = " ".join(part for part in (article.number, article.title) if part)
    return f"{named}\n{article.address}" if article.address else named


def why_words(reason: Reason) -> Message:
    """Return a reason in words."""
    words = ", ".join(reason.words)
    match reason.why:
        case Why.TITLE:
            return message("named by “{words}”", words=words)
        case Why.TEXT:
            return message("speaks of “{words}”", words=words)
        case Why.PRODUCT:
            return message("same product")
        case Why.CATEGORY:
            return message("same category")
        case Why.USED:
            several = message("used in {count} tickets", count=reason.count)
            return several if reason.count > 1 else message("used in 1 ticket")


class SuggestedArticles(Live, QWidget):
    """The suggestions for an open ticket, or for one that is being typed; one of them unfolded."""

    insert_asked = Signal(object)
    """A `SuggestedArticle` to be put into the answer; that the ticket used it is noted."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._asked: Asked | str | None = None
        self._open = ""
        self._may_use = False
        self.found: tuple[SuggestedArticle, ...] = ()
        self.menu: Menu | None = None
        self.heading = Heading(message("Suggested articles"), message("saved offline"))
        self._rows = QVBoxLayout()
        self._rows.setSpacing(0)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(8)
        column.addWidget(self.heading)
        column.addLayout(self._rows)
        self.nothing = Label(message("No article fits yet"), color="text-soft")
        self.write = Button(message("Write an article from this ticket"), Kind.LINK, small=True)
        self.write.clicked.connect(self._write)
        self._may_write = bool(rights.may_do(context.replica, Action.CREATE, "article"))
        foot = QHBoxLayout()
        foot.addWidget(self.write)
        foot.addStretch(1)
        column.addWidget(self.nothing)
        column.addLayout(foot)
        self._typed = QTimer(self)
        self._typed.setSingleShot(True)
        self._typed.setInterval(TYPED_MS)
        self._typed.timeout.connect(self._read)
        self._changes = Settling(self)
        self._changes.due.connect(self._read)
        context.records_changed.connect(self._on_records_changed)
        self.hide()

    def show_ticket(self, ticket_id: str, *, may_use: bool = True) -> None:
        """Show what fits an open ticket; `may_use` says whether the person answers it."""
        self._may_use = may_use
        if ticket_id != self._asked:
            self._asked, self._open = ticket_id, ""
            self._show(())
            self._read()

    def show_asked(self, asked: Asked) -> None:
        """Show what fits a ticket as far as it is typed."""
        self._asked = asked
        self._typed.start()

    def use(self, article: SuggestedArticle) -> None:
        """Note that the ticket used an article, and have it put into the answer."""
        ticket_id, replica = self._asked, self._context.replica
        if isinstance(ticket_id, str) and self._may_use:
            self._context.change(self, lambda: articles.use(replica, ticket_id, article.id))
            self.insert_asked.emit(article)

    def offer(self, below: QWidget) -> None:
        """Open a menu of the suggestions at a button, and the way to all articles."""
        self.menu = Menu(below)
        self.menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        for article in self.found:
            words = tr("{title} ({percent} %)", title=named(article), percent=article.fit.percent)
            action = self.menu.add(words.replace("&", "&&"), "book")
            action.triggered.connect(lambda _checked=False, article=article: self.use(article))
        if self.found:
            self.menu.addSeparator()
        every = self.menu.add(tr("Look in all articles"), "search")
        every.triggered.connect(lambda: self._context.go.emit(Place(page=PAGE)))
        self.menu.destroyed.connect(self._on_menu_gone)
        self.menu.popup(below.mapToGlobal(QPoint(0, below.height())))

    def retranslate(self) -> None:
        """Write the reasons in the language on screen."""
        self._show(self.found)

    def _on_menu_gone(self) -> None:
        self.menu = None

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        kinds = {entity for entity, _ in changed}
        if self._asked is not None and not kinds.isdisjoint(("article", "ticket_article", "ticket_message")):
            self._changes.mark()

    def _read(self) -> None:
        asked, replica = self._asked, self._context.replica
        if asked is None:
            return

        def read() -> tuple[SuggestedArticle, ...]:
            if isinstance(asked, str):
                return article_suggestions.of_ticket(replica, asked)
            return article_suggestions.suggested(replica, asked)

        self._context.tasks.read(self, read, self._show, self._context.show_error, topic="suggested")

    def _show(self, found: tuple[SuggestedArticle, ...]) -> None:
        self.found = found
        clear(self._rows)
        of_ticket = isinstance(self._asked, str)
        self.setVisible(bool(found) or of_ticket)
        self.heading.remark.setVisible(bool(found))
        self.nothing.setVisible(not found)
        self.write.setVisible(of_ticket and self._may_write)
        opened = self._open if self._open in {each.id for each in found} else (found[0].id if found else "")
        for place, article in enumerate(found):
            row = InfoRow(
                named(article),
                icon="book",
                right=Label(message("{percent} %", percent=article.fit.percent), color="text-soft"),
                bold=article.id == opened,
                lined=article.id != opened and place + 1 < len(found),
            )
            row.layout().setContentsMargins(0, 4, 0, 5)
            row.opened.connect(lambda article_id=article.id: self._unfold(article_id))
            row.setToolTip(reasons_of(article))
            self._rows.addWidget(row)
            if article.id == opened:
                self._rows.addWidget(self._details(article))

    def _write(self) -> None:
        """Begin an article with what the ticket asked and what was answered."""
        ticket_id, replica = self._asked, self._context.replica
        if not isinstance(ticket_id, str):
            return
        headings = (tr("Question"), tr("What was answered"))
        self._context.tasks.read(
            self,
            lambda: articles.from_ticket(replica, ticket_id, headings),
            lambda given: self._context.go.emit(
                Place(page=PAGE, options={"new": "article", "values": given})
            ),
            self._context.show_error,
            topic="from ticket",
        )

    def _unfold(self, article_id: str) -> None:
        self._open = article_id
        self._show(self.found)

    def _details(self, article: SuggestedArticle) -> QWidget:
        details = QWidget()
        column = QVBoxLayout(details)
        column.setContentsMargins(28, 0, 0, 10)
        column.setSpacing(4)
        column.addWidget(Label(article.excerpt or NOTHING, step="caption", color="text-soft", wrap=True))
        column.addWidget(Label(reasons_of(article), step="caption", color="text-soft", wrap=True))
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        words = message("Insert link") if article.is_public else message("Put into a note")
        insert = Button(words, Kind.OUTLINE, small=True)
        insert.clicked.connect(lambda: self.use(article))
        read = Button(message("Read"), Kind.LINK, small=True)
        read.clicked.connect(lambda: self._context.go.emit(Place(page=PAGE, record_id=article.id)))
        for button in (insert, read):
            button.setAccessibleDescription(named(article))
            buttons.addWidget(button)
        buttons.addStretch(1)
        column.addLayout(buttons)
        insert.setVisible(
            isinstance(self._asked, str) and self._may_use
        )  # only now: without a parent it would be a window
        return details


def named(article: SuggestedArticle) -> str:
    """Return number and title."""
    return f"{article.number} {article.title}".strip()


def reasons_of(article: SuggestedArticle) -> str:
    """Return why an article is suggested, on one line in the language on screen."""
    words = " · ".join(show(why_words(reason)) for reason in article.fit.reasons)
    return words[:1].upper() + words[1:]
