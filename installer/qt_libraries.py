"""Name the packages of Debian that Qt lacks on this machine (exit status 3), or say nothing if it starts.

Run by the interpreter of .venv. Qt's wheels bring Qt itself, but not the libraries every Linux desktop has.
Any other failure goes to standard output with status 1.
"""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

# Found by trial in an empty Debian 12. Ubuntu 24.04 renamed some and still answers to these names.
PACKAGE_OF = {
    "libGL.so": "libgl1",
    "libEGL.so": "libegl1",
    "libOpenGL.so": "libopengl0",
    "libGLX.so": "libglx0",
    "libxkbcommon.so": "libxkbcommon0",
    "libglib-2.0.so": "libglib2.0-0",
    "libgthread-2.0.so": "libglib2.0-0",
    "libfontconfig.so": "libfontconfig1",
    "libfreetype.so": "libfreetype6",
    "libdbus-1.so": "libdbus-1-3",
    "libgssapi_krb5.so": "libgssapi-krb5-2",
    "libz.so": "zlib1g",
    "libstdc++.so": "libstdc++6",
    "libX11.so": "libx11-6",
}
# What the program imports of Qt, and the offscreen window system in which tests and the demo run.
USED = (
    "QtCore.abi3.so",
    "QtGui.abi3.so",
    "QtWidgets.abi3.so",
    "QtNetwork.abi3.so",
    "QtSvg.abi3.so",
    "QtPrintSupport.abi3.so",
    "QtPdf.abi3.so",
    "QtPdfWidgets.abi3.so",
    "Qt/plugins/platforms/libqoffscreen.so",
)
TRIAL = """
from PySide6 import QtGui, QtNetwork, QtPdf, QtPdfWidgets, QtPrintSupport, QtSvg, QtWidgets
QtWidgets.QApplication([])
"""
MISSING = 3


def main() -> int:
    """Print what is missing, one package a line, and return the exit status."""
    trial = subprocess.run(
        [sys.executable, "-c", TRIAL],
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
        capture_output=True,
        text=True,
        check=False,
    )
    if trial.returncode == 0:
        return 0
    packages = sorted({PACKAGE_OF.get(name.split(".so")[0] + ".so", name) for name in missing_libraries()})
    if not packages:
        print(trial.stderr.strip() or f"ended with status {trial.returncode}")
        return 1
    print("\n".join(packages))
    return MISSING


def missing_libraries() -> set[str]:
    """Return the shared libraries that the used parts of Qt ask for and the system does not have."""
    package = importlib.util.find_spec("PySide6")
    if package is None or package.origin is None:
        return set()
    folder = Path(package.origin).parent
    listed = subprocess.run(
        ["ldd", *(str(folder / part) for part in USED)], capture_output=True, text=True, check=False
    )
    return {line.split()[0] for line in listed.stdout.splitlines() if "not found" in line and "=>" in line}


if __name__ == "__main__":
    sys.exit(main())
