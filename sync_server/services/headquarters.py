"""The parts of one headquarters, put together for whoever uses them: HTTP, command line, imports."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import inspect

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.rules.template_filling import company_words
from crm_core.schema.phones import set_home_region
from sync_server.services.answering import Answering
from sync_server.services.auth import Auth, sealer_of
from sync_server.services.blobs import BlobService
from sync_server.services.by_file import FileExchange
from sync_server.services.hq import Hq
from sync_server.services.known import KnownCustomers
from sync_server.services.sync import SyncService
from sync_server.settings import Settings
from sync_server.store import upgrading
from sync_server.store.database import Database


@dataclass(frozen=True, slots=True)
class Headquarters:
    """One HQ with its database open. Threads may share it."""

    settings: Settings
    database: Database
    auth: Auth
    records: Hq
    sync: SyncService
    blobs: BlobService
    by_file: FileExchange
    known: KnownCustomers
    answering: Answering

    def demand_ready(self) -> None:
        """Raise `UserError` unless the database holds an HQ of this program's version."""
        with self.database.engine.connect() as connection:
            stands_at = upgrading.revision_of(connection)
            empty = stands_at is None and not inspect(connection).get_table_names()
        if empty:
            raise UserError(N_("The database is empty; make a headquarters with “crm-server init”"))
        if stands_at is None:
            raise UserError(N_("This database holds something else than a headquarters"))
        if stands_at not in upgrading.known_revisions():
            raise UserError(N_("The database belongs to a newer version of this program"))
        if stands_at != upgrading.newest_revision():
            raise UserError(N_("Run “crm-server migrate” first"))

    def close(self) -> None:
        """Give back the connections."""
        self.database.close()


def open_headquarters(settings: Settings) -> Headquarters:
    """Return the HQ of the settings; it may yet be empty (`demand_ready`)."""
    set_home_region(settings.region)
    words = company_words(settings.told())
    database = Database(
        settings.database_url, settings.language, sealer_of(settings), settings.currency, words
    )
    auth, sync = Auth(database, settings), SyncService(database, settings)
    return Headquarters(
        settings,
        database,
        auth,
        Hq(database),
        sync,
        BlobService(database, settings),
        FileExchange(database, settings, auth, sync),
        KnownCustomers(database, settings),
        Answering(database),
    )
