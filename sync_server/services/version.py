"""Which version of the program this is."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version
from typing import Final


def _installed_version() -> str:
    try:
        return version("satchel")
    except PackageNotFoundError:
        return "0"  # run from a source tree that was never installed


VERSION: Final = _installed_version()
