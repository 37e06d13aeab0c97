"""Where tickets go: languages, who may get some, and that nobody away, unable or full ever does."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.entities.assignment import TICKET
from crm_core.rules.approval import Away
from crm_core.rules.assignment import EVERY, Candidate, Rule, Standing, Way
from crm_core.rules.segments import rule_of
from crm_core.rules.standard_roles import STANDARD_ROLES
from crm_core.rules.ticket_routing import (
    ASKED,
    Case,
    candidates,
    case_of,
    language_of,
    problems_of_conditions,
    route,
    waits,
)

WORDS = st.frozensets(st.sampled_from(("pumps", "valves", "welding")))
NAMES = st.sampled_from(("north", "city", "south"))


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("水泵漏水", "zh"),
        ("PX-40 pump 漏水，请尽快派人处理", "zh"),
        ("The pump leaks", "en"),
        ("Die Pumpe ist undicht, 北京 GmbH", "en"),
        ("ポンプが漏れています", "other"),
        ("Насос течёт", "other"),
        ("12345 !!", ""),
        ("", ""),
    ],
)
def test_the_language_of_a_text_is_told_by_its_letters(text: str, language: str) -> None:
    assert language_of(text) == language


@st.composite
def people(draw: st.DrawFn) -> tuple[Candidate, ...]:
    return tuple(
        Candidate(
            user_id=f"u{n}",
            name=f"U{n}",
            skills=draw(WORDS),
            territory_id=draw(st.none() | NAMES),
            stand_in=draw(st.none() | st.sampled_from(("", "u0", "u1"))),
        )
        for n in range(draw(st.integers(0, 5)))
    )


@given(
    people(),
    st.sampled_from((Way.NAMED, Way.ROUND_ROBIN, Way.LEAST_LOAD, Way.WEIGHTED, Way.OWNER)),
    WORDS,
    st.lists(NAMES, unique=True),
    st.booleans(),
    st.booleans(),
    st.none() | st.integers(1, 3),
    st.dictionaries(st.sampled_from([f"u{n}" for n in range(5)]), st.integers(0, 4)),
)
def test_nobody_who_is_away_unable_or_full_gets_a_ticket(
    everybody: tuple[Candidate, ...],
    way: Way,
    skills: frozenset[str],
    territories: list[str],
    skilled: bool,
    in_territory: bool,
    most: int | None,
    held: dict[str, int],
) -> None:
    known = {each.user_id: each for each in everybody}
    one = Rule(
        id="r",
        name="R",
        way=way,
        people=everybody,
        applies_to=TICKET,
        condition=EVERY,
        team_id="t",
        skilled=skilled,
        in_territory=in_territory,
        most_open=most,
    )
    case = Case(values={}, skills=skills, territories=tuple(territories), owner_id="u0")
    found = route(case, [one], Standing(given={}, load=held, open_tickets=held), known)
    assert found is not None
    assert found.team_id == "t"
    assert found.nobody_free == (found.user_id is None)
    if found.user_id is None:
        return
    who = known[found.user_id]
    assert most is None or held.get(who.user_id, 0) < most
    if "stands in for" in str(found.why):
        return
    assert not who.is_away
    assert not skilled or skills <= who.skills
    assert not in_territory or who.territory_id in territories


def test_a_rule_of_another_category_is_passed_over_and_one_nobody_can_read_holds_for_none() -> None:
    def asking(value: str) -> Any:
        return rule_of({"field": "category_id", "op": "=", "kind": "one", "value": value})

    def to(name: str, condition: Any) -> Rule:
        return Rule(
            id=name, name=name, way=Way.QUEUE, people=(), applies_to=TICKET, team_id=name, condition=condition
        )

    rows = {("ticket_category", "seals"): {"parent_id": "pumps"}, ("ticket_category", "pumps"): {}}
    case = case_of({"category_id": "seals"}, "", lambda kind, row_id: rows.get((kind, row_id)))
    none = Standing(given={}, load={})
    rules = [to("new", None), to("valves", asking("valves")), to("pumps", asking("pumps")), to("rest", EVERY)]
    found = route(case, rules, none, {})
    assert found is not None
    assert found.rule_id == "pumps", "what asks for a category means all within it"
    assert route(case, rules[:2], none, {}) is None


def test_who_may_get_tickets_is_who_works_here_and_on_tickets() -> None:
    roles = [{"id": name, "rights": rights} for name, (_, rights) in STANDARD_ROLES.items()]
    blank = {"team_id": None, "territory_id": None, "skills": ["Pumps"], "active": None}

    def user(name: str, role: str, **values: Any) -> dict[str, Any]:
        return {"id": name, "name": name, "role_id": role, **blank, **values}

    users = [
        user("b", "service"),
        user("a", "service"),
        user("money", "finance"),
        user("gone", "service", active=False),
        user("no role", "nothing"),
    ]
    away = [Away(user="a", stand_in="money", from_ms=0, until_ms=10)]
    found = candidates(users, roles, away, 5)
    assert list(found) == ["a", "b"]
    assert (found["a"].stand_in, found["b"].stand_in) == ("", None), "finance answers no ticket"
    assert found["b"].skills == {"pumps"}
    assert candidates(users, roles, away, 10)["a"].stand_in is None, "the end is no part of it"


def test_a_ticket_waits_for_rules_only_while_nobody_was_named_in_any_way() -> None:
    assert waits({"status": None})
    assert waits({"status": "waiting"})
    for name in ("assignee_id", "team_id", "assigned_at", "merged_into_id"):
        assert not waits({"status": "new", name: 1})
    assert not waits({"status": "solved"})


def test_conditions_ask_only_for_what_rules_can_be_asked() -> None:
    def ask(**leaf: Any) -> list[str]:
        stored = {"field": "kind", "op": "=", "kind": "one", "value": "praise", **leaf}
        return [str(each.message) for each in problems_of_conditions({"all": [stored]})]

    assert ask() == []
    assert ask(field="customer_id.level", value="A") == []
    assert ask(field="customer_id.name") == ["There is no field called “customer_id.name”"]
    assert ask(field="tags", op="<") == ["The field “Tags” cannot be compared by <"]
    assert problems_of_conditions({"rubbish": 1}) != []
    assert problems_of_conditions(None) == []
    assert {"category_id", "customer_id.owner_id.team_id", "language"} <= set(ASKED)
