"""What the model is made of: entities, fields, rights, rows, and what travels."""

from __future__ import annotations

from functools import cache
from typing import Any, Final, NamedTuple, TypeAlias

from crm_core.sync.merge import Held
from crm_core.sync.plan import Entitlement, Token

CUSTOMER: Final = 1
DEAL: Final = 2
ENTITIES: Final = (CUSTOMER, DEAL)  # parents first

NAME, PHONE, AMOUNT, TAGS, NOTE = range(5)  # AMOUNT is a group: (amount, currency) moves as one
CLASS_OF: Final = ("core", "comms", "money", "core", "core")
SINCE: Final = (1, 1, 1, 1, 2)  # schema version that brought the field
CLASSES: Final = ("core", "comms", "money")
SCOPES: Final[tuple[str, ...]] = (
    "own:0",
    "own:1",
    "team:a",
    "terr:n",
    "~own:0",
)  # the last is lent, never set directly
NEWEST_SCHEMA: Final = 2
LEASE_SIZE: Final = 2

CELL, BORN, LIFE, ENTER, EXIT, NOTICE = range(6)  # kinds of event
PUT_ROW, PUT_FIELD, PURGE, DROP, LOST_EDIT = range(5)  # kinds of message
SET, CREATE, DELETE, RESTORE, TAG_ADD, TAG_DEL = range(6)  # kinds of operation
APPLIED, SUPERSEDED, STALE, REJECTED = "applied", "superseded", "stale_life", "rejected"

Cell: TypeAlias = tuple[int, Any]  # position of the last change, value
Msg: TypeAlias = tuple[Any, ...]


class Violation(Exception):
    """An invariant broken; the first word is its name."""


class Op(NamedTuple):
    """One operation as it travels."""

    no: int
    kind: int
    rid: str
    field: int
    value: Any
    hlc: int
    base: int


class Request(NamedTuple):
    """One request of a laptop; `room` is how many messages and events fit into the page."""

    device: int
    token: Token | None
    ops: tuple[Op, ...]
    sent_hlc: int
    schema: int
    room: int
    leases_held: int
    wants_lease: bool
    round: int  # the laptop's own count, raised where it gives up what is under way


class Response(NamedTuple):
    """HQ's answer; `asked` and `round` are the token and the round of the request."""

    device: int
    asked: Token | None
    round: int
    token: Token
    restart: bool
    answers: list[tuple[int, str, int]]  # operation, code, position accepted at
    messages: list[Msg]
    first_lease: int
    leases: list[tuple[int, int]]
    server_ms: int


class Row:
    """One row with its place in the event log."""

    __slots__ = (
        "been", "born_at", "cascade", "cells", "children", "entity", "held", "life", "life_at", "own",
        "parent", "rid", "scopes",
    )  # fmt: skip

    def __init__(self, rid: str, entity: int, parent: Row | None) -> None:
        self.rid = rid
        self.entity = entity
        self.parent = parent
        self.children: list[Row] = []
        self.life = 1
        self.life_at = 0
        self.born_at = 0
        self.own: frozenset[str] = frozenset()  # scopes its own links name
        self.scopes: dict[str, int] = {}  # scope to the position it was entered at
        self.been: set[str] = set()  # every scope it ever lay in
        self.cells: dict[int, Cell] = {}
        self.held: dict[int, Held] = {}
        self.cascade: int = 0  # position of the deletion of its parent that deleted it


class Rights(NamedTuple):
    """A choice of rights in the shapes the hot loop reads."""

    scopes: frozenset[tuple[int, str]]
    classes: frozenset[tuple[int, str]]
    see: dict[int, frozenset[str]]
    fields: dict[tuple[int, int, bool], tuple[int, ...]]  # (entity, schema, whole) to readable fields


@cache
def rights_of(bits: int) -> Rights:
    """Return the rights for 16 bits: five scopes of customers and of deals, three classes of each."""
    scopes = frozenset(
        (entity, SCOPES[n]) for i, entity in enumerate(ENTITIES) for n in range(5) if bits >> (5 * i + n) & 1
    )
    classes = frozenset(
        (entity, CLASSES[n])
        for i, entity in enumerate(ENTITIES)
        for n in range(3)
        if bits >> (10 + 3 * i + n) & 1
    )
    see = {entity: frozenset(s for e, s in scopes if e == entity) for entity in ENTITIES}
    fields: dict[tuple[int, int, bool], tuple[int, ...]] = {}
    for entity in ENTITIES:
        for schema in (1, 2):
            fields[entity, schema, False] = ()
            fields[entity, schema, True] = tuple(
                f for f in range(5) if SINCE[f] <= schema and (entity, CLASS_OF[f]) in classes
            )
    return Rights(scopes, classes, see, fields)


class User:
    """A person with the history of his rights."""

    __slots__ = ("bits", "ever", "history", "lapsed", "now", "rights")

    rights: Rights
    now: Entitlement

    def __init__(self) -> None:
        self.history: dict[int, Entitlement] = {}
        self.ever: set[tuple[int, str]] = set()
        self.lapsed: dict[tuple[int, str], int] = {}
        """Scopes of forgotten rights, and where the feed stood when these went."""
        self.bits: list[int] = []
