"""The decisions of a plan one by one; how they work together is the model's matter."""

from __future__ import annotations

import pytest

from crm_core.errors import BrokenPromise
from crm_core.sync.plan import (
    Entitlement,
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

CUSTOMER, DEAL = 1, 2
ORDER = (CUSTOMER, DEAL)


def rights(version: int, scopes: str, classes: str = "core") -> Entitlement:
    """Return rights to the scopes and classes named, on customers and deals alike."""
    return Entitlement(
        version=version,
        scopes=frozenset((entity, scope) for entity in ORDER for scope in scopes.split()),
        classes=frozenset((entity, field_class) for entity in ORDER for field_class in classes.split()),
    )


def plan_for(token: Token, now: Entitlement, *past: Entitlement, schema: int = 1) -> tuple[Token, Steps]:
    """Prepare a page for a laptop of this schema whose program knows no newer fields."""
    return prepare(
        token,
        now=now,
        past={held.version: held for held in past},
        schema=schema,
        grown=() if token.schema == schema else ORDER,
        order=ORDER,
    )


def steps_done(token: Token, steps: Steps) -> list[tuple[Phase, int]]:
    """Return the phases and entities a plan goes through from where it stands."""
    done = []
    while token.plan is not None:
        step = current_step(token, steps)
        done.append((step.phase, step.entity))
        token = advance(token, steps)
    return done


def test_an_empty_laptop_fills_parents_first_and_skips_the_events_before_it_came() -> None:
    token, steps = plan_for(fresh(500), rights(3, "a"))
    assert steps_done(token, steps) == [(Phase.FILL, CUSTOMER), (Phase.FILL, DEAL)]
    token = advance(advance(token, steps), steps)
    assert token == Token(seq=500, ent=3, schema=1)


def test_what_is_lost_goes_children_first_before_anything_is_filled() -> None:
    token, steps = plan_for(Token(seq=9, ent=3, schema=1), rights(5, "b"), rights(3, "a", "core money"))
    assert steps_done(token, steps) == [
        (Phase.DROP_FIELDS, 0),
        (Phase.DROP_ROWS, DEAL),
        (Phase.DROP_ROWS, CUSTOMER),
        (Phase.FILL, CUSTOMER),
        (Phase.FILL, DEAL),
    ]
    assert steps[0].classes == {(CUSTOMER, "money"), (DEAL, "money")}
    assert steps[1].scopes == {"a"}
    assert steps[3].scopes == {"b"}


def test_a_class_gained_fills_every_scope_of_its_entity_and_of_no_other() -> None:
    before = rights(3, "a b")
    now = Entitlement(version=5, scopes=before.scopes, classes=before.classes | {(DEAL, "money")})
    _, steps = plan_for(Token(seq=9, ent=3, schema=1), now, before)
    assert steps == (Step(phase=Phase.FILL, entity=DEAL, scopes=frozenset({"a", "b"})),)


def test_rights_that_come_to_the_same_thing_need_no_page() -> None:
    token, steps = plan_for(Token(seq=9, ent=3, schema=1), rights(5, "a"), rights(3, "a"))
    assert (token, steps) == (Token(seq=9, ent=5, schema=1), ())


def test_a_running_plan_goes_on_where_it_stood() -> None:
    token, steps = plan_for(Token(seq=9, ent=3, schema=1), rights(5, "a b"), rights(3, "a"))
    token = advance(token, steps, "row-7")
    again, same = plan_for(token, rights(5, "a b"), rights(3, "a"))
    assert (again, same) == (token, steps)
    assert again.plan is not None
    assert again.plan.after == "row-7"


def test_an_interrupted_plan_starts_anew_and_trusts_only_what_both_rights_allowed() -> None:
    first, second, third = rights(3, "a b"), rights(5, "b c"), rights(7, "a b")
    token, steps = plan_for(Token(seq=9, ent=3, schema=1), second, first)
    token = advance(token, steps, "row-7")
    assert versions_held(token) == {3, 5}
    token, steps = plan_for(token, third, first, second)
    assert token.plan is not None
    assert (token.seq, token.ent, token.plan.trail) == (9, 3, (3, 5))
    assert [(step.phase, step.scopes) for step in steps if step.entity == DEAL] == [
        (Phase.DROP_ROWS, frozenset({"c"})),
        (Phase.FILL, frozenset({"a"})),
    ]


def test_a_newer_program_is_filled_with_the_fields_it_did_not_know() -> None:
    held = rights(3, "a")
    token, steps = plan_for(Token(seq=9, ent=3, schema=1), held, held, schema=2)
    assert steps_done(token, steps) == [(Phase.FILL, CUSTOMER), (Phase.FILL, DEAL)]


def test_an_older_program_counts_as_holding_what_it_knows() -> None:
    held = rights(3, "a")
    token, steps = plan_for(Token(seq=9, ent=3, schema=2), held, held, schema=1)
    assert (token, steps) == (Token(seq=9, ent=3, schema=1), ())


def test_a_program_replaced_in_mid_plan_is_filled_from_the_oldest_one_on() -> None:
    held, now = rights(3, "a"), rights(5, "a b")
    token, _ = plan_for(Token(seq=9, ent=3, schema=2), now, held, schema=1)
    assert (token.schema, token.plan and token.plan.schema) == (1, 1)
    token, steps = plan_for(token, now, held, schema=2)
    assert token.plan is not None
    assert token.plan.trail == (3, 5)
    assert steps[-1].scopes == {"a", "b"}


def test_rights_older_than_the_history_are_refused_not_guessed() -> None:
    with pytest.raises(BrokenPromise):
        plan_for(Token(seq=9, ent=3, schema=1), rights(5, "a"))


def test_a_step_that_is_gone_starts_the_plan_from_its_beginning() -> None:
    token, steps = plan_for(Token(seq=9, ent=3, schema=1), rights(5, "b"), rights(3, "a"))
    while current_step(token, steps) != steps[-1]:
        token = advance(token, steps)
    token, fewer = prepare(
        token, now=rights(5, "b"), past={3: rights(3, "a")}, schema=1, grown=(), order=(CUSTOMER,)
    )
    assert current_step(token, fewer) == fewer[0]


@pytest.mark.parametrize(
    "token",
    [
        Token(),
        Token(seq=9, ent=3, schema=1),
        plan_for(Token(seq=9, ent=3, schema=1), rights(5, "b"), rights(3, "a"))[0],
        advance(*plan_for(fresh(4), rights(5, "b")), "0198c5e0"),
    ],
)
def test_a_token_comes_back_from_its_packed_form(token: Token) -> None:
    assert Token.unpack(token.pack()) == token
    assert Token.unpack(list(token.pack())) == token


@pytest.mark.parametrize(
    "packed",
    [(), (1, 2), (1, 2, "3"), (1, 2, 3, 4), (1, 2, 3, 4, 5, 2, 7, "", "x"), (1, 2, 3, 4, 5, 9, 7, "", 0)],
)
def test_a_tuple_of_another_shape_is_no_token(packed: tuple[int | str, ...]) -> None:
    with pytest.raises(ValueError, match="not a"):
        Token.unpack(packed)


def test_the_feed_never_goes_back_and_stands_still_in_a_plan() -> None:
    assert at(Token(seq=9, ent=3, schema=1), 12).seq == 12
    with pytest.raises(BrokenPromise):
        at(Token(seq=9, ent=3, schema=1), 8)
    with pytest.raises(BrokenPromise):
        at(plan_for(fresh(9), rights(3, "a"))[0], 12)


def test_rows_are_repaired_only_for_a_laptop_that_holds_the_rights_of_now() -> None:
    assert is_caught_up(Token(seq=9, ent=3, schema=1), version=3, schema=1)
    assert not is_caught_up(Token(seq=9, ent=3, schema=1), version=5, schema=1)
    assert not is_caught_up(Token(seq=9, ent=3, schema=1), version=3, schema=2)
    assert not is_caught_up(plan_for(fresh(9), rights(3, "a"))[0], version=3, schema=1)


def test_visibility_takes_scope_and_entity_together() -> None:
    held = Entitlement(
        version=1, scopes=frozenset({(CUSTOMER, "~own:x")}), classes=frozenset({(DEAL, "core")})
    )
    assert held.sees(CUSTOMER, ["all", "~own:x"])
    assert not held.sees(DEAL, ["all", "~own:x"])
    assert held.reads(DEAL, "core")
    assert not held.reads(CUSTOMER, "core")


def test_a_changed_field_is_sent_alone_whole_or_not_at_all() -> None:
    assert judge_change(visible=True, readable=True, arriving=False) is Send.FIELD
    assert judge_change(visible=True, readable=False, arriving=False) is Send.NOTHING
    assert judge_change(visible=True, readable=False, arriving=True) is Send.ROW
    assert judge_change(visible=False, readable=True, arriving=True) is Send.NOTHING


def test_a_row_that_arrives_is_sent_whole_and_one_that_left_is_purged_by_scopes_of_any_time() -> None:
    assert judge_arrival(visible=True) is Send.ROW
    assert judge_arrival(visible=False) is Send.NOTHING
    assert judge_exit(visible=False, ever=True) is Send.PURGE
    assert judge_exit(visible=True, ever=True) is Send.NOTHING
    assert judge_exit(visible=False, ever=False) is Send.NOTHING
