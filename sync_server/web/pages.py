"""The pages people see in a browser: what answers here, and what it offers to programs."""

from __future__ import annotations

from html import escape

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from crm_core.i18n import N_
from sync_server.settings import Settings
from sync_server.web.layout import page, reader

_VERBS = ("get", "post", "put", "patch", "delete")

router = APIRouter(include_in_schema=False)


@router.get("/")
def show_what_this_is(request: Request) -> HTMLResponse:
    """Say what answers here, in the browser's language."""
    language, tr = reader(request)
    settings: Settings = request.app.state.settings
    company = settings.company_name(language)
    title = tr(N_("Satchel headquarters"))
    sentences = [
        tr(N_("This server keeps the customer records of your company and brings the laptops together.")),
        tr(N_("There is nothing to do here: open Satchel on your laptop and give it this page's address.")),
    ]
    body = [f"<h1>{escape(company or title)}</h1>"]
    body += [f"<p>{escape(sentence)}</p>" for sentence in sentences]
    offer = escape(tr(N_("For programs: the interface and its description")))
    body.append(f'<p><a href="/docs">{offer}</a></p>')
    return page(language, title, body)


@router.get("/docs")
def show_interface(request: Request) -> HTMLResponse:
    """Describe the interface for programs; made from the same description `/openapi.json` gives."""
    language, tr = reader(request)
    described = request.app.openapi()
    title = tr(N_("Satchel HQ: the interface for programs"))
    before, _, after = tr(N_("Programs read the same from {address}.")).partition("{address}")
    link = '<a href="/openapi.json"><code>/openapi.json</code></a>'
    body = [f"<h1>{escape(title)}</h1>", f"<p>{escape(before)}{link}{escape(after)}</p>"]
    groups: dict[str, list[str]] = {}
    for path, methods in described["paths"].items():
        for method, operation in ((verb, methods[verb]) for verb in _VERBS if verb in methods):
            row = (
                f"<tr><td><code>{method.upper()}</code></td><td><code>{escape(path)}</code></td>"
                f"<td>{escape(operation.get('summary', ''))}</td></tr>"
            )
            groups.setdefault(operation.get("tags", [""])[0], []).append(row)
    for group, rows in groups.items():
        body.append(f"<h2>{escape(group)}</h2><table>{''.join(rows)}</table>")
    return page(language, title, body)
