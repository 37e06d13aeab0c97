"""Pages imported before they are shown: off the main thread what touches no Qt, the rest one by one."""

from __future__ import annotations

import os
import subprocess
import sys

from pytestqt.qtbot import QtBot

from crm_desktop.ui.pages.registry import PAGES
from crm_desktop.ui.shell.frame import Frame
from tests.support.windows import WAIT_MS

# In a process of its own: here the pages are imported already.
_IMPORTING = """
import sys
import crm_desktop.ui.shell.frame
from crm_desktop.ui.pages.ahead import load_rest
from crm_desktop.ui.pages.registry import PAGES

def ours():
    return {name for name in sys.modules if name.startswith("crm_")}

qt = {name for name in sys.modules if name.startswith("PySide6.")}
pages = [page.module for page in PAGES if page.in_rail]
left = load_rest(pages)
assert set(pages) - set(sys.modules), "the pages were imported with the frame"
assert len(left) > len(pages), left
brought_qt = {name for name in sys.modules if name.startswith("PySide6.")} - qt
assert not brought_qt, f"imported on a thread of its own: {brought_qt}"
for name in left:
    before = ours()
    __import__(name)
    assert ours() - before == {name}, f"{name} brought {ours() - before - {name}}"
for page in PAGES:
    if page.in_rail:
        assert page.module in sys.modules, page.id
print("done")
"""


def test_each_module_of_a_page_comes_in_alone_and_none_with_qt_off_the_main_thread() -> None:
    ran = subprocess.run(
        [sys.executable, "-c", _IMPORTING],
        capture_output=True,
        text=True,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        check=False,
    )
    assert (ran.stdout.strip(), ran.returncode) == ("done", 0), ran.stderr


def test_the_frame_loads_the_pages_of_its_rail(frame: Frame, qtbot: QtBot) -> None:
    frame.load_ahead()
    qtbot.waitUntil(lambda: frame.ahead.finished, timeout=WAIT_MS)
    assert {page.module for page in PAGES if page.in_rail} <= set(sys.modules)
