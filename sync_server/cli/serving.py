"""`serve`: answering over HTTP."""

from __future__ import annotations

import dataclasses
import os
import shutil
import signal
import socket
import tempfile
from types import FrameType
from typing import Final

import click

from crm_core.errors import UserError, reason_of
from crm_core.i18n import N_
from sync_server import logs
from sync_server.cli.console import tr
from sync_server.cli.root import Terminal, pass_terminal
from sync_server.services import measures
from sync_server.services.gauges import with_standing
from sync_server.services.headquarters import open_headquarters
from sync_server.settings import ENVIRONMENT, Settings, read_settings
from sync_server.store.serving import serving as in_service

GRACE_S: Final = 10  # a request takes longer only where a line died
KEEP_ALIVE_S: Final = 75  # longer than most proxies', so that they close first
APPLICATION: Final = "sync_server.app:app_of_environment"


@click.command(help=tr(N_("Serve the headquarters over HTTP until it is stopped.")))
@click.option("--host", help=tr(N_("Address to listen on.")))
@click.option("--port", type=click.IntRange(0, 65535), help=tr(N_("Port to listen on; 0 takes a free one.")))
@click.option("--workers", type=click.IntRange(1, 64), help=tr(N_("Processes that answer.")))
@pass_terminal
def serve(terminal: Terminal, host: str | None, port: int | None, workers: int | None) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    kept = read_settings(terminal.data)
    settings = dataclasses.replace(
        kept,
        host=kept.host if host is None else host,
        port=kept.port if port is None else port,
        workers=kept.workers if workers is None else workers,
    )
    _demand_ready(settings)
    listening = listen(settings)
    scheme = "https" if settings.uses_tls else "http"
    bound_host, bound_port = listening.getsockname()[:2]
    url = f"{scheme}://{f'[{bound_host}]' if ':' in bound_host else bound_host}:{bound_port}"
    terminal.console.tell(N_("Headquarters answers at {url}"), url=url)
    if settings.is_heard_in_the_clear:
        terminal.console.tell(
            N_(
                "Other machines reach this address unencrypted, and laptops refuse it. Set tls_certificate"
                " and tls_key, or trusted_proxies where a proxy encrypts"
            )
        )
    if terminal.console.as_json:
        terminal.console.show({"url": url})
    # Workers are new processes: this is how they learn which headquarters is theirs.
    os.environ[f"{ENVIRONMENT}DATA"] = str(settings.data)
    logs.start_logging()
    # uvicorn stops gracefully and then raises the signal again, which is to end us as a success.
    signal.signal(signal.SIGTERM, _end)
    signal.signal(signal.SIGINT, _end)
    counted = tempfile.mkdtemp(prefix="satchel-measures-") if settings.workers > 1 else None
    if counted:
        os.environ[measures.SHARED_FOLDER] = counted
    try:
        if settings.admin_port:
            # Its own way to the database: this process answers no laptop.
            shown = with_standing(measures.registry(), open_headquarters(settings).database)
            measures.answer_on(settings.admin_port, shown)
        _run(settings, listening)
    finally:
        if counted:
            shutil.rmtree(counted, ignore_errors=True)


def _run(settings: Settings, listening: socket.socket) -> None:
    # Left out of every other command's start, which these would double.
    import uvicorn  # noqa: PLC0415
    from uvicorn.supervisors import Multiprocess  # noqa: PLC0415

    config = uvicorn.Config(
        APPLICATION,
        factory=True,
        workers=settings.workers,
        ssl_certfile=settings.tls_certificate or None,
        ssl_keyfile=settings.tls_key or None,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies) or None,
        server_header=False,  # a laptop's round is counted in bytes, and nobody need know
        date_header=False,
        log_config=None,
        access_log=False,
        ws="none",
        http="sync_server.api.patience:PatientProtocol",
        timeout_keep_alive=KEEP_ALIVE_S,
        timeout_graceful_shutdown=GRACE_S,
    )
    server = uvicorn.Server(config)
    if settings.workers > 1:
        Multiprocess(config, sockets=[listening]).run()
    else:
        try:
            server.run(sockets=[listening])
        except SystemExit as left:
            if not left.code:
                raise
            # uvicorn leaves with a status of its own, which here would say that HQ is unreachable.
            raise UserError(N_("The server could not start; its log says why")) from left


def _demand_ready(settings: Settings) -> None:
    hq = open_headquarters(settings)
    try:
        hq.demand_ready()
        hq.sync.demand_clock()
        with in_service(hq.database):
            pass  # nobody has the database for himself
    finally:
        hq.close()
    for name in (settings.tls_certificate, settings.tls_key):
        if name and not os.access(name, os.R_OK):
            raise UserError(N_("{file} cannot be read"), file=name)


def listen(settings: Settings) -> socket.socket:
    """Return a socket that listens where the settings say; `UserError` where it cannot."""
    family = socket.AF_INET6 if ":" in settings.host else socket.AF_INET
    # Named as TCP: only then asyncio turns off the wait for more to send (Nagle's), which together with the
    # laptop's delayed acknowledgements took 40 ms of every round.
    listening = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    if os.name == "posix":
        # Windows gives the option another meaning: two servers on one port.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listening.bind((settings.host, settings.port))
    except OSError as error:
        listening.close()
        raise UserError(
            N_("Cannot listen on {host}:{port}: {reason}"),
            host=settings.host,
            port=settings.port,
            reason=reason_of(error),
        ) from error
    listening.listen(2048)
    listening.set_inheritable(True)
    return listening


def _end(_number: int, _frame: FrameType | None) -> None:
    raise SystemExit(0)
