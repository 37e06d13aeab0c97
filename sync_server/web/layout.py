"""What every page for people has: the reader's language and the sheet it stands on."""

from __future__ import annotations

from collections.abc import Mapping
from html import escape
from typing import Final

from fastapi import Request
from fastapi.responses import HTMLResponse

from crm_core.i18n import Translate
from resources import CHINESE, translation
from sync_server.services.languages import language_of_browser

_FACE: Final = (
    'body { font-family: system-ui, -apple-system, "Segoe UI", Roboto, "PingFang SC", "Microsoft YaHei", '
    '"Noto Sans CJK SC", "Noto Sans SC", sans-serif }\n'
)
"""The reader's own face: one with Chinese where the system's has none."""
STYLE: Final = """
body { font-size: 16px; line-height: 1.6; max-width: 60rem; margin: 4rem auto;
       padding: 0 1.5rem; color: #1d2433; background: #fbfbf9 }
h1 { font-size: 1.6rem } h2 { font-size: 1.15rem; margin-top: 2.5rem } code { font-size: .9em }
table { border-collapse: collapse; width: 100% } td, th { text-align: left; vertical-align: top;
        padding: .25rem 1rem .25rem 0; border-bottom: 1px solid #e3e3dd }
"""


def reader(request: Request) -> tuple[str, Translate]:
    """Return the language a browser asks for, and the translation into it."""
    language = language_of_browser(request.headers.get("accept-language", ""))
    return language, translation(language)


def page(
    language: str,
    title: str,
    body: list[str],
    *,
    style: str = STYLE,
    status: int = 200,
    headers: Mapping[str, str] | None = None,
) -> HTMLResponse:
    """Return a page; `title` is plain text, `body` is HTML."""
    code = "zh-CN" if language == CHINESE else "en"
    return HTMLResponse(
        f'<!doctype html><html lang="{code}"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        '<link rel="icon" href="data:,">'  # a browser asks for one otherwise, and is told there is none
        f"<style>{_FACE}{style}</style></head><body>{''.join(body)}</body></html>",
        status_code=status,
        headers={"Content-Language": code, "Vary": "Accept-Language", **(headers or {})},
    )
