"""Names of companies and people as they are compared: without legal form, width, case and punctuation."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

from crm_core.rules.uniqueness import plain_form


@dataclass(frozen=True, slots=True, kw_only=True)
class Name:
    """A name taken apart."""

    core: str
    """Without its legal form; words apart by single spaces."""
    words: str
    """The same words in the order of their letters: "Bosch Robert" is "Robert Bosch"."""
    loose: str
    """Without the region and written together."""
    region: str
    """The part of the country it names at its beginning or in brackets; '' for none."""

    @property
    def is_chinese(self) -> bool:
        """Tell whether it is written in Chinese characters, of which few say much."""
        return bool(_HAN.search(self.loose))


_HAN: Final = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]")
_APART: Final = re.compile(r"[^\w]+|_")
_BETWEEN_HAN: Final = re.compile(r"(?<=[\u3400-\u4dbf\u4e00-\u9fff]) (?=[\u3400-\u4dbf\u4e00-\u9fff])")
_LEGAL_HAN: Final = re.compile(
    r"(?:股份有限公司|有限责任公司|股份公司|有限公司|责任公司|集团公司|总公司|公司|集团|控股|"
    r"特殊普通合伙|普通合伙|有限合伙|合伙企业|个体工商户|工作室|事务所)$"
)
_BRANCH: Final = re.compile(r"分公司|办事处|分店|分行$")
_LEGAL_LATIN: Final = frozenset(
    (
        *("ltd", "limited", "inc", "incorporated", "llc", "llp", "lp", "plc", "co", "company", "corp"),
        *("corporation", "gmbh", "mbh", "ag", "kg", "kgaa", "ug", "ohg", "ev", "se", "sa", "sas", "sarl"),
        *("srl", "spa", "bv", "nv", "ab", "oy", "oyj", "as", "asa", "aps", "kk", "pty", "pte", "pvt"),
        *("sdn", "bhd", "jsc", "ooo", "zao", "the", "and", "group", "holding", "holdings", "und", "cie"),
    )
)
_PROVINCES: Final = (
    "北京 天津 上海 重庆 河北 山西 内蒙古 辽宁 吉林 黑龙江 江苏 浙江 安徽 福建 江西 山东 河南 湖北"
    " 湖南 广东 广西 海南 四川 贵州 云南 西藏 陕西 甘肃 青海 宁夏 新疆 香港 澳门 台湾 中国"
)
_CITIES: Final = (
    "深圳 广州 东莞 佛山 珠海 中山 惠州 杭州 宁波 温州 嘉兴 绍兴 金华 义乌 苏州 南京 无锡 常州 南通"
    " 徐州 扬州 厦门 福州 泉州 青岛 济南 烟台 潍坊 大连 沈阳 长春 哈尔滨 武汉 长沙 郑州 洛阳 成都 昆明"
    " 贵阳 西安 兰州 石家庄 太原 合肥 南昌 南宁 海口 乌鲁木齐 银川 呼和浩特"
)
_REGION: Final = re.compile(
    f"^({'|'.join(f'{_PROVINCES} {_CITIES}'.split())})"
    "(?:省|市|特别行政区|维吾尔自治区|壮族自治区|回族自治区|自治区)?"
)
_UMLAUTS: Final = str.maketrans({"ä": "ae", "ö": "oe", "ü": "ue", "ø": "oe", "æ": "ae", "å": "aa"})
_BRACKETS: Final = re.compile(r"[(\[【〔]([^)\]】〕]*)[)\]】〕]")


@lru_cache(maxsize=4096)
def name_of(text: str) -> Name:
    """Return a company's name taken apart."""
    plain = _latin(simplified(plain_form(text)))
    region = ""
    bracketed = _BRACKETS.search(plain)
    if bracketed is not None and (named := _REGION.match(bracketed[1])) and named.end() == len(bracketed[1]):
        # As in 博世（中国）投资: the region stands in brackets in the middle.
        region, plain = named[1], plain[: bracketed.start()] + plain[bracketed.end() :]
    rest = _without_legal_form(_words(plain))
    while (named := _REGION.match(rest)) and len(rest) - named.end() >= 2 and not _BRANCH.search(rest):
        region, rest = region or named[1], rest[named.end() :].strip()
    core = f"{region} {rest}".strip()
    return Name(core=core, words=_ordered(core), loose=_ordered(rest).replace(" ", ""), region=region)


@lru_cache(maxsize=4096)
def person_of(text: str) -> Name:
    """Return a person's name taken apart: nothing of it is a legal form or a region."""
    core = _words(_latin(simplified(plain_form(text))))
    words = _ordered(core)
    return Name(core=core, words=words, loose=words.replace(" ", ""), region="")


def simplified(text: str) -> str:
    """Return text with traditional characters as simplified ones, each by itself."""
    return text if text.isascii() else text.translate(_SIMPLIFIED)


def _latin(plain: str) -> str:
    """Return text without accents; umlauts as they are written where there are none."""
    if plain.isascii():
        return plain
    spelt = plain.translate(_UMLAUTS)
    parts = unicodedata.normalize("NFD", spelt)
    return unicodedata.normalize("NFC", "".join(c for c in parts if not unicodedata.combining(c)))


def _words(plain: str) -> str:
    return _BETWEEN_HAN.sub("", _APART.sub(" ", plain.replace("'", "").replace("’", ""))).strip()


def _without_legal_form(words: str) -> str:
    left = words
    while (shorter := _LEGAL_HAN.sub("", left).strip()) != left and len(shorter) >= 2:
        left = shorter
    # Abbreviations come with dots or without: "G.m.b.H." arrives as single letters.
    kept = [word for word in _joined_letters(left.split()) if word not in _LEGAL_LATIN]
    return " ".join(kept) or left


def _joined_letters(words: list[str]) -> list[str]:
    joined: list[str] = []
    letters = ""
    for word in [*words, "  "]:
        if len(word) == 1 and word.isascii() and word.isalpha():
            letters += word
            continue
        if letters:
            joined.append(letters)
            letters = ""
        joined.append(word)
    return joined[:-1]


def _ordered(words: str) -> str:
    return " ".join(sorted(words.split()))


class _Simplified(dict[int, str]):
    """What `str.translate` asks for each character, worked out when it first comes."""

    _converter: Any = None

    def __missing__(self, code: int) -> str:
        character = chr(code)
        if _HAN.match(character):
            if self._converter is None:
                import opencc  # noqa: PLC0415 - reads its tables, only Chinese needs them

                self._converter = opencc.OpenCC("t2s")  # type: ignore[attr-defined,no-untyped-call]
            character = str(self._converter.convert(character))
        self[code] = character
        return character


_SIMPLIFIED: Final = _Simplified()
