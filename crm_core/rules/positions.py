"""Places in an order that many laptops insert into: fractional keys in base 62.

A key is text whose plain comparison (ASCII order) is the order. Between two keys there is always another.
Each new key ends in five random digits (about 30 bits), so that two laptops that insert at the same place
rarely make the same key; equal keys are ordered by record id. Sixteen random bits would collide almost
surely with 4,000 inserts into one gap (tldraw issue 9385).
"""

from __future__ import annotations

from collections.abc import Callable

DIGITS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
JITTER_DIGITS = 5
_COUNTED_DIGITS = 3
_BASE = len(DIGITS)
_VALUE = {digit: value for value, digit in enumerate(DIGITS)}


def between(before: str | None, after: str | None, random_below: Callable[[int], int]) -> str:
    """Return a key after `before` and before `after`; None means the end of the order on that side.

    `random_below(n)` gives a whole number from 0 to n - 1. Keys that are equal or the wrong way round are
    treated as if `after` were the end: the order stays total and a later move can repair it.
    """
    low = before or ""
    high = after if after is not None and after > low else None
    return _middle(low, high) + _jitter(random_below)


def _middle(low: str, high: str | None) -> str:
    """Return a key strictly between, such that whatever is appended stays between too."""
    if high is None or not low:
        beside = _beside(low, high)
        if beside is not None:
            return beside
    key = ""
    index = 0
    while True:
        floor = _VALUE[low[index]] if index < len(low) else 0
        ceiling = _VALUE[high[index]] if high is not None and index < len(high) else _BASE
        if ceiling - floor > 1:
            return key + DIGITS[floor + (ceiling - floor) // 2]
        key += DIGITS[floor]
        if floor < ceiling:
            high = None  # one below `high`'s digit: from here on anything above `low` is free
        index += 1


def _beside(low: str, high: str | None) -> str | None:
    """Return the next key after the last, or before the first, by counting in the leading digits.

    Halving would add a digit every few lines typed one after the other; counting has room for a hundred
    thousand either way. None where the count has run out.
    """
    largest = _BASE**_COUNTED_DIGITS
    if not low and high is None:
        number = largest // 2
    elif high is None:
        number = _number(low) + 1
    else:
        number = _number(high) - 1
    if not 0 < number < largest:
        return None
    digits = ""
    for _ in range(_COUNTED_DIGITS):
        number, digit = divmod(number, _BASE)
        digits = DIGITS[digit] + digits
    return digits


def _number(key: str) -> int:
    number = 0
    for digit in key[:_COUNTED_DIGITS].ljust(_COUNTED_DIGITS, "0"):
        number = number * _BASE + _VALUE[digit]
    return number


def _jitter(random_below: Callable[[int], int]) -> str:
    number = random_below(_BASE**JITTER_DIGITS)
    digits = ""
    for _ in range(JITTER_DIGITS):
        number, digit = divmod(number, _BASE)
        digits += DIGITS[digit]
    # A trailing zero would let nothing fit before the key's own prefix.
    return digits if digits[-1] != "0" else digits[:-1] + "V"
