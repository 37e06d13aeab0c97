"""Pypinyin's phrases held small say what the package's own table says."""

from __future__ import annotations

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

from crm_desktop.models import pinyin

_SMALL = """
from crm_desktop.models.pinyin import reader
read = reader()
from pypinyin.constants import PHRASES_DICT
assert type(PHRASES_DICT).__name__ == "_Phrases", type(PHRASES_DICT)
print(" ".join("".join(read(text)) for text in ("重庆长江泵业", "银行行长", "音乐快乐", "Müller 厦门")))
"""


def test_every_phrase_has_the_readings_of_the_package() -> None:
    spec = importlib.util.find_spec("pypinyin")
    assert spec is not None
    folder = next(iter(spec.submodule_search_locations or ()))
    table = Path(folder, "phrases_dict.json").read_text(encoding="utf-8")
    small, own = pinyin._phrases_of(table), json.loads(table)
    assert len(small) == len(own) > 40_000
    assert all(small[phrase] == readings for phrase, readings in own.items())


def test_the_package_reads_by_the_small_table() -> None:
    # In a process of its own: here another test may have imported the package with its own table.
    ran = subprocess.run([sys.executable, "-c", _SMALL], capture_output=True, text=True, check=False)
    assert ran.stdout.split() == [
        "chongqingchangjiangbengye",
        "yinhanghangzhang",
        "yinyuekuaile",
        "Müller",
        "xiamen",
    ], ran.stdout + ran.stderr
