"""HQ does not serve this laptop, whoever finds it out."""

from __future__ import annotations

from crm_core.errors import AccessDenied
from crm_core.i18n import Message


class Refused(AccessDenied):
    """HQ does not serve this laptop: `code` says why (see `protocol.Fault`)."""

    def __init__(self, code: str, text: Message) -> None:
        super().__init__(text)
        self.code = code
