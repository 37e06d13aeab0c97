"""What ships beside the code: icons, fonts, templates and the Chinese texts. No Qt here; HQ reads it too."""

from __future__ import annotations

import sys
from functools import cache
from pathlib import Path

from crm_core.i18n import Translate, in_chinese, untranslated

ENGLISH = "en"
CHINESE = "zh_CN"
LANGUAGES = (ENGLISH, CHINESE)


def path(*parts: str) -> Path:
    """Return where a shipped file lies, in the source tree and in a frozen program alike."""
    frozen = getattr(sys, "_MEIPASS", None)
    root = Path(frozen) / "resources" if frozen else Path(__file__).parent
    return root.joinpath(*parts)


@cache
def catalogue(language: str) -> dict[str, str]:
    """Return the texts of a language by their English source; empty for English itself.

    Merges every area's `.po` file. Raises `ValueError` for a language the program does not speak.
    """
    if language not in LANGUAGES:
        raise ValueError(f"no texts in {language}; there are {', '.join(LANGUAGES)}")
    if language == "en":
        return {}
    import polib  # noqa: PLC0415 - parsing takes longer than the rest of start-up in English

    texts: dict[str, str] = {}
    for area in sorted(path("locale", language).glob("*.po")):
        for entry in polib.pofile(str(area), encoding="utf-8").translated_entries():  # type: ignore[no-untyped-call]
            texts[entry.msgid] = entry.msgstr
    return texts


def translation(language: str) -> Translate:
    """Return the translation into one of `LANGUAGES`; a text without one stays English."""
    if language == ENGLISH:
        return untranslated
    texts = catalogue(language)
    return lambda text: in_chinese(text, texts)


def in_language(text: str, language: str) -> str:
    """Return a source text in the language of a document: `en`, else in Chinese."""
    return translation(ENGLISH if language == "en" else CHINESE)(text)
