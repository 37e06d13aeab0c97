"""The one error of work that a person stopped."""

from __future__ import annotations

from crm_core.errors import UserError


class Stopped(UserError):
    """The person stopped it before anything was written."""
