"""Parts of the form of a new ticket: the category, and in whose hands it goes."""

from __future__ import annotations

from PySide6.QtWidgets import QComboBox, QWidget

from crm_core.i18n import message
from crm_core.rules.access import Action
from crm_core.rules.scopes import EVERYONE
from crm_core.schema.field import Plain
from crm_desktop.services import ticket_around, ticket_hands
from crm_desktop.services.ticket_around import CategoryRow
from crm_desktop.services.ticket_hands import TeamQueue
from crm_desktop.ui.context import Context
from crm_desktop.ui.tickets.dialogs import CategoryDialog
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.live import Live

ME, HQ, TEAM = "me", "hq", "team:"


class CategoryButton(Button):
    """Says the category with what it is within; opens the tree to choose another."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(message("Choose a category…"), icon="tag", parent=parent)
        self._context = context
        self.category_id: str | None = None
        self.dialog: CategoryDialog | None = None
        self.clicked.connect(self._ask)

    def choose(self, category_id: str | None, path: str) -> None:
        """Show a category; None for none."""
        self.category_id = category_id
        self.say(path if category_id else message("Choose a category…"))

    def _ask(self) -> None:
        replica = self._context.replica
        self._context.tasks.read(
            self,
            lambda: ticket_around.categories(replica),
            self._show,
            self._context.show_error,
            topic="categories",
        )

    def _show(self, rows: tuple[CategoryRow, ...]) -> None:
        paths = {row.id: row.path for row in rows}
        self.dialog = CategoryDialog(rows, self.category_id, self.window())
        self.dialog.said.connect(lambda chosen: self.choose(chosen, paths.get(chosen or "", "")))
        self.dialog.open()


class HandsBox(Live, QComboBox):
    """Whoever opens the ticket, HQ's rules, or a team's queue."""

    def __init__(self, context: Context, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._teams: tuple[TeamQueue, ...] = ()
        self._show(self._teams)

    def begin(self) -> None:
        """Offer what there is now; whoever opens it takes it unless something else is chosen."""
        self._show(self._teams)
        self.setCurrentIndex(0)
        replica = self._context.replica
        self._context.tasks.read(
            self,
            lambda: ticket_hands.team_queues(replica, every=True),
            self._show,
            self._context.show_error,
            topic="teams",
        )

    def values(self) -> dict[str, Plain]:
        """Return what the ticket has of it."""
        chosen = str(self.currentData())
        if chosen == HQ:
            return {"assignee_id": None}
        if chosen.startswith(TEAM):
            return {"assignee_id": None, "team_id": chosen.removeprefix(TEAM)}
        return {}

    def retranslate(self) -> None:
        """Name everything in the language on screen."""
        self._show(self._teams)

    def _show(self, teams: tuple[TeamQueue, ...]) -> None:
        self._teams, chosen = teams, self.currentData()
        self.clear()
        self.addItem(tr("I take it"), ME)
        # Who may make tickets for himself alone cannot leave one to others.
        if EVERYONE in self._context.replica.person.within(Action.CREATE, "ticket"):
            self.addItem(tr("HQ assigns it by its rules"), HQ)
            for each in teams:
                self.addItem(tr("Queue of {team}", team=each.name), TEAM + each.team_id)
        self.setCurrentIndex(max(0, self.findData(chosen)))
