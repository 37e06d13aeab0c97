"""The fields of a rule of assignment: which leads or tickets, how, to whom; tried on with tickets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any

from crm_core.entities import SCHEMAS
from crm_core.entities.assignment import TICKET
from crm_core.i18n import N_, Message, message
from crm_core.rules.assignment import Way
from crm_core.rules.segments import IN_SEGMENT
from crm_core.rules.ticket_routing import ASKED
from crm_core.schema.field import Field
from crm_desktop.services import ticket_rules
from crm_desktop.services.ticket_rules import Tried
from crm_desktop.ui.conditions.of_records import ASSIGNMENT_COLUMNS, AssignmentConditions
from crm_desktop.ui.conditions.row import Offered
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.segments.rule_rows import offered_of_field
from crm_desktop.ui.settings.flow_grid import FlowConditions
from crm_desktop.ui.settings.people_editor import PeopleEditor
from crm_desktop.ui.settings.setup_grid import SetupGrid, Values
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text, show, tr
from crm_desktop.ui.widgets.cells import CellKind
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.text_table import TextTable

_HEIGHT = 280  # px before the font scale: some eight rows
_COLUMNS = (
    (message("Ticket"), CellKind.TEXT, 0),
    (message("Would go to"), CellKind.TEXT, 180),
    (message("Why"), CellKind.TEXT, 300),
)


class TicketConditions(FlowConditions):
    """Which tickets a rule is for: fields of the ticket, its product, its customer and whose team that is."""

    def fill(self, values: Mapping[str, Any], titles: Mapping[str, str]) -> None:
        """Show the conditions, once the fields are known."""
        super().fill({"rules": values.get("rules"), "record_entity": "ticket"}, titles)

    def asked(self, fields: Mapping[str, Field]) -> Mapping[str, Field]:
        """Return what may be asked of a ticket."""
        own = SCHEMAS["ticket"].fields
        return {name: field for name, field in ASKED.items() if name in fields or name not in own}

    def offered(self, field: Field) -> Offered:
        """Return a field with what it is called; one of a linked record with that one's name."""
        if field is IN_SEGMENT:
            return offered_of_field(field, label=message("Segment of the customer"))
        link = field.name.rpartition(".")[0]
        if not link:
            return offered_of_field(field)
        record = Message(SCHEMAS["ticket"].fields[link.split(".")[0]].label)
        label = Message(field.label)
        if "." in link:
            record, label = Message(SCHEMAS["customer"].fields[link.split(".")[1]].label), label
        return offered_of_field(field, label=message("{field} of the {record}", field=label, record=record))


