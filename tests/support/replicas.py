"""Real encrypted replicas beside an in-process HQ: every message goes through the real bytes."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Any

from sqlalchemy import select

from crm_core.entities import SCHEMAS
from crm_core.errors import Unreachable
from crm_core.rules.access import readable_fields
from crm_core.schema.field import Kind
from crm_core.schema.reading import CUSTOM_PREFIX
from crm_core.sync import codec
from crm_core.sync.protocol import EnrolRequest, EnrolResponse, SyncRequest, SyncResponse
from crm_desktop.models.clock import Clock
from crm_desktop.models.device_tables import OutboxOp, Returned, SetDot
from crm_desktop.models.replica import Replica
from crm_desktop.platform.paths import Profile
from crm_desktop.sync import enrolment
from crm_desktop.sync.engine import Counted, Engine
from crm_desktop.sync.pace import MOST_UP_BYTES, Pace
from crm_desktop.sync.report import Cancelled, RoundReport, never
from sync_server.services.auth import DeviceSession
from tests.support.hq import Office, Projection, rows_of

KEY = bytes(range(32))


class Cut(StrEnum):
    """Where a line breaks."""

    NOWHERE = "nowhere"
    REQUEST = "request"
    """HQ never hears of it."""
    ANSWER = "answer"
    """HQ did it all, the laptop never hears."""


class Line:
    """HQ as an engine calls it, over a line the test can cut."""

    def __init__(self, office: Office, device: DeviceSession) -> None:
        self._office = office
        self._device = device
        self.cuts: list[Cut] = []
        """What happens to the next requests, one each; then nothing does."""
        self.seen: list[SyncResponse] = []
        self.up = 0
        self.down = 0

    @property
    def device_id(self) -> int:
        """The laptop's number at HQ."""
        return self._device.device_id

    def enrol(self, request: EnrolRequest) -> EnrolResponse:
        """Not by this line."""
        raise NotImplementedError(request)

    def sync(self, request: SyncRequest) -> SyncResponse:
        """Carry one request there and one answer back."""
        cut = self.cuts.pop(0) if self.cuts else Cut.NOWHERE
        raw = codec.encode(request)
        self.up += len(raw)
        if cut is Cut.REQUEST:
            raise Unreachable("cut")
        heard = codec.decode(raw, SyncRequest)
        answer = codec.encode(self._office.sync.answer(heard, self._device))
        if cut is Cut.ANSWER:
            raise Unreachable("cut")
        self.down += len(answer)
        response = codec.decode(answer, SyncResponse)
        self.seen.append(response)
        return response


@dataclass
class Laptop:
    """A replica, its line to HQ, and a clock that may be wrong by `skew_ms`."""

    name: str
    user_id: str
    office: Office
    replica: Replica
    line: Line
    skew_ms: int = 0
    page_bytes: int = 64 * 1024
    push_bytes: int = MOST_UP_BYTES
    """What the first trip of a round carries."""
    counter: Counted | None = None

    def sync(self, cancelled: Cancelled = never) -> RoundReport:
        """Run one full round, or until `cancelled` says stop."""
        pace = Pace(down_bytes=self.page_bytes, up_bytes=self.push_bytes)
        engine = Engine(self.replica, self.line, counter=self.counter or self.line, pace=pace)
        return engine.run_round(cancelled=cancelled)

    def try_sync(self, *cuts: Cut) -> RoundReport | None:
        """Run a round over a line that breaks as told; None where it did."""
        self.line.cuts = list(cuts)
        try:
            return self.sync()
        except Unreachable:
            return None
        finally:
            self.line.cuts = []

    def reopen(self) -> None:
        """Close the database and open it again, as after a crash."""
        profile = self.replica.profile
        self.replica.close()
        self.replica = Replica.open(profile, KEY, self._clock())

    def projection(self) -> Projection:
        """Return what this replica shows, in the form of `Office.projection`."""
        return shown_by(self.replica)

    def waiting(self) -> int:
        """Return how many operations wait."""
        with self.replica.read() as session:
            return len(session.scalars(select(OutboxOp.no)).all())

    def returned(self) -> list[tuple[str, str, int]]:
        """Return (entity, field, code) of every edit that came back."""
        with self.replica.read() as session:
            rows = session.execute(select(Returned.entity, Returned.field, Returned.code))
            return [tuple(row) for row in rows]

    def _clock(self) -> Clock:
        def now() -> int:
            return self.office.now_ms + self.skew_ms

        return Clock(wall=now, steady=now)


