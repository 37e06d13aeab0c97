"""Signing on a laptop and on HQ's page, as the laptops hear of it."""

from __future__ import annotations

import pytest

from crm_core.errors import Invalid, UserError
from crm_core.rules import signing
from crm_core.rules.answers import ANSWERS
from crm_core.rules.signing import Standing
from crm_desktop.documents import sent_file, signing_here
from crm_desktop.documents.signing_here import Signed
from crm_desktop.models.query import ListQuery
from crm_desktop.services import links, outgoing, quote_versions, records
from sync_server.services import acceptance, certificates
from sync_server.services.acceptance import Decision
from tests.support.hq import Office
from tests.support.paper_firm import PUBLIC_URL, PaperFirm, paper_firm
from tests.support.replicas import Laptops

STROKES = (((100, 200), (300, 100), (500, 300)), ((600, 200), (700, 210)))


@pytest.fixture
def firm(office: Office, laptops: Laptops) -> PaperFirm:
    return paper_firm(office, laptops, accepted_orders=True)


def token_of(firm: PaperFirm, record_id: str, kind: str = "quote") -> str:
    replica = firm.eve.replica
    with replica.read() as session:
        url = links.known_url(session, records.get(replica, kind, record_id))
    assert url is not None
    return url.removeprefix(f"{PUBLIC_URL}{signing.PATH}")


def test_a_signature_given_offline_is_sealed_by_hq_after_the_sync(firm: PaperFirm) -> None:
    replica, quote = firm.eve.replica, firm.sent_quote()
    file = sent_file.keep(replica, "quote", quote, "en").value
    with pytest.raises(Invalid) as told:
        signing_here.sign(replica, "quote", quote, file, Signed(accepts=True, name=" "))
    assert {each.field for each in told.value.problems} == {"name"}
    assert firm.state(quote) == "sent", "neither happened"
    signing_here.sign(replica, "quote", quote, file, Signed(accepts=True, name="Ann Moss", strokes=STROKES))
    assert outgoing.outgoing_of(replica, "quote", quote).signatures[0].certificate_id is None
    firm.sync()
    assert firm.office.row("quote", quote)["status"] == "accepted"
    certificates.follow_signatures(firm.hq, firm.office.now_ms)
    firm.sync()
    (row,) = outgoing.outgoing_of(replica, "quote", quote).signatures
    assert row.certificate_id is not None
    content = firm.office.blobs.of_attachment(row.certificate_id)
    said = certificates.read_certificate(content, firm.hq.settings)
    assert (said["place"], said["held_by"], said["name"]) == ("laptop", "Eve", "Ann Moss")
    assert said["document_sha256"] == file.sha256
    orders = records.page(replica, ListQuery(entity="order", limit=10)).rows
    assert [each["quote_id"] for each in orders] == [quote]
    assert acceptance.find(firm.hq, token_of_hash(firm, quote), firm.office.now_ms) is not None


def token_of_hash(firm: PaperFirm, quote: str) -> str:
    """Return the token of the quote's link, which stays what it was when the quote is settled."""
    return token_of(firm, quote)


def test_what_a_customer_decides_on_the_page_comes_to_the_laptop_with_a_task(firm: PaperFirm) -> None:
    replica, quote = firm.eve.replica, firm.sent_quote()
    token = token_of(firm, quote)
    firm.eve.sync()
    found = acceptance.find(firm.hq, token, firm.office.now_ms)
    assert found is not None
    with pytest.raises(Exception, match="no such file"):
        acceptance.document_of(firm.hq, found)  # on its way
    firm.sync()
    assert (
        acceptance.document_of(firm.hq, found) == sent_file.keep(replica, "quote", quote, "en").value.content
    )
    no = Decision(verdict="declined", name="Ann Moss", reason="Too dear")
    assert acceptance.decide(firm.hq, found, no, firm.office.now_ms)
    firm.sync()
    assert firm.state(quote) == "declined"
    (row,) = outgoing.outgoing_of(replica, "quote", quote).signatures
    assert (row.on_page, row.reason) == (True, "Too dear")
    tasks = records.page(replica, ListQuery(entity="activity", limit=20)).rows
    assert any("Ann Moss declined" in str(task["subject"]) for task in tasks)
    quote_versions.revise(replica, quote)
    sent_file.send(replica, "quote", quote, "en")
    assert token_of(firm, quote) != token
    firm.sync()
    assert acceptance.find(firm.hq, token, firm.office.now_ms).standing is Standing.DECLINED  # type: ignore[union-attr]
    newer = acceptance.find(firm.hq, token_of(firm, quote), firm.office.now_ms)
    assert newer is not None
    assert (newer.standing, newer.link["version"]) == (Standing.OPEN, 2)


