"""How deals go, for whoever sets it up: pipelines, stages, conditions, milestones; and the competitors."""

from __future__ import annotations

from collections.abc import Sequence

from crm_core.i18n import N_, Message, message
from crm_core.rules.access import Action
from crm_desktop.models.replica import Replica
from crm_desktop.services import rivals, stage_setup
from crm_desktop.services.rivals import Rival
from crm_desktop.ui.actions import ActionRegistry, ActionSpec
from crm_desktop.ui.context import Context
from crm_desktop.ui.format import figure, percent
from crm_desktop.ui.forms.record_form import RecordForm
from crm_desktop.ui.itemmodels.rows import EMPTY_CELL, CellText, Column, Row
from crm_desktop.ui.pages.records import RecordsLook, RecordsPage
from crm_desktop.ui.settings.rule_grids import StageRuleGrid
from crm_desktop.ui.translate import show
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.cells import CellKind


class PipelinesPage(RecordsPage):
    """The ways deals go."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="pipelines",
            entity="pipeline",
            columns=("name", "rank", "active", "neglect_days"),
            sort=(("name", False),),
            imports=False,
            widths={"rank": 96, "active": 80, "neglect_days": 160},
        )
        super().__init__(context, actions, look)


class StagesPage(RecordsPage):
    """The steps of each pipeline; Alt with the arrows puts one earlier or later."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="stages",
            entity="stage",
            columns=(
                "name",
                "pipeline_id",
                "rank",
                "kind",
                "probability",
                "age_limit_days",
                "color",
                "skip_by",
                "retired",
            ),
            sort=(("pipeline_id", False), ("rank", False)),
            imports=False,
            widths={
                "pipeline_id": 96,
                "rank": 76,
                "kind": 60,
                "probability": 88,
                "age_limit_days": 96,
                "color": 72,
                "skip_by": 112,
                "retired": 64,
            },
        )
        super().__init__(context, actions, look)
        self.earlier = Button(message("Put earlier"), icon="up", small=True, hint="Alt+Up")
        self.later = Button(message("Put later"), icon="down", small=True, hint="Alt+Down")
        for button, by in ((self.earlier, -1), (self.later, 1)):
            button.clicked.connect(lambda _checked=False, step=by: self._shift(step))
            self.list.bar.layout().addWidget(button)
        for name, text, icon, key, by in (
            ("earlier", N_("Put the stage earlier"), "up", "Alt+Up", -1),
            ("later", N_("Put the stage later"), "down", "Alt+Down", 1),
        ):
            spec = ActionSpec(
                id=f"stages.{name}",
                text=text,
                group=N_("Pipeline"),
                icon=icon,
                shortcut=key,
                right=(Action.EDIT, "stage"),
            )
            actions.add(spec, lambda step=by: self._shift(step), self)

    def _shift(self, by: int) -> None:
        replica = self.context.replica
        self.shift_current(lambda stage_id, places: stage_setup.shift_stage(replica, stage_id, places), by)


class ConditionForm(RecordForm):
    """The form of one condition."""

    grid_class = StageRuleGrid


class ConditionsPage(RecordsPage):
    """What stages ask of deals."""

    form_class = ConditionForm

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="conditions",
            entity="stage_rule",
            columns=("kind", "stage_id", "moment", "asks", "active"),
            sort=(("stage_id", False),),
            imports=False,
            widths={"stage_id": 160, "moment": 112, "active": 80},
            extra_columns=(
                Column(key="asks", title=message("Asks for"), kind=CellKind.TEXT, width=320, cell=_asks),
            ),
            extras=stage_setup.sentences,
            follows=frozenset(("milestone",)),
        )
        super().__init__(context, actions, look)


class MilestonesPage(RecordsPage):
    """What is to be ticked off on deals."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="milestones",
            entity="milestone",
            columns=("name", "name_zh", "stage_id", "product_id", "due_days", "rank", "active"),
            sort=(("name", False),),
            imports=False,
            widths={"due_days": 128, "rank": 96, "active": 80},
        )
        super().__init__(context, actions, look)


class CompetitorsPage(RecordsPage):
    """Who sells what we sell, and how deals against them went."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="competitors",
            entity="competitor",
            columns=("name", "website", "open", "won", "lost", "rate", "active"),
            sort=(("name", False),),
            widths={"active": 80},
            extra_columns=tuple(
                Column(key=key, title=title, kind=CellKind.RIGHT, width=96, cell=cell)
                for key, title, cell in (
                    ("open", message("Open deals"), lambda row: _count(row, "open")),
                    ("won", message("Won"), lambda row: _count(row, "won")),
                    ("lost", message("Lost"), lambda row: _count(row, "lost")),
                    ("rate", message("Win rate"), _rate),
                )
            ),
            extras=_rivals,
            follows=frozenset(("deal", "stage")),
        )
        super().__init__(context, actions, look)


def _rivals(replica: Replica, ids: Sequence[str]) -> dict[str, Rival]:
    wanted = set(ids)
    return {each.id: each for each in rivals.rivals(replica) if each.id in wanted}


def _asks(row: Row) -> CellText:
    return CellText(show(row.extra)) if isinstance(row.extra, Message) else EMPTY_CELL


def _count(row: Row, name: str) -> CellText:
    return CellText(figure(getattr(row.extra, name))) if isinstance(row.extra, Rival) else EMPTY_CELL


def _rate(row: Row) -> CellText:
    rival = row.extra
    if not isinstance(rival, Rival) or rival.win_percent is None:
        return EMPTY_CELL
    return CellText(percent(rival.win_percent))
