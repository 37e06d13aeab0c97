"""A log that turns over in the profile. What people typed never goes into it: ids and counts do."""

from __future__ import annotations

import logging
import re
from logging.handlers import RotatingFileHandler

from crm_desktop.platform.paths import Profile

LOG_BYTES = 1024 * 1024
LOG_FILES = 5
# Statements carry values, and values are people's.
_QUIET = ("sqlalchemy", "urllib3", "requests", "keyring", "PIL", "fontTools")
_PERSONAL = re.compile(r"[\w.+-]+@[\w-]+(?:\.[\w-]+)+|\+?\d[\d ()-]{6,}\d")


class _WithoutPersons(logging.Formatter):
    """Writes a line with whatever looks like a mail address or phone number taken out, traces too."""

    def format(self, record: logging.LogRecord) -> str:
        return _PERSONAL.sub("***", super().format(record))

    def formatTime(self, record: logging.LogRecord, datefmt: str | None = None) -> str:
        # Letters between the digits, so that the time is not taken for a phone number.
        moment = super().formatTime(record, "%Y/%m/%dT%Hh%Mm%S")
        return f"{moment}.{int(record.msecs):03d}"


def start_logging(profile: Profile, *, verbose: bool = False) -> logging.Handler:
    """Log into the profile's folder and return the handler, which `stop_logging` takes back."""
    profile.logs.mkdir(mode=0o700, parents=True, exist_ok=True)
    handler = RotatingFileHandler(
        profile.logs / "satchel.log",
        maxBytes=LOG_BYTES,
        backupCount=LOG_FILES - 1,
        encoding="utf-8",
        delay=True,
    )
    handler.setFormatter(_WithoutPersons("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root = logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.DEBUG if verbose else logging.INFO)
    for name in _QUIET:
        logging.getLogger(name).setLevel(logging.WARNING)
    return handler


def stop_logging(handler: logging.Handler) -> None:
    """Stop writing to the handler's file and close it."""
    logging.getLogger().removeHandler(handler)
    handler.close()
