"""What every endpoint may ask for: the headquarters, who is asking, and from where."""

from __future__ import annotations

import base64
import binascii
import hmac
import secrets
import threading
import time
from typing import Annotated, Final

from fastapi import Depends, Request

from crm_core.sync.protocol import OPENED_HEADER
from sync_server.api.gate import Gate
from sync_server.asked import address_of, headquarters
from sync_server.services import faults, keys, measures
from sync_server.services.auth import Auth, DeviceSession
from sync_server.services.enrolment_files import demand_opener
from sync_server.services.visitors import VisitorGuard

REMEMBERED_S: Final = 60.0
REMEMBERED_MOST: Final = 1000

_BEARER: Final = "bearer "
_BASIC: Final = "basic "


class Remembered:
    """Passwords that proved right a moment ago, so that a script's every call need not take Argon2's time.

    Kept as hashes under a key that lives as long as the process. A disabled user is refused at once; an old
    password works for `REMEMBERED_S` after it was changed.
    """

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)
        self._lock = threading.Lock()
        self._right: dict[bytes, tuple[str, float]] = {}

    def check(self, auth: Auth, name: str, password: str, address: str) -> str:
        """Return the user's id. Raises what `Auth.check_password` raises."""
        proof = hmac.digest(self._key, f"{name}\0{password}".encode(), "sha256")
        with self._lock:
            user_id, until = self._right.get(proof, ("", 0.0))
        if time.monotonic() < until:
            auth.demand_allowed(user_id)
            return user_id
        user_id = auth.check_password(name, password, address)
        with self._lock:
            if len(self._right) >= REMEMBERED_MOST:
                self._right.clear()
            self._right[proof] = (user_id, time.monotonic() + REMEMBERED_S)
        return user_id


def current_device(request: Request) -> DeviceSession:
    """Return the laptop asking. Raises `Refusal` unless it sends a good token."""
    authorization = request.headers.get("authorization", "")
    if authorization[: len(_BEARER)].lower() != _BEARER:
        raise faults.token_unknown()
    session = headquarters(request).auth.device(authorization[len(_BEARER) :].strip())
    demand_opener(session, request.headers.get(OPENED_HEADER, ""))
    return session


def current_user(request: Request) -> str:
    """Return the id of the user asking: by name and password, by a key, or through a laptop's token."""
    authorization = request.headers.get("authorization", "")
    if (secret := key_in(authorization)) is not None:
        user_id = keys.user_of(headquarters(request), secret)
        guard: VisitorGuard | None = request.app.state.key_guard
        if guard is not None and (wait_s := guard.wait_s(user_id)):
            measures.turned_away.labels(limit="key").inc()
            raise faults.key_too_fast(wait_s)
        return user_id
    if authorization[: len(_BASIC)].lower() != _BASIC:
        return working_device(request).user_id
    try:
        plain = base64.b64decode(authorization[len(_BASIC) :].strip(), validate=True).decode()
    except (binascii.Error, UnicodeDecodeError):
        raise faults.signed_in_wrongly() from None
    name, _, password = plain.partition(":")
    remembered: Remembered = request.app.state.remembered
    return remembered.check(headquarters(request).auth, name, password, address_of(request))


def key_in(authorization: str) -> str | None:
    """Return the secret of another program's key in a header; None where it holds something else."""
    said = authorization[len(_BEARER) :].strip()
    is_key = authorization[: len(_BEARER)].lower() == _BEARER and said.startswith(keys.PREFIX)
    return said if is_key else None


def working_device(request: Request) -> DeviceSession:
    """Return the laptop asking. Raises `Refusal` where it used up what it may use in a day, too."""
    session = current_device(request)
    request.state.device = session.device_id  # whose bytes these are
    if session.wait_s:
        measures.turned_away.labels(limit="day").inc()
        raise faults.used_up(session.wait_s)
    return session


def gate(request: Request) -> Gate:
    """Return what the requests of this process pass through."""
    found: Gate = request.app.state.gate
    return found


CurrentDevice = Annotated[DeviceSession, Depends(current_device)]
WorkingDevice = Annotated[DeviceSession, Depends(working_device)]
Gates = Annotated[Gate, Depends(gate)]
CurrentUser = Annotated[str, Depends(current_user)]
