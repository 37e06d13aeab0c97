"""The fields an administrator adds: what one must be, and the `Field` that everything else reads."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from typing import Any

from crm_core.entities import SCHEMAS
from crm_core.entities.setup import CUSTOM_CLASSES, CUSTOM_KINDS
from crm_core.errors import Problem, UserError
from crm_core.i18n import N_, Message, Worded, message
from crm_core.schema.field import Choice, Field, FieldClass, Kind
from crm_core.schema.reading import CUSTOM_PREFIX
from crm_core.schema.values import DEFAULT_CURRENCY, parse_text

WITH_CHOICES = frozenset((Kind.CHOICE, Kind.TAGS))
FIXED = ("entity", "key", "kind", "target", "field_class", "currency")
"""What values kept on laptops and at HQ follow from; it stays as it was when the field was made."""
MAX_CHOICES = 200
SETUP_ENTITIES = frozenset(("custom_field", "saved_view", "role"))
"""Kinds of records that have no fields but their own: the program itself is set up by them."""

_KINDS = frozenset(choice.value for choice in CUSTOM_KINDS)
_CLASSES = frozenset(choice.value for choice in CUSTOM_CLASSES)
_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}\Z")
_STAYS = message(N_("This stays as it was when the field was made; make another field and retire this one"))


def extended_entities() -> tuple[str, ...]:
    """Return the kinds of records fields can be added to, in the order of the menus."""
    return tuple(
        name for name, schema in SCHEMAS.items() if name not in SETUP_ENTITIES and not schema.meta.stands
    )


def declared(row: Mapping[Any, Any]) -> Field | None:
    """Return what a custom field's record declares; None where it names no field of a known kind of record.

    A kind of a newer version is read as text: its values are shown as they are.
    """
    if row.get("entity") not in SCHEMAS or not row.get("key"):
        return None
    kind = Kind(row["kind"]) if row.get("kind") in _KINDS else Kind.TEXT
    field_class = row.get("field_class")
    money = kind is Kind.MONEY
    field = Field(
        no=0,
        name=CUSTOM_PREFIX + str(row["key"]),
        label=Worded(str(row.get("label") or row["key"]), row.get("label_zh")),
        kind=kind,
        field_class=FieldClass(field_class) if field_class in _CLASSES else FieldClass.CORE,
        required=bool(row.get("required")),
        choices=tuple(map(_choice_of, row.get("choices") or ())) if kind in WITH_CHOICES else (),
        target=str(row["target"]) if kind is Kind.REF and row.get("target") in SCHEMAS else None,
        unit=str(row.get("currency") or DEFAULT_CURRENCY) if money else "",
        section=Worded(str(row.get("section") or ""), row.get("section_zh")),
        hint=Worded(str(row.get("hint") or ""), row.get("hint_zh")),
        searchable=kind in (Kind.TEXT, Kind.LONG_TEXT),
        retired=bool(row.get("retired")),
    )
    return _with_default(field, row.get("default"))


def _with_default(field: Field, text: str | None) -> Field:
    if not text:
        return field
    try:
        default = parse_text(field, text)[field.name]
    except UserError:
        return field  # its choice is gone, or a newer version wrote it: nothing is filled in
    return replace(field, default=default)


def _choice_of(stored: Any) -> Choice:
    if not isinstance(stored, Mapping):
        return Choice(value=str(stored), label=str(stored))
    value = str(stored.get("value") or "")
    label = Worded(str(stored.get("label") or value), stored.get("label_zh"))
    return Choice(value=value, label=label, retired=bool(stored.get("retired")))


def problems_of_declaration(
    values: Mapping[str, Any], before: Mapping[str, Any] | None = None, taken: Collection[str] = ()
) -> list[Problem]:
    """Return what is wrong with a custom field's record as it would be saved.

    `values` is all of it, `before` the record so far (None: a new one), `taken` the keys that fields of the
    same kind of record have or had.
    """
    if before is not None:
        changed = [name for name in FIXED if (values.get(name) or "") != (before.get(name) or "")]
        if changed == ["field_class"] and not before.get("field_class"):
            changed = [] if values["field_class"] == FieldClass.CORE else changed
        if changed:
            return [Problem(field=name, message=_STAYS) for name in changed]
    problems = [] if before is not None else list(_of_new(values, taken))
    problems += _of_choices(values, before)
    if not problems and values.get("default"):
        problems += _of_default(values)
    return problems


def _of_new(values: Mapping[str, Any], taken: Collection[str]) -> Sequence[Problem]:
    problems = []
    entity, key, kind = values.get("entity"), str(values.get("key") or ""), values.get("kind")
    if entity not in extended_entities():
        told = message(
            N_("Fields are added to one of {entities}, not to “{entity}”"),
            entities=", ".join(extended_entities()),
            entity=str(entity or ""),
        )
        problems.append(Problem(field="entity", message=told))
    if not _KEY.match(key):
        told = message(N_("A key is up to 40 small letters, digits and _, such as contract_no"))
        problems.append(Problem(field="key", message=told))
    elif key in taken:
        told = message(N_("There is a field with the key “{key}” already, in use or retired"), key=key)
        problems.append(Problem(field="key", message=told))
    if kind not in _KINDS:
        told = message(
            N_("A field is one of {kinds}, not “{kind}”"),
            kinds=", ".join(choice.value for choice in CUSTOM_KINDS),
            kind=str(kind or ""),
        )
        problems.append(Problem(field="kind", message=told))
    if kind == Kind.REF and values.get("target") not in SCHEMAS:
        told = message(N_("A link needs the kind of record it leads to"))
        problems.append(Problem(field="target", message=told))
    if values.get("field_class") and values["field_class"] not in _CLASSES:
        told = message(N_("A field class is one of {classes}"), classes=", ".join(sorted(_CLASSES)))
        problems.append(Problem(field="field_class", message=told))
    return problems


def _of_choices(values: Mapping[str, Any], before: Mapping[str, Any] | None) -> Sequence[Problem]:
    stored = values.get("choices") or ()
    if values.get("kind") not in WITH_CHOICES:
        told = message(N_("Only a choice has choices"))
        return [Problem(field="choices", message=told)] if stored else []
    choices = [_choice_of(each) for each in stored]
    names = [choice.value for choice in choices]
    wrong: Message | None = None
    if values["kind"] == Kind.CHOICE and all(choice.retired for choice in choices):
        wrong = message(N_("A choice needs at least one value to choose"))
    elif len(choices) > MAX_CHOICES:
        wrong = message(N_("A field has at most {most} choices"), most=MAX_CHOICES)
    elif len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        wrong = message(N_("“{value}” is there twice"), value=twice)
    elif bad := next((name for name in names if not name.strip() or "," in name or "，" in name), None):
        wrong = message(N_("“{value}” cannot be the value of a choice"), value=bad)
    elif gone := [name for name in _choice_names(before) if name not in names]:
        # A value that is kept somewhere must go on being called what it was.
        wrong = message(N_("The choice “{value}” may be in use: retire it instead"), value=gone[0])
    return [Problem(field="choices", message=wrong)] if wrong else []


def _choice_names(row: Mapping[str, Any] | None) -> Sequence[str]:
    return [_choice_of(each).value for each in (row or {}).get("choices") or ()]


def _of_default(values: Mapping[str, Any]) -> Sequence[Problem]:
    field = declared({**values, "default": None})
    if field is None:
        return []
    try:
        value = parse_text(field, str(values["default"]))[field.name]
    except UserError as error:
        return [Problem(field="default", message=error.message)]
    offered = {choice.value for choice in field.choices if not choice.retired}
    named = value if isinstance(value, list) else [value]
    if field.choices and (other := next((each for each in named if each not in offered), None)):
        told = message(N_("“{value}” is not offered here"), value=str(other))
        return [Problem(field="default", message=told)]
    return []


def edited_choices(
    stored: Sequence[Any] | None,
    written: Sequence[Mapping[str, Any]] = (),
    retired: Collection[str] = (),
    restored: Collection[str] = (),
) -> list[dict[str, Any]]:
    """Return a field's choices with some added or reworded (`value`, `label`, `label_zh`), retired, restored.

    Raises `UserError` for one to retire or restore that is not there.
    """
    by_value: dict[str, dict[str, Any]] = {
        choice.value: plain_choice(choice) for choice in choices_of(stored)
    }
    for each in written:
        before = by_value.get(each["value"]) or plain_choice(Choice(value=each["value"], label=each["value"]))
        by_value[each["value"]] = {**before, **each}
    for values, is_retired in ((retired, True), (restored, False)):
        for value in values:
            if value not in by_value:
                raise UserError(N_("The field has no choice “{value}”"), value=value)
            by_value[value]["retired"] = is_retired
    return list(by_value.values())


def choices_of(stored: Sequence[Any] | None) -> tuple[Choice, ...]:
    """Return the choices a custom field's record holds."""
    return tuple(map(_choice_of, stored or ()))


def plain_choice(choice: Choice) -> dict[str, Any]:
    """Return a choice as a custom field's record holds it."""
    chinese = choice.label.chinese if isinstance(choice.label, Worded) else ""
    return {
        "value": choice.value,
        "label": str(choice.label),
        "label_zh": chinese,
        "retired": choice.retired,
    }
