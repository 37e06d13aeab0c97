"""Quotes and their lines: open, add, order, copy, send; the products to choose from."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from crm_core.entities.customer import Contact
from crm_core.entities.product import Product
from crm_core.errors import NotFound
from crm_core.i18n import N_, Message
from crm_core.ids import new_id
from crm_core.rules import quote_sums
from crm_core.rules.access import Action
from crm_core.rules.margin import Margin
from crm_core.rules.positions import between
from crm_core.rules.prices import Book
from crm_core.rules.quote_state import state_on
from crm_core.rules.totals import Totals
from crm_core.schema.field import Plain
from crm_desktop.models import numbers, query, quote_totals, repository
from crm_desktop.models.records import Record, record_of
from crm_desktop.models.replica import Replica
from crm_desktop.services import pricing, records, rights
from crm_desktop.services.chance import random_below
from crm_desktop.services.company import company
from crm_desktop.services.marks import not_sent_of
from crm_desktop.services.outcome import Outcome
from crm_desktop.services.pricing import PriceOffer
from crm_desktop.services.quote_margins import margin_of
from crm_desktop.services.quote_repeats import Repeat, repeats_of

_COPIED_LINE = (
    "product_id",
    "description",
    "quantity",
    "unit",
    "unit_price",
    "discount_percent",
    "tax_rate",
    "optional",
    "offered_price",
)
_COPIED_GROUP = ("position", "title", "title_en")
_COPIED_QUOTE = (
    "customer_id",
    "contact_id",
    "deal_id",
    "currency",
    "discount_percent",
    "discount_amount",
    "tax_included",
    "price_book",
    "price_book_id",
    "terms",
    "terms_en",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class QuoteView:
    """A quote as its editor shows it."""

    quote: Record
    groups: tuple[Record, ...]
    lines: tuple[Record, ...]
    """Those outside of all groups first, then group by group."""
    codes: dict[str, str]
    """Product code by product id, for the lines."""
    totals: Totals
    """`totals.lines` stand in the order of `lines`."""
    repeats: tuple[Repeat, ...]
    """Other open quotes that offer the customer the same products."""
    margin: Margin | None
    """What it earns, for who may read what products cost; None where no cost is known."""
    problem: Message | None
    """Why the lines do not add up: `totals` leave out what cannot be counted, and the quote has no total."""
    customer_name: str
    contacts: tuple[Record, ...]
    """People at the customer to address it to."""
    editable: bool
    state: str
    """Where it stands today: one that was sent is expired when its last day is over."""
    draft_number: bool
    """No final number yet: this laptop has none left, or HQ never gave one."""
    prices_as_of_ms: int | None
    """As of when the book in force was told; where it does not say so, when prices last changed here."""
    not_sent: bool
    book: Book | None
    """The price book that is asked first; None: the list prices."""
    books: tuple[Book, ...]
    """Those to choose from."""
    book_warning: Message | None
    """Why the book that was chosen gives no prices, or soon should not."""
    offers: Mapping[str, PriceOffer]
    """By line: another price than the line has."""


def view(replica: Replica, quote_id: str) -> QuoteView:
    """Return a quote with its lines and totals. `NotFound` where it is not on this laptop."""
    with replica.read() as session:
        quote = repository.get(session, "quote", quote_id)
        if quote is None:
            raise NotFound(N_("There is no such record on this laptop"))
        groups = quote_totals.groups_of(session, quote_id)
        lines = quote_totals.lines_of(session, quote_id, groups)
        totals, problem = quote_sums.shown_totals(quote.values, ((line.id, line.values) for line in lines))
        customer_id = str(quote.get("customer_id") or "")
        products = {str(line["product_id"]) for line in lines if line.get("product_id")}
        codes = {
            row.id: row.code or ""
            for row in session.execute(select(Product.id, Product.code).where(Product.id.in_(products)))
        }
        contacts = session.scalars(
            select(Contact)
            .where(Contact.customer_id == customer_id, Contact.life % 2 == 1)
            .order_by(Contact.name)
        ).all()
        may_edit = rights.may(session, replica.person, Action.EDIT, "quote", quote.values)
        waiting = (
            not_sent_of(session, "quote", [quote_id])
            | not_sent_of(session, "quote_line", [line.id for line in lines])
            | not_sent_of(session, "quote_group", [group.id for group in groups])
        )
        editable = bool(may_edit) and quote.alive and quote.get("status", "draft") == "draft"
        priced = pricing.of_quote(session, quote)
        return QuoteView(
            quote=quote,
            groups=tuple(groups),
            lines=tuple(lines),
            codes=codes,
            totals=totals,
            problem=problem,
            margin=margin_of(replica.person, priced, lines, totals),
            repeats=repeats_of(session, quote, lines, replica.clock.today()) if editable else (),
            customer_name=query.labels(session, "customer", {customer_id}).get(customer_id, ""),
            contacts=tuple(record_of(contact) for contact in contacts),
            editable=editable,
            state=state_on(quote.values, replica.clock.today()),
            draft_number=not quote.get("number"),
            prices_as_of_ms=pricing.as_of_ms(session, priced.book),
            not_sent=bool(waiting),
            book=priced.book,
            books=tuple(sorted(priced.books, key=lambda book: (book.name, book.id))),
            book_warning=pricing.book_warning(priced, replica.clock.today()) if editable else None,
            offers=pricing.other_prices(priced, lines) if editable else {},
        )


def create(replica: Replica, values: Mapping[str, Plain]) -> Outcome[Record]:
    """Make a quote; from a deal, the deal's customer and product come with it."""
    with replica.write() as session:
        quote = records.create_in(session, replica, "quote", values)
        deal = repository.get(session, "deal", str(values.get("deal_id") or ""))
        if deal is not None and deal.get("product_id"):
            records.create_in(
                session, replica, "quote_line", {"quote_id": quote.id, "product_id": deal["product_id"]}
            )
            quote = repository.get(session, "quote", quote.id) or quote
    return Outcome(quote, frozenset(session.changed))


