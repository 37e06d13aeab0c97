"""How this machine is connected: enough to notice that the network came back, without a packet sent."""

from __future__ import annotations

import socket

# Addresses kept for documentation (RFC 5737, RFC 3849): nobody has them, so only the route counts.
_FAR = ((socket.AF_INET, "203.0.113.1"), (socket.AF_INET6, "2001:db8::1"))
_DISCARD_PORT = 9

Connection = tuple[tuple[str, ...], tuple[str, ...]]
"""The addresses this machine would send from, and its interfaces; another one after each change."""


def connection() -> Connection:
    """Return how this machine is connected now; empty parts where it is not, or cannot tell."""
    try:
        interfaces = tuple(sorted(name for _, name in socket.if_nameindex()))
    except OSError:
        interfaces = ()
    return tuple(address for family, far in _FAR if (address := _source(family, far))), interfaces


def _source(family: int, far: str) -> str:
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((far, _DISCARD_PORT))  # of a datagram socket: looks the route up, sends nothing
            return str(probe.getsockname()[0])
    except OSError:
        return ""
