"""`/healthz`, `/readyz` and `/metrics`: what a balancer and a monitor ask."""

from __future__ import annotations

import hmac

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, Response
from sqlalchemy.exc import SQLAlchemyError

from crm_core.errors import NotFound, UserError
from crm_core.i18n import N_
from sync_server.asked import Hqs
from sync_server.services import measures
from sync_server.services.gauges import with_standing

router = APIRouter(tags=["operation"])


@router.get("/healthz")
def say_alive() -> dict[str, str]:
    """Say that this process answers."""
    return {"status": "ok"}


@router.get("/readyz")
def say_ready(hq: Hqs) -> JSONResponse:
    """Say whether the database answers and has the version this program needs."""
    try:
        hq.demand_ready()
    except UserError as error:
        return JSONResponse({"status": "not ready", "reason": str(error)}, status_code=503)
    except SQLAlchemyError:
        return JSONResponse({"status": "not ready", "reason": "no database"}, status_code=503)
    return JSONResponse({"status": "ready"})


@router.get("/metrics", response_class=Response)
def show_metrics(request: Request, hq: Hqs) -> Response:
    """Give the counts in Prometheus' form to whoever sends the key as `X-Metrics-Key`."""
    key, sent = hq.settings.metrics_key, request.headers.get("x-metrics-key", "")
    if not key or not hmac.compare_digest(key.encode(), sent.encode()):
        raise NotFound(N_("There is nothing here"))
    shown = with_standing(measures.registry(), hq.database)
    return Response(measures.exposition(shown), headers={"Content-Type": measures.EXPOSITION})
