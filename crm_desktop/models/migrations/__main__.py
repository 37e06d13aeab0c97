"""Draft the next step from what the declarations say and the last step leaves. For developers."""

from __future__ import annotations

import re
import sys
import tempfile
from pathlib import Path
from typing import Any

from alembic.autogenerate import produce_migrations, render_python_code
from alembic.runtime.migration import MigrationContext

from crm_desktop.models.engine import KEY_BYTES, writer_engine
from crm_desktop.models.migrations import HEAD, VERSIONS, run_steps, whole_metadata

_STEP = '''"""{title}."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = {previous}


def upgrade() -> None:
{upgrade}
'''


def main(title: str) -> None:
    """Write the next module of `versions`."""
    first = not any((VERSIONS / "versions").glob("0*.py"))
    with tempfile.TemporaryDirectory() as folder:
        engine = writer_engine(Path(folder, "scratch.db"), bytes(KEY_BYTES))
        with engine.begin() as connection:
            if not first:
                run_steps(connection)

            def ours(_item: Any, name: str | None, kind: str, _reflected: bool, _other: Any) -> bool:
                return kind != "table" or name != "alembic_version"

            context = MigrationContext.configure(
                connection, opts={"include_object": ours, "render_as_batch": not first}
            )
            script = produce_migrations(context, whole_metadata())
        engine.dispose()
    if script.upgrade_ops is None or script.upgrade_ops.is_empty():
        sys.exit("Nothing changed.")
    revision = "0001" if first else f"{int(HEAD) + 1:04d}"
    code = render_python_code(script.upgrade_ops)
    words = re.sub(r"[^a-z0-9]+", "_", title.lower()).strip("_")
    target = VERSIONS / "versions" / f"{revision}_{words}.py"
    previous = "None" if first else f'"{HEAD}"'
    target.write_text(
        _STEP.format(title=title, revision=revision, previous=previous, upgrade="    " + code.strip()),
        encoding="utf-8",
    )
    sys.stdout.write(f"{target}\n")


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]) or "Change the tables")
