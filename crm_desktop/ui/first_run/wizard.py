"""The first run: from an empty laptop to work, with an HQ or its file, with sample data or with nothing."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QRect, Qt, Signal
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QProgressBar,
    QScrollArea,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from crm_core.errors import CrmError, Unreachable
from crm_core.i18n import Message, message
from crm_core.sync.sealed_file import WrongPassphrase
from crm_desktop.assembly import App
from crm_desktop.platform.paths import Profile
from crm_desktop.services import sample
from crm_desktop.sync.by_file import look_into_enrolment
from crm_desktop.ui.context import Context
from crm_desktop.ui.first_run.credentials import SignInStep, UnlockStep
from crm_desktop.ui.first_run.first_sync import FirstSyncStep
from crm_desktop.ui.first_run.start import Start, StartStep
from crm_desktop.ui.first_run.step import Step, StepList
from crm_desktop.ui.opening import Guard, Opened, guard_of, make_profile, opened_of
from crm_desktop.ui.tasks import Tasks
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import XL, S
from crm_desktop.ui.translate import translator
from crm_desktop.ui.widgets.buttons import Button, Kind
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

FOOT = 56


class FirstRun(Live, QWidget):
    """`finished` carries an `Opened` profile to work in."""

    language_chosen = Signal(str)
    finished = Signal(object)

    def __init__(
        self,
        tasks: Tasks,
        profile: Profile,
        context_of: Callable[[App], Context],
        opened: Opened | None = None,
        parent: QWidget | None = None,
    ) -> None:
        """`opened`: a profile that exists already, to be connected or whose first sync is to go on."""
        super().__init__(parent)
        self._tasks, self._profile, self._context_of = tasks, profile, context_of
        self._app = opened.app if opened else None
        self._unlocked = opened is not None
        self._returns_to = opened if opened and opened.prepared and not opened.enrolled else None
        self.start = StartStep(tasks, profile, only_hq=self._returns_to is not None)
        self.sign_in, self.unlock, self.sync = SignInStep(), UnlockStep(), FirstSyncStep()
        self._list = StepList()
        self._stack = QStackedWidget()
        for step in (self.start, self.sign_in, self.unlock, self.sync):
            area = QScrollArea()
            area.setWidgetResizable(True)
            area.setFrameShape(QFrame.Shape.NoFrame)
            area.setWidget(step)
            area.viewport().setAutoFillBackground(False)
            step.setAutoFillBackground(False)
            self._stack.addWidget(area)
            step.ready_changed.connect(self._show_ready)
        self._count = Label(color="text-soft")
        self._busy = QProgressBar()
        self._busy.setRange(0, 0)
        self._busy.setTextVisible(False)
        self._busy.setFixedWidth(theme().px(80))
        self._busy.hide()
        self._problem = Label(color="bad", wrap=True)
        self._problem.hide()
        self.back = Button(message("Back"), Kind.STANDARD)
        self.pause = Button(message("Pause"), Kind.STANDARD, icon="pause")
        self.next = Button(message("Next"), Kind.PRIMARY)
        self._lay_out()
        self.retint()
        self.start.language_chosen.connect(self.language_chosen)
        self.start.start_changed.connect(self._show_step)
        self.back.clicked.connect(self._on_back)
        self.next.clicked.connect(self._on_next)
        self.pause.clicked.connect(self._on_pause)
        self.sync.file_left.connect(self._on_file_left)
        self._step: Step = self.start
        tasks.read(self, lambda: guard_of(profile), self._on_guard_known)
        if opened is not None and opened.enrolled:
            self._go_on(opened)
        else:
            self._go(self.start)

    @property
    def step(self) -> Step:
        """The step in front."""
        return self._step

    def steps(self) -> list[tuple[Step | None, Message]]:
        """Return the steps of the way chosen; the language is chosen on the page of the second one."""
        listed: list[tuple[Step | None, Message]] = [(None, message("Language"))]
        if self.start.start is Start.HQ:
            listed += [(self.start, message("Head office")), (self.sign_in, message("Sign in"))]
        elif self.start.start is Start.FILE:
            listed += [(self.start, message("File from HQ"))]
        else:
            listed += [(self.start, message("How to start"))]
        if not self._unlocked:
            listed += [(self.unlock, message("Unlock"))]
        if self.start.start in (Start.HQ, Start.FILE):
            listed += [(self.sync, message("First sync"))]
        return listed

    def keyPressEvent(self, event: QKeyEvent) -> None:
        """Go on with Enter."""
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.next.isEnabled():
            self._on_next()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        """Paint the ground of the pages and the hairline over the foot."""
        painter = QPainter(self)
        painter.fillRect(self.rect(), theme().color("surface"))
        line = QRect(self._list.width(), self.height() - theme().px(FOOT), self.width(), 1)
        painter.fillRect(line, theme().color("line"))
        painter.end()

    def retint(self) -> None:
        """Keep the measures of the theme."""
        self._foot.setFixedHeight(theme().px(FOOT) - 1)
        self.update()

    def _lay_out(self) -> None:
        foot = self._foot = QWidget()
        row = QHBoxLayout(foot)
        row.setContentsMargins(theme().px(XL), 0, theme().px(XL), 0)
        row.setSpacing(theme().px(S))
        row.addWidget(self._count)
        row.addWidget(self._busy)
        row.addWidget(self._problem, 1)
        row.addStretch(1)
        for button in (self.back, self.pause, self.next):
            row.addWidget(button)
        right = QVBoxLayout()
        right.setSpacing(0)
        right.addWidget(self._stack, 1)
        right.addSpacing(1)
        right.addWidget(foot)
        whole = QHBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._list)
        whole.addLayout(right, 1)

    def _on_guard_known(self, guard: Guard) -> None:
        self.unlock.show_guard(guard)

    def _go(self, step: Step) -> None:
        self._step = step
        places = (self.start, self.sign_in, self.unlock, self.sync)
        self._stack.setCurrentIndex(places.index(step))
        self._problem.hide()
        self._show_step()
        step.enter()

    def _show_step(self) -> None:
        steps = self.steps()
        at = next((place for place, (step, _) in enumerate(steps) if step is self._step), 0)
        self._list.show_steps([name for _, name in steps], at)
        self._count.say(message("Step {step} of {steps}", step=at + 1, steps=len(steps)))
        syncing = self._step is self.sync
        self.back.say(message("Not now") if self._step is self.start else message("Back"))
        self.next.say(message("Start working") if syncing or at == len(steps) - 1 else message("Next"))
        self._show_ready()

    def _show_ready(self) -> None:
        syncing = self._step is self.sync
        self.pause.setVisible(syncing and not self.sync.done)
        self.next.setEnabled(self._step.ready and not self._busy.isVisible())
        if syncing:
            # Over a line that does not carry it, what comes may come in a file.
            self.back.setVisible(
                self.sync.is_out_of_reach and not self.sync.done and not self.sync.reads_file
            )
            self.back.say(message("Use a file…"))
        else:
            self.back.setVisible(self._step is not self.start or self._returns_to is not None)
        if self.sync.reads_file:
            self.pause.say(message("Stop"))
            self.pause.set_icon("x")
        else:
            self.pause.say(message("Resume") if self.sync.paused else message("Pause"))
            self.pause.set_icon("play" if self.sync.paused else "pause")

    def _on_pause(self) -> None:
        if self.sync.reads_file:
            self.sync.stop_reading()
        else:
            self.sync.pause_or_resume()

    def _on_back(self) -> None:
        if self._step is self.sync:
            self._choose_file()
            return
        if self._step is self.start and self._returns_to is not None:
            self.finished.emit(self._returns_to)
            return
        shown = [step for step, _ in self.steps() if step is not None]
        self._go(shown[max(0, shown.index(self._step) - 1)])

    def _on_next(self) -> None:
        if self._step is self.sync:
            self._finish()
            return
        shown = [step for step, _ in self.steps() if step is not None]
        at = shown.index(self._step) + 1
        following = shown[at] if at < len(shown) else None
        if self._step is self.start:
            self.sign_in.show_company(self.start.company or self.start.address.text().strip())
        if self._step is self.start and self.start.start is Start.FILE:
            self._look_into_file(following)
        else:
            self._go_to(following)

    def _go_to(self, following: Step | None) -> None:
        if following is None or following is self.sync:
            self._make()
        else:
            self._go(following)

    def _look_into_file(self, following: Step | None) -> None:
        """Go on once the passphrase opened the file to its end: a mistake is told where it was made."""
        file, passphrase = self.start.file.file, self.start.file.passphrase.text()
        self._show_busy(True)

        def opened(_enrolment: object) -> None:
            self._show_busy(False)
            self._go_to(following)

        self._tasks.read(self, lambda: look_into_enrolment(file, passphrase), opened, self._on_not_opened)

    def _make(self) -> None:
        """Make the profile, then fill it the way that was chosen."""
        profile, passphrase, known = self._profile, self.unlock.passphrase, self._app
        self._show_busy(True)
        self._tasks.write(
            self, lambda: known or make_profile(profile, passphrase), self._on_made, self._on_not_made
        )

    def _on_made(self, app: App) -> None:
        self._app = app
        self._context_of(app)
        language = translator().language
        if self.start.start is Start.HQ:
            address, user = self.start.address.text(), self.sign_in.user.text()
            password, device = self.sign_in.password.text(), self.sign_in.device.text().strip()
            self._tasks.write(
                self,
                lambda: app.enrol(address, user, password, device or None),
                lambda _none: self._begin_sync(app),
                self._on_not_signed_in,
            )
            return
        if self.start.start is Start.FILE:
            self._show_busy(False)
            self._go(self.sync)
            self.sync.take_from(
                self._context_of(app), self.start.file.file, self.start.file.passphrase.text()
            )
            self._show_ready()
            return
        fill = sample.fill_sample if self.start.start is Start.SAMPLE else sample.prepare_local

        def work() -> Opened:
            fill(app.replica, language)
            return opened_of(app)

        self._tasks.write(self, work, self.finished.emit, self._on_failed)

    def _begin_sync(self, app: App) -> None:
        self._show_busy(False)
        self._app = app
        self.sync.follow(self._context_of(app))
        self._go(self.sync)

    def _go_on(self, opened: Opened) -> None:
        """Go on with a first sync that was broken off: over the line, or where none is known by file."""
        self._app = opened.app
        if opened.standing.sync.server:
            self._begin_sync(opened.app)
        else:
            self._choose_file()

    def _choose_file(self) -> None:
        self.start.demand_connecting(Start.FILE)
        self._unlocked = True
        self._go(self.start)

    def _on_file_left(self, error: CrmError | None) -> None:
        self._choose_file()
        if error is not None:
            self.start.file.refuse(error.message, is_passphrase=False)
        else:
            self._say(message("Stopped. With the same file it goes on where it was."))

    def _on_not_opened(self, error: CrmError) -> None:
        self._show_busy(False)
        self.start.file.refuse(error.message, is_passphrase=isinstance(error, WrongPassphrase))

    def _finish(self) -> None:
        app = self._app
        if app is not None:
            self._show_busy(True)
            self._tasks.read(self, lambda: opened_of(app), self.finished.emit, self._on_failed)

    def _on_not_made(self, error: CrmError) -> None:
        self._show_busy(False)
        self._go(self.unlock)
        self.unlock.refuse(error.message)

    def _on_not_signed_in(self, error: CrmError) -> None:
        self._show_busy(False)
        self._go(self.sign_in)
        if isinstance(error, Unreachable):
            self._say(error.message)
        else:
            self.sign_in.refuse(error.message)

    def _on_failed(self, error: CrmError) -> None:
        self._show_busy(False)
        self._say(error.message)

    def _say(self, problem: Message) -> None:
        self._problem.say(problem)
        self._problem.show()

    def _show_busy(self, busy: bool) -> None:
        self._busy.setVisible(busy)
        self.back.setEnabled(not busy)
        self._show_ready()