def add_line(
    replica: Replica,
    quote_id: str,
    values: Mapping[str, Plain],
    after_line_id: str | None = None,
    line_id: str | None = None,
) -> Outcome[Record]:
    """Add a line at the end, or after another. A product fills in text, unit, price and tax.

    `line_id` is the new line's id where the caller shows the line before it is written.
    """
    with replica.write() as session:
        complete = dict(values)
        complete["quote_id"] = quote_id
        if after_line_id is not None:
            complete["position"] = _position_after(session, quote_id, after_line_id)
            complete["group_id"] = _line(session, after_line_id).get("group_id")
        line = records.create_in(session, replica, "quote_line", complete, line_id)
    return Outcome(line, frozenset(session.changed))


def duplicate_line(replica: Replica, line_id: str) -> Outcome[Record]:
    """Add a copy of a line right below it."""
    line = records.get(replica, "quote_line", line_id)
    values = {name: line.values[name] for name in _COPIED_LINE if line.get(name) is not None}
    return add_line(replica, str(line["quote_id"]), values, after_line_id=line_id)


def add_group(replica: Replica, quote_id: str, title: str) -> Outcome[Record]:
    """Begin a group of lines behind those there are."""
    return records.create(replica, "quote_group", {"quote_id": quote_id, "title": title})


def add_alternative(replica: Replica, line_id: str, values: Mapping[str, Plain]) -> Outcome[Record]:
    """Add a line below another of which the customer takes one; the one that was there stays chosen."""
    with replica.write() as session:
        line = _line(session, line_id)
        key = str(line.get("alternatives") or line_id)
        if not line.get("alternatives"):
            chosen: dict[str, Plain] = {"alternatives": key, "chosen_at": replica.clock.now_ms()}
            records.update_in(session, replica, "quote_line", line_id, chosen)
        quote_id = str(line["quote_id"])
        place = {"position": _position_after(session, quote_id, line_id), "group_id": line.get("group_id")}
        complete = {**values, **place, "quote_id": quote_id, "alternatives": key}
        made = records.create_in(session, replica, "quote_line", complete)
    return Outcome(made, frozenset(session.changed))


def choose(replica: Replica, line_id: str) -> Outcome[Record]:
    """Let a line be the one of its alternatives that counts."""
    return records.update(replica, "quote_line", line_id, {"chosen_at": replica.clock.now_ms()})


def move_line(replica: Replica, line_id: str, steps: int) -> Outcome[Record]:
    """Move a line up (negative) or down by so many places, past a group's end into the next one.

    At the end of the quote it stays there.
    """
    with replica.write() as session:
        line = _line(session, line_id)
        quote_id = str(line["quote_id"])
        groups = quote_totals.groups_of(session, quote_id)
        lines = quote_totals.lines_of(session, quote_id, groups)
        rows = {key: [o for o in lines if (o.get("group_id") or "") == key] for key in _keys(groups)}
        group, place = next(
            (key, at) for key, some in rows.items() for at, o in enumerate(some) if o.id == line_id
        )
        rows[group] = [other for other in rows[group] if other.id != line_id]
        target = _walked(group, place, steps, {key: len(some) for key, some in rows.items()})
        if target != (group, place):
            position = _position_at(rows[target[0]], target[1])
            changes: dict[str, Plain] = {"position": position, "group_id": target[0] or None}
            line = records.update_in(session, replica, "quote_line", line_id, changes)
    return Outcome(line, frozenset(session.changed))


def move_group(replica: Replica, group_id: str, steps: int) -> Outcome[Record]:
    """Move a group with its lines up (negative) or down by so many places; at an end it stays there."""
    with replica.write() as session:
        group = repository.get(session, "quote_group", group_id)
        if group is None:
            raise NotFound(N_("There is no such record on this laptop"))
        groups = quote_totals.groups_of(session, str(group["quote_id"]))
        place = next((at for at, each in enumerate(groups) if each.id == group_id), 0)
        others = [each for each in groups if each.id != group_id]
        target = max(0, min(len(others), place + steps))
        if target != place:
            changes = {"position": _position_at(others, target)}
            group = records.update_in(session, replica, "quote_group", group_id, changes)
    return Outcome(group, frozenset(session.changed))


