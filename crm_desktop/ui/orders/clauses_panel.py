"""The clauses of a contract: from the library or written here, changed and put in order."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, message
from crm_desktop.services import contracts, records, sheet_lines
from crm_desktop.ui.actions import ActionRegistry, ActionSpec
from crm_desktop.ui.context import Context
from crm_desktop.ui.customers.child_list import ChildList
from crm_desktop.ui.forms.links import LinkEditor
from crm_desktop.ui.theme import theme
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins

CLAUSE = contracts.CLAUSE


class ClausesPanel(QWidget):
    """The list with a form in place; above it a clause of the library is chosen and added."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        super().__init__()
        self._context = context
        self._contract_id = ""
        self.library = LinkEditor(context, SCHEMAS[CLAUSE].fields["clause_id"])
        self.add_button = Button(message("Add the clause"), icon="plus", small=True)
        self.add_button.clicked.connect(self.add)
        self.list = ChildList(
            context,
            actions,
            CLAUSE,
            ("title", "title_en", "clause_id"),
            (("position", False),),
            link="contract_id",
            in_place=True,
        )
        head = QHBoxLayout()
        keep_margins(head, PAGE_MARGIN, 8, PAGE_MARGIN, 8)
        head.setSpacing(8)
        head.addWidget(Label(message("From the library"), color="text-soft"))
        head.addWidget(self.library, 1)
        head.addWidget(self.add_button)
        head.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addLayout(head)
        column.addWidget(self.list, 1)
        self.library.setMaximumWidth(theme().px(360))
        for key, text, shortcut, by in (
            ("up", N_("Move clause up"), "Alt+Up", -1),
            ("down", N_("Move clause down"), "Alt+Down", 1),
        ):
            spec = ActionSpec(
                id=f"contract_clause.{key}", text=text, group=N_("Contracts"), shortcut=shortcut
            )
            actions.add(spec, lambda by=by: self._move(by), self)

    def show_record(self, contract_id: str) -> None:
        """Show the clauses of another contract."""
        self._contract_id = contract_id
        self.list.show_customer(contract_id)

    def add(self) -> None:
        """Add the clause chosen in the library behind those there are."""
        chosen, contract_id, replica = self.library.record_id, self._contract_id, self._context.replica
        if chosen is None:
            self.library.setFocus()
            return

        def done(_made: object) -> None:
            self.library.link(None, "")

        values = {"contract_id": contract_id, "clause_id": chosen}
        self._context.change(self, lambda: records.create(replica, CLAUSE, values), done)

    def _move(self, by: int) -> None:
        row, replica = self.list.list.current_row(), self._context.replica
        if row is not None:
            clause_id = row.id
            self.list.list.select_record(clause_id)
            self._context.change(self, lambda: sheet_lines.move(replica, CLAUSE, clause_id, by))
