"""What is exported is imported unchanged: every kind of record, headers of both languages, custom fields."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from crm_core.entities import SCHEMAS
from crm_core.exchange.plan import Mode
from crm_core.i18n import untranslated
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.dashboards import Tile, plain_tiles
from crm_core.rules.report_form import plain_report
from crm_core.rules.reports import Report
from crm_core.rules.segments import AllOf, plain_rule
from crm_core.rules.standard_reports import STANDARD_REPORTS
from crm_core.schema.field import FieldClass
from crm_desktop.interchange.exporting import export_rows
from crm_desktop.interchange.importing import FileOptions, import_file
from crm_desktop.models.query import ListQuery
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.platform.paths import Profile
from crm_desktop.services import records, sample
from tests.core.exchange_support import chinese
from tests.desktop.interchange.conftest import KEY, make

FRESH = (
    *("territory", "tag", "competitor", "tax_class", "product", "price_book", "price"),
    *("pool_rule", "value_rule", "target", "customer", "segment", "report", "dashboard", "scenario"),
    "report_schedule",
)
"""Kinds a file brings into another profile, in this order: what they refer to is there by then."""
HEADS = {"en": untranslated, "zh": chinese}
ELSEWHERE = frozenset(
    (
        *("role", "merge", "attachment", "deal_milestone", "quote_version"),
        *("mandate", "approval_request", "approval_decision"),
        *("outgoing_mail", "acceptance", "signature", "article_version", "forecast_call"),
        *("report_sending", "dashboard_snapshot"),
    )
)
"""Roles and mandates are HQ's; the rest comes of what people do: merge, tick off, send, decide, sign."""


