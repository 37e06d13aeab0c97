"""Steps of a flow as one line of text: `named:Lin,Bo all`, `chain:2 sequence`, `role:finance nobody=skip`."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from typing import Final

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.rules.approval import MOST_LEVELS, Mode, Nobody, Own, Step, Who

_WORD: Final = re.compile(r"(\w+)(?:[:=](\"[^\"]*\"|\S+))?")
FORM: Final = "superior | chain:N | chain:ROLE | role:ROLE | named:A,B [all|any|sequence] [nobody=…] [own=…]"

Find = Callable[[str, str], str]
"""Gives the id of the user or role of a name: (kind, name)."""


def parse_step(text: str, find: Find) -> Step:
    """Return the step a line means. Raises `UserError` where it cannot be read."""
    step: Step | None = None
    for word, quoted in _WORD.findall(text.strip()):
        said = quoted.strip('"')
        try:
            step = _with(step, word.lower(), said, find)
        except ValueError:
            step = None
        if step is None:
            raise UserError(N_("“{text}” is no step such as: {form}"), text=text, form=FORM)
    if step is None:
        raise UserError(N_("“{text}” is no step such as: {form}"), text=text, form=FORM)
    return step


def _with(step: Step | None, word: str, said: str, find: Find) -> Step | None:
    if step is None:
        return _asking(Who(word), said, find)
    if word in list(Mode) and not said:
        return replace(step, mode=Mode(word))
    if word == "nobody":
        return replace(step, nobody=Nobody(said))
    if word == "own":
        return replace(step, own=Own(said))
    if word == "changes":
        return replace(step, changes=tuple(each for each in said.split(",") if each))
    return None


def _asking(who: Who, said: str, find: Find) -> Step | None:
    match who:
        case Who.SUPERIOR:
            return Step(who=who) if not said else None
        case Who.CHAIN:
            levels = int(said) if said.isdecimal() else None
            if levels is not None and not 1 <= levels <= MOST_LEVELS:
                return None
            role = find("role", said) if said and levels is None else None
            return Step(who=who, levels=levels, role=role, mode=Mode.SEQUENCE)
        case Who.ROLE:
            return Step(who=who, role=find("role", said)) if said else None
        case Who.NAMED:
            names = [name.strip() for name in said.split(",") if name.strip()]
            return Step(who=who, users=tuple(find("user", name) for name in names)) if names else None


def step_text(step: Step, called: Callable[[str, str], str]) -> str:
    """Return a step as a line `parse_step` reads; `called` gives the name of (kind, id)."""

    def quoted(text: str) -> str:
        return f'"{text}"' if " " in text else text

    match step.who:
        case Who.SUPERIOR:
            begins = "superior"
        case Who.CHAIN:
            begins = f"chain:{quoted(called('role', step.role)) if step.role else step.levels or MOST_LEVELS}"
        case Who.ROLE:
            begins = f"role:{quoted(called('role', step.role or ''))}"
        case Who.NAMED:
            begins = f"named:{quoted(','.join(called('user', each) for each in step.users))}"
    further = [step.mode.value, f"nobody={step.nobody.value}", f"own={step.own.value}"]
    if step.changes:
        further.append(f"changes={','.join(step.changes)}")
    return " ".join((begins, *further))
