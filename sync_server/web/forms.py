"""`/forms/TOKEN`: a page anybody may fill in, and the same for a company's own site as JSON."""

from __future__ import annotations

import hmac
import json
from ipaddress import ip_address
from typing import Annotated, Any, Final
from urllib.parse import urlencode

import structlog
from fastapi import APIRouter, Depends, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response
from starlette.concurrency import run_in_threadpool

from crm_core.entities.capture import TICKET
from crm_core.errors import AccessDenied
from crm_core.i18n import N_
from crm_core.rules import capture as rules
from crm_core.schema.said import as_typed
from resources import CHINESE, ENGLISH, translation
from sync_server.asked import Hqs, address_of
from sync_server.services import capture, measures
from sync_server.services.auth import now_ms
from sync_server.services.capture import Form, Sender, Taken
from sync_server.services.faults import Refusal, too_many_forms
from sync_server.services.headquarters import Headquarters
from sync_server.services.languages import language_of_browser
from sync_server.services.visitors import VisitorGuard
from sync_server.web.answers import HelpDesk
from sync_server.web.bodies import FIELDS_MOST, Sent, answers_of, is_of_parts, sent_parts, small_body
from sync_server.web.form_page import STAMP, form_page, gone_page, thanks_page

UPLOADS_PER_HOUR: Final = 60
UPLOADS_AT_ONCE: Final = 20
"""Pages with files read from one network address, those with mistakes in them too."""
_WAIT_S: Final = 600
KEY_HEADER: Final = "X-Form-Key"
_JSON: Final = "application/json"
_NUMBER, _PROOF = "n", "s"
"""What an address of thanks says: the ticket's number, and that HQ itself says so."""

router = APIRouter(prefix="/forms", include_in_schema=False)
log = structlog.get_logger("satchel.forms")


async def what_was_sent(request: Request, hq: Hqs, token: str) -> Sent | bytes:
    """Return a page's fields and files, or a small body as it came.

    Files are read for a form that asks for some alone, and only from who does not send without end.
    """
    if not is_of_parts(request):
        return await small_body(request)
    form = await run_in_threadpool(capture.form_of, hq, token)
    if form is None or not form.files_most:
        return await small_body(request)
    if not _uploads(request).admit(address_of(request)):
        measures.turned_away.labels(limit="form").inc()
        raise too_many_forms(_WAIT_S)
    return await sent_parts(request.headers, request.stream(), form.files_most)


WhatWasSent = Annotated[Sent | bytes, Depends(what_was_sent)]


@router.get("/{token}")
def show_form(request: Request, hq: Hqs, token: str) -> Response:
    """Show the form, empty."""
    form = capture.form_of(hq, token)
    language = _language(request, form)
    if form is None:
        return gone_page(language)
    mark = rules.stamp(_secret(hq), token, now_ms())
    return form_page(form, language, mark, offers_help=_offers_help(request, hq, form))


@router.get("/{token}/thanks")
def show_thanks(request: Request, hq: Hqs, token: str) -> Response:
    """Say that all went well."""
    form = capture.form_of(hq, token)
    language = _language(request, form)
    if form is None:
        return gone_page(language)
    asked = request.query_params
    number = asked.get(_NUMBER, "")
    is_ours = hmac.compare_digest(asked.get(_PROOF, "").encode(), _proof(hq, token, number).encode())
    return thanks_page(form, language, number if is_ours else "")


@router.post("/{token}")
def take_form(request: Request, hq: Hqs, token: str, body: WhatWasSent) -> Response:
    """Take what was filled in: from the page, or with the form's key as JSON."""
    form = capture.form_of(hq, token)
    if isinstance(body, bytes):
        if request.headers.get("content-type", "").partition(";")[0].strip().lower() == _JSON:
            return _take_json(request, hq, form, body)
        body = Sent(answers=answers_of(body) if not is_of_parts(request) else {})
    language = _language(request, form)
    if form is None:
        return gone_page(language)
    answers = body.answers
    secret, now = _secret(hq), now_ms()
    mark = rules.stamp(secret, token, now)
    tr = translation(language)
    shown_ms = rules.shown_for_ms(secret, token, answers.get(STAMP, ""), now)
    if answers.get(rules.HONEYPOT) or (shown_ms is not None and shown_ms < rules.LEAST_FILL_MS):
        if answers.get(rules.HONEYPOT):
            # A machine is told what it likes to hear; nothing is kept.
            log.info("trapped", form=form.id)
            return _done(hq, form, token, language, Taken())
        said = tr(N_("That was very quick. Please look it over and send it again."))
        return form_page(form, language, answers.get(STAMP, mark), answers=answers, said=said, status=429)
    if shown_ms is None or shown_ms > rules.MOST_FILL_MS:
        said = tr(N_("The page was open for long. Please send it again; what you wrote is still here."))
        return form_page(form, language, mark, answers=answers, said=said, status=409)
    if not _guard(request).admit(address_of(request)):
        said = tr(N_("Too much came from your address. Please try again in an hour, or call us."))
        return form_page(form, language, mark, answers=answers, said=said, status=429)
    sender = Sender(channel="form", address=address_of(request), language=language)
    taken = capture.take(hq, form, answers, sender, body.files)
    if taken.problems:
        said = tr(N_("Please choose your files again.")) if body.files else ""
        how: dict[str, Any] = {"answers": answers, "problems": taken.problems, "said": said}
        return form_page(form, language, answers[STAMP], **how, status=422)
    if taken.is_too_much:
        said = tr(N_("Too much came from your address. Please try again in an hour, or call us."))
        return form_page(form, language, mark, answers=answers, said=said, status=429)
    log.info("taken", form=form.id, folded=taken.folded)
    return _done(hq, form, token, language, taken)


