"""How leads come in, to whom leads and tickets go and what leads score, for whoever sets it up."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QUrl
from PySide6.QtGui import QDesktopServices
from PySide6.QtWidgets import QApplication

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, message
from crm_core.rules.access import Action
from crm_core.rules.scoring import RuleKind
from crm_desktop.services import lead_setup, ranking, syncing
from crm_desktop.ui.actions import ActionRegistry, ActionSpec
from crm_desktop.ui.context import Context, Notice, Place
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.itemmodels.rows import EMPTY_CELL, CellText, Column, Row
from crm_desktop.ui.pages.records import RecordsLook, RecordsPage
from crm_desktop.ui.settings.assignment_grid import AssignmentGrid
from crm_desktop.ui.settings.form_grid import CaptureFormGrid
from crm_desktop.ui.settings.rule_grids import ScoringGrid
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, IconButton
from crm_desktop.ui.widgets.cells import CellKind


class CaptureFormForm(RecordForm):
    """The form in which a capture form is made."""

    grid_class = CaptureFormGrid


class CaptureFormsPage(RecordsPage):
    """The pages on which people outside leave their address; each has an address of its own at HQ."""

    form_class = CaptureFormForm

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="capture_forms",
            entity="capture_form",
            columns=("name", "makes", "language", "source", "campaign", "owner_id", "active", "token"),
            sort=(("name", False),),
            imports=False,
            widths={
                "makes": 96,
                "language": 96,
                "source": 96,
                "campaign": 140,
                "owner_id": 140,
                "active": 64,
            },
        )
        super().__init__(context, actions, look)
        self._server = ""
        self.copy_button = Button(message("Copy the address"), icon="globe", small=True)
        self.open_button = Button(message("Open the page"), icon="eye", small=True)
        self.copy_button.clicked.connect(self._on_copy)
        self.open_button.clicked.connect(self._on_open)
        for button in (self.copy_button, self.open_button):
            self.list.bar.layout().addWidget(button)
        for name, text, icon, key, run in (
            ("copy", N_("Copy the form's address"), "globe", "Ctrl+Shift+U", self._on_copy),
            ("open", N_("Open the form's page"), "eye", "Ctrl+Shift+O", self._on_open),
        ):
            spec = ActionSpec(
                id=f"capture_forms.{name}",
                text=text,
                group=N_("Capture forms"),
                icon=icon,
                shortcut=key,
                right=(Action.READ, "capture_form"),
            )
            actions.add(spec, run, self)
        self.list.current_changed.connect(self._on_current_changed)
        self._on_current_changed(None)

    def show_place(self, place: Place) -> None:
        """Show the list or a form; learn meanwhile where HQ is."""
        super().show_place(place)
        replica = self.context.replica
        self.context.tasks.read(
            self, lambda: syncing.status(replica).server, self._on_server, self.context.show_error
        )

    def url(self) -> str:
        """Return the address of the current form; '' where there is none."""
        row = self.list.current_row()
        return lead_setup.form_url(self._server, str(row.record.get("token") or "")) if row else ""

    def _on_server(self, server: str | None) -> None:
        self._server = server or ""

    def _on_current_changed(self, row: object) -> None:
        self.copy_button.setEnabled(row is not None)
        self.open_button.setEnabled(row is not None)

    def _on_copy(self) -> None:
        url = self._known_url()
        if url:
            QApplication.clipboard().setText(url)
            self.context.notice.emit(Notice(kind="good", text=message("Copied: {url}", url=url), seconds=10))

    def _on_open(self) -> None:
        url = self._known_url()
        if url:
            QDesktopServices.openUrl(QUrl(url))

    def _known_url(self) -> str:
        if self.list.current_row() is None:
            return ""
        if not self._server:
            told = message("Forms are pages of an HQ, and this laptop is not connected to one.")
            self.context.notice.emit(Notice(kind="warn", text=told))
        return self.url()


class AssignmentRuleForm(RecordForm):
    """The form of one rule of assignment."""

    grid_class = AssignmentGrid

    def __init__(self, *parts: Any, **how: Any) -> None:
        super().__init__(*parts, **how)
        self.loaded.connect(self._on_loaded)
        self.saved.connect(lambda _record: self._on_loaded())

    def _on_loaded(self) -> None:
        if isinstance(self.grid, AssignmentGrid):
            self.grid.look_at(self.record_id)


class AssignmentRulesPage(RecordsPage):
    """To whom leads and tickets go that nobody has, in the order in which the rules are asked."""

    form_class = AssignmentRuleForm

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="assignment_rules",
            entity="assignment_rule",
            columns=("name", "applies_to", "rank", "way", "team_id", "answer_hours", "active"),
            sort=(("rank", False),),
            imports=False,
            widths={
                "applies_to": 96,
                "rank": 96,
                "way": 200,
                "team_id": 120,
                "answer_hours": 120,
                "active": 64,
            },
        )
        super().__init__(context, actions, look)
        self.earlier = IconButton("up", message("Asked earlier"), small=True, hint="Alt+Up")
        self.later = IconButton("down", message("Asked later"), small=True, hint="Alt+Down")
        for button, by in ((self.earlier, -1), (self.later, 1)):
            button.clicked.connect(lambda _checked=False, step=by: self._shift(step))
            self.list.bar.layout().addWidget(button)
        for name, text, icon, key, by in (
            ("earlier", N_("Ask the rule earlier"), "up", "Alt+Up", -1),
            ("later", N_("Ask the rule later"), "down", "Alt+Down", 1),
        ):
            spec = ActionSpec(
                id=f"assignment_rules.{name}",
                text=text,
                group=N_("Assignment rules"),
                icon=icon,
                shortcut=key,
                right=(Action.EDIT, "assignment_rule"),
            )
            actions.add(spec, lambda step=by: self._shift(step), self)

    def _shift(self, by: int) -> None:
        replica = self.context.replica
        self.shift_current(
            lambda rule_id, places: ranking.shift(replica, "assignment_rule", rule_id, places), by
        )


class ScoringRuleForm(RecordForm):
    """The form of one rule of scoring."""

    grid_class = ScoringGrid

    def __init__(self, *parts: Any, **how: Any) -> None:
        super().__init__(*parts, **how)
        self.loaded.connect(self._on_loaded)
        self.saved.connect(lambda _record: self._on_loaded())

    def _on_loaded(self) -> None:
        if isinstance(self.grid, ScoringGrid):
            self.grid.look_at(self.record_id)


class ScoringRulesPage(RecordsPage):
    """What gives leads points. Without a rule the usual ones count, and can be written down to be changed."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="scoring_rules",
            entity="scoring_rule",
            columns=("name", "counts", "points", "kind", "half_life_days", "active"),
            sort=(("points", True),),
            imports=False,
            widths={"points": 80, "kind": 176, "half_life_days": 120, "active": 64},
            extra_columns=(
                Column(
                    key="counts", title=message("What it counts"), kind=CellKind.TEXT, width=240, cell=_counts
                ),
            ),
        )
        super().__init__(context, actions, look)
        self.usual_button = Button(message("Write the usual rules down"), icon="star", small=True)
        self.usual_button.clicked.connect(self._on_usual_asked)
        self.list.bar.layout().addWidget(self.usual_button)
        self._on_list_shown()

    def make_form(self, record_id: str | None, values: Any) -> RecordForm:
        """Return the form of a rule; the first one brings the usual ones with it."""
        replica = self.context.replica
        make = None if record_id else lambda new: lead_setup.add_scoring_rule(replica, new)
        return ScoringRuleForm(
            self.context, self.actions_of_program, "scoring_rule", record_id, given=values, make=make
        )

    def _on_list_shown(self) -> None:
        super()._on_list_shown()
        setup = self.list.setup
        may = setup is not None and setup.may_create
        if hasattr(self, "usual_button"):
            self.usual_button.setVisible(may and self.list.model.rowCount() == 0)

    def _on_usual_asked(self) -> None:
        replica = self.context.replica
        self.context.change(
            self,
            lambda: lead_setup.begin_with_usual(replica),
            told=message("The usual rules are written down; change them as you like"),
        )


def _counts(row: Row) -> CellText:
    """Say what a rule counts in few words: “Employees is at least 100”, “Visit · Positive”."""
    values = row.record
    own, lead = SCHEMAS["scoring_rule"].fields, SCHEMAS["lead"].fields

    def chosen(name: str) -> str:
        value = str(values.get(name) or "")
        return tr(own[name].choice_label(value)) if value else ""

    if values.get("kind") == RuleKind.ACTIVITY:
        return CellText(" · ".join(filter(None, (chosen("activity_kind"), chosen("outcome")))))
    if values.get("kind") != RuleKind.FIELD:
        return EMPTY_CELL
    name, value = str(values.get("field") or ""), str(values.get("value") or "")
    field = lead.get(name)
    words = tr(field.label) if field is not None else name
    if field is not None and field.choices:
        value = tr(field.choice_label(value))
    parts = {"field": words, "comparison": chosen("comparison") or tr("is filled")}
    if not value:
        return CellText(tr("{field} {comparison}", **parts))
    return CellText(tr("{field} {comparison} {value}", **parts, value=value))
