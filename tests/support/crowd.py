"""Laptops by the hundred: real requests, real tokens, lines that stay open, and no replica behind them."""

from __future__ import annotations

import hashlib
import http.client
import secrets
from collections.abc import Sequence
from typing import Any

import msgspec
from sqlalchemy import insert

from crm_core import SCHEMA_VERSION
from crm_core.entities import SCHEMAS
from crm_core.ids import new_id, to_bytes
from crm_core.sync import codec
from crm_core.sync.clock import reading, tick
from crm_core.sync.codec import pack_value
from crm_core.sync.protocol import PROTOCOL_VERSION, Fault, Op, OpKind, SyncRequest, SyncResponse, Txn
from sync_server.services.headquarters import Headquarters
from sync_server.store.tables import Device, table_of

LINE_TIMEOUT_S = 120


class TurnedAway(Exception):
    """HQ answered with a fault."""

    def __init__(self, status: int, fault: Fault, headers: dict[str, str]) -> None:
        super().__init__(f"{status} {fault.code}: {fault.text}")
        self.status, self.fault, self.headers = status, fault, headers


class Caller:
    """One enrolled laptop that keeps its token, its nonce and nothing else. One request at a time."""

    def __init__(self, url: str, secret: str, number: int, epoch: bytes, nonce: bytes) -> None:
        host, port = url.removeprefix("http://").split(":")
        self.number = number
        self.token = b""
        self.bytes_up = self.bytes_down = 0
        self._line = http.client.HTTPConnection(host, int(port), timeout=LINE_TIMEOUT_S)
        self._headers = {"Authorization": f"Bearer {secret}", "Content-Type": codec.COMPACT}
        self._epoch, self._nonce = epoch, nonce
        self._hlc = self._op = self._txn = 0

    def pull(self, want_bytes: int = 1 << 20) -> SyncResponse:
        """Make one round that brings nothing."""
        return self.send(self.request([], want_bytes))

    def catch_up(self, want_bytes: int = 1 << 20) -> int:
        """Pull until there is no more; return the rounds it took."""
        rounds = 1
        while self.pull(want_bytes).more:
            rounds += 1
        return rounds

    def create(
        self, entity: str, rows: Sequence[dict[str, Any]], now_ms: int
    ) -> tuple[list[str], SyncResponse]:
        """Push new records in one request; return their ids and the answer."""
        schema, ids = SCHEMAS[entity], [new_id() for _ in rows]
        changes = []
        for record_id, row in zip(ids, rows, strict=True):
            fields = [schema.fields[name] for name in row]
            value = [[each.no for each in fields], [pack_value(each, row[each.name]) for each in fields]]
            changes.append((OpKind.CREATE, entity, record_id, 0, value))
        return ids, self.send(self.request(changes, now_ms=now_ms))

    def set(self, entity: str, record_id: str, name: str, value: Any, now_ms: int) -> SyncResponse:
        """Push one edit of a field."""
        return self.set_many(entity, (record_id,), name, value, now_ms)

    def set_many(self, entity: str, ids: Sequence[str], name: str, value: Any, now_ms: int) -> SyncResponse:
        """Push the same edit of several records."""
        no = SCHEMAS[entity].fields[name].no
        changes = [(OpKind.SET, entity, record_id, no, value) for record_id in ids]
        return self.send(self.request(changes, now_ms=now_ms))

    def request(
        self,
        changes: Sequence[tuple[int, str, str, int, Any]],
        want_bytes: int = 1 << 20,
        *,
        now_ms: int = 0,
    ) -> SyncRequest:
        """Return the request that brings these changes, each in a transaction of its own."""
        txns = []
        for kind, entity, record_id, no, value in changes:
            self._hlc = tick(self._hlc, now_ms)
            self._op, self._txn = self._op + 1, self._txn + 1
            op = Op(self._op, kind, SCHEMAS[entity].no, to_bytes(record_id), no, value, 0, 0)
            txns.append(Txn(self._txn, 0, self._hlc, [op]))
        return SyncRequest(
            v=PROTOCOL_VERSION,
            epoch=self._epoch,
            device=self.number,
            incarnation=1,
            nonce=self._nonce,
            schema=SCHEMA_VERSION,
            sent_hlc=max(self._hlc, reading(now_ms or 1)),
            token=self.token,
            want_bytes=want_bytes,
            txns=txns,
        )

    def send(self, request: SyncRequest) -> SyncResponse:
        """Send a request and take the answer's token and nonce over. Raises `TurnedAway`."""
        answer = codec.decode(self.post(codec.encode(request)), SyncResponse)
        self.token, self._nonce = answer.token, answer.nonce
        return answer

    def post(self, body: bytes, **headers: str) -> bytes:
        """Send a body as it is and return the answer's. Raises `TurnedAway`."""
        try:
            self._line.request("POST", "/v1/sync", body, {**self._headers, **headers})
            answer = self._line.getresponse()
        except (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected):
            self._line.close()  # kept open for longer than HQ does; asking again is safe
            self._line.request("POST", "/v1/sync", body, {**self._headers, **headers})
            answer = self._line.getresponse()
        raw = answer.read()
        self.bytes_up, self.bytes_down = self.bytes_up + len(body), self.bytes_down + len(raw)
        if answer.status != http.client.OK:
            fault = msgspec.json.decode(raw, type=Fault)
            headers = {name.lower(): value for name, value in answer.getheaders()}
            raise TurnedAway(answer.status, fault, headers)
        return raw

    def close(self) -> None:
        """Close the line."""
        self._line.close()


def enrol_crowd(hq: Headquarters, url: str, user_ids: Sequence[str]) -> list[Caller]:
    """Make one laptop known for each of the users, without asking for a password each time."""
    table = table_of(Device)
    made = []
    with hq.database.read() as snapshot:
        epoch = bytes.fromhex(snapshot.epoch)
    with hq.database.note() as connection:
        for user_id in user_ids:
            secret, nonce = secrets.token_urlsafe(), secrets.token_bytes(16)
            values = {
                "user_id": user_id,
                "name": "laptop",
                "secret_hash": hashlib.sha256(secret.encode()).hexdigest(),
                "nonce": nonce,
                "schema": SCHEMA_VERSION,
                "enrolled_at": 0,
            }
            number = connection.execute(insert(table).values(**values).returning(table.c.id)).scalar_one()
            made.append(Caller(url, secret, number, epoch, nonce))
    return made
