"""A start of the program that ends when its list is shown: `python -m benchmarks.window_start [PROFILE]`.

Prints `shown`. Without a profile it is the floor: an empty window. Run by `desktop_window`, which holds the
clock.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import Any

POLL_MS = 5


def main() -> int:
    """Start, print, end."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    return start_program(Path(sys.argv[1])) if len(sys.argv) > 1 else start_empty()


def start_empty() -> int:
    """Show an empty window."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication, QMainWindow

    qapp = QApplication(sys.argv[:1])
    window = QMainWindow()
    window.show()
    QTimer.singleShot(0, lambda: (print("shown", flush=True), qapp.quit()))
    return int(qapp.exec())


def start_program(folder: Path) -> int:
    """Open the program as its command does, and wait for the first rows of the page left in front."""
    from PySide6.QtCore import QTimer
    from PySide6.QtWidgets import QApplication

    from crm_desktop.app import Desktop
    from crm_desktop.platform.paths import profile_at

    qapp = QApplication(sys.argv[:1])
    desktop = Desktop(qapp, profile_at(folder))
    poll = QTimer()

    def look() -> None:
        if has_rows(desktop.window.screen_shown):
            poll.stop()
            QTimer.singleShot(0, told)

    def told() -> None:
        print("shown", flush=True)
        # Closed as people close it: after an end without that, the next start checks the whole database.
        desktop.window.close()
        qapp.quit()

    poll.timeout.connect(look)
    poll.start(POLL_MS)
    desktop.start()
    return int(qapp.exec())


def has_rows(screen: Any) -> bool:
    """Tell whether the list of the page in front has rows. Names no class, so as to import none."""
    shown = getattr(getattr(screen, "page", None), "list", None)
    return shown is not None and shown.model.known > 0


if __name__ == "__main__":
    sys.exit(main())
