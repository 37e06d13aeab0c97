"""The proportions of a picture, read from its first bytes."""

from __future__ import annotations

from crm_core.errors import UserError
from crm_core.i18n import N_

_PNG = b"\x89PNG\r\n\x1a\n"
_JPEG = b"\xff\xd8"
# Start-of-frame markers; C4, C8 and CC between them mean other things (ITU T.81, table B.1).
_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}


def proportion(content: bytes) -> float:
    """Return a PNG's or JPEG's width divided by its height. Raises `UserError` for anything else."""
    wide, high = _size(content)
    if not wide or not high:
        raise UserError(N_("The logo cannot be read; use a PNG or JPEG picture"))
    return wide / high


def _size(content: bytes) -> tuple[int, int]:
    if content.startswith(_PNG):
        return int.from_bytes(content[16:20], "big"), int.from_bytes(content[20:24], "big")
    place = 2 if content.startswith(_JPEG) else len(content)
    while place + 9 <= len(content) and content[place] == 0xFF:
        if content[place + 1] in _FRAMES:
            high = int.from_bytes(content[place + 5 : place + 7], "big")
            return int.from_bytes(content[place + 7 : place + 9], "big"), high
        place += 2 + int.from_bytes(content[place + 2 : place + 4], "big")
    return 0, 0
