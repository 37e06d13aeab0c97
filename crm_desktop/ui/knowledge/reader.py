"""An article as it is read: head, text, and beside it outline, votes, facts, uses and versions."""

from __future__ import annotations

import datetime
from collections.abc import Callable

from PySide6.QtCore import Qt, QUrl, Signal
from PySide6.QtGui import QDesktopServices, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QSplitter, QTextBrowser, QVBoxLayout, QWidget

from crm_core.i18n import message
from crm_core.rules.article_text import ReadText, is_safe_link, read_text
from crm_desktop.services.articles import ArticleView, UseRow, VersionRow
from crm_desktop.services.calendar import local
from crm_desktop.ui.format import near_date
from crm_desktop.ui.knowledge.words import LANGUAGES, READERS, STATES, TONES, name_of
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets.buttons import Button, IconButton, Kind
from crm_desktop.ui.widgets.cards import InfoRow
from crm_desktop.ui.widgets.chips import Chip
from crm_desktop.ui.widgets.clearing import clear
from crm_desktop.ui.widgets.fields import Fact, line_up
from crm_desktop.ui.widgets.flow import FlowLayout
from crm_desktop.ui.widgets.labels import Heading, Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.menus import Menu
from crm_desktop.ui.widgets.paint import Tone

_SIDE = 268
_NARROW_BELOW = 840
"""px of this part before the font scale: narrower, and the title would be cut into many lines."""
_USES_SHOWN = 6
_LEAST_LABEL, _MOST_LABEL = 60, 96


