"""What travels between a laptop and HQ: one request, one answer. The reader's guide is docs/sync.md.

Structures are positional arrays, so a message carries no names. New members are only ever added at the
end with a default, new message kinds get new numbers; nothing changes its place or meaning.
"""

from __future__ import annotations

from enum import IntEnum, IntFlag
from typing import Any, Protocol

import msgspec

PROTOCOL_VERSION = 1

Row = bytes
"""A record id: its 16 bytes."""


class OpKind(IntEnum):
    """What an operation does. `value` of each kind stands beside it."""

    CREATE = 1
    """[[field numbers], [values]]: every initial field but those left empty; `field` 0."""
    SET = 2
    """The value of a field; of a group, the list of its members' values by ascending number, `field`
    being the lowest member."""
    DELETE = 3
    """The life counter the writer saw."""
    RESTORE = 4
    """The life counter the writer saw."""
    TAG_ADD = 5
    """The word added; the operation itself is its dot."""
    TAG_DEL = 6
    """[word, [dots seen]]."""
    LEDGER = 7
    """Reserved, and superseded: an entry of an account is the CREATE of a record that is never changed."""
    MOVE = 8
    """Reserved: a new place of a line."""
    COMMAND = 9
    """[name, state the writer saw, [[field numbers], [values]] given along]: a step of a state machine,
    decided at HQ; `field` is the state."""


class TxnFlag(IntFlag):
    """How the operations of a transaction hang together."""

    NONE = 0
    ALL_OR_NOTHING = 1


class Code(IntEnum):
    """HQ's answer to one operation."""

    APPLIED = 0
    MERGED = 1
    SUPERSEDED = 2
    STALE_LIFE = 3
    FORBIDDEN_ROW = 10
    FORBIDDEN_FIELD = 11
    FORBIDDEN_ASSIGN = 12
    INVALID = 13
    ILLEGAL_STATE = 14
    PARENT = 15
    ID_TAKEN = 21

    @property
    def took_effect(self) -> bool:
        """Whether the edit stands at HQ."""
        return self in (Code.APPLIED, Code.MERGED)


CODES_SET_ASIDE = frozenset((16, 20))
"""Once meant for a limit reached and for what waits at HQ, and never sent: no other answer gets one."""

OPENED_HEADER = "X-Opened"
"""Header of a laptop's requests beside its rounds: `SyncRequest.opened` in hex digits, while it is said."""
OFFERED = frozenset((Code.FORBIDDEN_ROW, Code.FORBIDDEN_FIELD, Code.FORBIDDEN_ASSIGN))
"""Refused for want of rights alone: whoever has them may accept the edit (`Offers`)."""


class Judgement(IntEnum):
    """What becomes of an edit HQ refused and keeps."""

    ACCEPT = 1
    """Somebody who may change the record wants it so."""
    DECLINE = 2
    """Somebody who may change the record does not."""
    WITHDRAW = 3
    """Its writer decided otherwise: nobody is shown it any more."""
    OFFER = 4
    """Its writer took that back."""
    FAILED = 5
    """From HQ: it was accepted and could not be carried out."""


