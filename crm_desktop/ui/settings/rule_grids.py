"""The fields of rules: what leads score, what stages ask of deals; each with what it does."""

from __future__ import annotations

from typing import Any

from crm_core.entities import SCHEMAS
from crm_core.i18n import N_, message
from crm_core.rules import stage_conditions
from crm_core.rules.scoring import RuleKind
from crm_core.schema.field import Field, Kind
from crm_desktop.services import lead_setup
from crm_desktop.services.lead_setup import ScorePreview
from crm_desktop.ui.conditions.of_records import (
    OneConditionEditor,
    scoring_comparisons,
    stage_comparisons,
)
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.links import LinkEditor
from crm_desktop.ui.settings.setup_grid import SetupGrid, Values
from crm_desktop.ui.translate import show, translator
from crm_desktop.ui.widgets import fields as field_widgets
from crm_desktop.ui.widgets.clearing import clear
from crm_desktop.ui.widgets.labels import Label

_POINTS_FROM = (RuleKind.QUALIFY, RuleKind.NURTURE)
_LEAD = Field(no=0, name="lead", label=N_("Lead"), kind=Kind.REF, target="lead")


class ScoringGrid(SetupGrid):
    """Points for a condition or for what was done; what a lead would score with them."""

    order = (
        "name",
        "name_zh",
        "kind",
        "points",
        "field",
        "activity_kind",
        "outcome",
        "half_life_days",
        "most",
        "active",
    )
    hints = {
        "name": N_("What people read beside the points"),
        "points": N_("Below zero it takes some"),
        "activity_kind": N_("Empty: every kind"),
        "outcome": N_("Empty: any"),
        "half_life_days": N_("After so many days it counts half; empty: it does not fade"),
        "most": N_("Empty: five"),
    }
    labels = {"field": N_("Condition")}
    covers = {"field": ("comparison", "value")}
    only = {
        "field": lambda values: (values.get("kind") or RuleKind.FIELD) == RuleKind.FIELD,
        **{
            name: lambda values: values.get("kind") == RuleKind.ACTIVITY
            for name in ("activity_kind", "outcome", "half_life_days", "most")
        },
    }
    preview_title = (message("Preview"), message("What a lead would score"))

    def build(self, context: Context, shown: Any, values: Any, *parts: Any, **how: Any) -> None:
        """Make the editors, and the line in which a lead to look at is chosen."""
        self._rule_id: str | None = None
        self.lead = LinkEditor(context, _LEAD)
        self.lead.edited.connect(self._ask)
        self.told = Label("", wrap=True)
        self.reasons = Label("", step="caption", color="text-soft", wrap=True)
        self._preview_read: ScorePreview | None = None
        super().build(context, shown, values, *parts, **how)
        self.preview.body.addWidget(field_widgets.Field(message("Lead"), self.lead))
        self.preview.body.addWidget(self.told)
        self.preview.body.addWidget(self.reasons)
        self._ask()

    def make_own(self, context: Context, field: Field) -> Any:
        """Return the editor of the condition."""
        if field.name != "field":
            return None
        columns = ("field", "comparison", "value")
        return OneConditionEditor(context, "lead", columns, scoring_comparisons)

    def show_what_fits(self) -> None:
        """Let the condition rest where the rule has none."""
        found = self.fields.get("field")
        if found is not None and found.editor is not None:
            kind = self.present().get("kind") or RuleKind.FIELD
            found.editor.narrow(rests=kind != RuleKind.FIELD)
        super().show_what_fits()

    def show_preview(self, values: Values) -> None:
        """Ask what the lead would score."""
        if hasattr(self, "preview"):
            self._ask()

    def look_at(self, rule_id: str | None) -> None:
        """Say which rule is shown: its present record does not count beside what is in the form."""
        self._rule_id = rule_id
        self._ask()

    def retranslate(self) -> None:
        """Say the score in the language on screen."""
        if hasattr(self, "_preview_read"):
            self._say()

    def _ask(self) -> None:
        replica, rule_id, lead_id = self._context.replica, self._rule_id, self.lead.record_id
        values = self.present()
        self._context.tasks.read(
            self,
            lambda: lead_setup.preview_score(replica, values, rule_id, lead_id),
            self._on_read,
            self._context.show_error,
            topic="score",
        )

    def _on_read(self, read: ScorePreview | None) -> None:
        self._preview_read = read
        if read is not None and self.lead.record_id is None and not self.lead.text():
            self.lead.link(read.lead_id, read.title)
        self._say()

    def _say(self) -> None:
        read = self._preview_read
        if read is None:
            self.told.say(message("There is no lead to look at yet."))
            self.reasons.say("")
            return
        found = read.scores[translator().language]
        self.told.say(
            message(
                "{lead} would have {points} points; without this rule {before}.",
                lead=read.title,
                points=found.total,
                before=read.without,
            )
        )
        words = [show(reason.told()) for reason in found.reasons]
        self.reasons.say("\n".join(words))


class StageRuleGrid(SetupGrid):
    """What a deal must meet, and the sentence people will read."""

    order = (
        "stage_id",
        "moment",
        "kind",
        "field",
        "activity_kind",
        "days",
        "milestone_id",
        "message",
        "message_zh",
        "active",
    )
    hints = {
        "activity_kind": N_("Empty: every kind"),
        "days": N_("Empty: whenever"),
        "message": N_("Said instead of the sentence below"),
    }
    labels = {"field": N_("What is asked of the deal")}
    covers = {"field": ("operator", "value")}
    only = {
        "field": lambda values: _asks_field(values),
        "activity_kind": lambda values: values.get("kind") == stage_conditions.ACTIVITY,
        "days": lambda values: values.get("kind") == stage_conditions.ACTIVITY,
        "milestone_id": lambda values: values.get("kind") == stage_conditions.MILESTONE,
    }
    preview_title = (message("Preview"), message("What people are told"))

    def make_own(self, context: Context, field: Field) -> Any:
        """Return the editor of the condition."""
        if field.name != "field":
            return None
        return OneConditionEditor(context, "deal", ("field", "operator", "value"), stage_comparisons)

    def show_what_fits(self) -> None:
        """Let the condition offer what its kind compares."""
        found = self.fields.get("field")
        if found is not None and found.editor is not None:
            values = self.present()
            only_filled = values.get("kind") == stage_conditions.FILLED
            found.editor.narrow(only_filled=only_filled, rests=not _asks_field(values))
        super().show_what_fits()

    def show_preview(self, values: Values) -> None:
        """Show the sentence."""
        if not hasattr(self, "preview"):
            return
        clear(self.preview.body)
        milestone = self.fields.get("milestone_id")
        named = milestone.editor.text() if milestone is not None and milestone.editor is not None else ""
        condition = stage_conditions.condition_of("", values, named)
        needs_one = values.get("kind") == stage_conditions.MILESTONE
        asked = values.get("field") if _asks_field(values) else named or not needs_one
        if not asked and condition.own_words is None:
            wanted = message("Choose what it asks for to see it.")
            self.preview.body.addWidget(Label(wanted, color="text-soft", wrap=True))
            return
        known = dict(SCHEMAS["deal"].fields)
        found = self.fields.get("field")
        if found is not None and found.editor is not None:
            known |= found.editor.known
        self.preview.body.addWidget(
            Label(condition.own_words or stage_conditions.sentence(condition, known), wrap=True)
        )


def _asks_field(values: Values) -> bool:
    kind = values.get("kind") or stage_conditions.FILLED
    return kind in (stage_conditions.FILLED, stage_conditions.COMPARES)
