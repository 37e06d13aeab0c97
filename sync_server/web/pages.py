"""The pages people see in a browser: what answers here, and what it offers to programs."""

from __future__ import annotations

from html import escape

from fastapi import APIRouter, Request
from fastapi.responses import HTMLResponse

from crm_core.i18n import N_, Translate
from resources import CHINESE, translation
from sync_server.services.languages import language_of_browser
from sync_server.settings import Settings

_VERBS = ("get", "post", "put", "patch", "delete")

router = APIRouter(include_in_schema=False)

_STYLE = """
body { font: 16px/1.6 system-ui, "Noto Sans SC", sans-serif; max-width: 60rem; margin: 4rem auto;
       padding: 0 1.5rem; color: #1d2433; background: #fbfbf9 }
h1 { font-size: 1.6rem } h2 { font-size: 1.15rem; margin-top: 2.5rem } code { font-size: .9em }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; vertical-align: top;
        padding: .25rem 1rem .25rem 0; border-bottom: 1px solid #e3e3dd }
"""


@router.get("/")
def show_what_this_is(request: Request) -> HTMLResponse:
    """Say what answers here, in the browser's language."""
    language, tr = _reader(request)
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
    return _page(language, title, body)


@router.get("/docs")
def show_interface(request: Request) -> HTMLResponse:
    """Describe the interface for programs; made from the same description `/openapi.json` gives."""
    language, tr = _reader(request)
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
    return _page(language, title, body)


def _reader(request: Request) -> tuple[str, Translate]:
    language = language_of_browser(request.headers.get("accept-language", ""))
    return language, translation(language)


def _page(language: str, title: str, body: list[str]) -> HTMLResponse:
    code = "zh-CN" if language == CHINESE else "en"
    return HTMLResponse(
        f'<!doctype html><html lang="{code}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head><body>{''.join(body)}</body></html>",
        headers={"Content-Language": code, "Vary": "Accept-Language"},
    )
