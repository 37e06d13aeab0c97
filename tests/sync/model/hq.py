"""The toy HQ: pages of the visible feed, built from the real decisions."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable

from crm_core.sync.plan import (
    Entitlement,
    Mine,
    Phase,
    Send,
    Step,
    Steps,
    Token,
    advance,
    at,
    current_step,
    fresh,
    is_caught_up,
    judge_arrival,
    judge_change,
    judge_exit,
    prepare,
    versions_held,
)
from tests.sync.model.oracle import check_leaks
from tests.sync.model.uploads import Uploads
from tests.sync.model.values import (
    APPLIED,
    CELL,
    CREATE,
    DELETE,
    DROP,
    ENTER,
    ENTITIES,
    EXIT,
    LOST_EDIT,
    NEWEST_SCHEMA,
    NOTICE,
    PURGE,
    PUT_FIELD,
    PUT_ROW,
    RESTORE,
    SUPERSEDED,
    Msg,
    Request,
    Response,
    Rights,
    Row,
    User,
)


class HQ(Uploads):
    """HQ as the only authority on rights."""

    def readable(self, row: Row, rights: Rights, schema: int) -> tuple[int, ...]:
        """Return the fields of a visible row that these rights and this schema show."""
        return rights.fields[row.entity, schema, self.trash_whole or row.life & 1 == 1]

    def whole(self, row: Row, rights: Rights, schema: int) -> Msg:
        """Return the message that replaces a row by its visible projection."""
        cells = row.cells
        fields = self.readable(row, rights, schema)
        return (PUT_ROW, row.rid, row.entity, row.life, {f: cells[f] for f in fields})

    def arriving(self, row: Row, rights: Rights, seq: int) -> bool:
        """Tell whether the laptop at `seq` may not hold the row, or holds it in another life."""
        if row.born_at > seq or row.life_at > seq:
            return True
        see = rights.see[row.entity]
        return any(entered > seq and scope in see for scope, entered in row.scopes.items())

    def had(self, person: User, entity: int, scope: str, seq: int) -> bool:
        """Tell whether the person has or had a scope at any time."""
        return (entity, scope) in person.ever

    def past(self, token: Token, person: User) -> dict[int, Entitlement]:
        """Return the rights a page of which the laptop may hold."""
        return {version: person.history[version] for version in versions_held(token)}

    def prepare(self, token: Token, person: User, schema: int) -> tuple[Token, Steps]:
        """Return the token with the plan that is due, and its steps."""
        past = self.past(token, person)
        grown = ENTITIES if token.schema < schema else ()
        return prepare(
            token,
            now=person.now,
            past=past,
            schema=schema,
            grown=grown,
            order=ENTITIES,
            mine=self.mine(person),
        )

    def mine(self, person: User) -> Mine:
        """Return what of a fill a person gets first.

        Nobody here sees everything. One scope stands in for that: who has it goes first through scopes that
        he may not have himself, as an administrator does.
        """
        own = f"own:{self.users.index(person)}"
        return Mine(scopes=frozenset((own, f"~{own}")), entities=frozenset(ENTITIES), everyone="terr:n")

    def is_sent(self, row: Row, step: Step, seq: int) -> bool:
        """Tell whether an earlier step of the plan that began at `seq` has handled the row."""
        return any(row.scopes.get(scope, seq + 1) <= seq for scope in step.sent)

    def advance(self, token: Token, steps: Steps, reached: str | None) -> Token:
        """Return the token after a part of the plan."""
        return advance(token, steps, reached)

    def drop(self, step: Step) -> list[Msg]:
        """Return the messages that take classes away."""
        return [(DROP, step.classes)]

    def arrival(self, row: Row, rights: Rights, request: Request, seq: int) -> Msg | None:
        """Return the message for a scope entered or a life changed."""
        visible = self.visible(row, rights)
        return self.whole(row, rights, request.schema) if judge_arrival(visible=visible) is Send.ROW else None

    def change(self, row: Row, field: int, rights: Rights, request: Request, seq: int) -> Msg | None:
        """Return the message for a field changed, to a laptop at `seq`."""
        visible = self.visible(row, rights)
        if not visible:
            return None
        send = judge_change(
            visible=visible,
            readable=field
            in rights.fields[row.entity, request.schema, self.trash_whole or row.life & 1 == 1],
            arriving=self.arriving(row, rights, seq),
        )
        if send is Send.ROW:
            return self.whole(row, rights, request.schema)
        return (PUT_FIELD, row.rid, field, row.cells[field]) if send is Send.FIELD else None

    def sure(self, request: Request, token: Token) -> int:
        """Return the position as of which the laptop surely holds every row visible now.

        None (0) while a plan is due or runs: a row regained was not followed while it was out of sight, a
        field lost may still be there, and rows held from before a new start are older than the token. So
        what an operation touched is sent whole then.
        """
        held = request.token
        return held.seq if held is not None and held.ent and token.plan is None else 0

    def echo(self, request: Request, seq: int) -> list[Msg]:
        """Return the state of what the operations touched, as it is now: answers carry no values.

        A repeated request hears of operations taken long ago; the row may be out of sight since.
        """
        rights = self.users[self.user_of[request.device]].rights
        messages = []
        for op in request.ops:
            if self.answered[request.device, op.no][0] in (APPLIED, SUPERSEDED):
                message: Msg | None
                row = self.rows.get(op.rid)
                if row is None or not self.visible(row, rights):
                    message = (PURGE, op.rid)
                elif op.kind in (CREATE, DELETE, RESTORE):
                    message = self.arrival(row, rights, request, seq)
                else:
                    message = self.change(row, op.field, rights, request, seq)
                if message is not None:
                    messages.append(message)
        return messages

    def run_plan(self, token: Token, steps: Steps, person: User, request: Request, page: list[Msg]) -> Token:
        """Fill the page from the running plan, every row judged by the rights of now."""
        rights = person.rights
        room = request.room
        while (plan := token.plan) is not None and len(page) < room:
            step = current_step(token, steps)
            if step.phase is Phase.DROP_FIELDS:
                page.extend(self.drop(step))
                token = self.advance(token, steps, None)
                continue
            ids = self.ids[step.entity]
            reached: str | None = None
            fill = step.phase.fills
            for index in range(bisect_right(ids, plan.after), len(ids)):
                row = self.rows[ids[index]]
                if step.scopes.isdisjoint(row.scopes) or (step.sent and self.is_sent(row, step, token.seq)):
                    continue
                if self.visible(row, rights):
                    if fill:
                        page.append(self.whole(row, rights, request.schema))
                elif not fill:
                    page.append((PURGE, row.rid))
                if len(page) >= room:
                    reached = row.rid if index + 1 < len(ids) else None
                    break
            token = self.advance(token, steps, reached)
        return token

    def run_feed(self, token: Token, person: User, request: Request, page: list[Msg]) -> Token:
        """Fill the page from the events after the token, every event judged by the rights of now."""
        rights = person.rights
        start = token.seq
        room = request.room
        rest = self.log[start + 1 :]
        sent: set[str] = set()  # rows wholly sent in this page, which need no second message
        for offset, event in enumerate(rest):
            if event is None:
                continue
            kind, row, what = event
            message: Msg | None = None
            if kind == CELL:
                if row.rid not in sent:
                    message = self.change(row, what, rights, request, start)
            elif kind == EXIT:
                ever = self.had(person, row.entity, what, start)
                if judge_exit(visible=self.visible(row, rights), ever=ever) is Send.PURGE:
                    message = (PURGE, row.rid)
            elif kind == NOTICE:
                device, field = what
                if device == request.device:
                    message = self.lost_edit(row, field, rights, start + 1 + offset)
            elif row.rid not in sent and (kind != ENTER or what in rights.see[row.entity]):
                message = self.arrival(row, rights, request, start)
            if message is not None:
                page.append(message)
                if message[0] == PUT_ROW:
                    sent.add(row.rid)
                if len(page) >= room:
                    return self.stand(token, start + 1 + offset)
        return self.stand(token, self.head)

    def stand(self, token: Token, seq: int) -> Token:
        """Return the token after the feed up to `seq`."""
        return at(token, seq)

    def lost_edit(self, row: Row, field: int, rights: Rights, seq: int) -> Msg:
        """Tell a device that its edit was replaced; the winner only as far as it is visible now."""
        readable = self.visible(row, rights) and field in rights.fields[row.entity, NEWEST_SCHEMA, True]
        return (LOST_EDIT, row.rid, field, row.cells[field] if readable else None, seq)

    def missed_notices(self, device: int, after: int, rights: Rights, until: int) -> list[Msg]:
        """Return the notices a laptop that starts anew would skip: the fill brings rows, not notices."""
        return [
            self.lost_edit(event[1], event[2][1], rights, seq)
            for seq in range(after + 1, until + 1)
            if (event := self.log[seq]) is not None and event[0] == NOTICE and event[2][0] == device
        ]

    def answer(self, request: Request) -> Response:
        """Take the uploads, then build one page in the same snapshot."""
        person = self.users[self.user_of[request.device]]
        answers = self.take(request)
        token = request.token
        restart = token is None or token.seq < self.floor
        if token is None or restart:
            token = fresh(self.head)
        held = (
            request.token.seq if request.token is not None else 0
        )  # a laptop may send before its first page
        token, steps = self.prepare(token, person, request.schema)
        messages = self.echo(request, self.sure(request, token)) if request.ops else []
        page: list[Msg] = []
        if token.plan is not None:
            token = self.run_plan(token, steps, person, request, page)
        if token.plan is None and len(page) < request.room:
            token = self.run_feed(token, person, request, page)
        messages += page
        if restart:
            messages += self.missed_notices(request.device, held, person.rights, token.seq)
        check_leaks(self, messages, person, {op.rid for op in request.ops})
        return Response(
            request.device, request.token, request.round, token, restart, answers, messages,
            request.leases_held, self.lease(request), self.now_ms,
        )  # fmt: skip

    def may_repair(self, request: Request, person: User) -> bool:
        """Tell whether rows may be sent outside the feed."""
        token = request.token
        return token is not None and is_caught_up(token, version=person.now.version, schema=request.schema)

    def repair(self, request: Request, rids: Iterable[str]) -> list[Msg]:
        """Return rows the laptop found to differ, as they are now: whole, or a purge."""
        person = self.users[self.user_of[request.device]]
        if not self.may_repair(request, person):
            return []
        messages: list[Msg] = []
        for rid in rids:
            row = self.rows.get(rid)
            if row is not None and self.visible(row, person.rights):
                messages.append(self.whole(row, person.rights, request.schema))
            else:
                messages.append((PURGE, rid))
        check_leaks(self, messages, person, set(rids))
        return messages
