"""How the toy HQ takes operations: each once, merged by the real rules."""

from __future__ import annotations

from crm_core.sync.clock import Stamp, accept, ms_of
from crm_core.sync.merge import Verdict, judge, next_life
from tests.sync.model.records import Records
from tests.sync.model.values import (
    APPLIED,
    CREATE,
    DELETE,
    LEASE_SIZE,
    NEWEST_SCHEMA,
    NOTICE,
    REJECTED,
    RESTORE,
    SET,
    STALE,
    SUPERSEDED,
    TAG_ADD,
    TAGS,
    Op,
    Request,
    Violation,
)


class Uploads(Records):
    """HQ as the only merger."""

    def readings(self, device: int, ops: list[Op], sent_hlc: int) -> list[int]:
        """Return the clock readings the operations are accepted with."""
        return accept([op.hlc for op in ops], sent_hlc, self.now_ms, self.last_accepted.get(device, 0))

    def is_known(self, device: int, op_no: int) -> bool:
        """Tell whether an operation was answered before."""
        return (device, op_no) in self.answered

    def take(self, request: Request) -> list[tuple[int, str, int]]:
        """Merge the operations of a request and return the answers, the same for a repeated one."""
        device = request.device
        new = [op for op in request.ops if not self.is_known(device, op.no)]
        if new:
            last = self.last_accepted.get(device, 0)
            for op, hlc in zip(new, self.readings(device, new, request.sent_hlc), strict=True):
                if ms_of(hlc) > self.now_ms:
                    raise Violation(f"I4 operation {device}.{op.no} is stamped after HQ's now")
                if hlc <= last:
                    raise Violation(f"I4 operation {device}.{op.no} is stamped before an earlier one")
                last = hlc
                code, seq = self.apply(op, Stamp(hlc, device, op.no))
                if code in (APPLIED, SUPERSEDED):
                    if (device, op.no) in self.effects:
                        raise Violation(f"I3 operation {device}.{op.no} took effect twice")
                    self.effects.add((device, op.no))
                self.answered[device, op.no] = (code, seq)
            self.last_accepted[device] = last
        return [(op.no, *self.answered[device, op.no]) for op in request.ops]

    def apply(self, op: Op, stamp: Stamp) -> tuple[str, int]:
        """Merge one operation; return the answer and the position it took effect at (0: none)."""
        device = stamp.device
        person = self.users[self.user_of[device]]
        rights = person.rights
        if op.kind == CREATE:
            parent_id, own, value, number = op.value
            parent = self.rows.get(parent_id) if parent_id else None
            if op.rid in self.graves:
                return STALE, 0
            if op.rid in self.rows or (parent_id and (parent is None or not self.visible(parent, rights))):
                return REJECTED, 0
            if number is not None:
                if number in self.numbers:
                    raise Violation(f"I11 number {number} was used twice")
                if not any(low <= number <= high for low, high in self.leases.get(device, ())):
                    return REJECTED, 0
                self.numbers.add(number)
            row = self.create(op.rid, parent, own, value, stamp)
            return APPLIED, row.born_at
        if op.rid in self.graves:
            return STALE, 0
        row = self.rows.get(op.rid)  # type: ignore[assignment]
        if row is None or not self.visible(row, rights):
            return REJECTED, 0
        if op.kind in (DELETE, RESTORE):
            life = next_life(row.life, op.value, restore=op.kind == RESTORE)
            if life is None:
                return STALE, 0
            return APPLIED, self.change_life(row, life, op.kind == RESTORE)
        field = op.field
        if field not in rights.fields[row.entity, NEWEST_SCHEMA, True]:
            return REJECTED, 0
        if op.kind == SET:
            held = row.held[field]
            self.note_newest(op.rid, field, stamp)
            if judge(held, stamp, op.base) is Verdict.SUPERSEDED:
                return SUPERSEDED, 0
            loser = held.stamp.device
            seq = self.write(row, field, op.value, stamp)
            if loser not in (device, 0) and held.seq > op.base:
                self.notices.setdefault(loser, []).append(self.record(NOTICE, row, (loser, field)))
            return APPLIED, seq
        dots = row.cells[TAGS][1]
        changed = dots | {(device, op.no)} if op.kind == TAG_ADD else dots - op.value
        if changed == dots:
            return APPLIED, 0
        return APPLIED, self.write(row, TAGS, changed, stamp)

    def lease(self, request: Request) -> list[tuple[int, int]]:
        """Return the leases the laptop has not got yet, a new one only when none is under way."""
        given = self.leases.setdefault(request.device, [])
        if request.wants_lease and request.leases_held == len(given):
            given.append((self.next_number, self.next_number + LEASE_SIZE - 1))
            self.next_number += LEASE_SIZE
        return given[request.leases_held :]
