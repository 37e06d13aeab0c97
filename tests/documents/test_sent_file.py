"""The file a quote was sent as is kept, and shown ever after, whatever becomes of the records."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator

import pytest
from pypdf import PdfReader

from crm_core.errors import UserError
from crm_core.rules import signing
from crm_desktop.documents import agreed_files, printing, quote_records, sent_file
from crm_desktop.models import state
from crm_desktop.models.replica import Replica
from crm_desktop.models.state import Key
from crm_desktop.services import attachments, links, quote_versions, quotes, records
from tests.support.desktop import empty_app


@pytest.fixture(scope="module")
def replica(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    opened = empty_app(tmp_path_factory.mktemp("sent"))
    yield opened.replica
    opened.close()


def quote_of(replica: Replica, lines: int = 1) -> str:
    customer = records.create(replica, "customer", {"name": "纸鹤", "phone": "021 5550 0142"}).value
    quote = quotes.create(replica, {"customer_id": customer.id, "currency": "CNY"}).value
    for _ in range(lines):
        quotes.add_line(replica, quote.id, {"description": "泵", "quantity": "1", "unit_price": 100_00})
    return quote.id


def test_the_very_file_that_was_sent_is_kept_hashed_and_found_again(replica: Replica) -> None:
    quote = quote_of(replica)
    assert sent_file.sent_file(replica, "quote", quote) is None
    content = quote_records.pdf_bytes(replica, quote, "zh")
    sent_file.send(replica, "quote", quote, "zh")
    customer = str(records.get(replica, "quote", quote)["customer_id"])
    records.update(replica, "customer", customer, {"name": "别的名字"})
    attachments.add(replica, "quote", quote, b"%PDF-1.4 signed", name=quote_records.file_name(replica, quote))
    found = sent_file.sent_file(replica, "quote", quote)
    assert found is not None
    assert found.content == content
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    assert quote_records.pdf_bytes(replica, quote, "zh") != content


def test_a_quote_that_cannot_be_printed_is_not_sent(replica: Replica) -> None:
    quote = quote_of(replica, lines=0)
    with pytest.raises(UserError, match="no lines yet"):
        sent_file.send(replica, "quote", quote, "zh")
    assert records.get(replica, "quote", quote).get("status") == "draft"
    assert attachments.files_of(replica, "quote", quote) == ()


def test_the_file_of_a_quote_sent_otherwise_is_made_when_it_is_asked_for(replica: Replica) -> None:
    quote = quote_of(replica)
    with pytest.raises(UserError, match="not gone out"):
        sent_file.keep(replica, "quote", quote, "en")
    quotes.set_status(replica, quote, "sent")
    assert sent_file.sent_file(replica, "quote", quote) is None
    kept = sent_file.keep(replica, "quote", quote, "en").value
    assert kept.content is not None
    assert hashlib.sha256(kept.content).hexdigest() == kept.sha256
    assert sent_file.keep(replica, "quote", quote, "zh").value == kept


def test_the_link_is_printed_in_the_file_and_its_record_holds_no_token(replica: Replica) -> None:
    with replica.applying() as session:
        state.write(session, {Key.SETTINGS: {"public_url": "https://hq.example/"}})
    quote = quote_of(replica)
    sent_file.send(replica, "quote", quote, "en")
    kept = sent_file.sent_file(replica, "quote", quote)
    with replica.read() as session:
        record = records.get(replica, "quote", quote)
        url = links.known_url(session, record)
        (link,) = links.open_links(session, record)
        stored = str(vars(link))
    assert kept is not None
    assert url is not None
    assert url.startswith("https://hq.example/a/")
    token = url.rpartition("/")[2]
    assert signing.token_hash(token) == link.token_hash
    assert token not in stored
    assert (link.sha256, link.attachment_id, link.version) == (kept.sha256, kept.id, 1)
    assert kept.content == quote_records.pdf_bytes(replica, quote, "en")
    quote_versions.revise(replica, quote)
    with replica.read() as session:
        assert links.known_url(session, records.get(replica, "quote", quote)) is None


def test_the_companys_standard_template_is_what_goes_out_and_is_shown(replica: Replica) -> None:
    quote = quote_of(replica)
    plain = printing.pdf_of(replica, "quote", quote, "zh")
    body = "# 我司报价 {{ quote.number }}\n\n[[lines]]\n\n[[signatures]]"
    values = {"name": "我司", "kind": "quote", "language": "zh", "engine": "pdf", "body": body}
    made = records.create(replica, "document_template", {**values, "standard": True}).value
    offer = {**values, "name": "方案", "kind": "proposal", "body": "# 方案", "standard": True}
    records.create(replica, "document_template", offer)
    try:
        shown = agreed_files.shown_file(replica, "quote", quote, "zh")
        assert "我司报价" in text_of(shown.content), "and not the proposal's"
        assert (shown.pages, shown.sha256) == (1, "")
        assert printing.pdf_of(replica, "quote", quote, "en") != shown.content, "of another language"
        sent_file.send(replica, "quote", quote, "zh")
        kept = sent_file.sent_file(replica, "quote", quote)
        assert kept is not None
        assert kept.content is not None
        assert "我司报价" in text_of(kept.content)
        assert agreed_files.shown_file(replica, "quote", quote, "zh").sha256 == kept.sha256
    finally:
        records.delete(replica, "document_template", made.id)
    other = quote_of(replica)
    assert text_of(printing.pdf_of(replica, "quote", other, "zh")).startswith(text_of(plain)[:5])


def text_of(content: bytes) -> str:
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages)
