"""The language of templates: what it says, what it refuses, and that it always ends."""

from __future__ import annotations

import contextlib
import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.entities import SCHEMAS
from crm_core.entities.template import DOCUMENT_ENGINES, DOCUMENT_KINDS, DOCUMENT_LANGUAGES
from crm_core.i18n import Message
from crm_core.money import Money
from crm_core.rules.template_check import problems_of
from crm_core.rules.template_kinds import ENGINES, KINDS, shape_of, variables_of
from crm_core.rules.template_language import MOST_CHARACTERS, TemplateRefused, render
from crm_core.rules.template_values import LANGUAGES, Amount, Blank, Leaf, Part, Rows, Sort


def leaf(sort: Sort = Sort.TEXT) -> Leaf:
    return Leaf(label=Message("x"), sort=sort)


KNOWN = Part(
    label=Message("all"),
    fields={
        "quote": Part(
            label=Message("quote"),
            fields={"number": leaf(), "total": leaf(Sort.MONEY), "day": leaf(Sort.DATE)},
        ),
        "lines": Rows(label=Message("lines"), row=Part(label=Message("line"), fields={"name": leaf()})),
    },
)
VALUES: dict[str, Any] = {
    "quote": {
        "number": "Q-1",
        "total": Amount(Money(386_000_00, "CNY")),
        "day": datetime.date(2026, 11, 4),
    },
    "lines": [{"name": "pump"}, {"name": Blank("lines.name")}],
    "big": list(range(400)),
    "long": "x" * 90_000,
}


@pytest.mark.parametrize(
    ("template", "language", "said"),
    [
        ("{{ quote.total }}", "en", "CNY 386,000.00"),
        ("{{ quote.total | amount }}", "zh", "386,000.00"),
        ("{{ quote.total | capitals }}", "en", "人民币叁拾捌万陆仟元整"),
        ("{{ quote.total | words }}", "zh", "Three hundred eighty-six thousand Chinese yuan only"),
        ("{{ quote.day | date }}", "en", "4 November 2026"),
        ("{{ quote.day }}", "zh", "2026年11月4日"),
        ("{{ quote.day }}", "both", "2026-11-04"),
        ("{% if quote.total > 1000 %}much{% else %}little{% endif %}", "en", "much"),
        (
            "{% for line in lines %}{{ loop.index }}{{ line.name | default('-') }}{% endfor %}",
            "en",
            "1pump2-",
        ),
        ("{% set n = 3 %}{{ n * 2 / 4 }} {{ 'a' ~ n }}", "en", "1.5 a3"),
        ("{% if quote.number in ('Q-1', 'Q-2') %}in{% endif %}", "en", "in"),
        ("a\n{% if quote.number %}\nb\n{% endif %}\nc", "en", "a\nb\nc"),
    ],
)
def test_a_template_says(template: str, language: Any, said: str) -> None:
    assert problems_of(template, KNOWN) == []
    assert render(template, VALUES, language).text == said


def test_a_value_that_is_not_there_prints_as_nothing_and_is_told_once() -> None:
    found = render("{% for line in lines %}{{ line.name }}{{ line.name }};{% endfor %}", VALUES, "en")
    assert (found.text, found.blanks) == ("pumppump;;", ("lines.name",))


def test_every_misspelt_name_is_told_with_line_and_column_at_once() -> None:
    text = "{{ quote.totl }} {{ quot.number }}\n\n "
    text += "{{ quote.totl }}{{ quote.number | money }}{{ lines }}{{ nothing }}"
    found = [(each.line, each.column, str(each.message)) for each in problems_of(text, KNOWN)]
    assert found == [
        (1, 4, "There is nothing called “quote.totl”; is it “quote.total”?"),
        (1, 21, "There is nothing called “quot”; is it “quote”?"),
        (3, 5, "There is nothing called “quote.totl”; is it “quote.total”?"),
        (3, 21, "“money” does not fit “quote.number”"),
        (3, 47, "“lines” holds several values; name one of them"),
        (3, 58, "There is nothing called “nothing”"),
    ]


