"""`/forms/TOKEN`: a page anybody may fill in, and the same for a company's own site as JSON."""

from __future__ import annotations

import hmac
import json
from ipaddress import ip_address
from typing import Any, Final

import structlog
from fastapi import APIRouter, Request
from fastapi.responses import JSONResponse, RedirectResponse, Response

from crm_core.errors import AccessDenied
from crm_core.i18n import N_
from crm_core.rules import capture as rules
from resources import CHINESE, ENGLISH, translation
from sync_server.asked import Hqs, address_of
from sync_server.services import capture, measures
from sync_server.services.auth import now_ms
from sync_server.services.capture import Form, Sender
from sync_server.services.faults import Refusal, too_many_forms
from sync_server.services.headquarters import Headquarters
from sync_server.services.languages import language_of_browser
from sync_server.services.visitors import VisitorGuard
from sync_server.web.bodies import FIELDS_MOST, Body, answers_of
from sync_server.web.form_page import STAMP, form_page, gone_page, thanks_page

KEY_HEADER: Final = "X-Form-Key"
_JSON: Final = "application/json"

router = APIRouter(prefix="/forms", include_in_schema=False)
log = structlog.get_logger("satchel.forms")


@router.get("/{token}")
def show_form(request: Request, hq: Hqs, token: str) -> Response:
    """Show the form, empty."""
    form = capture.form_of(hq, token)
    language = _language(request, form)
    if form is None:
        return gone_page(language)
    return form_page(form, language, rules.stamp(_secret(hq), token, now_ms()))


@router.get("/{token}/thanks")
def show_thanks(request: Request, hq: Hqs, token: str) -> Response:
    """Say that all went well."""
    form = capture.form_of(hq, token)
    language = _language(request, form)
    return gone_page(language) if form is None else thanks_page(form, language)


@router.post("/{token}")
def take_form(request: Request, hq: Hqs, token: str, body: Body) -> Response:
    """Take what was filled in: from the page, or with the form's key as JSON."""
    form = capture.form_of(hq, token)
    if request.headers.get("content-type", "").partition(";")[0].strip().lower() == _JSON:
        return _take_json(request, hq, form, body)
    language = _language(request, form)
    if form is None:
        return gone_page(language)
    answers = answers_of(body)
    secret, now = _secret(hq), now_ms()
    mark = rules.stamp(secret, token, now)
    tr = translation(language)
    shown_ms = rules.shown_for_ms(secret, token, answers.get(STAMP, ""), now)
    if answers.get(rules.HONEYPOT) or (shown_ms is not None and shown_ms < rules.LEAST_FILL_MS):
        if answers.get(rules.HONEYPOT):
            # A machine is told what it likes to hear; nothing is kept.
            log.info("trapped", form=form.id)
            return _done(form, token, language)
        said = tr(N_("That was very quick. Please look it over and send it again."))
        return form_page(form, language, answers.get(STAMP, mark), answers=answers, said=said, status=429)
    if shown_ms is None or shown_ms > rules.MOST_FILL_MS:
        said = tr(N_("The page was open for long. Please send it again; what you wrote is still here."))
        return form_page(form, language, mark, answers=answers, said=said, status=409)
    if not _guard(request).admit(address_of(request)):
        said = tr(N_("Too much came from your address. Please try again in an hour, or call us."))
        return form_page(form, language, mark, answers=answers, said=said, status=429)
    sender = Sender(channel="form", address=address_of(request), language=language)
    taken = capture.take(hq, form, answers, sender)
    if taken.problems:
        return form_page(form, language, answers[STAMP], answers=answers, problems=taken.problems, status=422)
    log.info("taken", form=form.id, folded=taken.folded)
    return _done(form, token, language)


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
    shown: dict[str, Any] = {"accepted": True, "lead_id": taken.lead_id, "known": taken.folded}
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
        return str(value)
    raise Refusal("bad_request", N_("The values of a form are text, numbers, yes or no"))


def _done(form: Form, token: str, language: str) -> Response:
    after = form.redirect
    code = "zh" if language == CHINESE else "en"
    return RedirectResponse(after or f"/forms/{token}/thanks?lang={code}", status_code=303)


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


def _guard(request: Request) -> VisitorGuard:
    found: VisitorGuard = request.app.state.visitors
    return found
