"""Mails made to break whoever reads them, each made anew in code; nothing of them came from anywhere."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from dataclasses import dataclass

MEGABYTE = 1_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Trap:
    """A mail, and what is right to become of it."""

    name: str
    raw: bytes
    fate: str
    """Value of `ticket_mail.Fate`."""
    is_kept: bool = False
    """The mail itself stands beside what was read of it: not all of it could be."""
    says: str = ""
    """What the text must hold."""
    files: tuple[str, ...] = ()


def head(name: str, *lines: str) -> bytes:
    """Return the head of a mail by somebody of its own, with more lines."""
    own = (f"From: {name} <{name}@trap.example>", f"Message-ID: <{name}@trap.example>", f"Subject: {name}")
    taken = {line.partition(":")[0].lower() for line in lines}
    kept = [line for line in own if line.partition(":")[0].lower() not in taken]
    return "\r\n".join((*kept, *lines)).encode("utf-8", "surrogateescape") + b"\r\n"


def plain(name: str, *lines: str, body: bytes = b"Hello") -> bytes:
    """Return a mail of text."""
    return head(name, *lines, "Content-Type: text/plain; charset=utf-8") + b"\r\n" + body


def traps() -> Iterator[Trap]:
    """Yield them all."""
    yield from _bombs()
    yield from _broken()
    yield from _heads()
    yield from _machines()
    yield from _parts()


def _bombs() -> Iterator[Trap]:
    deep = b"".join(
        b'Content-Type: multipart/mixed; boundary="b%d"\r\n\r\n--b%d\r\n' % (n, n) for n in range(3_000)
    )
    yield Trap(name="nested", raw=head("nested") + deep + b"\r\nDeep", fate="tickets", is_kept=True)
    many = b"--b\r\n\r\nx\r\n" * 300_000
    wide = head("wide", 'Content-Type: multipart/mixed; boundary="b"') + b"\r\n" + many
    yield Trap(name="wide", raw=wide, fate="tickets", is_kept=True)
    yield Trap(
        name="headers", raw=head("headers") + b"a:b\r\n" * 500_000 + b"\r\nHi", fate="tickets", is_kept=True
    )
    rfc822 = b"Content-Type: message/rfc822\r\n\r\n" * 2_000
    yield Trap(
        name="mails-in-mails", raw=head("mails-in-mails") + rfc822 + b"Hi", fate="unreadable", is_kept=True
    )
    yield Trap(
        name="long-text", raw=plain("long-text", body=b"word " * (2 * MEGABYTE)), fate="tickets", is_kept=True
    )
    yield Trap(
        name="spaces",
        raw=plain("spaces", body=b"a" + b"\n \t" * MEGABYTE + b"b"),
        fate="tickets",
        is_kept=True,
    )
    brackets = b"<![CDATA[" * 60_000 + b"<p>after</p>"
    html = head("html-bomb", "Content-Type: text/html") + b"\r\n<p>before</p>" + brackets
    yield Trap(name="html-bomb", raw=html, fate="tickets", says="before")
    to = "To: " + ",\r\n ".join(f"a{n}@x.example" for n in range(10_000))
    yield Trap(name="ten-thousand", raw=plain("ten-thousand", to), fate="tickets", says="Hello")
    names = "References: " + " ".join(f"<{n}@x>" for n in range(50_000))
    yield Trap(name="references", raw=plain("references", names), fate="tickets", is_kept=True)


def _broken() -> Iterator[Trap]:
    for charset in ("utf-99", "idna", "punycode", "zip", "unicode_escape", "utf-7", "\udcff"):
        kind = f"Content-Type: text/plain; charset={charset}"
        name = f"charset-{charset if charset.isascii() else 'bytes'}"
        yield Trap(
            name=name, raw=head(name, kind) + b"\r\n" + "Grüße 你好".encode(), fate="tickets", says="你好"
        )
    kind = "Content-Type: text/plain; charset=gb2312"
    raw = head("gbk", kind) + b"\r\n" + "镕基你好".encode("gb18030")
    yield Trap(name="gbk", raw=raw, fate="tickets", says="镕基你好")
    kind = "Content-Type: text/plain; charset=us-ascii"
    yield Trap(name="ascii", raw=head("ascii", kind) + b"\r\n" + "你好".encode(), fate="tickets", says="你好")
    lines = ("Content-Transfer-Encoding: base64", "Content-Type: text/plain")
    yield Trap(name="base64", raw=head("base64", *lines) + b"\r\n!!!not base64!!!", fate="tickets")
    lines = ("Content-Transfer-Encoding: x-uuencode", "Content-Type: text/plain")
    yield Trap(name="uuencode", raw=head("uuencode", *lines) + b"\r\nbegin 644 x\r\n####", fate="tickets")
    kind = 'Content-Type: multipart/mixed; boundary="never"'
    yield Trap(name="no-boundary", raw=head("no-boundary", kind) + b"\r\nNothing begins", fate="tickets")
    yield Trap(
        name="empty-boundary",
        raw=head("empty-boundary", "Content-Type: multipart/mixed") + b"\r\nHi",
        fate="tickets",
    )
    yield Trap(name="zeros", raw=plain("zeros", body=b"A\x00B\x07\x1b[31mC"), fate="tickets", says="AB[31mC")
    yield Trap(name="nothing", raw=b"", fate="unreadable", is_kept=True)
    yield Trap(name="noise", raw=bytes(range(256)) * 400, fate="unreadable", is_kept=True)
    yield Trap(name="no-sender", raw=b"Subject: Hi\r\n\r\nWho am I?", fate="unreadable", is_kept=True)


def _heads() -> Iterator[Trap]:
    subject = "Subject: Hi\r\n\tBcc: all@x.example"
    yield Trap(name="folded", raw=plain("folded", subject), fate="tickets", says="Hello")
    encoded = base64.b64encode(b"Hi\r\nBcc: all@x.example\r\n\r\nBody").decode()
    yield Trap(name="injected", raw=plain("injected", f"Subject: =?utf-8?b?{encoded}?="), fate="tickets")
    turned = "From: \u202egnp.eciovni\u202c \u200b<turned@trap.example>"
    yield Trap(name="turned", raw=plain("turned", turned), fate="tickets", says="Hello")
    yield Trap(name="homograph", raw=plain("homograph", "From: Tom <tom@h\u0435ron.example>"), fate="tickets")
    for year in ("Thu, 01 Jan 1970 00:00:00 +0000", "Fri, 31 Dec 2099 23:59:59 +9999", "yesterday", ""):
        name = f"date-{sum(year.encode())}"
        yield Trap(name=name, raw=plain(name, f"Date: {year}"), fate="tickets", says="Hello")
    yield Trap(name="bare", raw=b"From: bare@trap.example\n\nHello", fate="tickets", says="Hello")
    yield Trap(name="two-from", raw=b"From: one@trap.example\r\n" + plain("two-from"), fate="tickets")


def _machines() -> Iterator[Trap]:
    for number, line in enumerate(
        (
            "Auto-Submitted: auto-replied",
            "Auto-Submitted: AUTO-GENERATED; owner=x",
            "Precedence: bulk",
            "Precedence: auto_reply",
            "X-Autoreply: yes",
            "X-Autorespond: gone",
            "X-POST-MessageClass: 9; Autoresponder",
            "List-Id: <news.x.example>",
            "Return-Path: <>",
            "From: MAILER-DAEMON@x.example",
            "From: no-reply@x.example",
            "Subject: 自动回复：我在休假",
            "Subject: 自动回复: 外出",
            "Subject: Automatic reply: Leak",
            "Subject: Out of Office: back on Monday",
            "Subject: [自动回复] 您好",
            "Subject: Abwesenheitsnotiz: Urlaub",
        )
    ):
        yield Trap(name=f"machine-{number}", raw=plain(f"machine-{number}", line), fate="automatic")
    for number, line in enumerate(
        ("Subject: Automatic gate is stuck", "Subject: 自动回复功能坏了", "Auto-Submitted: no")
    ):
        yield Trap(name=f"person-{number}", raw=plain(f"person-{number}", line), fate="tickets", says="Hello")
    for number, (kind, action) in enumerate(
        (
            ("delivery-status", "failed"),
            ("delivery-status", "delayed"),
            ("disposition-notification", "displayed"),
        )
    ):
        report = head(
            f"report-{number}", f'Content-Type: multipart/report; report-type={kind}; boundary="b"'
        ) + (
            b"\r\n--b\r\nContent-Type: text/plain\r\n\r\nSo it went\r\n"
            b"--b\r\nContent-Type: message/delivery-status\r\n\r\nAction: " + action.encode() + b"\r\n"
            b"--b\r\nContent-Type: text/rfc822-headers\r\n\r\nMessage-ID: <nobody@knows>\r\n--b--\r\n"
        )
        yield Trap(name=f"report-{number}", raw=report, fate="automatic")


def _parts() -> Iterator[Trap]:
    script = b"<html><head><title>x</title></head><body onload=steal()><script>alert(1)</script>"
    html = script + b'<img src="https://spy.example/1.gif">Real <b>words</b></body></html>'
    yield Trap(
        name="script",
        raw=head("script", "Content-Type: text/html") + b"\r\n" + html,
        fate="tickets",
        says="Real words",
    )
    calendar = b"BEGIN:VCALENDAR\r\nMETHOD:REQUEST\r\nEND:VCALENDAR"
    parts = (
        b"--b\r\nContent-Type: text/plain\r\n\r\nSee you\r\n"
        b"--b\r\nContent-Type: text/calendar; method=REQUEST\r\n\r\n" + calendar + b"\r\n"
        b"--b\r\nContent-Type: application/ms-tnef; name=winmail.dat\r\n"
        b"Content-Transfer-Encoding: base64\r\n\r\n"
        b"eJ8+IgAA\r\n"
        b"--b\r\nContent-Type: application/octet-stream\r\n"
        b'Content-Disposition: attachment; filename="../../etc/passwd"\r\n\r\n'
        b"root\r\n"
        b"--b\r\nContent-Type: application/pdf\r\n"
        b"Content-Disposition: attachment; filename*=utf-8''%E6%8A%A5%00%E4%BB%B7.pdf\r\n\r\n"
        b"%PDF\r\n"
        b'--b\r\nContent-Type: a b c\r\nContent-Disposition: attachment; filename="CON.txt"\r\n\r\nx\r\n'
        b"--b\r\nContent-Type: image/png\r\nContent-ID: <logo>\r\n\r\ntiny\r\n--b--\r\n"
    )
    raw = head("files", 'Content-Type: multipart/mixed; boundary="b"') + b"\r\n" + parts
    names = ("2.ics", "winmail.dat", "passwd", "报价.pdf", "_CON.txt")
    yield Trap(name="files", raw=raw, fate="tickets", says="See you", files=names)
    inner = b"From: a@b.example\r\nSubject: In\r\n\r\nInner\r\n"
    within = b"--b\r\nContent-Type: message/rfc822\r\n\r\n" + inner + b"--b--\r\n"
    raw = head("forward", 'Content-Type: multipart/mixed; boundary="b"') + b"\r\n" + within
    yield Trap(name="forward", raw=raw, fate="tickets", files=("1.eml",))
    some = b"".join(
        b"--b\r\nContent-Disposition: attachment; filename=%d.txt\r\n\r\nx\r\n" % n for n in range(60)
    )
    raw = head("sixty", 'Content-Type: multipart/mixed; boundary="b"') + b"\r\n" + some + b"--b--"
    yield Trap(name="sixty", raw=raw, fate="tickets", is_kept=True)
