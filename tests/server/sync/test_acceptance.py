"""Decisions customers take at HQ: once, of the very file, sealed; and what laptops cannot make up."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from crm_core.errors import UserError
from crm_core.ids import new_id
from crm_core.rules import signing
from crm_core.rules.answers import ANSWERS
from crm_core.rules.signing import Standing
from crm_core.sync.protocol import Code
from crm_core.times import DAY_MS
from sync_server.services import acceptance, certificates, share_ends, writing_by_hq
from sync_server.services import hq as hq_module
from sync_server.services.acceptance import Decision, Found
from sync_server.services.certificates import follow_signatures, read_certificate
from sync_server.services.headquarters import Headquarters
from sync_server.services.merge import apply_transactions
from tests.support.hq import Office
from tests.support.paper_firm import headquarters_of
from tests.support.papers import Paper, sent_paper, with_link

STROKES = [[100, 200, 300, 100, 500, 300], [600, 200, 700, 200]]
YES = Decision(verdict="accepted", name="Ann Moss", address="192.0.2.7", agent="Telephone 1.0")
NO = Decision(verdict="declined", name="Ann Moss", reason="Too dear")


def paper_of(office: Office, **said: Any) -> tuple[Headquarters, Paper]:
    names = {"company": "Blue Heron Ltd", "company_zh": "蓝鹭有限公司"}
    hq = headquarters_of(office, **names, accepted_deals="won", accepted_orders=True)
    return hq, sent_paper(office.hq, office.blobs, office.now_ms, **said)


def deal_of(office: Office, **values: Any) -> str:
    customer = office.hq.create("customer", {"name": "Kontor 康拓"})
    sold = {
        "name": "Pumps",
        "customer_id": customer,
        "amount": 1_200_00,
        "currency": "CNY",
        "pipeline_id": office.pipeline,
    }
    return office.hq.create("deal", {**sold, **_open(office), **values})


def _open(office: Office) -> dict[str, str]:
    return {"pipeline_id": office.pipeline, "stage_id": office.stages["open"]}


def found_by(hq: Headquarters, office: Office, paper: Paper) -> Found:
    found = acceptance.find(hq, paper.token, office.now_ms)
    assert found is not None
    return found


def test_of_two_who_decide_at_once_one_wins_and_the_other_sees_what_was_decided(office: Office) -> None:
    hq, paper = paper_of(office)
    found = found_by(hq, office, paper)
    ready, outcomes = threading.Barrier(2), {}

    def decide(decision: Decision) -> None:
        ready.wait()
        outcomes[decision.verdict] = acceptance.decide(hq, found, decision, office.now_ms)

    both = [threading.Thread(target=decide, args=(each,)) for each in (YES, NO)]
    for each in both:
        each.start()
    for each in both:
        each.join()
    assert sorted(outcomes.values()) == [False, True]
    (verdict,) = [key for key, is_done in outcomes.items() if is_done]
    now = found_by(hq, office, paper)
    assert now.standing.value == office.row("quote", paper.quote)["status"] == verdict
    assert len(office.hq.all("signature")) == 1
    assert len([each for _, each in office.hq.all("activity") if each["about_id"] == paper.quote]) == 1


def test_a_decision_is_sealed_and_only_the_very_bytes_are_true(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    eve = office.user("Eve", "sales")
    deal = deal_of(office, owner_id=eve)
    hq, paper = paper_of(office, owner_id=eve, deal_id=deal)
    drawn = Decision(**{**_fields(YES), "strokes": STROKES})
    assert acceptance.decide(hq, found_by(hq, office, paper), drawn, office.now_ms)
    ((signature_id, signature),) = office.hq.all("signature")
    assert signature["sealed_at"] is None
    assert (signature["place"], signature["address"], signature["way"]) == ("page", "192.0.2.7", "drawn")

    def dies(*_given: object, **_more: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as killed:
        killed.setattr(writing_by_hq, "write", dies)
        with pytest.raises(KeyboardInterrupt):
            follow_signatures(hq, office.now_ms)
    assert follow_signatures(hq, office.now_ms + 5) == 1
    assert follow_signatures(hq, office.now_ms + 6) == 0
    certificates_kept = [each for _, each in office.hq.all("attachment") if each["role"] == "certificate"]
    assert len(certificates_kept) == 1
    sealed = office.row("signature", signature_id)
    content = office.blobs.of_attachment(sealed["certificate_id"])
    said = read_certificate(content, hq.settings)
    assert (said["name"], said["verdict"], said["total"]) == ("Ann Moss", "accepted", 1_200_00)
    assert said["document_sha256"] == signing.file_hash(paper.file)
    assert said["strokes_sha256"] == signing.strokes_digest(STROKES)
    for place in range(0, len(content), max(1, len(content) // 60)):
        changed = bytearray(content)
        changed[place] ^= 1
        with pytest.raises(UserError, match="no certificate"):
            read_certificate(bytes(changed), hq.settings)
    for wrong in (b"", paper.file, content + b" ", content[:-1], content + content):
        with pytest.raises(UserError, match="no certificate"):
            read_certificate(wrong, hq.settings)
    assert office.row("deal", deal)["stage_id"] == office.stages["won"]
    ((order_id, order),) = office.hq.all("order")
    assert (order["quote_id"], order["total"], order["status"]) == (paper.quote, 1_200_00, "draft")
    assert len(office.hq.find("order_line", "order_id", order_id)) == 1
    laptop = office.laptop(eve)
    laptop.sync()
    held = laptop.shown("signature", signature_id)
    assert held is not None
    assert held["certificate_id"] == sealed["certificate_id"]


def test_hq_that_dies_while_a_decision_is_written_has_taken_none_of_it(
    office: Office, monkeypatch: pytest.MonkeyPatch
) -> None:
    hq, paper = paper_of(office)
    found = found_by(hq, office, paper)

    class Killed(BaseException):
        """HQ is gone at this moment."""

    def dies(*given: Any, **more: Any) -> Any:
        apply_transactions(*given, **more)
        raise Killed

    with monkeypatch.context() as killed:
        killed.setattr(hq_module, "apply_transactions", dies)
        with pytest.raises(Killed):
            acceptance.decide(hq, found, YES, office.now_ms)
    assert found_by(hq, office, paper).standing is Standing.OPEN
    assert office.row("quote", paper.quote)["status"] == "sent"
    assert not office.hq.all("signature")
    assert acceptance.decide(hq, found, YES, office.now_ms)
    assert not acceptance.decide(hq, found, YES, office.now_ms), "sent twice"
    assert len(office.hq.all("signature")) == 1


def _fields(decision: Decision) -> dict[str, Any]:
    return {name: getattr(decision, name) for name in decision.__dataclass_fields__}


def test_a_deal_that_cannot_be_moved_is_told_once_and_the_quote_stands(sqlite_office: Office) -> None:
    office = sqlite_office
    hq, paper = paper_of(office)
    deal = deal_of(office)
    office.hq.update("quote", paper.quote, {"deal_id": deal})
    hq = headquarters_of(office, accepted_deals="Signed")
    assert acceptance.decide(hq, found_by(hq, office, paper), YES, office.now_ms)
    follow_signatures(hq, office.now_ms)
    told = [each["subject"] for _, each in office.hq.find("activity", "about_id", deal)]
    number = office.row("quote", paper.quote)["number"]
    assert told == [
        f"The deal was not moved when {number} was accepted: The pipeline has no stage called “Signed”"
    ]
    assert office.row("deal", deal)["stage_id"] == office.stages["open"]
    assert office.row("quote", paper.quote)["status"] == "accepted"


def test_what_changed_under_a_link_is_not_accepted_by_it(sqlite_office: Office) -> None:
    office = sqlite_office
    hq, paper = paper_of(office)
    opened = found_by(hq, office, paper)
    assert opened.standing is Standing.OPEN
    office.hq.update("quote", paper.quote, {"status": "draft"})
    assert found_by(hq, office, paper).standing is Standing.SUPERSEDED
    assert not acceptance.decide(hq, opened, YES, office.now_ms)
    office.hq.update("quote", paper.quote, {"status": "sent"})
    assert found_by(hq, office, paper).standing is Standing.SUPERSEDED, "its version is another"
    assert not acceptance.decide(hq, opened, YES, office.now_ms)
    assert not office.hq.all("signature")

    hq, paper = paper_of(office)
    assert acceptance.find(hq, paper.token, office.now_ms + 10 * DAY_MS).standing is Standing.EXPIRED  # type: ignore[union-attr]
    opened = found_by(hq, office, paper)
    office.hq.update("acceptance", paper.link, {"status": "withdrawn"})
    assert found_by(hq, office, paper).standing is Standing.WITHDRAWN
    assert not acceptance.decide(hq, opened, YES, office.now_ms)

    hq, paper = paper_of(office)
    office.hq.delete("attachment", paper.attachment)
    assert found_by(hq, office, paper).standing is Standing.SUPERSEDED, "the file is gone"
    hq, paper = paper_of(office)
    office.hq.delete("quote", paper.quote)
    assert acceptance.find(hq, paper.token, office.now_ms) is None, "its link went with it"
    for wrong in ("", "x", paper.token[:-1], paper.token + "A", "A" * 43, "..", "%00"):
        assert acceptance.find(hq, wrong, office.now_ms) is None


def test_a_laptop_makes_up_no_acceptance(sqlite_office: Office) -> None:
    office = sqlite_office
    eve = office.user("Eve", "sales")
    hq, paper = paper_of(office, owner_id=eve)
    laptop = office.laptop(eve)
    laptop.sync()
    number = laptop.set("acceptance", paper.link, "status", "accepted")
    moved = laptop.set("acceptance", paper.link, "expires_at", office.now_ms + 99 * DAY_MS)
    other = laptop.set("acceptance", paper.link, "sha256", "0" * 64)
    laptop.sync()
    assert {laptop.code(each) for each in (number, moved, other)} == {Code.ILLEGAL_STATE}
    sound = {
        "record_entity": "quote",
        "record_id": paper.quote,
        "version": 1,
        "sha256": signing.file_hash(paper.file),
        "verdict": "accepted",
        "name": "Ann Moss",
        "way": "typed",
    }
    for wrong in (
        {"place": "page"},
        {"address": "192.0.2.1"},
        {"sealed_at": 1},
        {"acceptance_id": paper.link},
        {"sha256": "0" * 64},
        {"version": 2},
        {"name": " "},
        {"way": "drawn"},
        {"way": "drawn", "strokes": [[1, 2, 3, 99999]]},
        {"verdict": "declined"},
    ):
        laptop.create("signature", {**sound, **wrong})
        laptop.sync()
        assert laptop.code(laptop.last_op) in (Code.INVALID, Code.ILLEGAL_STATE), wrong
    assert not office.hq.all("signature")
    made = laptop.create("signature", sound)
    laptop.sync()
    assert laptop.code(laptop.last_op) is Code.APPLIED
    office.hq.update("quote", paper.quote, {"status": "accepted"})
    laptop.create("signature", sound)
    laptop.sync()
    assert laptop.code(laptop.last_op) is Code.ILLEGAL_STATE, "it is decided"
    number = laptop.set("signature", made, "name", "Somebody Else")
    laptop.sync()
    assert laptop.code(number) is Code.ILLEGAL_STATE
    laptop.create("attachment", {**_file_of(paper), "role": "certificate"})
    laptop.sync()
    assert laptop.code(laptop.last_op) is Code.INVALID
    laptop.create("attachment", {**_file_of(paper), "role": "sent"})
    laptop.sync()
    assert laptop.code(laptop.last_op) is Code.ILLEGAL_STATE, "the sent file is kept already"
    assert certificates.follow_signatures(hq, office.now_ms) == 1


def _file_of(paper: Paper) -> dict[str, Any]:
    named = {"name": "x.pdf", "record_entity": "quote", "record_id": paper.quote, "version": 1}
    return {**named, "sha256": "1" * 64, "size_bytes": 5}


def test_a_question_becomes_a_task_of_who_sells_and_the_link_stays_open(sqlite_office: Office) -> None:
    office = sqlite_office
    eve = office.user("Eve", "sales")
    hq, paper = paper_of(office, owner_id=eve)
    acceptance.ask(hq, found_by(hq, office, paper), "Ann Moss", "Is that with freight?", office.now_ms)
    ((_, task),) = [each for each in office.hq.all("activity") if each[1]["about_id"] == paper.quote]
    assert (task["owner_id"], task["notes"], task["customer_id"]) == (
        eve,
        "Is that with freight?",
        paper.customer,
    )
    assert found_by(hq, office, paper).standing is Standing.OPEN


@pytest.mark.parametrize("kind", ["contract", "order"])
def test_a_contract_is_signed_and_an_order_accepted_by_the_same_page(
    sqlite_office: Office, kind: str
) -> None:
    office, today = sqlite_office, sqlite_office.now_ms
    deal = deal_of(office)
    hq, paper = paper_of(office, kind=kind, deal_id=deal)
    before = office.row(kind, paper.id)
    opened = found_by(hq, office, paper)
    assert acceptance.decide(hq, opened, YES, office.now_ms)
    assert not acceptance.decide(hq, opened, NO, office.now_ms)
    after = office.row(kind, paper.id)
    assert ANSWERS[kind].is_accepted(after)
    day = share_ends.day_of(today).isoformat()
    if kind == "contract":
        assert (after["status"], after["signed_on"]) == ("signed", day)
    else:
        assert (after["status"], after["accepted_on"]) == (before["status"], day)
    assert follow_signatures(hq, office.now_ms) == 1
    ((_, signature),) = office.hq.all("signature")
    said = read_certificate(office.blobs.of_attachment(signature["certificate_id"]), hq.settings)
    assert (said["kind"], said["version"]) == (kind, 1 if kind == "contract" else None)
    assert said["document_sha256"] == signing.file_hash(paper.file)
    stage = office.stages["won" if kind == "contract" else "open"]
    assert office.row("deal", deal)["stage_id"] == stage, "an order's deal was won before"
    (told,) = [each["subject"] for _, each in office.hq.find("activity", "about_id", paper.id)]
    assert told == f"Ann Moss {'signed' if kind == 'contract' else 'accepted'} {after['number']}"


def test_a_declined_contract_goes_out_again_as_its_next_version(sqlite_office: Office) -> None:
    office = sqlite_office
    hq, paper = paper_of(office, kind="contract")
    assert acceptance.decide(hq, found_by(hq, office, paper), NO, office.now_ms)
    assert office.row("contract", paper.id)["status"] == "declined"
    office.hq.update("contract", paper.id, {"status": "draft"})
    office.hq.update("contract", paper.id, {"status": "sent"})
    assert office.row("contract", paper.id)["version"] == 2
    newer = with_link(office.hq, office.blobs, office.now_ms, "contract", paper.id, paper.customer)
    assert found_by(hq, office, paper).standing is Standing.DECLINED
    assert acceptance.decide(hq, found_by(hq, office, newer), YES, office.now_ms)
    assert office.row("contract", paper.id)["status"] == "signed"
    files = office.hq.find("attachment", "record_id", paper.id)
    assert sorted(each["version"] for _, each in files) == [1, 2], "what was sent before is kept"


def test_a_declined_order_stays_confirmed_and_is_accepted_by_another_link_once(sqlite_office: Office) -> None:
    office = sqlite_office
    hq, paper = paper_of(office, kind="order")
    others = []
    for _ in range(2):
        token = signing.token_of(new_id().encode())
        link = office.row("acceptance", paper.link)
        copied = {name: link[name] for name in _LINK} | {"token_hash": signing.token_hash(token)}
        office.hq.create("acceptance", copied)
        others.append(token)
    found = [acceptance.find(hq, token, office.now_ms) for token in (paper.token, *others)]
    first, second, third = found
    assert first is not None
    assert second is not None
    assert third is not None
    assert acceptance.decide(hq, first, NO, office.now_ms)
    assert (office.row("order", paper.id)["status"], office.row("order", paper.id)["accepted_on"]) == (
        "confirmed",
        None,
    )
    assert acceptance.decide(hq, second, YES, office.now_ms)
    assert not acceptance.decide(hq, third, NO, office.now_ms), "it was read before the other decided"
    assert acceptance.find(hq, others[1], office.now_ms).standing is Standing.SETTLED  # type: ignore[union-attr]
    assert sorted(each["verdict"] for _, each in office.hq.all("signature")) == ["accepted", "declined"]


_LINK = ("record_entity", "record_id", "version", "attachment_id", "sha256", "expires_at", "language")
