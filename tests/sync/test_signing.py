"""Signing on a laptop and on HQ's page, as the laptops hear of it."""

from __future__ import annotations

import pytest

from crm_core.errors import Invalid
from crm_core.rules import signing
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


def token_of(firm: PaperFirm, quote: str) -> str:
    replica = firm.eve.replica
    with replica.read() as session:
        url = links.known_url(session, records.get(replica, "quote", quote))
    assert url is not None
    return url.removeprefix(f"{PUBLIC_URL}{signing.PATH}")


def test_a_signature_given_offline_is_sealed_by_hq_after_the_sync(firm: PaperFirm) -> None:
    replica, quote = firm.eve.replica, firm.sent_quote()
    file = sent_file.keep(replica, quote, "en").value
    with pytest.raises(Invalid) as told:
        signing_here.sign(replica, quote, file, Signed(accepts=True, name=" "))
    assert {each.field for each in told.value.problems} == {"name"}
    assert firm.state(quote) == "sent", "neither happened"
    signing_here.sign(replica, quote, file, Signed(accepts=True, name="Ann Moss", strokes=STROKES))
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
    assert acceptance.document_of(firm.hq, found) == sent_file.keep(replica, quote, "en").value.content
    no = Decision(verdict="declined", name="Ann Moss", reason="Too dear")
    assert acceptance.decide(firm.hq, found, no, firm.office.now_ms)
    firm.sync()
    assert firm.state(quote) == "declined"
    (row,) = outgoing.outgoing_of(replica, "quote", quote).signatures
    assert (row.on_page, row.reason) == (True, "Too dear")
    tasks = records.page(replica, ListQuery(entity="activity", limit=20)).rows
    assert any("Ann Moss declined" in str(task["subject"]) for task in tasks)
    quote_versions.revise(replica, quote)
    sent_file.send(replica, quote, "en")
    assert token_of(firm, quote) != token
    firm.sync()
    assert acceptance.find(firm.hq, token, firm.office.now_ms).standing is Standing.DECLINED  # type: ignore[union-attr]
    newer = acceptance.find(firm.hq, token_of(firm, quote), firm.office.now_ms)
    assert newer is not None
    assert (newer.standing, newer.link["version"]) == (Standing.OPEN, 2)
