"""`field`: the fields an administrator adds to a kind of record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, TypeVar

import click

from crm_core.entities.setup import CUSTOM_CLASSES, CUSTOM_KINDS
from crm_core.errors import UserError
from crm_core.i18n import N_
from sync_server.cli.console import tr
from sync_server.cli.root import Terminal, pass_terminal
from sync_server.services import fields

COLUMNS: Final = ("entity", "key", "kind", "label", "label_zh", "field_class", "required", "retired")

_C = TypeVar("_C", bound=Callable[..., Any])

_WORDS = (
    click.option("--label-zh", help=tr(N_("What it is called in Chinese."))),
    click.option("--hint", help=tr(N_("What helps whoever fills it in."))),
    click.option("--hint-zh", help=tr(N_("The same in Chinese."))),
    click.option("--section", help=tr(N_("Heading of the form it stands under."))),
    click.option("--section-zh", help=tr(N_("The same in Chinese."))),
    click.option("--default", help=tr(N_("What a new record starts with."))),
    click.option("--rank", type=int, help=tr(N_("Its place among the fields: smaller ones come first."))),
    click.option(
        "--choice",
        "choices",
        multiple=True,
        metavar="VALUE[=LABEL[/中文]]",
        help=tr(N_("A value to choose and what it is called; may be given again.")),
    ),
)


def _with_words(command: _C) -> _C:
    """Give a command the options that say what a field is like."""
    for option in reversed(_WORDS):
        command = option(command)
    return command


@click.group(help=tr(N_("Custom fields: fields added to a kind of record.")))
def field() -> None:
    """Custom fields."""


@field.command(
    "add",
    help=tr(
        N_(
            "Add a field KEY of a KIND to the records of ENTITY, as in: field add customer grade choice"
            " --label Grade --choice a=Gold --choice b=Silver. Kind, key, class, link and currency stay as"
            " they are then."
        )
    ),
)
@click.argument("entity")
@click.argument("key")
@click.argument("kind", type=click.Choice([str(choice.value) for choice in CUSTOM_KINDS]))
@click.option("--label", required=True, help=tr(N_("What it is called in English.")))
@click.option("--target", metavar="ENTITY", help=tr(N_("Kind of record a link leads to.")))
@click.option("--currency", metavar="CODE", help=tr(N_("What amounts of a field of money are in.")))
@click.option(
    "--class",
    "field_class",
    type=click.Choice([str(choice.value) for choice in CUSTOM_CLASSES]),
    default="core",
    help=tr(N_("Fields whose rights it shares.")),
)
@click.option("--required", is_flag=True, help=tr(N_("Every new record must have it.")))
@_with_words
@pass_terminal
def add_field(
    terminal: Terminal, /, entity: str, key: str, kind: str, choices: tuple[str, ...], **given: Any
) -> None:
    """Add a field."""
    values = {name: value for name, value in given.items() if value not in (None, "")}
    if values.get("currency"):
        values["currency"] = str(values["currency"]).upper()
    if choices:
        values["choices"] = [_choice(text) for text in choices]
    with terminal.headquarters() as hq:
        if kind == "money":
            values.setdefault("currency", hq.settings.currency)
        values |= {"entity": entity, "key": key.removeprefix("x:"), "kind": kind}
        added = fields.add_field(hq, values)
    terminal.console.show(added)


@field.command("list", help=tr(N_("List the custom fields, of one kind of record or of all.")))
@click.argument("entity", required=False)
@click.option("--all", "with_retired", is_flag=True, help=tr(N_("Retired ones too.")))
@pass_terminal
def list_fields(terminal: Terminal, entity: str | None, with_retired: bool) -> None:
    """List custom fields."""
    with terminal.headquarters() as hq:
        terminal.console.show_rows(fields.fields(hq, entity, retired=with_retired), COLUMNS)


@field.command("set", help=tr(N_("Change a field; an empty text clears. What is stored does not change.")))
@click.argument("entity")
@click.argument("key")
@click.option("--label", help=tr(N_("What it is called in English.")))
@click.option("--required/--optional", default=None, help=tr(N_("Whether every new record must have it.")))
@click.option(
    "--retire-choice",
    "retired",
    multiple=True,
    metavar="VALUE",
    help=tr(N_("A value to choose no more; where it stands it stays.")),
)
@click.option(
    "--restore-choice", "restored", multiple=True, metavar="VALUE", help=tr(N_("A value to choose again."))
)
@_with_words
@pass_terminal
def set_field(
    terminal: Terminal,
    /,
    entity: str,
    key: str,
    choices: tuple[str, ...],
    retired: tuple[str, ...],
    restored: tuple[str, ...],
    **given: Any,
) -> None:
    """Change a field."""
    values = {name: value for name, value in given.items() if value is not None}
    with terminal.headquarters() as hq:
        changed = fields.change_field(
            hq,
            entity,
            key,
            values,
            choices=[_choice(text) for text in choices],
            retired=retired,
            restored=restored,
        )
    terminal.console.show(changed)


@field.command("retire", help=tr(N_("Show a field no more; its values and its history stay.")))
@click.argument("entity")
@click.argument("key")
@pass_terminal
def retire_field(terminal: Terminal, entity: str, key: str) -> None:
    """Retire a field."""
    with terminal.headquarters() as hq:
        terminal.console.show(fields.change_field(hq, entity, key, {"retired": True}))


@field.command("restore", help=tr(N_("Show a retired field again, with the values it had.")))
@click.argument("entity")
@click.argument("key")
@pass_terminal
def restore_field(terminal: Terminal, entity: str, key: str) -> None:
    """Bring a retired field back."""
    with terminal.headquarters() as hq:
        terminal.console.show(fields.change_field(hq, entity, key, {"retired": False}))


def _choice(text: str) -> dict[str, str]:
    """Return `VALUE[=LABEL[/CHINESE]]` in its parts; those not written are left as they are."""
    value, named, words = text.partition("=")
    label, _, chinese = words.partition("/")
    if not value.strip():
        raise UserError(N_("“{text}” is not written as VALUE=LABEL/中文"), text=text)
    parts = {"value": value.strip()}
    if named and label.strip():
        parts["label"] = label.strip()
    if chinese.strip():
        parts["label_zh"] = chinese.strip()
    return parts