def _take_json(request: Request, hq: Headquarters, form: Form | None, body: bytes) -> Response:
    given = request.headers.get(KEY_HEADER, "")
    expected = rules.key_of_form(_secret(hq), form.token) if form is not None else ""
    if form is None or not hmac.compare_digest(given.encode(), expected.encode()):
        # An unknown form and a wrong key are told alike.
        raise AccessDenied(N_("There is no such form, or the key is not its own"))
    wait_s = _senders(request).wait_s(form.id)
    if wait_s:
        measures.turned_away.labels(limit="form").inc()
        raise too_many_forms(wait_s)
    answers = _json_answers(body)
    language = str(form.values["language"] or (CHINESE if answers.get("language") == "zh_CN" else ENGLISH))
    address = _address_in(answers.pop("address_of_visitor", "")) or address_of(request)
    taken = capture.take(hq, form, answers, Sender(channel="api", address=address, language=language))
    if taken.problems:
        tr = translation(language)
        problems = [{"field": each.field, "message": each.message.show(tr)} for each in taken.problems]
        return JSONResponse({"accepted": False, "problems": problems}, status_code=422)
    if taken.is_too_much:
        measures.turned_away.labels(limit="form").inc()
        raise too_many_forms(_WAIT_S)
    shown: dict[str, Any] = {"accepted": True, "known": taken.folded}
    if form.makes == TICKET:
        shown |= {"ticket_id": taken.ticket_id, "number": taken.number}
    else:
        shown["lead_id"] = taken.lead_id
    return JSONResponse(shown, status_code=200 if taken.folded else 201)


def _address_in(said: str) -> str:
    """Return the network address a site says its visitor has; '' for anything else."""
    try:
        return str(ip_address(said.strip()))
    except ValueError:
        return ""


def _json_answers(body: bytes) -> dict[str, str]:
    try:
        read = json.loads(body, parse_float=str)
    except (ValueError, RecursionError):
        raise Refusal("bad_request", N_("The request is not JSON")) from None
    if not isinstance(read, dict) or len(read) > FIELDS_MOST:
        raise Refusal("bad_request", N_("The request is not a JSON object"))
    return {name: _plain(value) for name, value in read.items() if value is not None}


def _plain(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (str, int)):
        return as_typed(str(value))
    raise Refusal("bad_request", N_("The values of a form are text, numbers, yes or no"))


def _done(hq: Headquarters, form: Form, token: str, language: str, taken: Taken) -> Response:
    after = form.redirect
    said = {"lang": "zh" if language == CHINESE else "en"}
    if taken.number:
        said |= {_NUMBER: taken.number, _PROOF: _proof(hq, token, taken.number)}
    return RedirectResponse(after or f"/forms/{token}/thanks?{urlencode(said)}", status_code=303)


def _proof(hq: Headquarters, token: str, number: str) -> str:
    """Return by what a page of thanks knows that a number was given by HQ."""
    return hmac.digest(_secret(hq), f"capture thanks\0{token}\0{number}".encode(), "sha256").hex()[:32]


def _offers_help(request: Request, hq: Headquarters, form: Form) -> bool:
    """Tell whether there are answers customers may read, and the form is one they are of use to."""
    if form.makes != TICKET:
        return False
    desk: HelpDesk = request.app.state.help
    return bool(desk.shelf.in_categories(hq, (), now_ms()))


def _language(request: Request, form: Form | None) -> str:
    fixed = str(form.values["language"] or "") if form is not None else ""
    if fixed:
        return fixed
    asked = {"zh": CHINESE, "en": ENGLISH}.get(request.query_params.get("lang", ""))
    return asked or language_of_browser(request.headers.get("accept-language", ""))


def _secret(hq: Headquarters) -> bytes:
    return bytes.fromhex(hq.settings.secret)


def _senders(request: Request) -> VisitorGuard:
    found: VisitorGuard = request.app.state.senders
    return found


def _uploads(request: Request) -> VisitorGuard:
    found: VisitorGuard = request.app.state.uploads
    return found


def _guard(request: Request) -> VisitorGuard:
    found: VisitorGuard = request.app.state.visitors
    return found
