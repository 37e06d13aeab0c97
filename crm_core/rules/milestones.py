"""Which milestones a deal has, and what is known of each: templates and what was said of them, together.

Two laptops may each write down the same milestone of a deal; both stand, and are shown as one.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from crm_core.errors import Problem
from crm_core.i18n import N_, message
from crm_core.rules.pipeline import OPEN, StageRow


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """A milestone every deal of a stage or product has."""

    id: str
    name: str
    name_zh: str
    stage_id: str | None
    product_id: str | None
    due_days: int | None
    rank: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """What a record says of a milestone of a deal."""

    id: str
    name: str
    milestone_id: str | None
    owner_id: str | None
    due_on: str | None
    done: bool
    done_at: int | None
    done_by: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A milestone of one deal. `kept` None: nobody has said anything of it yet."""

    template: Template | None
    kept: Kept | None

    @property
    def done(self) -> bool:
        """Whether it is ticked off."""
        return self.kept is not None and self.kept.done


def template_of(record_id: str, values: Mapping[str, Any]) -> Template:
    """Return the template behind a record's values."""
    return Template(
        id=record_id,
        name=values.get("name") or "",
        name_zh=values.get("name_zh") or values.get("name") or "",
        stage_id=values.get("stage_id"),
        product_id=values.get("product_id"),
        due_days=values.get("due_days"),
        rank=values.get("rank") or 0,
    )


def problems_of_milestone(values: Mapping[str, Any]) -> list[Problem]:
    """Return why no deal would ever have a milestone as it would be saved."""
    if values.get("stage_id") or values.get("product_id"):
        return []
    return [Problem(field="stage_id", message=message(N_("Say the stage or the product it belongs to")))]


def applies(
    template: Template, stage: StageRow | None, stages: Mapping[str, StageRow], product_id: str | None
) -> bool:
    """Tell whether a deal in `stage` has a milestone: its stage is reached, or it is about its product.

    A deal that ended has those of every open stage of its pipeline.
    """
    if template.product_id is not None:
        return template.product_id == product_id
    own = stages.get(template.stage_id or "")
    if own is None or stage is None or own.pipeline_id != stage.pipeline_id:
        return False
    return stage.kind != OPEN or own.id == stage.id or own.rank < stage.rank


def lines_of(
    templates: Iterable[Template],
    kept: Iterable[Kept],
    stage: StageRow | None,
    stages: Mapping[str, StageRow],
    product_id: str | None,
) -> tuple[Line, ...]:
    """Return the milestones of a deal: those of its stages in their order, of its product, then its own."""
    by_template: dict[str, Kept] = {}
    own: list[Kept] = []
    for each in sorted(kept, key=lambda row: (not row.done, row.id)):
        if each.milestone_id is None:
            own.append(each)
        else:
            by_template.setdefault(each.milestone_id, each)
    known = {template.id: template for template in templates}
    wanted = [
        template
        for template in known.values()
        if template.id in by_template or applies(template, stage, stages, product_id)
    ]

    def place(template: Template) -> tuple[bool, int, int, str]:
        of_stage = stages.get(template.stage_id or "")
        return of_stage is None, of_stage.rank if of_stage else 0, template.rank, template.id

    lines = [Line(template=each, kept=by_template.get(each.id)) for each in sorted(wanted, key=place)]
    retired = (row for template_id, row in by_template.items() if template_id not in known)
    return (*lines, *(Line(template=None, kept=row) for row in (*retired, *own)))


def progress(lines: Iterable[Line]) -> tuple[int, int]:
    """Return how many milestones are done, and of how many."""
    every = list(lines)
    return sum(line.done for line in every), len(every)
