"""Lines of a quote in groups, and alternatives of which one counts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from pypdf import PdfReader

from crm_core.errors import UserError
from crm_desktop.documents import quote_records
from crm_desktop.models.replica import Replica
from crm_desktop.services import quote_repeats, quotes, records
from tests.support.desktop import empty_app


@pytest.fixture(scope="module")
def replica(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    """Give an empty profile the tests of this module share; each has a quote of its own."""
    opened = empty_app(tmp_path_factory.mktemp("quotes"))
    yield opened.replica
    opened.close()


@pytest.fixture
def quote(replica: Replica) -> str:
    customer = records.create(replica, "customer", {"name": "Blue Heron", "phone": "021 5550 0142"}).value
    return quotes.create(replica, {"customer_id": customer.id, "currency": "CNY"}).value.id


def add(replica: Replica, quote: str, name: str, **more: str | int) -> str:
    values = {"description": name, "quantity": "1", "unit_price": 100_00, **more}
    return quotes.add_line(replica, quote, values).value.id


def shown(replica: Replica, quote: str) -> list[str]:
    """Return the quote's rows: `[heading]` before the lines of each group."""
    view = quotes.view(replica, quote)
    rows = [line["description"] for line in view.lines if not line.get("group_id")]
    for group in view.groups:
        of_group = [line["description"] for line in view.lines if line.get("group_id") == group.id]
        rows += [f"[{group['title']}]", *of_group]
    return rows


def test_a_line_moves_through_the_groups_and_back_by_single_places(replica: Replica, quote: str) -> None:
    line = add(replica, quote, "Moved")
    add(replica, quote, "Other")
    supply = quotes.add_group(replica, quote, "Supply").value.id
    quotes.add_group(replica, quote, "Work")
    add(replica, quote, "Pump", group_id=supply)
    seen = [shown(replica, quote)]
    for _ in range(5):
        quotes.move_line(replica, line, 1)
        seen.append(shown(replica, quote))
    assert seen == [
        ["Moved", "Other", "[Supply]", "Pump", "[Work]"],
        ["Other", "Moved", "[Supply]", "Pump", "[Work]"],
        ["Other", "[Supply]", "Moved", "Pump", "[Work]"],
        ["Other", "[Supply]", "Pump", "Moved", "[Work]"],
        ["Other", "[Supply]", "Pump", "[Work]", "Moved"],
        ["Other", "[Supply]", "Pump", "[Work]", "Moved"],
    ]
    for expected in reversed(seen[:-2]):
        quotes.move_line(replica, line, -1)
        assert shown(replica, quote) == expected
    quotes.move_line(replica, line, 4)
    assert shown(replica, quote) == seen[-1]


def test_a_group_moves_with_its_lines_and_its_lines_stay_when_it_goes(replica: Replica, quote: str) -> None:
    supply = quotes.add_group(replica, quote, "Supply").value.id
    work = quotes.add_group(replica, quote, "Work").value.id
    add(replica, quote, "Pump", group_id=supply)
    line = add(replica, quote, "Fitting", group_id=work)
    quotes.add_line(replica, quote, {"description": "Test run", "unit_price": 0}, after_line_id=line)
    quotes.move_group(replica, work, -1)
    assert shown(replica, quote) == ["[Work]", "Fitting", "Test run", "[Supply]", "Pump"]
    totals = quotes.view(replica, quote).totals
    assert [(each.key, each.subtotal_minor) for each in totals.groups] == [(work, 100_00), (supply, 100_00)]
    records.delete(replica, "quote_group", work)
    assert shown(replica, quote) == ["Fitting", "Test run", "[Supply]", "Pump"]
    records.restore(replica, "quote_group", work)
    assert shown(replica, quote) == ["[Work]", "Fitting", "Test run", "[Supply]", "Pump"]


def test_of_alternatives_one_counts_and_another_can_be_chosen(replica: Replica, quote: str) -> None:
    first = add(replica, quote, "Pump")
    second = quotes.add_alternative(
        replica, first, {"description": "Better pump", "quantity": "1", "unit_price": 300_00}
    ).value.id
    best = {"description": "Best pump", "quantity": "1", "unit_price": 900_00}
    quotes.add_alternative(replica, second, best)
    view = quotes.view(replica, quote)
    assert [line["description"] for line in view.lines] == ["Pump", "Better pump", "Best pump"]
    assert view.totals.subtotal_minor == 100_00
    assert view.quote["total"] == 100_00
    quotes.choose(replica, second)
    assert records.get(replica, "quote", quote)["total"] == 300_00
    records.delete(replica, "quote_line", second)
    assert records.get(replica, "quote", quote)["total"] == 100_00


def test_a_copy_has_groups_and_alternatives_of_its_own(replica: Replica, quote: str) -> None:
    supply = quotes.add_group(replica, quote, "Supply").value.id
    first = add(replica, quote, "Pump", group_id=supply)
    second = quotes.add_alternative(replica, first, {"description": "Better", "unit_price": 300_00}).value.id
    records.update(replica, "quote", quote, {"discount_amount": 50_00})
    quotes.choose(replica, second)
    copied = quotes.copy(replica, quote).value.id
    assert shown(replica, copied) == ["[Supply]", "Pump", "Better"]
    assert [records.get(replica, "quote", each)["total"] for each in (copied, quote)] == [250_00, 250_00]
    quotes.choose(replica, quotes.view(replica, copied).lines[0].id)
    assert records.get(replica, "quote", copied)["total"] == 50_00
    assert records.get(replica, "quote", quote)["total"] == 250_00


