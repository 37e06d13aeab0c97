"""Word templates: a .docx with the places any template has, filled by docxtpl in the same sandbox."""

# docxtpl has no annotations.
# mypy: allow-untyped-calls

from __future__ import annotations

import base64
import binascii
import io
import zipfile
from collections.abc import Mapping
from typing import Any

from jinja2 import nodes

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_core.rules.template_check import problems_in
from crm_core.rules.template_kinds import MOST_WORD_BYTES
from crm_core.rules.template_language import Sandbox, TemplateProblem, TemplateRefused, told
from crm_core.rules.template_values import DocumentLanguage, Part

MOST_UNPACKED_BYTES = 30_000_000
_NOT_WORD = N_("This is not a Word file (.docx)")
_DATE = (1980, 1, 1, 0, 0, 0)


def stored(name: str, content: bytes) -> dict[str, str]:
    """Return a Word file as a template keeps it. `UserError` for what is none, or is too large."""
    if len(content) > MOST_WORD_BYTES:
        most = MOST_WORD_BYTES // 1000
        raise UserError(N_("The Word file is larger than {most} kB"), most=most)
    _demand_word(content)
    return {"name": name, "content": base64.b64encode(content).decode("ascii")}


def content_of(kept: Any) -> bytes:
    """Return the Word file a template keeps. `UserError` where it is none."""
    try:
        return base64.b64decode(str(kept["content"]), validate=True)
    except (binascii.Error, KeyError, TypeError, ValueError) as error:
        raise UserError(_NOT_WORD) from error


def fill(
    template: bytes, values: Mapping[str, Any], known: Part, language: DocumentLanguage
) -> tuple[bytes, tuple[str, ...]]:
    """Return the filled file, and the paths of values that were asked for and are not there.

    The same values give the same bytes. Raises `TemplateRefused` naming everything that cannot be filled.
    """
    from docxtpl.template import DocxTemplate  # noqa: PLC0415 - brings lxml, left out of start-up

    _demand_word(template)
    problems = problems_of_word(template, known)
    if problems:
        raise TemplateRefused(problems)
    sandbox = Sandbox(language)
    document = DocxTemplate(io.BytesIO(template))
    with told():
        document.render(dict(values), jinja_env=sandbox, autoescape=True)
    made = io.BytesIO()
    document.save(made)
    return _always_the_same(made.getvalue()), sandbox.blanks


def problems_of_word(template: bytes, known: Part) -> list[TemplateProblem]:
    """Return everything wrong with a Word template; places in it have no line, so the text is named."""
    from docxtpl.template import DocxTemplate  # noqa: PLC0415 - brings lxml, left out of start-up

    document = DocxTemplate(io.BytesIO(template))
    document.init_docx()
    sources = [document.patch_xml(document.get_xml())]
    for uri in (document.HEADER_URI, document.FOOTER_URI):
        sources += [
            document.patch_xml(document.get_part_xml(part))
            for _key, part in document.get_headers_footers(uri)
        ]
    found: list[TemplateProblem] = []
    for source in sources:
        try:
            tree: nodes.Template = Sandbox("en").tree(source)
        except TemplateRefused as refused:
            found += refused.problems
        else:
            found += problems_in(tree, source, known)
    return [TemplateProblem(line=0, column=0, message=each.message) for each in found]


def _demand_word(content: bytes) -> None:
    """Raise `UserError` unless it is a Word file of bearable size without programs in it."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as packed:
            names = packed.namelist()
            size = sum(each.file_size for each in packed.infolist())
    except (zipfile.BadZipFile, ValueError, OSError) as error:
        raise UserError(_NOT_WORD) from error
    if "word/document.xml" not in names:
        raise UserError(_NOT_WORD)
    if size > MOST_UNPACKED_BYTES:
        raise UserError(N_("This Word file is too large when it is unpacked"))
    if any(name.endswith("vbaProject.bin") for name in names):
        raise UserError(N_("Word files with macros are not taken"))


def _always_the_same(content: bytes) -> bytes:
    """Return the same file with the moment of its making left out."""
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as packed, zipfile.ZipFile(made, "w") as out:
        for each in packed.infolist():
            entry = zipfile.ZipInfo(each.filename, _DATE)
            entry.compress_type = zipfile.ZIP_DEFLATED
            out.writestr(entry, packed.read(each.filename))
    return made.getvalue()
