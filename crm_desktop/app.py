"""The window put together: what is shown first, what is opened behind it, what is done when it closes.

Nothing heavy is imported before the window has been painted once: the database and its tables come in on
another thread meanwhile.
"""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer
from PySide6.QtWidgets import QApplication

from crm_core.errors import CrmError, DamagedDatabase, UserError
from crm_core.i18n import Message, message
from crm_desktop.platform import running
from crm_desktop.platform.logs import start_logging, stop_logging
from crm_desktop.platform.paths import APP_NAME, Profile, profile_at
from crm_desktop.platform.secrets import PASSPHRASE_VARIABLE, unlocked_store
from crm_desktop.settings import LANGUAGE, THEME, WINDOW_GEOMETRY, Settings
from crm_desktop.ui.dressing import dress
from crm_desktop.ui.main_window import FIRST_RUN_SIZE, FIRST_SIZE, MainWindow, Opening
from crm_desktop.ui.tasks import Tasks
from crm_desktop.ui.translate import translator

if TYPE_CHECKING:
    from crm_desktop.assembly import App
    from crm_desktop.models.backup import Copy
    from crm_desktop.sync.runner import Status
    from crm_desktop.ui.context import Context, Notice
    from crm_desktop.ui.first_run.restore import RestoreScreen
    from crm_desktop.ui.opening import Opened, WentBack
    from crm_desktop.ui.shell.frame import Frame

log = logging.getLogger(__name__)

REST_MS = 1_500  # after the first page: what may wait does not take its time from it


def open_window(folder: Path | str | None = None) -> int:
    """Open the window of a profile (None: the default one) and return the exit status when it is closed."""
    qapp = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(qapp, QApplication)
    qapp.setApplicationName(APP_NAME)
    qapp.setApplicationDisplayName(APP_NAME)
    qapp.setDesktopFileName("satchel")
    profile = profile_at(folder)
    profile.make()
    handler = start_logging(profile)
    try:
        desktop = Desktop(qapp, profile)
        desktop.start()
        return int(qapp.exec())
    finally:
        stop_logging(handler)


