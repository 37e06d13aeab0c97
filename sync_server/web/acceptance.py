"""`/a/TOKEN`: where a customer accepts or declines a document. Whoever has the token may; nobody else can."""

from __future__ import annotations

import json
import re
from typing import Any, Final

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import RedirectResponse, Response

from crm_core.errors import CrmError, Invalid, NotFound, Problem, UserError
from crm_core.i18n import N_, message
from crm_core.rules import signing
from crm_core.rules.signing import Standing
from resources import CHINESE, ENGLISH, translation
from sync_server.asked import Hqs, address_of
from sync_server.services import acceptance
from sync_server.services.acceptance import Decision, Found
from sync_server.services.auth import now_ms
from sync_server.services.headquarters import Headquarters
from sync_server.services.languages import language_of_browser
from sync_server.services.visitors import VisitorGuard
from sync_server.web.acceptance_page import HEADERS, acceptance_page, busy_page, unknown_page
from sync_server.web.bodies import Body, answers_of

LOOKS_PER_HOUR: Final = 240
"""How often one address may try tokens that lead nowhere; chance finds none of them in any case."""
LOOKS_AT_ONCE: Final = 40
QUESTIONS_PER_HOUR: Final = 6
"""By one link."""
_PDF_POLICY: Final = (
    "default-src 'none'; object-src 'self'; style-src 'unsafe-inline'; frame-ancestors 'none'"
)

router = APIRouter(prefix="/a", include_in_schema=False)
log = structlog.get_logger("satchel.acceptance")


class AcceptanceGuards:
    """How often addresses and links may do what."""

    def __init__(self) -> None:
        self.looks = VisitorGuard(per_hour=LOOKS_PER_HOUR, at_once=LOOKS_AT_ONCE)
        self.answers = VisitorGuard()
        self.questions = VisitorGuard(per_hour=QUESTIONS_PER_HOUR, at_once=QUESTIONS_PER_HOUR)


@router.get("/{token}")
def show(request: Request, hq: Hqs, token: str) -> Response:
    """Show what the link leads to. Looking uses nothing up: mail programs look at links too."""
    found = _opened(request, hq, token)
    if isinstance(found, Response):
        return found
    language = _language(request, found)
    tr = translation(language)
    said = (
        tr(N_("Your question is on its way. You will hear from us."))
        if "asked" in request.query_params
        else ""
    )
    return acceptance_page(found, token, language, is_here=_is_here(hq, found), said=said)


@router.get("/{token}/document.pdf")
def show_document(request: Request, hq: Hqs, token: str) -> Response:
    """Give the very file."""
    found = _opened(request, hq, token)
    if isinstance(found, Response):
        return found
    language = _language(request, found)
    try:
        content = acceptance.document_of(hq, found)
    except NotFound:
        return acceptance_page(found, token, language, is_here=False, status=404)
    return _pdf(content, found.file_name, saves="download" in request.query_params)


@router.get("/{token}/certificate.pdf")
def show_certificate(request: Request, hq: Hqs, token: str) -> Response:
    """Give the certificate of what was decided by the link."""
    found = acceptance.find(hq, token, now_ms())
    language = _language(request, found)
    signature = found.signature if found is not None else None
    if found is None or signature is None or not signature["certificate_id"]:
        return _nowhere(request, language)
    try:
        content = hq.blobs.of_attachment(str(signature["certificate_id"]))
    except NotFound:
        return _nowhere(request, language)
    return _pdf(content, f"{found.number}-certificate.pdf", saves=True)


@router.post("/{token}/accept")
def accept(request: Request, hq: Hqs, token: str, body: Body) -> Response:
    """Take an acceptance."""
    found = _opened(request, hq, token)
    if isinstance(found, Response):
        return found
    typed = answers_of(body)
    problems: list[Problem] = []
    strokes = None
    if typed.get("way") == "drawn":
        try:
            drawn = signing.read_strokes(json.loads(typed.get("strokes") or "[]"))
            strokes = signing.plain_strokes(drawn)
        except UserError as error:
            problems.append(Problem(field="strokes", message=error.message))
        except (ValueError, RecursionError):
            said = message(N_("Draw your signature, or type your name instead"))
            problems.append(Problem(field="strokes", message=said))
    if typed.get("agreed") != "yes":
        problems.append(Problem(field="agreed", message=message(N_("Tick this to accept"))))
    decision = _decision(request, typed, "accepted", strokes=strokes)
    return _decided(request, hq, token, found, decision, typed, problems, "accept")


@router.post("/{token}/decline")
def decline(request: Request, hq: Hqs, token: str, body: Body) -> Response:
    """Take a refusal."""
    found = _opened(request, hq, token)
    if isinstance(found, Response):
        return found
    typed = answers_of(body)
    decision = _decision(request, typed, "declined", reason=typed.get("reason", ""))
    return _decided(request, hq, token, found, decision, typed, [], "decline")


