"""A real company's sales files, as they are, into HQ and onto a laptop: nothing lost, nothing made up.

The files are the public “CRM Sales Opportunities” set of the Maven Analytics data playground, and no part of
the project: `SATCHEL_SALES_DATA` names their folder, else they are looked for beside the project.
"""

from __future__ import annotations

import csv
import datetime
import json
import math
import os
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from crm_core.rules.back_test import Carried, TooLittle, carry_on
from crm_core.rules.customer_value import Counting
from crm_core.rules.reports import ReportTable
from crm_core.rules.standard_reports import STANDARD_REPORTS
from crm_desktop.assembly import new_profile
from sync_server.services.headquarters import Headquarters, open_headquarters
from sync_server.services.reading import Reader
from sync_server.services.reports import count
from sync_server.settings import read_settings
from tests.cli.support import PASSPHRASE, Crm
from tests.support.plain_worth import worth_of_customers
from tests.support.server import ROOT, crm_server, initialised

DEALS = 8800
FILES = ("accounts.csv", "products.csv", "sales_pipeline.csv", "sales_teams.csv")
CUSTOMER_RULES = (
    *("--map", "account=name", "--map", "sector=industry", "--map", "year_established=founded_year"),
    *("--map", "revenue=annual_revenue*1000000", "--map", "office_location=country"),
    *("--lookup", "subsidiary_of=customer.name", "--currency", "USD", "--key", "name"),
)
DEAL_RULES = (
    *("--map", "opportunity_id=code", "--map", "engage_date=engaged_on", "--map", "close_value=amount"),
    *("--lookup", "sales_agent=user.name", "--lookup", "account=customer.name"),
    *("--lookup", "product=product.name", "--create-missing", "deal_stage=stage.name"),
    *("--set", "pipeline_id=Hardware", "--currency", "USD", "--key", "code"),
)
MANAGER_RULES = ("--map", "manager=name", "--lookup", "regional_office=territory.name")
AGENT_RULES = (
    *("--map", "sales_agent=name", "--lookup", "manager=team.name"),
    *("--lookup", "regional_office=territory.name"),
)
PEOPLE = (
    ("territory", "--map", "regional_office=name"),
    ("user", *MANAGER_RULES, "--set", "role_id=sales_manager"),
    ("team", "--map", "manager=name", "--lookup", "manager=user.name"),
    ("user", *AGENT_RULES, "--set", "role_id=sales"),
)
Loaded = tuple[Headquarters, dict[str, Any]]


@pytest.fixture(scope="module")
def sales() -> Path:
    """Give the folder of the files."""
    folder = Path(os.environ.get("SATCHEL_SALES_DATA") or ROOT.parent / "shared" / "data" / "sales")
    if not all((folder / name).is_file() for name in FILES):
        pytest.skip(f"the real sales files are not in {folder}; SATCHEL_SALES_DATA may name their folder")
    return folder


def _rows(sales: Path, name: str) -> list[dict[str, str]]:
    with (sales / name).open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


@pytest.fixture(scope="module")
def loaded(sales: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Loaded]:
    """Give an HQ with all four files in it, and what each import printed."""
    data = initialised(tmp_path_factory.mktemp("hq") / "hq")
    printed: dict[str, Any] = {}

    def bring(file: str, entity: str, *rules: str) -> None:
        started = time.monotonic()
        ran = crm_server(data, "--json", "import", str(sales / file), entity, *rules)
        assert ran.status == 0, ran.err
        printed[f"{entity} {len(printed)}"] = ran.json() | {
            "seconds": time.monotonic() - started,
            "said": ran.err,
        }

    for entity, *rules in PEOPLE:
        bring("sales_teams.csv", entity, *rules, "--key", "name")
    bring("products.csv", "product", "--currency", "USD", "--key", "name")
    bring("accounts.csv", "customer", *CUSTOMER_RULES)
    bring("sales_pipeline.csv", "deal", *DEAL_RULES, "--rejects", str(data / "rejects.csv"))
    hq = open_headquarters(read_settings(data))
    yield hq, printed
    hq.close()