@pytest.mark.parametrize("kind", ["contract", "order"])
def test_contracts_and_orders_are_signed_offline_and_sealed_after_the_sync(
    firm: PaperFirm, kind: str
) -> None:
    replica, document = firm.eve.replica, firm.sent(kind)
    file = sent_file.keep(replica, kind, document, "zh").value
    assert file.content is not None
    assert token_of(firm, document, kind)
    signing_here.sign(replica, kind, document, file, Signed(accepts=True, name="Ann Moss", strokes=STROKES))
    with pytest.raises(UserError, match="not open"):
        signing_here.sign(replica, kind, document, file, Signed(accepts=False, name="Ann Moss", reason="No"))
    with pytest.raises(UserError, match="not open"):
        sent_file.link_to(replica, kind, document, "en")
    firm.sync()
    certificates.follow_signatures(firm.hq, firm.office.now_ms)
    firm.sync()
    assert ANSWERS[kind].is_accepted(firm.office.row(kind, document))
    assert firm.eve.returned() == []
    (row,) = outgoing.outgoing_of(replica, kind, document).signatures
    assert (row.name, row.on_page, row.sealed_ms is not None) == ("Ann Moss", False, True)
    said = certificates.read_certificate(
        firm.office.blobs.of_attachment(str(row.certificate_id)), firm.hq.settings
    )
    assert (said["kind"], said["document_sha256"], said["held_by"]) == (kind, file.sha256, "Eve")


@pytest.mark.parametrize("kind", ["quote", "contract", "order"])
@pytest.mark.parametrize("accepts", [True, False])
def test_where_the_customer_decides_on_the_page_while_another_signs_here_the_page_stands(
    firm: PaperFirm, kind: str, accepts: bool
) -> None:
    replica, document = firm.eve.replica, firm.sent(kind)
    firm.sync()
    found = acceptance.find(firm.hq, token_of(firm, document, kind), firm.office.now_ms)
    assert found is not None
    yes = Decision(verdict="accepted", name="Ann Moss")
    assert acceptance.decide(firm.hq, found, yes, firm.office.now_ms)
    file = sent_file.keep(replica, kind, document, "en").value
    mine = Signed(accepts=accepts, name="Ben Reed", reason="" if accepts else "Too dear")
    signing_here.sign(replica, kind, document, file, mine)
    firm.sync()
    firm.sync()
    row = firm.office.row(kind, document)
    assert ANSWERS[kind].is_accepted(row)
    here = records.get(replica, kind, document)
    assert (here["status"], here.get("accepted_on")) == (row["status"], row.get("accepted_on"))
    assert [each["name"] for _, each in firm.office.hq.all("signature")] == ["Ann Moss"]
    assert {entity for entity, _, _ in firm.eve.returned()} >= {"signature"}, "he is told"
    standing = [each.name for each in outgoing.outgoing_of(replica, kind, document).signatures]
    assert standing == ["Ann Moss"]


def test_a_link_is_made_anew_where_there_is_none_that_is_open(firm: PaperFirm) -> None:
    replica, order = firm.eve.replica, firm.sent("order")
    first = sent_file.link_to(replica, "order", order, "en").value
    assert sent_file.link_to(replica, "order", order, "en").value == first
    (row,) = outgoing.outgoing_of(replica, "order", order).links
    outgoing.withdraw_link(replica, row.link.id)
    second = sent_file.link_to(replica, "order", order, "en").value
    assert second != first
    firm.sync()
    found = acceptance.find(firm.hq, second.rpartition("/")[2], firm.office.now_ms)
    assert found is not None
    assert found.standing is Standing.OPEN
    withdrawn = acceptance.find(firm.hq, first.rpartition("/")[2], firm.office.now_ms)
    assert withdrawn is not None
    assert withdrawn.standing is Standing.WITHDRAWN
