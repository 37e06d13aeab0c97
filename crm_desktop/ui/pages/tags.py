"""Tags: their colours, and how many customers carry each."""

from __future__ import annotations

from crm_core.i18n import message
from crm_desktop.models.conditions import Condition, Op
from crm_desktop.services import tagging
from crm_desktop.services.tagging import TagUse
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.format import figure, percent
from crm_desktop.ui.itemmodels.rows import EMPTY_CELL, CellText, Column, Row
from crm_desktop.ui.pages.records import RecordsLook, RecordsPage
from crm_desktop.ui.settings.unlisted_tags import UnlistedTags
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.cells import CellKind


class TagsPage(RecordsPage):
    """For whoever may change tags; others look at them."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="tags",
            entity="tag",
            columns=("name", "color", "customers", "share"),
            sort=(("name", False),),
            imports=False,
            widths={"color": 112},
            extra_columns=(
                Column(
                    key="customers", title=message("Customers"), kind=CellKind.RIGHT, width=96, cell=_count
                ),
                Column(key="share", title=message("Share"), kind=CellKind.RIGHT, width=80, cell=_share),
            ),
            extras=tagging.uses,
            follows=frozenset((tagging.TAGGED,)),
        )
        super().__init__(context, actions, look)
        self.show_button = Button(message("Show customers"), icon="people", small=True)
        self.show_button.clicked.connect(self._on_show_asked)
        self.list.bar.layout().addWidget(self.show_button)
        self.list.current_changed.connect(self._on_current_changed)
        self._on_current_changed(None)

        self.unlisted = UnlistedTags(context)
        self.unlisted.word_asked.connect(self._show_customers)
        self.side_column.insertWidget(1, self.unlisted)
        self.unlisted.read()

    def _on_current_changed(self, row: Row | None) -> None:
        used = row.extra if row is not None else None
        self.show_button.setEnabled(isinstance(used, TagUse) and used.count > 0)

    def _on_show_asked(self) -> None:
        row = self.list.current_row()
        if row is not None:
            self._show_customers(row.record.title)

    def _show_customers(self, word: str) -> None:
        carried = Condition(field="tags", op=Op.EQUAL, value=word)
        options = {"conditions": (carried,), "title": word}
        self.context.go.emit(Place(page="customers", options=options))


def _count(row: Row) -> CellText:
    return CellText(figure(row.extra.count)) if isinstance(row.extra, TagUse) else EMPTY_CELL


def _share(row: Row) -> CellText:
    if not isinstance(row.extra, TagUse):
        return EMPTY_CELL
    return CellText(percent(round(row.extra.share * 100)))
