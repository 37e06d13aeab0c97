"""A laptop's program of an earlier schema version, in a process of its own.

Declarations newer than that version lose their `Field` before anything reads them, so this program neither
knows nor sends nor shows them. HQ is in the test's process: requests and answers go through pipes, as bytes.
"""

from __future__ import annotations

import dataclasses
import struct
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, BinaryIO, Self

import msgspec

ROOT = Path(__file__).parents[2]
_LENGTH = struct.Struct(">I")


def _write(stream: BinaryIO, value: Any) -> None:
    raw = msgspec.msgpack.encode(value)
    stream.write(_LENGTH.pack(len(raw)) + raw)
    stream.flush()


def _read(stream: BinaryIO) -> Any:
    head = stream.read(_LENGTH.size)
    if len(head) < _LENGTH.size:
        raise EOFError
    return msgspec.msgpack.decode(stream.read(_LENGTH.unpack(head)[0]))


class OlderProgram:
    """The test's end: gives orders and answers as HQ. Use as a context manager."""

    def __init__(
        self, folder: Path, schema: int, answer: Callable[[bytes], bytes], now_ms: Callable[[], int]
    ) -> None:
        self._answer = answer
        self._now_ms = now_ms
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.older_program", str(folder), str(schema)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(timeout=60)
        assert self._process.stdout is not None
        self._process.stdout.close()

    def do(self, order: str, *arguments: Any) -> Any:
        """Have something done there and return what came of it; its errors come as `RuntimeError`."""
        into, out = self._process.stdin, self._process.stdout
        assert into is not None
        assert out is not None
        _write(into, [order, self._now_ms(), list(arguments)])
        while True:
            kind, value = _read(out)
            if kind == "hq":
                _write(into, self._answer(value))
            elif kind == "error":
                raise RuntimeError(value)
            else:
                return value


def _forget_newer(schema: int) -> None:
    """Let every declaration of a later version be none; before the entities are imported."""
    from crm_core.schema import columns

    declare = columns.column

    def older(no: int, label: str, kind: Any, **how: Any) -> Any:
        column = declare(no, label, kind, **how)
        if how.get("since", 1) > schema:
            del column.column.info["field"]
        return column

    columns.column = older
    import crm_core

    crm_core.SCHEMA_VERSION = schema


class _Line:
    def __init__(self, into: BinaryIO, out: BinaryIO) -> None:
        self._into, self._out = into, out

    def enrol(self, request: Any) -> Any:
        raise NotImplementedError(request)

    def sync(self, request: Any) -> Any:
        from crm_core.sync import codec
        from crm_core.sync.protocol import SyncResponse

        _write(self._out, ["hq", codec.encode(request)])
        return codec.decode(_read(self._into), SyncResponse)


def _serve(folder: Path, into: BinaryIO, out: BinaryIO) -> None:
    from crm_desktop.models.clock import Clock
    from crm_desktop.models.replica import Replica
    from crm_desktop.platform.paths import Profile
    from crm_desktop.services import records, returned_edits, syncing
    from crm_desktop.sync.engine import Engine

    now = [0]
    key = bytes(range(32))
    with Replica.open(Profile(folder), key, Clock(wall=lambda: now[0], steady=lambda: now[0])) as replica:
        line = _Line(into, out)
        orders: dict[str, Callable[..., Any]] = {
            "create": lambda entity, values: records.create(replica, entity, values).value.id,
            "update": lambda entity, row, values: records.update(replica, entity, row, values).value.id,
            "delete": lambda entity, row: records.delete(replica, entity, row).value.id,
            "show": lambda entity, row: dict(records.get(replica, entity, row).values),
            "sync": lambda: dataclasses.asdict(Engine(replica, line).run_round()),
            "compare": lambda: syncing.ask_to_compare(replica),
            "returned": lambda: [[each.entity, int(each.code)] for each in returned_edits.returned(replica)],
        }
        while True:
            try:
                order, now[0], arguments = _read(into)
            except EOFError:
                return
            try:
                _write(out, ["done", orders[order](*arguments)])
            except Exception as error:  # noqa: BLE001 - told to the test, which expects it or fails
                _write(out, ["error", f"{type(error).__name__}: {error}"])


def main(arguments: Sequence[str]) -> None:
    """Be the program: profile's folder, schema version."""
    _forget_newer(int(arguments[1]))
    _serve(Path(arguments[0]), sys.stdin.buffer, sys.stdout.buffer)


if __name__ == "__main__":
    main(sys.argv[1:])