def copy(replica: Replica, quote_id: str) -> Outcome[Record]:
    """Make a new draft with the same customer and lines; a quote that was sent is changed this way."""
    with replica.write() as session:
        original = repository.get(session, "quote", quote_id)
        if original is None:
            raise NotFound(N_("There is no such record on this laptop"))
        values = {name: original.values[name] for name in _COPIED_QUOTE if original.get(name) is not None}
        quote = records.create_in(session, replica, "quote", values)
        groups = {}
        for group in quote_totals.groups_of(session, quote_id):
            kept = {name: group.values[name] for name in _COPIED_GROUP if group.get(name) is not None}
            kept["quote_id"] = quote.id
            groups[group.id] = records.create_in(session, replica, "quote_group", kept).id
        lines = quote_totals.lines_of(session, quote_id)
        copies = {line.id: new_id() for line in lines}
        for line in lines:
            kept = {name: line.values[name] for name in _COPIED_LINE if line.get(name) is not None}
            kept |= {"quote_id": quote.id, "group_id": groups.get(str(line.get("group_id")))}
            if line.get("alternatives"):
                # The key is the id of one of them, and these are others.
                key = str(line["alternatives"])
                kept |= {"alternatives": copies.setdefault(key, new_id()), "chosen_at": line.get("chosen_at")}
            records.create_in(session, replica, "quote_line", kept, copies[line.id])
        quote = repository.get(session, "quote", quote.id) or quote
    return Outcome(quote, frozenset(session.changed))


def set_status(replica: Replica, quote_id: str, status: str) -> Outcome[Record]:
    """Say that a quote was sent, accepted or declined."""
    return records.update(replica, "quote", quote_id, {"status": status})


def settle_prices(replica: Replica, quote_id: str, line_ids: Collection[str], *, takes: bool) -> Outcome[int]:
    """Give lines the prices the books have for them now, or leave them theirs as if somebody had said them.

    Returns of how many lines the books had another price.
    """
    with replica.write() as session:
        quote = repository.get(session, "quote", quote_id)
        if quote is None:
            raise NotFound(N_("There is no such record on this laptop"))
        lines = [line for line in quote_totals.lines_of(session, quote_id) if line.id in line_ids]
        offers = pricing.other_prices(pricing.of_quote(session, quote), lines)
        for line_id, offer in offers.items():
            changes: dict[str, Plain] = {"offered_price": offer.unit_price}
            if takes:
                changes["unit_price"] = offer.unit_price
            records.update_in(session, replica, "quote_line", line_id, changes)
    return Outcome(len(offers), frozenset(session.changed))


def numbers_left(replica: Replica) -> int:
    """Return how many final quote numbers this laptop may still give out."""
    with replica.read() as session:
        return numbers.left(session, "quote")


def default_currency(replica: Replica) -> str:
    """Return the company's currency."""
    with replica.read() as session:
        return company(session).currency


def _keys(groups: Sequence[Record]) -> tuple[str, ...]:
    """Return the groups of a quote in their order, '' for what stands outside of all."""
    return ("", *(group.id for group in groups))


def _walked(group: str, place: int, steps: int, sizes: Mapping[str, int]) -> tuple[str, int]:
    """Return group and place so many places on; `sizes`: how many other lines each group has."""
    keys, down = list(sizes), steps > 0
    at = keys.index(group)
    for _ in range(abs(steps)):
        if down and place < sizes[keys[at]]:
            place += 1
        elif down and at + 1 < len(keys):
            at, place = at + 1, 0
        elif not down and place > 0:
            place -= 1
        elif not down and at > 0:
            at, place = at - 1, sizes[keys[at - 1]]
    return keys[at], place


def _position_after(session: Session, quote_id: str, line_id: str) -> str:
    """Return a position below a line, in its group."""
    lines = quote_totals.lines_of(session, quote_id)
    group = next((line.get("group_id") for line in lines if line.id == line_id), None)
    rows = [line for line in lines if line.get("group_id") == group]
    place = next((i for i, line in enumerate(rows) if line.id == line_id), len(rows) - 1)
    return _position_at(rows, place + 1)


def _position_at(rows: Sequence[Record], place: int) -> str:
    """Return a position between two of the rows: before the one at a place, or behind them all."""
    before = rows[place - 1].get("position") if place else None
    after = rows[place].get("position") if place < len(rows) else None
    return between(before, after, random_below)


def _line(session: Session, line_id: str) -> Record:
    line = repository.get(session, "quote_line", line_id)
    if line is None:
        raise NotFound(N_("There is no such record on this laptop"))
    return line
