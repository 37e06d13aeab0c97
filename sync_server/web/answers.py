"""`/help`: what customers may read of the knowledge base, day and night, with a search that suggests."""

from __future__ import annotations

from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from resources import CHINESE, ENGLISH
from sync_server.asked import Hqs, address_of
from sync_server.services import measures, self_service
from sync_server.services.auth import now_ms
from sync_server.services.headquarters import Headquarters
from sync_server.services.languages import language_of_browser
from sync_server.services.self_service import PublicShelf
from sync_server.services.visitors import VisitorGuard
from sync_server.web.answers_page import (
    HEADERS,
    SCRIPT,
    article_page,
    busy_page,
    home_page,
    nothing_page,
    path_of,
)
from sync_server.web.bodies import Body, answers_of

LOOKS_PER_HOUR = 1_800
"""By one address: an office that types behind one."""
LOOKS_AT_ONCE = 120
QUERY_MOST = 200
SUGGESTED = 6
_CODES = {CHINESE: "zh", ENGLISH: "en"}

router = APIRouter(prefix="/help", include_in_schema=False)


class HelpDesk:
    """What the pages keep between requests."""

    def __init__(self) -> None:
        self.shelf = PublicShelf()
        self.looks = VisitorGuard(per_hour=LOOKS_PER_HOUR, at_once=LOOKS_AT_ONCE)
        self.votes = VisitorGuard()


@router.get("")
def show_help(request: Request, hq: Hqs, q: str = "", c: str = "") -> Response:
    """Show the search, what it found, and the categories."""
    language, desk, now = _language(request), _desk(request), now_ms()
    company = hq.settings.company_name(language)
    if not _admitted(request):
        return busy_page(language, company)
    query = " ".join(q[:QUERY_MOST].split())
    categories = desk.shelf.categories(hq, now)
    chosen = next((each for each in categories if each.id == c), None)
    if c and chosen is None:
        return nothing_page(language, company)
    ids = [each.id for each in categories if chosen and chosen.id in (each.id, each.parent_id)]
    return home_page(
        language,
        company,
        query=query,
        found=desk.shelf.search(hq, query, _CODES[language], now) if query else None,
        categories=categories,
        chosen=chosen,
        articles=desk.shelf.in_categories(hq, ids, now) if not query else (),
    )


@router.get("/suggest.js")
def show_script() -> Response:
    """Return what asks for suggestions while somebody types; the page works without it."""
    return Response(SCRIPT, media_type="text/javascript", headers={"Cache-Control": "public, max-age=3600"})


@router.get("/suggest")
def suggest(request: Request, hq: Hqs, q: str = "") -> Response:
    """Return the titles that fit what is typed so far."""
    if not _admitted(request):
        return JSONResponse({"articles": []}, status_code=429, headers=HEADERS)
    language = _language(request)
    found = _desk(request).shelf.search(hq, q[:QUERY_MOST], _CODES[language], now_ms())[:SUGGESTED]
    shown = [{"title": each.title, "path": path_of(each, language)} for each in found]
    return JSONResponse({"articles": shown}, headers=HEADERS)


@router.get("/{article_id}")
def show_article(request: Request, hq: Hqs, article_id: str) -> Response:
    """Show an article; what may not be read is answered as what is not there, by the same steps."""
    language, desk, now = _language(request), _desk(request), now_ms()
    company = hq.settings.company_name(language)
    if not _admitted(request):
        return busy_page(language, company)
    article = desk.shelf.article(hq, article_id, now)
    if article is None:
        return nothing_page(language, company)
    categories = desk.shelf.categories(hq, now)
    return article_page(language, company, article, categories, voted="told" in request.query_params)


@router.post("/{article_id}/helped")
def take_vote(request: Request, hq: Hqs, article_id: str, body: Body) -> Response:
    """Count whether an article helped."""
    language = _language(request)
    article = _desk(request).shelf.article(hq, article_id, now_ms())
    if article is None:
        return nothing_page(language, hq.settings.company_name(language))
    if not _desk(request).votes.admit(address_of(request)):
        measures.turned_away.labels(limit="help").inc()
        return busy_page(language, hq.settings.company_name(language))
    answer = answers_of(body).get("helpful", "")
    if answer in ("yes", "no"):
        _vote(request, hq, article.id, helpful=answer == "yes")
    return RedirectResponse(f"{path_of(article, language)}&told=1", status_code=303)


def _vote(request: Request, hq: Headquarters, article_id: str, *, helpful: bool) -> None:
    voter = self_service.voter_of(hq, address_of(request), request.headers.get("user-agent", ""))
    self_service.vote(hq, article_id, voter, now_ms(), helpful=helpful)


def _admitted(request: Request) -> bool:
    if _desk(request).looks.admit(address_of(request)):
        return True
    measures.turned_away.labels(limit="help").inc()
    return False


def _desk(request: Request) -> HelpDesk:
    found: HelpDesk = request.app.state.help
    return found


def _language(request: Request) -> str:
    asked = {"zh": CHINESE, "en": ENGLISH}.get(request.query_params.get("lang", ""))
    return asked or language_of_browser(request.headers.get("accept-language", ""))
