"""How a kind of file is imported, kept under a name for the next one of its form."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from crm_core.errors import UserError
from crm_core.exchange.mapping import Rule, Target, rules_by_hand
from crm_core.exchange.plan import Mode
from crm_core.exchange.source import SourceTable
from crm_core.i18n import N_
from crm_desktop.interchange.importing import FileOptions
from crm_desktop.interchange.known_rows import Doubles
from crm_desktop.models import state
from crm_desktop.models.replica import Replica
from crm_desktop.models.state import Key


@dataclass(frozen=True, slots=True, kw_only=True)
class KeptTemplate:
    """A template of one entity."""

    name: str
    options: FileOptions

    def rules(self, table: SourceTable, target: Target) -> tuple[Rule, ...]:
        """Return its rules for a file. `UserError` where the file has not the columns."""
        kept = self.options
        return rules_by_hand(table, target, kept.maps, kept.lookups, kept.create_missing)


def templates_of(replica: Replica, entity: str) -> tuple[KeptTemplate, ...]:
    """Return the templates of an entity by name; one another version kept in another way is left out."""
    with replica.read() as session:
        kept = state.read(session, Key.IMPORT_TEMPLATES).get(entity, {})
    found = ((name, _options_of(stored)) for name, stored in sorted(kept.items()))
    return tuple(KeptTemplate(name=name, options=options) for name, options in found if options is not None)


def keep_template(replica: Replica, entity: str, name: str, options: FileOptions) -> None:
    """Keep how a file was imported; one of the same name gives way."""
    if not name.strip():
        raise UserError(N_("A template needs a name"))
    _change(replica, entity, name.strip(), _plain(options))


def forget_template(replica: Replica, entity: str, name: str) -> None:
    """Drop a template."""
    _change(replica, entity, name, None)


def _change(replica: Replica, entity: str, name: str, stored: dict[str, Any] | None) -> None:
    with replica.applying() as session:
        every = state.read(session, Key.IMPORT_TEMPLATES)
        kept = {other: each for other, each in every.get(entity, {}).items() if other != name}
        if stored is not None:
            kept[name] = stored
        state.write(session, {Key.IMPORT_TEMPLATES: {**every, entity: kept}})


def _plain(options: FileOptions) -> dict[str, Any]:
    return {
        "maps": list(options.maps),
        "lookups": list(options.lookups),
        "create_missing": list(options.create_missing),
        "replace": list(options.replace),
        "defaults": dict(options.defaults),
        "key": options.key,
        "mode": options.mode.value,
        "currency": options.currency,
        "doubles": options.doubles.value,
    }


def _options_of(stored: Any) -> FileOptions | None:
    if not isinstance(stored, Mapping):
        return None

    def texts(name: str) -> tuple[str, ...]:
        return tuple(str(text) for text in stored.get(name) or ())

    try:
        return FileOptions(
            maps=texts("maps"),
            lookups=texts("lookups"),
            create_missing=texts("create_missing"),
            replace=texts("replace"),
            defaults={str(name): str(text) for name, text in (stored.get("defaults") or {}).items()},
            key=str(stored.get("key") or ""),
            mode=Mode(stored.get("mode") or Mode.CREATE),
            currency=str(stored.get("currency") or ""),
            doubles=Doubles(stored.get("doubles") or Doubles.CREATE),
        )
    except (TypeError, ValueError, AttributeError):
        return None
