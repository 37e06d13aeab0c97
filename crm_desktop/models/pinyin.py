"""How Chinese text is read, with pypinyin's phrases held small.

The package keeps the readings of its 47,000 phrases as 190,000 lists: thirty megabytes, and all of them for
Python's collector to walk through each time. Here each phrase holds its readings as they are written in the
package's own table, taken apart when it is met.
"""

from __future__ import annotations

import importlib.util
import json
import re
import sys
from collections.abc import Callable
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any, cast

_TABLE = "pypinyin.phrases_dict"
_ENTRY = re.compile(r'"([^"]+)":\s*(\[(?:\s*\[[^\]]*\],?)*\s*\])')


class _Phrases(dict[str, Any]):
    """Phrases with the JSON of their readings; whoever asks for one gets it as lists."""

    def __getitem__(self, phrase: str) -> list[list[str]]:
        readings: list[list[str]] = json.loads(super().__getitem__(phrase))
        return readings

    def copy(self) -> _Phrases:
        """Return itself: the package copies its table to leave it whole, and nobody changes it here."""
        return self


def _phrases_of(table: str) -> _Phrases:
    return _Phrases((found[1], "".join(found[2].split())) for found in _ENTRY.finditer(table))


@cache
def reader() -> Callable[..., list[str]]:
    """Return pypinyin's `lazy_pinyin`. Only for Chinese text: the first time takes a tenth of a second."""
    folders = list(getattr(importlib.util.find_spec("pypinyin"), "submodule_search_locations", None) or ())
    tables = [Path(folder, "phrases_dict.json") for folder in folders]
    table = next((each for each in tables if each.exists()), None)
    if table is not None and _TABLE not in sys.modules:
        small = ModuleType(_TABLE)
        small.__dict__["phrases_dict"] = _phrases_of(table.read_text(encoding="utf-8"))
        sys.modules[_TABLE] = small
    from pypinyin import lazy_pinyin  # noqa: PLC0415 - slow, and after its table was put in its place

    return cast(Callable[..., list[str]], lazy_pinyin)
