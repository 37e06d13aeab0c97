"""Under the editor of a long text: what somebody else wrote at the same time, and what to do with it."""

from __future__ import annotations

from collections.abc import Iterable

from PySide6.QtCore import QObject, Qt, Signal
from PySide6.QtWidgets import QFrame, QVBoxLayout, QWidget

from crm_core.i18n import Message, message
from crm_desktop.services import other_versions
from crm_desktop.services.calendar import local
from crm_desktop.services.other_versions import OtherVersion, joined
from crm_desktop.ui.context import Context
from crm_desktop.ui.format import near_moment
from crm_desktop.ui.forms.editors import LongTextEditor
from crm_desktop.ui.forms.field_grid import FieldGrid
from crm_desktop.ui.theme import theme
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.flow import FlowLayout
from crm_desktop.ui.widgets.labels import Label


def version_words(version: OtherVersion) -> Message:
    """Return whose text it is, and when it was written."""
    time = near_moment(local(version.at_ms))
    if version.who:
        return message("Other version, by {who}, {time}", who=version.who, time=time)
    return message("Your version, replaced {time}", time=time)


class VersionPanel(QFrame):
    """One other version, to read beside the editor. `wanted` gives it and whether it goes below."""

    wanted = Signal(object, bool)
    dismissed = Signal(object)

    def __init__(self, version: OtherVersion, *, locked: bool, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.version = version
        self._text = Label(version.text, wrap=True)
        self._text.setTextInteractionFlags(
            Qt.TextInteractionFlag.TextSelectableByMouse | Qt.TextInteractionFlag.TextSelectableByKeyboard
        )
        self.take = Button(message("Take this text"), Kind.LINK, small=True)
        self.add = Button(message("Add it below"), Kind.LINK, small=True)
        self.dismiss = Button(message("Let it go"), Kind.LINK, small=True)
        self.take.clicked.connect(lambda: self.wanted.emit(self.version, False))
        self.add.clicked.connect(lambda: self.wanted.emit(self.version, True))
        self.dismiss.clicked.connect(lambda: self.dismissed.emit(self.version))
        for button in (self.take, self.add):
            if locked:  # and else not shown by hand: without a parent yet it would be a window
                button.hide()
        buttons = FlowLayout(gap=theme().px(12), line_gap=theme().px(2))
        for button in (self.take, self.add, self.dismiss):
            buttons.addWidget(button)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, theme().px(4), 0, 0)
        column.setSpacing(theme().px(2))
        column.addWidget(Label(version_words(version), step="caption", color="warn", wrap=True))
        column.addWidget(self._text)
        column.addLayout(buttons)


class VersionPanels(QObject):
    """The panels of one form. What is taken goes into the editor and is the person's to save."""

    def __init__(self, context: Context, parent: QWidget) -> None:
        super().__init__(parent)
        self._context = context
        self._panels: dict[str, VersionPanel] = {}
        self._grid: FieldGrid | None = None
        self._used: dict[str, OtherVersion] = {}

    @property
    def used(self) -> tuple[OtherVersion, ...]:
        """Those whose text went into an editor; once the form is saved nothing is left to say of them."""
        return tuple(self._used.values())

    def show_versions(self, versions: Iterable[OtherVersion], grid: FieldGrid, *, locked: bool) -> None:
        """Show each under its field; those settled meanwhile go."""
        self._grid = grid
        present = {version.key: version for version in versions}
        for key in [key for key in self._panels if key not in present]:
            self._remove(key)
        for key, version in present.items():
            field = grid.fields.get(version.field)
            if field is None or key in self._panels or key in self._used:
                continue
            panel = VersionPanel(version, locked=locked or not isinstance(field.editor, LongTextEditor))
            panel.wanted.connect(self._on_wanted)
            panel.dismissed.connect(self._on_dismissed)
            self._panels[key] = panel
            field.widget.layout().addWidget(panel)

    def _remove(self, key: str) -> None:
        panel = self._panels.pop(key)
        panel.hide()
        panel.deleteLater()

    def _on_wanted(self, version: OtherVersion, below: bool) -> None:
        editor = self._editor(version)
        if editor is None:
            return
        editor.setPlainText(joined(editor.toPlainText(), version.text) if below else version.text)
        editor.setFocus()
        self._used[version.key] = version
        self._remove(version.key)

    def _on_dismissed(self, version: OtherVersion) -> None:
        replica, editor = self._context.replica, self._editor(version)
        if editor is not None:
            editor.setFocus()  # the button that had it goes
        self._remove(version.key)
        self._context.change(
            self,
            lambda: other_versions.dismiss(replica, [version]),
            told=message("The other version was let go"),
            undo=lambda: other_versions.reopen(replica, [version]),
        )

    def _editor(self, version: OtherVersion) -> LongTextEditor | None:
        field = self._grid.fields.get(version.field) if self._grid is not None else None
        return field.editor if field is not None and isinstance(field.editor, LongTextEditor) else None