def test_groups_of_a_sent_quote_stand(replica: Replica, quote: str) -> None:
    add(replica, quote, "Pump")
    group = quotes.add_group(replica, quote, "Supply").value.id
    quotes.set_status(replica, quote, "sent")
    for work in (
        lambda: records.update(replica, "quote_group", group, {"title": "Other"}),
        lambda: quotes.add_group(replica, quote, "More"),
        lambda: records.update(replica, "quote", quote, {"discount_amount": 1}),
    ):
        with pytest.raises(UserError, match="make a new version"):
            work()


def test_a_quote_whose_lines_do_not_add_up_is_shown_and_says_why(replica: Replica, quote: str) -> None:
    line = add(replica, quote, "Pump")
    records.update(replica, "quote", quote, {"discount_amount": 90_00})
    records.update(replica, "quote_line", line, {"quantity": "0.5"})
    view = quotes.view(replica, quote)
    assert view.problem is not None
    assert "larger than the subtotal" in view.problem.text
    assert view.quote.get("total") is None
    assert view.totals.total_minor == 50_00


def test_open_quotes_with_the_same_products_for_the_customer_are_named(replica: Replica, quote: str) -> None:
    pump, valve = (
        records.create(
            replica, "product", {"name": name, "unit": "pc", "list_price": 1_00, "currency": "CNY"}
        ).value.id
        for name in ("Pump (demo)", "Valve (demo)")
    )
    customer = records.get(replica, "quote", quote)["customer_id"]
    other = quotes.create(replica, {"customer_id": customer, "currency": "CNY"}).value.id
    late = quotes.create(
        replica, {"customer_id": customer, "currency": "CNY", "valid_until": "2020-01-01"}
    ).value.id
    for made in (quote, other, late):
        quotes.add_line(replica, made, {"product_id": pump})
    quotes.add_line(replica, quote, {"product_id": valve})
    quotes.set_status(replica, late, "sent")
    (found,) = quote_repeats.repeats(replica, quote)
    assert (found.quote_id, found.state, found.products) == (other, "draft", ("Pump (demo)",))
    assert found.number == records.get(replica, "quote", other).get("number", "")
    quotes.set_status(replica, other, "sent")
    quotes.set_status(replica, other, "declined")
    assert quote_repeats.repeats(replica, quote) == ()


def test_groups_are_printed_as_they_count(replica: Replica, quote: str, tmp_path: Path) -> None:
    add(replica, quote, "Survey")
    supply = quotes.add_group(replica, quote, "供货").value.id
    records.update(replica, "quote_group", supply, {"title_en": "Supply"})
    quotes.add_group(replica, quote, "Nothing in it")
    pump = add(replica, quote, "Pump", group_id=supply)
    quotes.add_alternative(replica, pump, {"description": "Better pump", "unit_price": 300_00})
    document = quote_records.document_of(replica, quote)
    (group,) = document.groups
    assert (group.title_zh, group.title_en, group.first, group.count) == ("供货", "Supply", 1, 2)
    assert group.subtotal_minor == 100_00
    file = tmp_path / "quote.pdf"
    quote_records.write_pdf(replica, quote, file, "both")
    text = " ".join("".join(page.extract_text() for page in PdfReader(file).pages).split())
    for words in ("供货", "Supply", "Better pump", "备选，不计入合计", "Alternative, not in the total"):
        assert words in text


def test_the_margin_follows_from_costs_and_says_how_much_it_knows(replica: Replica, quote: str) -> None:
    facts = {"unit": "pc", "list_price": 100_00, "currency": "CNY", "cost": 60_00, "cost_currency": "CNY"}
    pump = records.create(replica, "product", {"name": "Costly (demo)", **facts}).value.id
    quotes.add_line(replica, quote, {"product_id": pump, "quantity": "2"})
    add(replica, quote, "Work")
    margin = quotes.view(replica, quote).margin
    assert margin is not None
    assert (margin.earned_minor, margin.revenue_minor) == (80_00, 200_00)
    assert (margin.known, margin.counted) == (1, 2)


def test_the_rate_of_the_day_is_fixed_when_a_quote_in_another_currency_is_sent(replica: Replica) -> None:
    customer = records.create(replica, "customer", {"name": "Abroad (demo)", "phone": "1234567"}).value.id
    rate = {"currency": "USD", "to_currency": "CNY", "rate": "7.15", "valid_from": "2020-01-01"}
    records.create(replica, "exchange_rate", rate)
    sent = []
    for said in (None, "7.2"):
        made = quotes.create(replica, {"customer_id": customer, "currency": "USD"}).value.id
        add(replica, made, "Pump")
        if said:
            records.update(replica, "quote", made, {"exchange_rate": said, "base_currency": "CNY"})
        quotes.set_status(replica, made, "sent")
        sent.append(records.get(replica, "quote", made))
    assert [each["exchange_rate"] for each in sent] == ["7.15", "7.2"]
    assert {each["base_currency"] for each in sent} == {"CNY"}
    with pytest.raises(UserError, match="make a new version"):
        records.update(replica, "quote", sent[0].id, {"exchange_rate": "9"})