class Reader(Live, QWidget):
    """Shows one article; asks for what is to be done with it."""

    step_asked = Signal(str)
    """A state the article is to be brought to."""
    delete_asked = Signal()
    edit_asked = Signal()
    revise_asked = Signal()
    take_on_asked = Signal()
    voted = Signal(bool)
    version_asked = Signal(object)
    """A `VersionRow` to be seen beside what holds."""
    ticket_asked = Signal(str)
    article_asked = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._view: ArticleView | None = None
        self._narrow = False
        self._read = ReadText(html="", headings=())
        self.title = Label("", step="title", wrap=True)
        self.main = Button("", Kind.PRIMARY)
        self.second = Button("", Kind.OUTLINE)
        self.more = IconButton("more", message("More"))
        self.menu = Menu(self)
        self.more.setMenu(self.menu)
        self._does: dict[Button, Callable[[], object]] = {}
        self._chips = QWidget()
        self._flow = FlowLayout(self._chips)
        self.summary = Label("", color="text-soft", wrap=True)
        self.text = QTextBrowser()
        self.side = _Side(self)
        self._lay_out()
        self.text.setOpenLinks(False)
        self.text.anchorClicked.connect(self._follow)
        self.side.heading_asked.connect(self.text.scrollToAnchor)
        for button in (self.main, self.second):
            button.clicked.connect(lambda _=False, button=button: self._does[button]())
        self.retint()

    def show_view(self, view: ArticleView) -> None:
        """Show an article; one that only changed stays where it was scrolled to."""
        same = self._view is not None and self._view.article.id == view.article.id
        place = self.text.verticalScrollBar().value() if same else 0
        self._view = view
        values = view.article.values
        self.title.say(view.article.title)
        self.summary.say(str(values.get("summary") or ""))
        self.summary.setVisible(bool(values.get("summary")))
        self._read = read_text(str(values.get("body") or ""))
        self._draw()
        self.text.verticalScrollBar().setValue(place)
        self._show_chips(view)
        self._show_actions(view)
        self.side.show_view(view, self._read)

    def retranslate(self) -> None:
        """Write marks and words in the language on screen."""
        self.text.setAccessibleName(tr("Text of the article"))
        if self._view is not None:
            self._show_chips(self._view)
            self._show_actions(self._view)
            self.side.show_view(self._view, self._read)

    def retint(self) -> None:
        """Draw the text in the theme's colours."""
        self._draw()

    def _lay_out(self) -> None:
        self._head = QHBoxLayout()
        self._head.setSpacing(8)
        self._head.addWidget(self.title, 1)
        self._buttons = QWidget()
        buttons = QHBoxLayout(self._buttons)
        buttons.setContentsMargins(0, 0, 0, 0)
        buttons.setSpacing(8)
        for button in (self.second, self.main, self.more):
            buttons.addWidget(button)
        self._head.addWidget(self._buttons, 0, Qt.AlignmentFlag.AlignTop)
        frameless(self.text)
        self.text.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAsNeeded)
        middle = QWidget()
        self._column = column = QVBoxLayout(middle)
        keep_margins(column, PAGE_MARGIN, 16, PAGE_MARGIN, 16)
        column.setSpacing(8)
        column.addLayout(self._head)
        column.addWidget(self._chips)
        column.addWidget(self.summary)
        column.addWidget(self.text, 1)
        self.split = QSplitter(Qt.Orientation.Horizontal)
        self.split.setHandleWidth(1)
        self.split.setChildrenCollapsible(False)
        self.split.addWidget(middle)
        self.split.addWidget(self.side)
        self.split.setStretchFactor(0, 1)
        self.split.setSizes([theme().px(700), theme().px(_SIDE)])
        outer = QVBoxLayout(self)
        outer.setContentsMargins(0, 0, 0, 0)
        outer.addWidget(self.split)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Where there is little room, put the buttons below the title and leave out what stands beside."""
        super().resizeEvent(event)
        narrow = self.width() < theme().px(_NARROW_BELOW)
        if narrow == self._narrow:
            return
        self._narrow = narrow
        self.side.setVisible(not narrow)
        if narrow:
            self._column.insertWidget(1, self._buttons, 0, Qt.AlignmentFlag.AlignLeft)
        else:
            self._head.addWidget(self._buttons, 0, Qt.AlignmentFlag.AlignTop)

    def show_side(self) -> None:
        """Show what stands beside the text, or leave it out."""
        self.side.setVisible(self.side.isHidden())

    def _draw(self) -> None:
        document = self.text.document()
        document.setDefaultFont(theme().font("body"))
        document.setDefaultStyleSheet(document_style())
        document.setDocumentMargin(0)
        self.text.setHtml(self._read.html)

    def _follow(self, address: QUrl) -> None:
        if is_safe_link(address.toString()):
            QDesktopServices.openUrl(address)

    def _show_chips(self, view: ArticleView) -> None:
        while (item := self._flow.takeAt(0)) is not None:
            if (widget := item.widget()) is not None:
                widget.hide()
                widget.deleteLater()
        for text, tone in chips_of(view):
            self._flow.addWidget(Chip(text, tone=tone))

    def _show_actions(self, view: ArticleView) -> None:
        self.menu.clear()
        buttons = [self.main, self.second]
        status = str(view.article.get("status") or "draft")
        for button in buttons:
            button.hide()
        for text, run, is_main in self._actions(view, status):
            free = next(
                (each for each in buttons if each.isHidden() and (is_main or each is self.second)), None
            )
            if free is not None:
                free.say(text)
                free.show()
                self._does[free] = run
            else:
                self.menu.add(show(text)).triggered.connect(lambda _=False, run=run: run())
        self.more.setVisible(bool(self.menu.actions()))

    def _actions(self, view: ArticleView, status: str) -> list[tuple[Text, Callable[[], object], bool]]:
        found: list[tuple[Text, Callable[[], object], bool]] = []

        def step(text: Text, state: str, *, main: bool = False) -> None:
            found.append((text, lambda: self.step_asked.emit(state), main))

        if status in ("draft", "review"):
            if view.may_publish:
                step(message("Publish"), "published", main=True)
            elif view.may_edit and status == "draft":
                step(message("Ask for review"), "review", main=True)
            if view.may_edit:
                found.append((message("Edit"), self.edit_asked.emit, False))
            if view.may_publish and status == "draft":
                step(message("Ask for review"), "review")
            if view.may_edit and status == "review":
                step(message("Back to draft"), "draft")
            if view.may_edit and is_overtaken(view):
                found.append((message("Take the newer version into account"), self.take_on_asked.emit, False))
        elif status == "published":
            if view.revision_id:
                other = view.revision_id
                found.append((message("Go to the revision"), lambda: self.article_asked.emit(other), True))
            elif view.may_edit:
                found.append((message("Revise"), self.revise_asked.emit, True))
            if view.may_edit:
                found.append((message("Properties"), self.edit_asked.emit, False))
            if view.may_retire:
                step(message("Take out of use"), "retired")
        elif status == "retired" and view.may_publish:
            step(message("Publish again"), "published", main=True)
        if view.may_delete:
            found.append((message("Delete"), self.delete_asked.emit, False))
        return found


class _Side(Live, QScrollArea):
    """Outline, whether it helped, what is known about the article, versions, tickets."""

    heading_asked = Signal(str)

    def __init__(self, reader: Reader) -> None:
        super().__init__(reader)
        self._reader = reader
        self.setWidgetResizable(True)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setMinimumWidth(theme().px(200))
        holder = QWidget()
        self.setWidget(holder)
        self._column = QVBoxLayout(holder)
        self._column.setContentsMargins(20, 16, 20, 16)
        self._column.setSpacing(8)

    def show_view(self, view: ArticleView, read: ReadText) -> None:
        """Show what belongs to an article."""
        clear(self._column)
        if len(read.headings) > 1:
            self._rows(message("On this page"))
            top = min(heading.level for heading in read.headings)
            for heading in read.headings:
                row = InfoRow(heading.words, lined=False)
                row.layout().setContentsMargins(theme().px(14) * (heading.level - top), 0, 0, 0)
                row.opened.connect(lambda anchor=heading.anchor: self.heading_asked.emit(anchor))
                self._column.addWidget(row)
        if view.article.get("status") == "published":
            self._votes(view)
        self._facts(view)
        if view.article.get("status") != "merged":
            self._uses(view)
        if view.versions:
            self._rows(message("Versions"))
            for version in view.versions:
                self._version(version)
        self._column.addStretch(1)

    def retranslate(self) -> None:
        """Name the pane in the language on screen."""
        self.setAccessibleName(tr("About the article"))

    def _rows(self, text: Text) -> None:
        if self._column.count():
            self._column.addSpacing(12)
        self._column.addWidget(Heading(text))

    def _votes(self, view: ArticleView) -> None:
        self._rows(message("Did this help?"))
        votes, line = view.votes, QHBoxLayout()
        line.setSpacing(8)
        for helpful, text in (
            (True, message("Yes, {count}", count=votes.yes)),
            (False, message("No, {count}", count=votes.no)),
        ):
            chosen = votes.mine is helpful
            button = Button(text, Kind.OUTLINE, icon="check" if chosen else None, small=True)
            button.setAccessibleName(tr("It helped") if helpful else tr("It did not help"))
            button.setEnabled(view.may_vote)
            button.clicked.connect(lambda _=False, helpful=helpful: self._reader.voted.emit(helpful))
            line.addWidget(button)
        line.addStretch(1)
        self._column.addLayout(line)

    def _facts(self, view: ArticleView) -> None:
        self._rows(message("About the article"))
        values = view.article.values
        told: list[tuple[Text, Text]] = [
            (message("Category"), " / ".join(name_of(names) for names in view.category)),
            (message("Language"), LANGUAGES.get(str(values.get("language")), "")),
            (message("Owner"), view.owner),
            (message("Reviewers"), view.reviewers),
            (message("Products"), view.products),
            (message("Published"), _day_of(values.get("published_at"))),
            (message("Look at it again by"), _day(values.get("review_by"))),
            (message("Last day it holds"), _day(values.get("expires_on"))),
        ]
        facts = [Fact(label, value) for label, value in told if show(value)]
        for fact in facts:
            self._column.addWidget(fact)
        line_up(tuple(facts), least=_LEAST_LABEL, most=_MOST_LABEL)
        original = view.original
        if original is not None:
            row = InfoRow(original.title, message("The article this revises"), icon="book", lined=False)
            row.opened.connect(lambda: self._reader.article_asked.emit(original.id))
            self._column.addWidget(row)

    def _uses(self, view: ArticleView) -> None:
        count = view.used_in
        words = message("Used in {count} tickets", count=count) if count != 1 else message("Used in 1 ticket")
        self._rows(words if count else message("Not used in a ticket yet"))
        for use in view.uses[:_USES_SHOWN]:
            self._use(use)

    def _use(self, use: UseRow) -> None:
        row = InfoRow(use.subject, use.number, icon="ticket", lined=False)
        row.layout().setContentsMargins(0, 2, 0, 2)
        row.opened.connect(lambda: self._reader.ticket_asked.emit(use.ticket_id))
        self._column.addWidget(row)

    def _version(self, version: VersionRow) -> None:
        named = message("Version {number}, {day}", number=version.version, day=_day_of(version.published_at))
        who = message("{author}, published by {person}", author=version.author, person=version.published_by)
        row = InfoRow(named, who, lined=False)
        row.layout().setContentsMargins(0, 2, 0, 2)
        row.opened.connect(lambda: self._reader.version_asked.emit(version))
        self._column.addWidget(row)


def frameless(browser: QTextBrowser) -> None:
    """Let a text stand on the ground of its page."""
    browser.setFrameShape(QFrame.Shape.NoFrame)
    browser.setProperty("frameless", "true")
    browser.viewport().setAutoFillBackground(False)
    browser.setStyleSheet(
        "QTextBrowser, QTextBrowser:focus, QTextBrowser:hover"
        " { border: 0; background: transparent; padding: 0 }"
    )


def chips_of(view: ArticleView) -> list[tuple[Text, Tone]]:
    """Return the marks under an article's title."""
    values = view.article.values
    status, audience = str(values.get("status") or "draft"), str(values.get("audience") or "internal")
    found: list[tuple[Text, Tone]] = [(str(values.get("number") or ""), Tone.NEUTRAL)]
    found.append((STATES.get(status, status), TONES.get(status, Tone.NEUTRAL)))
    found.append((READERS.get(audience, audience), Tone.NEUTRAL))
    if values.get("replaces_id"):
        found.append(
            (message("Revision of version {number}", number=values.get("grounds") or 1), Tone.NEUTRAL)
        )
    if is_overtaken(view):
        newer = view.original.get("version") if view.original else ""
        found.append((message("Version {number} was published since", number=newer), Tone.WARN))
    if view.is_expired:
        found.append((message("Its last day is over"), Tone.BAD))
    if view.is_due:
        found.append((message("To be looked at again"), Tone.WARN))
    if view.not_sent:
        found.append((message("Not sent"), Tone.NEUTRAL))
    return [(text, tone) for text, tone in found if text]