def _titles(hq: Headquarters, entity: str) -> dict[str, str]:
    return {record_id: values["name"] for record_id, values in hq.records.all(entity)}


def test_every_row_is_in_the_database_or_among_the_rejects(
    loaded: Loaded,
) -> None:
    hq, printed = loaded
    deals = printed["deal 6"]
    counts = [deals[name] for name in ("created", "updated", "skipped", "rejected")]
    assert sum(counts) == DEALS
    assert len(hq.records.all("deal")) == deals["created"] == DEALS
    assert [len(hq.records.all(entity)) for entity in ("customer", "product", "territory", "team")] == [
        85,
        7,
        3,
        6,
    ]
    assert len(hq.records.all("user")) == 35 + 6 + 1  # the administrator among them


def test_eight_thousand_deals_take_seconds(loaded: Loaded) -> None:
    assert loaded[1]["deal 6"]["seconds"] < 60


def test_what_was_won_adds_up_to_what_the_file_says(loaded: Loaded, sales: Path) -> None:
    hq, _ = loaded
    stages = _titles(hq, "stage")
    agents, products = _titles(hq, "user"), _titles(hq, "product")
    ours: Counter[tuple[str, str, str]] = Counter()
    for _, deal in hq.records.all("deal"):
        assert deal["amount"] is None or deal["currency"] == "USD"
        key = (stages[deal["stage_id"]], agents[deal["owner_id"]], products[deal["product_id"]])
        ours[key] += deal["amount"] or 0
    theirs: Counter[tuple[str, str, str]] = Counter()
    for row in _rows(sales, "sales_pipeline.csv"):
        product = "GTX Pro" if row["product"] == "GTXPro" else row["product"]
        theirs[row["deal_stage"], row["sales_agent"], product] += 100 * int(row["close_value"] or 0)
    assert ours == theirs
    won = sum(amount for (stage, _, _), amount in ours.items() if stage == "Won")
    assert won == 10_005_534_00


def _reported(hq: Headquarters, *arguments: str) -> list[dict[str, Any]]:
    ran = crm_server(hq.settings.data, "--json", "report", "run", *arguments)
    assert ran.status == 0, ran.err
    return [json.loads(line) for line in ran.out.splitlines()]


def test_the_standard_reports_say_what_plain_counting_of_the_file_says(loaded: Loaded, sales: Path) -> None:
    hq, _ = loaded
    rows = _rows(sales, "sales_pipeline.csv")
    won = [row for row in rows if row["deal_stage"] == "Won"]
    decided = [row for row in rows if row["deal_stage"] in ("Won", "Lost")]
    ever = ("--answer", "since=2016-01-01")

    by_product: Counter[str] = Counter()
    for row in won:
        by_product["GTX Pro" if row["product"] == "GTXPro" else row["product"]] += int(row["close_value"])
    told = _reported(
        hq, "--of", "deal", "--by", "product_id", "--measure", "sum(amount)", "--where", "stage_id.kind = won"
    )
    assert {row["product_id.label"]: row["Amount, added up"] for row in told[:-1]} == {
        name: f"{amount}.00 USD" for name, amount in by_product.items()
    }

    wins, all_of = Counter(row["sales_agent"] for row in won), Counter(row["sales_agent"] for row in decided)
    told = _reported(hq, "win_rate", *ever)
    assert {row["owner_id.label"]: Decimal(row["Won of those decided, %"]) for row in told[:-1]} == {
        name: _six(Fraction(wins[name], number)) * 100 for name, number in all_of.items()
    }

    days: dict[str, list[int]] = {}
    for row in won:
        first, last = (_day(row[name]) for name in ("engage_date", "close_date"))
        days.setdefault(f"{last:%Y-%m}", []).append((last - first).days)
    told = _reported(hq, "cycle", *ever)
    assert {row["close_date"]: Decimal(row["Days, average"]) for row in told[:-1]} == {
        month: _six(Fraction(sum(several), len(several))) for month, several in days.items()
    }
    assert {row["close_date"]: row["counted"] for row in told[:-1]} == {
        month: len(several) for month, several in days.items()
    }


