"""The form in which an article is written: its text in Markdown, with how it will look a click away."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import QUrl, Signal
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QSizePolicy, QStackedWidget, QTextBrowser, QVBoxLayout, QWidget

from crm_core.i18n import N_, message
from crm_core.rules.article_text import is_safe_link, read_text
from crm_core.schema.field import Field, Plain
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.editors import LongTextEditor
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.knowledge.reader import document_style
from crm_desktop.ui.settings.setup_grid import SetupGrid
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.tabs import Tab, TabRow

WRITE, LOOK = "write", "look"
_LINES = 18


class MarkdownEditor(Live, QWidget):
    """Two tabs: the text as it is written, and as it will be read."""

    edited = Signal()

    def __init__(self, field: Field, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.tabs = TabRow(
            [Tab(key=WRITE, text=message("Write")), Tab(key=LOOK, text=message("Preview"))],
            name=message("Text of the article"),
            lined=False,
        )
        self.text = LongTextEditor(field)
        self.text.setMinimumHeight(_LINES * theme().line_height("body"))
        self.text.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.look = QTextBrowser()
        self.look.setOpenLinks(False)
        self.look.anchorClicked.connect(self._follow)
        self._stack = QStackedWidget()
        self._stack.addWidget(self.text)
        self._stack.addWidget(self.look)
        hint = message(
            "# Heading, **bold**, *slanted*, - list, 1. list, > quote, `code`, [words](https://…), | table |"
        )
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(4)
        column.addWidget(self.tabs)
        column.addWidget(self._stack, 1)
        column.addWidget(Label(hint, step="caption", color="text-soft", wrap=True))
        self.text.edited.connect(self.edited)
        self.tabs.chosen.connect(self._on_tab_chosen)
        self.setFocusProxy(self.text)
        self.retranslate()

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show the article's text."""
        self.text.fill(values, titles)
        self._draw()

    def read(self, values: Mapping[str, Any]) -> dict[str, Plain]:
        """Return what was typed."""
        return self.text.read(values)

    def retranslate(self) -> None:
        """Name both in the language on screen."""
        self.text.setAccessibleName(tr("Text of the article"))
        self.look.setAccessibleName(tr("Preview"))

    def retint(self) -> None:
        """Draw the preview in the theme's colours."""
        self._draw()

    def _on_tab_chosen(self, _key: str = "") -> None:
        self._draw()
        self._stack.setCurrentWidget(self.look if self.tabs.key == LOOK else self.text)

    def _draw(self) -> None:
        document = self.look.document()
        document.setDefaultFont(theme().font("body"))
        document.setDefaultStyleSheet(document_style())
        self.look.setHtml(read_text(self.text.toPlainText()).html)

    def _follow(self, address: QUrl) -> None:
        if is_safe_link(address.toString()):
            QDesktopServices.openUrl(address)


class ArticleGrid(SetupGrid):
    """What an article says first, then where it stands and who looks after it."""

    order = (
        *("title", "summary", "body", "language", "audience", "category_id", "keywords"),
        *("product_ids", "reviewers", "owner_id", "review_by", "expires_on"),
    )
    hints = {
        "audience": N_("What customers may read is shown on headquarters' page once it is published"),
        "reviewers": N_("Who of them did not write it may publish it"),
    }

    def make_own(self, context: Context, field: Field) -> Any:
        """Return the editor of the text."""
        return MarkdownEditor(field) if field.name == "body" else None


class ArticleForm(RecordForm):
    """Writes an article; of a published one only what finds it and when it ends."""

    grid_class = ArticleGrid
