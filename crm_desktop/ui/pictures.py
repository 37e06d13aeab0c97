"""Pictures of the pages, taken from the real window: `python -m crm_desktop.ui.pictures FOLDER`."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from PySide6.QtCore import QCoreApplication, QPoint, Qt
from PySide6.QtGui import QPainter, QPixmap
from PySide6.QtWidgets import QApplication, QWidget

from crm_core.errors import CrmError, UserError
from crm_desktop import assembly
from crm_desktop.assembly import App
from crm_desktop.platform.paths import Profile
from crm_desktop.platform.secrets import PASSPHRASE_VARIABLE
from crm_desktop.services import sample
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.first_run.wizard import FirstRun
from crm_desktop.ui.main_window import MainWindow
from crm_desktop.ui.opening import opened_of
from crm_desktop.ui.pages.registry import BY_ID
from crm_desktop.ui.shell.frame import Frame
from crm_desktop.ui.tasks import Tasks
from crm_desktop.ui.theme import theme
from crm_desktop.ui.tour import Stop, do_steps, put_away, stop_of, tour
from crm_desktop.ui.translate import translator
from resources import LANGUAGES

QUIET_S = 0.4
"""A page that asked for nothing for so long has loaded."""
QUIET_ROUNDS = 25
"""And has laid out what it got: on a busy machine few rounds of events fit into that time."""
LONGEST_S = 30.0


def take(
    app: App,
    folder: Path,
    stops: Iterable[tuple[str, Place] | Stop],
    *,
    language: str = "en",
    dark: bool = False,
    size: tuple[int, int] = (1440, 900),
    scale: float = 1.0,
    prepare: Callable[[Frame], None] | None = None,
) -> list[Path]:
    """Take a picture of each place of an open profile and return the files, `NAME.png` in `folder`.

    Needs a QApplication, which it dresses. The profile stays open.
    """
    qapp = QApplication.instance()
    assert isinstance(qapp, QApplication)
    theme().apply(qapp, "dark" if dark else "light", scale)
    translator().use(language)
    folder.mkdir(parents=True, exist_ok=True)
    tasks = Tasks()
    made = []
    try:
        with _window(size) as window:
            frame = _framed(app, tasks, window)
            if prepare is not None:
                prepare(frame)
            for each in stops:
                stop = each if isinstance(each, Stop) else Stop(name=each[0], place=each[1])
                if stop.place is None:
                    picture = _first_run(tasks, theme().scale)
                else:
                    frame.go(stop.place)
                    settle(tasks)
                    window.activateWindow()  # popups that were closed take it along
                    do_steps(frame, stop.steps, lambda: settle(tasks))
                    settle(tasks)
                    picture = _grabbed(window)
                made.append(folder / f"{stop.name}.png")
                picture.save(str(made[-1]))
                if stop.steps:  # what was begun there is not to be seen anywhere else
                    put_away()
                    frame = _framed(app, tasks, window)
    finally:
        tasks.close()
    return made


@contextmanager
def _window(size: tuple[int, int]) -> Iterator[MainWindow]:
    window = MainWindow()
    window.resize(*size)
    window.show()
    try:
        yield window
    finally:
        window.hide()
        window.deleteLater()
        QCoreApplication.processEvents()


def _framed(app: App, tasks: Tasks, window: MainWindow) -> Frame:
    """Show the program anew in the window."""
    opened = opened_of(app)
    frame = Frame(Context(app, tasks, window), opened.standing, sample=opened.sample)
    window.show_screen(frame)
    window.activateWindow()
    frame.setFocus()
    return frame


def _grabbed(window: QWidget) -> QPixmap:
    """Return a picture of a window with the menus, popups and dialogs that lie over it."""
    picture = window.grab()
    painter = QPainter(picture)
    for over in QApplication.topLevelWidgets():
        if over is not window and over.isVisible() and over.windowType() != Qt.WindowType.Window:
            painter.drawPixmap(window.mapFromGlobal(over.mapToGlobal(QPoint())), over.grab())
    painter.end()
    return picture


def _first_run(tasks: Tasks, scale: float) -> QPixmap:
    """Return a picture of the first screen of a laptop that has nothing yet."""
    with tempfile.TemporaryDirectory() as folder:
        profile = Profile(Path(folder))
        with _window((round(900 * scale), round(700 * scale))) as window:
            window.show_screen(FirstRun(tasks, profile, lambda app: Context(app, tasks)))
            settle(tasks)
            return _grabbed(window)


def settle(tasks: Tasks) -> None:
    """Let events run until nothing has been asked for a moment."""
    began = quiet_since = time.monotonic()
    rounds = 0
    while time.monotonic() - began < LONGEST_S:
        QCoreApplication.processEvents()
        rounds += 1
        if tasks.busy:
            quiet_since, rounds = time.monotonic(), 0
        elif time.monotonic() - quiet_since > QUIET_S and rounds >= QUIET_ROUNDS:
            return
        time.sleep(0.01)


def main(arguments: Sequence[str] | None = None) -> int:
    """Read the command line, take the pictures, print the files."""
    parser = argparse.ArgumentParser(prog="python -m crm_desktop.ui.pictures", description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--profile", type=Path, help="a profile's folder; else one with sample data is made")
    parser.add_argument(
        "--pages",
        default=",".join(BY_ID),
        help="what to draw, with commas between: `PAGE`, `PAGE:WORDS` for the first record found by"
        " the words, `PAGE!STEP!STEP` for actions, keys and 'words typed there, `NAME=PAGE` for a file of"
        " another name, `PAGE@zh_CN` and `PAGE@dark` for another look",
    )
    parser.add_argument(
        "--tour", nargs="?", const="", help="draw every screen there is, or those named with commas between"
    )
    parser.add_argument("--empty", action="store_true", help="a profile without any records")
    parser.add_argument("--language", choices=LANGUAGES, default="en")
    parser.add_argument("--dark", action="store_true")
    parser.add_argument("--size", default="1440x900")
    parser.add_argument("--scale", type=float, default=1.0, help="font scale")
    parsed = parser.parse_args(arguments)
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    qapp = QApplication.instance() or QApplication(sys.argv[:1])
    width, _, height = parsed.size.partition("x")
    with tempfile.TemporaryDirectory() as temporary:
        try:
            app = _open(parsed.profile, Path(temporary), parsed.language, empty=parsed.empty)
        except CrmError as error:
            print(error, file=sys.stderr)  # noqa: T201 - a command's answer
            return 2
        try:
            files = _take_all(app, parsed, (int(width), int(height)))
        except CrmError as error:
            print(error, file=sys.stderr)  # noqa: T201 - a command's answer
            return 2
        finally:
            app.close()
    for file in files:
        print(file)  # noqa: T201 - a command's answer
    qapp.processEvents()
    return 0


def _take_all(app: App, parsed: argparse.Namespace, size: tuple[int, int]) -> list[Path]:
    """Take what was asked for, one window for each look."""
    looks: dict[tuple[str, bool], list[Stop]] = {}
    on_tour = parsed.tour is not None
    for wanted in tour(parsed.tour.split(",")) if on_tour else parsed.pages.split(","):
        what, *marks = wanted.split("@")
        language = next((mark for mark in marks if mark in LANGUAGES), parsed.language)
        try:
            stop = stop_of(app, what)
        except UserError:
            if on_tour:  # an empty profile has no such record
                continue
            raise
        looks.setdefault((language, parsed.dark or "dark" in marks), []).append(stop)
    files = []
    for (language, dark), stops in looks.items():
        shown = {"language": language, "dark": dark, "size": size, "scale": parsed.scale}
        files += take(app, parsed.folder, stops, **shown)
    return files


def _open(profile: Path | None, temporary: Path, language: str, *, empty: bool = False) -> App:
    if profile is not None:
        return assembly.open_profile(profile)
    os.environ.setdefault(PASSPHRASE_VARIABLE, "only for pictures")
    app = assembly.new_profile(temporary / "profile")
    if empty:
        sample.prepare_local(app.replica, language)
    else:
        sample.fill_sample(app.replica, language)
    return app


if __name__ == "__main__":
    sys.exit(main())
