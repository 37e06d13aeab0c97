"""Help in the person's language: click speaks English only."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import click

from crm_core.i18n import N_, Translate

_WORDS: Final = {
    "Options": N_("Options"),
    "Commands": N_("Commands"),
    "Show this message and exit.": N_("Show this message and exit."),
    "Show the version and exit.": N_("Show the version and exit."),
}
"""What click says of its own accord."""


def formatter_in(translate: Translate) -> type[click.HelpFormatter]:
    """Return what lays help out, its headings and click's own options translated."""

    class Formatter(click.HelpFormatter):
        def write_usage(self, prog: str, args: str = "", prefix: str | None = None) -> None:
            super().write_usage(prog, args, translate(N_("Usage: ")) if prefix is None else prefix)

        def write_heading(self, heading: str) -> None:
            super().write_heading(translate(_WORDS.get(heading, heading)))

        def write_dl(self, rows: Iterable[tuple[str, str]], col_max: int = 30, col_spacing: int = 2) -> None:
            known = [(term, translate(_WORDS[text]) if text in _WORDS else text) for term, text in rows]
            super().write_dl(known, col_max, col_spacing)

    return Formatter
