"""What a profile without an HQ starts with: a pipeline and its person; on request, invented records to try.

Neither is recorded: nothing of it travels. A profile with samples is never connected to an HQ
(`App.enrol` refuses it); a profile without gets the same pipeline, by its id, from HQ when it connects.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import resources
from crm_core.ids import named_id
from crm_core.schema.field import Plain
from crm_desktop.models import repository, state
from crm_desktop.models.replica import LOCAL_USER, Replica
from crm_desktop.models.session import WriteSession
from crm_desktop.services.sample_filling import Filling

SAMPLE = "sample"
"""Name of the kept value that says a profile holds invented records."""
SAMPLE_CUSTOMERS = 40

_STAGES = (
    ("Qualified", 10, "open", "neutral", 30),
    ("Needs", 25, "open", "accent", 30),
    ("Proposal", 50, "open", "accent", 30),
    ("Negotiation", 75, "open", "warn", 21),
    ("Verbal yes", 90, "open", "good", 14),
    ("Won", 100, "won", "good", None),
    ("Lost", 0, "lost", "bad", None),
)
"""As a new HQ has them: name, probability in per cent, kind, colour, days after which a deal is old."""


def prepare_local(replica: Replica, language: str) -> None:
    """Give a profile without an HQ its one person and a pipeline; one that has them stays as it is."""
    with replica.applying() as session:
        if repository.get(session, "user", LOCAL_USER) is None:
            _prepare(session, language, demo_texts("texts"), {"en": "Me", "zh_CN": "我"}[language])


def fill_sample(replica: Replica, language: str, customers: int = SAMPLE_CUSTOMERS, seed: int = 1) -> None:
    """Fill an empty profile with invented records around today; the same seed gives the same ones.

    `language`: of stages, tasks, notes and products, `en` or `zh_CN`; customers have names in both.
    """
    company = demo_texts("company")
    texts = demo_texts("texts")
    with replica.applying() as session:
        if repository.get(session, "user", LOCAL_USER) is None:
            _prepare(session, language, texts, company["me"][language])
        Filling(session, replica.clock.now_ms(), language, seed).fill(
            company=company,
            customers=demo_texts("customers")[:customers],
            products=demo_texts("products"),
            texts=texts,
            leads=demo_texts("leads"),
            agreed=demo_texts("agreed"),
            articles=demo_texts("articles"),
            surveys=demo_texts("surveys"),
            requests=demo_texts("requests"),
            campaigns=demo_texts("campaigns"),
        )
        state.write(session, {SAMPLE: language})


def is_prepared(replica: Replica) -> bool:
    """Tell whether a profile has what `prepare_local` gives."""
    with replica.read() as session:
        return repository.get(session, "user", LOCAL_USER) is not None


def holds_sample(replica: Replica) -> bool:
    """Tell whether the profile was filled with invented records."""
    with replica.read() as session:
        return bool(state.read(session, SAMPLE))


@cache
def demo_texts(name: str) -> Any:
    """Return what a file of `resources/demo` holds."""
    return json.loads(resources.path("demo", f"{name}.json").read_text(encoding="utf-8"))


def _prepare(session: WriteSession, language: str, texts: Any, person: str) -> None:
    pipeline_id = named_id("pipeline", "Sales")
    values: dict[str, Plain] = {"name": texts["pipeline"][language], "rank": 0, "active": True}
    repository.create(session, "pipeline", values, pipeline_id)
    for rank, (name, probability, kind, color, days) in enumerate(_STAGES):
        stage: dict[str, Plain] = {
            "pipeline_id": pipeline_id,
            "name": texts["stages"][name][language],
            "rank": rank,
            "probability": probability,
            "kind": kind,
            "color": color,
            "age_limit_days": days,
        }
        repository.create(session, "stage", stage, named_id("stage", name))
    repository.create(session, "user", {"name": person, "active": True}, LOCAL_USER)
