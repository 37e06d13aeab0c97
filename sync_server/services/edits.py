"""What one operation does to the records of a batch: rights first, then rules, then the change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, Final

from crm_core.i18n import N_, message
from crm_core.rules.access import Action, life_right
from crm_core.schema.field import Field, Kind
from crm_core.schema.reading import CUSTOM_PREFIX
from crm_core.sync.clock import Stamp, ms_of
from crm_core.sync.merge import Verdict, after_seen, dot, judge, members, next_life
from crm_core.sync.protocol import Code, OpKind
from sync_server.services import (
    beside_steps,
    cascades,
    conditions,
    derived,
    joining,
    keeping,
    ledgers,
    mentions,
    payments,
    posting,
    signed,
    stage_gate,
    stepping,
    taking,
    whose,
)
from sync_server.services.approvals import PEOPLE, Approvals
from sync_server.services.custom import CustomFields, demand_declarable
from sync_server.services.declaring import Declaring
from sync_server.services.graves import Graves
from sync_server.services.numbers import NumberBook
from sync_server.services.outcomes import LostEdit, Outcome
from sync_server.services.placing import Placing, name_owner
from sync_server.services.pooling import Pooling, decides, hand
from sync_server.services.records import Key, Mark, Record, Records
from sync_server.services.registers import blank, get, never_set, put, travelling
from sync_server.services.rights import NO_SUCH_RECORD, Author, AuthorRights, Refused
from sync_server.services.scopes import ScopeKeeper
from sync_server.services.wanted import Wanted, register_of
from sync_server.store.database import HqTransaction

POLICY: Final = frozenset(("user", "team", "territory", "role"))
"""Entities that rights follow from."""

_UNMADE: Final = Mark(0, 0, 0, 0, 0, None)

EDITED_IN_TRASH = message(N_("The record is deleted; the change shows when it is restored"))
_STALE = message(N_("Somebody else deleted or restored this record meanwhile"))
_TAKEN = message(N_("HQ has a record with this id already"))
_NUMBER_STANDS = message(N_("A number once given stays"))


class Edits:
    """Applies the operations of one author, one after the other, to records in memory."""

    def __init__(self, hq: HqTransaction, author: Author, server_ms: int) -> None:
        self.records = Records(hq.connection)
        self.rights = AuthorRights(author.person)
        self.placing = Placing(self.records, self.rights)
        self.pooling = Pooling(self.records, self.rights, self.placing)
        self.custom = CustomFields(hq.connection)
        self.graves = Graves(hq.connection)
        self.declaring = Declaring(self.records, self.custom)
        self.gate = stage_gate.StageGate(self.records, self.custom, author)
        self.approvals = Approvals(hq, self.records, author, self.rights, self.custom)
        self.scopes = ScopeKeeper(self.records, hq.positions)
        self.numbers = NumberBook(hq.connection, author.device)
        self.lost: list[LostEdit] = []
        self.derived: set[Key] = set()
        """Records of which something must be worked out."""
        self.accounts: set[ledgers.AccountKey] = set()
        """Accounts whose sum must be worked out."""
        self.policy_seq = 0
        """Position of the last change rights follow from."""
        self._follows: dict[str, Callable[[], None]] = {
            **dict.fromkeys(PEOPLE, self.approvals.forget),
            **dict.fromkeys(("stage_rule", "milestone"), self.gate.forget),
            "custom_field": self.custom.forget,
            "pool_rule": self.pooling.forget,
        }
        self._hq, self._next = hq, hq.positions.next
        self._author, self._server_ms = author, server_ms
        own = (self._next, self.value, put, self._sign, self._note_account)
        self._joining = joining.Joining(self.records, self.scopes, author, self.rights, *own)

    def apply(self, wanted: Wanted, stamp: Stamp, base: int) -> Outcome:
        """Do what an operation wants. Raises `Refused`, and has then changed nothing."""
        if wanted.kind is OpKind.CREATE:
            outcome = self._create(wanted, stamp)
        else:
            record = self.records.get(wanted.schema.no, wanted.row_id)
            if record is None:
                self.graves.demand_none(self.rights, wanted.schema, wanted.row_id)
                raise Refused(Code.FORBIDDEN_ROW, NO_SUCH_RECORD)
            ledgers.demand_changeable(self.rights, record)
            mentions.demand_own(self.rights, record)
            self.approvals.demand_stands(record, wanted)
            if wanted.kind in (OpKind.DELETE, OpKind.RESTORE):
                outcome = self._change_life(record, wanted, stamp, base)
            elif wanted.kind is OpKind.COMMAND or (wanted.kind is OpKind.SET and stepping.sets_state(wanted)):
                outcome = self._take_step(record, wanted, stamp, base)
            elif wanted.kind is OpKind.SET:
                outcome = self._set(record, wanted, stamp, base)
            else:
                outcome = self._change_set(record, wanted, stamp, base)
        if outcome.seq and wanted.schema.name in POLICY:
            self.policy_seq = outcome.seq
            self.placing.forget()
        if outcome.seq and (forget := self._follows.get(wanted.schema.name)) is not None:
            forget()
        return outcome

    def forget(self) -> None:
        """Read anew what follows from records of this batch: some were taken back."""
        self.placing.forget()
        for forget in self._follows.values():
            forget()

    def settle(self, real: Callable[[int], int]) -> None:
        """Put real positions in the place of drafted ones, but for those of the records."""
        self.scopes.settle(real)
        self.lost = [replace(lost, seq=real(lost.seq)) for lost in self.lost]
        self.policy_seq = real(self.policy_seq)

    def value(self, record: Record, fields: tuple[Field, ...]) -> Any:
        """Return a register's value as it travels: one value, or the list of a group's."""
        values = [get(record, field) for field in fields]
        return values if len(fields) > 1 else values[0]

    def _mark(self, stamp: Stamp, seq: int) -> Mark:
        author = self._author
        return Mark(stamp.hlc, author.device, author.incarnation, stamp.op_no, seq, author.user_id)

    def _of_hq(self, stamp: Stamp) -> Mark:
        """Return the mark of what HQ adds to an edit, so that its author hears of it."""
        return self._mark(stamp, self._next())._replace(device=0, incarnation=1)

    # Create

    def _create(self, wanted: Wanted, stamp: Stamp) -> Outcome:
        schema = wanted.schema
        self.rights.demand_kind(Action.CREATE, schema)
        if self.records.get(schema.no, wanted.row_id) is not None:
            raise Refused(Code.ID_TAKEN, _TAKEN)
        if self.graves.demand_none(self.rights, schema, wanted.row_id):
            raise Refused(Code.ID_TAKEN, _TAKEN)
        if not self.rights.writes(schema, wanted.shape.classes):
            filled = [field for field in wanted.fields if wanted.values[field.name] is not None]
            self.rights.demand_fields(Action.CREATE, schema, filled)
        record = Record(
            schema=schema,
            id=wanted.row_id,
            values=self._first_values(wanted, stamp),
            made=_UNMADE,
            is_new=True,
        )
        owner = name_owner(record, self._author)
        place = self.placing.demand_place_of_new(record)
        conditions.demand_sound(schema, record.id, wanted.values)
        keeping.demand_own(schema, wanted.values, self._author)
        keeping.demand_seen(self.records, self.rights, schema, wanted.values, record.values)
        if schema is stage_gate.DEAL:
            self.gate.demand(None, record.values, ())
        conditions.demand_draft(self.records, None, wanted)
        conditions.demand_content(None, wanted)
        signed.demand_kept(self.records, record, self._author)
        payments.demand_new(self.records, record)
        stepping.demand_born(schema, wanted.values, ms_of(stamp.hlc))
        if schema.name == "custom_field":
            demand_declarable(self.custom, record.id, record.values)
        joining.demand_kept(self.records, self.rights, schema, record.id, wanted.values)
        joining.demand_told(self.records, self.rights, self.custom, record)
        said = self.approvals.demand_made(record, wanted, ms_of(stamp.hlc))
        replaced = self._number_new(record)
        # From here on nothing refuses.
        record.made = self._mark(stamp, self._next())
        for field in wanted.shape.special:
            if field.kind is Kind.TAGS and wanted.values[field.name] is not None:
                self._start_set(record, field, stamp)
        vouched = keeping.vouched_for(record, wanted, self._author, ms_of(stamp.hlc))
        hand(record, vouched | said, partial(self._of_hq, stamp))
        if owner is not None:  # with a position of its own, so that the author hears of it
            record.stamp(register_of(owner), self._of_hq(stamp))
        carried = self._joining.place_new(record, stamp) if place is None else None
        parents = self.records.parents(record) if place is None else ()
        dead = next((parent for parent in parents if not parent.lives), None)
        if dead is not None:
            record.values["life"] = 2
            record.life_seq, record.cascade = self._next(), dead.cascade
        self.records.add(record)
        self.scopes.of_new(record, place)
        self._note_derived(record)
        self._note_account(record)
        seq = record.made.seq
        shown = carried or replaced if dead is None else [conditions.PARENT_DELETED.text, {}]
        return Outcome(code=Code.APPLIED, seq=seq, base=seq, shown=shown, is_own=True)

    def _first_values(self, wanted: Wanted, stamp: Stamp) -> dict[str, Any]:
        values = blank(wanted.schema.no).copy()
        values.update(wanted.values)
        values["id"] = wanted.row_id
        values["created_at"] = values["updated_at"] = ms_of(stamp.hlc)
        values["created_by"] = values["updated_by"] = self._author.user_id
        if any(field.no == 0 for field in wanted.shape.special):
            custom = {name: values.pop(name) for name in wanted.values if name.startswith(CUSTOM_PREFIX)}
            held = {
                name.removeprefix(CUSTOM_PREFIX): value for name, value in custom.items() if value is not None
            }
            values["custom"] = held or None
        return values

    def _number_new(self, record: Record) -> list[Any] | None:
        series = record.schema.meta.series
        if series is None:
            return None
        if record.values["number"]:
            return self.numbers.use(series, record.values["number"], record.id)
        if self._author.device == 0 and not record.schema.meta.gapless:
            record.values["number"] = self.numbers.draw(series, record.id, self._server_ms)
        return None

    def _start_set(self, record: Record, field: Field, stamp: Stamp) -> None:
        name = dot(self._author.device, self._author.incarnation, stamp.op_no)
        pairs = {(word, name) for word in get(record, field)}
        record.dots[register_of(field)] = pairs
        put(record, field, members(pairs) or None)

    # Set

    def _set(self, record: Record, wanted: Wanted, stamp: Stamp, base: int) -> Outcome:
        lets = self.approvals.lets_change(record, wanted.fields)
        if not lets:
            self.rights.demand(Action.EDIT, record)
        self.rights.demand_fields(Action.EDIT, wanted.schema, wanted.fields)
        self.placing.demand_end(record, wanted.fields)
        held = record.mark(wanted.register)
        taking.demand_free(self.records, record, wanted, self._author, seen=self._has_seen(held, base))
        came, stamp = stamp, after_seen(held.held, stamp, seen=self._has_seen(held, base))
        verdict = judge(held.held, stamp, base)
        old, new = self.value(record, wanted.fields), travelling(wanted)
        if verdict is Verdict.SUPERSEDED:
            if old == new:
                return Outcome(code=Code.APPLIED, base=base)
            if held.seq > base:
                self._note_other(record, wanted, held, self._mark(stamp, 0), new)
            return Outcome(code=Code.SUPERSEDED, base=base, shown=self._shown(record, wanted, held))
        if not lets:
            conditions.demand_draft(self.records, record, wanted)
        conditions.demand_content(record, wanted)
        stepping.demand_kept(record, wanted, base, self._author)
        after = {**record.values, **wanted.values}
        keeping.demand_seen(self.records, self.rights, wanted.schema, wanted.values, after)
        self.gate.demand_skip(record, wanted)
        skipped = self.gate.demand(record, after, wanted.values) if stage_gate.sets_stage(wanted) else {}
        conditions.demand_sound(wanted.schema, record.id, wanted.values)
        conditions.demand_people(self.records, wanted.fields, wanted.values)
        if wanted.schema.name == "custom_field":
            demand_declarable(self.custom, record.id, after, record.values)
        joining.demand_kept(self.records, self.rights, wanted.schema, record.id, wanted.values)
        joining.demand_stays(record, wanted)
        links = conditions.links_among(wanted.schema, wanted.fields)
        if links and old != new:
            self.placing.demand_move(record, links, after)
        replaced = self._number_old(record, wanted)
        vouched = keeping.vouched_for(record, wanted, self._author, ms_of(stamp.hlc))
        torn = whose.followed(self.records, record, wanted)
        # From here on nothing refuses.
        self.records.change(record)
        if links:
            self.scopes.lend(record)
            self._note_derived(record)
        seq = self._next()
        newest = record.newest_of_others(self._author.device)
        for field in wanted.fields:
            put(record, field, wanted.values[field.name])
        record.stamp(wanted.register, self._mark(stamp, seq))
        follows = self.pooling.followed(record, wanted, old, ms_of(stamp.hlc)) | skipped | vouched | torn
        hand(record, follows, partial(self._of_hq, stamp))
        is_last = self._sign(record, stamp)
        self.records.relink(record)
        if links:
            self.scopes.changed(record)
            self.scopes.lend(record)
        self._note_derived(record, wanted)
        if verdict is Verdict.MERGED and old != new and not never_set(record, held, wanted, old):
            self._note_lost(record, wanted, held, old)
            self._note_other(record, wanted, self._mark(stamp, seq), held, old)
        else:
            verdict = Verdict.APPLIED
        carried = self._joining.carry(record, wanted, old, stamp)
        return Outcome(
            code=Code.MERGED if verdict is Verdict.MERGED else Code.APPLIED,
            seq=seq,
            base=seq if newest <= base else base,
            shown=carried or self._in_trash(record) or replaced,
            hlc=stamp.hlc if stamp != came else 0,
            is_own=is_last,
        )

    def _has_seen(self, held: Mark, base: int) -> bool:
        """Tell whether the author wrote on top of what is held, or wrote that himself before."""
        own = (held.device, held.incarnation) == (self._author.device, self._author.incarnation)
        return own or held.seq <= base

    def _shown(self, record: Record, wanted: Wanted, held: Mark) -> list[Any] | None:
        """Return the winner as far as the author may see it."""
        if not all(self.rights.reads(record, field) for field in wanted.fields):
            return None
        return [self.value(record, wanted.fields), held.user_id, ms_of(held.hlc)]

    def _in_trash(self, record: Record) -> list[Any] | None:
        return None if record.lives else [EDITED_IN_TRASH.text, {}]

    def _number_old(self, record: Record, wanted: Wanted) -> list[Any] | None:
        series = record.schema.meta.series
        given = wanted.values.get("number", record.values.get("number"))
        if series is None or given == record.values["number"]:
            return None
        if record.values["number"] or not given:
            raise Refused(Code.INVALID, _NUMBER_STANDS)
        return self.numbers.use(series, given, record.id)

    def _sign(self, record: Record, stamp: Stamp) -> bool:
        """Note who changed the record last; an edit made earlier but heard of later does not count.

        Returns whether it counts.
        """
        is_last = record.changes_last(ms_of(stamp.hlc))
        if is_last:
            record.set("updated_at", ms_of(stamp.hlc))
            record.set("updated_by", self._author.user_id)
        return is_last

    def _note_lost(self, record: Record, wanted: Wanted, held: Mark, old: Any) -> None:
        if held.device not in (0, self._author.device):
            by_whom = {"user_id": self._author.user_id, "at_ms": self._server_ms}
            self._tell_lost(held, record, wanted, old, **by_whom)

    def _note_other(self, record: Record, wanted: Wanted, winner: Mark, loser: Mark, text: Any) -> None:
        """Let who won over a long text see what it was."""
        if text and winner.device not in (0, loser.device) and wanted.fields[0].kind is Kind.LONG_TEXT:
            by_whom = {"user_id": loser.user_id, "at_ms": ms_of(loser.hlc), "is_other": True}
            self._tell_lost(winner, record, wanted, text, **by_whom)

    def _tell_lost(self, whom: Mark, record: Record, wanted: Wanted, mine: Any, **by_whom: Any) -> None:
        told = {"mark": whom, "record": record, "register": wanted.register, "mine": mine}
        self.lost.append(LostEdit(seq=self._next(), **told, **by_whom))

    def _note_derived(self, record: Record, wanted: Wanted | None = None) -> None:
        changed = None if wanted is None else wanted.values
        self.derived |= derived.concerned(self.records, record, changed)

    # Steps

    def _take_step(self, record: Record, wanted: Wanted, stamp: Stamp, base: int) -> Outcome:
        schema, values = wanted.schema, wanted.values
        is_of_pool = decides(wanted)
        if is_of_pool:
            values = self.pooling.demand_step(record, wanted, stamp)
        else:
            self.rights.demand(Action.EDIT, record)
        given = tuple(schema.fields[name] for name in wanted.values)
        self.rights.demand_fields(Action.EDIT, schema, (*wanted.fields, *given))
        step = stepping.demand_step(self.records, record, wanted, base, self._author.device)
        machine = schema.meta.machine
        if step is None or machine is None:
            return self._stand_already(record, wanted, base)
        self.approvals.demand_step(record, step, wanted, stamp)
        written = machine.effects(step, ms_of(stamp.hlc), values, held=record.values)
        fields = tuple(schema.fields[name] for name in written)
        conditions.demand_sound(schema, record.id, written)
        conditions.demand_people(self.records, fields, written)
        links = conditions.links_among(schema, fields)
        if links and not is_of_pool:
            self.placing.demand_move(record, links, {**record.values, **written})
        # From here on nothing refuses.
        beside_steps.write(self._hq, self.records, self.scopes, self.custom, record, step, self._author)
        self.records.change(record)
        if links:
            self.scopes.lend(record)
        newest = record.newest_of_others(self._author.device)
        seq = 0
        for field in fields:
            put(record, field, written[field.name])
            mark = self._mark(stamp, self._next())
            sent = field.name == machine.field or field.name in step.keeps or field.name in wanted.values
            if sent and (wanted.kind is OpKind.COMMAND or field.name == machine.field):
                seq = mark.seq
            else:  # an older program does not know what the step writes, and must hear of it
                mark = mark._replace(device=0, incarnation=1)
            record.stamp(register_of(schema.leader(field)), mark)
        self._sign(record, stamp)
        self.records.relink(record)
        if links or schema.meta.open_in:
            self.scopes.changed(record)
            self.scopes.lend(record)
        self._note_derived(record)
        return Outcome(
            code=Code.APPLIED,
            seq=seq,
            base=seq if newest <= base else base,
            shown=self._in_trash(record),
        )

    def _note_account(self, record: Record) -> None:
        self.accounts.update(ledgers.accounts_of(record))

    def _stand_already(self, record: Record, wanted: Wanted, base: int) -> Outcome:
        """Let who took a step to where the record stood already hear what HQ holds: he shows his own."""
        machine = record.schema.meta.machine
        step = machine.named(wanted.step) if machine is not None else None
        if machine is not None:  # a setting of an older program names no step
            for name in (machine.field, *(step.keeps if step is not None else ())):
                register = register_of(record.schema.leader(record.schema.fields[name]))
                self.records.change(record)
                held = record.mark(register)
                record.stamp(register, held._replace(device=0, incarnation=1, seq=self._next()))
        return Outcome(code=Code.APPLIED, base=base)

    # Delete and restore

    def _change_life(self, record: Record, wanted: Wanted, stamp: Stamp, base: int) -> Outcome:
        self.rights.demand(life_right(wanted.schema.name), record)
        restore = wanted.kind is OpKind.RESTORE
        life = next_life(record.values["life"], wanted.life, restore=restore)
        if life is None:
            raise Refused(Code.STALE_LIFE, _STALE)
        conditions.demand_draft(self.records, record, wanted)
        if restore and any(not parent.lives for parent in self.records.parents(record)):
            raise Refused(Code.PARENT, conditions.PARENT_DELETED)
        if not restore:
            posting.demand_unposted(record)
            conditions.demand_unused(self.records, record)
            stage_gate.demand_unused(self.records, record)
        newest = record.newest_of_others(self._author.device)
        name = dot(self._author.device, self._author.incarnation, stamp.op_no)
        moved = self._joining.gone_over(record) if restore else []
        if restore:
            affected, held = cascades.brought_back(self.records, record)
        else:
            self._joining.hand_on(record, name, stamp)
            affected, held = cascades.taken_along(self.records, record), []
        for each in affected:
            self.records.change(each)
            each.set("life", each.values["life"] + 1)
            each.life_seq, each.life_device = self._next(), self._author.device
            each.cascade = None if restore else name
            each.meta_changed = True
            self.scopes.lend(each)
            self._note_account(each)
            self._note_derived(each)
        for each, cascade in held:
            self.records.change(each)
            each.life_seq, each.life_device, each.cascade = self._next(), 0, cascade
            each.meta_changed = True
        if restore:
            self._joining.bring_back(record, moved, stamp)
        seq = record.life_seq
        return Outcome(code=Code.APPLIED, seq=seq, base=seq if newest <= base else base)

    # Sets

    def _change_set(self, record: Record, wanted: Wanted, stamp: Stamp, base: int) -> Outcome:
        field = wanted.fields[0]
        keeping.demand_typed(field, self._author)
        self.placing.demand_set(record, field, wanted)
        before = record.dots.get(wanted.register, set())
        if wanted.kind is OpKind.TAG_ADD:
            name = dot(self._author.device, self._author.incarnation, stamp.op_no)
            after = before | {(wanted.word, name)}
        else:
            after = before - {(wanted.word, name) for name in wanted.dots}
        if after == before and not record.changes_last(ms_of(stamp.hlc)):
            return Outcome(code=Code.APPLIED, base=base)
        # Of two who took away one word the later was the last to change the record, whoever came first.
        self.records.change(record)
        seq = self._next()
        newest = record.newest_of_others(self._author.device)
        record.dots[wanted.register] = after
        put(record, field, members(after) or None)
        record.stamp(wanted.register, self._mark(stamp, seq))
        self._sign(record, stamp)
        if field.scope is not None:
            self.scopes.changed(record)
            self.scopes.lend(record)
        self._joining.carry_words(record, field, after - before, stamp)
        return Outcome(
            code=Code.APPLIED,
            seq=seq,
            base=seq if newest <= base else base,
            shown=self._in_trash(record),
        )
