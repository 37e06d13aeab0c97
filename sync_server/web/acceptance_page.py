"""The page on which a customer reads, asks about, accepts or declines a document. Phones first; typed
signatures need no script.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from html import escape
from typing import Any, Final

from fastapi.responses import HTMLResponse

from crm_core.errors import Problem
from crm_core.i18n import N_, Message, Translate, message
from crm_core.rules import figures
from crm_core.rules.answers import ANSWERS, version_of
from crm_core.rules.signing import HEIGHT, MOST_NAME, MOST_REASON, WIDTH, Standing
from crm_core.schema.phones import shown_form
from resources import CHINESE, ENGLISH, translation
from sync_server.services.acceptance import MOST_QUESTION, Found, last_day
from sync_server.web.form_page import STYLE as FORM_STYLE
from sync_server.web.layout import page

_STYLE: Final = (
    FORM_STYLE
    + """
[hidden] { display: none !important }
dl { display: grid; grid-template-columns: minmax(6rem, auto) 1fr; gap: .35rem 1rem; margin: 0 0 1rem }
dt { color: #4c5866 } dd { margin: 0; font-weight: 600 }
.total { font-size: 1.35rem; white-space: nowrap }
@media (max-width: 30rem) { dl { grid-template-columns: 1fr; gap: 0 } dd { margin: 0 0 .6rem } }
.paper { display: flex; flex-wrap: wrap; gap: .5rem 1rem; margin: 0 0 .5rem }
.paper a { display: inline-block; padding: .6rem 1rem; border: 1px solid #0f5d75; border-radius: 6px;
       text-decoration: none; font-weight: 600 }
.hash { font-size: .75rem; color: #4c5866; word-break: break-all }
section { border-top: 1px solid #d9dee3; margin-top: 1.5rem; padding-top: 1rem }
h2 { font-size: 1.15rem; margin: 0 0 .5rem } summary { font-weight: 600; padding: .5rem 0; cursor: pointer }
.ways label { display: flex; align-items: center; font-weight: 400; margin: .25rem 0 }
.ways input { width: 1.25rem; height: 1.25rem; margin: 0 .6rem 0 0; flex: none }
fieldset { border: 0; padding: 0; margin: 1rem 0 0 } legend { font-weight: 600; padding: 0 }
canvas { display: block; width: 100%; height: auto; border: 1px solid #6f7b88; border-radius: 6px;
       background: #fff; touch-action: none }
.plain { background: none; color: #0f5d75; border: 1px solid #0f5d75; width: auto; padding: .4rem 1rem;
       margin-top: .5rem }
.state { border: 2px solid #0f5d75; border-radius: 6px; padding: .75rem 1rem; margin: 0 0 1rem }
.state p:last-child { margin: 0 }
@media (prefers-color-scheme: dark) {
  dt, .hash { color: #a9b4c0 } .paper a, .plain, .state { border-color: #7cc4dc }
  section { border-color: #36414d } .plain { background: none; color: #7cc4dc }
}
"""
)
# Points in the units of `crm_core.rules.signing`; without a script the drawn way is not offered.
_SCRIPT: Final = f"""
(function () {{
  var way = document.getElementById("drawn-way"), pad = document.getElementById("pad"),
      field = document.getElementById("strokes"), canvas = document.getElementById("canvas"),
      pen = canvas.getContext("2d"), strokes = [], stroke = null,
      drawn = document.getElementById("way-drawn"), typed = document.getElementById("way-typed");
  way.hidden = false;
  function show() {{ pad.hidden = !drawn.checked; }}
  drawn.addEventListener("change", show); typed.addEventListener("change", show); show();
  function at(event) {{
    var box = canvas.getBoundingClientRect();
    var x = Math.round((event.clientX - box.left) * {WIDTH} / box.width);
    var y = Math.round((event.clientY - box.top) * {HEIGHT} / box.height);
    return [Math.max(0, Math.min({WIDTH}, x)), Math.max(0, Math.min({HEIGHT}, y))];
  }}
  function paint() {{
    pen.clearRect(0, 0, {WIDTH}, {HEIGHT});
    pen.lineWidth = 5; pen.lineCap = pen.lineJoin = "round"; pen.strokeStyle = "#14205a";
    strokes.forEach(function (line) {{
      pen.beginPath(); pen.moveTo(line[0], line[1]);
      for (var i = 2; i < line.length; i += 2) pen.lineTo(line[i], line[i + 1]);
      pen.stroke();
    }});
    field.value = strokes.length ? JSON.stringify(strokes) : "";
  }}
  canvas.addEventListener("pointerdown", function (event) {{
    event.preventDefault(); canvas.setPointerCapture(event.pointerId);
    stroke = at(event); strokes.push(stroke); paint();
  }});
  canvas.addEventListener("pointermove", function (event) {{
    if (!stroke) return;
    var point = at(event), n = stroke.length;
    if (Math.abs(point[0] - stroke[n - 2]) + Math.abs(point[1] - stroke[n - 1]) < 4) return;
    stroke.push(point[0], point[1]); paint();
  }});
  ["pointerup", "pointercancel"].forEach(function (name) {{
    canvas.addEventListener(name, function () {{ stroke = null; }});
  }});
  document.getElementById("clear").addEventListener("click", function () {{ strokes = []; paint(); }});
  try {{ strokes = JSON.parse(field.value || "[]"); }} catch (error) {{ strokes = []; }}
  paint();
}})();
"""
_SCRIPT_MARK: Final = base64.b64encode(hashlib.sha256(_SCRIPT.encode()).digest()).decode()
_POLICY: Final = (
    f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{_SCRIPT_MARK}'; img-src data:; "
    "base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
)
HEADERS: Final = {"Content-Security-Policy": _POLICY, "X-Robots-Tag": "noindex, nofollow, noarchive"}
_OVER: Final[Mapping[Standing, tuple[str, str]]] = {
    Standing.EXPIRED: (
        N_("This link has expired"),
        N_("It was open until {day}. Please ask for a new one."),
    ),
    Standing.SUPERSEDED: (
        N_("There is a newer version of this document"),
        N_("This one cannot be accepted any more. Please use the link of the newer version, or ask for it."),
    ),
    Standing.WITHDRAWN: (
        N_("This document was withdrawn"),
        N_("Please ask the person who sent it to you."),
    ),
    Standing.SETTLED: (
        N_("This document is settled"),
        N_("It was accepted or declined by another way."),
    ),
}


def acceptance_page(
    found: Found,
    token: str,
    language: str,
    *,
    is_here: bool,
    typed: Mapping[str, str] | None = None,
    problems: Sequence[Problem] = (),
    part: str = "",
    said: str = "",
    status: int = 200,
) -> HTMLResponse:
    """Return the page of a link.

    `is_here`: HQ has the very file, so that it can be read and accepted. `part` names the form that was sent,
    with what was `typed` and the `problems` at its fields; `said` stands above all of it.
    """
    tr, values = translation(language), typed or {}
    title = f"{tr(ANSWERS[str(found.link['record_entity'])].label)} {found.number}"
    wrong = {problem.field or "": problem.message.show(tr) for problem in problems}
    body = ["<main>", *_tongues(language), f"<h1>{escape(title)}</h1>"]
    if said:
        body.append(f'<div class="sum" role="alert"><p>{escape(said)}</p></div>')
    body += _standing(found, tr, token)
    body += _facts(found, tr, language)
    is_open = found.standing is Standing.OPEN
    if is_here:
        body += _paper(found, token, tr)
    elif is_open:
        body.append(
            f"<p>{escape(tr(N_('The document is still on its way here. Please come back soon.')))}</p>"
        )
    if is_open:
        if is_here:
            mine = wrong if part == "accept" else {}
            body += _accept(token, language, tr, values if part == "accept" else {}, mine)
        for aside in (_ASK, _DECLINE) if is_here else (_ASK,):
            body += _aside(aside, token, language, tr, values, wrong, is_open=part == aside.what)
    body.append("</main>")
    if is_open and is_here:
        body.append(f"<script>{_SCRIPT}</script>")
    return page(language, title, body, style=_STYLE, status=status, headers=HEADERS)


def unknown_page(language: str) -> HTMLResponse:
    """Return what is shown where a link leads nowhere: the same whatever is wrong with it."""
    tr = translation(language)
    title, said = tr(N_("This link leads nowhere")), tr(N_("Please check that you have copied all of it."))
    body = [f"<main><h1>{escape(title)}</h1><p>{escape(said)}</p></main>"]
    return page(language, title, body, style=_STYLE, status=404, headers=HEADERS)


def busy_page(language: str) -> HTMLResponse:
    """Return what is shown to an address that asks too often."""
    tr = translation(language)
    title = tr(N_("Too many requests"))
    said = tr(N_("Too much came from your address. Please try again in an hour, or call us."))
    body = [f"<main><h1>{escape(title)}</h1><p>{escape(said)}</p></main>"]
    return page(language, title, body, style=_STYLE, status=429, headers=HEADERS)


def _tongues(language: str) -> list[str]:
    other, name = (ENGLISH, "English") if language == CHINESE else (CHINESE, "中文")
    code = "zh" if other == CHINESE else "en"
    link = f'<a href="?lang={code}" hreflang="{code}" lang="{code}">{name}</a>'
    return [f'<p class="tongues">{link}</p>']


def _standing(found: Found, tr: Translate, token: str) -> list[str]:
    """Return what became of it, where something did."""
    if found.standing in _OVER:
        head, said = _OVER[found.standing]
        said = Message(said, {"day": last_day(found).isoformat()}).show(tr)
        return [
            f'<div class="state" role="status"><p><strong>{escape(tr(head))}</strong></p>',
            _p(said),
            "</div>",
        ]
    signature = found.signature
    if found.standing is Standing.OPEN or signature is None:
        return []
    accepted = found.standing is Standing.ACCEPTED
    head = tr(N_("Accepted. Thank you!")) if accepted else tr(N_("Declined"))
    lines = [
        message(
            N_("By {name}, {moment} (UTC)"),
            name=str(signature["name"]),
            moment=_moment(signature["created_at"]),
        ).show(tr)
    ]
    if signature["reason"]:
        lines.append(str(signature["reason"]))
    body = [f'<div class="state" role="status"><p><strong>{escape(head)}</strong></p>', *map(_p, lines)]
    if signature["sealed_at"]:
        name = escape(tr(N_("Certificate (PDF)")))
        body.append(f'<p><a href="/a/{token}/certificate.pdf">{name}</a></p>')
    return [*body, "</div>"]


def _facts(found: Found, tr: Translate, language: str) -> list[str]:
    document = found.document
    rows: list[tuple[str, str, str]] = [(tr(N_("For")), found.customer, "")]
    if found.contact:
        rows.append((tr(N_("Contact")), found.contact, ""))
    seller = " · ".join(
        part
        for part in (found.seller["name"], shown_form(found.seller["phone"]), found.seller["email"])
        if part
    )
    rows.append((tr(N_("Sent to you by")), found.companies[language] or seller, ""))
    if found.companies[language]:
        rows.append((tr(N_("Your contact with us")), seller, ""))
    if ANSWERS[str(found.link["record_entity"])].has_versions:
        rows.append((tr(N_("Version")), str(found.link["version"]), ""))
    same_version = version_of(document) == found.link["version"]
    if document.get("total") is not None and document.get("currency") and same_version:
        currency = str(document["currency"])
        total = f"{currency} {figures.amount(int(document['total']), currency)}"
        rows.append((tr(N_("Total")), total, ' class="total"'))
    if found.standing is Standing.OPEN:
        rows.append((tr(N_("Open until")), last_day(found).isoformat(), ""))
    cells = "".join(f"<dt>{escape(label)}</dt><dd{how}>{escape(value)}</dd>" for label, value, how in rows)
    return [f"<dl>{cells}</dl>"]


def _paper(found: Found, token: str, tr: Translate) -> list[str]:
    size = f"{max(1, found.file_size // 1000)} kB"
    read = escape(message(N_("Read the document (PDF, {size})"), size=size).show(tr))
    save = escape(tr(N_("Download")))
    return [
        f'<p class="paper"><a href="/a/{token}/document.pdf" target="_blank" rel="noopener">{read}</a>'
        f'<a href="/a/{token}/document.pdf?download=1" download>{save}</a></p>',
        f'<p class="hash">SHA-256 {escape(str(found.link["sha256"]))}</p>',
    ]


def _accept(
    token: str, language: str, tr: Translate, typed: Mapping[str, str], wrong: Mapping[str, str]
) -> list[str]:
    is_drawn = typed.get("way") == "drawn"
    ticked = " checked" if typed.get("agreed") else ""
    strokes = escape(typed.get("strokes", ""))
    drawn, plain = (" checked", "") if is_drawn else ("", " checked")
    agreed = escape(tr(N_("I have read the document and accept it; my name here counts as my signature.")))
    return [
        f"<section><h2>{escape(tr(N_('Accept')))}</h2>",
        _form(token, "accept", language),
        _line("accept-name", "name", tr(N_("Your name")), typed.get("name", ""), wrong.get("name", "")),
        f'<fieldset class="ways"><legend>{escape(tr(N_("Signature")))}</legend>',
        f'<label><input type="radio" id="way-typed" name="way" value="typed"{plain}>'
        f"{escape(tr(N_('My typed name')))}</label>",
        f'<label id="drawn-way" hidden><input type="radio" id="way-drawn" name="way" value="drawn"{drawn}>'
        f"{escape(tr(N_('Draw it')))}</label></fieldset>",
        f'<div id="pad" hidden><canvas id="canvas" width="{WIDTH}" height="{HEIGHT}" role="img" '
        f'aria-label="{escape(tr(N_("Sheet to draw your signature on")))}"></canvas>'
        f'<button type="button" class="plain" id="clear">{escape(tr(N_("Clear")))}</button></div>',
        _wrong("strokes", wrong.get("strokes", "")),
        f'<input type="hidden" id="strokes" name="strokes" value="{strokes}">',
        f'<label class="box" for="agreed"><input type="checkbox" id="agreed" name="agreed" value="yes" '
        f"required{ticked}><span>{agreed}</span></label>",
        _wrong("agreed", wrong.get("agreed", "")),
        f'<button type="submit">{escape(tr(N_("Accept and sign")))}</button></form></section>',
    ]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Aside:
    """A form folded away: what it does, its words, and its one field beside the name."""

    what: str
    head: str
    field: str
    label: str
    most: int
    button: str


_ASK: Final = _Aside(
    what="ask",
    head=N_("Ask a question"),
    field="question",
    label=N_("Your question"),
    most=MOST_QUESTION,
    button=N_("Send the question"),
)
_DECLINE: Final = _Aside(
    what="decline",
    head=N_("Decline instead"),
    field="reason",
    label=N_("Reason"),
    most=MOST_REASON,
    button=N_("Decline"),
)


def _aside(
    aside: _Aside,
    token: str,
    language: str,
    tr: Translate,
    typed: Mapping[str, str],
    wrong: Mapping[str, str],
    *,
    is_open: bool,
) -> list[str]:
    given, mine = (typed, wrong) if is_open else ({}, {})
    name = f"{aside.what}-name"
    return [
        f"<section><details{' open' if is_open else ''}><summary>{escape(tr(aside.head))}</summary>",
        _form(token, aside.what, language),
        _line(name, "name", tr(N_("Your name")), given.get("name", ""), mine.get("name", "")),
        _area(aside.field, tr(aside.label), given, mine, aside.most),
        f'<button type="submit">{escape(tr(aside.button))}</button></form></details></section>',
    ]


def _form(token: str, what: str, language: str) -> str:
    code = "zh" if language == CHINESE else "en"
    return f'<form method="post" action="/a/{token}/{what}?lang={code}" novalidate>'


def _line(key: str, name: str, label: str, value: str, wrong: str) -> str:
    return (
        f'<label for="{key}">{escape(label)}</label>'
        f'<input id="{key}" name="{name}" value="{escape(value)}" maxlength="{MOST_NAME}" '
        'autocomplete="name" '
        f"required{_marks(key, wrong)}>{_wrong(key, wrong)}"
    )


def _area(name: str, label: str, typed: Mapping[str, str], problems: Mapping[str, str], most: int) -> str:
    wrong = problems.get(name, "")
    return (
        f'<label for="{name}">{escape(label)}</label>'
        f'<textarea id="{name}" name="{name}" maxlength="{most}" required{_marks(name, wrong)}>'
        f"{escape(typed.get(name, ''))}</textarea>{_wrong(name, wrong)}"
    )


def _marks(key: str, wrong: str) -> str:
    return f' aria-invalid="true" aria-describedby="{key}-wrong"' if wrong else ""


def _wrong(key: str, wrong: str) -> str:
    return f'<p class="wrong" role="alert" id="{key}-wrong">{escape(wrong)}</p>' if wrong else ""


def _p(text: str) -> str:
    return f"<p>{escape(text)}</p>"


def _moment(ms: Any) -> str:
    return datetime.fromtimestamp(int(ms or 0) / 1000, UTC).strftime("%Y-%m-%d %H:%M")