HOSTILE = [
    "{{ quote.__class__ }}",
    "{{ quote['__class__'] }}",
    "{{ ''.__class__.__mro__[1].__subclasses__() }}",
    "{{ ().__class__ }}",
    "{{ quote.items() }}",
    "{{ self.__init__.__globals__ }}",
    "{{ cycler.__init__.__globals__.os }}",
    "{{ lipsum.__globals__ }}",
    "{{ quote | attr('__class__') }}",
    "{{ lines | map(attribute='name') | list }}",
    "{{ '%999999999s' | format('x') }}",
    "{{ '%999999999s' % 'x' }}",
    "{{ 'x' * 999999999 }}",
    "{{ 'x' | center(999999999) }}",
    "{{ 9 ** 9 ** 9 }}",
    "{{ [lines, lines] }}",
    "{{ lines[0:1] }}",
    "{% for i in range(999999999) %}{% endfor %}",
    "{% for a in lines recursive %}{{ loop(lines) }}{% endfor %}",
    "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
    "{% include '/etc/passwd' %}",
    "{% import 'os' as os %}",
    "{% extends 'x' %}",
    "{% block b %}{% endblock %}",
    "{% filter upper %}x{% endfilter %}",
    "{% set quote.number = 1 %}",
    "{% set a, b = 1, 2 %}",
    "{{ loop.__class__ }}",
    "{% for a in lines %}{{ loop.__class__ }}{{ loop.changed(1) }}{% endfor %}",
    "{{ 1 / 0 }}",
    "{{ 0.1 }}",
    "{{ 1 * " + "9" * 40 + " }}",
    "{{ " + "(" * 3000 + "1" + ")" * 3000 + " }}",
    "{% if 1 %}" * 3000 + "{% endif %}" * 3000,
    "{% for a in big %}" * 6 + "{% endfor %}" * 6,
    "{% for a in big %}{% for b in big %}{% endfor %}{% endfor %}",
    "{% for a in big %}{{ long }}{% endfor %}",
    "{% for a in big %}{% set x = long ~ long ~ long ~ long ~ long ~ long %}{% endfor %}",
    "{{ big | join(long) }}",
    "{% if x",
    "{{ }}",
]


@pytest.mark.parametrize("template", HOSTILE, ids=lambda text: text[:40])
def test_what_is_no_part_of_the_language_or_takes_too_much_is_refused(template: str) -> None:
    with pytest.raises(TemplateRefused):
        render(template, VALUES, "en")


PIECES = (
    *("{{ quote.number }}", "{{ 'a' ~ quote.number }}", "{% for l in lines %}", "{% endfor %}", "{{", "}}"),
    *("{% if quote.total %}", "{% else %}", "{% endif %}", "{% set x = 1 %}", "{{ x + 1 }}", "text\n", "{#"),
    *("{{ quote[1] }}", "{{ -quote.total }}", "{{ quote.day - 1 }}", "{{ lines | length }}", "{{ l.name }}"),
)


@given(st.lists(st.sampled_from(PIECES), max_size=12))
def test_whatever_is_typed_is_filled_or_refused_and_never_fails_otherwise(parts: list[str]) -> None:
    text = "".join(parts)
    problems_of(text, KNOWN)
    with contextlib.suppress(TemplateRefused):
        assert len(render(text, VALUES, "en").text) <= MOST_CHARACTERS


def test_the_choices_of_the_record_are_those_of_the_rules() -> None:
    assert [each.value for each in DOCUMENT_KINDS] == list(KINDS)
    assert {each.value for each in DOCUMENT_LANGUAGES} == set(LANGUAGES)
    assert [each.value for each in DOCUMENT_ENGINES] == list(ENGINES)


def test_variables_follow_from_what_entities_declare_and_the_person_reads() -> None:
    kind = KINDS["quote"]
    every = dict(variables_of(shape_of(kind, lambda name: SCHEMAS[name].fields)))
    assert {"quote.total", "customer.name", "contact.phone", "totals.total", "today", "lines"} <= every.keys()
    lines = every["lines"]
    assert isinstance(lines, Rows)
    assert {"description", "net", "number", "product"} <= lines.row.fields.keys()

    def without_money(name: str) -> dict[str, Any]:
        return {key: each for key, each in SCHEMAS[name].fields.items() if each.field_class != "money"}

    fewer = dict(variables_of(shape_of(kind, without_money)))
    assert not {"quote.total", "totals.total"} & fewer.keys()
    rows = fewer["lines"]
    assert isinstance(rows, Rows)
    assert "net" not in rows.row.fields