def shown_by(replica: Replica) -> Projection:
    """Return what a replica shows, in the form of `visible_to`."""
    person = replica.person
    found: Projection = {}
    with replica.read() as session:
        dots: dict[tuple[str, str, str], list[list[str]]] = {}
        for dot in session.scalars(select(SetDot)):
            dots.setdefault((dot.entity, dot.row_id, dot.field), []).append([dot.word, dot.dot])
        for schema in SCHEMAS.values():
            masked = {*schema.fields} - {field.name for field in readable_fields(person, schema.name)}
            for row in session.execute(rows_of(schema.name)).mappings():
                shown: dict[str, Any] = {"life": row["life"]}
                for name, field in schema.fields.items():
                    value = row[name]
                    if field.kind is Kind.TAGS:
                        value = sorted(dots.get((schema.name, row["id"], str(field.no)), [])) or None
                    assert value is None or name not in masked, f"{schema.name}.{name} is here"
                    if value is not None:
                        shown[name] = value
                for key, value in (row["custom"] or {}).items():
                    name = CUSTOM_PREFIX + key
                    of_set = sorted(dots.get((schema.name, row["id"], name), []))
                    shown[name] = of_set if isinstance(value, list) else value
                found[schema.no, row["id"]] = shown
    return found


class Laptops:
    """Makes laptops of one office; the first database is made, the others are copies of it."""

    def __init__(self, folder: Path, office: Office, template: Path) -> None:
        self._folder = folder
        self._office = office
        self._template = template
        self._made: list[Laptop] = []

    def make(self, name: str, user_id: str, *, skew_ms: int = 0, page_bytes: int = 64 * 1024) -> Laptop:
        """Enrol a laptop of a user; nothing is synced yet."""
        known = self._office.laptop(user_id)
        folder = self._folder / f"{name}-{known.device}"
        shutil.copytree(self._template, folder)
        line = Line(self._office, DeviceSession(device_id=known.device, user_id=user_id))
        laptop = Laptop(name, user_id, self._office, None, line, skew_ms, page_bytes)  # type: ignore[arg-type]
        laptop.replica = Replica.open(Profile(folder), KEY, laptop._clock())
        answer = EnrolResponse(
            device=known.device,
            secret="",
            user_id=user_id,
            user_name=name,
            company="",
            epoch=self._office.epoch,
            nonce=known.nonce,
            server_ms=self._office.now_ms,
        )
        with laptop.replica.applying() as session:
            enrolment.remember(session, answer, "https://hq.example")
        self._made.append(laptop)
        return laptop

    def close(self) -> None:
        """Let go of every replica."""
        for laptop in self._made:
            laptop.replica.close()


def make_template(folder: Path) -> Path:
    """Return a folder with an empty replica to copy."""
    Replica.create(Profile(folder), KEY).close()
    return folder


def settle_all(laptops: list[Laptop], rounds: int = 3) -> None:
    """Let every laptop sync until nothing moves any more, or for so many rounds."""
    for _ in range(rounds):
        reports = [laptop.sync() for laptop in laptops]
        if not any(map(_moved, reports)):
            return


def _moved(report: RoundReport) -> bool:
    carried = replace(report, round_trips=0, bytes_up=0, bytes_down=0, seconds=0.0)
    return carried != RoundReport(up_to_date=True)


def differences(laptop: Laptop) -> Iterator[str]:
    """Yield how a replica differs from what its user may see by definition."""
    here, there = laptop.projection(), laptop.office.projection(laptop.user_id)
    for key in sorted({*here, *there}):
        if here.get(key) != there.get(key):
            yield f"{laptop.name} {key}: here {here.get(key)}, HQ {there.get(key)}"
