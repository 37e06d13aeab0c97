"""What a form must know before it is filled in: fields, the record, titles of its links, a draft."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from crm_core.entities import SCHEMAS
from crm_core.errors import AccessDenied, NotFound
from crm_core.i18n import Message
from crm_core.rules.access import Action
from crm_core.rules.standing import why_fixed
from crm_core.schema.field import Kind, Plain
from crm_core.schema.values import links_of
from crm_desktop.models.custom import fields_of
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import drafts, duplicates, lists, other_versions, records, rights
from crm_desktop.services.company import company
from crm_desktop.services.drafts import KeptDraft
from crm_desktop.services.duplicates import Match
from crm_desktop.services.lists import ShownField
from crm_desktop.services.other_versions import OtherVersion
from crm_desktop.services.twins import Twin, twins


@dataclass(frozen=True, slots=True, kw_only=True)
class FormSetup:
    """A form ready to be filled in."""

    fields: tuple[ShownField, ...]
    record: Record | None
    """The record as it is; None for one still to be made."""
    values: Mapping[str, Plain]
    """What the form shows without the draft: the record's values, or those a new one starts with."""
    titles: Mapping[str, str]
    """What the links of values and draft are called, by field name and, for the draft, by id."""
    draft: KeptDraft | None
    currency: str
    """The company's: what a new amount is in."""
    refusal: Message | None
    """Why nothing can be saved here; None where it can."""
    others: tuple[OtherVersion, ...]
    """Long texts that gave way to those of the record, until somebody says what becomes of them."""
    twins: tuple[Twin, ...]
    """Records that have the same as this one, or as the one it is about, where no two should."""
    user_id: str
    """Who fills it in."""
    about_like: tuple[Match, ...]
    """Likely duplicates of the record that a task still to be done is about."""


def open_form(
    replica: Replica,
    entity: str,
    record_id: str | None,
    given: Mapping[str, Plain] | None = None,
    left_out: Collection[str] = (),
) -> FormSetup:
    """Return what a form shows. `given` are values a new record starts with. Raises `NotFound`.

    `left_out` are fields the form does not show: where only those stand in the record's state, it is open.
    """
    fields = lists.shown_fields(replica, entity)
    record = records.get(replica, entity, record_id) if record_id else None
    action = Action.EDIT if record is not None else Action.CREATE
    values: dict[str, Plain] = dict(record.values) if record is not None else _first_values(replica, entity)
    values.update(given or {})
    draft = drafts.kept(replica, entity, record_id)
    refs = {
        shown.field.name: str(shown.field.target)
        for shown in fields
        if shown.field.kind is Kind.REF and shown.field.target in SCHEMAS
    }
    links = {
        (name, refs[name], str(value))
        for source in (values, draft.values if draft else {})
        for name, value in source.items()
        if name in refs and value
    }
    about = (values.get("about_entity"), values.get("about_id"))
    if about[0] in SCHEMAS and about[1]:
        refs["about_id"] = str(about[0])
        links.add(("about_id", str(about[0]), str(about[1])))
    found = records.titles(replica, {(target, linked) for _, target, linked in links})
    titles = {linked: found.get((target, linked), "") for _, target, linked in links}
    shown_links = {name: value for name, value in values.items() if name in refs and value}
    people = {
        link
        for source in (values, draft.values if draft else {})
        for shown in fields
        if shown.field.members
        for link in links_of(shown.field, source)
    }
    titles.update((record_id, title) for (_, record_id), title in records.titles(replica, people).items())
    titles.update((name, found.get((refs[name], str(value)), "")) for name, value in shown_links.items())
    return FormSetup(
        fields=fields,
        record=record,
        values=values,
        titles=titles,
        draft=draft,
        currency=lists.company_currency(replica),
        refusal=rights.may_do(replica, action, entity, record_id).reason
        or (
            why_fixed(record.schema, record.values, _asked(fields, left_out)) if record is not None else None
        ),
        others=other_versions.of_record(replica, entity, record_id) if record_id else (),
        twins=twins(replica, entity, record_id) if record_id else (),
        user_id=replica.person.user_id,
        about_like=_about_like(replica, record) if record is not None else (),
    )


def _asked(fields: Sequence[ShownField], left_out: Collection[str]) -> list[str] | None:
    """Return the fields a form would change; None where it shows all there are."""
    shown = (each.field for each in fields if each.field.in_form and not each.field.read_only)
    return [field.name for field in shown if field.name not in left_out] if left_out else None


def _about_like(replica: Replica, record: Record) -> tuple[Match, ...]:
    entity, about_id = record.get("about_entity"), record.get("about_id")
    if record.get("done") or not about_id or not duplicates.is_compared(str(entity)):
        return ()
    try:
        return duplicates.like(replica, str(entity), str(about_id))
    except (AccessDenied, NotFound):
        return ()  # it is not on this laptop, or may not be read: nothing is to be said of it


def _first_values(replica: Replica, entity: str) -> dict[str, Plain]:
    """Return what a new record starts with: defaults, the currency, and whoever makes it as its owner."""
    with replica.read() as session:
        fields = fields_of(session, entity)
        own = company(session).currency
    values: dict[str, Plain] = {
        name: field.default for name, field in fields.items() if field.default is not None
    }
    values |= {name: own for name, field in fields.items() if field.kind is Kind.CURRENCY and field.required}
    setup = lists.setup_of(replica, entity)
    if setup.owner_field is not None:
        values[setup.owner_field] = setup.user_id
    return values
