"""Who is barred, however the address is written."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.rules.barring import barred_as, barred_form, problems_of_barred

LABEL = st.from_regex(r"[a-z0-9]{1,8}", fullmatch=True)
DOMAIN = st.lists(LABEL, min_size=1, max_size=4).map(lambda labels: ".".join([*labels, "example"]))


@pytest.mark.parametrize(
    ("said", "form"),
    [
        ("Junk@One.Example", "junk@one.example"),
        (" ＪＵＮＫ@one.example ", "junk@one.example"),
        ("@One.Example", "@one.example"),
        ("139 1234 5678", "+8613912345678"),
        ("WeChat:Ann", "wechat:ann"),
        ("somebody", None),
        ("@example", None),
        ("", None),
        ("wechat:", None),
        ("12", None),
    ],
)
def test_an_address_has_one_form_and_what_is_none_is_told(said: str, form: str | None) -> None:
    assert barred_form(said) == form
    assert bool(problems_of_barred({"address": said})) == (form is None and said != "")


@given(LABEL, DOMAIN, st.booleans())
def test_who_writes_from_a_barred_address_or_below_a_barred_domain_is_barred(
    name: str, domain: str, shouts: bool
) -> None:
    address = f"{name}@{domain}".upper() if shouts else f"{name}@{domain}"
    forms = barred_as(address)
    assert barred_form(address) in forms
    labels = domain.split(".")
    for place in range(len(labels) - 1):
        assert barred_form("@" + ".".join(labels[place:])) in forms
    assert f"@{labels[-1]}" not in forms, "nobody bars all of a country"
    assert barred_form(f"@x{domain}") not in forms
    assert all(barred_form(form) == form for form in forms)


def test_numbers_and_names_bar_themselves_alone() -> None:
    assert barred_as(phone="139 1234 5678", chat_name="wechat:Ann") == ("+8613912345678", "wechat:ann")
    assert barred_as() == ()
