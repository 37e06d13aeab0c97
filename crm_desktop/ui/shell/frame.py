"""The frame around every page: rail, top bar, status bar, and the way from place to place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtCore import QEvent, Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from crm_core.errors import CrmError
from crm_core.i18n import Message, message
from crm_desktop.services import syncing
from crm_desktop.services.calendar import local
from crm_desktop.services.syncing import SyncStatus
from crm_desktop.settings import LAST_VIEW, RAIL_COLLAPSED, RECENT_RECORDS
from crm_desktop.sync.blobs import UP
from crm_desktop.sync.report import COPIED, RoundReport
from crm_desktop.sync.runner import Phase, Status
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context, Notice, Place
from crm_desktop.ui.format import coming_date, figure
from crm_desktop.ui.pages.ahead import Ahead
from crm_desktop.ui.pages.page import Page
from crm_desktop.ui.pages.registry import BY_ID, PAGES
from crm_desktop.ui.places import PAGE_OF_ENTITY
from crm_desktop.ui.shell.finding import Finding
from crm_desktop.ui.shell.keys import add_frame_actions
from crm_desktop.ui.shell.menus import Commands, fill_new, fill_program
from crm_desktop.ui.shell.metered import MeteredRule, SystemNetwork
from crm_desktop.ui.shell.notices import NoticeHost
from crm_desktop.ui.shell.quick_log import QuickLog
from crm_desktop.ui.shell.rail import Rail
from crm_desktop.ui.shell.reminders import Reminders
from crm_desktop.ui.shell.shortcut_sheet import ShortcutSheet
from crm_desktop.ui.shell.standing import Standing, Watch
from crm_desktop.ui.shell.status_bar import Running, StatusBar
from crm_desktop.ui.shell.top_bar import TopBar
from crm_desktop.ui.shell.trail import Trail
from crm_desktop.ui.sync_words import sync_words
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text, show
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.menus import Menu
from crm_desktop.ui.widgets.sync_badge import SyncState
from crm_desktop.ui.widgets.tag_looks import tag_looks

MOST_RECENT = 20
NARROW = 1040
"""Below this width, at the person's font scale, the rail shows icons alone."""
HOUR_S = 3600
SOON_MS = 3 * 24 * HOUR_S * 1000
"""How long before nothing can be changed any more the person is told."""


