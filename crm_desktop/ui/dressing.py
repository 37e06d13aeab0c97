"""The look and language a person chose, put on the program."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import QLocale
from PySide6.QtWidgets import QApplication

from crm_desktop.settings import FONT_SCALE, LANGUAGE, THEME, Settings
from crm_desktop.ui.theme import Mode, theme
from crm_desktop.ui.translate import translator

LANGUAGES = (("en", "English"), ("zh_CN", "简体中文"))
"""Each in its own words, so that whoever does not read the present one finds the other."""


def dress(qapp: QApplication, settings: Settings) -> None:
    """Use the theme, font scale and language of the settings."""
    theme().apply(qapp, cast(Mode, settings.get(THEME)), settings.get(FONT_SCALE) / 100)
    translator().use(settings.get(LANGUAGE) or system_language())


def system_language() -> str:
    """Return the program's language that fits the system's."""
    return "zh_CN" if QLocale.system().language() == QLocale.Language.Chinese else "en"
