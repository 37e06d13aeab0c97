"""The page on which a customer says how satisfied he is. It needs no script, and no pointer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, Final

from fastapi.responses import HTMLResponse

from crm_core.errors import Problem
from crm_core.i18n import N_, Message, Translate
from crm_core.rules.surveys import MOST_WORDS, SCALES, Standing, score_label, texts_of
from resources import CHINESE, ENGLISH, translation
from sync_server.services.survey_answers import Found
from sync_server.web.form_page import STYLE
from sync_server.web.layout import page

_STYLE: Final = (
    STYLE
    + """
.company { color: #4c5866; margin: 0 0 .5rem } fieldset { border: 0; padding: 0; margin: 1rem 0 0 }
legend { font-weight: 600; padding: 0; margin: 0 0 .25rem }
.scores { display: grid; grid-template-columns: repeat(auto-fit, minmax(2.3rem, 1fr)); gap: .35rem }
.scores label { display: block; position: relative;
       margin: 0; font-weight: 400; cursor: pointer }
.scores input { position: absolute; inset: 0; width: 100%; height: 100%; opacity: 0; margin: 0;
       cursor: pointer }
.scores svg { display: block; margin: 0 auto }
.scores span { display: block; padding: .55rem .2rem; text-align: center; white-space: nowrap;
       border: 1px solid #6f7b88; border-radius: 6px }
.scores input:checked + span { background: #0f5d75; border-color: #0f5d75; color: #fff; font-weight: 600 }
.scores input:focus-visible + span { outline: 3px solid #0f5d75; outline-offset: 2px }
.ends { display: flex; justify-content: space-between; color: #4c5866; font-size: .9rem; margin: .25rem 0 0 }
.ways label { display: flex; align-items: center; font-weight: 400; margin: .25rem 0 }
.ways input { width: 1.25rem; height: 1.25rem; margin: 0 .6rem 0 0; flex: none }
.plain { background: none; color: #0f5d75; border: 1px solid #0f5d75; width: auto; padding: .4rem 1rem }
.stop { border-top: 1px solid #d9dee3; margin-top: 1.5rem; padding-top: .25rem; font-size: .9rem }
.state { border: 2px solid #0f5d75; border-radius: 6px; padding: .75rem 1rem; margin: 0 0 1rem }
.state p:last-child { margin: 0 } .said { white-space: pre-line }
dt { font-weight: 600; margin: .75rem 0 0 } dd { margin: 0 } dl { margin: 0 0 1rem }
@media (prefers-color-scheme: dark) {
  .company, .ends { color: #a9b4c0 } .scores span { border-color: #8a96a3 }
  .scores input:checked + span { background: #7cc4dc; border-color: #7cc4dc; color: #06222c }
  .scores input:focus-visible + span { outline-color: #7cc4dc } .state { border-color: #7cc4dc }
  .plain { background: none; color: #7cc4dc; border-color: #7cc4dc } .stop { border-color: #36414d }
}
"""
)
_POLICY: Final = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "frame-ancestors 'none'; form-action 'self'"
)
HEADERS: Final = {
    "Content-Security-Policy": _POLICY,
    "X-Robots-Tag": "noindex, nofollow, noarchive",
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
}
_CLOSED: Final[Mapping[Standing, tuple[str, str]]] = {
    Standing.EXPIRED: (N_("This survey is over"), N_("The link was open for a while only.")),
    Standing.STOPPED: (
        N_("This survey is not open any more"),
        N_("Your request goes on, or you asked us not to ask. You need not do anything."),
    ),
}


def survey_page(
    found: Found,
    token: str,
    language: str,
    *,
    score: int | None = None,
    typed: Mapping[str, str] | None = None,
    problems: Sequence[Problem] = (),
    said: str = "",
    status: int = 200,
) -> HTMLResponse:
    """Return the page of a link, with what was `typed` and the `problems` at its fields.

    `score` is the one chosen in the mail; `said` stands above all of it.
    """
    tr, code = translation(language), _code(language)
    heading, text = texts_of(found.asking, str(found.ticket.get("subject") or ""), code, tr)
    body = ["<main>", *_tongues(language, score)]
    if found.companies[language]:
        body.append(f'<p class="company">{escape(found.companies[language])}</p>')
    body.append(f"<h1>{escape(heading)}</h1>")
    if said:
        body.append(f'<div class="state" role="status"><p>{escape(said)}</p></div>')
    match found.standing:
        case Standing.OPEN:
            body += [f"<p>{escape(part)}</p>" for part in text.split("\n\n")]
            body += _form(found, token, language, tr, score, typed or {}, problems)
        case Standing.ANSWERED:
            body += _answered(found, tr)
        case _:
            head, why = _CLOSED[found.standing]
            body.append(
                f'<div class="state" role="status"><p><strong>{escape(tr(head))}</strong></p>'
                f"<p>{escape(tr(why))}</p></div>"
            )
    if not found.answer["refused"]:
        body += _stop(token, language, tr)
    body.append("</main>")
    return page(language, heading, body, style=_STYLE, status=status, headers=HEADERS)


def plain_page(language: str, title: str, said: str, status: int) -> HTMLResponse:
    """Return a page that says one thing."""
    tr = translation(language)
    body = [f"<main><h1>{escape(tr(title))}</h1><p>{escape(tr(said))}</p></main>"]
    return page(language, tr(title), body, style=_STYLE, status=status, headers=HEADERS)


def _code(language: str) -> str:
    return "zh" if language == CHINESE else "en"


def _tongues(language: str, score: int | None) -> list[str]:
    other, name = (ENGLISH, "English") if language == CHINESE else (CHINESE, "中文")
    code = _code(other)
    chosen = "" if score is None else f"&amp;score={score}"
    link = f'<a href="?lang={code}{chosen}" hreflang="{code}" lang="{code}">{name}</a>'
    return [f'<p class="tongues">{link}</p>']


def _form(
    found: Found,
    token: str,
    language: str,
    tr: Translate,
    score: int | None,
    typed: Mapping[str, str],
    problems: Sequence[Problem],
) -> list[str]:
    wrong = {problem.field or "": problem.message.show(tr) for problem in problems}
    body = [f'<form method="post" action="/survey/{token}?lang={_code(language)}" novalidate>']
    body += _scores(found, tr, score, wrong.get("score", ""))
    for place, question in enumerate(found.asking.questions):
        key = f"q{place}"
        label, value = question.text(_code(language)), typed.get(key, "")
        if question.options:
            body += _choice(key, label, question.choices(_code(language)), value, wrong.get(key, ""))
        else:
            body.append(_area(key, label, value, wrong.get(key, "")))
    body.append(
        _area("words", tr(N_("In your words, if you like")), typed.get("words", ""), wrong.get("words", ""))
    )
    body.append(f'<button type="submit">{escape(tr(N_("Send")))}</button></form>')
    return body


def _scores(found: Found, tr: Translate, score: int | None, wrong: str) -> list[str]:
    scale = SCALES[found.scale]
    body = [
        f'<fieldset aria-describedby="score-ends{" score-wrong" if wrong else ""}">'
        f"<legend>{escape(tr(N_('How satisfied are you?')))}</legend>",
        '<div class="scores">',
    ]
    for each in scale.scores:
        ticked = " checked" if each == score else ""
        name = Message(N_("{score} of {most}"), {"score": each, "most": scale.most}).show(tr)
        body.append(
            f'<label><input type="radio" name="score" value="{each}" aria-label="{escape(name)}"{ticked}>'
            f'<span aria-hidden="true">{_mark(found.scale, each)}</span></label>'
        )
    body.append(
        f'</div><p class="ends" id="score-ends"><span>{escape(tr(N_("not at all")))}</span>'
        f"<span>{escape(tr(N_('very much')))}</span></p>{_wrong('score', wrong)}</fieldset>"
    )
    return body


def _mark(scale: str, score: int) -> str:
    """Return what stands for a score: a face is drawn, for not every telephone has all of them."""
    if scale != "faces":
        return score_label(scale, score)
    ends, middle = 25 - score, 16 + 2 * score  # the mouth's, y growing downwards: level at 3
    return (
        '<svg viewBox="0 0 32 32" width="28" height="28" fill="none" stroke="currentColor" stroke-width="2" '
        'stroke-linecap="round"><circle cx="16" cy="16" r="13"/><path d="M11 12v1M21 12v1"/>'
        f'<path d="M10 {ends}Q16 {middle} 22 {ends}"/></svg>'
    )


def _choice(key: str, label: str, options: Sequence[str], value: str, wrong: str) -> list[str]:
    body = [f'<fieldset class="ways"><legend>{escape(label)}</legend>']
    for place, option in enumerate(options):
        ticked = " checked" if value == str(place) else ""
        body.append(
            f'<label><input type="radio" name="{key}" value="{place}"{ticked}>{escape(option)}</label>'
        )
    return [*body, f"{_wrong(key, wrong)}</fieldset>"]


def _area(key: str, label: str, value: str, wrong: str) -> str:
    marks = f' aria-invalid="true" aria-describedby="{key}-wrong"' if wrong else ""
    return (
        f'<label for="{key}">{escape(label)}</label>'
        f'<textarea id="{key}" name="{key}" maxlength="{MOST_WORDS}"{marks}>{escape(value)}</textarea>'
        f"{_wrong(key, wrong)}"
    )


def _wrong(key: str, wrong: str) -> str:
    return f'<p class="wrong" role="alert" id="{key}-wrong">{escape(wrong)}</p>' if wrong else ""


def _answered(found: Found, tr: Translate) -> list[str]:
    answer: Mapping[str, Any] = found.answer
    scale = SCALES[found.scale]
    score = Message(N_("{score} of {most}"), {"score": answer["score"], "most": scale.most}).show(tr)
    rows = [(tr(N_("How satisfied are you?")), score)]
    rows += [(str(question), str(given)) for question, given in answer["answers"] or ()]
    if answer["words"]:
        rows.append((tr(N_("In your words, if you like")), str(answer["words"])))
    cells = "".join(f'<dt>{escape(label)}</dt><dd class="said">{escape(value)}</dd>' for label, value in rows)
    return [
        f'<div class="state" role="status"><p><strong>{escape(tr(N_("Thank you!")))}</strong></p>'
        f"<p>{escape(tr(N_('This is what you told us.')))}</p></div><dl>{cells}</dl>"
    ]


def _stop(token: str, language: str, tr: Translate) -> list[str]:
    return [
        f'<form class="stop" method="post" action="/survey/{token}/stop?lang={_code(language)}">'
        f'<button type="submit" class="plain">{escape(tr(N_("Do not ask me again")))}</button></form>'
    ]
