"""A document that goes out when it is approved: its file is kept by the round that says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from crm_desktop.assembly import App
from crm_desktop.documents import quote_pdf, sent_file
from crm_desktop.services import quotes, records
from crm_desktop.sync.report import RoundReport
from tests.support.desktop import empty_app


class _Heard:
    """HQ as it answers: the approval that was asked for is granted."""

    def __init__(self, app: App, quote: str) -> None:
        self._app, self._quote = app, quote

    def run_round(self, *_given: object) -> RoundReport:
        if records.get(self._app.replica, "quote", self._quote)["status"] == "draft":
            quotes.set_status(self._app.replica, self._quote, "sent")
        return RoundReport()


def test_a_round_that_says_a_quote_went_out_keeps_its_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = empty_app(tmp_path)
    try:
        replica = app.replica
        customer = records.create(replica, "customer", {"name": "纸鹤"}).value.id
        quote = quotes.create(replica, {"customer_id": customer, "currency": "CNY"}).value
        quotes.add_line(replica, quote.id, {"description": "泵", "quantity": "1", "unit_price": 100_00})
        sent_file.keep_when_granted(replica, quote, "zh")
        monkeypatch.setattr(app, "engine", lambda: _Heard(app, quote.id))
        with monkeypatch.context() as broken:
            broken.setattr(quote_pdf, "quote_pages", lambda *_given: 1 / 0)
            assert app.sync_now() == RoundReport(), "the round went well all the same"
        assert sent_file.sent_file(replica, "quote", quote.id) is None
        assert app.sync_now() == RoundReport(), "it is tried again"
        kept = sent_file.sent_file(replica, "quote", quote.id)
        assert kept is not None
        assert kept.content is not None
        assert kept.content.startswith(b"%PDF")
    finally:
        app.close()
