"""Words and tones of articles."""

from __future__ import annotations

from crm_core.entities.article import ARTICLE_LANGUAGES, ARTICLE_STATES, AUDIENCES
from crm_core.i18n import Message, message
from crm_desktop.services.articles import ArticleRow, Shelf
from crm_desktop.ui.translate import Text, tr, translator
from crm_desktop.ui.widgets.paint import Tone
from resources import CHINESE

STATES = {choice.value: Message(choice.label) for choice in ARTICLE_STATES}
READERS = {choice.value: Message(choice.label) for choice in AUDIENCES}
LANGUAGES = {choice.value: Message(choice.label) for choice in ARTICLE_LANGUAGES}
TONES = {"published": Tone.GOOD, "review": Tone.INFO, "draft": Tone.NEUTRAL, "retired": Tone.NEUTRAL}
UNFILED = message("No category")
NO_ARTICLES = message("No articles yet")
NO_MATCH = message("No match: try fewer words")


def shelf_name(shelf: Shelf) -> str:
    """Return what a category is called in the language on screen."""
    if not shelf.name:
        return tr(UNFILED.text)
    return name_of((shelf.name, shelf.name_zh))


def name_of(names: tuple[str, str]) -> str:
    """Return the English or the Chinese of two names, as the language on screen asks."""
    return names[1] if translator().language == CHINESE else names[0]


def remark_on(row: ArticleRow) -> Text:
    """Return what is to be noticed about an article in a list; '' for one that is published and holds."""
    if row.is_expired:
        return message("Its last day is over")
    if row.is_revision:
        return message("Revision")
    if row.status != "published":
        return STATES.get(row.status, row.status)
    return message("To be looked at again") if row.is_due else ""
