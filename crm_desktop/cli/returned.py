"""`returned`: edits that came back, and what becomes of them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import click

from crm_core.entities import schema_of
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.schema.field import Plain
from crm_core.schema.values import instant_text, links_of, to_plain
from crm_desktop.assembly import App
from crm_desktop.cli.console import tr
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.cli.values import declared_fields, flat, parse, plain_change
from crm_desktop.services import deciding, offers, records, returned_edits
from crm_desktop.services.deciding import Decided, Decision, Verdict
from crm_desktop.services.offers import OfferedEdit
from crm_desktop.services.returned_edits import ReturnedEdit

COLUMNS = ("id", "entity", "title", "label", "mine", "theirs", "who", "at", "reason")
OFFERED_COLUMNS = ("id", "who", "at", "entity", "title", "label", "present", "mine", "problem")
DECIDED_COLUMNS = ("id", "decided_at", "decision", "entity", "title", "label", "mine", "theirs")

_VALUES = ("base", "mine", "theirs", "present")

_edit_id = click.argument("edit_id", metavar="ID", type=int)
_for_all = click.option(
    "--alike", is_flag=True, help=tr(N_("The same for every edit that came back for this reason and field."))
)
_only_count = click.option("--dry-run", is_flag=True, help=tr(N_("Only say which edits would be decided.")))


@click.group(invoke_without_command=True, help=tr(N_("List the edits HQ refused or a newer one replaced.")))
@click.option("--decided", is_flag=True, help=tr(N_("List those decided in the last 30 days instead.")))
@click.pass_context
def returned(context: click.Context, decided: bool) -> None:
    """Edits that came back; without a command list them."""
    terminal = context.find_object(Terminal)
    assert terminal is not None
    if context.invoked_subcommand is None:
        with terminal.app() as app:
            read = returned_edits.decided if decided else returned_edits.returned
            edits = _for_reader(terminal, app, [_edit(app, edit) for edit in read(app.replica, limit=None)])
        terminal.console.show_rows(edits, DECIDED_COLUMNS if decided else COLUMNS)


@returned.command(help=tr(N_("Make the edit again, on top of what HQ has now.")))
@_edit_id
@_for_all
@_only_count
@pass_terminal
def redo(terminal: Terminal, edit_id: int, alike: bool, dry_run: bool) -> None:
    """Keep mine."""
    with terminal.app() as app:
        if alike or dry_run:
            _decide(terminal, app, edit_id, Decision(verdict=Verdict.MINE, alike=alike), dry_run=dry_run)
        else:
            terminal.console.show(flat(app.replica, deciding.redo(app.replica, edit_id).value))


@returned.command(help=tr(N_("Let HQ's value stand.")))
@_edit_id
@_for_all
@_only_count
@pass_terminal
def discard(terminal: Terminal, edit_id: int, alike: bool, dry_run: bool) -> None:
    """Keep HQ's."""
    with terminal.app() as app:
        if alike or dry_run:
            _decide(terminal, app, edit_id, Decision(verdict=Verdict.HQ, alike=alike), dry_run=dry_run)
        else:
            deciding.discard(app.replica, edit_id)
            terminal.console.show({"discarded": edit_id})


@returned.command(
    "hand-over", help=tr(N_("Leave the edit to whoever may change the record: HQ shows it to them."))
)
@_edit_id
@_for_all
@_only_count
@pass_terminal
def hand_over(terminal: Terminal, edit_id: int, alike: bool, dry_run: bool) -> None:
    """Let the owner decide."""
    with terminal.app() as app:
        _decide(terminal, app, edit_id, Decision(verdict=Verdict.OWNER, alike=alike), dry_run=dry_run)


@returned.command(
    help=tr(
        N_("Settle the edit with another value, or make a record HQ did not take with others: FIELD=VALUE.")
    )
)
@_edit_id
@click.argument("assignments", metavar="FIELD=VALUE...", nargs=-1, required=True)
@pass_terminal
def edit(terminal: Terminal, edit_id: int, assignments: tuple[str, ...]) -> None:
    """Set a third value."""
    with terminal.app() as app:
        found = returned_edits.one(app.replica, edit_id)
        declared = declared_fields(app.replica, found.entity)
        if found.typed is not None:
            changed = parse(declared, found.entity, assignments, found.typed)
            decision = Decision(verdict=Verdict.OTHER, values={**found.typed, **changed})
        else:
            present = records.get(app.replica, found.entity, found.record_id)
            values = parse(declared, found.entity, assignments, present.values)
            field = declared.get(found.field or "")
            together = schema_of(found.entity).register(field) if field is not None and field.no else ()
            if not values.keys() <= {found.field, *(member.name for member in together)}:
                shown = _edit(app, found)
                raise UserError(
                    N_("The edit that came back is of “{field}”"), field=shown["label"] or found.label
                )
            decision = Decision(verdict=Verdict.OTHER, values=values)
        outcome = deciding.decide(app.replica, [(edit_id, decision)])
        assert outcome.value.record is not None
        terminal.console.show(flat(app.replica, outcome.value.record))


@returned.command(help=tr(N_("Undo a decision: the edit waits for one again.")))
@_edit_id
@pass_terminal
def undo(terminal: Terminal, edit_id: int) -> None:
    """Open a decided edit again."""
    with terminal.app() as app:
        deciding.undo(app.replica, [edit_id])
    terminal.console.show({"undone": edit_id})


@returned.command(help=tr(N_("List the edits of others on your records that HQ refused them.")))
@pass_terminal
def offered(terminal: Terminal) -> None:
    """List what may be accepted."""
    with terminal.app() as app:
        edits = _for_reader(terminal, app, [_offer(app, each) for each in offers.offered(app.replica)])
    terminal.console.show_rows(edits, OFFERED_COLUMNS)


