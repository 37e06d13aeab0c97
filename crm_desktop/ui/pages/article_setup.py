"""Categories of articles: the shelves of the knowledge base, at most two deep."""

from __future__ import annotations

from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context
from crm_desktop.ui.pages.records import RecordsLook, RecordsPage


class ArticleCategoriesPage(RecordsPage):
    """The categories in their order."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="article_categories",
            entity="article_category",
            columns=("name", "name_zh", "parent_id", "rank", "retired"),
            sort=(("rank", False),),
        )
        super().__init__(context, actions, look)
