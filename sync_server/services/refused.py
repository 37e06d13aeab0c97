"""What HQ refused, for whoever looks after it; values only where they are asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from crm_core.entities import BY_NO, schema_of
from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.schema.values import instant_text, to_plain
from crm_core.sync.protocol import Code, OpKind
from sync_server.services import judging, people
from sync_server.services.auth import now_ms
from sync_server.services.custom import CustomFields
from sync_server.services.headquarters import Headquarters
from sync_server.services.quarantine import KEPT, Kept, kept_edits, values_of
from sync_server.services.rights import Refused
from sync_server.services.wanted import field_of

STATES: Final = ("open", "accepted", "declined", "withdrawn")
REASONS: Final = tuple(code.name.lower() for code in Code if not code.took_effect and code != Code.SUPERSEDED)


def listed(
    hq: Headquarters,
    *,
    user: str | None = None,
    device: int | None = None,
    entity: str | None = None,
    reason: str | None = None,
    state: str | None = None,
    limit: int = 200,
    with_values: bool = False,
) -> list[dict[str, Any]]:
    """Return refused edits, newest first. Raises `UserError` where no such user or kind of record is."""
    names = people.names_of_users(hq)
    wanted: dict[str, Any] = {
        "device": device,
        "state": state,
        "entity": schema_of(entity).no if entity else None,
        "code": Code[reason.upper()] if reason else None,
    }
    if user is not None:
        wanted["user_id"] = people.id_of_user(names, user)
    where = {name: value for name, value in wanted.items() if value is not None}
    with hq.database.read() as snapshot:
        custom = CustomFields(snapshot.connection)
        kept = list(kept_edits(snapshot.connection, where, limit))
        values = [values_of(snapshot.connection, each) if with_values else None for each in kept]
    return [
        {**_shown(hq, each, names, custom), **({"values": _plain(each, set_to)} if with_values else {})}
        for each, set_to in zip(kept, values, strict=True)
    ]


def accept(hq: Headquarters, kept_id: int) -> dict[str, Any]:
    """Make a refused edit after all, for HQ's first administrator; return it as it stands then."""
    return _decided(hq, kept_id, judging.accept)


def decline(hq: Headquarters, kept_id: int) -> dict[str, Any]:
    """Let an edit stay refused, and its writer be told; return it as it stands then."""
    return _decided(hq, kept_id, judging.decline)


def _decided(hq: Headquarters, kept_id: int, decide: Any) -> dict[str, Any]:
    try:
        with hq.database.write() as transaction:
            author = hq.records.author(transaction.connection)
            decide(transaction, kept_id, author, now_ms())
    except Refused as refused:
        raise UserError(N_("It cannot be accepted: {reason}"), reason=refused.reason) from refused
    names = people.names_of_users(hq)
    with hq.database.read() as snapshot:
        (kept,) = kept_edits(snapshot.connection, {KEPT.c.id.name: kept_id}, 1)
        return _shown(hq, kept, names, CustomFields(snapshot.connection))


def _shown(hq: Headquarters, kept: Kept, names: Mapping[str, str], custom: CustomFields) -> dict[str, Any]:
    schema = BY_NO.get(kept.entity)
    declared = None
    if schema is not None and kept.op is not None and kept.op.kind not in _WHOLE:
        declared = field_of(schema, str(kept.op.field), custom)
    known_kinds = {int(kind): kind.name.lower() for kind in OpKind}
    return {
        "id": kept.id,
        "at": instant_text(kept.at_ms),
        "user": names.get(kept.user_id, ""),
        "device": kept.device,
        "entity": schema.name if schema else str(kept.entity),
        "record_id": kept.row_id,
        "title": hq.records.name_of(schema.name, kept.row_id) if schema else None,
        "kind": known_kinds.get(kept.op.kind) if kept.op else None,
        "field": declared.name if declared else None,
        "code": kept.code.name.lower(),
        "reason": kept.reason,
        "state": kept.state,
        "decided_by": names.get(kept.judge_id or "") or None,
        "decided_at": instant_text(kept.judged_ms) if kept.judged_ms else None,
    }


_WHOLE: Final = (OpKind.CREATE, OpKind.DELETE, OpKind.RESTORE)


def _plain(kept: Kept, values: Mapping[str, Any] | None) -> dict[str, Any] | None:
    schema = BY_NO.get(kept.entity)
    if values is None or schema is None:
        return None
    if kept.op is not None and kept.op.kind in (OpKind.TAG_ADD, OpKind.TAG_DEL):
        return dict(values)
    return {
        name: to_plain(schema.fields[name], values) if name in schema.fields else value
        for name, value in values.items()
    }
