"""Windows, pages and widgets: the one package that knows Qt."""

from __future__ import annotations

import ctypes
import sys

if sys.version_info < (3, 12):
    # PySide6 6.12.0 counts on a None that never dies, as it is since Python 3.12 (PEP 683): on 3.11 every Qt
    # call without a result takes one reference to None away, and after some five thousand calls the program
    # aborts ("none_dealloc"). References enough for centuries of painting make None immortal here too.
    ctypes.c_ssize_t.from_address(id(None)).value += 1 << 60
