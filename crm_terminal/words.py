"""What both programs' command lines ask when words are counted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

import click

from crm_core.i18n import N_, Translate

WORDS_HELP: Final = N_(
    "Count words, categories and products in tickets and survey answers, and tell what is heard more often."
)
WORDS_LISTED: Final = ("what", "of", "now", "before", "chance_percent", "rose", "stands")
_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def words_options(tr: Translate) -> _Decorator:
    """Return a decorator that gives a command the period, what is listed, and how much of it."""
    options = (
        click.option(
            "--days",
            type=click.IntRange(1, 3650),
            default=30,
            show_default=True,
            help=tr(N_("Days counted, compared with as many before.")),
        ),
        click.option(
            "--rose", "only_risen", is_flag=True, help=tr(N_("Only what is heard more often than before."))
        ),
        click.option(
            "--top", type=click.IntRange(min=1), default=50, show_default=True, help=tr(N_("Most rows."))
        ),
    )

    def decorate(function: Callable[..., Any]) -> Callable[..., Any]:
        for option in reversed(options):
            function = option(function)
        return function

    return decorate