def _everything(replica: Replica) -> None:
    sample.prepare_local(replica, "en")
    sample.fill_sample(replica, "en", customers=3)
    for key, kind, more in (
        ("grade", "choice", {"choices": [{"value": "a", "label": "Gold", "label_zh": "金牌"}]}),
        ("several", "tags", {"choices": [{"value": "x", "label": "Ex"}, {"value": "y", "label": "Why"}]}),
        ("budget", "money", {}),
        ("visited", "date", {}),
        ("own_words", "long_text", {}),
        ("agreed", "boolean", {}),
    ):
        make(replica, "custom_field", entity="customer", key=key, label=f"Own {key}", kind=kind, **more)
    customer = _all(replica, "customer")[0].id
    own = {"x:grade": "a", "x:several": ["x", "y"], "x:own_words": "Two,\n“lines”", "x:agreed": False}
    records.update(replica, "customer", customer, {**own, "x:budget": 123450, "x:visited": "2026-12-24"})
    product, stage = _all(replica, "product")[0].id, _all(replica, "stage")[0].id
    team, user = _all(replica, "team")[0].id, _all(replica, "user")[0].id
    other = next(each.id for each in _all(replica, "user") if each.id != replica.person.user_id)
    rule = plain_rule(AllOf((Condition(field="level", op=Op.EQUAL, value="A"),)))
    values: dict[str, dict[str, Any]] = {
        "competitor": {"name": "Rival Ltd", "website": "https://rival.example"},
        "milestone": {"name": "Signed", "stage_id": stage},
        "stage_rule": {"stage_id": stage, "moment": "entry", "kind": "field_filled", "field": "amount"},
        "saved_view": {"name": "Mine", "entity": "customer", "definition": {"sort": [["name", False]]}},
        "pool_rule": {"name": "Quiet ones", "level": "A", "contact_days": 30, "most_held": 0},
        "point_entry": {"customer_id": customer, "points": -5, "reason": "Spent"},
        "comment": {"record_entity": "customer", "record_id": customer, "body": "=1+1, “so”\nsaid"},
        "capture_form": {"name": "Form", "token": "a-form", "asked": ["name", "phone"], "needed": ["name"]},
        "assignment_rule": {
            "name": "In turn",
            "way": "round_robin",
            "people": [[user, 2]],
            "regions": ["江苏"],
        },
        "approval_flow": {
            "name": "Over 10 %",
            "record_entity": "quote",
            "steps": [{"who": "superior"}],
        },
        "absence": {"stand_in_id": other, "begins_at": 1_800_000_000_000, "ends_at": 1_800_086_400_000},
        "document_template": {
            "name": "Short quote",
            "kind": "quote",
            "language": "en",
            "engine": "pdf",
            "body": "# Quote {{ quote.number }}\n\nFor {{ customer.name }}",
        },
        "exchange_rate": {
            "currency": "EUR",
            "to_currency": "CNY",
            "rate": "8.12",
            "valid_from": "2026-01-01",
        },
        "plan_template": {"name": "Thirds", "parts": "30/60 delivery+30/10", "months": 3},
        "scoring_rule": {"name": "Phone", "kind": "field", "field": "phone", "points": 5},
        "ticket_category": {"name": "Leaks", "rank": 2},
        "survey": {"name": "Closed", "scale": "faces", "bad_at": 2, "said": "How was “{subject}”?\n=1+1"},
        "feedback_rule": {"name": "Often", "kind": "complains", "days": 90, "tickets": 3},
        "barred_sender": {"address": "@junk.example", "reason": "Junk"},
        "macro": {"name": "Waits", "changes": {"status": "waiting", "priority": "low"}, "adds_tags": ["a"]},
    }
    for entity, given in values.items():
        make(replica, entity, **given)
    shelf = make(replica, "article_category", name="Meters", name_zh="流量计")
    article = make(
        replica, "article", title="Air", body="# Vent\n\n“=1+1”", category_id=shelf, product_ids=[product]
    )
    make(replica, "article_vote", article_id=article, helpful=True)
    asked = {
        "ticket_id": _all(replica, "ticket")[0].id,
        "asked_id": user,
        "question": "=1+1, did “they” pay?",
    }
    make(replica, "ticket_question", **asked)
    make(replica, "ticket_article", ticket_id=_all(replica, "ticket")[0].id, article_id=article)
    quote = make(replica, "quote", customer_id=customer, currency="CNY")
    make(replica, "quote_group", quote_id=quote, title="Supply", title_en="Supply of parts")
    clause = make(replica, "clause", title="Liability", body="None.\n“At all”, =1+1")
    contract = make(replica, "contract", customer_id=customer, subject="Upkeep", ends_on="2027-12-31")
    make(replica, "contract_clause", contract_id=contract, clause_id=clause, body_en="None at all")
    make(replica, "contract_line", contract_id=contract, description="Upkeep", unit_price=100_00)
    order = make(replica, "order", customer_id=customer, contract_id=contract, quote_id=quote)
    ordered = make(replica, "order_line", order_id=order, product_id=product, quantity="2", heading="Supply")
    delivery = make(replica, "delivery", order_id=order, carrier="Own van")
    make(replica, "delivery_line", delivery_id=delivery, order_line_id=ordered, serials="A-1\nA-2")
    make(replica, "installed_product", name="Pump", customer_id=customer, serial="A-0", order_id=order)
    title = make(
        replica, "invoice_title", customer_id=customer, name="Acme “Pumps”", bank="ICBC", standard=True
    )
    records.update(replica, "order", order, {"status": "confirmed"})
    owed = make(replica, "instalment", order_id=order, share_percent="100", due_day="2026-08-01")
    records.update(replica, "instalment", owed, {"status": "agreed"})
    receipt = make(replica, "receipt", customer_id=customer, amount=1, currency="CNY", payer="=Acme")
    records.update(replica, "receipt", receipt, {"status": "posted"})
    make(replica, "receipt_share", receipt_id=receipt, instalment_id=owed, amount=1)
    make(replica, "invoice", instalment_id=owed, invoice_title_id=title)
    make(replica, "segment", name="Big", kind="rules", rules=rule)
    make(replica, "report", name="Won “now”", definition=plain_report(STANDARD_REPORTS["funnel"].report))
    make(replica, "segment", name="Picked", kind="picked", members=[customer])
    tiles = plain_tiles((Tile(id="a", title="“Won”", report=Report(entity="deal"), width=6),))
    make(replica, "dashboard", name="Mine", tiles=tiles, period="this-quarter", rank=2)
    daily = {"starts_at": 1_800_000_000_000, "repeat": "FREQ=DAILY", "outside": "ann@kontor.example"}
    make(replica, "report_schedule", name="Daily “demo”", standard="ranking", attach_pdf=True, **daily)
    make(replica, "scenario", name="Dear “demo”", changes={"price": "5", "stages": {"a": "-2.5"}}, rank=3)
    make(replica, "value_rule", name="Usual", recency_days="30, 90, 180, 365", months=6)
    make(
        replica,
        "target",
        year=2027,
        period="m02",
        measure="won_amount",
        amount=100_00,
        currency="EUR",
        team_id=team,
    )
    make(
        replica,
        "price",
        product_id=product,
        book="Dealers",
        unit_price=99_50,
        currency="CNY",
        min_quantity="10",
    )