@router.post("/{token}/ask")
def ask(request: Request, hq: Hqs, token: str, body: Body) -> Response:
    """Take a question; the link stays open."""
    found = _opened(request, hq, token)
    if isinstance(found, Response):
        return found
    language = _language(request, found)
    typed = answers_of(body)
    name, question = _one_line(typed.get("name", "")), typed.get("question", "").strip()
    needed = message(N_("This is required"))
    problems = [
        Problem(field=field, message=needed)
        for field, value in (("name", name), ("question", question))
        if not value
    ]
    long = (("name", name, signing.MOST_NAME), ("question", question, acceptance.MOST_QUESTION))
    problems += [
        Problem(field=field, message=message(N_("At most {most} characters"), most=most))
        for field, value, most in long
        if len(value) > most
    ]
    is_here = _is_here(hq, found)
    if problems or found.standing is not Standing.OPEN:
        shown = {"typed": typed, "problems": problems, "part": "ask", "status": 422 if problems else 409}
        return acceptance_page(found, token, language, is_here=is_here, **shown)  # type: ignore[arg-type]
    guards = _guards(request)
    if not (guards.questions.admit(found.id) and guards.answers.admit(address_of(request))):
        return busy_page(language)
    acceptance.ask(hq, found, name, question, now_ms())
    log.info("asked", link=found.id)
    return RedirectResponse(f"/a/{token}?lang={_code(language)}&asked=1", status_code=303)


def _opened(request: Request, hq: Headquarters, token: str) -> Found | Response:
    """Return what a link leads to; where it leads nowhere, the page that says so."""
    found = acceptance.find(hq, token, now_ms())
    return found if found is not None else _nowhere(request, _language(request, None))


def _decision(request: Request, typed: dict[str, str], verdict: str, **more: Any) -> Decision:
    return Decision(
        verdict=verdict,
        name=_one_line(typed.get("name", "")),
        address=address_of(request),
        agent=_agent(request),
        **more,
    )


def _decided(
    request: Request,
    hq: Headquarters,
    token: str,
    found: Found,
    decision: Decision,
    typed: dict[str, str],
    problems: list[Problem],
    part: str,
) -> Response:
    language = _language(request, found)
    is_here = _is_here(hq, found)
    if found.standing is not Standing.OPEN or not is_here:
        return acceptance_page(found, token, language, is_here=is_here, status=409)
    wanted = {**decision.values(), "sha256": found.link["sha256"]}
    known = {problem.field for problem in problems}
    problems += [each for each in signing.problems_of_signature(wanted) if each.field not in known]
    if problems:
        return acceptance_page(
            found, token, language, is_here=is_here, typed=typed, problems=problems, part=part, status=422
        )
    if not _guards(request).answers.admit(address_of(request)):
        return busy_page(language)
    try:
        is_done = acceptance.decide(hq, found, decision, now_ms())
    except Invalid as error:
        return acceptance_page(
            found,
            token,
            language,
            is_here=is_here,
            typed=typed,
            problems=error.problems,
            part=part,
            status=422,
        )
    except CrmError as error:
        said = error.message.show(translation(language))
        return acceptance_page(
            found, token, language, is_here=is_here, typed=typed, part=part, said=said, status=409
        )
    if is_done:
        log.info("decided", link=found.id, verdict=decision.verdict)
        return RedirectResponse(f"/a/{token}?lang={_code(language)}", status_code=303)
    now = acceptance.find(hq, token, now_ms())
    if now is None:
        return _nowhere(request, language)
    return acceptance_page(now, token, language, is_here=_is_here(hq, now), status=409)


def _is_here(hq: Headquarters, found: Found) -> bool:
    """Tell whether HQ has the very file: nobody accepts what he cannot read."""
    try:
        acceptance.document_of(hq, found)
    except NotFound:
        return False
    return True


def _nowhere(request: Request, language: str) -> Response:
    if not _guards(request).looks.admit(address_of(request)):
        return busy_page(language)
    return unknown_page(language)


def _pdf(content: bytes, name: str, *, saves: bool) -> Response:
    plain = re.sub(r"[^A-Za-z0-9._-]+", "_", name) or "document.pdf"
    how = "attachment" if saves else "inline"
    headers = {
        **HEADERS,
        "Content-Security-Policy": _PDF_POLICY,
        "Content-Disposition": f'{how}; filename="{plain}"',
    }
    return Response(content, media_type="application/pdf", headers=headers)


def _language(request: Request, found: Found | None) -> str:
    """Return the language of a page: as asked for, else the document's, else the browser's."""
    asked = request.query_params.get("lang", "")
    if asked in ("zh", "en"):
        return CHINESE if asked == "zh" else ENGLISH
    spoken = str(found.link["language"] or "") if found is not None else ""
    if spoken in ("zh", "en"):
        return CHINESE if spoken == "zh" else ENGLISH
    return language_of_browser(request.headers.get("accept-language", ""))


def _code(language: str) -> str:
    return "zh" if language == CHINESE else "en"


def _one_line(text: str) -> str:
    return " ".join(text.split())


def _agent(request: Request) -> str:
    return "".join(each for each in request.headers.get("user-agent", "") if each.isprintable())


def _guards(request: Request) -> AcceptanceGuards:
    found: AcceptanceGuards = request.app.state.acceptance
    return found