class Desktop(QObject):
    """The program's course: opening, first run, work, end."""

    def __init__(self, qapp: QApplication, profile: Profile) -> None:
        super().__init__()
        self._qapp, self.profile = qapp, profile
        self.settings = Settings(profile.settings_file)
        dress(qapp, self.settings)
        self.window = MainWindow()
        if not self.profile.has_database:
            self.window.resize(FIRST_RUN_SIZE)
        self.window.place_as(self.settings.get(WINDOW_GEOMETRY))
        self.window.closing.connect(self._on_closing)
        self.window.first_painted.connect(self._on_first_painted, Qt.ConnectionType.QueuedConnection)
        self.app: App | None = None
        self._context: Context | None = None
        self._tasks = Tasks(self)
        self._tasks.failed.connect(self._on_task_failed)
        self._check_due = False
        """The window before was not closed as it should be, and the database is not checked yet."""
        self._passphrase = ""

    def start(self) -> None:
        """Show the window; everything else follows its first painting."""
        self.window.show()

    # Opening

    def _on_first_painted(self) -> None:
        if self.profile.has_database or self.profile.has_backups:
            self._open_profile()
        else:
            self._first_run()

    def _open_profile(self) -> None:
        if self._passphrase:
            self._open(self._passphrase)
        elif self.profile.key_file.exists() and not os.environ.get(PASSPHRASE_VARIABLE):
            self._unlock()
        else:
            self._open("")

    def _unlock(self, error: Message | None = None) -> None:
        from crm_desktop.ui.first_run.unlock import UnlockScreen  # noqa: PLC0415 - after the first painting

        screen = self.window.screen_shown
        if isinstance(screen, UnlockScreen):
            screen.refuse(error)
            return
        screen = UnlockScreen()
        screen.passphrase_given.connect(self._open)
        screen.left.connect(self.window.close)
        self.window.show_screen(screen)

    def _open(self, passphrase: str) -> None:
        self._passphrase = passphrase
        profile = self.profile

        def work() -> Opened:
            # The key of a passphrase takes a sixth of a second of a processor: beside the imports.
            with ThreadPoolExecutor(max_workers=1, thread_name_prefix="key") as beside:
                store = beside.submit(unlocked_store, profile, passphrase)
                from crm_desktop.ui.opening import open_existing  # noqa: PLC0415 - heavy: on this thread

                return open_existing(profile, store.result())

        self._tasks.write(self, work, self._on_opened, self._on_not_opened)

    def _on_not_opened(self, error: CrmError) -> None:
        if isinstance(error, DamagedDatabase):
            self._offer_copies(error.message)
        elif self._passphrase and isinstance(error, UserError):
            self._unlock(error.message)
        else:
            self._stop(error.message)

    def _on_opened(self, opened: Opened) -> None:
        self._check_due = running.begin(self.profile)
        self._hold(opened.app)
        if (opened.enrolled and not opened.ready) or (not opened.enrolled and not opened.prepared):
            self._first_run(opened)
        else:
            self._work(opened)

    def _on_task_failed(self, error: CrmError | None) -> None:
        """Say so where no page is there to say it: before the program, only a screen can."""
        from crm_desktop.ui.first_run.restore import RestoreScreen  # noqa: PLC0415

        if error is not None and isinstance(self.window.screen_shown, RestoreScreen):
            log.info("Ended with the profile that was closed: %s", error)
        elif self._context is None:
            broken = message("Something went wrong. It was noted in the log.")
            self._stop(broken if error is None else error.message)

    def _stop(self, reason: Message) -> None:
        from crm_desktop.ui.first_run.stopped import stopped_screen  # noqa: PLC0415 - after the first painting

        screen = stopped_screen(reason, str(self.profile.root))
        screen.again_wanted.connect(self._open_profile)
        screen.left.connect(self.window.close)
        self.window.show_screen(screen)

    # Going back to a copy

    def _offer_copies(self, reason: Message) -> None:
        """Show the copies a profile that cannot be opened can go back to."""
        from crm_desktop.services import upkeep  # noqa: PLC0415 - heavy: loaded by the attempt to open
        from crm_desktop.ui.first_run.stopped import NOT_OPENED, lost_screen  # noqa: PLC0415

        profile, passphrase = self.profile, self._passphrase

        def work(copy: Path) -> WentBack:
            from crm_desktop.ui.opening import restore_closed  # noqa: PLC0415

            return restore_closed(profile, passphrase, copy)

        def show(copies: tuple[Copy, ...]) -> None:
            if copies:
                self._show_restore(NOT_OPENED, reason, copies, work, again=message("Try again"))
                return
            screen = lost_screen(str(profile.root))
            screen.again_wanted.connect(self._open_profile)
            screen.left.connect(self.window.close)
            self.window.show_screen(screen)

        self._tasks.read(self, lambda: upkeep.copies(profile), show)

    def _show_restore(
        self,
        line: Message,
        reason: Message | str,
        copies: tuple[Copy, ...],
        work: Callable[[Path], WentBack],
        *,
        again: Message,
    ) -> RestoreScreen:
        from crm_desktop.ui.first_run.restore import RestoreScreen  # noqa: PLC0415

        screen = RestoreScreen(line, reason, str(self.profile.root), copies, again=again)
        screen.restore_wanted.connect(lambda copy: self._restore(screen, copy, work))
        screen.again_wanted.connect(self._open_profile)
        screen.left.connect(self.window.close)
        self.window.show_screen(screen)
        return screen

    def _restore(self, screen: RestoreScreen, copy: Copy, work: Callable[[Path], WentBack]) -> None:
        screen.begin()
        self._tasks.write(
            self,
            lambda: work(copy.file),
            lambda back: self._on_restored(copy, back),
            lambda error: screen.refuse(copy, error),
        )

    def _on_restored(self, copy: Copy, back: WentBack) -> None:
        from crm_desktop.ui.context import Notice  # noqa: PLC0415
        from crm_desktop.ui.copies import made_at  # noqa: PLC0415

        running.end(self.profile)  # whatever ended unexpectedly, this copy was checked
        self._on_opened(back.opened)
        if self._context is None:
            return
        when = made_at(copy)
        if back.aside is None:
            told = message("Satchel went back to the copy of {when}.", when=when)
        else:
            told = message(
                "Satchel went back to the copy of {when}. What was here before is in {file}.",
                when=when,
                file=back.aside,
            )
        self._context.notice.emit(Notice(kind="good", text=told))

    def _on_restore_wanted(self) -> None:
        """Ask which copy an open profile is to go back to."""
        from crm_desktop.services import upkeep  # noqa: PLC0415
        from crm_desktop.ui.shell.frame import Frame  # noqa: PLC0415

        context, screen = self._context, self.window.screen_shown
        if context is None or not isinstance(screen, Frame):
            return
        if screen.page is not None and not screen.page.leave():
            return
        replica = context.replica

        def work() -> tuple[tuple[Copy, ...], dict[Path, int]]:
            copies = upkeep.copies(replica.profile)
            try:
                return copies, upkeep.left_behind(replica, copies)
            except DamagedDatabase:
                log.warning("What was not sent cannot be counted: the database is damaged")
                return copies, {}

        self._tasks.read(self, work, lambda known: self._ask_which_copy(context, *known), context.show_error)

    def _ask_which_copy(
        self, context: Context, copies: tuple[Copy, ...], left_behind: dict[Path, int]
    ) -> None:
        from crm_desktop.ui.settings.restore_copy import RestoreCopy  # noqa: PLC0415

        if self._context is not context:
            return
        dialog = RestoreCopy(copies, left_behind, self.window)
        dialog.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        dialog.accepted.connect(lambda: self._go_back(context.app, copies, dialog.choice.chosen))
        dialog.open()

    def _go_back(self, app: App, copies: tuple[Copy, ...], copy: Copy | None) -> None:
        """Close an open profile and restore a copy, once nothing reads or writes it any more."""
        if copy is None or self.app is not app:
            return
        self.app, self._context = None, None
        if not self._check_due:
            running.end(self.profile)  # left in order, whatever becomes of the copy
        app.replica.leave()
        for job in self._tasks.jobs:
            job.cancel()

        def work(file: Path) -> WentBack:
            from crm_desktop.ui.opening import restore_open  # noqa: PLC0415

            return restore_open(app, file)

        screen = self._show_restore(
            message("Going back to a copy"), "", copies, work, again=message("Open without restoring")
        )
        screen.choice.choose(copy)
        screen.begin()
        self._once_idle(lambda: self._restore(screen, copy, work))

    def _once_idle(self, then: Callable[[], None]) -> None:
        """Call `then` as soon as nothing reads or writes."""

        def look(busy: int) -> None:
            if busy == 0:
                self._tasks.busy_changed.disconnect(look)
                then()

        self._tasks.busy_changed.connect(look)
        look(self._tasks.busy)

    # The first run

    def _first_run(self, opened: Opened | None = None) -> None:
        from crm_desktop.ui.first_run.wizard import FirstRun  # noqa: PLC0415 - after the first painting

        wizard = FirstRun(self._tasks, self.profile, self._context_of, opened)
        wizard.language_chosen.connect(self._use_language)
        wizard.finished.connect(self._work)
        self.window.show_screen(wizard)

    def _context_of(self, app: App) -> Context:
        """Return the one context of an open profile."""
        from crm_desktop.ui.context import Context  # noqa: PLC0415 - heavy: after the first painting

        if self._context is None or self._context.app is not app:
            if self.app is not app:
                running.begin(self.profile)
                self._hold(app)
            self._context = Context(app, self._tasks, self)
            self._context.sync_changed.connect(self._on_sync_changed)
            self._context.restore_wanted.connect(self._on_restore_wanted)
        return self._context

    def _hold(self, app: App) -> None:
        self.app = app
        self.settings = app.settings

    # Work

    def _work(self, opened: Opened) -> None:
        from crm_desktop.ui.shell.frame import Frame  # noqa: PLC0415 - heavy: after the first painting

        context = self._context_of(opened.app)
        frame = Frame(context, opened.standing, sample=opened.sample)
        frame.language_chosen.connect(self._use_language)
        frame.theme_chosen.connect(self._use_theme)
        frame.connect_wanted.connect(self._connect_to_hq)
        frame.sign_in_wanted.connect(lambda: self._sign_in(context))
        frame.remove_sample_wanted.connect(self._remove_sample)
        self.window.show_screen(frame)
        if not self.settings.get(WINDOW_GEOMETRY) and self.window.size() == FIRST_RUN_SIZE:
            self.window.fit(FIRST_SIZE)
        frame.begin()
        if opened.enrolled and opened.app.runner is None:
            opened.app.start_syncing(context.on_sync_status)
        QTimer.singleShot(REST_MS, frame, lambda: self._look_after(context, frame))

    def _look_after(self, context: Context, frame: Frame) -> None:
        """Do what may wait: further pages, the search index, the backup, a check after an unexpected end."""
        from crm_desktop.ui.opening import tidy  # noqa: PLC0415

        if self._context is not context:
            return
        frame.load_ahead()
        app, check = context.app, self._check_due

        def failed(error: CrmError) -> None:
            if self._context is context:
                context.show_error(error)

        self._tasks.read(
            self,
            lambda: tidy(app, check=check, restore=context.restore_wanted.emit),
            lambda found: self._on_tidied(context, found),
            failed,
        )

    def _on_tidied(self, context: Context, notice: Notice | None) -> None:
        self._check_due = False
        if notice is not None:
            context.notice.emit(notice)

    def _on_sync_changed(self, status: Status) -> None:
        if status.refusal in ("revoked", "disabled", "wipe"):
            self._lock(status.refusal)

    def _lock(self, why: str) -> None:
        from crm_desktop.ui.first_run.stopped import locked_screen  # noqa: PLC0415

        if self._context is None:
            return  # said already; it is closed as soon as nothing reads it
        app, self._context = self.app, None
        screen = locked_screen(why, str(self.profile.root))
        screen.again_wanted.connect(lambda: self._once_idle(self._open_profile))
        screen.left.connect(self.window.close)
        self.window.show_screen(screen)
        if app is not None:
            # What still reads it, a check or an index, would break off as an error of ours.
            app.replica.leave()
            for job in self._tasks.jobs:
                job.cancel()
            self._once_idle(lambda: self._close_app() if self.app is app else None)

    def _connect_to_hq(self) -> None:
        if self.app is None:
            return
        from crm_desktop.ui.opening import opened_of  # noqa: PLC0415

        app = self.app
        self._tasks.read(self, lambda: opened_of(app), self._on_connect_prepared)

    def _on_connect_prepared(self, opened: Opened) -> None:
        if opened.sample:
            self._remove_sample()
        else:
            self._first_run(opened)

    def _sign_in(self, context: Context) -> None:
        from crm_desktop.ui.first_run.sign_in_again import SignInAgain  # noqa: PLC0415

        SignInAgain(context, self.window).open()

    def _remove_sample(self) -> None:
        from crm_desktop.ui.first_run.remove_sample import RemoveSample  # noqa: PLC0415

        dialog = RemoveSample(self.window)
        dialog.accepted.connect(self._on_sample_given_up)
        dialog.open()

    def _on_sample_given_up(self) -> None:
        app, self.app, self._context = self.app, None, None
        if app is not None:
            self.window.show_screen(Opening())
            self._tasks.write(self, app.discard_sample, lambda _gone: self._begin_anew(), self._on_not_opened)

    def _begin_anew(self) -> None:
        self.settings = Settings(self.profile.settings_file)
        running.end(self.profile)
        self._first_run()

    # Choices

    def _use_language(self, language: str) -> None:
        self.settings.set(LANGUAGE, language)
        translator().use(language)

    def _use_theme(self, mode: str) -> None:
        self.settings.set(THEME, mode)
        dress(self._qapp, self.settings)

    # The end

    def _on_closing(self) -> None:
        self.settings.set(WINDOW_GEOMETRY, self.window.kept_place())
        self.window.hide()  # the last round may take a moment, and nobody should wait for it
        if self.app is not None:
            self.app.replica.opened.close_all()
            self.app.replica.leave()
        self._tasks.close()
        self._close_app(last_round=True)

    def _close_app(self, *, last_round: bool = False) -> None:
        app, self.app, self._context = self.app, None, None
        if app is not None:
            app.close(last_round=last_round)
            if not self._check_due:
                running.end(self.profile)
