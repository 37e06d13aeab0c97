"""Mails written on a laptop without a network, sent by HQ over a real SMTP server: once, or told why not."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from crm_core.errors import Invalid, UserError
from crm_core.rules import mailing
from crm_core.sync.protocol import Code
from crm_desktop.documents import mailing as writing
from crm_desktop.documents import sent_file
from crm_desktop.services import attachments, outgoing, records, tickets
from sync_server.services import outgoing_mails
from sync_server.services.outgoing_mails import send_due
from tests.support.hq import Office
from tests.support.paper_firm import PaperFirm, headquarters_of, paper_firm
from tests.support.post_office import PostOffice, post_office
from tests.support.replicas import Laptops
from tests.support.tls import certificate


@pytest.fixture(scope="module")
def post() -> Iterator[PostOffice]:
    with post_office() as opened:
        yield opened


@pytest.fixture
def firm(office: Office, laptops: Laptops, post: PostOffice) -> PaperFirm:
    post.envelopes.clear()
    post.answer, post.refused, post.drops = "250 taken", frozenset(), False
    return paper_firm(office, laptops, smtp_server=f"smtp://127.0.0.1:{post.port}")


def written(firm: PaperFirm, language: str = "en", kind: str = "quote", **changes: str) -> str:
    """Write a mail with a new document on the laptop, and return the mail's id."""
    replica = firm.eve.replica
    document = firm.sent(kind, language)
    draft = writing.draft(replica, kind, document, "en" if language == "en" else "zh")
    given = {"to": draft.to, "cc": "", "subject": draft.subject, "body": draft.body, **changes}
    return writing.send(replica, kind, document, draft.file, **given).value.id


def state(firm: PaperFirm, mail: str) -> str:
    return str(records.get(firm.eve.replica, "outgoing_mail", mail)["status"])


def test_a_mail_written_offline_goes_out_with_the_very_file_and_says_so(
    firm: PaperFirm, post: PostOffice
) -> None:
    mail = written(firm, language="zh", cc="财务部 <pay@kontor.example>；boss@kontor.example")
    quote = str(records.get(firm.eve.replica, "outgoing_mail", mail)["record_id"])
    assert outgoing.outgoing_of(firm.eve.replica, "quote", quote).mails[0].not_sent
    firm.sync()
    assert send_due(firm.hq, firm.office.now_ms)["sent"] == 1
    assert send_due(firm.hq, firm.office.now_ms) == dict.fromkeys(("sent", "failed", "waiting", "unknown"), 0)
    firm.sync()
    (letter,) = post.letters
    (envelope,) = post.envelopes
    assert envelope.rcpt_tos == ["ann@kontor.example", "pay@kontor.example", "boss@kontor.example"]
    assert letter["From"].addresses[0].addr_spec == "office@heron.example"
    assert letter["Reply-To"].addresses[0].addr_spec == "eve@heron.example"
    assert letter["To"].addresses[0].display_name == "Ann Moss"
    assert letter["Cc"].addresses[0].display_name == "财务部"
    assert letter["Message-ID"] == f"<{mail}@heron.example>"
    number = records.get(firm.eve.replica, "quote", quote)["number"]
    assert letter["Subject"] == f"蓝鹭有限公司报价单 {number}"
    text = letter.get_body().get_content()  # type: ignore[union-attr]
    assert "CNY 1,200.00" in text.replace("￥", "CNY ")
    assert "https://hq.example/a/" in text
    (part,) = letter.iter_attachments()
    kept = sent_file.sent_file(firm.eve.replica, "quote", quote)
    assert kept is not None
    assert part.get_content() == kept.content
    assert part.get_filename() == kept.name
    row = outgoing.outgoing_of(firm.eve.replica, "quote", quote).mails[0]
    assert (row.state, row.sender, row.not_sent) == ("sent", "Eve", False)


