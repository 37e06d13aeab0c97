"""How HQ's database came to be what it is, step by step.

A new step while developing::

    alembic -x database=sqlite:///scratch.db upgrade head
    alembic -x database=sqlite:///scratch.db revision --autogenerate -m "Say what changes"

Read what it wrote: it must do the same on SQLite and PostgreSQL. Until the first release there is one step
only, written anew whenever a table changes: remove `versions/0001_*.py`, then, with no scratch.db there::

    alembic -x database=sqlite:///scratch.db revision --autogenerate --rev-id 0001 -m "Make a headquarters"
    ruff check --fix sync_server/store/migrations && ruff format sync_server/store/migrations
"""
