"""`crm demo`: the main job in one go. An HQ, two laptops without a network, one evening of syncing.

Everything is real: an HQ process, encrypted profiles, the services the window calls, the printed PDF. What
must come out is checked on the way; a demo that shows something else ends with an error.
"""

from __future__ import annotations

import json
import os
import random
import secrets
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from crm_core.entities import schema_of
from crm_core.errors import BrokenPromise, NotFound, UserError
from crm_core.i18n import N_, Message, Translate, message
from crm_core.ids import named_id
from crm_core.money import Money
from crm_core.schema.field import Plain
from crm_core.schema.phones import shown_form
from crm_desktop import assembly
from crm_desktop.assembly import App
from crm_desktop.cli.console import tr
from crm_desktop.documents import quote_records
from crm_desktop.models.query import ListQuery
from crm_desktop.platform.secrets import PASSPHRASE_VARIABLE
from crm_desktop.services import activities, deals, picking, quotes, records, returned_edits, syncing, tickets
from crm_desktop.services.returned_edits import ReturnedEdit
from crm_desktop.services.sample import demo_texts
from crm_desktop.services.sample_year import ASKS, HANDED, SHARED, Filling

SEED = 20261124
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 30
HQ_FOLDER = "hq"
DEMO_PASSPHRASE = "satchel demo"
"""Of the demo's own profiles, printed at the end: they hold nothing but invented records."""
PICTURES = (
    "home",
    "customers",
    "customer=customers:纸鹤",
    "pipeline",
    "quotes=quotes:{quote}",
    "tickets=tickets:Flow meter",
    "sync",
    "customer-zh=customers:纸鹤@zh_CN",
    "pipeline-dark-zh=pipeline@zh_CN@dark",
    "tickets-dark=tickets:Flow meter@dark",
)
FACTS = ("customer", "contact", "deal", "quote", "ticket", "activity")


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What the demo came to, as `--json` prints it."""

    folder: str
    merged: Mapping[str, Plain]
    superseded: list[dict[str, Plain]]
    refused: list[dict[str, Plain]]
    sees: Mapping[str, Mapping[str, int]]
    pdf: str
    pictures: list[str]


def run(folder: Path | None, *, window: bool, as_json: bool) -> int:
    """Run the demo in `folder` (None: a new temporary one) and return the exit status.

    `UserError` where the folder holds a demo already.
    """
    # Not the person's own, which would stand in the terminal at the end.
    os.environ[PASSPHRASE_VARIABLE] = DEMO_PASSPHRASE
    place = folder or Path(tempfile.mkdtemp(prefix="satchel-demo-"))
    if (place / HQ_FOLDER).exists():
        raise UserError(N_("There is a demo in {folder} already; give another folder"), folder=place)
    place.mkdir(parents=True, exist_ok=True)
    demo = _Demo(place, _Teller(tr, quiet=as_json))
    report = demo.play()
    if as_json:
        click.echo(json.dumps({name: getattr(report, name) for name in Report.__slots__}, ensure_ascii=False))
    if window:
        from crm_desktop import app  # noqa: PLC0415 - Qt, only where there is a display

        status: int = app.open_window(place / "laptop-lin")
        return status
    return 0


class _Teller:
    """Says what happens, in the reader's language, on standard output; quiet for `--json`."""

    def __init__(self, translate: Translate, *, quiet: bool) -> None:
        self._translate = translate
        self._quiet = quiet

    def step(self, said: Message) -> None:
        """Begin a part of the story."""
        self._say("")
        self._say("» " + said.show(self._translate))

    def fact(self, said: Message) -> None:
        """Say one thing that came out."""
        self._say("  " + said.show(self._translate))

    def show(self, said: Message | str) -> str:
        """Return a text in the reader's language."""
        return said.show(self._translate) if isinstance(said, Message) else self._translate(said)

    def _say(self, line: str) -> None:
        if not self._quiet:
            click.echo(line)


