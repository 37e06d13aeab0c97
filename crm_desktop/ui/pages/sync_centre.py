"""The Sync centre: where the laptop stands with HQ, what waits, and what needs a decision."""

from __future__ import annotations

import datetime
import math
import time
from collections.abc import Callable
from functools import cached_property
from typing import TypeVar

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from crm_core.i18n import N_, Message, message
from crm_desktop.settings import SYNC_ON_METERED
from crm_desktop.sync.runner import Phase, Status
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.pages.page import Page
from crm_desktop.ui.sync_centre.banner import Banner
from crm_desktop.ui.sync_centre.by_file import ByFile
from crm_desktop.ui.sync_centre.facts import Facts, facts
from crm_desktop.ui.sync_centre.history import History
from crm_desktop.ui.sync_centre.inbox import Inbox
from crm_desktop.ui.sync_centre.network import Network
from crm_desktop.ui.sync_centre.offers import OfferList
from crm_desktop.ui.sync_centre.outbox import Outbox
from crm_desktop.ui.sync_centre.overview import Overview
from crm_desktop.ui.sync_centre.side import SidePane
from crm_desktop.ui.sync_centre.transfer_list import TransferList
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, S
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.menus import Menu
from crm_desktop.ui.widgets.tabs import Tab, TabRow

_Fill = Callable[[Facts, Status], None]
_Part = TypeVar("_Part", bound=QWidget)

SETTLE_MS = 300
LONG_MS = 1000  # a shorter round is over before anybody could stop it
HOUR_S = 3600
MORNING_HOUR = 7
TABS = (
    ("overview", N_("Overview")),
    ("outbox", N_("Outbox")),
    ("conflicts", N_("Conflicts")),
    ("refused", N_("Refused by HQ")),
    ("offered", N_("From colleagues")),
    ("files", N_("Files")),
    ("history", N_("History")),
    ("network", N_("Network")),
)


