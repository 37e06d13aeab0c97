"""What HQ knows of records that may be the same: by what each is looked up, and which pairs were found."""

from __future__ import annotations

from sqlalchemy import Boolean, Index, Integer, Text, text
from sqlalchemy.orm import Mapped, mapped_column

from sync_server.store.tables import HqBase


class AlikeKey(HqBase):
    """A word a living record is looked up by (`crm_core.rules.duplicates.keys_of`)."""

    __tablename__ = "alike_key"

    row_id: Mapped[str] = mapped_column(Text, primary_key=True)
    key: Mapped[str] = mapped_column(Text, primary_key=True, index=True)


class AlikePair(HqBase):
    """Two records that may be the same; it stays, so that nobody is told of one pair twice."""

    __tablename__ = "alike_pair"

    entity: Mapped[int] = mapped_column(Integer, primary_key=True, autoincrement=False)
    one_id: Mapped[str] = mapped_column(Text, primary_key=True)
    """The one that came later, or was changed so that it is alike."""
    other_id: Mapped[str] = mapped_column(Text, primary_key=True, index=True)
    told: Mapped[bool] = mapped_column(Boolean, default=False)
    """Whom it concerns was told, or there is nothing to tell of it any more."""
    settled: Mapped[bool] = mapped_column(Boolean, default=False, index=True)
    """They are one now, or said to be two, or alike no more."""
    __table_args__ = (
        Index(
            "ix_alike_pair_untold",
            "one_id",
            "other_id",
            sqlite_where=text("told IS 0"),
            postgresql_where=text("told IS false"),
        ),
    )


class AlikeTask(HqBase):
    """A task HQ opened for a pair; closed with the last pair it is about."""

    __tablename__ = "alike_task"

    task_id: Mapped[str] = mapped_column(Text, primary_key=True)
    one_id: Mapped[str] = mapped_column(Text, primary_key=True, index=True)
    other_id: Mapped[str] = mapped_column(Text, primary_key=True, index=True)
    user_id: Mapped[str] = mapped_column(Text, index=True)
    """Whose task it was made."""
