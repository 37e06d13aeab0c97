"""What importing the window leaves behind."""

from __future__ import annotations

import subprocess
import sys

LOADS = "import linecache, crm_desktop.ui.shell.frame; print(sum('.py' in name for name in linecache.cache))"


def test_importing_the_window_keeps_no_sources_in_memory() -> None:
    ran = subprocess.run([sys.executable, "-c", LOADS], capture_output=True, text=True, check=True)
    assert int(ran.stdout) < 10, "PySide6 reads the source of each module: see crm_desktop/ui/__init__.py"
