"""Laptops and an in-process HQ that meet by files: the real ones, in a folder as on a stick."""

from __future__ import annotations

import itertools
import secrets
from pathlib import Path

from sqlalchemy import update

from crm_core.sync.sealed_file import SealedFile
from crm_core.sync.sealing import Sealer
from crm_desktop.interchange.saving import write_pieces
from crm_desktop.sync.by_file import FileLine, blocks_of
from crm_desktop.sync.carried_contents import Along
from crm_desktop.sync.engine import Engine
from crm_desktop.sync.report import Cancelled, RoundReport, never
from sync_server.services.auth import Auth
from sync_server.services.by_file import Exchanged, FileExchange
from sync_server.store.tables import Device, table_of
from tests.support.hq import Office
from tests.support.replicas import Laptop


class Post:
    """Carries files between an office and its laptops."""

    def __init__(self, folder: Path, office: Office) -> None:
        self.folder, self.office = folder, office
        self._tokens: dict[int, bytes] = {}
        self._names = itertools.count(1)

    @property
    def exchange(self) -> FileExchange:
        """HQ's side, of the database the office has now."""
        office = self.office
        auth = Auth(office.database, office.settings, office.clock)
        return FileExchange(office.database, office.settings, auth, office.sync, office.clock)

    def write(self, laptop: Laptop, along: Along | None = None) -> Path:
        """Have a laptop write what waits; return the file."""
        file = self.folder / f"{next(self._names)}.satchel"
        self.line(laptop).write(lambda blocks: write_pieces(file, blocks), along=along)
        return file

    def answer(self, file: Path) -> tuple[Path, Exchanged]:
        """Have HQ answer a file; return the answer, and what HQ tells of it."""
        answer = self.folder / f"{file.stem}-{next(self._names)}-answer.satchel"
        self.office.now_ms += 1
        return answer, self.exchange.answer(file, answer)

    def read(self, laptop: Laptop, file: Path, cancelled: Cancelled = never) -> RoundReport:
        """Have a laptop apply a file."""
        return self.line(laptop).read(SealedFile(blocks_of(file)), cancelled=cancelled)

    def carry(self, laptop: Laptop) -> RoundReport:
        """Carry a file to HQ and its answer back."""
        return self.read(laptop, self.answer(self.write(laptop))[0])

    def token_of(self, laptop: Laptop) -> bytes:
        """Return the device token of a laptop, which HQ is told the keys of."""
        device = laptop.line.device_id
        if device not in self._tokens:
            self._tokens[device] = secrets.token_bytes(32)
            keys = {"file_key": Sealer(self._tokens[device]).public}
            with self.office.database.note() as connection:
                table = table_of(Device)
                connection.execute(update(table).where(table.c.id == device).values(**keys))
        return self._tokens[device]

    def line(self, laptop: Laptop) -> FileLine:
        """Return a laptop's way to HQ by file."""
        return FileLine(laptop.replica, Engine(laptop.replica, laptop.line), Sealer(self.token_of(laptop)))
