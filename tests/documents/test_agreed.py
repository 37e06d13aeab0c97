"""Contracts and order confirmations on paper: what they say, in each language, and what is kept of them."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from pypdf import PdfReader

from crm_core.entities.attachment import SENT, SIGNED
from crm_core.errors import UserError
from crm_desktop.documents import agreed_files, printing, sent_file, template_records
from crm_desktop.models.query import ListQuery
from crm_desktop.models.records import Record
from crm_desktop.models.replica import Replica
from crm_desktop.services import attachments, contracts, orders, quotes, records
from tests.support.desktop import empty_app

RARE = "堃𠮷㙓泵业"


def text_of(content: bytes) -> str:
    pages = PdfReader(io.BytesIO(content)).pages
    return re.sub(r"\s+", "", "".join(page.extract_text() for page in pages))


@pytest.fixture(scope="module")
def replica(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Replica]:
    app = empty_app(tmp_path_factory.mktemp("agreed"))
    yield app.replica
    app.close()


@pytest.fixture(scope="module")
def quote(replica: Replica) -> str:
    customer = records.create(replica, "customer", {"name": RARE, "phone": "021 5550 0142"}).value.id
    made = quotes.create(replica, {"customer_id": customer, "currency": "CNY", "terms": "预付三成"}).value.id
    group = quotes.add_group(replica, made, "供货").value.id
    for number in range(3):
        line = {"description": f"泵 {number}", "quantity": "2", "unit_price": 100_00, "tax_rate": "13"}
        quotes.add_line(replica, made, {**line, "group_id": group if number else None})
    quotes.set_status(replica, made, "sent")
    for rank in (1, 2):
        values = {"title": f"条款{rank}", "title_en": f"Clause {rank}", "body": f"正文{rank}", "rank": rank}
        records.create(replica, "clause", {**values, "body_en": f"Body {rank}", "standard": True})
    return made


@pytest.mark.parametrize("language", ["zh", "en", "both"])
def test_an_order_confirmation_says_what_was_agreed(replica: Replica, quote: str, language: str) -> None:
    found = [row for row in _orders(replica) if row["quote_id"] == quote]
    order = found[0] if found else orders.from_quote(replica, quote).value
    records.update(replica, "order", order.id, {"reference": "PO-77"})
    text = text_of(printing.pdf_of(replica, "order", order.id, language))
    assert all(each in text for each in (RARE, "泵0", "泵2", "678.00", "PO-77", "预付三成"[:2]))
    assert ("订单确认书" in text) is (language != "en")
    assert ("Orderconfirmation" in text) is (language != "zh")
    assert "供货" in text
    assert "Version" not in text


def _orders(replica: Replica) -> list[Record]:
    return list(records.page(replica, ListQuery(entity="order", limit=9)).rows)


@pytest.mark.parametrize("language", ["zh", "en", "both"])
def test_a_contract_has_its_clauses_in_order_and_those_changed_here(
    replica: Replica, quote: str, language: str
) -> None:
    contract = contracts.from_quote(replica, quote).value
    first, second = contracts.clauses(replica, contract.id)
    records.update(replica, "contract_clause", second.id, {"body": "另行约定", "body_en": "As agreed apart"})
    records.update(replica, "contract", contract.id, {"starts_on": "2027-01-01", "ends_on": "2027-12-31"})
    text = text_of(printing.pdf_of(replica, "contract", contract.id, language))
    words = {"zh": ("正文1", "另行约定"), "en": ("Body1", "Asagreedapart")}
    for said in (words["zh"], words["en"]) if language == "both" else (words[language],):
        assert text.index(said[0]) < text.index(said[1])
    assert "678.00" in text
    assert first.id != second.id
    named = template_records.named(replica, "contract", f"contract.{language}")
    made = template_records.make(replica, named, contract.id)
    assert made.suffix == ".pdf"
    assert "contract.number" not in made.blanks


def test_a_contract_is_kept_as_it_went_out_and_as_it_came_back_signed(
    replica: Replica, quote: str, tmp_path: Path
) -> None:
    contract = contracts.from_quote(replica, quote).value.id
    with pytest.raises(UserError):
        agreed_files.keep_signed(replica, contract, tmp_path / "signed.pdf")
    sent_file.send(replica, "contract", contract, "zh")
    went = agreed_files.shown_file(replica, "contract", contract, "en")
    name, content, sha256 = went.name, went.content, went.sha256
    assert (name.endswith(".pdf"), len(sha256)) == (True, 64)
    assert "正文1" in text_of(content)  # what went out, whatever language is asked for now
    scan = tmp_path / "signed.pdf"
    scan.write_bytes(content + b"\n% signed")
    agreed_files.keep_signed(replica, contract, scan)
    shown = agreed_files.shown_file(replica, "contract", contract, "en")
    assert (shown.name, shown.content) == ("signed.pdf", scan.read_bytes())
    roles = {records.get(replica, "attachment", each.id)["role"] for each in _files(replica, contract)}
    assert roles == {SENT, SIGNED}
    records.update(replica, "contract", contract, {"status": "draft"})
    sent_file.send(replica, "contract", contract, "zh")
    newer = agreed_files.shown_file(replica, "contract", contract, "en")
    assert "-v2" in newer.name, "what was signed was another version"


def _files(replica: Replica, contract: str) -> list[attachments.FileRow]:
    return list(attachments.files_of(replica, "contract", contract))


def test_a_contract_goes_out_as_a_pdf_though_its_standard_template_is_a_word_file(
    replica: Replica, quote: str
) -> None:
    contract = contracts.from_quote(replica, quote).value.id
    plain = printing.pdf_of(replica, "contract", contract, "both")
    word = {"name": "own.docx", "content": "UEsDBA=="}
    values = {"name": "Own", "kind": "contract", "language": "both", "engine": "word", "word": word}
    made = records.create(replica, "document_template", {**values, "standard": True}).value
    try:
        assert printing.pdf_of(replica, "contract", contract, "both") == plain
    finally:
        records.delete(replica, "document_template", made.id)
