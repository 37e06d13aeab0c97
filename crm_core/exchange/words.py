"""Compare what people write: headers, labels and names, in either language and width of letters."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence

from crm_core.i18n import Translate, untranslated

_SPACE = re.compile(r"\s+")
_JOINTS = re.compile(r"[\s_\-./\\:：*（）()#]+")


def fold(text: str) -> str:
    """Return a value for a lenient comparison: no case, no width of letters, no spaces."""
    return _SPACE.sub("", unicodedata.normalize("NFKC", text).casefold())


def fold_header(text: str) -> str:
    """Return a header for comparison: no spaces, underscores, hyphens or brackets either."""
    return _JOINTS.sub("", unicodedata.normalize("NFKC", text).casefold())


def in_all_languages(source: str, languages: Iterable[Translate]) -> Sequence[str]:
    """Return an English text and its translations, English first."""
    return list(dict.fromkeys((source, *(translate(source) for translate in (untranslated, *languages)))))
