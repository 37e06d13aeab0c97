"""The file a quote was sent as is kept, and shown ever after, whatever becomes of the records."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator

import pytest
from sqlalchemy import update

from crm_core.entities.quote import Quote
from crm_core.errors import UserError
from crm_desktop.documents import quote_records, sent_file
from crm_desktop.models.replica import Replica
from crm_desktop.services import attachments, quotes, records
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
    with replica.write() as session:  # as HQ gives one: this profile has no numbers of its own
        session.connection().execute(
            update(Quote.__table__).where(Quote.id == quote).values(number="Q-7")  # type: ignore[arg-type]
        )
    assert sent_file.sent_file(replica, quote) is None
    content = quote_records.pdf_bytes(replica, quote, "zh")
    sent_file.send(replica, quote, "zh")
    customer = str(records.get(replica, "quote", quote)["customer_id"])
    records.update(replica, "customer", customer, {"name": "别的名字"})
    attachments.add(replica, "quote", quote, b"%PDF-1.4 signed", name=quote_records.file_name(replica, quote))
    found = sent_file.sent_file(replica, quote)
    assert found is not None
    assert found.content == content
    assert found.sha256 == hashlib.sha256(content).hexdigest()
    assert quote_records.pdf_bytes(replica, quote, "zh") != content


def test_a_quote_that_cannot_be_printed_is_not_sent(replica: Replica) -> None:
    quote = quote_of(replica, lines=0)
    with pytest.raises(UserError, match="no lines yet"):
        sent_file.send(replica, quote, "zh")
    assert records.get(replica, "quote", quote).get("status") == "draft"
    assert attachments.files_of(replica, "quote", quote) == ()
