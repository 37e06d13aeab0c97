"""A laptop that says to a real server what it likes."""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from typing import Any

import requests

from crm_core.sync import codec
from crm_core.sync.clock import reading
from crm_core.sync.protocol import Answer, EnrolResponse, Op, Put, SyncRequest, SyncResponse, Txn


@dataclass
class Attacker:
    """A laptop that says what it likes."""

    url: str
    name: str
    enrolled: EnrolResponse
    nonce: bytes = b""
    token: bytes = b""
    op_no: int = 0
    heard: list[bytes] = field(default_factory=list)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.enrolled.secret}"}

    def request(self, *ops: Op, hlc: int | None = None, **changed: Any) -> SyncRequest:
        """Return a request as an honest laptop would send it, but for what is changed."""
        now = reading(int(time.time() * 1000)) if hlc is None else hlc
        txns = [Txn(1, 0, now, list(ops))] if ops else []
        values: dict[str, Any] = {
            "v": 1,
            "epoch": self.enrolled.epoch,
            "device": self.enrolled.device,
            "incarnation": 1,
            "nonce": self.nonce or self.enrolled.nonce,
            "schema": 2,
            "sent_hlc": reading(int(time.time() * 1000)),
            "token": self.token,
            "want_bytes": 1 << 20,
            "txns": txns,
        }
        return SyncRequest(**(values | changed))

    def op(self, kind: int, row: str, number: int | str, value: Any, base: int = 0, entity: int = 10) -> Op:
        """Return the next operation."""
        self.op_no += 1
        return Op(self.op_no, kind, entity, bytes.fromhex(row), number, value, 0, base)

    def post(self, body: bytes, **headers: str) -> requests.Response:
        """Send bytes to the sync."""
        sent = {"Content-Type": codec.COMPACT, **self.headers, **headers}
        return requests.post(f"{self.url}/v1/sync", data=body, headers=sent, timeout=60)

    def sync(self, *ops: Op, **changed: Any) -> SyncResponse:
        """Send a request that is taken, and go on from its answer."""
        answer = self.post(codec.encode(self.request(*ops, **changed)))
        assert answer.status_code == 200, answer.text
        self.heard.append(answer.content)
        response = codec.decode(answer.content, SyncResponse)
        self.nonce, self.token = response.nonce, response.token
        return response

    def answer(self, *ops: Op, **changed: Any) -> Answer:
        """Send operations and return the answer to the last."""
        return self.sync(*ops, **changed).answers[-1]

    def rows(self, response: SyncResponse) -> list[tuple[int, str]]:
        """Return the records an answer brought."""
        puts = [message for raw in response.msgs if isinstance(message := codec.read_message(raw), Put)]
        return [(put.entity, row) for put in puts for row in codec.unpack_ids(put.ids)]

    def ask(self, method: str, path: str, **how: Any) -> requests.Response:
        """Ask the records' interface."""
        return requests.request(
            method, f"{self.url}/v1/records/{path}", headers=self.headers, timeout=60, **how
        )
