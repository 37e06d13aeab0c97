"""The page of a capture form: labelled inputs, mistakes said at the field, nothing that needs a script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Final
from urllib.parse import urlsplit

from fastapi.responses import HTMLResponse

from crm_core.errors import Problem
from crm_core.i18n import N_, Translate, message
from crm_core.rules.capture import HONEYPOT, files_words, label_of
from crm_core.schema.field import Field, Kind
from resources import CHINESE, ENGLISH, translation
from sync_server.services.capture import CONSENT, FILES, Form
from sync_server.web.layout import page

STAMP: Final = "shown"
"""Name of the hidden field that says when the page was shown."""
STYLE: Final = """
*,*::before { box-sizing: border-box } :root { color-scheme: light dark }
body { font-size: 16px; line-height: 1.5; margin: 0; padding: 1.5rem 1rem 3rem;
       color: #1d2433; background: #f3f5f7; overflow-wrap: anywhere }
main { max-width: 34rem; margin: 0 auto; background: #fff; border: 1px solid #d9dee3; border-radius: 8px;
       padding: 1.5rem }
h1 { font-size: 1.5rem; margin: 0 0 1rem } p { margin: 0 0 1rem }
label { display: block; font-weight: 600; margin: 1rem 0 .25rem }
.soft { color: #4c5866; font-weight: 400 }
input, textarea, select { font: inherit; width: 100%; padding: .6rem .7rem; border: 1px solid #6f7b88;
       border-radius: 6px; background: #fff; color: inherit }
textarea { min-height: 7rem } input[type=checkbox] { width: 1.25rem; height: 1.25rem; flex: none;
       margin: .15rem .6rem 0 0 }
.box { display: flex; align-items: flex-start; font-weight: 400 }
[aria-invalid=true] { border: 2px solid #b3261e }
.wrong { color: #b3261e; margin: .25rem 0 0 } .sum { border: 2px solid #b3261e; border-radius: 6px;
       padding: .75rem 1rem; margin: 0 0 1rem } .sum ul { margin: .25rem 0 0; padding-left: 1.25rem }
button { font: inherit; font-weight: 600; margin-top: 1.5rem; padding: .75rem 1.5rem; border: 0;
       border-radius: 6px; background: #0f5d75; color: #fff; width: 100% }
:focus-visible { outline: 3px solid #0f5d75; outline-offset: 2px }
a { color: #0f5d75 } .tongues { text-align: right; margin: 0 0 .5rem }
.maybe { border: 1px solid #d9dee3; border-radius: 6px; padding: .6rem .9rem; margin: 1rem 0 0 }
.maybe p, .maybe ul { margin: 0 } .maybe ul { padding-left: 1.25rem }
.maybe:not(:has(li)) { display: none } input[type=file] { padding: .45rem }
.trap { position: absolute; left: -200vw; width: 1px; height: 1px; overflow: hidden }
@media (prefers-color-scheme: dark) {
  body { background: #14191f; color: #e8ecf0 } main { background: #1c232b; border-color: #36414d }
  input, textarea, select { background: #14191f; border-color: #8a96a3 } .soft { color: #a9b4c0 }
  a { color: #7cc4dc } .wrong { color: #ffb4ab } [aria-invalid=true], .sum { border-color: #ffb4ab }
  .maybe { border-color: #36414d }
  button { background: #7cc4dc; color: #06222c }
  :focus-visible { outline-color: #7cc4dc }
}
"""
_KNOWN_TO_BROWSERS: Final[Mapping[str, str]] = {
    "name": "name",
    "company": "organization",
    "title": "organization-title",
    "phone": "tel",
    "email": "email",
    "website": "url",
    "country": "country-name",
    "province": "address-level1",
    "city": "address-level2",
    "address": "street-address",
}
_TYPES: Final[Mapping[Kind, str]] = {
    Kind.PHONE: "tel",
    Kind.EMAIL: "email",
    Kind.URL: "url",
    Kind.DATE: "date",
    Kind.INTEGER: "number",
}


def form_page(
    form: Form,
    language: str,
    mark: str,
    *,
    answers: Mapping[str, str] | None = None,
    problems: Sequence[Problem] = (),
    said: str = "",
    status: int = 200,
    offers_help: bool = False,
) -> HTMLResponse:
    """Return the page, with what was typed and what is wrong with it; `said` stands above all of it.

    `offers_help`: answers that fit what somebody types are suggested, where his browser runs scripts.
    """
    tr, typed = translation(language), answers or {}
    wrong = {problem.field or "": problem.message.show(tr) for problem in problems}
    title = form.text("heading", language) or tr(N_("Write to us"))
    other, name = (ENGLISH, "English") if language == CHINESE else (CHINESE, "中文")
    body = ["<main>"]
    if not form.values["language"]:
        to = "zh" if other == CHINESE else "en"
        body.append(f'<p class="tongues"><a href="?lang={to}" hreflang="{to}" lang="{to}">{name}</a></p>')
    body.append(f"<h1>{escape(title)}</h1>")
    if said:
        body.append(f'<div class="sum" role="alert"><p>{escape(said)}</p></div>')
    if wrong:
        body.append(_summary(form, wrong, tr))
    code = "zh" if language == CHINESE else "en"
    if offers_help:
        look = escape(tr(N_("Look for an answer first")))
        body.append(f'<p><a href="/help?lang={code}">{look}</a></p>')
    parts = ' enctype="multipart/form-data"' if form.files_most else ""
    body.append(f'<form method="post" action="?lang={code}"{parts} novalidate>')
    body.append(f'<input type="hidden" name="{STAMP}" value="{escape(mark)}">')
    body.append(_trap(tr))
    body += [
        _field(field, form, typed.get(field.name, ""), wrong.get(field.name, ""), tr) for field in form.fields
    ]
    if offers_help:
        body.append(_suggestions(form, code, tr))
    if form.files_most:
        body.append(_files(form, wrong.get(FILES, ""), tr))
    consent = form.text("consent", language)
    if consent:
        body.append(_consent(consent, wrong.get(CONSENT, ""), ticked=bool(typed.get(CONSENT))))
    body.append(f'<button type="submit">{escape(tr(N_("Send")))}</button></form></main>')
    if offers_help:
        body.append('<script src="/help/suggest.js" defer></script>')
    headers = {"Content-Security-Policy": _policy(form, runs=offers_help)}
    return page(language, title, body, style=STYLE, status=status, headers=headers)


def thanks_page(form: Form, language: str, number: str = "") -> HTMLResponse:
    """Return what is shown when all went well, with the number of the ticket it became."""
    tr = translation(language)
    title = tr(N_("Thank you"))
    text = form.text("thanks", language) or tr(N_("Your message has reached us. We will answer soon."))
    lines = "".join(f"<p>{escape(line)}</p>" for line in text.splitlines() if line.strip())
    if number:
        told = message(N_("Your message has the number {number}."), number=number).show(tr)
        lines += f"<p><strong>{escape(told)}</strong></p>"
    body = [f'<main><h1>{escape(title)}</h1><div role="status">{lines}</div></main>']
    return page(language, title, body, style=STYLE)


def gone_page(language: str) -> HTMLResponse:
    """Return what is shown at an address without a form, one that is retired or never was."""
    tr = translation(language)
    title = tr(N_("This form is not in use"))
    said = escape(tr(N_("Please look for a newer link on our web site.")))
    return page(
        language, title, [f"<main><h1>{escape(title)}</h1><p>{said}</p></main>"], style=STYLE, status=404
    )


def _policy(form: Form, *, runs: bool) -> str:
    """Allow the page its own style and to be sent to HQ and on to the page shown afterwards, no more.

    `runs`: and HQ's own script, which asks HQ for answers.
    """
    scripts = "script-src 'self'; connect-src 'self'; " if runs else ""
    after = urlsplit(form.redirect)
    onward = f" {after.scheme}://{after.netloc}" if after.netloc else ""
    return (
        "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
        f"frame-ancestors 'none'; {scripts}"
        f"form-action 'self'{onward}"
    )


def _suggestions(form: Form, code: str, tr: Translate) -> str:
    """Return the place where answers are suggested to what is typed as the subject, or as the question."""
    asked = [field.name for field in form.fields if field.name in ("subject", "body")]
    title = escape(tr(N_("Perhaps this answers it:")))
    source = f"/help/suggest?lang={code}&amp;q="
    return (
        f'<div class="maybe" aria-live="polite"><p>{title}</p>'
        f'<ul id="suggested" data-to="{_id(asked[0])}" data-from="{source}"></ul></div>'
    )


def _files(form: Form, wrong: str, tr: Translate) -> str:
    key = _id(FILES)
    several = " multiple" if form.files_most > 1 else ""
    hints = f' aria-invalid="true" aria-describedby="{key}-wrong"' if wrong else ""
    said = escape(files_words(form.files_most).show(tr))
    optional = f' <span class="soft">{escape(tr(N_("(optional)")))}</span>'
    told = f'<p class="wrong" id="{key}-wrong">{escape(wrong)}</p>' if wrong else ""
    return (
        f'<label for="{key}">{said}{optional}</label>'
        f'<input type="file" id="{key}" name="{FILES}"{several}{hints}>{told}'
    )


def _trap(tr: Translate) -> str:
    """Return a field people neither see nor reach, for machines that fill whatever they find."""
    words = escape(tr(N_("Leave this empty")))
    return (
        f'<div class="trap" aria-hidden="true"><label for="{HONEYPOT}">{words}</label>'
        f'<input id="{HONEYPOT}" name="{HONEYPOT}" tabindex="-1" autocomplete="off"></div>'
    )


def _summary(form: Form, wrong: Mapping[str, str], tr: Translate) -> str:
    labels = {field.name: tr(label_of(field)) for field in form.fields} | {
        CONSENT: tr(N_("Consent")),
        FILES: tr(N_("Files")),
    }
    items = "".join(
        f'<li><a href="#{_id(name)}">{escape(labels.get(name, name))}</a>: {escape(words)}</li>'
        for name, words in wrong.items()
    )
    head = escape(tr(N_("Please look at this again")))
    return f'<div class="sum" role="alert"><strong>{head}</strong><ul>{items}</ul></div>'


def _field(field: Field, form: Form, typed: str, wrong: str, tr: Translate) -> str:
    is_needed = field.name in form.needed
    mark = "" if is_needed else f' <span class="soft">{escape(tr(N_("(optional)")))}</span>'
    key = _id(field.name)
    hints = [f'id="{key}"', f'name="{escape(field.name)}"']
    if is_needed:
        hints.append("required")
    if wrong:
        hints += ['aria-invalid="true"', f'aria-describedby="{key}-wrong"']
    if field.name in _KNOWN_TO_BROWSERS:
        hints.append(f'autocomplete="{_KNOWN_TO_BROWSERS[field.name]}"')
    told = f'<p class="wrong" id="{key}-wrong">{escape(wrong)}</p>' if wrong else ""
    label = f'<label for="{key}">{escape(tr(label_of(field)))}{mark}</label>'
    return label + _input(field, " ".join(hints), typed, tr) + told


def _input(field: Field, hints: str, typed: str, tr: Translate) -> str:
    match field.kind:
        case Kind.LONG_TEXT:
            return f"<textarea {hints}>{escape(typed)}</textarea>"
        case Kind.CHOICE | Kind.BOOLEAN:
            options = (
                [("true", tr(N_("Yes"))), ("false", tr(N_("No")))]
                if field.kind is Kind.BOOLEAN
                else [(choice.value, tr(choice.label)) for choice in field.choices]
            )
            chosen = "".join(
                f'<option value="{escape(value)}"{mark}>{escape(label)}</option>'
                for value, label in (("", ""), *options)
                for mark in (" selected" if value == typed else "",)
            )
            return f"<select {hints}>{chosen}</select>"
        case kind:
            return f'<input type="{_TYPES.get(kind, "text")}" {hints} value="{escape(typed)}">'


def _consent(text: str, wrong: str, *, ticked: bool) -> str:
    told = f'<p class="wrong" id="f-{CONSENT}-wrong">{escape(wrong)}</p>' if wrong else ""
    hints = f' aria-invalid="true" aria-describedby="f-{CONSENT}-wrong"' if wrong else ""
    checked = " checked" if ticked else ""
    return (
        f'<label class="box" for="f-{CONSENT}"><input type="checkbox" id="f-{CONSENT}" name="{CONSENT}" '
        f'value="yes" required{checked}{hints}><span>{escape(text)}</span></label>{told}'
    )


def _id(name: str) -> str:
    return "f-" + "".join(c if c.isalnum() and c.isascii() else "-" for c in name)
