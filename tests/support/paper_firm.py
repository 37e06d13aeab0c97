"""A seller on a laptop, a customer with one person, and an HQ that reaches both by mail and by its pages."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

from crm_desktop.documents import sent_file
from crm_desktop.services import contracts, orders, quotes, records
from crm_desktop.sync.blobs import BlobRule, BlobTransfer
from sync_server.services.answering import Answering
from sync_server.services.auth import Auth
from sync_server.services.blobs import BlobService
from sync_server.services.by_file import FileExchange
from sync_server.services.headquarters import Headquarters
from sync_server.services.known import KnownCustomers
from sync_server.services.sync import SyncService
from tests.support.hq import Office
from tests.support.replicas import Laptop, Laptops

PUBLIC_URL = "https://hq.example"


def headquarters_of(office: Office, **settings: object) -> Headquarters:
    """Return an office as the parts of HQ know it, with other settings; laptops are told them too."""
    changed = dataclasses.replace(office.settings, **settings)  # type: ignore[arg-type]
    office.settings = changed
    office.sync = SyncService(office.database, changed, office.clock)
    office.blobs = BlobService(office.database, changed, office.clock)
    auth = Auth(office.database, changed)
    return Headquarters(
        changed,
        office.database,
        auth,
        office.hq,
        office.sync,
        office.blobs,
        FileExchange(office.database, changed, auth, office.sync),
        KnownCustomers(office.database, changed),
        Answering(office.database),
    )


@dataclass
class PaperFirm:
    """Eve sells to Kontor, where Ann decides."""

    office: Office
    hq: Headquarters
    eve: Laptop
    eve_id: str
    customer: str
    contact: str

    def sent_quote(self, language: str = "en", **values: object) -> str:
        """Make a quote over 1,200.00 on Eve's laptop and send it, without a network."""
        replica = self.eve.replica
        given = {"customer_id": self.customer, "contact_id": self.contact, "currency": "CNY", **values}
        quote = quotes.create(replica, given).value.id
        line = {"description": "泵 Pump", "quantity": "2", "unit_price": 600_00}
        quotes.add_line(replica, quote, line)
        sent_file.send(replica, "quote", quote, language)
        return quote

    def sent(self, kind: str, language: str = "en") -> str:
        """Have a quote, or the contract or order of one, go out from Eve's laptop without a network."""
        replica, quote = self.eve.replica, self.sent_quote(language)
        if kind == "quote":
            return quote
        if kind == "contract":
            made = contracts.from_quote(replica, quote).value.id
            clause = {"contract_id": made, "title": "期限", "body": "一年"}
            records.create(replica, "contract_clause", clause)
        else:
            made = orders.from_quote(replica, quote).value.id
        sent_file.send(replica, kind, made, language)
        return made

    def sync(self) -> None:
        """Have Eve's laptop bring and fetch everything, files too."""
        self.eve.sync()
        BlobTransfer(self.eve.replica, _Line(self.eve), BlobRule(automatic_bytes=2**30)).run()  # type: ignore[arg-type]
        self.eve.sync()

    def state(self, record_id: str, kind: str = "quote") -> str:
        """Return the state of a document on Eve's laptop."""
        return str(records.get(self.eve.replica, kind, record_id)["status"])


def paper_firm(office: Office, laptops: Laptops, **settings: object) -> PaperFirm:
    """Make the firm."""
    known = {"company": "Blue Heron Ltd", "company_zh": "蓝鹭有限公司", "email": "office@heron.example"}
    hq = headquarters_of(office, public_url=PUBLIC_URL, **known, **settings)
    team = office.hq.create("team", {"name": "North"})
    eve_id = office.user("Eve", "sales", team_id=team, email="eve@heron.example")
    customer = office.hq.create("customer", {"name": "Kontor 康拓", "owner_id": eve_id})
    contact = office.hq.create(
        "contact", {"name": "Ann Moss", "email": "ann@kontor.example", "customer_id": customer}
    )
    eve = laptops.make("eve", eve_id)
    eve.sync()
    return PaperFirm(office=office, hq=hq, eve=eve, eve_id=eve_id, customer=customer, contact=contact)


class _Line:
    """Contents between a laptop and HQ."""

    def __init__(self, laptop: Laptop) -> None:
        self._blobs, self._session = laptop.office.blobs, laptop.line._device

    def read_blob(self, sha256: str, offset: int) -> object:
        return self._blobs.read(self._session, sha256, offset)

    def blob_standing(self, sha256: str) -> object:
        return self._blobs.standing(self._session, sha256)

    def prove_blob(self, sha256: str, proof: str) -> int:
        return self._blobs.prove(self._session, sha256, proof)

    def add_to_blob(self, sha256: str, offset: int, size: int, piece: bytes, part_sha256: str) -> int:
        return self._blobs.add(self._session, sha256, offset, size, piece, part_sha256)