@returned.command(help=tr(N_("Accept the edit of somebody else: with the next round HQ makes it yours.")))
@_edit_id
@pass_terminal
def accept(terminal: Terminal, edit_id: int) -> None:
    """Say yes."""
    with terminal.app() as app:
        offers.accept(app.replica, [edit_id])
    terminal.console.show({"accepted": edit_id})


@returned.command(help=tr(N_("Decline the edit of somebody else: its writer is told.")))
@_edit_id
@pass_terminal
def decline(terminal: Terminal, edit_id: int) -> None:
    """Say no."""
    with terminal.app() as app:
        offers.decline(app.replica, [edit_id])
    terminal.console.show({"declined": edit_id})


def _decide(terminal: Terminal, app: App, edit_id: int, decision: Decision, *, dry_run: bool) -> None:
    decide: Callable[..., Any] = deciding.preview if dry_run else deciding.decide
    decided: Decided = decide(app.replica, [(edit_id, decision)]).value
    terminal.console.show(
        {
            "decided": list(decided.ids),
            "skipped": [
                {"title": skipped.title, "reason": skipped.reason.show(tr)} for skipped in decided.skipped
            ],
            **({"dry_run": True} if dry_run else {}),
        }
    )


def _edit(app: App, edit: ReturnedEdit) -> dict[str, Any]:
    if edit.typed is not None:
        shown = _created(app, edit.entity, edit.typed)
    else:
        values = {"base": edit.base, "mine": edit.mine, "theirs": edit.theirs}
        shown = _register(app, edit.entity, edit.field, edit.label, values)
    return {
        "id": edit.id,
        "entity": edit.entity,
        "record_id": edit.record_id,
        "title": edit.title,
        **shown,
        "code": edit.code.name.lower(),
        "reason": edit.reason.show(tr),
        "who": edit.who,
        "at": instant_text(edit.at_ms),
        "exists": edit.exists,
        "typed_at": instant_text(edit.mine_at_ms) if edit.mine_at_ms else None,
        "alike": edit.alike,
        "may_be_handed_over": edit.may_be_handed,
        "declined_by": edit.declined_by or None,
        **(
            {"decision": edit.state, "decided_at": instant_text(edit.decided_ms)}
            if edit.decided_ms is not None
            else {}
        ),
    }


def _offer(app: App, offer: OfferedEdit) -> dict[str, Any]:
    shown = _register(
        app, offer.entity, offer.field, offer.label, {"present": offer.present, "mine": offer.value}
    )
    return {
        "id": offer.id,
        "entity": offer.entity,
        "record_id": offer.record_id,
        "title": offer.title,
        **shown,
        "kind": offer.kind.name.lower(),
        "who": offer.who,
        "at": instant_text(offer.at_ms),
        "code": offer.code.name.lower(),
        "reason": offer.reason.show(tr),
        "problem": offer.problem.show(tr) if offer.problem else None,
    }


def _for_reader(terminal: Terminal, app: App, edits: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return edits for a table: in the place of a link's id stands what it leads to is called."""
    if terminal.console.as_json:
        return edits
    links: list[tuple[dict[str, Any], str, tuple[tuple[str, str], ...]]] = []
    for edit in edits:
        field = declared_fields(app.replica, edit["entity"]).get(edit["field"] or "")
        if field is None:
            continue
        named = {key: links_of(field, {field.name: edit.get(key)}) for key in _VALUES}
        links.extend((edit, key, found) for key, found in named.items() if found)
    titles = records.titles(app.replica, {link for _, _, found in links for link in found})
    for edit, key, found in links:
        edit[key] = ", ".join(titles[link] for link in found if link in titles) or edit[key]
    return edits


def _created(app: App, entity: str, typed: Mapping[str, Plain]) -> dict[str, Any]:
    """Return a record HQ did not take, with what was typed by field name in its JSON form."""
    fields = declared_fields(app.replica, entity)
    mine = {name: to_plain(fields[name], typed) if name in fields else value for name, value in typed.items()}
    return {"field": None, "label": tr(N_("New record")), "base": None, "mine": mine, "theirs": None}


def _register(
    app: App, entity: str, name: str | None, label: str, values: dict[str, Plain]
) -> dict[str, Any]:
    """Return the field an edit was of and its values in their JSON form.

    Fields that are set together come back together: shown is the one the edit changed, or of several an
    object by name.
    """
    field = declared_fields(app.replica, entity).get(name or "")
    members = schema_of(entity).register(field) if field is not None and field.group else ()
    if not members or not isinstance(values["mine"], list):
        plain = {key: plain_change(field, value, {}) for key, value in values.items()}
        return {"field": name, "label": tr(label) if label else "", **plain}
    rows = {
        key: dict(zip([member.name for member in members], value, strict=True))
        if isinstance(value, list)
        else {}
        for key, value in values.items()
    }
    currencies = {member.currency for member in members}
    # An amount brings its currency along.
    of_interest = [member for member in members if member.name not in currencies]
    against = rows.get("theirs") or rows.get("base") or rows.get("present") or {}
    differing = [m for m in of_interest if rows["mine"].get(m.name) != against.get(m.name)] or of_interest
    if len(differing) == 1:
        only = differing[0]
        plain = {key: plain_change(only, row.get(only.name), row) for key, row in rows.items()}
        return {"field": only.name, "label": tr(only.label), **plain}
    return {
        "field": name,
        "label": ", ".join(tr(member.label) for member in differing),
        **{
            key: {m.name: plain_change(m, row.get(m.name), row) for m in differing} if row else None
            for key, row in rows.items()
        },
    }
