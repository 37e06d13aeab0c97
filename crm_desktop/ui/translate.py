"""The language on screen: one translator, asked at the moment of showing.

A widget takes `Text`: a `str` is shown as it stands (a customer's name), a `Message` in the reader's
language, again after each switch.
"""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QLibraryInfo, QLocale, QObject, QTranslator, Signal

import resources
from crm_core.i18n import Message, Worded, in_chinese

Text = str | Message


class Translator(QObject):
    """The program's language; `language_changed` carries the new one ("en", "zh_CN")."""

    language_changed = Signal(str)

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._language = "en"
        self._texts: dict[str, str] = {}
        self._qt_texts: QTranslator | None = None

    @property
    def language(self) -> str:
        """The language in use, as `resources.LANGUAGES` names it."""
        return self._language

    @property
    def locale(self) -> QLocale:
        """The locale for numbers, months and weekdays in that language."""
        if self._language == "zh_CN":
            return QLocale(QLocale.Language.Chinese, QLocale.Country.China)
        return QLocale(QLocale.Language.English, QLocale.Country.UnitedStates)

    def use(self, language: str) -> None:
        """Switch at once; every top-level widget is sent QEvent.LanguageChange."""
        texts = resources.catalogue(language)
        switched = language != self._language
        self._language, self._texts = language, texts
        QLocale.setDefault(self.locale)
        self._use_qt_texts()
        app = QCoreApplication.instance()
        if not switched:
            return
        if app is not None:
            QCoreApplication.postEvent(app, QEvent(QEvent.Type.LanguageChange))
        self.language_changed.emit(language)

    def tr(self, text: str, /, **places: object) -> str:
        """Return an English source text in the language in use, its `{places}` filled."""
        return Message(text, places).show(self._translate)

    def show(self, text: Text) -> str:
        """Return a message in the language in use, a plain string as it stands, of two names the one."""
        if isinstance(text, Worded):
            return self._translate(text) if text.chinese else text
        return text if isinstance(text, str) else text.show(self._translate)

    def _translate(self, text: str) -> str:
        return text if self._language == resources.ENGLISH else in_chinese(text, self._texts)

    def _use_qt_texts(self) -> None:
        """Install Qt's own words (OK, Cancel, context menus of fields) for the language."""
        app = QCoreApplication.instance()
        if app is None:
            return
        if self._qt_texts is not None:
            app.removeTranslator(self._qt_texts)
            self._qt_texts = None
        if self._language == "en":
            return
        qt_texts = QTranslator(self)
        folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
        if qt_texts.load(f"qtbase_{self._language}", folder) and app.installTranslator(qt_texts):
            self._qt_texts = qt_texts


_installed = Translator()


def translator() -> Translator:
    """Return the one installed translator."""
    return _installed


def tr(text: str, /, **places: object) -> str:
    """Return an English source text in the language on screen; write it as a literal."""
    return _installed.tr(text, **places)


def show(text: Text) -> str:
    """Return a message in the language on screen, a plain string as it stands."""
    return _installed.show(text)
