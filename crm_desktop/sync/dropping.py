"""Taking fields that may not be seen any more out of the replica, with every trace of them."""

from __future__ import annotations

from typing import Final

from sqlalchemy.orm import Session

from crm_core.entities import BY_NO
from crm_core.schema.reading import CUSTOM_PREFIX
from crm_core.sync.protocol import DropFields
from crm_desktop.models import history, search

THEIRS: Final = "UPDATE returned SET theirs = NULL, base = NULL, who = NULL, undo = NULL WHERE entity = ?"
"""Of an edit that came back only what the person typed stays, once the record or field is out of sight."""


def drop_fields(session: Session, message: DropFields) -> bool:
    """Empty fields in every row and remove every trace of them; tell whether there are such records."""
    schema = BY_NO.get(message.entity)
    if schema is None:
        return False
    run = session.connection().exec_driver_sql
    declared = [known for no in message.fields if isinstance(no, int) and (known := schema.by_no.get(no))]
    custom = [key.removeprefix(CUSTOM_PREFIX) for key in message.fields if isinstance(key, str)]
    if declared:
        cleared = ", ".join(f'"{known.name}" = NULL' for known in declared)
        run(f'UPDATE "{schema.name}" SET {cleared}')
    for key in custom:
        run(
            f'UPDATE "{schema.name}" SET custom = json_remove(custom, ?) WHERE custom IS NOT NULL',
            (f'$."{key}"',),
        )
    run(f"UPDATE \"{schema.name}\" SET custom = NULL WHERE custom = '{{}}'")
    search.rebuild(session, schema.name)
    for number in message.fields:
        history.drop_field(session, schema.name, str(number))
        for table in ("shadow", "set_dot", "other_version", "offer"):
            run(f"DELETE FROM {table} WHERE entity = ? AND field = ?", (schema.name, str(number)))
        run(f"{THEIRS} AND field = ?", (schema.name, str(number)))
    names = [known.name for known in declared] + [f"{CUSTOM_PREFIX}{key}" for key in custom]
    of_imports = "before IS NOT NULL AND batch_id IN (SELECT id FROM import_batch WHERE entity = ?)"
    for name in names:
        path = f'$."{name}"'
        run(
            f"UPDATE import_change SET before = json_remove(before, ?) WHERE {of_imports}",
            (path, schema.name),
        )
        run('UPDATE draft SET "values" = json_remove("values", ?) WHERE entity = ?', (path, schema.name))
    return True