class Frame(Live, QWidget):
    """The program. Pages are made when first shown and kept."""

    connect_wanted = Signal()
    sign_in_wanted = Signal()
    remove_sample_wanted = Signal()
    language_chosen = Signal(str)
    theme_chosen = Signal(str)

    def __init__(
        self, context: Context, standing: Standing, *, sample: bool, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.context, self._standing, self._sample = context, standing, sample
        self.actions_of_program = ActionRegistry(self)
        self._pages: dict[str, Page] = {}
        self._trail = Trail()
        self._stopped: RoundReport | None = None
        self._told_of_lease: Text | None = None
        self._last_report: RoundReport | None = None
        self.rail = Rail([page for page in PAGES if page.in_rail])
        self._new_menu, self._program_menu = Menu(self), Menu(self)
        self.top = TopBar(self._new_menu, self._program_menu)
        self.notices = NoticeHost()
        self.stack = context.stage = QStackedWidget()
        self.status = StatusBar()
        self._lay_out()
        self._commands = self._make_commands()
        add_frame_actions(self, self.actions_of_program, self._commands)
        self.finding = Finding(
            context, self.actions_of_program, standing.allowed.pages(), self.top.search, self
        )
        self.log = QuickLog(context, self)
        self._watch = Watch(context, self)
        self.metered = MeteredRule(context, SystemNetwork(self), self)
        self.reminders = Reminders(context, self)
        self.ahead = Ahead(context.tasks, self)
        self._connect()
        self.top.sample.setVisible(sample)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._show_standing(standing)

    @property
    def place(self) -> Place | None:
        """Where the person is."""
        return self._trail.place

    @property
    def page(self) -> Page | None:
        """The page in front; None before the first."""
        place = self.place
        return self._pages.get(place.page) if place else None

    def retranslate(self) -> None:
        """Write the dates of the status bar as the language on screen does."""
        self._say_sync()

    def begin(self) -> None:
        """Show the page that was in front when the program was left."""
        last = self.context.app.settings.get(LAST_VIEW)
        shown = {page.id for page in self._standing.allowed.pages()}
        self.setFocus()  # not on the rail's first item, which would look chosen
        self.go(Place(page=last if last in shown else "home"))

    def load_ahead(self) -> None:
        """Import the pages of the rail by and by, so that showing one has only to make it."""
        self.ahead.load([page.module for page in self._standing.allowed.pages() if page.in_rail])

    def go(self, place: Place) -> None:
        """Show a place; the page in front may refuse to be left."""
        if self._leave_for(place):
            self._trail.go(place)
            self._show(place)

    def walk(self, steps: int) -> None:
        """Go back or forth along the places visited."""
        place = self._trail.peek(steps)
        if place is not None and self._leave_for(place):
            self._trail.step(steps)
            self._show(place)

    def open_log(self) -> None:
        """Open the quick log, for the record in front if there is one: opened, or current in a list."""
        self.log.open_under(self.top.log, self._in_front())

    def _in_front(self) -> tuple[str, str] | None:
        place, page = self.place, self.page
        entity = BY_ID[place.page].entity if place is not None else None
        shown = (entity, place.record_id) if place is not None and entity and place.record_id else None
        return page.in_front() if shown is None and page is not None else shown

    def new(self, entity: str | None = None) -> None:
        """Begin a new record: of a kind, or of what the page in front shows."""
        wanted = entity or self._entity_here()
        allowed = self._standing.allowed
        if wanted in allowed.creatable or wanted in allowed.new_on_page:
            options: dict[str, object] = {"new": wanted}
            shown = self._in_front()
            if wanted == "service_request" and shown is not None and shown[0] == "customer":
                options["values"] = {"customer_id": shown[1]}
            self.go(Place(page=PAGE_OF_ENTITY[wanted], options=options))

    def refresh(self) -> None:
        """Have the page in front ask for everything anew."""
        if self.page is not None:
            self.page.refresh()

    def show_shortcuts(self) -> None:
        """Show the sheet of shortcuts."""
        ShortcutSheet(self.actions_of_program.specs(), self.window()).open()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Take back what the bar offers to undo, where nothing that has the focus knows the key itself."""
        if not (event.matches(QKeySequence.StandardKey.Undo) and self.notices.take_back()):
            super().keyPressEvent(event)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """Give the page the rail's room where there is little."""
        super().resizeEvent(event)
        self._fit_rail()

    def changeEvent(self, event: QEvent) -> None:
        """Look at the room again after the size of text was changed."""
        super().changeEvent(event)
        if event.type() == QEvent.Type.StyleChange:
            self._fit_rail()

    def _fit_rail(self) -> None:
        narrow = self.width() < theme().px(NARROW)
        collapsed = narrow or self.context.app.settings.get(RAIL_COLLAPSED)
        if collapsed != self.rail.collapsed:
            self.rail.collapse(collapsed)

    def _lay_out(self) -> None:
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self.top)
        right.addWidget(self.notices)
        right.addWidget(self.stack, 1)
        above = QHBoxLayout()
        above.setSpacing(0)
        above.addWidget(self.rail)
        above.addLayout(right, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(above, 1)
        column.addWidget(self.status)

    def _make_commands(self) -> Commands:
        return Commands(
            new=self.new,
            request=lambda: self.new("service_request"),
            sync_now=self._sync_now,
            pause=self._pause,
            resume=self._resume,
            go=lambda page_id: self.go(Place(page=page_id)),
            collapse=self._collapse,
            language=self.language_chosen.emit,
            theme=self.theme_chosen.emit,
            shortcuts=self.show_shortcuts,
            connect=self.connect_wanted.emit,
            remove_sample=self.remove_sample_wanted.emit,
            quit=lambda: self.window().close(),
            find=lambda: self.finding.begin(),
            walk=self.walk,
            log=self.open_log,
            call_taken=lambda: self.go(Place(page="tickets", options={"call": True})),
            refresh=self.refresh,
            new_here=self.new,
            new_menu=self.top.new.showMenu,
            program_menu=self.top.program.showMenu,
            undo=lambda: self.notices.take_back(),
        )

    def _connect(self) -> None:
        context = self.context
        context.go.connect(self.go)
        context.notice.connect(self.notices.show_notice)
        context.sync_changed.connect(self._on_sync_changed)
        context.selection_changed.connect(self.status.show_selection)
        context.tasks.busy_changed.connect(self._show_running)
        context.tasks.jobs_changed.connect(self._show_running)
        context.tasks.failed.connect(self._on_task_failed)
        self._watch.changed.connect(self._show_standing)
        self.rail.chosen.connect(lambda page_id: self.go(Place(page=page_id)))
        self.top.back.clicked.connect(lambda: self.walk(-1))
        self.top.forward.clicked.connect(lambda: self.walk(1))
        self.top.log.clicked.connect(self.open_log)
        self.top.sample_clicked.connect(self._on_sample_clicked)
        self.status.badge_clicked.connect(self._on_badge_clicked)
        self.status.cancel_clicked.connect(self._on_cancel_clicked)
        self._new_menu.aboutToShow.connect(self._on_new_menu_opening)
        self._program_menu.aboutToShow.connect(self._on_program_menu_opening)

    def _leave_for(self, place: Place) -> bool:
        page = self.page
        return page is None or self.place == place or page.leave()

    def _show(self, place: Place) -> None:
        page = self._pages.get(place.page)
        if page is None:
            page = BY_ID[place.page].make(self.context, self.actions_of_program)
            self._pages[place.page] = page
            self.stack.addWidget(page)
        self.status.show_selection(None)
        self.stack.setCurrentWidget(page)
        self.rail.choose(place.page)
        self.top.back.setEnabled(self._trail.can_go_back)
        self.top.forward.setEnabled(self._trail.can_go_forward)
        page.show_place(place)
        self._remember(place)

    def _remember(self, place: Place) -> None:
        settings, entity = self.context.app.settings, BY_ID[place.page].entity

        def keep() -> None:
            settings.set(LAST_VIEW, place.page)
            if entity is not None and place.record_id is not None:
                opened = [entity, place.record_id]
                kept = [each for each in settings.get(RECENT_RECORDS) if each != opened]
                settings.set(RECENT_RECORDS, [opened, *kept][:MOST_RECENT])

        self.context.tasks.write(self, keep)

    def _entity_here(self) -> str | None:
        return BY_ID[self.place.page].entity if self.place else None

    def _show_standing(self, standing: Standing) -> None:
        self._standing = standing
        self.rail.show_counts(standing.counts)
        self.rail.show_pages({page.id for page in standing.allowed.pages()})
        self.top.new.setEnabled(bool(standing.allowed.creatable))
        self.top.log.setEnabled("activity" in standing.allowed.creatable)
        self._say_sync()
        self._tell_of_lease(standing.sync)
        if tag_looks().use(standing.tag_colours):
            self.update()  # and with it whatever lies on it

    def _say_sync(self) -> None:
        words = sync_words(self.context.sync_status, self._standing.sync)
        self.status.show_sync(words.badge, words.network, words.age, words.next_try)

    def _on_sync_changed(self, status: Status) -> None:
        self._say_sync()
        self._show_running()
        if status.stopped is not None and status.stopped != self._stopped:
            report = status.stopped
            said = message(
                "Sync stopped: {sent} sent, {received} received."
                " Nothing is lost, the next one goes on from here.",
                sent=figure(report.sent),
                received=figure(report.received),
            )
            self.notices.show_notice(Notice(kind="info", text=said, seconds=10))
        self._stopped = status.stopped
        if status.last_report is not self._last_report:
            self._last_report = status.last_report
            if status.last_report is not None and status.last_report.begun_anew:
                self._tell_of_beginning(status.last_report.begun_anew)
        if status.phase is Phase.REFUSED and status.refusal == "sign_in":
            self._tell_once(
                Notice(
                    kind="warn",
                    text=message("HQ asks you to sign in again. Your work is safe on this laptop."),
                    action=message("Sign in"),
                    act=self.sign_in_wanted.emit,
                )
            )

    def _tell_of_lease(self, stands: SyncStatus) -> None:
        """Say that nothing can be changed until HQ is heard of, or that it will soon be so."""
        shown, until = self.notices.notice, stands.works_until_ms
        left_ms = (until or 0) - self.context.replica.clock.now_ms()
        if stands.read_only is not None:
            notice = Notice(kind="bad", text=stands.read_only)
        elif until is not None and left_ms < SOON_MS:
            day = coming_date(local(until).date())
            said = message("Sync before {day}: from then on nothing can be changed until you do", day=day)
            notice = Notice(kind="warn", text=said)
        else:
            notice = None
        if notice is None and shown is not None and shown.text == self._told_of_lease:
            self.notices.dismiss()
        elif notice is not None and notice.text != self._told_of_lease:
            self._tell_once(replace(notice, action=message("Sync now"), act=self._sync_now))
        self._told_of_lease = notice.text if notice is not None else None

    def _tell_of_beginning(self, why: str) -> None:
        is_copy = why == COPIED
        self.notices.show_notice(
            Notice(
                kind="warn" if is_copy else "info",
                text=Message(syncing.BEGUN_ANEW[why]),
                action=message("Sign in") if is_copy else None,
                act=self.sign_in_wanted.emit if is_copy else None,
            )
        )

    def _tell_once(self, notice: Notice) -> None:
        shown = self.notices.notice
        if shown is None or shown.text != notice.text:
            self.notices.show_notice(notice)

    def _show_running(self) -> None:
        """Show the newest job, else the sync round, else that something is being done."""
        tasks, sync = self.context.tasks, self.context.sync_status
        running = None
        if tasks.jobs:
            job = tasks.jobs[-1]
            running = Running(
                text=job.text,
                done=job.done,
                total=job.total,
                in_bytes=job.in_bytes,
                can_cancel=True,
                stopping=job.is_cancelled(),
            )
        elif sync.phase is Phase.RUNNING:
            step = sync.step
            running = Running(
                text=message("Syncing with HQ"),
                done=step.done if step else 0,
                total=step.total if step else 0,
                can_cancel=True,
                stopping=sync.stopping,
            )
        elif sync.file is not None:
            file = sync.file
            text = message("Sending a file") if file.direction == UP else message("Fetching a file")
            running = Running(text=text, done=file.done, total=file.total, in_bytes=True)
        elif tasks.busy:
            running = Running(text=message("Working…"))
        self.status.show_job(running)

    def _on_cancel_clicked(self) -> None:
        tasks, runner = self.context.tasks, self.context.app.runner
        if tasks.jobs:
            tasks.jobs[-1].cancel()
        elif runner is not None:
            runner.cancel()

    def _on_task_failed(self, error: CrmError | None) -> None:
        if error is not None:
            self.context.show_error(error)
            return
        text = message("Something went wrong. It was noted in the log.")
        self.notices.show_notice(Notice(kind="bad", text=text))

    def _on_badge_clicked(self) -> None:
        state = self.status.badge.status.state
        commands: dict[SyncState, Callable[[], None]] = {
            SyncState.NOT_CONNECTED: self.connect_wanted.emit,
            SyncState.SIGN_IN: self.sign_in_wanted.emit,
            SyncState.PENDING: self._sync_now,
            SyncState.UNKNOWN: self._sync_now,
            SyncState.PAUSED: self._resume,
            SyncState.ATTENTION: lambda: self.go(Place(page="sync", options={"tab": "conflicts"})),
        }
        commands.get(state, lambda: self.go(Place(page="sync")))()

    def _on_sample_clicked(self) -> None:
        menu = Menu(self)
        menu.aboutToHide.connect(menu.deleteLater)
        for text, icon, run in (
            (message("Connect to your head office…"), "server", self.connect_wanted.emit),
            (message("Remove the sample data…"), "trash", self.remove_sample_wanted.emit),
        ):
            menu.add(show(text), icon).triggered.connect(lambda _checked=False, do=run: do())
        chip = self.top.sample
        menu.popup(chip.mapToGlobal(chip.rect().bottomLeft()))

    def _on_new_menu_opening(self) -> None:
        fill_new(self._new_menu, self._standing.allowed.creatable, self._commands, self._entity_here())

    def _on_program_menu_opening(self) -> None:
        fill_program(
            self._program_menu,
            self._commands,
            self.context.app.settings,
            enrolled=self._standing.sync.enrolled,
            paused=self.context.sync_status.phase is Phase.PAUSED,
            sample=self._sample,
        )

    def _sync_now(self) -> None:
        runner = self.context.app.runner
        if runner is not None:
            runner.sync_now()
        elif not self._standing.sync.enrolled:
            self.connect_wanted.emit()

    def _pause(self, hours: int) -> None:
        if self.context.app.runner is not None:
            self.context.app.runner.pause(hours * HOUR_S)

    def _resume(self) -> None:
        if self.context.app.runner is not None:
            self.context.app.runner.resume()

    def _collapse(self) -> None:
        settings = self.context.app.settings
        settings.set(RAIL_COLLAPSED, not settings.get(RAIL_COLLAPSED))
        self._fit_rail()
