"""Every package the program stands on is named in docs/dependencies.md with a licence that may be shipped."""

from __future__ import annotations

import re
import tomllib
from functools import cache
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from itertools import chain

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.architecture.source import ROOT

PAGE = (ROOT / "docs" / "dependencies.md").read_text(encoding="utf-8")
ROW = re.compile(r"^\| (?P<package>[a-z0-9-]+) \|.*\| (?P<licence>[^|]+) \|$", re.MULTILINE)
BROUGHT_ALONG = re.compile(r"(?P<package>[a-z0-9-]+) \((?P<licence>[A-Za-z0-9. -]+)\)")
# What may go into a package that people under any licence use. LGPL: as separate, exchangeable files.
MAY_BE_SHIPPED = {
    *("MIT", "MIT-0", "MIT-CMU", "BSD-2-Clause", "BSD-3-Clause", "Apache-2.0", "PSF-2.0", "Zlib"),
    *("MPL-2.0", "LGPL-2.1-only", "LGPL-3.0-only"),
}
# Metadata that names a licence in words, by the words.
IN_WORDS = {
    "OSI Approved :: Apache Software License": "Apache-2.0",
    "MIT License": "MIT",
    "OSI Approved :: MIT License": "MIT",
    "Apache License, Version 2.0": "Apache-2.0",
    "BSD 2-Clause License": "BSD-2-Clause",
    "## The MIT License (MIT)": "MIT",
    "GPLv2-or-later with a special exception": "GPL-2.0-or-later WITH Bootloader-exception",
}
# Metadata that names none, or only a family: a sentence of the licence text in the package itself.
BY_ITS_TEXT = {
    "jinja2": ("BSD-3-Clause", "may be used to endorse or promote products"),
    "click-default-group": ("BSD-3-Clause", "may be used to endorse or promote products"),
    "opencc-python-reimplemented": ("Apache-2.0", "Apache License Version 2.0, January 2004"),
    "reportlab": ("BSD-3-Clause", "may be used to endorse or promote products"),
    "sqlcipher3": ("Zlib", "This software is provided 'as-is', without any express or implied"),
}


def declared() -> dict[str, list[Requirement]]:
    """Return the requirements of pyproject.toml: those of the program and those of its development."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    program = list(project["project"]["dependencies"])
    program += chain.from_iterable(project["project"]["optional-dependencies"].values())
    named = {"program": program, "development": project["dependency-groups"]["dev"]}
    return {part: [Requirement(it) for it in requirements] for part, requirements in named.items()}


@cache
def installed_for_the_program() -> dict[str, Distribution]:
    """Return every distribution the program needs here, whatever asked for it, by name."""
    found: dict[str, Distribution] = {}
    waiting = list(declared()["program"])
    while waiting:
        wanted = waiting.pop()
        name = canonicalize_name(wanted.name)
        try:
            package = found.get(name) or distribution(name)
        except PackageNotFoundError:
            pytest.fail(f"{name} is declared and not installed: run make setup")
        new = name not in found
        found[name] = package
        for requirement in map(Requirement, package.requires or []):
            marker = requirement.marker
            extras = ("", *wanted.extras)
            needed = marker is None or any(marker.evaluate({"extra": extra}) for extra in extras)
            if needed and (new or wanted.extras) and canonicalize_name(requirement.name) not in found:
                waiting.append(requirement)
    return found


def licence_of(name: str, package: Distribution) -> str:
    """Return the SPDX expression of a package, from its own metadata or text."""
    if name in BY_ITS_TEXT:
        licence, sentence = BY_ITS_TEXT[name]
        files = [path for path in package.files or [] if path.name.upper().startswith("LICENSE")]
        text = " ".join(path.read_text(encoding="utf-8") for path in files).replace("#", " ")
        assert sentence in " ".join(text.split()), f"the licence of {name} is not what it was"
        return licence
    if expression := _entries(package, "License-Expression"):
        return expression[0]
    classifiers = _entries(package, "Classifier")
    classifiers = [it.removeprefix("License :: ") for it in classifiers if it.startswith("License")]
    for words in (*_entries(package, "License"), *classifiers):
        for known, licence in IN_WORDS.items():
            if words.startswith(known):
                return licence
        if words and "::" not in words:
            return words.strip()
    return "unknown"


def _entries(package: Distribution, name: str) -> list[str]:
    return [str(entry) for entry in package.metadata.get_all(name) or []]


def may_be_shipped(licence: str) -> bool:
    """Whether some choice the expression leaves us is on the list."""
    choices = [choice.split(" AND ") for choice in licence.split(" OR ")]
    return any(all(part.strip("() ") in MAY_BE_SHIPPED for part in choice) for choice in choices)


def test_every_package_that_is_shipped_may_be_shipped() -> None:
    refused = {
        name: licence
        for name, package in sorted(installed_for_the_program().items())
        if not may_be_shipped(licence := licence_of(name, package))
    }
    assert refused == {}


def test_the_page_names_every_declared_package_with_its_licence_and_no_other() -> None:
    both = declared()["program"] + declared()["development"]
    here = {canonicalize_name(it.name) for it in both if it.marker is None or it.marker.evaluate()}
    elsewhere = {canonicalize_name(it.name) for it in both} - here
    named = {row["package"]: row["licence"] for row in ROW.finditer(PAGE)}
    licences = {str(name): licence_of(name, distribution(name)) for name in here}
    for name in ("package", *elsewhere):
        named.pop(name, None)
    assert named == licences


def test_the_page_names_every_package_brought_along_with_its_licence() -> None:
    _, _, paragraph = PAGE.partition("## What these bring along")
    paragraph, _, _ = paragraph.partition("\n## ")
    named = {it["package"]: it["licence"] for it in BROUGHT_ALONG.finditer(paragraph)}
    direct = {canonicalize_name(it.name) for it in declared()["program"]}
    missing = {
        name: licence
        for name, package in sorted(installed_for_the_program().items())
        if name not in direct and named.get(name) != (licence := licence_of(name, package))
    }
    assert missing == {}
