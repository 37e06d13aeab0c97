"""Where each province of China lies on a map of equal tiles, and what stands in its tile.

Equal tiles let small provinces be seen beside large ones, and draw no border.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Final

from crm_core.schema.code_lists import CHINA, CodeList, entries

COLUMNS: Final = 8
ROWS: Final = 8
_PLACES: Final = """
.. .. .. .. .. .. .. 23
.. .. .. .. .. 15 .. 22
65 .. 62 64 .. 11 12 21
.. 63 .. 61 14 13 37 ..
54 .. 51 50 41 34 32 31
.. .. 53 52 42 36 33 ..
.. .. .. 45 43 44 35 71
.. .. .. 46 82 81 .. ..
"""
TILES: Final[Mapping[str, tuple[int, int]]] = MappingProxyType(
    {
        f"{CHINA}-{code}": (column, row)
        for row, line in enumerate(_PLACES.split("\n")[1:-1])
        for column, code in enumerate(line.split())
        if code != ".."
    }
)
"""Column and row of each province by its code in `CodeList.PROVINCE`, from the upper left."""
# ISO 3166-2:CN.
_LETTERS: Final = {
    "11": "BJ",
    "12": "TJ",
    "13": "HE",
    "14": "SX",
    "15": "NM",
    "21": "LN",
    "22": "JL",
    "23": "HL",
    "31": "SH",
    "32": "JS",
    "33": "ZJ",
    "34": "AH",
    "35": "FJ",
    "36": "JX",
    "37": "SD",
    "41": "HA",
    "42": "HB",
    "43": "HN",
    "44": "GD",
    "45": "GX",
    "46": "HI",
    "50": "CQ",
    "51": "SC",
    "52": "GZ",
    "53": "YN",
    "54": "XZ",
    "61": "SN",
    "62": "GS",
    "63": "QH",
    "64": "NX",
    "65": "XJ",
    "71": "TW",
    "81": "HK",
    "82": "MO",
}

_SIGNS: Final = {
    "11": "京",
    "12": "津",
    "13": "冀",
    "14": "晋",
    "15": "蒙",
    "21": "辽",
    "22": "吉",
    "23": "黑",
    "31": "沪",
    "32": "苏",
    "33": "浙",
    "34": "皖",
    "35": "闽",
    "36": "赣",
    "37": "鲁",
    "41": "豫",
    "42": "鄂",
    "43": "湘",
    "44": "粤",
    "45": "桂",
    "46": "琼",
    "50": "渝",
    "51": "川",
    "52": "贵",
    "53": "云",
    "54": "藏",
    "61": "陕",
    "62": "甘",
    "63": "青",
    "64": "宁",
    "65": "新",
    "71": "台",
    "81": "港",
    "82": "澳",
}


def sign(code: str, language: str) -> str:
    """Return what stands in a tile too small for the short name: a character in Chinese, else the letters."""
    return (_SIGNS if language.startswith("zh") else _LETTERS)[code.removeprefix(f"{CHINA}-")]


def short_name(code: str, language: str) -> str:
    """Return what stands in a tile: the short name in Chinese, two letters (ISO 3166-2) in English."""
    if not language.startswith("zh"):
        return _LETTERS[code.removeprefix(f"{CHINA}-")]
    found = next(each for each in entries(CodeList.PROVINCE) if each.code == code)
    return found.short[0] if found.short else found.chinese
