"""What pages and interfaces alike must know of a request: which headquarters is asked, and from where."""

from __future__ import annotations

from typing import Annotated

from fastapi import Depends, Request

from sync_server.services.headquarters import Headquarters


def headquarters(request: Request) -> Headquarters:
    """Return the headquarters this application serves."""
    found: Headquarters = request.app.state.headquarters
    return found


def address_of(request: Request) -> str:
    """Return the network address a request came from; behind a trusted proxy the one it names."""
    return request.client.host if request.client else ""


Hqs = Annotated[Headquarters, Depends(headquarters)]
