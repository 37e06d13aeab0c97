"""How HQ's database came to be what it is, step by step.

A new step while developing::

    alembic -x database=sqlite:///scratch.db upgrade head
    alembic -x database=sqlite:///scratch.db revision --autogenerate -m "Say what changes"

Read what it wrote: it must do the same on SQLite and PostgreSQL.
"""
