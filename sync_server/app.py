"""The application: the parts of one headquarters put together as ASGI."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from contextlib import ExitStack, asynccontextmanager

from fastapi import FastAPI

from sync_server import logs
from sync_server.api import (
    answering,
    auth,
    blobs,
    calendar_feeds,
    conversations,
    exchange,
    health,
    known,
    news,
    records,
    sync,
)
from sync_server.api.context import Remembered
from sync_server.api.description import describe
from sync_server.api.errors import answer_errors
from sync_server.api.frame import Frame
from sync_server.api.gate import Gate
from sync_server.api.newsroom import Newsroom
from sync_server.jobs.alike import find_alike
from sync_server.jobs.drops import exchange_files
from sync_server.jobs.ending import when_asked_to_end
from sync_server.jobs.housekeeping import keep_house
from sync_server.jobs.leads import give_leads
from sync_server.jobs.mails import send_mails
from sync_server.jobs.orphans import end_with_parent
from sync_server.jobs.promises import keep_promises
from sync_server.jobs.reports import send_reports
from sync_server.jobs.signatures import seal_signatures
from sync_server.jobs.surveys import ask_customers
from sync_server.jobs.ticket_mails import take_ticket_mails
from sync_server.jobs.webhooks import tell_webhooks
from sync_server.services import passwords
from sync_server.services.headquarters import open_headquarters
from sync_server.services.visitors import SITE_AT_ONCE, SITE_PER_HOUR, VisitorGuard
from sync_server.settings import Settings, default_data_folder, read_settings
from sync_server.store.serving import serving
from sync_server.web import acceptance, answers, forms, pages, surveys

# Objects made before Python looks for cycles. At its own 700, a first upload of thousands of records spent a
# fifth of its time on walking them again and again; what a request leaves behind is freed without that.
COLLECT_AFTER = 200_000


def create_app(settings: Settings) -> FastAPI:
    """Return the application that serves the HQ of the settings.

    Its life begins and ends with the server's: only between the two is the database held.
    """
    headquarters = open_headquarters(settings)
    newsroom = Newsroom(headquarters)

    @asynccontextmanager
    async def life(_app: FastAPI) -> AsyncIterator[None]:
        headquarters.demand_ready()
        headquarters.sync.demand_clock()
        passwords.nobodys()
        gc.freeze()
        gc.set_threshold(COLLECT_AFTER)
        hq = headquarters
        chores = (
            keep_house,
            give_leads,
            keep_promises,
            take_ticket_mails,
            find_alike,
            send_mails,
            send_reports,
            seal_signatures,
            ask_customers,
            tell_webhooks,
            exchange_files,
        )
        with serving(hq.database), ExitStack() as running:
            for chore in chores:
                running.enter_context(chore(hq))
            async with newsroom.open():
                with when_asked_to_end(newsroom.close):
                    yield
        headquarters.close()

    app = FastAPI(title="Satchel HQ", docs_url=None, redoc_url=None, lifespan=life)
    app.state.headquarters = headquarters
    app.state.settings = settings
    app.state.remembered = Remembered()
    app.state.newsroom = newsroom
    app.state.gate = Gate(settings)
    app.state.visitors = VisitorGuard()
    app.state.uploads = VisitorGuard(per_hour=forms.UPLOADS_PER_HOUR, at_once=forms.UPLOADS_AT_ONCE)
    app.state.acceptance = acceptance.AcceptanceGuards()
    app.state.help = answers.HelpDesk()
    app.state.surveys = surveys.SurveyGuards()
    app.state.key_guard = _key_guard(settings)
    app.state.senders = VisitorGuard(per_hour=SITE_PER_HOUR, at_once=SITE_AT_ONCE)
    answer_errors(app)
    for part in (
        health,
        calendar_feeds,
        auth,
        sync,
        news,
        known,
        answering,
        blobs,
        records,
        exchange,
        conversations,
        forms,
        acceptance,
        answers,
        surveys,
        pages,
    ):
        app.include_router(part.router)
    app.add_middleware(
        Frame,
        body_bytes_max=settings.body_bytes_max,
        form_bytes_max=settings.form_bytes_max,
        meter=headquarters.sync.meter,
    )
    app.openapi = describe(app)  # type: ignore[method-assign]
    return app


def _key_guard(settings: Settings) -> VisitorGuard | None:
    """Return what counts the requests of each key, None where they may ask without end."""
    per_minute = settings.key_requests_per_minute
    return VisitorGuard(per_hour=60 * per_minute, at_once=per_minute) if per_minute else None


def app_of_environment() -> FastAPI:
    """Return the application of the data folder in `CRM_SERVER_DATA`: what every server process starts."""
    logs.start_logging()
    end_with_parent()
    return create_app(read_settings(default_data_folder()))
