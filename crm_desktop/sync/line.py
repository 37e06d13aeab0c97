"""Lines to HQ over HTTP, whose library comes in with the first of them.

It takes a twentieth of a second of a start, and twenty megabytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from crm_desktop.sync.report import Cancelled

if TYPE_CHECKING:
    from crm_desktop.sync.blob_line import HttpBlobLine
    from crm_desktop.sync.transport import HttpHeadquarters


def headquarters(address: str, **how: Any) -> HttpHeadquarters:
    """Return a line to the HQ at an address; `how` is what `HttpHeadquarters` takes besides."""
    from crm_desktop.sync.transport import HttpHeadquarters  # noqa: PLC0415 - see above

    return HttpHeadquarters(address, **how)


def blob_line(hq: HttpHeadquarters, is_unwanted: Cancelled) -> HttpBlobLine:
    """Return the line for contents of files over a line to HQ."""
    from crm_desktop.sync.blob_line import HttpBlobLine  # noqa: PLC0415 - see above

    return HttpBlobLine(hq, is_unwanted)


def proxy_of(address: str) -> str:
    """Return the proxy the system names for an address, without name and password; '' for none."""
    from crm_desktop.sync import transport  # noqa: PLC0415 - see above

    return transport.proxy_of(address)
