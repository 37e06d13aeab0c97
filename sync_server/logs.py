"""One JSON object a line on standard error, with nothing in it that names a person or opens a door.

What is logged is an event's name and its measures: ids, counts, durations, answers. Never a name, an
address, a number, a password or a token; `_without_secrets` holds that line where somebody forgets.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import MutableMapping
from typing import Any

import structlog
from structlog.tracebacks import ExceptionDictTransformer

# Names under which personal data and keys would come; their values never reach a line.
_KEPT_OUT = frozenset(
    (
        *(
            "address",
            "authorization",
            "body",
            "contact",
            "cookie",
            "customer",
            "email",
            "key",
            "login",
            "name",
        ),
        *("notes", "password", "phone", "secret", "subject", "text", "title", "token", "user", "user_name"),
        "value",
    )
)
KEPT_OUT = "[kept out]"

Event = MutableMapping[str, Any]


def start_logging(level: int = logging.INFO) -> None:
    """Send our own events and those of the libraries below us to standard error as JSON lines."""
    shared: list[structlog.types.Processor] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        _without_secrets,
        structlog.processors.ExceptionRenderer(ExceptionDictTransformer(show_locals=False)),
        _without_what_errors_say,
    ]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=False,
    )
    lines = logging.StreamHandler(sys.stderr)
    lines.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(ensure_ascii=False),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [lines]
    root.setLevel(level)
    for noisy in ("uvicorn.access", "alembic", "sqlalchemy.engine"):
        # Our own line per request holds no query string; uvicorn's would.
        logging.getLogger(noisy).setLevel(logging.WARNING)
    for own in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logging.getLogger(own).handlers.clear()
        logging.getLogger(own).propagate = True


def _without_secrets(_logger: Any, _method: str, event: Event) -> Event:
    for name in event:
        if name in _KEPT_OUT:
            event[name] = KEPT_OUT
    return event


def _without_what_errors_say(_logger: Any, _method: str, event: Event) -> Event:
    """Keep an error's kind and the lines it went through; its text may quote what somebody typed."""
    for error in event.get("exception") or ():
        error["exc_value"] = KEPT_OUT
        error["exc_notes"] = []
    return event