AS_OF = datetime.date(2018, 1, 1)


def test_what_customers_are_worth_is_what_plain_counting_of_the_file_says(
    loaded: Loaded, sales: Path
) -> None:
    hq, _ = loaded
    worth = _worth_of_file(sales, AS_OF)
    noon_ms = round(datetime.datetime.combine(AS_OF, datetime.time(12), datetime.UTC).timestamp() * 1000)

    def told(key: str) -> ReportTable:
        report = replace(STANDARD_REPORTS[key].report, top=0, zone="UTC")
        with hq.database.read() as snapshot:
            reader = Reader(snapshot.connection, hq.records.author(snapshot.connection, None).person)
            return count(reader, report, "USD", noon_ms)

    classes = {row.heads[0].key: row.figures for row in told("value_classes").rows}
    assert {key: (figures[0], figures[2], figures[4]) for key, figures in classes.items()} == {
        key: (
            len(several := [each for each in worth.values() if each["rfm_class"] == key]),
            sum(each["bought"] for each in several),
            sum(each["expected"] or 0 for each in several),
        )
        for key in {each["rfm_class"] for each in worth.values()}
    }
    values = {str(row.heads[0].label): row.figures for row in told("lifetime_value").rows}
    assert {name: figures[:4] for name, figures in values.items()} == {
        name: (
            each["bought"] + (each["expected"] or 0),
            each["bought"],
            each["expected"] or 0,
            each["yearly"] or 0,
        )
        for name, each in worth.items()
    }
    runs = {str(row.heads[0].label): row.figures[:2] for row in told("lasting_customers").rows}
    assert runs == {name: (each["streak"], each["active_months"]) for name, each in worth.items()}


