"""One tree of errors; the class says who must act.

`UserError`: the person can put it right, show the sentence as it stands.
`Unreachable`: the outside failed, later may help, never a dialog.
`BrokenPromise`: our own bug; logged with its trace and reported, never swallowed.
"""

from __future__ import annotations

import errno
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from crm_core.i18n import N_, Message, Translate, message, untranslated


class CrmError(Exception):
    """Base of every error that carries a sentence fit to show."""

    def __init__(self, text: str | Message, /, **places: object) -> None:
        self.message = text if isinstance(text, Message) else message(text, **places)
        super().__init__(str(self.message))

    def show(self, translate: Translate = untranslated) -> str:
        """Return the sentence in the reader's language."""
        return self.message.show(translate)


class UserError(CrmError):
    """Something the person can put right."""


class AccessDenied(UserError):
    """The person's rights do not allow it; the sentence says which right is missing."""


class StaleRecord(UserError):
    """The record was changed or deleted since it was read."""


class DamagedDatabase(UserError):
    """A database file cannot be read, or is gone; a backup can take its place."""


class NotFound(UserError):
    """No such record, or none the person may see; the two are told apart to nobody."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """What is wrong with one field (None: with the record as a whole)."""

    field: str | None
    message: Message


class Invalid(UserError):
    """One or more fields hold what they may not; `problems` names each."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__(self.problems[0].message)


class StageBlocked(Invalid):
    """A deal lacks what a stage asks for; with `may_skip` a reason lets it in all the same.

    `values` are those of the deal and `fields` its fields by name: what to ask for them with.
    """

    def __init__(
        self,
        problems: Sequence[Problem],
        *,
        may_skip: bool,
        values: Mapping[str, Any],
        fields: Mapping[str, Any],
    ) -> None:
        super().__init__(problems)
        self.may_skip, self.values, self.fields = may_skip, values, fields


class Unreachable(CrmError):
    """The network, HQ or another outside part did not answer. Nothing was lost."""


class Later(Unreachable):
    """It answered, and asks to be left alone for `wait_s` seconds at least."""

    def __init__(self, text: str | Message, wait_s: int) -> None:
        super().__init__(text)
        self.wait_s = wait_s


class LineBroke(Unreachable):
    """The other end was reached, then the line broke or fell silent: the same again may get through."""


class BrokenPromise(CrmError):
    """A rule this program promises itself was broken: a bug."""


_REASONS = {
    errno.ENOENT: N_("there is no such file or folder"),
    errno.EACCES: N_("access is denied"),
    errno.EPERM: N_("access is denied"),
    errno.EISDIR: N_("it is a folder"),
    errno.ENOTDIR: N_("a part of the path is no folder"),
    errno.ENOSPC: N_("the disk is full"),
    errno.EDQUOT: N_("the disk is full"),
    errno.EROFS: N_("nothing can be written there"),
    errno.ENAMETOOLONG: N_("the name is too long"),
    errno.EADDRINUSE: N_("another program listens there"),
}


def reason_of(error: OSError) -> Message:
    """Return why the system refused; what people meet seldom stays in the system's words."""
    return Message(_REASONS.get(error.errno or 0, error.strerror or str(error)))