class AssignmentGrid(SetupGrid):
    """Which leads or tickets, how, to whom."""

    order = (
        *("name", "applies_to", "rank", "active", "regions", "rules", "way", "answer_hours", "people"),
        *("team_id", "skilled", "in_territory", "most_open"),
    )
    sections = {
        **dict.fromkeys(("regions", "rules"), N_("Which leads or tickets")),
        **dict.fromkeys(
            ("way", "answer_hours", "people", "team_id", "skilled", "in_territory", "most_open"),
            N_("To whom"),
        ),
    }
    hints = {
        "rank": N_("The first rule that fits decides"),
        "regions": N_("All of them must hold; without one the rule is for every lead"),
        "rules": N_("All of them must hold; without one it is for every ticket"),
        "answer_hours": N_("Who did nothing for so long loses the lead to somebody else; empty: never"),
        "people": N_("Type a name and choose; whoever comes first gets all of a rule for one person"),
        "team_id": N_(
            "Everybody in it, where no people are named; tickets nobody is free for wait in its queue"
        ),
        "skilled": N_("Skills stand at users and at categories of tickets"),
        "in_territory": N_("Who has the smallest territory the customer lies in comes first"),
        "most_open": N_("Who has so many gets no more; empty: any number"),
    }
    labels = {"regions": N_("Conditions"), "rules": N_("Conditions")}
    covers = {"regions": ASSIGNMENT_COLUMNS[1:]}
    only = {
        **dict.fromkeys(("regions", "answer_hours"), lambda values: not _of_tickets(values)),
        "rules": lambda values: _of_tickets(values),
        "people": lambda values: values.get("way") not in (Way.OWNER, Way.QUEUE),
        **dict.fromkeys(
            ("skilled", "in_territory", "most_open"),
            lambda values: _of_tickets(values) and values.get("way") != Way.QUEUE,
        ),
    }
    preview_title = (message("Tried on"), message("Where the latest tickets would go"))

    def build(self, context: Context, shown: Any, values: Any, *parts: Any, **how: Any) -> None:
        """Make the editors, and the table of tickets the rule is tried on."""
        self._rule_id: str | None = None
        self.told = Label("", wrap=True)
        self.table = TextTable(_COLUMNS, message("Where the latest tickets would go"))
        self.table.opened.connect(self._on_opened)
        self.tried: tuple[Tried, ...] = ()
        super().build(context, shown, values, *parts, **how)
        self.preview.body.addWidget(self.told)
        self.preview.body.addWidget(self.table)
        self.table.setMinimumHeight(theme().px(_HEIGHT))
        self.show_what_fits()

    def make_own(self, context: Context, field: Field) -> Any:
        """Return the editors of conditions and people."""
        match field.name:
            case "regions":
                return AssignmentConditions(context)
            case "rules":
                return TicketConditions(context)
            case "people":
                return PeopleEditor(context, field)
            case _:
                return None

    def show_what_fits(self) -> None:
        """Ask for weights where they count."""
        super().show_what_fits()
        found = self.fields.get("people")
        if found is not None and found.editor is not None:
            found.editor.show_weights(self.present().get("way") == Way.WEIGHTED)

    def look_at(self, rule_id: str | None) -> None:
        """Say which rule is shown: its present record does not count beside what is in the form."""
        self._rule_id = rule_id
        self.show_what_fits()

    def show_preview(self, values: Values) -> None:
        """Ask where the latest tickets would go."""
        if not hasattr(self, "preview"):
            return
        self.preview.setVisible(_of_tickets(values))
        if not _of_tickets(values):
            return
        replica, rule_id = self._context.replica, self._rule_id
        self._context.tasks.read(
            self,
            lambda: ticket_rules.try_on(replica, values, rule_id),
            self._on_tried,
            self._context.show_error,
            topic="tried",
        )

    def retranslate(self) -> None:
        """Say it in the language on screen."""
        if hasattr(self, "tried"):
            self._say()

    def _on_tried(self, tried: tuple[Tried, ...]) -> None:
        self.tried = tried
        self.table.show_rows([_row(each) for each in tried])
        self._say()

    def _say(self) -> None:
        self.table.setVisible(bool(self.tried))
        if not self.tried:
            self.told.say(message("There are no tickets to try it on yet."))
            return
        by_this = [each for each in self.tried if each.by_this]
        whom = Counter(show(_target(each)) for each in by_this)
        self.told.say(
            message(
                "Of the latest {all} tickets this rule would give out {count}: {whom}.",
                all=len(self.tried),
                count=len(by_this),
                whom=tr(", ").join(f"{name} {number}" for name, number in whom.most_common()),
            )
            if by_this
            else message("Of the latest {all} tickets this rule would give out none.", all=len(self.tried))
        )

    def _on_opened(self, place: int) -> None:
        self._context.go.emit(Place(page="tickets", record_id=self.tried[place].ticket_id))


def _of_tickets(values: Values) -> bool:
    return values.get("applies_to") == TICKET


def _target(each: Tried) -> Text:
    if each.why is None:
        return message("Nobody yet")
    if each.is_queue:
        return message("Queue of {team}", team=each.to) if each.to else message("Nobody yet")
    return each.to


def _row(each: Tried) -> tuple[Text, ...]:
    return (f"{each.number} {each.subject}".strip(), _target(each), each.why or message("No rule fits"))