@pytest.mark.parametrize(("kind", "called"), [("contract", "Contract"), ("order", "Order confirmation")])
def test_a_contract_or_order_goes_to_those_the_server_takes_and_the_others_are_told(
    firm: PaperFirm, post: PostOffice, kind: str, called: str
) -> None:
    post.refused = frozenset({"gone@kontor.example"})
    mail = written(firm, kind=kind, cc="gone@kontor.example")
    firm.sync()
    assert send_due(firm.hq, firm.office.now_ms)["sent"] == 1
    (letter,) = post.letters
    assert post.envelopes[0].rcpt_tos == ["ann@kontor.example"]
    assert letter["Subject"].startswith(f"{called} ")
    held = firm.office.row("outgoing_mail", mail)
    (part,) = letter.iter_attachments()
    assert hashlib.sha256(part.get_content()).hexdigest() == held["sha256"]
    kept = sent_file.sent_file(firm.eve.replica, kind, held["record_id"])
    assert kept is not None
    assert kept.sha256 == held["sha256"]
    firm.sync()
    (row,) = outgoing.outgoing_of(firm.eve.replica, kind, held["record_id"]).mails
    assert (row.state, "gone@kontor.example" in str(row.said)) == ("sent", True)


def test_what_is_no_mail_is_told_at_its_field_and_refused_by_hq(firm: PaperFirm) -> None:
    for field, value in (
        ("to", "ann@kontor"),
        ("to", "ann@kontor.example\nBcc: all@kontor.example"),
        ("cc", "nobody"),
        ("subject", "Hello\r\nBcc: all@kontor.example"),
        ("subject", "x" * (mailing.MOST_SUBJECT + 1)),
        ("to", ",".join(f"a{number}@kontor.example" for number in range(21))),
    ):
        with pytest.raises(Invalid) as told:
            written(firm, **{field: value})
        assert {each.field for each in told.value.problems} == {"recipients" if field == "to" else field}
    mail = written(firm)
    firm.sync()
    forged = firm.office.laptop(firm.eve_id)
    forged.sync()
    held = firm.office.row("outgoing_mail", mail)
    kept = ("record_entity", "record_id", "recipients", "subject", "body", "attachment_id", "sha256")
    sound = {name: held[name] for name in kept}
    for wrong in (
        {"subject": "a\r\nBcc: x@y.example"},
        {"recipients": "nobody"},
        {"sha256": "0" * 64},
        {"status": "sent"},
    ):
        forged.create("outgoing_mail", {**sound, **wrong})
        forged.sync()
        assert forged.code(forged.last_op) in (Code.INVALID, Code.ILLEGAL_STATE), wrong
    number = forged.set("outgoing_mail", mail, "recipients", "eve@elsewhere.example")
    forged.sync()
    assert forged.code(number) is Code.ILLEGAL_STATE
    number = forged.set("outgoing_mail", mail, "status", "sent")
    forged.sync()
    assert forged.code(number) is Code.ILLEGAL_STATE


def test_it_is_tried_again_and_again_and_given_up_with_the_reason(firm: PaperFirm, post: PostOffice) -> None:
    mail, office = written(firm), firm.office
    firm.sync()
    post.answer = "451 come back later"
    assert send_due(firm.hq, office.now_ms)["waiting"] == 1
    assert send_due(firm.hq, office.now_ms)["waiting"] == 0, "not before its time"
    office.now_ms += mailing.pause_ms(1)
    post.answer = "250 taken"
    assert send_due(firm.hq, office.now_ms)["sent"] == 1
    refused = written(firm)
    firm.sync()
    post.answer = "554 we want nothing of yours"
    assert send_due(firm.hq, office.now_ms)["failed"] == 1
    firm.sync()
    row = outgoing.outgoing_of(
        firm.eve.replica, "quote", str(records.get(firm.eve.replica, "outgoing_mail", refused)["record_id"])
    ).mails[0]
    assert row.said is not None
    assert "554 we want nothing of yours" in str(row.said)
    assert "was not sent" in str(firm.hq.records.all("activity")[-1][1]["subject"])
    outgoing.repeat(firm.eve.replica, refused)
    firm.sync()
    post.answer, post.refused = "250 taken", frozenset({"ann@kontor.example"})
    assert send_due(firm.hq, office.now_ms)["failed"] == 1, "nobody there"
    post.refused = frozenset()
    outgoing.repeat(firm.eve.replica, refused)
    assert state(firm, mail) == "sent"
    late = written(firm)
    firm.sync()
    post.drops = True
    for attempt in range(1, mailing.ATTEMPTS_MOST + 1):
        counts = send_due(firm.hq, office.now_ms)
        office.now_ms += mailing.pause_ms(attempt)
    assert counts["unknown"] >= 1
    ids = {each["Message-ID"] for each in post.letters if late in each["Message-ID"]}
    assert ids == {f"<{late}@heron.example>"}


