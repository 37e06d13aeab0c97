"""`mail`, `mails`, `link`, `sign`, `answers` of quotes, contracts and orders: what goes out, comes back."""

from __future__ import annotations

import click

from crm_core.entities import schema_of
from crm_core.i18n import N_
from crm_core.rules.template_values import LANGUAGES, DocumentLanguage
from crm_core.schema.values import instant_text
from crm_desktop.cli.agreed import contract, order
from crm_desktop.cli.console import LANGUAGE, tr
from crm_desktop.cli.documents import quote
from crm_desktop.cli.records import id_argument
from crm_desktop.cli.root import Terminal, pass_terminal
from crm_desktop.cli.values import flat, record_id_of
from crm_desktop.documents import mailing, sent_file, signing_here, template_records
from crm_desktop.documents.signing_here import Signed
from crm_desktop.services import outgoing
from resources import CHINESE

MAIL_COLUMNS = ("state", "to", "subject", "sender", "written_at", "said", "id")
SIGNATURE_COLUMNS = ("verdict", "name", "at", "where", "reason", "sealed", "id")
_language = click.option(
    "--language",
    type=click.Choice(LANGUAGES),
    default="zh" if LANGUAGE == CHINESE else "en",
    show_default=True,
    help=tr(N_("Language of the document.")),
)
_cc = click.option("--cc", default="", help=tr(N_("Addresses that get a copy.")))


def _add_to(group: click.Group, entity: str) -> None:
    """Give the commands of one kind of document."""

    @group.command("mail", help=tr(N_("Write a mail with the document; HQ sends it after the next sync.")))
    @id_argument
    @click.option("--to", help=tr(N_("Addresses, separated by commas; without it the document's contact.")))
    @_cc
    @click.option("--subject", help=tr(N_("Subject; without it the template's.")))
    @click.option("--text", help=tr(N_("Text; without it the template's.")))
    @click.option("--template", "name", help=tr(N_("Name of the template; without it the standard one.")))
    @_language
    @pass_terminal
    def mail_document(
        terminal: Terminal,
        record_id: str,
        to: str | None,
        cc: str,
        subject: str | None,
        text: str | None,
        name: str | None,
        language: DocumentLanguage,
    ) -> None:
        """Write a mail."""
        with terminal.app() as app:
            replica, record_id = app.replica, record_id_of(record_id)
            draft = mailing.draft(replica, entity, record_id, language, name)
            if text is None:
                for blank in template_records.blanks_said(draft.blanks):
                    terminal.console.tell(blank)
            said = {
                "to": draft.to if to is None else to,
                "cc": cc,
                "subject": draft.subject if subject is None else subject,
                "body": draft.body if text is None else text,
            }
            written = mailing.send(replica, entity, record_id, draft.file, **said).value
            terminal.console.show(flat(replica, written))

    @group.command("mails", help=tr(N_("List the mails with the document and what became of them.")))
    @id_argument
    @pass_terminal
    def mails(terminal: Terminal, record_id: str) -> None:
        """List mails."""
        with terminal.app() as app:
            found = outgoing.outgoing_of(app.replica, entity, record_id_of(record_id)).mails
        rows = [
            {
                "state": each.state,
                "to": each.mail.get("recipients"),
                "subject": each.mail.get("subject"),
                "sender": each.sender,
                "written_at": instant_text(int(each.mail.get("created_at") or 0)),
                "said": each.said.show(tr) if each.said else None,
                "id": each.mail.id,
            }
            for each in found
        ]
        terminal.console.show_rows(rows, MAIL_COLUMNS)

    @group.command("link", help=tr(N_("Print the link by which the customer accepts the document.")))
    @id_argument
    @_language
    @pass_terminal
    def link(terminal: Terminal, record_id: str, language: DocumentLanguage) -> None:
        """Print the link."""
        with terminal.app() as app:
            url = sent_file.link_to(app.replica, entity, record_id_of(record_id), language).value
            terminal.console.show({"link": url})

    @group.command(
        "sign", help=tr(N_("Write down that the customer accepted the document here, by a typed name."))
    )
    @id_argument
    @click.option("--name", required=True, help=tr(N_("Name of who signs.")))
    @click.option("--decline", "reason", metavar="REASON", help=tr(N_("The customer declines, and why.")))
    @_language
    @pass_terminal
    def sign(
        terminal: Terminal, record_id: str, name: str, reason: str | None, language: DocumentLanguage
    ) -> None:
        """Sign."""
        with terminal.app() as app:
            replica, record_id = app.replica, record_id_of(record_id)
            file = sent_file.keep(replica, entity, record_id, language).value
            signed = Signed(accepts=reason is None, name=name, reason=reason or "")
            made = signing_here.sign(replica, entity, record_id, file, signed).value
            terminal.console.show(flat(replica, made))

    @group.command("answers", help=tr(N_("List what the customer decided about the document.")))
    @id_argument
    @pass_terminal
    def answers(terminal: Terminal, record_id: str) -> None:
        """List signatures."""
        with terminal.app() as app:
            found = outgoing.outgoing_of(app.replica, entity, record_id_of(record_id))
        signed = [
            {
                "verdict": each.verdict,
                "name": each.name,
                "at": instant_text(each.at_ms),
                "where": "page" if each.on_page else "laptop",
                "reason": each.reason or None,
                "sealed": instant_text(each.sealed_ms) if each.sealed_ms else None,
                "id": each.signature.id,
            }
            for each in found.signatures
        ]
        terminal.console.show_rows(signed, SIGNATURE_COLUMNS)


for _group, _entity in ((quote, "quote"), (contract, "contract"), (order, "order")):
    _add_to(_group, _entity)


@click.command("mail", help=tr(N_("Write a mail with a file of any record, sent by HQ.")))
@click.argument("entity")
@click.argument("record_id", metavar="ID")
@click.option("--to", required=True, help=tr(N_("Addresses, separated by commas.")))
@_cc
@click.option("--subject", required=True, help=tr(N_("Subject.")))
@click.option("--text", required=True, help=tr(N_("Text.")))
@click.option("--file", "file_id", metavar="ID", help=tr(N_("The file; without it the one that was sent.")))
@pass_terminal
def mail(
    terminal: Terminal,
    entity: str,
    record_id: str,
    to: str,
    cc: str,
    subject: str,
    text: str,
    file_id: str | None,
) -> None:
    """Write a mail."""
    schema_of(entity)
    with terminal.app() as app:
        replica, record_id = app.replica, record_id_of(record_id)
        named = record_id_of(file_id) if file_id is not None else None
        file = mailing.kept_file(replica, entity, record_id, named)
        said = {"to": to, "cc": cc, "subject": subject, "body": text}
        terminal.console.show(flat(replica, mailing.send(replica, entity, record_id, file, **said).value))
