"""The documentation names what exists: files, headings, make targets, commands."""

from __future__ import annotations

import re
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path
from urllib.parse import unquote

import click
import pytest

from tests.architecture.source import ROOT

PAGES = sorted(
    path
    for path in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), *(ROOT / "installer").rglob("*.md")]
    if path.is_file()
)
LINK = re.compile(r"!?\[[^\]]*\]\(<?([^)>\s]+)>?[^)]*\)|<(?:img|a)\s[^>]*(?:src|href)=\"([^\"]+)\"")
HEADING = re.compile(r"^#{1,6}\s+(.*?)\s*#*$", re.MULTILINE)
FENCE = re.compile(r"^(```|~~~).*?^\1", re.MULTILINE | re.DOTALL)
CODE = re.compile(r"`([^`\n]+)`")
TARGET = re.compile(r"\bmake ([a-z]+)\b")
COMMAND = re.compile(r"^(?:\$ )?(?:\.venv/bin/)?(crm|crm-server)((?: .*)?)$")
PROGRAMS = {"crm": "crm_desktop.cli", "crm-server": "sync_server.cli"}


def page_name(page: Path) -> str:
    """Return how a page is called in a failure."""
    return str(page.relative_to(ROOT))


def anchors(page: Path) -> set[str]:
    """Return the anchors a reader's browser finds on a page, made as GitHub makes them."""
    found: set[str] = set()
    for heading in HEADING.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        words = re.sub(r"[^\w\- ]", "", re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower())
        anchor, number = words.replace(" ", "-"), 0
        while (numbered := f"{anchor}-{number}" if number else anchor) in found:
            number += 1
        found.add(numbered)
    return found


def snippets(page: Path) -> Iterator[str]:
    """Give what a page writes as code: each line of its blocks and each inline snippet."""
    text = page.read_text(encoding="utf-8")
    for block in FENCE.finditer(text):
        yield from block.group().splitlines()[1:-1]
    yield from CODE.findall(FENCE.sub("", text))


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_every_link_leads_somewhere(page: Path) -> None:
    broken = []
    for in_markdown, in_html in LINK.findall(FENCE.sub("", page.read_text(encoding="utf-8"))):
        link = unquote(in_markdown or in_html)
        if re.match(r"[a-z]+:", link):
            continue
        file, _, anchor = link.partition("#")
        target = (page.parent / file).resolve() if file else page
        there = target.is_relative_to(ROOT) and target.exists()
        if not there or (anchor and target.suffix == ".md" and anchor not in anchors(target)):
            broken.append(link)
    assert broken == []


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_every_make_target_named_exists(page: Path) -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z]+):", makefile, re.MULTILINE))
    named = {target for snippet in snippets(page) for target in TARGET.findall(snippet)}
    assert named - targets == set()


@pytest.mark.parametrize("page", PAGES, ids=page_name)
def test_every_command_named_exists(page: Path) -> None:
    unknown = [
        snippet
        for snippet in snippets(page)
        if (match := COMMAND.match(snippet.strip())) and not command_exists(match[1], match[2].split())
    ]
    assert unknown == []


def commands_of(program: str) -> click.Group:
    """Return the root of a program's commands."""
    return next(it for it in vars(import_module(PROGRAMS[program])).values() if isinstance(it, click.Group))


def command_exists(program: str, words: list[str]) -> bool:
    """Whether the words before the first argument name a command of the program."""
    if not words:
        return True
    here: click.Command = commands_of(program)
    while words and isinstance(here, click.Group):
        word = words.pop(0)
        if word.startswith("-"):
            option = next((it for it in here.params if word.partition("=")[0] in it.opts), None)
            if option is None:
                return word == "--help"
            takes_value = isinstance(option, click.Option) and not option.is_flag and "=" not in word
            words = words[1:] if takes_value else words
        elif re.fullmatch(r"[A-Z.\[\]…|]+", word):  # a placeholder such as COMMAND
            return True
        elif word in ("#", "|", ">", "\\"):
            break
        else:
            found = here.get_command(click.Context(here), word)
            if found is None:
                return False
            here = found
    return True


def test_every_make_target_says_what_it_does() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    silent = [line for line in makefile.splitlines() if re.match(r"^[a-z]+:", line) and "## " not in line]
    assert silent == []
