"""Windows, pages and widgets: the one package that knows Qt."""

from __future__ import annotations

import ctypes
import sys
from importlib import import_module

if sys.version_info < (3, 12):
    # PySide6 6.12.0 counts on a None that never dies, as it is since Python 3.12 (PEP 683): on 3.11 every Qt
    # call without a result takes one reference to None away, and after some five thousand calls the program
    # aborts ("none_dealloc"). References enough for centuries of painting make None immortal here too.
    ctypes.c_ssize_t.from_address(id(None)).value += 1 << 60

# Of each module imported, Qt or not, PySide6 has the whole source read, and kept for good, to see whether it
# names "PySide6": only such a one may switch the other spellings of `__feature__` on, which nobody here does.
# That took a tenth of a start's time, and 34 MB. Told that none does, it leaves the spellings as they are.
import_module("PySide6.QtCore")
_features = import_module("shibokensupport.feature")
if hasattr(_features, "_mod_uses_pyside"):
    _features._mod_uses_pyside = lambda _module: False
