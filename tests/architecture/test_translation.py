"""Every text the program shows is marked where it is written and translated where it is read."""

from __future__ import annotations

import ast
import re
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest

from tests.architecture.source import ROOT, calls_in, literal, modules
from tests.architecture.texts import collect, named_places

GLOSSARY = ROOT / "docs" / "glossary.md"
CATALOGUES = sorted((ROOT / "resources" / "locale").glob("*/*.po"))
# The first string argument of these is read by a person.
TEXT_SETTERS = {
    *("addAction", "addButton", "addItem", "addItems", "addMenu", "addRow", "addSection", "addTab"),
    *("insertItem", "insertTab", "setAccessibleDescription", "setAccessibleName", "setDetailedText"),
    *("setHeaderLabels", "setHorizontalHeaderLabels", "setHtml", "setInformativeText", "setLabelText"),
    *("setMarkdown", "setPlaceholderText", "setPlainText", "setPrefix", "setStatusTip", "setSuffix"),
    *("setTabText", "setText", "setTitle", "setToolTip", "setVerticalHeaderLabels", "setWhatsThis"),
    *("setWindowTitle", "showMessage", "QAction", "QCheckBox", "QCommandLinkButton", "QDockWidget"),
    *("QGroupBox", "QLabel", "QMenu", "QPushButton", "QRadioButton", "QStandardItem", "QTableWidgetItem"),
    *("QToolButton", "QTreeWidgetItem", "getText", "getItem", "getOpenFileName", "getSaveFileName"),
}
WORD = re.compile(r"[A-Za-z]{2,}")
MARKUP = re.compile(r"<[^>]*>|&\w+;|https?://\S*")


def entries(catalogue: Path) -> Iterator[polib.POEntry]:
    """Give the entries in force of a catalogue."""
    for entry in polib.pofile(str(catalogue), encoding="utf-8"):  # type: ignore[no-untyped-call]
        if not entry.obsolete:
            yield entry


def by_file(faults: dict[str, list[str]]) -> str:
    """Lay out faults under the file they belong to."""
    return "\n" + "\n".join(
        f"{file} ({len(lines)}):\n" + "\n".join(f"    {line}" for line in lines)
        for file, lines in sorted(faults.items())
    )


def languages() -> list[str]:
    """Return the languages that have catalogues."""
    return sorted({catalogue.parent.name for catalogue in CATALOGUES})


def test_every_text_is_marked_as_a_literal_and_its_places_are_filled() -> None:
    assert not collect().faults, "\n" + "\n".join(collect().faults)


def test_chinese_is_among_the_languages() -> None:
    assert "zh_CN" in languages()


@pytest.mark.parametrize("language", languages())
def test_every_text_has_a_translation(language: str) -> None:
    translated = {
        entry.msgid
        for catalogue in CATALOGUES
        if catalogue.parent.name == language
        for entry in entries(catalogue)
        if entry.msgstr and not entry.fuzzy
    }
    missing: dict[str, list[str]] = defaultdict(list)
    for text, places in collect().places.items():
        if text and text not in translated:
            file, _, line = places[0].rpartition(":")
            missing[file].append(f"{line}: {text!r}")
    assert not missing, by_file(missing)


@pytest.mark.parametrize("language", languages())
def test_no_translation_is_of_a_text_that_is_gone(language: str) -> None:
    stale: dict[str, list[str]] = defaultdict(list)
    for catalogue in CATALOGUES:
        if catalogue.parent.name == language:
            for entry in entries(catalogue):
                if entry.msgid not in collect().places:
                    stale[str(catalogue.relative_to(ROOT))].append(repr(entry.msgid))
    assert not stale, by_file(stale)


@pytest.mark.parametrize("catalogue", CATALOGUES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_translation_has_the_places_of_its_text(catalogue: Path) -> None:
    wrong = [
        f"{entry.linenum}: {entry.msgid!r} -> {entry.msgstr!r}"
        for entry in entries(catalogue)
        if named_places(entry.msgid) != named_places(entry.msgstr)
    ]
    assert not wrong, "\n" + "\n".join(wrong)


@pytest.mark.parametrize("language", languages())
def test_one_text_has_one_translation_in_all_files(language: str) -> None:
    translations: dict[str, dict[str, str]] = defaultdict(dict)
    for catalogue in CATALOGUES:
        if catalogue.parent.name == language:
            for entry in entries(catalogue):
                translations[entry.msgid][f"{catalogue.name}:{entry.linenum}"] = entry.msgstr
    differing = [
        f"{text!r}: {found}" for text, found in sorted(translations.items()) if len(set(found.values())) > 1
    ]
    assert not differing, "\n" + "\n".join(differing)


def test_words_of_the_glossary_are_translated_as_it_says() -> None:
    """But for two that are other words on screen: the share of a whole, and the button that plans."""
    rows = re.findall(r"^\| ([^|]+) \| ([^|]+) \|", GLOSSARY.read_text(encoding="utf-8"), re.MULTILINE)
    said = {
        entry.msgid: entry.msgstr
        for catalogue in CATALOGUES
        if catalogue.parent.name == "zh_CN"
        for entry in entries(catalogue)
    }
    wrong = [
        f"{word}: {said[word]}, not {chinese}"
        for terms, chinese in rows
        for word in (term.strip().capitalize() for term in terms.split(","))
        if word in said and said[word] not in chinese.split("、") and word not in ("Share", "Plan")
    ]
    assert wrong == []


def test_no_widget_is_given_an_english_text_past_the_translator() -> None:
    faults = [
        f"{module}:{call.lineno}: {name}({text!r})"
        for module in modules("crm_desktop/ui")
        for name, call in calls_in(module)
        if name in TEXT_SETTERS or (isinstance(call.func, ast.Attribute) and is_message_box(call.func.value))
        for argument in call.args
        for text in spelled_out(argument)
        if WORD.search(MARKUP.sub("", text))
    ]
    assert not faults, "\n" + "\n".join(faults)


def is_message_box(receiver: ast.expr) -> bool:
    """Whether a call such as `QMessageBox.question(...)` is one of the message box itself."""
    return isinstance(receiver, ast.Name) and receiver.id == "QMessageBox"


def spelled_out(argument: ast.expr) -> Iterator[str]:
    """Give the English an argument spells out itself, in a literal, an f-string or a list of them."""
    if (text := literal(argument)) is not None:
        yield text
    elif isinstance(argument, ast.JoinedStr):
        yield "".join(literal(part) or "" for part in argument.values if isinstance(part, ast.Constant))
    elif isinstance(argument, ast.List | ast.Tuple):
        for part in argument.elts:
            yield from spelled_out(part)
    elif isinstance(argument, ast.IfExp):
        yield from spelled_out(argument.body)
        yield from spelled_out(argument.orelse)
    elif isinstance(argument, ast.BinOp):
        yield from spelled_out(argument.left)
        yield from spelled_out(argument.right)
