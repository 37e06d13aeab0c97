"""The head of the dashboards page: which one, whose figures and how old, what narrows it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QPoint, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QHBoxLayout, QSizePolicy, QWidget

from crm_core.i18n import N_, Message, message
from crm_core.rules.dashboards import PERIODS
from crm_desktop.services.dashboards import DashboardRow, PersonChoice
from crm_desktop.services.saved_views import Audience
from crm_desktop.ui.dashboards.sources import AT_HQ, HERE
from crm_desktop.ui.dashboards.words import PERIOD_NAMES, period_name
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, M
from crm_desktop.ui.translate import Text, tr
from crm_desktop.ui.widgets.buttons import Button, IconButton, Kind
from crm_desktop.ui.widgets.labels import ElidedLabel, Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.menus import Menu

_NARROW = 860
"""Narrower than this, before the font scale, the buttons stand below the name."""

FILES = (("pdf", N_("PDF…")), ("png", N_("Picture (PNG)…")), ("svg", N_("Drawing (SVG)…")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What the head offers."""

    dashboards: tuple[DashboardRow, ...] = ()
    people: tuple[PersonChoice, ...] = ()
    audiences: tuple[Audience, ...] = ()


class BoardHeader(Live, QWidget):
    """Each signal says what is wanted; the page does it."""

    chosen = Signal(str)
    period_chosen = Signal(str)
    person_chosen = Signal(str)
    file_wanted = Signal(str)
    """A kind of file: pdf, png or svg."""
    tile_wanted = Signal()
    new_wanted = Signal()
    rename_wanted = Signal()
    copy_wanted = Signal()
    delete_wanted = Signal()
    audience_chosen = Signal(str, bool)
    schedules_wanted = Signal()
    source_chosen = Signal(str)
    """`HERE`: what this laptop holds; `AT_HQ`: what HQ counted."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._choices = Choices()
        self._current: DashboardRow | None = None
        self._period, self._person = "", ""
        self.menu_shown: Menu | None = None
        self.files: tuple[tuple[str, str], ...] = FILES
        """Kinds of files offered, and what each is called."""
        self.title = Label(step="title")
        self.name = IconButton("down", message("Dashboards"))
        self.scope = ElidedLabel(color="text-soft")
        self.scope.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.source = Button("", icon="server")
        self.source.hide()
        self.source.clicked.connect(self._open_sources)
        self._from_hq = False
        self.period = Button("", icon="cal")
        self.person = Button("", icon="user")
        self.export = Button(message("Export"), icon="dl")
        self.add = Button(message("Add tile"), Kind.PRIMARY, icon="plus")
        self.name.clicked.connect(self._open_boards)
        self.period.clicked.connect(self._open_periods)
        self.person.clicked.connect(self._open_people)
        self.export.clicked.connect(self._open_files)
        self.add.clicked.connect(self.tile_wanted)
        self._named = QHBoxLayout()
        self._named.setSpacing(M)
        self._named.addWidget(self.title)
        self._named.addWidget(self.name)
        self._named.addWidget(self.scope, 1)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(M)
        for button in (self.source, self.period, self.person, self.export, self.add):
            self._buttons.addWidget(button)
        self._row = QBoxLayout(QBoxLayout.Direction.LeftToRight, self)
        self._row.setSpacing(M)
        self._row.addLayout(self._named, 1)
        self._row.addLayout(self._buttons)
        self.retint()

    def show_choices(self, choices: Choices, current: DashboardRow | None, period: str, person: str) -> None:
        """Show which dashboard is in front, and what it is narrowed to."""
        self._choices, self._current = choices, current
        self._period, self._person = period, person
        shown = current is not None
        for button in (self.period, self.person, self.export, self.add):
            button.setVisible(shown)
        self.add.setVisible(current is not None and current.own)
        self.retranslate()

    def show_source(self, *, offered: bool, from_hq: bool) -> None:
        """Show whose figures these are; `offered`: HQ counted some for the person, too."""
        self._from_hq = from_hq
        self.source.setVisible(offered)
        # What HQ counted is what it is: it cannot be narrowed here.
        for button in (self.period, self.person):
            button.setEnabled(not from_hq)
        self.retranslate()

    def say_scope(self, text: Text) -> None:
        """Say whose figures these are and how old."""
        self.scope.say(text)

    def retranslate(self) -> None:
        """Write everything in the language on screen."""
        current = getattr(self, "_current", None)
        if not hasattr(self, "_row"):
            return
        self.title.say(Message(current.name) if current is not None else message("Reports"))
        self.source.say(message("From HQ") if self._from_hq else message("This laptop"))
        self.period.say(period_name(self._period))
        self.person.say(self._person_name())

    def retint(self) -> None:
        """Take the measures of the theme."""
        margin = theme().px(XL)
        self._row.setContentsMargins(margin, 0, margin, 0)
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Put the buttons below the name where they do not fit beside it."""
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        narrow = self.width() < theme().px(_NARROW)
        down, beside = QBoxLayout.Direction.TopToBottom, QBoxLayout.Direction.LeftToRight
        self._row.setDirection(down if narrow else beside)
        self._row.setSpacing(0 if narrow else M)
        self.setFixedHeight(theme().size("page-header") * (2 if narrow else 1))

    def _person_name(self) -> Text:
        found = next((each for each in self._choices.people if each.user_id == self._person), None)
        if found is None:
            return message("Everybody I see")
        return message("Me") if found.own else found.name

    def _open_boards(self) -> None:
        menu = self._menu()
        for row in self._choices.dashboards:
            action = menu.add(tr(row.name) if row.own else tr("{name}, shown to me", name=row.name))
            action.setCheckable(True)
            action.setChecked(self._current is not None and row.id == self._current.id)
            action.triggered.connect(lambda _on=False, key=row.id: self.chosen.emit(key))
        if self._choices.dashboards:
            menu.addSeparator()
        menu.add(tr("New dashboard…"), "plus").triggered.connect(lambda _on=False: self.new_wanted.emit())
        current = self._current
        if current is not None:
            menu.add(tr("Send by itself…"), "mail").triggered.connect(
                lambda _on=False: self.schedules_wanted.emit()
            )
            menu.add(tr("Make a copy"), "file").triggered.connect(lambda _on=False: self.copy_wanted.emit())
            for text, icon, signal in (
                (tr("Rename…"), "pen", self.rename_wanted),
                (tr("Delete dashboard"), "trash", self.delete_wanted),
            ):
                action = menu.add(text, icon)
                action.setEnabled(current.own)
                action.triggered.connect(lambda _on=False, signal=signal: signal.emit())
            if current.own and self._choices.audiences:
                menu.addSeparator()
                for each in self._choices.audiences:
                    self._offer_audience(menu, current, each)
        self._open(menu, self.name)

    def _offer_audience(self, menu: Menu, current: DashboardRow, audience: Audience) -> None:
        action = menu.add(tr("Show to role: {role}", role=audience.name))
        action.setCheckable(True)
        action.setChecked(audience.role_id in current.shown_to)
        action.triggered.connect(
            lambda on=False, role=audience.role_id: self.audience_chosen.emit(role, bool(on))
        )

    def _open_sources(self) -> None:
        offered = [(HERE, tr("What this laptop holds")), (AT_HQ, tr("What headquarters counted for me"))]
        self._choose(self.source, offered, AT_HQ if self._from_hq else HERE, self.source_chosen.emit)

    def _open_periods(self) -> None:
        self._choose(
            self.period,
            [(key, tr(PERIOD_NAMES[key])) for key in ("", *PERIODS)],
            self._period,
            self.period_chosen.emit,
        )

    def _open_people(self) -> None:
        offered = [("", tr("Everybody I see"))]
        offered += [(each.user_id, tr("Me") if each.own else each.name) for each in self._choices.people]
        self._choose(self.person, offered, self._person, self.person_chosen.emit)

    def _open_files(self) -> None:
        kinds = [(kind, tr(text)) for kind, text in self.files]
        self._choose(self.export, kinds, None, self.file_wanted.emit)

    def _choose(
        self,
        button: QWidget,
        offered: Sequence[tuple[str, str]],
        chosen: str | None,
        emit: Callable[[str], None],
    ) -> None:
        menu = self._menu()
        for key, text in offered:
            action = menu.add(text)
            action.setCheckable(chosen is not None)
            action.setChecked(key == chosen)
            action.triggered.connect(lambda _on=False, key=key: emit(key))
        self._open(menu, button)

    def _menu(self) -> Menu:
        self.menu_shown = Menu(self)
        return self.menu_shown

    def _open(self, menu: Menu, button: QWidget) -> None:
        menu.popup(button.mapToGlobal(QPoint(0, button.height())))
