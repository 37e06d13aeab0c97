"""HQ in a process of its own, opened again as often as it ends."""

from __future__ import annotations

import dataclasses
import json
import pickle
import signal
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Listener
from pathlib import Path
from typing import Any, Final

from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.sync import codec
from crm_core.sync.protocol import SyncRequest
from sync_server.services import forgetting
from sync_server.services.auth import DeviceSession
from sync_server.services.hq import Hq
from sync_server.services.sync import SyncService
from sync_server.store.database import Database
from tests.support.crashing import Points
from tests.support.hq import Office, make

LONGEST_S: Final = 240


class Reopened(Office):
    """An office that was founded before, opened again."""

    def __init__(self, folder: Path) -> None:  # not founding anything
        known = pickle.loads((folder / "office.pickle").read_bytes())
        self.__dict__.update(known)
        self.database = Database(self.settings.database_url)
        self.hq = Hq(self.database, self.clock)
        self.sync = SyncService(self.database, self.settings, self.clock)


def keep(office: Office, folder: Path) -> None:
    kept = ("settings", "now_ms", "founder", "epoch", "pipeline", "stages")
    known = {name: getattr(office, name) for name in kept}
    (folder / "office.pickle").write_bytes(pickle.dumps(known))


def serve(folder: Path, fatal: int) -> None:
    signal.alarm(LONGEST_S)
    office, points = Reopened(folder / "hq"), Points(fatal)
    points.lay()
    address = folder / "hq.socket"
    address.unlink(missing_ok=True)
    with Listener(str(address), "AF_UNIX") as listener:
        while True:
            with listener.accept() as caller, suppress(EOFError, OSError):  # who asked may have ended
                order, office.now_ms, arguments = caller.recv()
                if order == "stop":
                    (folder / "hq.points").write_text(json.dumps(points.sites))
                    return
                points.reach("a request received")
                result = _ORDERS[order](office, *arguments)
                points.reach("before an answer is sent")
                caller.send(result)
                points.reach("an answer sent")


def _sync(office: Office, device: int, user_id: str, raw: bytes) -> bytes:
    request = codec.decode(raw, SyncRequest)
    return codec.encode(office.sync.answer(request, DeviceSession(device_id=device, user_id=user_id)))


def _make(office: Office, entity: str, record_id: str, values: dict[str, Any]) -> None:
    """Make a record unless an earlier try did."""
    with office.database.read() as snapshot:
        table = SCHEMAS[entity].table
        there = snapshot.connection.execute(select(table.c.id).where(table.c.id == record_id)).first()
    if there is None:
        office.hq.write_all([make(entity, record_id, **values)])


_ORDERS: Final[dict[str, Callable[..., Any]]] = {
    "sync": _sync,
    "make": _make,
    "update": lambda office, entity, row, values: office.hq.update(entity, row, values),
    "forget": lambda office: forgetting.forget(office.database, 180, office.now_ms),
}


def move(folder: Path) -> None:
    """Let a copied HQ find its own file."""
    file = folder / "hq" / "office.pickle"
    known = pickle.loads(file.read_bytes())
    before = known["settings"]
    url = before.database_url.replace(str(before.data), str(folder / "hq"))
    known["settings"] = dataclasses.replace(before, data=folder / "hq", database_url=url)
    file.write_bytes(pickle.dumps(known))
