"""Refusals that a laptop must tell apart, each with the code it looks for."""

from __future__ import annotations

from typing import Final

from crm_core.errors import UserError
from crm_core.i18n import N_

STATUS: Final = {
    "bad_request": 400,
    "sign_in": 401,
    "revoked": 403,
    "wipe": 403,
    "disabled": 403,
    "epoch": 409,
    "gap": 409,
    "offset": 409,
    "too_large": 413,
    "upgrade": 426,
    "limit": 429,
    "busy": 503,
    "policy": 503,
}
"""HTTP status of each code of `crm_core.sync.protocol.Fault`."""


class Refusal(UserError):
    """An answer that is not 200, with its code."""

    def __init__(self, code: str, text: str, /, **places: object) -> None:
        self.code = code
        super().__init__(text, **places)

    @property
    def status(self) -> int:
        """The HTTP status that goes with the code."""
        return STATUS[self.code]


def signed_in_wrongly() -> Refusal:
    """Return the one answer to a wrong name and a wrong password alike."""
    return Refusal("sign_in", N_("The name or the password is not right"))


def token_unknown() -> Refusal:
    """Return the answer to a device token HQ does not know."""
    return Refusal("sign_in", N_("HQ does not know this laptop; sign in again"))


def too_many_attempts(wait_s: int) -> Refusal:
    """Return the answer while sign-in is locked."""
    return Refusal(
        "limit", N_("Too many attempts to sign in; try again in {seconds} seconds"), seconds=wait_s
    )


def revoked(*, wipe: bool) -> Refusal:
    """Return the answer to a laptop whose access was taken away."""
    if wipe:
        return Refusal("wipe", N_("This laptop was revoked and its data is to be erased"))
    return Refusal("revoked", N_("This laptop was revoked; ask your administrator"))


def disabled() -> Refusal:
    """Return the answer to a person who may not sign in any more."""
    return Refusal("disabled", N_("This user is disabled; ask your administrator"))


def too_large(limit_bytes: int) -> Refusal:
    """Return the answer to a body over the limit."""
    return Refusal("too_large", N_("The request is larger than {bytes} bytes"), bytes=limit_bytes)
