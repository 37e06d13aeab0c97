"""Folders through which files come in and go out, and what became of each file."""

from __future__ import annotations

from typing import Any

from sqlalchemy import JSON, BigInteger, Integer, Text
from sqlalchemy.orm import Mapped, mapped_column

from sync_server.store.tables import HqBase


class DropFolder(HqBase):
    """A folder that is looked into, or written to, again and again."""

    __tablename__ = "drop_folder"

    id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=True)
    name: Mapped[str] = mapped_column(Text, unique=True)
    user_id: Mapped[str] = mapped_column(Text)
    """Of the key whose rights count and who is the author."""
    way: Mapped[str] = mapped_column(Text)
    """`in` or `out`."""
    folder: Mapped[str] = mapped_column(Text)
    entity: Mapped[str] = mapped_column(Text)
    how: Mapped[Any] = mapped_column(JSON)
    """In: the mapping, as `importing.ImportWish` has it. Out: columns, conditions, times, encoding."""
    position: Mapped[int] = mapped_column(BigInteger, default=0)
    """Out: up to where in the feed changes were written."""
    made_ms: Mapped[int] = mapped_column(BigInteger)
    worked_ms: Mapped[int | None] = mapped_column(BigInteger, nullable=True)
    """When a file was taken or written last."""
    reason: Mapped[str] = mapped_column(Text, default="")
    """Why the last look failed, in English; empty where it did not."""


class DropFile(HqBase):
    """A file that was taken, by what is in it."""

    __tablename__ = "drop_file"

    drop_id: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    sha256: Mapped[str] = mapped_column(Text, primary_key=True)
    name: Mapped[str] = mapped_column(Text)
    state: Mapped[str] = mapped_column(Text)
    """`begun`, `done`, or `failed`: some rows were rejected."""
    lines: Mapped[list[Any]] = mapped_column(JSON)
    """Lines whose rows are written: noted in the transaction of the rows themselves."""
    counts: Mapped[Any] = mapped_column(JSON)
    at_ms: Mapped[int] = mapped_column(BigInteger)