def test_hq_killed_at_any_step_sends_nothing_twice_and_says_that_perhaps_it_went_out(
    firm: PaperFirm, post: PostOffice, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        """HQ is gone at this moment."""

    mail = written(firm)
    firm.sync()

    def dies(*_given: object) -> None:
        raise Killed

    with monkeypatch.context() as early:
        early.setattr(outgoing_mails, "prepare", dies)
        with pytest.raises(Killed):
            send_due(firm.hq, firm.office.now_ms)
    assert firm.office.row("outgoing_mail", mail)["status"] == "at_hq"
    assert not post.letters
    with monkeypatch.context() as after:
        after.setattr(outgoing_mails, "_note", dies)
        with pytest.raises(Killed):
            send_due(firm.hq, firm.office.now_ms)
    assert len(post.letters) == 1
    silent = headquarters_of(firm.office, smtp_server="smtp://127.0.0.1:9")
    assert send_due(silent, firm.office.now_ms)["unknown"] == 1, "a server that is silent hides nothing"
    assert not any(send_due(firm.hq, firm.office.now_ms).values())
    firm.sync()
    held = firm.office.row("outgoing_mail", mail)
    assert (held["status"], held["outcome"]) == ("unknown", [outgoing_mails.CUT_OFF.text, {}])
    assert "perhaps it was sent" in str(firm.hq.records.all("activity")[-1][1]["subject"])
    outgoing.repeat(firm.eve.replica, mail)
    firm.sync()
    assert send_due(firm.hq, firm.office.now_ms)["sent"] == 1
    assert [each["Message-ID"] for each in post.letters] == [f"<{mail}@heron.example>"] * 2


def test_who_may_not_read_it_any_more_sends_nothing_and_a_file_that_is_not_there_is_waited_for(
    firm: PaperFirm, post: PostOffice
) -> None:
    early = written(firm)
    firm.eve.sync()  # without its files
    assert send_due(firm.hq, firm.office.now_ms)["waiting"] == 1
    assert firm.office.row("outgoing_mail", early)["outcome"] == [outgoing_mails.NO_FILE.text, {}]
    mail = written(firm)
    firm.sync()
    firm.office.now_ms += 60_000
    other = firm.office.user("Bob", "sales")
    firm.office.hq.update("customer", firm.customer, {"owner_id": other})
    for quote_id, _ in firm.office.hq.all("quote"):
        firm.office.hq.update("quote", quote_id, {"owner_id": other})
    assert send_due(firm.hq, firm.office.now_ms)["failed"] == 2
    assert firm.office.row("outgoing_mail", mail)["outcome"] == [outgoing_mails.NO_RIGHT.text, {}]
    assert not post.letters


def test_without_a_server_or_with_one_that_is_silent_mails_wait(firm: PaperFirm, post: PostOffice) -> None:
    mail = written(firm)
    firm.sync()
    silent = headquarters_of(firm.office, smtp_server="smtp://127.0.0.1:9")
    assert send_due(silent, firm.office.now_ms)["waiting"] == 1
    assert "does not answer" in str(firm.office.row("outgoing_mail", mail)["outcome"])
    assert not any(send_due(headquarters_of(firm.office, smtp_server=""), firm.office.now_ms).values())
    outgoing.withdraw(firm.eve.replica, mail)
    firm.sync()
    assert not any(send_due(firm.hq, firm.office.now_ms).values())
    assert not post.letters


def test_finance_sees_no_mail(firm: PaperFirm, laptops: Laptops) -> None:
    written(firm)
    firm.sync()
    finance = laptops.make("fin", firm.office.user("Fin", "finance"))
    finance.sync()
    kinds = {entity for entity, _ in finance.projection()}
    assert 50 in kinds
    assert 73 not in kinds
    assert 74 in kinds


def test_a_password_is_asked_for_and_a_wrong_one_lets_mails_wait(firm: PaperFirm) -> None:
    mail = written(firm)
    firm.sync()
    with post_office(user="office", password="secret of the office") as guarded:
        server = {"smtp_server": f"smtp://127.0.0.1:{guarded.port}", "smtp_user": "office"}
        wrong = headquarters_of(firm.office, **server, smtp_password="guessed")
        assert send_due(wrong, firm.office.now_ms)["waiting"] == 1
        assert "smtp_user or smtp_password" in str(firm.office.row("outgoing_mail", mail)["outcome"])
        assert "guessed" not in str(firm.office.row("outgoing_mail", mail))
        right = headquarters_of(firm.office, **server, smtp_password="secret of the office")
        assert send_due(right, firm.office.now_ms)["sent"] == 1
        assert len(guarded.letters) == 1


def test_a_line_is_encrypted_where_the_server_offers_it_and_to_nobody_unknown(
    firm: PaperFirm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mail, files = written(firm), certificate(tmp_path)
    firm.sync()
    with post_office(files=files) as sealed:
        hq = headquarters_of(firm.office, smtp_server=f"smtp://127.0.0.1:{sealed.port}")
        assert send_due(hq, firm.office.now_ms)["waiting"] == 1
        assert not sealed.letters
        assert "does not answer" in str(firm.office.row("outgoing_mail", mail)["outcome"])
        monkeypatch.setenv("SSL_CERT_FILE", str(files[0]))
        assert send_due(hq, firm.office.now_ms)["sent"] == 1
        assert len(sealed.letters) == 1


def test_files_of_an_answer_go_with_its_mail_once_hq_has_them_and_no_others_do(
    firm: PaperFirm, post: PostOffice
) -> None:
    replica, office = firm.eve.replica, firm.office
    customer = {"customer_id": firm.customer, "from_address": "ann@kontor.example", "channel": "mail"}
    ticket = records.create(replica, "ticket", {"subject": "Leak", **customer}).value.id
    other = records.create(replica, "ticket", {"subject": "Noise", **customer}).value.id

    def put(ticket_id: str, name: str, content: bytes) -> str:
        return attachments.add(replica, "ticket", ticket_id, content, name=name).value.id

    long = "蓝鹭有限公司水泵安装与维护说明书（第二版，含附录与零件清单，二〇二六年十一月修订）" * 2 + ".pdf"
    manual, mail_file = put(ticket, long, b"%PDF-1.7 manual"), put(ticket, "Anfrage.eml", b"Subject: x\n\nHi")
    inside, elsewhere = put(ticket, "margins.xlsx", b"secret"), put(other, "other.txt", b"other")
    tickets.reply(replica, ticket, "Our margin", internal=True, files=(inside,))
    with pytest.raises(UserError, match="Only files of the ticket"):
        tickets.reply(replica, ticket, "This one", files=(elsewhere,))
    answer = tickets.reply(replica, ticket, "Please read this", files=(manual, mail_file)).value.id
    (shown,) = [each for each in tickets.view(replica, ticket).messages if not each.internal]
    assert [each.name for each in shown.files] == [long, "Anfrage.eml"]
    firm.eve.sync()  # without its files
    assert send_due(firm.hq, office.now_ms)["waiting"] == 1
    assert not post.letters
    firm.sync()
    office.now_ms += 60_000
    tight = headquarters_of(office, smtp_server=f"smtp://127.0.0.1:{post.port}", mail_files_bytes_max=20)
    assert send_due(tight, office.now_ms)["failed"] == 1
    firm.sync()
    (shown,) = [each for each in tickets.view(replica, ticket).messages if not each.internal]
    assert (shown.outcome, "a mail carries 0.0 MB" in shown.outcome_said) == ("failed", True)
    (mail,) = [each for each, _ in firm.hq.records.find("outgoing_mail", "record_id", ticket)]
    outgoing.repeat(replica, mail)
    firm.sync()
    assert send_due(firm.hq, office.now_ms)["sent"] == 1
    (letter,) = post.letters
    parts = [(each.get_filename(), each.get_content()) for each in letter.iter_attachments()]
    assert parts == [(long, b"%PDF-1.7 manual"), ("Anfrage.eml", b"Subject: x\n\nHi")]
    raw = post.envelopes[0].content
    assert isinstance(raw, bytes)
    assert raw.isascii()
    assert max(map(len, raw.splitlines())) <= 998
    assert b"filename*" in raw
    assert office.row("ticket_message", answer)["outcome"] is None, "nothing is wrong with it any more"
    forged = office.laptop(firm.eve_id)
    forged.sync()
    for named in ([elsewhere], ["0" * 32], "all", [manual] * 21):
        said = {"ticket_id": ticket, "body": "Hm", "files": named}
        forged.create("ticket_message", said)
        forged.sync()
        assert forged.code(forged.last_op) is Code.INVALID, named