class Op(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One change, as the laptop made it."""

    no: int
    kind: int
    entity: int
    row: Row
    field: int | str
    value: Any
    hlc_delta: int
    """Reading of this operation less that of the transaction's first; the first's is `Txn.hlc`."""
    base: int
    """`base` of the last message the laptop applied for this row; 0 for a row it made itself."""


class Txn(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """The operations of one local transaction."""

    no: int
    flags: int
    hlc: int
    ops: list[Op]


class DigestRows(msgspec.Struct, array_like=True, frozen=True):
    """Every row a laptop holds in some buckets of an entity."""

    entity: int
    buckets: bytes
    """Their numbers, a byte each."""
    ids: bytes
    """Row ids one after the other, 16 bytes each."""
    hashes: bytes
    """The rows' hashes in the same order, 16 bytes each."""


class DigestAsk(msgspec.Struct, array_like=True, frozen=True):
    """What a laptop holds, for HQ to compare. One of the three is filled, each going deeper than the last."""

    kinds: list[tuple[int, bytes]] = []
    """Of each entity the hash of all buckets."""
    buckets: list[tuple[int, list[tuple[int, int, int, int, int, int]]]] = []
    """Of entities that differ every bucket with rows: its number, their count, the four sums."""
    rows: list[DigestRows] = []


class DigestDiff(msgspec.Struct, array_like=True, frozen=True):
    """What differs, as far as was asked; nothing where both hold the same."""

    kinds: list[int] = []
    buckets: list[tuple[int, list[tuple[int, int]]]] = []
    """Of each entity the buckets that differ, with how many rows the reader may see in each."""
    rows: int = 0
    """How many rows go along in `msgs`, whole or as a purge, because they differ."""


class Verdict(msgspec.Struct, array_like=True, frozen=True):
    """A person's word on an edit HQ keeps: of another's by HQ's number, of an own one by its operation."""

    judgement: int
    id: int = 0
    incarnation: int = 0
    op_no: int = 0


class Exported(msgspec.Struct, array_like=True, frozen=True):
    """Records written into a file on the laptop, for HQ's audit. What the file is called stays there."""

    no: int
    """Counts up on one laptop; HQ hears of each until it has answered, and notes it once."""
    at_ms: int
    entity: int
    rows: int
    form: str
    """Ending of the file: `csv`, `xlsx`, `vcf`, `json` or `jsonl`."""


class Told(msgspec.Struct, array_like=True, frozen=True):
    """What a laptop tells of itself. An older program tells nothing and is sent no `Offers`."""

    waiting: int = 0
    """Operations HQ has not answered, those of the request among them."""
    oldest_ms: int = 0
    """When the oldest of them was made; 0: there is none."""
    returned: int = 0
    """Edits that came back and are not decided."""
    clock_off_ms: int = 0
    """HQ's time less the laptop's, as it was measured last: what the laptop corrects its readings by."""
    compared_ms: int = 0
    """When it last compared everything with HQ; 0: never."""
    repaired: int = 0
    """Rows that were fetched because they differed then."""
    differing: int = 0
    """Rows that still differed afterwards."""
    verdicts: list[Verdict] = []
    exports: list[Exported] = []


class SyncRequest(msgspec.Struct, array_like=True, frozen=True):
    """Push and pull in one."""

    v: int
    epoch: bytes
    device: int
    incarnation: int
    nonce: bytes
    schema: int
    sent_hlc: int
    token: bytes
    want_bytes: int
    txns: list[Txn] = []
    leases: dict[str, int] = {}
    """Series to how many numbers the laptop still has and how many it wants: numbers wanted."""
    digest: DigestAsk | None = None
    """Never together with operations: it is of what HQ confirmed."""
    pull: bool = True
    """False: answer the operations and send nothing back."""
    told: Told | None = None
    opened: bytes | None = None
    """What the laptop drew when it opened the file that signed it in; until an answer came over a line."""


class Answer(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What became of one operation."""

    no: int
    code: int
    hlc: int
    """The reading HQ accepted it with."""
    base: int
    """Position to remember for the row, as in `Put.base`; 0 where nothing changed."""
    extra: Any = None
    """Superseded: [HQ's value, user id, ms] as far as the reader may see it. Refused: [English source,
    {place: text}, HQ's value, user id, ms], the last three as far as the reader may see them."""


class MsgKind(IntEnum):
    """Kinds of downloaded messages; first member of each."""

    PUT = 1
    PURGE = 2
    DROP_FIELDS = 3
    LEASE = 4
    LOST_EDIT = 5
    PROGRESS = 6
    SETTINGS = 7
    HELD = 8
    OTHER_VERSION = 9
    OFFERS = 14
    JUDGED = 15


class Put(msgspec.Struct, array_like=True, frozen=True):
    """States of rows of one entity that carry the same fields, column by column."""

    kind: int
    optional: int
    entity: int
    full: bool
    """The row is replaced: a readable field that is not named here is empty."""
    base: int
    ids: bytes
    """Row ids one after the other, 16 bytes each."""
    lives: list[int]
    fields: list[int | str]
    columns: list[list[Any]]
    """For each field its value in each row. Sets: list of [word, dot]."""
    writers: list[Any] = []
    """Of rows that are not full, who changed what: for each row None where its last writer (`updated_by` at
    `updated_at`) changed every field named, else [register, user id, ms] one after the other. Empty: None
    for all."""


class Purge(msgspec.Struct, array_like=True, frozen=True):
    """Rows the reader may no longer see, or that are gone for ever."""

    kind: int
    optional: int
    entity: int
    ids: bytes


class DropFields(msgspec.Struct, array_like=True, frozen=True):
    """Fields the reader may no longer see, in every row."""

    kind: int
    optional: int
    entity: int
    fields: list[int | str]


class Lease(msgspec.Struct, array_like=True, frozen=True):
    """Numbers the laptop may give out: `lo` to `hi`, both included, printed by `pattern`."""

    kind: int
    optional: int
    series: str
    lo: int
    hi: int
    pattern: str
    """Python format of a number, such as `Q-{year}-{number:04d}`."""


class LostEdit(msgspec.Struct, array_like=True, frozen=True):
    """An edit of this device that stood, and that another edit has since replaced unseen."""

    kind: int
    optional: int
    op_no: int
    incarnation: int
    entity: int
    row: Row
    field: int | str
    mine: Any
    theirs: Any
    """HQ's value, or None where the reader may not see it."""
    user: bytes | None
    at_ms: int


class Progress(msgspec.Struct, array_like=True, frozen=True):
    """How far a fill is: rows of the entity sent and to send in all."""

    kind: int
    optional: int
    entity: int
    done: int
    total: int
    part: int = 0
    """1: the person's own rows, of every entity; 2: the rest, when those are here. 0: all in one part.
    3: of an entity whose turn comes later, with the first page: how many there are."""


class Settings(msgspec.Struct, array_like=True, frozen=True):
    """What HQ sets for every laptop: `interval_s`, `company` and the like."""

    kind: int
    optional: int
    values: dict[str, Any]


class Held(msgspec.Struct, array_like=True, frozen=True):
    """Rights changed so that very many rows are to go: until an administrator allows it only answers come."""

    kind: int
    optional: int


class OtherVersion(msgspec.Struct, array_like=True, frozen=True):
    """A long text somebody wrote at the same time, that gave way to the one of this device."""

    kind: int
    optional: int
    entity: int
    row: Row
    field: int | str
    text: str
    user: bytes | None
    """Who wrote it."""
    at_ms: int
    """When."""


class Offer(msgspec.Struct, array_like=True, frozen=True):
    """An edit of somebody else's that HQ refused and the reader may make: an `Op` without its number."""

    id: int
    kind: int
    entity: int
    row: Row
    field: int | str
    value: Any
    code: int
    """Why it was refused."""
    user: bytes | None
    """Who typed it."""
    at_ms: int


class Offers(msgspec.Struct, array_like=True, frozen=True):
    """All edits the reader may accept or decline, newest first. They replace those sent before."""

    kind: int
    optional: int
    offers: list[Offer]


class Judged(msgspec.Struct, array_like=True, frozen=True):
    """What became of a refused edit: for its writer by operation, for who accepted it by HQ's number."""

    kind: int
    optional: int
    judgement: int
    id: int
    incarnation: int
    op_no: int
    user: bytes | None
    """Who decided."""
    at_ms: int
    reason: str = ""
    """Why it could not be carried out: an English source with `{places}`."""
    places: dict[str, Any] = {}


Msg = (
    Put | Purge | DropFields | Lease | LostEdit | Progress | Settings | Held | OtherVersion | Offers | Judged
)

MSG_TYPES: dict[int, type[Msg]] = {
    MsgKind.PUT: Put,
    MsgKind.PURGE: Purge,
    MsgKind.DROP_FIELDS: DropFields,
    MsgKind.LEASE: Lease,
    MsgKind.LOST_EDIT: LostEdit,
    MsgKind.PROGRESS: Progress,
    MsgKind.SETTINGS: Settings,
    MsgKind.HELD: Held,
    MsgKind.OTHER_VERSION: OtherVersion,
    MsgKind.OFFERS: Offers,
    MsgKind.JUDGED: Judged,
}


class SyncResponse(msgspec.Struct, array_like=True, frozen=True):
    """Answers to what was pushed, and the next page of what the reader may see."""

    v: int
    epoch: bytes
    server_ms: int
    nonce: bytes
    answers: list[Answer]
    msgs: list[Any]
    """Arrays led by a `MsgKind` and the optional flag; `codec.read_message` makes them `Msg`."""
    token: bytes
    more: bool
    acked_to: int
    """Highest operation number of this device and incarnation that HQ has answered. With another `epoch` than
    the request's: of the incarnation the request named, as far as the backup HQ went back to knows."""
    min_schema: int
    digest_diff: DigestDiff | None = None
    """None also where a digest was sent and HQ has news for the laptop: compare again after them."""
    resync: bool = False
    """The token is not usable any more: everything comes again; the outbox is kept."""
    incarnation: int = 0
    """Not 0: the laptop's database was found to be a copy or an older one. From now on it writes under this
    incarnation, numbers the operations of its outbox from 1 again, and gives up its leases."""


class EnrolRequest(msgspec.Struct, frozen=True):
    """A person signs in on a laptop that HQ does not know yet."""

    user: str
    password: str
    device_name: str
    schema: int


class EnrolResponse(msgspec.Struct, frozen=True):
    """What the laptop keeps: its number, its secret, and who it belongs to."""

    device: int
    secret: str
    """Opaque device token, sent as `Authorization: Bearer`; HQ keeps only its hash."""
    user_id: str
    user_name: str
    company: str
    epoch: bytes
    nonce: bytes
    server_ms: int


class Fault(msgspec.Struct, frozen=True):
    """Body of every answer that is not 200: what went wrong, in a form the laptop can translate."""

    code: str
    """`sign_in`, `revoked`, `wipe`, `disabled`, `upgrade`, `gap`, `epoch`, `bad_request`, `damaged`,
    `too_large`, `busy`, `policy`, `limit`."""
    text: str
    places: dict[str, str] = {}


class Headquarters(Protocol):
    """HQ as a laptop calls it. Raises `Unreachable`, `AccessDenied` or `UserError`."""

    def enrol(self, request: EnrolRequest) -> EnrolResponse:
        """Make this laptop known."""

    def sync(self, request: SyncRequest) -> SyncResponse:
        """Push and pull once."""
