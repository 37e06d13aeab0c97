"""Common industries, to tell a typing error in a column that takes any word."""

from __future__ import annotations

import difflib
from collections import Counter
from collections.abc import Iterable, Sequence

from crm_core.exchange.words import fold, in_all_languages
from crm_core.i18n import N_, Message, Translate, message, plural
from crm_core.schema.field import Field

# Sections and larger divisions of ISIC Rev. 4 (United Nations, 2008) in everyday words.
INDUSTRIES = (
    N_("Agriculture"),
    N_("Mining"),
    N_("Manufacturing"),
    N_("Machinery"),
    N_("Electronics"),
    N_("Chemicals"),
    N_("Pharmaceuticals"),
    N_("Medical"),
    N_("Healthcare"),
    N_("Textiles"),
    N_("Food"),
    N_("Automotive"),
    N_("Energy"),
    N_("Utilities"),
    N_("Construction"),
    N_("Real estate"),
    N_("Wholesale"),
    N_("Retail"),
    N_("Logistics"),
    N_("Transport"),
    N_("Hospitality"),
    N_("Tourism"),
    N_("Media"),
    N_("Marketing"),
    N_("Advertising"),
    N_("Entertainment"),
    N_("Telecommunications"),
    N_("Technology"),
    N_("Software"),
    N_("Hardware"),
    N_("Finance"),
    N_("Banking"),
    N_("Insurance"),
    N_("Consulting"),
    N_("Legal"),
    N_("Services"),
    N_("Education"),
    N_("Government"),
    N_("Employment"),
    N_("Research"),
)
ALIKE = 0.85  # difflib ratio: one letter missing, doubled or swapped in a word of six letters or more
MOST_NOTES = 10


def likely_misspelt(field: Field, cells: Iterable[str], languages: Sequence[Translate]) -> Iterable[Message]:
    """Yield a note for each industry that is one letter away from a common one. Nothing is changed."""
    if field.name != "industry":
        return
    known = {fold(word): word for name in INDUSTRIES for word in in_all_languages(name, languages)}
    told = 0
    for cell, count in Counter(cells).most_common():
        folded = fold(cell)
        if folded in known or told == MOST_NOTES:
            continue
        if close := difflib.get_close_matches(folded, known, n=1, cutoff=ALIKE):
            told += 1
            likely, label = known[close[0]], Message(field.label)
            yield plural(
                count,
                message(
                    N_("{field}: “{text}” (1 row) looks like “{likely}” misspelt; it stays as it is"),
                    field=label,
                    text=cell,
                    likely=likely,
                ),
                message(
                    N_("{field}: “{text}” ({count} rows) looks like “{likely}” misspelt; it stays as it is"),
                    field=label,
                    text=cell,
                    count=count,
                    likely=likely,
                ),
            )
