"""A real IMAP server on loopback with one empty box."""

from __future__ import annotations

import imaplib
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager

USER, PASSWORD = "sales@example.com", "secret of the box"


@contextmanager
def mail_box() -> Iterator[int]:
    """Serve one for as long as the block runs; give its port."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    begin = "from pymap.main import main; main()"
    command = [sys.executable, "-c", begin, "--host", "127.0.0.1", "--port", str(port), "--no-tls"]
    box = ("dict", "--demo-user", USER, "--demo-password", PASSWORD)
    server = subprocess.Popen([*command, *box], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 30
    while time.monotonic() < deadline:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                break
        time.sleep(0.05)
    yield port
    server.terminate()
    server.wait(timeout=30)


def post(port: int, *texts: str | bytes) -> None:
    """Put mails into the box, as a mail server does that received them."""
    with imaplib.IMAP4("127.0.0.1", port, timeout=30) as box:
        box.login(USER, PASSWORD)
        for text in texts:
            raw = text if isinstance(text, bytes) else text.replace("\n", "\r\n").encode()
            status, _ = box.append("INBOX", "", None, raw)
            assert status == "OK"


def unread(port: int) -> list[bytes]:
    """Return the numbers of the mails in the box that nobody has read."""
    with imaplib.IMAP4("127.0.0.1", port, timeout=30) as box:
        box.login(USER, PASSWORD)
        box.select("INBOX", readonly=True)
        _status, found = box.uid("SEARCH", "UNSEEN")
        return list((found[0] or b"").split())


def mail(sender: str, subject: str, text: str, **more: str) -> str:
    """Return a mail as it travels."""
    own = more.pop("Message_ID", f"<{subject}.{sender[-12:]}>")
    head = {"From": sender, "Subject": subject, "Message-ID": own, **more}
    lines = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in head.items())
    return f"{lines}Content-Type: text/plain; charset=utf-8\n\n{text}\n"
