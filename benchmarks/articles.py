"""Articles found among 10,000: as one types, beside a ticket, and by customers at HQ.

Floors: the same words by plain SQL, `LIKE` over title, other words, summary and text of all.
`SATCHEL_BENCH_ROWS=1000` takes fewer.
"""

from __future__ import annotations

import os
import random
import tempfile
from functools import partial
from pathlib import Path
from statistics import median

from sqlalchemy import text

from benchmarks.figures import Figure
from benchmarks.timing import with_floor
from crm_core.ids import named_id
from crm_core.rules.article_index import ArticleIndex
from crm_core.rules.article_suggestions import Asked
from crm_core.schema.field import Plain
from crm_desktop.models import repository
from crm_desktop.models.replica import Replica
from crm_desktop.services import article_suggestions, articles
from tests.support.desktop import empty_app

TITLE = "Articles of the knowledge base"
_THINGS = (
    "流量计",
    "水泵",
    "阀门",
    "网关",
    "传感器",
    "meter",
    "pump",
    "valve",
    "gateway",
    "sensor",
    "inverter",
    "cable",
)
_TROUBLE = (
    "漂移",
    "噪声",
    "离线",
    "泄漏",
    "校准",
    "drifts",
    "hums",
    "offline",
    "leaks",
    "calibration",
    "restart",
    "noise",
)
_SENTENCES = 24  # about 2,000 characters, as long as most; words come as often as in any text
SEARCHED = ("漂移", "校准 流量计", "pump hums", "gateway offline", "lou", "calibrat")
ASKED = (
    Asked(
        subject="Flow meter drifts after start",
        text="It reads 4 % high for ten minutes after each cold start.",
    ),
    Asked(subject="水泵有噪声", text="换阀后水泵在 40 Hz 时嗡嗡作响，请问如何处理？"),
    Asked(
        subject="Gateway offline since Monday", text="The lamp is red. We restarted it, and the cable is new."
    ),
)


def measure() -> list[Figure]:
    """Return the figures of a laptop, and of the index HQ holds."""
    rows = int(os.environ.get("SATCHEL_BENCH_ROWS", "10000"))
    with tempfile.TemporaryDirectory() as name:
        app = empty_app(Path(name))
        try:
            written = _fill(app.replica, rows)
            while app.replica.catch_up():
                continue
            return [
                _search(app.replica, rows),
                _suggest(app.replica, rows),
                _of_customers(app.replica, written),
            ]
        finally:
            app.close()


def _fill(replica: Replica, rows: int) -> list[dict[str, Plain]]:
    chance = random.Random("articles")
    letters = "bdfgklmnprstvz"
    words = ["".join(chance.choice(letters) + chance.choice("aeiou") for _ in range(3)) for _ in range(4_000)]
    han = [
        chr(chance.randrange(0x4E00, 0x6E00)) + chr(chance.randrange(0x4E00, 0x6E00)) for _ in range(4_000)
    ]
    shares = [1 / (place + 5) for place in range(4_000)]

    def body(thing: str, trouble: str) -> str:
        said = []
        for _ in range(_SENTENCES):
            some = chance.choices(words, shares, k=9) + chance.choices(han, shares, k=4)
            said.append(" ".join(some))
        return "\n\n".join((f"{thing} {trouble}", *said))

    def row(number: int) -> dict[str, Plain]:
        thing, trouble = chance.choice(_THINGS), chance.choice(_TROUBLE)
        return {
            "id": named_id("bench", f"article:{number}"),
            "number": f"KB-{number:05d}",
            "title": f"{thing} {trouble} {number}",
            "summary": f"{chance.choice(words)} {trouble}",
            "keywords": chance.choice(_TROUBLE),
            "body": body(thing, trouble),
            "status": "published",
            "audience": "public",
            "language": "en",
        }

    made = [row(number) for number in range(rows)]
    with replica.write() as session:
        repository.create_many(session, "article", made)
    return made


def _search(replica: Replica, rows: int) -> Figure:
    times, floors = [], []
    for words in SEARCHED:
        assert articles.listed(replica, text=words, limit=50), words
        ours, floor = with_floor(
            partial(articles.listed, replica, text=words, limit=50),
            partial(_like, replica, words.split()),
            runs=3,
        )
        times.append(ours)
        floors.append(floor)
    return _figure(f"articles found as one types among {rows:,}, slowest", times, floors)


def _suggest(replica: Replica, rows: int) -> Figure:
    times, floors = [], []
    for asked in ASKED:
        assert article_suggestions.suggested(replica, asked), asked
        words = asked.subject.split() if asked.subject.isascii() else ["水泵", "噪声"]
        ours, floor = with_floor(
            partial(article_suggestions.suggested, replica, asked), partial(_like, replica, words), runs=3
        )
        times.append(ours)
        floors.append(floor)
    return _figure(f"articles suggested for a ticket among {rows:,}, slowest", times, floors)


def _of_customers(replica: Replica, written: list[dict[str, Plain]]) -> Figure:
    index = ArticleIndex()
    for row in written:
        index.put(str(row["id"]), {name: str(row[name]) for name in ("title", "keywords", "summary", "body")})
    times, floors = [], []
    for words in ("漂移", "pump hums", "gateway off", "calibrat"):
        assert index.search(words), words
        ours, floor = with_floor(partial(index.search, words), partial(_like, replica, words.split()), runs=3)
        times.append(ours)
        floors.append(floor)
    return _figure(f"what customers type, found at HQ among {len(written):,}, slowest", times, floors)


def _figure(name: str, times: list[float], floors: list[float]) -> Figure:
    return Figure(name, max(times), "s", median(floors), "the same words by LIKE", "target 0.05 s")


def _like(replica: Replica, words: list[str]) -> None:
    asked = " AND ".join(
        f"(title LIKE :w{n} OR keywords LIKE :w{n} OR summary LIKE :w{n} OR body LIKE :w{n})"
        for n in range(len(words))
    )
    bound = {f"w{n}": f"%{word}%" for n, word in enumerate(words)}
    with replica.read() as session:
        query = f"SELECT id, title FROM article WHERE life % 2 AND status = 'published' AND {asked}"
        session.execute(text(query), bound).all()