def _all(replica: Replica, entity: str) -> list[Record]:
    return list(records.page(replica, ListQuery(entity=entity, limit=500)).rows)


@pytest.fixture(scope="module")
def full(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    """Give a replica that holds records of every kind."""
    replica = Replica.create(Profile(tmp_path_factory.mktemp("trips") / "profile"), KEY)
    _everything(replica)
    yield replica
    replica.close()


@pytest.mark.parametrize("language", HEADS)
@pytest.mark.parametrize("entity", sorted(SCHEMAS.keys() - ELSEWHERE))
def test_what_is_exported_and_imported_again_changes_nothing(
    full: Replica, tmp_path: Path, entity: str, language: str
) -> None:
    path, before = tmp_path / "out.csv", _all(full, entity)
    assert before
    written = export_rows(full, ListQuery(entity=entity), path, HEADS[language])
    report = import_file(full, path, entity, FileOptions(mode=Mode.UPDATE), (chinese,))
    assert [reason for row in report.rejected for reason in row.reasons] == []
    assert report.counts() == {"created": 0, "updated": 0, "skipped": written, "rejected": 0}
    assert {row.id: row.values for row in _all(full, entity)} == {row.id: row.values for row in before}


def test_every_kind_of_record_is_tried(full: Replica) -> None:
    assert {name for name in SCHEMAS if not _all(full, name)} <= ELSEWHERE


@pytest.mark.parametrize("language", ["zh", pytest.param("en", marks=pytest.mark.soak)])
def test_what_is_exported_comes_into_another_profile_as_it_was(
    full: Replica, tmp_path: Path, language: str
) -> None:
    other = Replica.create(Profile(tmp_path / "other"), KEY)
    try:
        sample.prepare_local(other, "en")
        for custom in _all(full, "custom_field"):
            kept = {name: value for name, value in custom.values.items() if _is_own(name, custom)}
            records.create(other, "custom_field", kept)
        role = make(other, "role", name="any", rights={})
        for user in _all(full, "user"):
            if user.title not in {each.title for each in _all(other, "user")}:
                make(other, "user", name=user.title, role_id=role)
        make(other, "team", name=_all(full, "team")[0].title)
        for entity in FRESH:
            path = tmp_path / f"{entity}.csv"
            written = export_rows(full, ListQuery(entity=entity), path, HEADS[language])
            report = import_file(other, path, entity, FileOptions(), (chinese,))
            assert [reason for row in report.rejected for reason in row.reasons] == [], entity
            assert report.counts()["created"] == written, entity
            assert _compared(other, entity) == _compared(full, entity), entity
    finally:
        other.close()


def _is_own(name: str, record: Record) -> bool:
    """Tell whether a field is what a person gave, and means the same in any profile."""
    field = record.schema.fields.get(name)
    if field is None:
        return name.startswith("x:")
    foreign = field.target is not None or field.members or field.scope is not None or name == "members"
    return not (foreign or field.read_only or field.computed or field.field_class is FieldClass.SYSTEM)


def _compared(replica: Replica, entity: str) -> list[str]:
    rows = [
        {
            name: value
            for name, value in row.values.items()
            if _is_own(name, row) and value not in (None, "", [])
        }
        for row in _all(replica, entity)
    ]
    return sorted(json.dumps(row, sort_keys=True, ensure_ascii=False) for row in rows)
