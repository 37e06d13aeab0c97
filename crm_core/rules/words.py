"""Amounts written out: Chinese capitals (大写) as on cheques and contracts, and English words.

Capitals follow the People's Bank of China's rules for settlement documents (支付结算办法, annex 1): one
零 for a run of zeros inside a number, 零 between 元 and 分 where 角 is missing, the optional 零 after a
full 万 or 元 left out; 整 ends an amount that has no 分.
"""

from __future__ import annotations

from dataclasses import dataclass

from crm_core.money import Money, digits

_DIGITS = "零壹贰叁肆伍陆柒捌玖"
_PLACES = ("", "拾", "佰", "仟")
_TENTHS = ("角", "分", "厘")

_ONES: tuple[str, ...] = (
    "zero",
    "one",
    "two",
    "three",
    "four",
    "five",
    "six",
    "seven",
    "eight",
    "nine",
    "ten",
    "eleven",
)
_ONES += ("twelve", "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
_TENS = ("zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
_SCALES = (
    (10**15, "quadrillion"),
    (10**12, "trillion"),
    (10**9, "billion"),
    (10**6, "million"),
    (1000, "thousand"),
)


@dataclass(frozen=True, slots=True)
class CurrencyWords:
    """A currency's words in both languages.

    `zh_minor` is the Chinese minor unit where it is not counted in 角, 分 and 厘.
    """

    zh_name: str
    zh_unit: str
    zh_minor: str | None
    en_one: str
    en_many: str


CURRENCY_WORDS = {
    "AED": CurrencyWords("阿联酋迪拉姆", "迪拉姆", "费尔", "UAE dirham", "UAE dirhams"),
    "AUD": CurrencyWords("澳大利亚元", "元", None, "Australian dollar", "Australian dollars"),
    "BRL": CurrencyWords("巴西雷亚尔", "雷亚尔", "分", "Brazilian real", "Brazilian reais"),
    "CAD": CurrencyWords("加拿大元", "元", None, "Canadian dollar", "Canadian dollars"),
    "CHF": CurrencyWords("瑞士法郎", "法郎", "生丁", "Swiss franc", "Swiss francs"),
    "CNY": CurrencyWords("人民币", "元", None, "Chinese yuan", "Chinese yuan"),
    "EUR": CurrencyWords("欧元", "元", None, "euro", "euros"),
    "GBP": CurrencyWords("英镑", "镑", "便士", "pound sterling", "pounds sterling"),
    "HKD": CurrencyWords("港币", "元", None, "Hong Kong dollar", "Hong Kong dollars"),
    "INR": CurrencyWords("印度卢比", "卢比", "派士", "Indian rupee", "Indian rupees"),
    "JPY": CurrencyWords("日元", "元", None, "Japanese yen", "Japanese yen"),
    "KRW": CurrencyWords("韩元", "元", None, "South Korean won", "South Korean won"),
    "KWD": CurrencyWords("科威特第纳尔", "第纳尔", "费尔", "Kuwaiti dinar", "Kuwaiti dinars"),
    "MOP": CurrencyWords("澳门币", "元", None, "Macanese pataca", "Macanese patacas"),
    "MYR": CurrencyWords("马来西亚林吉特", "林吉特", "仙", "Malaysian ringgit", "Malaysian ringgit"),
    "NZD": CurrencyWords("新西兰元", "元", None, "New Zealand dollar", "New Zealand dollars"),
    "RUB": CurrencyWords("俄罗斯卢布", "卢布", "戈比", "Russian rouble", "Russian roubles"),
    "SGD": CurrencyWords("新加坡元", "元", None, "Singapore dollar", "Singapore dollars"),
    "THB": CurrencyWords("泰铢", "铢", "萨当", "Thai baht", "Thai baht"),
    "TWD": CurrencyWords("新台币", "元", None, "New Taiwan dollar", "New Taiwan dollars"),
    "USD": CurrencyWords("美元", "元", None, "US dollar", "US dollars"),
    "VND": CurrencyWords("越南盾", "盾", None, "Vietnamese dong", "Vietnamese dong"),
}


def chinese_capitals(amount: Money) -> str:
    """Return the amount in Chinese capitals, e.g. 386000.00 CNY as 人民币叁拾捌万陆仟元整.

    A currency without a known Chinese name is named by its code.
    """
    words = CURRENCY_WORDS.get(amount.currency) or CurrencyWords(amount.currency, "元", None, "", "")
    decimals = digits(amount.currency)
    whole, fraction = divmod(abs(amount.minor), 10**decimals)
    text = _capitals(whole) + words.zh_unit if whole or not fraction else ""
    if not fraction:
        text += "整"
    elif words.zh_minor is not None:
        text += _capitals(fraction) + words.zh_minor
    else:
        text += _tenths(fraction, decimals, after_whole=bool(whole))
    return words.zh_name + ("负" if amount.minor < 0 else "") + text


def english_words(amount: Money) -> str:
    """Return the amount in English words, e.g. `Three hundred eighty-six thousand Chinese yuan only`.

    The minor unit is written as on cheques: `and 50/100`.
    """
    words = CURRENCY_WORDS.get(amount.currency)
    scale = 10 ** digits(amount.currency)
    whole, fraction = divmod(abs(amount.minor), scale)
    if words is None:
        name = amount.currency
    else:
        name = words.en_one if whole == 1 else words.en_many
    sign = "minus " if amount.minor < 0 else ""
    end = f"and {fraction:0{len(str(scale)) - 1}d}/{scale}" if fraction else "only"
    text = f"{sign}{_english(whole)} {name} {end}"
    return text[0].upper() + text[1:]


def _capitals(number: int) -> str:
    """Return a whole number in capitals; 万 and 亿 nest, so 10**12 is 万亿."""
    if number == 0:
        return _DIGITS[0]
    for scale, unit in ((10**8, "亿"), (10**4, "万")):
        high, rest = divmod(number, scale)
        if high:
            gap = "零" if 0 < rest < scale // 10 else ""
            return _capitals(high) + unit + gap + (_capitals(rest) if rest else "")
    text, gap = "", ""
    for place in range(len(str(number)) - 1, -1, -1):
        digit = number // 10**place % 10
        if digit:
            text += gap + _DIGITS[digit] + _PLACES[place]
            gap = ""
        else:
            gap = "零"
    return text


def _tenths(fraction: int, decimals: int, *, after_whole: bool) -> str:
    """Return 角, 分 and 厘 of a fraction that is not zero."""
    text = ""
    figures = f"{fraction:0{decimals}d}".rstrip("0")
    for place, figure in enumerate(figures):
        if figure != "0":
            missing = place > 0 and figures[place - 1] == "0" and (after_whole or text)
            text += ("零" if missing else "") + _DIGITS[int(figure)] + _TENTHS[place]
    return text + ("整" if len(figures) == 1 else "")


def _english(number: int) -> str:
    if number < 20:
        return _ONES[number]
    if number < 100:
        tens, ones = divmod(number, 10)
        return _TENS[tens] + (f"-{_ONES[ones]}" if ones else "")
    if number < 1000:
        hundreds, rest = divmod(number, 100)
        return f"{_ONES[hundreds]} hundred" + (f" {_english(rest)}" if rest else "")
    scale, name = next(each for each in _SCALES if number >= each[0])
    high, rest = divmod(number, scale)
    return f"{_english(high)} {name}" + (f" {_english(rest)}" if rest else "")