def test_what_is_expected_of_customers_is_as_far_off_as_the_manual_says(sales: Path) -> None:
    counting = Counting(years=1)
    for month, short in ((6, 9), (9, 10)):
        known = datetime.date(2017, month, 30)
        worth = _worth_of_file(sales, known, counting)
        came: Counter[str] = Counter()
        for row in _won(sales):
            if known < _day(row["close_date"]) <= known + datetime.timedelta(days=92):
                came[row["account"]] += 100 * int(row["close_value"])
        expected = {name: (each["expected"] or 0) * 92 // 365 for name, each in worth.items()}
        whole = sum(came.values())
        assert round(100 * (1 - sum(expected.values()) / whole)) == short
        off = sum(abs(came[name] - expected.get(name, 0)) for name in {*came, *expected})
        assert round(100 * off / whole) == 46


def _won(sales: Path) -> list[dict[str, str]]:
    rows = _rows(sales, "sales_pipeline.csv")
    return [row for row in rows if row["deal_stage"] == "Won" and row["account"]]


def _worth_of_file(
    sales: Path, as_of: datetime.date, counting: Counting | None = None
) -> dict[str, dict[str, Any]]:
    """Return what each account is worth by the lines of the file closed by a day, by its name."""
    won = [row for row in _won(sales) if _day(row["close_date"]) <= as_of]
    deals = {
        str(place): {
            "id": str(place),
            "customer_id": row["account"],
            "stage_id": "won",
            "close_date": _day(row["close_date"]).isoformat(),
            "amount": 100 * int(row["close_value"]),
            "currency": "USD",
        }
        for place, row in enumerate(won)
    }
    accounts: dict[str, Any] = {row["account"]: {} for row in won}
    rows = {"customer": accounts, "order": {}, "stage": {"won": {"kind": "won"}}, "deal": deals}
    return worth_of_customers(rows, as_of, "USD", {}, counting or Counting())


def _day(text: str) -> datetime.date:
    month, day, year = map(int, text.split("/"))
    return datetime.date(year, month, day)


def _six(value: Fraction) -> Decimal:
    return Decimal(math.floor(value * 10**6 + Fraction(1, 2))).scaleb(-6)


def test_dates_month_first_are_read_as_such_and_empty_ones_stay_empty(loaded: Loaded, sales: Path) -> None:
    deals = {deal["code"]: deal for _, deal in loaded[0].records.all("deal")}
    for row in _rows(sales, "sales_pipeline.csv"):
        deal = deals[row["opportunity_id"]]
        for column, name in (("engage_date", "engaged_on"), ("close_date", "close_date")):
            if not row[column]:
                assert deal[name] is None
                continue
            month, day, year = map(int, row[column].split("/"))
            assert deal[name] == f"{year:04}-{month:02}-{day:02}"


def test_stages_are_made_in_their_order_and_deals_have_names(
    loaded: Loaded,
) -> None:
    hq, _ = loaded
    pipeline = hq.records.find("pipeline", "name", "Hardware")[0][0]
    stages = [values for _, values in hq.records.find("stage", "pipeline_id", pipeline)]
    assert [stage["name"] for stage in sorted(stages, key=lambda stage: stage["rank"])] == [
        "Prospecting",
        "Engaging",
        "Won",
        "Lost",
    ]
    deals = {deal["code"]: deal["name"] for _, deal in hq.records.all("deal")}
    assert deals["1C1I7A6R"] == "GTX Plus Basic · Cancity"
    assert all(deals.values())


def test_the_other_spelling_of_a_product_finds_it_and_the_misspelt_industry_is_pointed_out(
    loaded: Loaded,
) -> None:
    hq, printed = loaded
    gtx_pro = hq.records.find("product", "name", "GTX Pro")[0][0]
    assert len(hq.records.find("deal", "product_id", gtx_pro)) == 1480
    assert "“GTXPro” was taken for “GTX Pro” (1480 times)" in printed["deal 6"]["said"]
    assert "technolgy" in printed["customer 5"]["said"]
    assert len(hq.records.find("customer", "industry", "technolgy")) == 12


def test_companies_and_people_form_their_trees(loaded: Loaded, sales: Path) -> None:
    hq, _ = loaded
    customers = _titles(hq, "customer")
    parents = {
        values["name"]: customers.get(values["parent_id"] or "", "")
        for _, values in hq.records.all("customer")
    }
    assert parents == {row["account"]: row["subsidiary_of"] for row in _rows(sales, "accounts.csv")}
    users, territories = dict(hq.records.all("user")), _titles(hq, "territory")
    teams = dict(hq.records.all("team"))
    by_name = {values["name"]: values for values in users.values()}
    for row in _rows(sales, "sales_teams.csv"):
        agent = by_name[row["sales_agent"]]
        team = teams[agent["team_id"]]
        assert (team["name"], users[team["manager_id"]]["name"]) == (row["manager"], row["manager"])
        assert territories[agent["territory_id"]] == row["regional_office"]


def test_revenue_in_millions_is_what_was_said_it_is(loaded: Loaded, sales: Path) -> None:
    ours = {values["name"]: values["annual_revenue"] for _, values in loaded[0].records.all("customer")}
    for row in _rows(sales, "accounts.csv"):
        whole, _, fraction = row["revenue"].partition(".")
        assert ours[row["account"]] == int(whole + f"{fraction:0<2}") * 1_000_000


def test_a_laptop_takes_the_same_files_and_gives_them_back(sales: Path, tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CRM_PASSPHRASE", PASSPHRASE)
        new_profile(tmp_path / "profile").close()
    crm = Crm(tmp_path / "profile")
    for name in ("sales", "sales_manager"):
        crm.json("add", "role", f"name={name}", "rights={}")
    for entity, *rules in PEOPLE:
        crm.json("import", str(sales / "sales_teams.csv"), entity, *rules, "--key", "name")
    crm.json("import", str(sales / "products.csv"), "product", "--key", "name", "--currency", "USD")
    crm.json("import", str(sales / "accounts.csv"), "customer", *CUSTOMER_RULES)
    report = crm.json("import", str(sales / "sales_pipeline.csv"), "deal", *DEAL_RULES)
    assert report["created"] == DEALS
    out = tmp_path / "won.csv"
    won = crm.rows("list", "stage", "--where", "name = Won")[0]["id"]
    crm.json("export", "deal", str(out), "--where", f"stage_id = {won}")
    with out.open(encoding="utf-8-sig", newline="") as stream:
        amounts = [row["Amount"] for row in csv.DictReader(stream)]
    assert sum(int(amount.replace(".", "")) for amount in amounts) == 10_005_534_00
    undone = crm.json("undo-import", report["batch"])
    assert undone == {"removed": DEALS, "restored": 0, "kept": 0}
    assert crm.json("status")["rows"]["deal"] == 0


def test_attainment_of_the_real_people_teams_and_products_is_adding_up_their_rows(
    loaded: Loaded, sales: Path, tmp_path: Path
) -> None:
    hq, _ = loaded
    teams = {row["sales_agent"]: row["manager"] for row in _rows(sales, "sales_teams.csv")}
    won: dict[str, Counter[str]] = {key: Counter() for key in ("person", "team", "product")}
    for row in _rows(sales, "sales_pipeline.csv"):
        if row["deal_stage"] == "Won" and _day(row["close_date"]).year == 2017:
            amount = int(Decimal(row["close_value"] or 0) * 100)
            won["person"][row["sales_agent"]] += amount
            won["team"][teams[row["sales_agent"]]] += amount
            won["product"][row["product"].replace("GTXPro", "GTX Pro")] += amount
    file = tmp_path / "targets.csv"
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("name", "year", "person", "team", "product", "amount"))
        for kind, sums in won.items():
            for name in sums:
                named = [name if kind == each else "" for each in ("person", "team", "product")]
                writer.writerow((f"2017 {name}", 2017, *named, "1000000"))
    lookups = (
        "--lookup",
        "person=user.name",
        "--lookup",
        "team=team.name",
        "--lookup",
        "product=product.name",
    )
    ran = crm_server(hq.settings.data, "--json", "import", str(file), "target", *lookups, "--currency", "USD")
    assert ran.status == 0, ran.err
    assert ran.json()["created"] == sum(map(len, won.values())) == 30 + 6 + 7
    for key, kind in (
        ("attainment", "person"),
        ("attainment_teams", "team"),
        ("attainment_products", "product"),
    ):
        ran = crm_server(hq.settings.data, "--json", "report", "run", key, "--answer", "year=2017")
        rows = [json.loads(line) for line in ran.out.splitlines()]
        field = {"person": "user_id", "team": "team_id", "product": "product_id"}[kind]
        told = {row[f"{field}.label"]: row["Reached"] for row in rows if not row.get("total")}
        assert told == {name: f"{Decimal(amount) / 100:.2f} USD" for name, amount in won[kind].items()}


def test_the_real_weeks_are_told_better_than_by_the_week_before_and_months_are_too_few(sales: Path) -> None:
    by_week: Counter[int] = Counter()
    by_month: Counter[str] = Counter()
    for row in _rows(sales, "sales_pipeline.csv"):
        if row["deal_stage"] == "Won":
            day = _day(row["close_date"])
            by_week[day.toordinal() // 7] += int(row["close_value"] or 0)
            by_month[f"{day:%Y-%m}"] += int(row["close_value"] or 0)
    weeks = [float(by_week[week]) for week in range(min(by_week), max(by_week) + 1)]
    told = carry_on(weeks[:-4], 4, period=13)
    assert isinstance(told, Carried)
    naive = next(each for each in told.tried if each.method.key == "naive")
    assert told.best.error < naive.error
    assert 0.5 <= told.best.coverage <= 1
    assert told.best.mape is not None
    months = [float(amount) for _, amount in sorted(by_month.items())]
    assert carry_on(months, 3) == TooLittle(figures=len(months), needed=14)
