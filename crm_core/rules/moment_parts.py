"""Parts of days and moments that come round again: `created_at@weekday`, `happened_at@hour`.

A rule may ask for them as for fields. A time zone may follow, for moments: `happened_at@hour@Asia/Shanghai`;
without one they are those of the place the rule is judged at.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from crm_core.i18n import N_
from crm_core.schema.field import Choice, Field, Kind


class Part(StrEnum):
    """What is asked of a day or a moment."""

    WEEKDAY = "weekday"
    HOUR = "hour"


WEEKDAYS: Final = (
    N_("Monday"),
    N_("Tuesday"),
    N_("Wednesday"),
    N_("Thursday"),
    N_("Friday"),
    N_("Saturday"),
    N_("Sunday"),
)
_CHOICES: Final = tuple(Choice(value=str(day), label=label) for day, label in enumerate(WEEKDAYS))
_LABELS: Final = {Part.WEEKDAY: N_("Weekday"), Part.HOUR: N_("Hour of the day")}


def part_name(path: str, part: Part, zone: str = "") -> str:
    """Return how a rule names a part of the field at `path`."""
    return f"{path}@{part.value}" + (f"@{zone}" if zone else "")


def split_part(name: str) -> tuple[str, Part | None, str]:
    """Return (path of the field, part, time zone) of what a rule asks for; '' where no zone is named."""
    path, _, further = name.partition("@")
    said, _, zone = further.partition("@")
    try:
        return path, Part(said) if said else None, zone
    except ValueError:
        return name, None, ""


def part_field(field: Field, name: str, part: Part) -> Field | None:
    """Return a part of a field as a field of its own: a weekday `0` (Monday) to `6`, an hour 0 to 23."""
    fits = field.kind is Kind.INSTANT or (field.kind is Kind.DATE and part is Part.WEEKDAY)
    if not fits:
        return None
    kind, choices = (Kind.CHOICE, _CHOICES) if part is Part.WEEKDAY else (Kind.INTEGER, ())
    return Field(
        no=0,
        name=name,
        label=_LABELS[part],
        kind=kind,
        choices=choices,
        field_class=field.field_class,
        read_only=True,
        in_form=False,
    )