def is_overtaken(view: ArticleView) -> bool:
    """Tell whether a version was published since a revision in work was begun."""
    original, values = view.original, view.article.values
    if original is None or values.get("status") not in ("draft", "review"):
        return False
    return (original.get("version") or 1) != (values.get("grounds") or 1)


def document_style() -> str:
    """Return the style sheet of a text, in the theme's colours."""
    colors = {name: theme().color(name).name() for name in ("text", "text-soft", "accent", "line", "sunken")}
    small, middle, large = theme().px(13), theme().px(15), theme().px(17)
    return (
        f"body, p, li, td, th {{ color: {colors['text']} }}"
        f" h2 {{ font-size: {large}px; font-weight: 600; margin-top: {theme().px(18)}px }}"
        f" h3, h4, h5, h6 {{ font-size: {middle}px; font-weight: 600; margin-top: {theme().px(14)}px }}"
        f" a {{ color: {colors['accent']} }}"
        f" code, pre {{ font-size: {small}px; background: {colors['sunken']} }}"
        f" blockquote {{ color: {colors['text-soft']}; margin-left: {theme().px(16)}px }}"
        f" ul, ol, table {{ margin-top: {theme().px(6)}px; margin-bottom: {theme().px(10)}px }}"
        " table { border-collapse: collapse }"
        f" th {{ text-align: left; color: {colors['text-soft']} }}"
        f" td, th {{ padding: {theme().px(4)}px {theme().px(16)}px {theme().px(4)}px 0px;"
        f" border-bottom: 1px solid {colors['line']} }}"
    )


def _day(text: object) -> Text:
    return near_date(datetime.date.fromisoformat(text)) if isinstance(text, str) and text else ""


def _day_of(ms: object) -> Text:
    return near_date(local(ms).date()) if isinstance(ms, int) and ms else ""
