"""The pages on which customers find answers: search, categories, one article. They read without a script."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import Final
from urllib.parse import quote

from fastapi.responses import HTMLResponse

from crm_core.i18n import N_, Translate, message
from crm_core.rules.article_text import read_text
from resources import CHINESE, translation
from sync_server.services.self_service import PublicArticle, PublicCategory
from sync_server.web.layout import page

HEADERS: Final = {
    "Content-Security-Policy": (
        "default-src 'none'; style-src 'unsafe-inline'; script-src 'self'; connect-src 'self'; "
        "img-src data:; base-uri 'none'; frame-ancestors 'none'; form-action 'self'"
    ),
    "Cache-Control": "no-store",
}
STYLE: Final = """
*,*::before { box-sizing: border-box } :root { color-scheme: light dark }
body { font-size: 16px; line-height: 1.6; margin: 0; padding: 1rem 1rem 3rem;
       color: #1d2433; background: #f3f5f7; overflow-wrap: anywhere }
main { max-width: 46rem; margin: 0 auto }
h1 { font-size: 1.6rem; line-height: 1.3; margin: .5rem 0 1rem }
h2 { font-size: 1.2rem; margin: 2rem 0 .5rem }
h3 { font-size: 1.05rem } a { color: #0f5d75 } .soft { color: #4c5866 }
.top { display: flex; justify-content: space-between; gap: 1rem; margin: 0 0 1rem }
form.find { display: flex; gap: .5rem } input { font: inherit; flex: 1; min-width: 0; padding: .7rem .8rem;
       border: 1px solid #6f7b88; border-radius: 6px; background: #fff; color: inherit }
button { font: inherit; font-weight: 600; padding: .7rem 1.2rem; border: 0; border-radius: 6px;
       background: #0f5d75; color: #fff }
.list { list-style: none; margin: .5rem 0 0; padding: 0 } .list li { border-bottom: 1px solid #d9dee3 }
.list a { display: block; padding: .7rem 0; text-decoration: none }
.list a:hover { text-decoration: underline }
.list span { display: block; color: #4c5866; font-size: .9rem }
article { background: #fff; border: 1px solid #d9dee3; border-radius: 8px; padding: 1.25rem 1.5rem;
       overflow-x: auto }
article table { border-collapse: collapse } th, td { text-align: left; padding: .3rem 1rem .3rem 0;
       border-bottom: 1px solid #d9dee3; overflow-wrap: break-word }
pre { overflow-x: auto } pre, code { background: #f3f5f7; border-radius: 4px } code { padding: .1rem .3rem }
blockquote { margin: 1rem 0; padding-left: 1rem; border-left: 3px solid #d9dee3; color: #4c5866 }
.vote { margin-top: 1.5rem } .vote form { display: inline-block; margin-right: .5rem }
.vote button { background: transparent; color: #0f5d75; border: 1px solid #0f5d75 }
:focus-visible { outline: 3px solid #0f5d75; outline-offset: 2px }
@media (prefers-color-scheme: dark) {
  body { background: #14191f; color: #e8ecf0 } article { background: #1c232b; border-color: #36414d }
  input { background: #1c232b; border-color: #8a96a3 } a { color: #7cc4dc } .soft, .list span,
  blockquote { color: #a9b4c0 } .list li, th, td, blockquote { border-color: #36414d }
  pre, code { background: #14191f } button { background: #7cc4dc; color: #06222c }
  .vote button { color: #7cc4dc; border-color: #7cc4dc } :focus-visible { outline-color: #7cc4dc }
}
"""
SCRIPT: Final = """
'use strict';
(function () {
  var list = document.getElementById('suggested'), timer = 0, asked = 0;
  var line = list && document.getElementById(list.dataset.to || 'q');
  if (!line || !list || !window.fetch) return;
  line.addEventListener('input', function () {
    clearTimeout(timer);
    timer = setTimeout(ask, 180);
  });
  function ask() {
    var words = line.value.trim(), mine = ++asked;
    if (words.length < 2) { show([]); return; }
    fetch(list.dataset.from + encodeURIComponent(words), { headers: { Accept: 'application/json' } })
      .then(function (answer) { return answer.ok ? answer.json() : { articles: [] }; })
      .then(function (found) { if (mine === asked) show(found.articles); })
      .catch(function () {});
  }
  function show(articles) {
    list.textContent = '';
    articles.forEach(function (each) {
      var item = document.createElement('li'), link = document.createElement('a');
      link.href = each.path;
      if (list.dataset.to) { link.target = '_blank'; link.rel = 'noopener'; }  // what was typed stays
      link.textContent = each.title;
      item.appendChild(link);
      list.appendChild(item);
    });
  }
})();
"""


def home_page(
    language: str,
    company: str,
    *,
    query: str,
    found: Sequence[PublicArticle] | None,
    categories: Sequence[PublicCategory],
    chosen: PublicCategory | None,
    articles: Sequence[PublicArticle],
) -> HTMLResponse:
    """Return the search with what it `found`, None where nothing was asked, and the categories below it."""
    tr = translation(language)
    title = tr(N_("How can we help?"))
    body = [*_top(language, company, _again(query, chosen)), f"<h1>{escape(title)}</h1>"]
    body.append(_search(tr, language, query))
    if found is not None:
        heading = N_("Answers to “{words}”") if found else N_("Nothing fits “{words}”")
        words = message(heading, words=query).show(tr)
        body.append(f'<h2 role="status">{escape(words)}</h2>')
        body.append(_list(tr, found, language) if found else _p(tr(N_("Try fewer or other words."))))
    elif chosen is not None:
        body.append(f"<h2>{escape(_name(chosen, language))}</h2>")
        body.append(_list(tr, articles, language))
    elif articles:
        body.append(f"<h2>{escape(tr(N_('All answers')))}</h2>" if not categories else "")
        body.append(_list(tr, articles, language) if not categories else "")
    if categories:
        body.append(_shelves(tr, categories, language))
    elif found is None and not articles:
        body.append(_p(tr(N_("There are no answers here yet. Please write to us."))))
    return _sheet(language, title, body)


def article_page(
    language: str,
    company: str,
    article: PublicArticle,
    categories: Sequence[PublicCategory],
    *,
    voted: bool,
) -> HTMLResponse:
    """Return one article, with the question whether it helped."""
    tr = translation(language)
    code = _code(language)
    shelf = next((each for each in categories if each.id == article.category_id), None)
    body = [*_top(language, company, f"/help/{article.id}?"), f'<p><a href="/help?lang={code}">']
    body.append(escape(tr(N_("All answers"))) + "</a>")
    if shelf is not None:
        body.append(f' · <a href="/help?lang={code}&amp;c={shelf.id}">{escape(_name(shelf, language))}</a>')
    body.append("</p>")
    spoken = {"zh": "zh-CN", "en": "en"}.get(article.language, "")
    lang = f' lang="{spoken}"' if spoken else ""
    body.append(f"<article{lang}><h1>{escape(article.title)}</h1>")
    if article.summary:
        body.append(f'<p class="soft">{escape(article.summary)}</p>')
    body.append(read_text(article.body).html + "</article>")
    body.append(_vote(tr, article.id, code, voted=voted))
    return _sheet(language, article.title, body)


def nothing_page(language: str, company: str) -> HTMLResponse:
    """Return what stands at an address without an article a customer may read, whatever the reason."""
    tr = translation(language)
    title = tr(N_("There is no such answer"))
    link = f'<p><a href="/help?lang={_code(language)}">{escape(tr(N_("All answers")))}</a></p>'
    body = [*_top(language, company, "/help?"), f"<h1>{escape(title)}</h1>", link]
    return _sheet(language, title, body, status=404)


def busy_page(language: str, company: str) -> HTMLResponse:
    """Return what is shown to who asks faster than people do."""
    tr = translation(language)
    title = tr(N_("Too much came from your address"))
    said = _p(tr(N_("Please try again in an hour, or call us.")))
    return _sheet(
        language, title, [*_top(language, company, "/help?"), f"<h1>{escape(title)}</h1>", said], status=429
    )


def path_of(article: PublicArticle, language: str) -> str:
    """Return where an article is read."""
    return f"/help/{article.id}?lang={_code(language)}"


def _sheet(language: str, title: str, body: list[str], *, status: int = 200) -> HTMLResponse:
    whole = ["<main>", *body, "</main>", '<script src="/help/suggest.js" defer></script>']
    return page(language, title, whole, style=STYLE, status=status, headers=HEADERS)


def _top(language: str, company: str, here: str) -> list[str]:
    other, name = ("en", "English") if language == CHINESE else ("zh", "中文")
    lang = "zh-CN" if other == "zh" else "en"
    link = f'<a href="{escape(here)}lang={other}" hreflang="{lang}" lang="{lang}">{name}</a>'
    return [f'<p class="top"><a href="/help?lang={_code(language)}">{escape(company)}</a>{link}</p>']


def _again(query: str, chosen: PublicCategory | None) -> str:
    """Return the address of the page as it is, but for its language."""
    if query:
        return f"/help?q={quote(query)}&"
    return f"/help?c={chosen.id}&" if chosen is not None else "/help?"


def _search(tr: Translate, language: str, query: str) -> str:
    words, code = escape(tr(N_("What is it about?"))), _code(language)
    return (
        '<form class="find" role="search" action="/help" method="get">'
        f'<input type="hidden" name="lang" value="{code}">'
        f'<input id="q" name="q" type="search" maxlength="200" autocomplete="off" value="{escape(query)}"'
        f' placeholder="{words}" aria-label="{words}">'
        f'<button type="submit">{escape(tr(N_("Search")))}</button></form>'
        '<ul class="list" id="suggested" aria-live="polite"'
        f' data-from="/help/suggest?lang={code}&amp;q="></ul>'
    )


def _list(tr: Translate, articles: Sequence[PublicArticle], language: str) -> str:
    items = "".join(
        f'<li><a href="{escape(path_of(each, language))}">{escape(each.title)}'
        f"{f'<span>{escape(each.summary)}</span>' if each.summary else ''}</a></li>"
        for each in articles
    )
    return f'<ul class="list">{items}</ul>'


def _shelves(tr: Translate, categories: Sequence[PublicCategory], language: str) -> str:
    code = _code(language)
    known = {each.id for each in categories}
    lines = []
    for top in (each for each in categories if each.parent_id not in known):
        below = [each for each in categories if each.parent_id == top.id]
        for depth, each in ((0, top), *((1, each) for each in below)):
            indent = ' style="padding-left:1.25rem"' if depth else ""
            words = escape(f"{_name(each, language)} ({each.count})")
            lines.append(f'<li><a href="/help?lang={code}&amp;c={each.id}"{indent}>{words}</a></li>')
    return f'<h2>{escape(tr(N_("By subject")))}</h2><ul class="list">{"".join(lines)}</ul>'


def _vote(tr: Translate, article_id: str, code: str, *, voted: bool) -> str:
    if voted:
        return f'<div class="vote" role="status">{_p(tr(N_("Thank you for telling us.")))}</div>'
    buttons = "".join(
        f'<form method="post" action="/help/{article_id}/helped?lang={code}">'
        f'<input type="hidden" name="helpful" value="{value}">'
        f'<button type="submit">{escape(tr(text))}</button></form>'
        for value, text in (("yes", N_("Yes")), ("no", N_("No")))
    )
    return f'<div class="vote">{_p(tr(N_("Did this help?")))}{buttons}</div>'


def _name(category: PublicCategory, language: str) -> str:
    return category.name_zh if language == CHINESE else category.name


def _code(language: str) -> str:
    return "zh" if language == CHINESE else "en"


def _p(text: str) -> str:
    return f"<p>{escape(text)}</p>"
