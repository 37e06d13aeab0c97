"""`/survey/TOKEN`: where a customer says how satisfied he is. Looking counts nothing; only sending does."""

from __future__ import annotations

from typing import Final

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from crm_core.errors import Problem
from crm_core.i18n import N_, message
from crm_core.rules import surveys as rules
from crm_core.rules.surveys import MOST_WORDS, Standing
from resources import CHINESE, ENGLISH, translation
from sync_server.asked import Hqs, address_of
from sync_server.services import measures, survey_answers
from sync_server.services.auth import now_ms
from sync_server.services.headquarters import Headquarters
from sync_server.services.languages import language_of_browser
from sync_server.services.survey_answers import Found, Given
from sync_server.services.visitors import VisitorGuard
from sync_server.web.bodies import Body, answers_of
from sync_server.web.survey_page import plain_page, survey_page

LOOKS_PER_HOUR: Final = 240
"""How often one address may try tokens that lead nowhere; chance finds none of them in any case."""
LOOKS_AT_ONCE: Final = 40

router = APIRouter(prefix="/survey", include_in_schema=False)
log = structlog.get_logger("satchel.surveys")


class SurveyGuards:
    """How often addresses may do what."""

    def __init__(self) -> None:
        self.looks = VisitorGuard(per_hour=LOOKS_PER_HOUR, at_once=LOOKS_AT_ONCE)
        self.answers = VisitorGuard()


@router.get("/{token}")
def show(request: Request, hq: Hqs, token: str, score: str = "") -> Response:
    """Show the page, with the score chosen in the mail. Mail programs look at links too: nothing counts."""
    found = survey_answers.find(hq, token, now_ms())
    if found is None:
        return _nowhere(request)
    language = _language(request, found)
    said = (
        translation(language)(N_("We will not ask you again.")) if "stopped" in request.query_params else ""
    )
    chosen = rules.read_score(found.scale, score)
    return survey_page(found, token, language, score=chosen, said=said)


@router.post("/{token}")
def take(request: Request, hq: Hqs, token: str, body: Body) -> Response:
    """Take an answer."""
    found = survey_answers.find(hq, token, now_ms())
    if found is None:
        return _nowhere(request)
    language = _language(request, found)
    if found.standing is not Standing.OPEN:
        return survey_page(found, token, language, status=409)
    typed = answers_of(body)
    code = _code(language)
    score = rules.read_score(found.scale, typed.get("score", ""))
    answers, problems = rules.read_answers(found.asking, typed, code)
    if score is None:
        problems.insert(0, Problem(field="score", message=message(N_("Choose one of these"))))
    words = typed.get("words", "").strip()
    if len(words) > MOST_WORDS:
        problems.append(Problem(field="words", message=rules.too_long(MOST_WORDS)))
    if problems or score is None:
        return survey_page(found, token, language, score=score, typed=typed, problems=problems, status=422)
    if not _admitted(request):
        return _busy(language)
    given = Given(score=score, words=words, answers=answers, language=code)
    if survey_answers.take(hq, found, given, now_ms()):
        log.info("answered", answer=found.id)
        return RedirectResponse(f"/survey/{token}?lang={code}", status_code=303)
    return _as_it_is(request, hq, token, 409)


@router.post("/{token}/stop")
def stop(request: Request, hq: Hqs, token: str, body: Body) -> Response:
    """Ask somebody no more: by the button of the page, or by that of his mail program (RFC 8058)."""
    found = survey_answers.find(hq, token, now_ms())
    if found is None:
        return _nowhere(request)
    language = _language(request, found)
    if not _admitted(request):
        return _busy(language)
    survey_answers.refuse(hq, found, now_ms())
    log.info("wants no surveys", answer=found.id)
    return RedirectResponse(f"/survey/{token}?lang={_code(language)}&stopped=1", status_code=303)


def _as_it_is(request: Request, hq: Headquarters, token: str, status: int) -> Response:
    found = survey_answers.find(hq, token, now_ms())
    if found is None:
        return _nowhere(request)
    return survey_page(found, token, _language(request, found), status=status)


def _nowhere(request: Request) -> Response:
    language = _language(request, None)
    if not _guards(request).looks.admit(address_of(request)):
        return _busy(language)
    title, said = N_("This link leads nowhere"), N_("Please check that you have copied all of it.")
    return plain_page(language, title, said, 404)


def _admitted(request: Request) -> bool:
    return _guards(request).answers.admit(address_of(request))


def _busy(language: str) -> Response:
    measures.turned_away.labels(limit="survey").inc()
    title = N_("Too many requests")
    said = N_("Too much came from your address. Please try again in an hour, or call us.")
    return plain_page(language, title, said, 429)


def _guards(request: Request) -> SurveyGuards:
    found: SurveyGuards = request.app.state.surveys
    return found


def _language(request: Request, found: Found | None) -> str:
    """Return the language of a page: as asked for, else the mail's, else the browser's."""
    asked = {"zh": CHINESE, "en": ENGLISH}
    spoken = str(found.answer["language"] or "") if found is not None else ""
    known = asked.get(request.query_params.get("lang", "")) or asked.get(spoken)
    return known or language_of_browser(request.headers.get("accept-language", ""))


def _code(language: str) -> str:
    return "zh" if language == CHINESE else "en"