class _Hq:
    """The demo's headquarters: a `crm-server` process of its own on a free port of this machine."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        facts = demo_texts("company")["facts"]
        told = ("company", "company_zh", "address", "address_zh", "phone", "email")
        # What is set for a real headquarters, its database first of all, is none of the demo's.
        mine = {name: value for name, value in os.environ.items() if not name.startswith("CRM_SERVER_")}
        self._environment = {**mine, **{f"CRM_SERVER_{name.upper()}": facts[name] for name in told}}
        self._process: subprocess.Popen[str] | None = None
        self.url = ""

    def command(self, *arguments: str, password: str = "") -> dict[str, Any]:
        """Run a `crm-server` command and return what it prints."""
        ran = subprocess.run(
            [sys.executable, "-m", "sync_server", "--data", str(self._folder), "--json", *arguments],
            input=password + "\n",
            capture_output=True,
            encoding="utf-8",
            env=self._environment,
            timeout=120,
            check=False,
        )
        if ran.returncode:
            raise BrokenPromise(N_("HQ's command failed: {reason}"), reason=ran.stderr.strip())
        printed: dict[str, Any] = json.loads(ran.stdout or "{}")
        return printed

    def start(self) -> None:
        """Serve; again on the same port after `stop`."""
        port = self.url.rpartition(":")[2] or "0"
        with (self._folder / "demo-serve.log").open("a", encoding="utf-8") as log:
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "sync_server", "--data", str(self._folder), "--json"),
                    *("serve", "--host", "127.0.0.1", "--port", port),
                ],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                encoding="utf-8",
                env=self._environment,
            )
        out = self._process.stdout
        line = out.readline() if out is not None else ""
        if not line:
            raise BrokenPromise(N_("HQ's command failed: {reason}"), reason="serve")
        self.url = json.loads(line)["url"]

    def stop(self) -> None:
        """End the process, as when the line is cut."""
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            self._process.wait(STOP_TIMEOUT_S)


class _Demo:
    """The story, step by step."""

    def __init__(self, folder: Path, teller: _Teller) -> None:
        self._folder = folder
        self._teller = teller
        self._hq = _Hq(folder / HQ_FOLDER)
        self._chance = random.Random(SEED)
        self._passwords: dict[str, str] = {}
        self._users: dict[str, str] = {}
        self._customers: list[str] = []

    def play(self) -> Report:
        """Play it all and return what came out."""
        try:
            return self._play()
        finally:
            self._hq.stop()

    def _play(self) -> Report:
        tell = self._teller
        tell.step(message(N_("An HQ is founded on SQLite and filled with invented customers")))
        self._found()
        self._hq.start()
        with ExitStack() as stack:
            lin = stack.enter_context(self._filled_and_enrolled("lin"))
            maya = stack.enter_context(self._laptop("maya"))
            for name, app in (("lin", lin), ("maya", maya)):
                first = app.sync_now()
                tell.fact(
                    message(
                        N_("{name} ({role}) received {count} records in {bytes} bytes"),
                        name=name,
                        role=Message(_ROLES[name]),
                        count=first.received,
                        bytes=first.bytes_down,
                    )
                )
            tell.step(message(N_("The network is gone: both laptops work on their own")))
            self._hq.stop()
            shared, handed, quote_id, pdf = self._work_offline(lin, maya)
            tell.step(message(N_("The network is back: both laptops sync")))
            self._hq.start()
            for app in (maya, lin, maya, lin):
                app.sync_now()
            report = self._outcome(lin, maya, shared, handed, quote_id, pdf)
            tell.step(message(N_("The network is gone again: lin works on")))
            self._hq.stop()
            self._work_on(lin, shared)
            number = str(records.get(lin.replica, "quote", quote_id)["number"])
            report = replace(report, pictures=self._pictures(number))
        tell.step(message(N_("All of it lies in {folder}"), folder=self._folder))
        tell.fact(message(N_("The quote: {file}"), file=pdf))
        for picture in report.pictures:
            tell.fact(message(N_("Picture: {file}"), file=picture))
        tell.fact(
            message(
                N_("Look around: {variable}='{passphrase}' crm --profile {profile} list customer"),
                variable=PASSPHRASE_VARIABLE,
                passphrase=DEMO_PASSPHRASE,
                profile=self._folder / "laptop-lin",
            )
        )
        return report

    def _found(self) -> None:
        self._passwords = {name: secrets.token_urlsafe(12) for name in ("admin", *_ROLES)}
        self._hq.command(
            "init", "--admin", "demo-admin", "--password-stdin", password=self._passwords["admin"]
        )
        self._hq.command("team", "add", demo_texts("company")["team"]["en"])
        for name, role in _ROLE_NAMES.items():
            added = self._hq.command(
                *("user", "add", name, "--role", role, "--password-stdin"),
                *("--team", demo_texts("company")["team"]["en"]),
                password=self._passwords[name],
            )
            self._users[name] = added["id"]

    @contextmanager
    def _laptop(self, name: str, user: str | None = None) -> Iterator[App]:
        app = assembly.new_profile(self._folder / f"laptop-{name}")
        try:
            app.enrol(self._hq.url, user or name, self._passwords[name], f"demo-{name}")
            yield app
        finally:
            app.close()

    @contextmanager
    def _filled_and_enrolled(self, name: str) -> Iterator[App]:
        """Fill HQ from the administrator's laptop, as any laptop would, then give the laptop of `name`."""
        with self._laptop("admin", "demo-admin") as admin:
            admin.sync_now()
            self._customers = Filling(admin.replica, self._users, self._chance).fill()
            report = admin.sync_now()
            if report.refused or not report.up_to_date:
                raise BrokenPromise(N_("HQ refused records of the demo"))
        with self._laptop(name) as app:
            yield app

    def _work_offline(self, lin: App, maya: App) -> tuple[str, str, str, Path]:
        tell = self._teller
        shared, handed = self._customers[SHARED], self._customers[HANDED]
        name = records.get(lin.replica, "customer", shared).title
        records.update(
            lin.replica, "customer", shared, {"phone": "+8651255500199", "industry": "Frozen food"}
        )
        records.change_tags(lin.replica, "customer", shared, add=["key account"])
        tell.fact(
            message(N_("lin changes the phone and the industry of {customer}, and tags it"), customer=name)
        )
        records.update(maya.replica, "customer", shared, {"phone": "+8651255500140", "city": "Suzhou Park"})
        records.change_tags(maya.replica, "customer", shared, add=["cold chain"])
        tell.fact(
            message(
                N_("maya changes the same phone of {customer} later, and the city, and tags it too"),
                customer=name,
            )
        )
        made = records.create(
            lin.replica, "customer", {"name": "松针仪表（示例）", "phone": "+862555500177", "level": "B"}
        ).value
        tell.fact(message(N_("lin makes a customer: {customer}"), customer=made.title))
        activities.log(
            lin.replica,
            "visit",
            "Second week of the trial",
            customer_id=shared,
            notes="Vibration fell from 4.1 to 2.3 mm/s.",
            next_step="Send the trial report",
            next_due_at=lin.replica.clock.now_ms() + 3 * 86_400_000,
        )
        tell.fact(message(N_("lin logs a visit and plans the next step")))
        card = next(card for column in deals.board(lin.replica).columns for card in column.cards)
        deals.move(lin.replica, card.id, named_id("stage", "Negotiation"))
        tell.fact(message(N_("lin moves the deal {deal} to Negotiation"), deal=card.name))
        quote_id, pdf = self._quote(lin, shared)
        self._answer_ticket(lin, shared)
        records.update(maya.replica, "customer", handed, {"owner_id": self._users["wang"]})
        records.update(lin.replica, "customer", handed, {"notes": "Wants a second offer in spring."})
        moved = records.get(maya.replica, "customer", handed).title
        for deal in records.page(
            maya.replica, ListQuery(entity="deal", limit=500, fields=("customer_id", "name"))
        ).rows:
            if deal.get("customer_id") == handed:
                records.update(maya.replica, "deal", deal.id, {"owner_id": self._users["wang"]})
        tell.fact(
            message(N_("maya hands {customer} to wang while lin still writes a note on it"), customer=moved)
        )
        return shared, handed, quote_id, pdf

    def _quote(self, lin: App, customer_id: str) -> tuple[str, Path]:
        quote = quotes.create(lin.replica, {"customer_id": customer_id}).value
        for number, product in enumerate(picking.products(lin.replica, "", limit=3)):
            quotes.add_line(
                lin.replica,
                quote.id,
                {
                    "product_id": product.id,
                    "quantity": str(2 + number),
                    "discount_percent": ("0", "5", "8")[number],
                },
            )
        view = quotes.view(lin.replica, quote.id)
        pdf = self._folder / quote_records.file_name(lin.replica, quote.id)
        pages = quote_records.write_pdf(lin.replica, quote.id, pdf, "both")
        self._teller.fact(
            message(
                N_("lin makes the quote {number} with {lines} lines over {total} and prints {pages} page(s)"),
                number=quote.get("number", ""),
                lines=len(view.lines),
                total=Money(view.totals.total_minor, view.totals.currency),
                pages=pages,
            )
        )
        return quote.id, pdf

    def _answer_ticket(self, lin: App, customer_id: str) -> None:
        row = next(
            ticket
            for ticket in tickets.queue(lin.replica, tickets.Queue.ALL)
            if tickets.view(lin.replica, ticket.id).ticket.get("customer_id") == customer_id
        )
        tickets.reply(lin.replica, row.id, "The right seals leave today by courier.")
        self._teller.fact(message(N_("lin answers the ticket {number}"), number=row.number or row.subject))

    def _work_on(self, lin: App, shared: str) -> None:
        """Do what is still on the laptop alone when the pictures are taken."""
        asks = self._customers[ASKS]
        ticket = next(
            row
            for row in tickets.queue(lin.replica, tickets.Queue.MINE)
            if tickets.view(lin.replica, row.id).ticket.get("customer_id") == asks
        )
        tickets.reply(
            lin.replica,
            ticket.id,
            "Thank you. Does the meter sit at the highest point of the pipe? Then air may gather there.",
        )
        self._teller.fact(message(N_("lin answers the ticket {number}"), number=ticket.number))
        records.update(lin.replica, "customer", shared, {"notes": "Asks for a report in two languages."})
        waiting = syncing.status(lin.replica).waiting_records
        self._teller.fact(message(N_("{count} records wait on lin's laptop to be sent"), count=waiting))

    def _outcome(self, lin: App, maya: App, shared: str, handed: str, quote_id: str, pdf: Path) -> Report:
        tell = self._teller
        seen = [records.get(app.replica, "customer", shared) for app in (lin, maya)]
        merged: dict[str, Plain] = {
            name: seen[0].values[name] for name in ("name", "phone", "industry", "city", "tags")
        }
        for record in seen:
            self._demand(
                record["phone"] == "+8651255500140"
                and record["industry"] == "Frozen food"
                and record["city"] == "Suzhou Park"
                and record["tags"] == ["cold chain", "key account"],
                "merge",
            )
        tell.fact(
            message(
                N_("Merged on both: phone {phone} (the later edit), {industry}, city {city}, tags {tags}"),
                **{**merged, "phone": shown_form(seen[0]["phone"]), "tags": ", ".join(seen[0]["tags"])},
            )
        )
        edits = [self._told(edit) for edit in returned_edits.returned(lin.replica)]
        superseded = [edit for edit in edits if edit["code"] == "superseded"]
        refused = [edit for edit in edits if edit["code"] != "superseded"]
        for edit in edits:
            tell.fact(
                message(
                    N_("Came back to lin: {field} “{mine}”. {reason}"),
                    field=edit["field"],
                    mine=edit["mine"],
                    reason=edit["reason"],
                )
            )
        self._demand(len(superseded) == 1 and len(refused) == 1, "returned")
        self._demand(_is_gone(lin, handed), "purge")
        number = records.get(maya.replica, "quote", quote_id)["number"]
        self._demand(
            bool(number) and number == records.get(lin.replica, "quote", quote_id)["number"], "number"
        )
        sees = {name: self._sees(app) for name, app in (("lin", lin), ("maya", maya))}
        for name, counts in sees.items():
            tell.fact(
                message(
                    N_("{name} sees {counts}"),
                    name=name,
                    counts=", ".join(
                        f"{tell.show(schema_of(entity).meta.plural)} {count}"
                        for entity, count in counts.items()
                    ),
                )
            )
        return Report(
            folder=str(self._folder),
            merged=merged,
            superseded=superseded,
            refused=refused,
            sees=sees,
            pdf=str(pdf),
            pictures=[],
        )

    def _told(self, edit: ReturnedEdit) -> dict[str, Plain]:
        return {
            "record": edit.title,
            "field": self._teller.show(edit.label) if edit.label else "",
            "mine": edit.mine,
            "theirs": edit.theirs,
            "who": edit.who,
            "code": edit.code.name.lower(),
            "reason": self._teller.show(edit.reason),
        }

    def _sees(self, app: App) -> dict[str, int]:
        return {entity: records.count(app.replica, ListQuery(entity=entity)) for entity in FACTS}

    def _pictures(self, quote: str) -> list[str]:
        """Draw the main windows of lin's laptop, in a process of its own: this one has no Qt."""
        target = self._folder / "pictures"
        ran = subprocess.run(
            [
                *(sys.executable, "-m", "crm_desktop.ui.pictures", str(target)),
                *("--profile", str(self._folder / "laptop-lin")),
                *("--pages", ",".join(PICTURES).format(quote=quote)),
            ],
            env={**os.environ, "QT_QPA_PLATFORM": "offscreen"},
            capture_output=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        )
        if ran.returncode:
            raise BrokenPromise(N_("The pictures could not be drawn: {reason}"), reason=ran.stderr[-400:])
        return [str(file) for file in sorted(target.glob("*.png"))]

    def _demand(self, holds: bool, what: str) -> None:
        if not holds:
            raise BrokenPromise(N_("The demo did not come out as it must: {what}"), what=what)


def _is_gone(app: App, customer_id: str) -> bool:
    try:
        records.get(app.replica, "customer", customer_id)
    except NotFound:
        return True
    return False


_ROLES = {"lin": N_("sales"), "maya": N_("sales manager"), "wang": N_("sales")}
_ROLE_NAMES = {"lin": "sales", "maya": "sales_manager", "wang": "sales"}
