"""The fields of a capture form, and the page as visitors will see it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QLineEdit, QPlainTextEdit, QWidget

from crm_core.entities.capture import LEAD, TICKET
from crm_core.i18n import N_, Translate, message
from crm_core.rules.capture import FILES_MOST, files_words, label_of, made_by
from crm_core.schema.field import Field, Kind
from crm_desktop.ui.context import Context
from crm_desktop.ui.settings.asked_editor import ASKED, NEEDED, AskedEditor
from crm_desktop.ui.settings.setup_grid import SetupGrid, Values
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import translator
from crm_desktop.ui.widgets.buttons import Button
from crm_desktop.ui.widgets.buttons import Kind as ButtonKind
from crm_desktop.ui.widgets.clearing import clear
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.segments import Segment, SegmentedSwitch
from resources import CHINESE, ENGLISH, translation

_MADE, _TEXTS, _CONSENT = N_("What it makes goes to"), N_("What visitors read"), N_("Consent")
_NARROW = 420  # px before the font scale: a form is read on telephones


class CaptureFormGrid(SetupGrid):
    """The preview is in one language at a time; a form of one language has that alone."""

    order = (
        "name",
        "makes",
        "language",
        "active",
        "asked",
        "files_most",
        "heading",
        "heading_zh",
        "thanks",
        "thanks_zh",
        "redirect",
        "consent",
        "consent_zh",
        "consent_version",
        "source",
        "campaign",
        "owner_id",
        "team_id",
        "territory_id",
        "category_id",
    )
    sections = {
        **dict.fromkeys(("heading", "heading_zh", "thanks", "thanks_zh", "redirect"), _TEXTS),
        **dict.fromkeys(("consent", "consent_zh", "consent_version"), _CONSENT),
        **dict.fromkeys(("source", "campaign", "owner_id", "team_id", "territory_id", "category_id"), _MADE),
    }
    hints = {
        "makes": N_(
            "A ticket goes to the customer whose address or number it names, else to the unknown ones"
        ),
        "files_most": N_("How many files may come with it, at most 10; 0: none"),
        "language": N_("Empty: the language of the visitor's browser"),
        "active": N_("A form not in use says so to whoever opens it"),
        "redirect": N_("Begins with https://; empty: the thanks above are shown"),
        "consent": N_(
            "Visitors tick it, and it is kept word for word with what the form makes; empty: not asked"
        ),
        "consent_version": N_("Empty: one made of the text, which changes with it"),
        "owner_id": N_("Empty: the rules of assignment decide"),
    }
    only = {
        **dict.fromkeys(("source", "campaign", "territory_id"), lambda values: made_by(values) == LEAD),
        **dict.fromkeys(("files_most", "category_id"), lambda values: made_by(values) == TICKET),
    }
    covers = {"asked": ("needed",)}
    preview_title = (message("Preview"), message("As visitors see it"))

    def build(self, context: Context, *parts: Any, **how: Any) -> None:
        """Make the editors and the switch between the languages of the preview."""
        self.tongues = SegmentedSwitch(
            [Segment(key=ENGLISH, text="English"), Segment(key=CHINESE, text="中文")],
            name=message("Language of the preview"),
            small=True,
        )
        self.tongues.choose(translator().language)
        self.tongues.chosen.connect(lambda _key: self.show_what_fits())
        super().build(context, *parts, **how)
        self.preview.head.addWidget(self.tongues)

    def make_own(self, context: Context, field: Field) -> Any:
        """Return the editor of what is asked."""
        if field.name != "asked":
            return None
        editor = AskedEditor(context)
        editor.fields_known.connect(self.show_what_fits)
        return editor

    def follow(self, name: str) -> None:
        """Ask for other fields where the form makes something else."""
        if name == "makes":
            self.fields["asked"].editor.show_for(made_by(self.present()))
            self.edited.emit("asked")
            self.edited.emit("needed")
        super().follow(name)

    def show_preview(self, values: Values) -> None:
        """Show the page."""
        clear(self.preview.body)
        fixed = str(values.get("language") or "")
        language = fixed or self.tongues.key
        self.tongues.setVisible(not fixed)
        tr = translation(language)
        text = _in(values, language)
        self._put(Label(text("heading") or tr("Write to us"), step="title", wrap=True))
        found = self.fields.get("asked")
        known = found.editor.fields if found is not None and found.editor is not None else {}
        for name, field in known.items():
            if name in (values.get(ASKED) or ()):
                self._field(field, tr, needed=name in (values.get(NEEDED) or ()))
        most = values.get("files_most") or 0
        if made_by(values) == TICKET and 0 < most <= FILES_MOST:
            self._files(files_words(most).show(tr), tr)
        if text("consent"):
            self._consent(text("consent"))
        send = Button(tr("Send"), ButtonKind.PRIMARY)
        send.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self._put(send)

    def _field(self, field: Field, tr: Translate, *, needed: bool) -> None:
        words = tr(label_of(field))
        self._put(Label(words if needed else f"{words} {tr('(optional)')}", step="caption", weight=600))
        editor: QWidget = QPlainTextEdit() if field.kind is Kind.LONG_TEXT else QLineEdit()
        editor.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        editor.setAccessibleName(words)
        if isinstance(editor, QPlainTextEdit):
            editor.setFixedHeight(theme().px(64))
        self._put(editor)

    def _files(self, said: str, tr: Translate) -> None:
        self._put(Label(f"{said} {tr('(optional)')}", step="caption", weight=600))
        choose = Button(tr(N_("Choose a file…")), icon="clip")
        choose.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        choose.setAccessibleName(said)
        self._put(choose)

    def _consent(self, words: str) -> None:
        box = QCheckBox()
        box.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        box.setAccessibleName(words)
        line = QWidget()
        row = QHBoxLayout(line)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(box, 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(Label(words, wrap=True), 1)
        self._put(line)

    def _put(self, widget: QWidget) -> None:
        widget.setMaximumWidth(theme().px(_NARROW))
        self.preview.body.addWidget(widget)


def _in(values: Mapping[str, Any], language: str) -> Any:
    """Return what gives one of the texts in a language; the other one's where that is empty."""

    def text(name: str) -> str:
        own, other = (f"{name}_zh", name) if language == CHINESE else (name, f"{name}_zh")
        return str(values.get(own) or values.get(other) or "")

    return text
