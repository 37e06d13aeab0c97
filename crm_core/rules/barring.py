"""From whom nothing is taken in: how a sender is written so that he is known again."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from crm_core.errors import Problem
from crm_core.i18n import N_, message
from crm_core.rules.mailing import is_address
from crm_core.rules.uniqueness import plain_form
from crm_core.schema.phones import FORM, standard_form

BARRED: Final = "barred_sender"
_DOMAIN: Final = re.compile(r"@(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z0-9-]{2,63}\Z")
_HANDLE: Final = re.compile(r"[a-z0-9._-]{1,40}:[^\s:][^\r\n]{0,199}\Z")
_NONE: Final = message(N_("This is no mail address, no @domain, no phone number and no name in a chat"))


def barred_form(text: str) -> str | None:
    """Return an address as it is compared; None for what nobody can write from.

    It is a mail address, `@` and a domain, a phone number in its standard form, or a name in a chat behind
    the name of its service, `wechat:ann`.
    """
    plain = plain_form(text)
    if is_address(plain) or _DOMAIN.match(plain) or _HANDLE.match(plain):
        return plain
    return standard_form(plain) if FORM.match(plain) else None


def barred_as(address: str = "", phone: str = "", chat_name: str = "") -> tuple[str, ...]:
    """Return the forms any of which bars somebody who writes from these."""
    forms = [form for text in (address, phone, chat_name) if text and (form := barred_form(text)) is not None]
    domain = plain_form(address).rpartition("@")[2]
    if domain:
        labels = domain.split(".")
        # A domain bars those below it, too.
        forms += ["@" + ".".join(labels[place:]) for place in range(len(labels) - 1)]
    return tuple(dict.fromkeys(forms))


def problems_of_barred(values: Mapping[str, Any]) -> list[Problem]:
    """Return what is wrong with a barred sender as it would be saved."""
    address = str(values.get("address") or "")
    return [Problem(field="address", message=_NONE)] if address and barred_form(address) is None else []


def finish(values: dict[str, Any]) -> None:
    """Put the address among values into the form in which it is compared, where it has one."""
    form = barred_form(str(values.get("address") or ""))
    if form is not None:
        values["address"] = form
