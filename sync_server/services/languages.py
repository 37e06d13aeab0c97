"""Which language somebody reads."""

from __future__ import annotations

import os
from collections.abc import Mapping

from resources import CHINESE, ENGLISH


def language_of_terminal(environment: Mapping[str, str] = os.environ) -> str:
    """Return the language of a command's messages: `CRM_LANGUAGE`, else the locale of the terminal."""
    for name in ("CRM_LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"):
        if given := environment.get(name):
            return CHINESE if given.lower().startswith("zh") else ENGLISH
    return ENGLISH


def language_of_browser(accepted: str) -> str:
    """Return the language an `Accept-Language` header prefers (RFC 9110, 12.5.4) of the two we speak."""
    best, language = 0.0, ENGLISH
    for part in accepted.split(","):
        tag, _, weight = part.partition(";q=")
        primary = tag.strip().lower().partition("-")[0]
        try:
            wanted = float(weight) if weight else 1.0
        except ValueError:
            continue
        if primary in ("en", "zh") and wanted > best:
            best, language = wanted, CHINESE if primary == "zh" else ENGLISH
    return language
