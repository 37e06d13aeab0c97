"""The address of an HQ as a person types it."""

from __future__ import annotations

import ipaddress
import re
from urllib.parse import urlsplit

from crm_core.errors import UserError
from crm_core.i18n import N_

_HOST = re.compile(r"[\w.:-]+\Z")


def checked_address(address: str) -> str:
    """Return the base URL for what a person typed as HQ's address.

    A name without a scheme means HTTPS. Plain HTTP is refused except to this very machine: passwords and
    customers travel on it.
    """
    text = address.strip()
    text = text if "://" in text else f"https://{text}"
    text = text.rstrip("/") if not text.endswith("://") else text
    try:
        parts = urlsplit(text)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    if parts.scheme not in ("http", "https") or not host or not _HOST.match(host):
        raise UserError(N_("“{address}” is not the address of a server"), address=address)
    if parts.scheme == "http" and not is_loopback(host):
        raise UserError(
            N_("{address} is not encrypted. Ask for an address that begins with https://"), address=text
        )
    return text


def is_loopback(host: str) -> bool:
    """Tell whether a host is this very machine."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False
