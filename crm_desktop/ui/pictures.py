"""Pictures of the pages, taken from the real window: `python -m crm_desktop.ui.pictures FOLDER`."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from PySide6.QtCore import QCoreApplication
from PySide6.QtWidgets import QApplication

from crm_core.errors import CrmError, UserError
from crm_core.i18n import N_
from crm_desktop import assembly
from crm_desktop.assembly import App
from crm_desktop.platform.secrets import PASSPHRASE_VARIABLE
from crm_desktop.services import sample, search
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.main_window import MainWindow
from crm_desktop.ui.opening import opened_of
from crm_desktop.ui.pages.registry import BY_ID
from crm_desktop.ui.shell.frame import Frame
from crm_desktop.ui.tasks import Tasks
from crm_desktop.ui.theme import theme
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
    places: Iterable[tuple[str, Place]],
    *,
    language: str = "en",
    dark: bool = False,
    size: tuple[int, int] = (1440, 900),
    scale: float = 1.0,
    prepare: Callable[[Frame], None] | None = None,
) -> list[Path]:
    """Take a picture of each named place of an open profile and return the files, `NAME.png` in `folder`.

    Needs a QApplication, which it dresses. The profile stays open.
    """
    qapp = QApplication.instance()
    assert isinstance(qapp, QApplication)
    theme().apply(qapp, "dark" if dark else "light", scale)
    translator().use(language)
    folder.mkdir(parents=True, exist_ok=True)
    tasks = Tasks()
    opened = opened_of(app)
    frame = Frame(Context(app, tasks), opened.standing, sample=opened.sample)
    window = MainWindow()
    window.show_screen(frame)
    window.resize(*size)
    window.show()
    frame.setFocus()
    made = []
    try:
        if prepare is not None:
            prepare(frame)
        for name, place in places:
            frame.go(place)
            settle(tasks)
            made.append(folder / f"{name}.png")
            window.grab().save(str(made[-1]))
    finally:
        tasks.close()
        window.hide()
        window.deleteLater()
        QCoreApplication.processEvents()
    return made


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
        " the words, `NAME=PAGE` for a file of another name, `PAGE@zh_CN` and `PAGE@dark` for another look",
    )
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
            app = _open(parsed.profile, Path(temporary), parsed.language)
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
    looks: dict[tuple[str, bool], list[tuple[str, Place]]] = {}
    for wanted in parsed.pages.split(","):
        what, *marks = wanted.split("@")
        language = next((mark for mark in marks if mark in LANGUAGES), parsed.language)
        looks.setdefault((language, parsed.dark or "dark" in marks), []).append(_place(app, what))
    files = []
    for (language, dark), places in looks.items():
        shown = {"language": language, "dark": dark, "size": size, "scale": parsed.scale}
        files += take(app, parsed.folder, places, **shown)
    return files


def _place(app: App, wanted: str) -> tuple[str, Place]:
    """Return the file's name and the place for `page`, `page:words` or `name=page:words`."""
    name, named, what = wanted.rpartition("=")
    page, _, words = what.partition(":")
    if page not in BY_ID:
        raise UserError(
            N_("There is no page “{page}”; there are {pages}"), page=page, pages=", ".join(sorted(BY_ID))
        )
    entity = BY_ID[page].entity
    if not words or entity is None:
        return name if named else page, Place(page=page)
    hits = search.find(app.replica, words, limit=1, entities={entity})
    if not hits:
        raise UserError(N_("Nothing was found for “{words}”"), words=words)
    return name if named else f"{page}-record", Place(page=page, record_id=hits[0].id)


def _open(profile: Path | None, temporary: Path, language: str) -> App:
    if profile is not None:
        return assembly.open_profile(profile)
    os.environ.setdefault(PASSPHRASE_VARIABLE, "only for pictures")
    app = assembly.new_profile(temporary / "profile")
    sample.fill_sample(app.replica, language)
    return app


if __name__ == "__main__":
    sys.exit(main())