class SyncCentrePage(Page):
    """Eight tabs under a banner."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        super().__init__(context, actions)
        self._facts: Facts | None = None
        self._chose_tab = False
        self.banner = Banner()
        self._fills: list[_Fill] = []
        """What shows the facts in each part that was made."""
        self._pause_menu = Menu(self)
        self._pause_menu.aboutToShow.connect(self._fill_pause_menu)
        self.pause = Button(message("Pause"), Kind.STANDARD, icon="pause")
        self.pause.setMenu(self._pause_menu)
        self.by_file = Button(message("Sync by file…"), Kind.STANDARD, icon="file")
        self.by_file.clicked.connect(self.open_by_file)
        self.now = Button(message("Sync now"), Kind.PRIMARY, icon="sync", hint="F9")
        self.now.clicked.connect(self._on_now)
        self.tabs = TabRow(
            [Tab(key=key, text=Message(text)) for key, text in TABS], name=message("Sync centre")
        )
        self.tabs.chosen.connect(self._on_tab_chosen)
        self.stack = QStackedWidget(self)
        self._lay_out()
        self._settle = QTimer(self)
        self._settle.setSingleShot(True)
        self._settle.setInterval(SETTLE_MS)
        self._settle.timeout.connect(self.refresh)
        self._patience = QTimer(self)
        self._patience.setSingleShot(True)
        self._patience.timeout.connect(lambda: self._show_now(self.context.sync_status))
        context.records_changed.connect(self._on_records_changed)
        context.sync_changed.connect(self._on_sync_changed)
        self.retranslate()

    def show_place(self, place: Place) -> None:
        """Show the tab a place names; else the conflicts, where there are any."""
        tab = place.options.get("tab")
        self._chose_tab = tab is not None
        if tab is not None:
            self._show_tab(str(tab))
        self.refresh()

    def leave(self) -> bool:
        """Return whether nothing unsaved is open; a form that has something asks."""
        return "refused" not in vars(self) or self.refused.leave()

    def refresh(self) -> None:
        """Ask for everything anew."""
        app = self.context.app
        self.context.tasks.read(self, lambda: facts(app), self._on_facts, topic="facts")

    def retranslate(self) -> None:
        """Say what holds sentences of several parts anew."""
        self.setAccessibleName(tr("Sync centre"))
        if self._facts is not None:
            self._on_facts(self._facts)

    # The parts behind the tabs, each made when it is first shown

    @cached_property
    def overview(self) -> Overview:
        """Where the laptop stands."""
        part = Overview()
        return self._added(part, part.show_facts)

    @cached_property
    def outbox(self) -> Outbox:
        """What waits to be sent."""
        part = Outbox(self.context)
        part.send_wanted.connect(self._on_now)
        return self._added(
            part, lambda known, _: part.show_waiting(known.waiting, enrolled=known.status.enrolled)
        )

    @cached_property
    def side(self) -> SidePane:
        """What waits and what HQ refused, beside the conflicts."""
        side = SidePane(self.context)
        side.open_all.connect(lambda: self._on_tab_chosen("outbox"))
        side.fix_wanted.connect(self._on_fix)
        return side

    @cached_property
    def conflicts(self) -> Inbox:
        """Edits that lost against another of the same field."""
        part = Inbox(
            self.context,
            self.actions_of_program,
            hint=message(
                "Edits to different fields are joined without asking. Only the same field changed on both"
                " sides comes here."
            ),
            empty=message("Edits to different fields are joined without asking."),
            beside=self.side,
        )

        def fill(known: Facts, _status: Status) -> None:
            self.side.show_facts(known.waiting, known.refused)
            part.show_edits(known.conflicts, known.titles, known.joined)

        return self._added(part, fill)

    @cached_property
    def refused(self) -> Inbox:
        """Edits HQ's rules did not allow."""
        part = Inbox(
            self.context,
            self.actions_of_program,
            hint=message("HQ's rules did not allow these. Your value is kept here until you decide."),
            empty=message("HQ took every change."),
        )
        return self._added(part, lambda known, _: part.show_edits(known.refused, known.titles))

    @cached_property
    def offered(self) -> OfferList:
        """Records colleagues offer."""
        part = OfferList(self.context)
        return self._added(part, lambda known, _: part.show_offers(known.offered, known.titles))

    @cached_property
    def files(self) -> TransferList:
        """Contents of files under way."""
        part = TransferList(self.context)
        part.changed.connect(self._ask_soon)

        def fill(known: Facts, status: Status) -> None:
            part.show_step(status.file)
            part.show_under_way(known.files)

        return self._added(part, fill)

    @cached_property
    def history(self) -> History:
        """The rounds there were."""
        part = History(self.context)
        return self._added(part, lambda known, _: part.show_events(known.events))

    @cached_property
    def network(self) -> Network:
        """The way to HQ."""
        part = Network(self.context)
        return self._added(part, part.show_facts)

    def _added(self, part: _Part, fill: _Fill) -> _Part:
        self.stack.addWidget(part)
        self._fills.append(fill)
        if self._facts is not None:
            fill(self._facts, self.context.sync_status)
        return part

    def _lay_out(self) -> None:
        margin = theme().px(XL)
        head = QHBoxLayout()
        head.setSpacing(theme().px(S))
        head.addWidget(Label(message("Sync centre"), step="title"))
        head.addStretch(1)
        head.addWidget(self.by_file)
        head.addWidget(self.pause)
        head.addWidget(self.now)
        above = QVBoxLayout()
        above.setContentsMargins(margin, theme().px(12), margin, 0)
        above.setSpacing(theme().px(12))
        above.addLayout(head)
        above.addWidget(self.banner)
        above.addWidget(self.tabs)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(above)
        column.addWidget(self.stack, 1)

    def _on_records_changed(self, _changed: object) -> None:
        self._ask_soon()

    def _ask_soon(self) -> None:
        if self.isVisible() and not self._settle.isActive():
            self._settle.start()

    def _on_sync_changed(self, status: Status) -> None:
        if self._facts is not None and self.isVisible():
            self.banner.show_facts(self._facts, status)
            for key in ("overview", "network"):
                if key in vars(self):
                    getattr(self, key).show_facts(self._facts, status)
            if "files" in vars(self):
                self.files.show_step(status.file)
            self._show_now(status)
        self._ask_soon()

    def _on_facts(self, known: Facts) -> None:
        self._facts = known
        status = self.context.sync_status
        self.banner.show_facts(known, status)
        for fill in self._fills:
            fill(known, status)
        counted = {
            "outbox": known.status.waiting_records,
            "conflicts": len(known.conflicts),
            "refused": len(known.refused),
            "offered": known.status.offered,
            "files": known.files.count,
        }
        self.tabs.set_counts(counted)
        for button in (self.pause, self.by_file):
            button.setVisible(known.status.enrolled)
        self._show_now(status)
        if not self._chose_tab:
            self._chose_tab = True
            counts = {"conflicts": known.conflicts, "refused": known.refused, "offered": known.offered}
            self._show_tab(next((tab for tab, some in counts.items() if some), "overview"))

    def _show_now(self, status: Status) -> None:
        """Offer what can be done now: sync, try again, stop, go on, or connect first."""
        enrolled = self._facts is not None and self._facts.status.enrolled
        text = message("Sync now")
        if not enrolled:
            text = message("Connect to your head office…")
        elif self._is_long(status):
            text = message("Stopping…") if status.stopping else message("Cancel")
        elif status.phase in (Phase.OFFLINE, Phase.REFUSED):
            text = message("Try now")
        elif status.phase is Phase.PAUSED:
            text = message("Resume sync")
        self.now.say(text)
        self.now.set_hint("F9" if enrolled and not self._is_long(status) else "")
        self.now.setEnabled(not status.stopping)

    def _is_long(self, status: Status) -> bool:
        """Tell whether a round has run long enough to offer its end; a short one is over before."""
        if status.phase is not Phase.RUNNING or status.last_try_ms is None:
            return False
        left_ms = status.last_try_ms + LONG_MS - time.time_ns() // 1_000_000
        if left_ms > 0:
            self._patience.start(left_ms)
        return left_ms <= 0

    def _on_now(self) -> None:
        runner = self.context.app.runner
        if runner is not None and self._is_long(self.context.sync_status):
            runner.cancel()
        else:
            self.actions_of_program.action("frame.sync").trigger()

    def open_by_file(self) -> ByFile:
        """Open what carries a sync by files, and return it."""
        dialog = ByFile(self.context, self)
        dialog.open()
        return dialog

    def _on_fix(self, entity: str, record_id: str) -> None:
        self._on_tab_chosen("refused")
        self.refused.show_record(entity, record_id)

    def _on_tab_chosen(self, key: str) -> None:
        self._chose_tab = True
        self._show_tab(key)

    def _show_tab(self, key: str) -> None:
        self.tabs.choose(key)
        self.stack.setCurrentWidget(getattr(self, key))  # a part has the name of its tab

    def _fill_pause_menu(self) -> None:
        menu, runner = self._pause_menu, self.context.app.runner
        menu.clear()
        if runner is None:
            return
        if self.context.sync_status.phase is Phase.PAUSED:
            menu.add(tr("Resume sync"), "play").triggered.connect(lambda _checked=False: runner.resume())
        else:
            lengths = ((tr("For an hour"), HOUR_S), (tr("Until tomorrow"), _seconds_until_tomorrow()))
            for text, seconds in lengths:
                action = menu.add(text, "pause")
                action.triggered.connect(lambda _checked=False, s=seconds: runner.pause(s))
        menu.addSeparator()
        metered = menu.add(tr("Also on metered networks"))
        metered.setCheckable(True)
        metered.setChecked(self.context.app.settings.get(SYNC_ON_METERED))
        metered.toggled.connect(self._on_metered_chosen)

    def _on_metered_chosen(self, chosen: bool) -> None:
        settings, context = self.context.app.settings, self.context
        # The rule is looked at again with every status.
        self.context.tasks.write(
            self,
            lambda: settings.set(SYNC_ON_METERED, chosen),
            lambda _none: context.sync_changed.emit(context.sync_status),
        )


def _seconds_until_tomorrow() -> int:
    now = datetime.datetime.now().astimezone()
    morning = datetime.datetime.combine(
        now.date() + datetime.timedelta(days=1), datetime.time(MORNING_HOUR)
    ).astimezone()
    return math.ceil((morning - now).total_seconds())
