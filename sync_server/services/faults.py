"""Refusals that a laptop must tell apart, each with the code it looks for."""

from __future__ import annotations

import datetime
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
    "anew": 410,
    "too_large": 413,
    "reused": 422,
    "upgrade": 426,
    "limit": 429,
    "busy": 503,
    "policy": 503,
}
"""HTTP status of each code of `crm_core.sync.protocol.Fault`."""


class Refusal(UserError):
    """An answer that is not 200, with its code."""

    def __init__(self, code: str, text: str, /, *, wait_s: int = 0, **places: object) -> None:
        self.code = code
        self.wait_s = wait_s
        """How long the asker is to wait at least; 0: as he likes."""
        super().__init__(text, **places)

    @property
    def status(self) -> int:
        """The HTTP status that goes with the code."""
        return STATUS[self.code]


class PayloadChanged(Refusal):
    """An operation came again with another content: two laptops write under one name, or somebody forges."""

    def __init__(self, op_no: int) -> None:
        super().__init__("bad_request", N_("A change came again with another content; HQ took nothing"))
        self.op_no = op_no


def signed_in_wrongly() -> Refusal:
    """Return the one answer to a wrong name and a wrong password alike."""
    return Refusal("sign_in", N_("The name or the password is not right"))


def token_unknown() -> Refusal:
    """Return the answer to a device token HQ does not know."""
    return Refusal("sign_in", N_("HQ does not know this laptop; sign in again"))


def key_unknown() -> Refusal:
    """Return the one answer to a key that is wrong, expired or revoked."""
    return Refusal("sign_in", N_("HQ does not know this key"))


def key_too_fast(wait_s: int) -> Refusal:
    """Return the answer to a program that asks faster than its key may."""
    return Refusal(
        "limit",
        N_("This key asks HQ too often; try again in {seconds} seconds"),
        wait_s=wait_s,
        seconds=wait_s,
    )


def file_expired(until_ms: int) -> Refusal:
    """Return the answer to a laptop whose enrolment file was not used in time."""
    day = datetime.datetime.fromtimestamp(until_ms / 1000, datetime.UTC).date().isoformat()
    return Refusal(
        "sign_in",
        N_("The file this laptop was signed in with was to be used by {day}. Have HQ write a new one"),
        day=day,
    )


def too_many_attempts(wait_s: int) -> Refusal:
    """Return the answer while sign-in is locked."""
    return Refusal(
        "limit",
        N_("Too many attempts to sign in; try again in {seconds} seconds"),
        wait_s=wait_s,
        seconds=wait_s,
    )


def too_fast(wait_s: float) -> Refusal:
    """Return the answer to a laptop that asks faster than it may."""
    return Refusal(
        "limit", N_("This laptop asks HQ too often; it comes back by itself"), wait_s=max(1, int(wait_s))
    )


def too_many_forms(wait_s: int) -> Refusal:
    """Return the answer to a site that hands on more of what its visitors filled in than it may."""
    return Refusal(
        "limit",
        N_("This form takes no more for now; send it again in {seconds} seconds"),
        wait_s=wait_s,
        seconds=wait_s,
    )


def used_up(wait_s: int) -> Refusal:
    """Return the answer to a laptop that used what it may use in a day."""
    return Refusal(
        "limit",
        N_("This laptop has reached its limit for today at HQ; nothing is lost, it goes on by itself"),
        wait_s=wait_s,
    )


def too_slow() -> Refusal:
    """Return the answer to a body that does not come."""
    return Refusal("busy", N_("The request did not arrive in time"))


def no_memory(wait_s: int) -> Refusal:
    """Return the answer while too much is coming in at once."""
    return Refusal(
        "busy", N_("HQ takes in much at the moment; this laptop comes back by itself"), wait_s=wait_s
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
