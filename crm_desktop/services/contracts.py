"""Contracts: drafted of a quote, with clauses of the library; what follows when one ends."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities.contract import Clause, Contract
from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_
from crm_core.rules import agreed
from crm_core.schema.field import Plain
from crm_core.sync.protocol import TxnFlag
from crm_desktop.models import quote_totals, repository, sheet_totals
from crm_desktop.models.records import Record, record_of
from crm_desktop.models.replica import Replica
from crm_desktop.services import orders, records
from crm_desktop.services.outcome import Outcome

CONTRACT, CLAUSE = "contract", "contract_clause"


def create(replica: Replica, values: Mapping[str, Plain]) -> Outcome[Record]:
    """Make a contract by hand, with the clauses every new one has."""
    with replica.write(flags=TxnFlag.ALL_OR_NOTHING) as session:
        made = records.create_in(session, replica, CONTRACT, values)
        for clause in agreed.from_library(standard_clauses(session)):
            records.create_in(session, replica, CLAUSE, {**clause, "contract_id": made.id})
    return Outcome(made, frozenset(session.changed))


def from_quote(replica: Replica, quote_id: str) -> Outcome[Record]:
    """Draft the contract about what a quote offers. `UserError` where the quote does not add up."""
    with replica.write(flags=TxnFlag.ALL_OR_NOTHING) as session:
        quote = _get(session, "quote", quote_id)
        groups = quote_totals.groups_of(session, quote_id)
        lines = quote_totals.lines_of(session, quote_id, groups)
        drawn = agreed.contract_from_quote(
            quote_id,
            quote.values,
            [(line.id, line.values) for line in lines],
            [(group.id, group.values) for group in groups],
            standard_clauses(session),
        )
        made = orders.make(session, replica, CONTRACT, drawn)
    return Outcome(made, frozenset(session.changed))


def renew(replica: Replica, contract_id: str) -> Outcome[Record]:
    """Draft the contract that goes on where one ends.

    `UserError` where it has no last day, never was in force, or is followed already.
    """
    with replica.write(flags=TxnFlag.ALL_OR_NOTHING) as session:
        contract = _get(session, CONTRACT, contract_id)
        if contract.get("status") not in ("signed", "in_force", "ended"):
            raise UserError(N_("Only a contract that was signed is renewed"))
        follower = session.scalar(
            select(Contract).where(Contract.follows_id == contract_id, Contract.life % 2 == 1).limit(1)
        )
        if follower is not None:
            raise UserError(
                N_("Contract {number} follows this one already"), number=follower.number or follower.id[-6:]
            )
        drawn = agreed.next_contract(
            contract_id,
            contract.values,
            [(line.id, line.values) for line in sheet_totals.lines_of(session, CONTRACT, contract_id)],
            [(each.id, each.values) for each in clauses_of(session, contract_id)],
        )
        made = orders.make(session, replica, CONTRACT, drawn)
    return Outcome(made, frozenset(session.changed))


def clauses_of(session: Session, contract_id: str) -> list[Record]:
    """Return the clauses of a contract in their order."""
    return sheet_totals.parts_of(session, CONTRACT, contract_id, CLAUSE)


def clauses(replica: Replica, contract_id: str) -> tuple[Record, ...]:
    """Return the clauses of a contract in their order, for who sees the contract."""
    records.get(replica, CONTRACT, contract_id)
    with replica.read() as session:
        return tuple(clauses_of(session, contract_id))


def standard_clauses(session: Session) -> list[tuple[str, Mapping[str, Any]]]:
    """Return the clauses of the library that every new contract begins with."""
    rows = session.scalars(
        select(Clause)
        .where(Clause.life % 2 == 1, Clause.standard.is_(True), Clause.active.isnot(False))
        .order_by(Clause.rank, Clause.id)
    )
    return [(row.id, record_of(row).values) for row in rows]


def _get(session: Session, entity: str, record_id: str) -> Record:
    found = repository.get(session, entity, record_id)
    if found is None:
        raise NotFound(N_("There is no such record on this laptop"))
    return found
