"""The words of what customers say, to be counted: Chinese put apart into words, English without its endings.

A word counts once for each record it stands in. Two words that follow each other within a sentence are a
pair, whatever little words stand between them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Final

from crm_core.rules.terms import MOST_LETTERS, spoken_terms

_HAN: Final = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_SENTENCES: Final = re.compile(r"[^\w\s\-./%]+|\.(?=\s|$)|\n+")
_RUNS: Final = re.compile(rf"[{_HAN}]+|[^{_HAN}\s]+")
_JOINS: Final = re.compile("[-./%]")
_NUMBER: Final = re.compile(r"[\d.,%/-]*")
_IS_HAN: Final = re.compile(rf"[{_HAN}]")
_STOP_WORDS: Final = """
我们 你们 他们 您们 它们 咱们 自己 大家 没有 不是 就是 还是 也是 都是 这个 那个 这些
那些 这里 那里 这样 那样 这么 那么 什么 怎么 怎样 如何 为什么 哪里 多少 一个 一些 一下
一直 一样 一点 有点 有些 已经 正在 刚刚 现在 目前 以后 之后 以前 之前 今天 昨天 明天
时候 因为 所以 但是 可是 不过 如果 虽然 而且 然后 或者 以及 并且 还有 可以 可能 能够
应该 需要 希望 觉得 知道 感觉 认为 非常 十分 特别 比较 真的 确实 其实 只是 只有 通过
关于 对于 由于 根据 进行 使用 谢谢 感谢 请问 您好 你好 麻烦 不好意思 贵公司 贵司 公司
先生 女士 是否 有没有 不能 不会 不要 无法 我司 本月 这次 最后
"""
_STOP: Final = frozenset(_STOP_WORDS.split())
LEAST_HAN: Final = 2
"""Characters of a Chinese word: one alone says too little."""
BETWEEN: Final = " "


@dataclass(frozen=True, slots=True)
class Word:
    """A word or pair: its key, under which its forms are counted, and how it was written."""

    key: str
    written: str
    is_pair: bool = False


@dataclass(frozen=True, slots=True)
class Counted:
    """A word or pair, how it is written most often, and the records it stands in."""

    key: str
    label: str
    is_pair: bool
    records: frozenset[str]


def words_in(text: str) -> Iterator[Word]:
    """Yield the words of a text in their order, each followed by the pair it makes with the one before."""
    return (Word(key, written, is_pair=is_pair) for key, written, is_pair in _told(text))


def count_words(texts: Iterable[tuple[str, str]]) -> dict[str, Counted]:
    """Return the words and pairs of texts by key; `texts` are (record, text), a record may have several."""
    records: dict[str, set[str]] = {}
    forms: dict[str, dict[str, int]] = {}
    pairs: set[str] = set()
    for record, text in texts:
        for key, written, is_pair in _told(text):
            found = records.get(key)
            if found is None:
                records[key], forms[key] = {record}, {written: 1}
                if is_pair:
                    pairs.add(key)
                continue
            found.add(record)
            of_key = forms[key]
            of_key[written] = of_key.get(written, 0) + 1
    return {
        key: Counted(
            key=key,
            label=min(forms[key].items(), key=lambda form: (-form[1], form[0]))[0],
            is_pair=key in pairs,
            records=frozenset(found),
        )
        for key, found in records.items()
    }


def without_parts(counted: Mapping[str, Counted]) -> dict[str, Counted]:
    """Return words and pairs without the pairs that stand in one record alone, and without the words that
    stand nowhere but in one of the pairs that are left."""
    pairs = {key: each for key, each in counted.items() if each.is_pair and len(each.records) > 1}
    inside: dict[str, frozenset[str]] = {}
    for pair in pairs.values():
        for part in pair.key.split(BETWEEN):
            inside[part] = max(inside.get(part, frozenset()), pair.records, key=len)
    words = {
        key: each for key, each in counted.items() if not each.is_pair and inside.get(key) != each.records
    }
    return {**words, **pairs}


def _told(text: str) -> Iterator[tuple[str, str, bool]]:
    """Yield key, form and whether it is a pair of each word and pair of a text."""
    for sentence in _SENTENCES.split(unicodedata.normalize("NFKC", text).casefold()):
        key_before, written_before = "", ""
        for key, written in _spoken(sentence):
            yield key, written, False
            if key_before and key_before != key:
                yield f"{key_before}{BETWEEN}{key}", f"{written_before}{BETWEEN}{written}", True
            key_before, written_before = key, written


def _spoken(sentence: str) -> Iterator[tuple[str, str]]:
    for run in _RUNS.findall(sentence):
        if not _IS_HAN.match(run):
            yield from _latin(run)
            continue
        for word in _cut()(run):
            if len(word) >= LEAST_HAN and word not in _STOP:
                yield word, word


@lru_cache(maxsize=20_000)
def _latin(run: str) -> tuple[tuple[str, str], ...]:
    """Return the words of a run; a part number is one, a number alone is none."""
    if any(each.isdigit() for each in run):
        number = run.strip("-./%")
        return () if _NUMBER.fullmatch(number) else ((number[:MOST_LETTERS], number),)
    return tuple((key, written) for key, written in spoken_terms(run) if not _JOINS.search(key))


@cache
def _cut() -> Callable[[str], list[str]]:
    """Return what puts Chinese apart into words; its dictionary takes 25 MB and is read when first used."""
    import rjieba  # noqa: PLC0415

    cut: Callable[[str], list[str]] = rjieba.Jieba().cut
    return cut
