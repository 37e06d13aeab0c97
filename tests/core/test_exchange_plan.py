"""What an import is to do: columns found, rows recognised, links followed, everything accounted for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.errors import UserError
from crm_core.exchange.mapping import RECORD_ID, Found, find_column, guess_rules, replacements, rules_by_hand
from crm_core.exchange.missing import defaults_of
from crm_core.exchange.plan import ImportOptions, Mode, Step
from crm_core.exchange.planning import plan_import
from crm_core.exchange.tables import read_table
from crm_core.exchange.template import spell_rules
from crm_core.exchange.writing import cell_of, csv_lines, rejects_csv
from crm_core.schema.field import Kind
from tests.core.exchange_support import Shelf, chinese, plan, reasons, target


@pytest.fixture
def shelf() -> Shelf:
    """Give a shelf with one pipeline of two stages."""
    shelf = Shelf()
    pipeline = shelf.put("pipeline", name="New business", rank=1, active=True)
    for rank, (name, kind) in enumerate((("Talk", "open"), ("Won", "won"), ("Lost", "lost"))):
        shelf.put("stage", name=name, kind=kind, rank=rank, probability=50, pipeline_id=pipeline)
    return shelf


def _guesses(entity: str, text: str) -> dict[str, str]:
    table = read_table(text.encode(), "list.csv")
    return {table.headers[rule.column]: rule.field for rule in guess_rules(table, target(entity))}


def test_columns_are_guessed_by_name_label_and_usual_words_in_both_languages() -> None:
    header = f"account,sector,year_established,{chinese('Employees')},subsidiary_of,E-Mail,手机,nonsense"
    assert _guesses("customer", header + "\n") == {
        "account": "name",
        "sector": "industry",
        "year_established": "founded_year",
        chinese("Employees"): "employees",
        "subsidiary_of": "parent_id",
        "E-Mail": "email",
        "手机": "phone",
    }
    assert _guesses("deal", "opportunity_id,sales_agent,product,account,deal_stage,close_value\n") == {
        "opportunity_id": "code",
        "sales_agent": "owner_id",
        "product": "product_id",
        "account": "customer_id",
        "deal_stage": "stage_id",
        "close_value": "amount",
    }


def test_a_column_is_known_by_the_looks_of_its_cells_where_its_header_says_nothing() -> None:
    text = "Name,A,B\nX,x@firm.example,+86 10 8888 0001\nY,y@firm.example,+86 10 8888 0002\n"
    assert _guesses("customer", text) == {"Name": "name", "A": "email", "B": "phone"}


def test_a_revenue_that_may_be_in_millions_is_never_guessed() -> None:
    assert "revenue" not in _guesses("customer", "account,revenue\nX,1100.04\n")


def test_mapping_by_hand_takes_nothing_nobody_asked_for(shelf: Shelf) -> None:
    text = "code,product,title\nD1,Unknown thing,First\n"
    made = plan(shelf, "deal", text, maps=["title=name"])
    assert made.rows[0].values["name"] == "First"
    assert made.rows[0].values["code"] == "D1"
    assert "product_id" not in made.rows[0].values
    assert "product" in str(made.notes[-1])


def test_an_empty_mapping_leaves_a_column_out(shelf: Shelf) -> None:
    made = plan(shelf, "customer", "name,city\nA,B\n", maps=["city="])
    assert "city" not in made.rows[0].values


@pytest.mark.parametrize(
    ("maps", "lookups"),
    [
        (["nothere=name"], []),
        (["name=nothere"], []),
        (["name"], []),
        (["name=created_at"], []),
        (["name=name", "city=name"], []),
        (["name=city*1000"], []),
        ([], ["city=nothere.name"]),
        ([], ["city=user.nothere"]),
        ([], ["city=user"]),
        ([], ["city=quote.number"]),
    ],
)
def test_a_mapping_that_cannot_be_is_refused_in_words(
    shelf: Shelf, maps: list[str], lookups: list[str]
) -> None:
    with pytest.raises(UserError):
        plan(shelf, "customer", "name,city\nA,B\n", maps=maps, lookups=lookups)


def test_columns_are_found_whatever_their_case_and_joints() -> None:
    table = read_table(b"Sales Agent,b=c\n", "list.csv")
    assert find_column(table, "sales_agent") == 0
    rules = rules_by_hand(table, target("customer"), ["b=c=name"])
    assert (rules[0].column, rules[0].field) == (1, "name")


def test_a_lookup_finds_exactly_then_leniently_and_says_so(shelf: Shelf) -> None:
    exact = shelf.put("product", name="GTX Pro")
    shelf.put("product", name="GTX Plus Pro")
    text = "code,product\n1,GTX Pro\n2,GTXPro\n3,ｇｔｘ　ｐｒｏ\n4,GTX\n"
    made = plan(shelf, "deal", text, lookups=["product=product.name"])
    assert [row.values.get("product_id") for row in made.rows[:3]] == [exact] * 3
    assert list(reasons(made)) == [5]
    assert any("GTXPro" in str(note) and "GTX Pro" in str(note) for note in made.notes)


def test_a_value_that_finds_two_is_a_rejected_row(shelf: Shelf) -> None:
    shelf.put("user", name="Ann")
    shelf.put("user", name="Ann")
    shelf.put("user", name="b ob")
    shelf.put("user", name="B OB")
    exact = shelf.put("user", name="BOB")
    text = "name,who\nX,Ann\nY,bob\nZ,BOB\n"
    made = plan(shelf, "customer", text, lookups=["who=user.name"])
    assert list(reasons(made)) == [2, 3]
    assert made.rows[2].values["owner_id"] == exact


def test_an_empty_lookup_is_no_link_and_no_mistake(shelf: Shelf) -> None:
    shelf.put("customer", name="Acme")
    made = plan(shelf, "deal", "code,account\n1,\n", lookups=["account=customer.name"])
    assert made.rows[0].step is Step.CREATE
    assert "customer_id" not in made.rows[0].values


def test_a_link_is_mapped_by_what_its_record_is_called_or_by_its_id(shelf: Shelf) -> None:
    text = "code,deal_stage\n1,Won\n2,won\n"
    made = plan(shelf, "deal", text, maps=["deal_stage=stage_id"])
    stage_id = next(each for each, values in shelf.rows["stage"].items() if values["name"] == "Won")
    assert [row.values["stage_id"] for row in made.rows] == [stage_id, stage_id]
    by_id = plan(shelf, "deal", f"code,deal_stage\n1,{stage_id}\n", maps=["deal_stage=stage_id"])
    assert by_id.rows[0].values["stage_id"] == stage_id


def test_parents_further_down_in_the_same_file_are_found(shelf: Shelf) -> None:
    text = "name,part of\nChild,Parent\nParent,\nOrphan,Nobody\nSelf,Self\n"
    made = plan(shelf, "customer", text, lookups=["part of=customer.name"])
    assert made.rows[0].values["parent_id"] == made.rows[1].record_id
    assert list(reasons(made)) == [4, 5]


def test_a_row_whose_parent_is_rejected_is_rejected_too_with_all_below(shelf: Shelf) -> None:
    text = "name,employees,part of\nA,many,B\nC,1,A\nD,1,C\nE,1,\n"
    made = plan(shelf, "customer", text, lookups=["part of=customer.name"])
    assert sorted(reasons(made)) == [2, 3, 4]
    two = "name,part of,email\nA,B,a\nB,A,b@x.example\nE,,\n"
    made = plan(shelf, "customer", two, lookups=["part of=customer.name"])
    assert sorted(reasons(made)) == [2, 3]


def test_a_stage_brings_its_pipeline_and_two_of_a_name_are_rejected_unless_one_is_said(shelf: Shelf) -> None:
    other = shelf.put("pipeline", name="Renewals", rank=2, active=True)
    shelf.put("stage", name="Won", kind="won", rank=1, probability=100, pipeline_id=other)
    text = "code,stage\n1,Won\n2,Talk\n"
    made = plan(shelf, "deal", text, lookups=["stage=stage.name"])
    assert list(reasons(made)) == [2]
    first = next(each for each, values in shelf.rows["pipeline"].items() if values["name"] == "New business")
    assert made.rows[1].values["pipeline_id"] == first
    said = plan(
        shelf,
        "deal",
        "code,stage\n1,Won\n",
        lookups=["stage=stage.name"],
        defaults={"pipeline_id": "Renewals"},
    )
    assert said.rows[0].values["pipeline_id"] == other


def test_a_deal_without_a_stage_goes_into_the_first_one_and_a_lost_one_gets_a_reason(shelf: Shelf) -> None:
    made = plan(shelf, "deal", "code,stage\n1,\n2,Lost\n", lookups=["stage=stage.name"])
    stages = shelf.rows["stage"]
    assert stages[str(made.rows[0].values["stage_id"])]["name"] == "Talk"
    assert made.rows[1].values["loss_reason"] == "other"
    assert any("1 lost deal gives no reason" in str(note) for note in made.notes)


def test_missing_stages_are_made_on_request_in_a_sensible_order(shelf: Shelf) -> None:
    text = "code,step,since,value\n1,Lost,x,1\n2,Engaging,x,\n3,Won,x,5\n4,Prospecting,,\n"
    made = plan(
        shelf, "deal", text, maps=["since=", "value=amount"], create_missing=["step=stage.name"], key="code"
    )
    assert [extra.entity for extra in made.extras] == ["pipeline"] + ["stage"] * 4
    stages = {str(extra.values["name"]): extra.values for extra in made.extras[1:]}
    assert list(stages) == ["Prospecting", "Engaging", "Won", "Lost"]
    assert [stages[name]["kind"] for name in stages] == ["open", "open", "won", "lost"]
    assert made.extras[0].values["name"] == "list"
    assert {row.values["pipeline_id"] for row in made.rows} == {made.extras[0].record_id}
    shelf.take(made)
    again = plan(
        shelf, "deal", text, maps=["since=", "value=amount"], create_missing=["step=stage.name"], key="code"
    )
    assert again.extras == ()
    assert again.report().counts() == {"created": 0, "updated": 0, "skipped": 4, "rejected": 0}


def test_missing_territories_are_made_once(shelf: Shelf) -> None:
    text = "name,office\nA,East\nB,east \nC,West\n"
    made = plan(shelf, "customer", text, create_missing=["office=territory.name"])
    assert [extra.values["name"] for extra in made.extras] == ["East", "West"]
    assert made.rows[0].values["territory_id"] == made.rows[1].values["territory_id"]


def test_nothing_is_made_from_a_name_that_needs_more_than_a_name(shelf: Shelf) -> None:
    with pytest.raises(UserError, match="from a name alone"):
        plan(shelf, "customer", "name,who\nA,Ann\n", create_missing=["who=user.name"])


def test_a_deal_without_a_name_is_called_by_product_and_customer_or_its_code(shelf: Shelf) -> None:
    shelf.put("product", name="GTX Pro")
    shelf.put("customer", name="Acme")
    text = "code,product,account\nC1,GTX Pro,Acme\nC2,GTX Pro,\nC3,,\n"
    made = plan(shelf, "deal", text, lookups=["product=product.name", "account=customer.name"])
    assert [row.values["name"] for row in made.rows] == ["GTX Pro · Acme", "GTX Pro · C2", "C3"]


def test_mode_and_key_decide_between_create_update_and_skip(shelf: Shelf) -> None:
    known = shelf.put("customer", name="Known", city="Old")
    text = "name,city\nKnown,New\nFresh,X\n"
    steps = {
        mode: [row.step for row in plan(shelf, "customer", text, key="name", mode=mode).rows] for mode in Mode
    }
    assert steps == {
        Mode.CREATE: [Step.SKIP, Step.CREATE],
        Mode.UPDATE: [Step.UPDATE, Step.SKIP],
        Mode.BOTH: [Step.UPDATE, Step.CREATE],
    }
    changed = plan(shelf, "customer", text, mode=Mode.BOTH).rows[0]
    assert (changed.record_id, changed.values) == (known, {"city": "New"})


def test_an_update_leaves_alone_what_the_file_says_nothing_about(shelf: Shelf) -> None:
    shelf.put("deal", name="D", code="1", amount=500, currency="USD", tags=["old"])
    text = "code,name,amount,tags\n1,,7,new\n"
    made = plan(shelf, "deal", text, maps=["code=code"], mode=Mode.UPDATE)
    assert made.rows[0].values == {"amount": 700, "tags": ["new", "old"]}
    shelf.take(made)
    again = plan(shelf, "deal", text, maps=["code=code"], mode=Mode.UPDATE)
    assert again.rows[0].step is Step.SKIP


def test_records_are_recognised_by_their_id(shelf: Shelf) -> None:
    record_id = shelf.put("customer", name="A", city="X")
    made = plan(shelf, "customer", f"ID,city\n{record_id},Y\n", mode=Mode.UPDATE)
    assert (made.rows[0].record_id, made.rows[0].values) == (record_id, {"city": "Y"})


def test_rows_of_one_key_make_one_record(shelf: Shelf) -> None:
    text = "manager,office\nAnn,East\nAnn,East\nAnn,West\n"
    how = {"maps": ["manager=name", "office=title"], "key": "name", "defaults": {"role_id": "sales"}}
    shelf.put("role", name="sales")
    once = plan(shelf, "user", text, **how)  # type: ignore[arg-type]
    assert [row.step for row in once.rows] == [Step.CREATE, Step.SKIP, Step.SKIP]
    both = plan(shelf, "user", text, mode=Mode.BOTH, **how)  # type: ignore[arg-type]
    assert [row.step for row in both.rows] == [Step.CREATE, Step.SKIP, Step.REJECT]


def test_when_the_first_row_of_a_key_is_rejected_the_next_takes_its_place(shelf: Shelf) -> None:
    text = "name,employees\nA,many\nA,5\nA,5\n"
    made = plan(shelf, "customer", text, key="name")
    assert [row.step for row in made.rows] == [Step.REJECT, Step.CREATE, Step.SKIP]


def test_two_records_of_one_key_reject_the_row(shelf: Shelf) -> None:
    shelf.put("customer", name="Twin")
    shelf.put("customer", name="Twin")
    made = plan(shelf, "customer", "name\nTwin\n", key="name", mode=Mode.BOTH)
    assert reasons(made) == {2: "2 records have this key"}


def test_defaults_fill_what_rows_leave_empty_and_can_be_links_by_name(shelf: Shelf) -> None:
    role = shelf.put("role", name="sales")
    made = plan(shelf, "user", "name,title\nAnn,\nBob,Boss\n", defaults={"role_id": "sales", "title": "Rep"})
    assert [row.values["title"] for row in made.rows] == ["Rep", "Boss"]
    assert {row.values["role_id"] for row in made.rows} == {role}
    with pytest.raises(UserError, match="not found"):
        plan(shelf, "user", "name\nAnn\n", defaults={"role_id": "nobody"})


def test_whoever_imports_owns_what_names_no_owner_unless_nobody_shall(shelf: Shelf) -> None:
    table = read_table(b"name\nA\n", "list.csv")
    rules = rules_by_hand(table, target("customer"))
    owned = plan_import(table, target("customer"), rules, ImportOptions(owner_id="f" * 32), shelf)
    free = plan_import(
        table,
        target("customer"),
        rules,
        ImportOptions(owner_id="f" * 32, defaults={"owner_id": ""}),
        shelf,
    )
    assert owned.rows[0].values["owner_id"] == "f" * 32
    assert "owner_id" not in free.rows[0].values


def test_words_can_be_replaced_before_they_are_read(shelf: Shelf) -> None:
    table = read_table(b"code,stage\n1,Closed\n", "list.csv")
    rules = rules_by_hand(table, target("deal"), lookups=["stage=stage.name"])
    replaced = ImportOptions(replace=replacements(table, ["stage:Closed=Won"]))
    made = plan_import(table, target("deal"), rules, replaced, shelf)
    assert shelf.rows["stage"][str(made.rows[0].values["stage_id"])]["name"] == "Won"
    with pytest.raises(UserError, match="form"):
        replacements(table, ["stage=Won"])


def test_a_typing_error_in_an_industry_is_kept_and_pointed_out(shelf: Shelf) -> None:
    made = plan(shelf, "customer", "name,industry\nA,technolgy\nB,technolgy\nC,medical\nD,my own word\n")
    told = [str(note) for note in made.notes if "misspelt" in str(note)]
    assert len(told) == 1
    assert "Technology" in told[0]
    assert made.rows[0].values["industry"] == "technolgy"


def test_names_become_standard_where_that_is_certain_and_both_are_told_of(shelf: Shelf) -> None:
    rows = "A,江苏,苏州,c34\nB,江苏省,Atlantis,Legal\nC,江苏,苏州市,\n"
    made = plan(shelf, "customer", f"name,province,city,industry\n{rows}")
    written = [tuple(row.values.get(name) for name in ("province", "city", "industry")) for row in made.rows]
    assert written == [
        ("江苏省", "苏州市", "General-purpose machinery"),
        ("江苏省", "Atlantis", "Legal"),
        ("江苏省", "苏州市", None),
    ]
    told = [str(note) for note in made.notes]
    assert "Province: 2 cells get their standard names, as “江苏” is “江苏省”" in told
    assert "City: “Atlantis” is not standard; it stays as it is" in told
    assert "Industry: “Legal” is not standard; it stays as it is" in told


def test_every_reason_of_a_row_is_told_at_once_and_nothing_of_it_is_made(shelf: Shelf) -> None:
    made = plan(shelf, "customer", "name,employees,email\n,many,no mail\n")
    told = reasons(made)[2]
    assert "employees" in told
    assert "many" in told


def test_the_file_of_rejected_rows_can_be_mended_and_imported(shelf: Shelf) -> None:
    text = "name,employees,phone\n=1+1,many,+86 1\nFine,3,-\n-7,x,\n"
    made = plan(shelf, "customer", text, maps=["phone="])
    raw = b"".join(rejects_csv(made.report(), chinese))
    assert raw.startswith(b"\xef\xbb\xbf")
    lines = raw.decode("utf-8-sig").split("\r\n")
    assert lines[1].startswith("'=1+1,many,+86 1,2,")
    assert lines[2].startswith("-7,x,,4,")
    mended = raw.decode("utf-8").replace("many", "5").replace(",x,", ",6,").encode()
    again = plan(shelf, "customer", mended, maps=["phone=", "employees=employees"])
    assert [row.values["name"] for row in again.rows] == ["=1+1", "-7"]


def test_rows_too_short_or_too_long_are_in_the_rejects_whole(shelf: Shelf) -> None:
    made = plan(shelf, "customer", "name,city\nA\nB,C,D\nE,F\n")
    raw = b"".join(rejects_csv(made.report(), chinese)).decode("utf-8-sig").split("\r\n")
    assert raw[1].startswith("A,,,2,")
    assert raw[2].startswith("B,C,D,3,")
    assert made.report().counts() == {"created": 1, "updated": 0, "skipped": 0, "rejected": 2}


def test_a_key_no_column_fills_is_refused(shelf: Shelf) -> None:
    with pytest.raises(UserError, match="to be the key"):
        plan(shelf, "customer", "name\nA\n", key="phone")
    with pytest.raises(UserError, match="the key"):
        plan(shelf, "customer", "city\nA\n", mode=Mode.BOTH)
    with pytest.raises(UserError, match=RECORD_ID):
        plan(shelf, "customer", "name\nA\n", key=RECORD_ID)


def test_stopping_half_way_stops_at_once(shelf: Shelf) -> None:
    table = read_table(("name\n" + "A\n" * 2000).encode(), "list.csv")

    def stop(done: int, total: int) -> None:
        if done:
            raise InterruptedError(f"{done} of {total}")

    with pytest.raises(InterruptedError, match="500 of 2000"):
        plan_import(
            table, target("customer"), rules_by_hand(table, target("customer")), ImportOptions(), shelf, stop
        )


def test_lookup_rules_can_be_told_from_values() -> None:
    table = read_table(b"who\nAnn\n", "list.csv")
    rule = rules_by_hand(table, target("customer"), lookups=["who=user.name"])[0]
    assert rule.lookup == Found(entity="user", field="name")


def test_rules_are_kept_as_texts_and_understood_again() -> None:
    table = read_table(b"account,sector,owner,parent,revenue,what\nA,x,Ann,,1,z\n", "list.csv")
    rules = rules_by_hand(
        table,
        target("customer"),
        ["account=name", "revenue=annual_revenue*1000000", "owner=owner_id"],
        ["parent=customer.phone"],
        ["sector=territory.name"],
    )
    kept = spell_rules(table, rules)
    assert "what=" in kept.maps
    assert rules_by_hand(table, target("customer"), kept.maps, kept.lookups, kept.create_missing) == rules


_LINE = st.text(st.characters(exclude_categories=("Cs", "Cc", "Zl", "Zp", "Zs")), min_size=1, max_size=15)
_CUSTOMER = st.fixed_dictionaries(
    {"name": _LINE},
    optional={
        "city": _LINE,
        "level": st.sampled_from(["A", "B", "C"]),
        "source": st.sampled_from(["referral", "web", "phone"]),
        "employees": st.integers(0, 2_000_000),
        "annual_revenue": st.integers(-(10**12), 10**12),
        "notes": st.text(st.characters(exclude_categories=("Cs", "Cc")), min_size=1).map(str.strip),
        "tags": st.sets(st.sampled_from(["red", "green", "蓝色"]), min_size=1).map(sorted),
    },
)


@given(st.lists(_CUSTOMER, min_size=1, max_size=10), st.sampled_from(["en", "zh"]))
def test_what_is_exported_is_imported_the_same(customers: list[dict[str, object]], language: str) -> None:
    schema = target("customer").schema
    fields = [field for field in schema.written() if field.kind is not Kind.REF]
    headers = [chinese(field.label) if language == "zh" else field.label for field in fields]
    full = [
        {**customer, "revenue_currency": "USD"} if "annual_revenue" in customer else customer
        for customer in customers
    ]
    rows = [[cell_of(field, customer) for field in fields] for customer in full]
    raw = b"".join(csv_lines([headers, *rows]))
    made = plan(Shelf(), "customer", raw)
    assert reasons(made) == {}
    for row, customer in zip(made.rows, full, strict=True):
        expected = {**defaults_of(schema), **customer}
        assert row.values == {name: value for name, value in expected.items() if value not in ("", None)}
