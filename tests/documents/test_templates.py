"""Templates filled from real records: values, parts of the layout, what is missing, Word."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace

import docx
import pytest
from pypdf import PdfReader

from crm_core.errors import Invalid, UserError
from crm_core.rules.template_kinds import KINDS
from crm_core.rules.template_language import TemplateRefused
from crm_desktop.documents import template_records, word
from crm_desktop.documents.template_records import Template
from crm_desktop.models.replica import Replica
from crm_desktop.services import attachments, quotes, records
from tests.documents.test_quote_pdf import png
from tests.support.desktop import empty_app

RARE = "堃𠮷㙓"


@dataclass
class Office:
    replica: Replica
    quote: str

    def pdf(self, body: str, language: str = "zh", **changed: str) -> PdfReader:
        made = self.make(body, language, **changed)
        return PdfReader(io.BytesIO(made.content))

    def text(self, body: str, language: str = "zh") -> str:
        return re.sub(r"\s+", "", "".join(page.extract_text() for page in self.pdf(body, language).pages))

    def make(self, body: str, language: str = "zh", **changed: str) -> template_records.Made:
        template = Template(name="方案", kind="quote", language="zh", engine="pdf", body=body)
        spoken = {"zh": "zh", "en": "en", "both": "both"}[language]
        return template_records.make(self.replica, replace(template, **changed), self.quote, spoken)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Office]:
    app = empty_app(tmp_path_factory.mktemp("templates"))
    replica = app.replica
    customer = records.create(
        replica, "customer", {"name": f"{RARE}*有限*|公司 [[page]]", "phone": "021 5550 0142", "level": "A"}
    ).value
    product = records.create(replica, "product", {"name": "泵", "code": "P-1"}).value
    attachments.add(replica, "product", product.id, png(30, 20), name="pump.png")
    quote = quotes.create(
        replica, {"customer_id": customer.id, "currency": "CNY", "valid_until": "2027-01-09", "terms": "付款"}
    ).value
    for number in range(45):
        line = {"description": f"泵 {number}", "quantity": "2.5", "unit_price": 100_00, "unit": "台"}
        line |= {"tax_rate": "13", **({"product_id": product.id} if not number else {})}
        quotes.add_line(replica, quote.id, line)
    yield Office(replica, quote.id)
    app.close()


def test_places_conditions_and_loops_are_filled_in_the_language_of_the_document(office: Office) -> None:
    body = (
        "# 报价\n\n{{ customer.name }} {{ totals.total | money }} {{ totals.total | capitals }} "
        "{{ totals.net | words }} {{ quote.valid_until | date }} {{ customer.level }}\n\n"
        "{% for line in lines %}\n{% if loop.index < 3 %}\n- {{ line.number }}: {{ line.quantity | number }} "
        "{{ line.net | amount }}\n{% endif %}\n{% endfor %}\n"
    )
    printed = office.text(body)
    assert f"{RARE}*有限*|公司[[page]]CNY12,712.50人民币壹万贰仟柒佰壹拾贰元伍角整" in printed
    assert "Eleventhousandtwohundredfifty" in printed
    assert "2027年1月9日" in printed
    assert "•1:2.5250.00•2:2.5250.00" in printed
    assert "9January2027" in office.text(body, "en")


def test_what_is_typed_in_a_record_is_never_markup(office: Office) -> None:
    reader = office.pdf("{{ customer.name }}\n\n| a | b |\n|---|---|\n| {{ customer.name }} | zwei |")
    assert len(reader.pages) == 1
    assert re.sub(r"\s", "", reader.pages[0].extract_text()).count(f"{RARE}*有限*|公司[[page]]") == 2


def test_tables_repeat_their_heads_and_the_standard_lines_carry_their_sums(office: Office) -> None:
    rows = "{% for line in lines %}\n| {{ line.description }} | {{ line.net | amount }} |\n{% endfor %}\n"
    reader = office.pdf(
        f"[[letterhead]]\n\n| 名目 | 数额 |\n|:--|--:|\n{rows}\n[[page]]\n\n[[lines]]\n\n[[totals]]"
    )
    pages = [re.sub(r"\s+", "", page.extract_text()) for page in reader.pages]
    own = [page for page in pages if "名目数额" in page]
    assert len(own) == 2
    assert "泵44250.00" in own[-1]
    standard = pages[len(own) :]
    assert all("型号名称数量" in page for page in standard[:-1])
    assert [bool(re.search("承前页", page)) for page in standard][:2] == [False, True]
    assert "合计CNY12,712.50" in standard[-1]


def test_headings_are_entries_of_the_outline_and_stay_with_what_follows(office: Office) -> None:
    long = "字" * 3000
    reader = office.pdf(f"# 一\n\n{long}\n\n### 二\n\n完")
    titles = []

    def walk(entries: list[object]) -> None:
        for each in entries:
            walk(each) if isinstance(each, list) else titles.append(each.title)  # type: ignore[attr-defined]

    walk(reader.outline)  # type: ignore[arg-type]
    assert titles == ["一", "二"]
    for page in reader.pages[:-1]:
        assert not re.sub(r"\s", "", page.extract_text()).split("第")[0].endswith("二")


def test_a_product_shows_its_picture_and_no_other_file_is_read(office: Office) -> None:
    shown = "{% if line.product.picture %}\n![]({{ line.product.picture }})\n{% endif %}"
    body = f"{{% for line in lines %}}\n{shown}\n{{% endfor %}}\n"
    assert len(office.pdf(body).pages[0].images) == 1
    for source in ("/etc/passwd", "https://crm.example/x.png", "picture:abc"):
        with pytest.raises(UserError, match="pictures of their records"):
            office.make(f"![]({source})")


def test_columns_stand_beside_each_other(office: Office) -> None:
    reader = office.pdf("[[columns]]\n\n左边\n\n[[next]]\n\n右边\n\n[[end]]\n\n下面")
    printed = reader.pages[0].extract_text(extraction_mode="layout")
    assert re.search(r"左边 {9,}右边 *\n(.*\n)*? *下面", printed)


def test_everything_a_template_misspells_is_named_at_once_with_its_place(office: Office) -> None:
    with pytest.raises(TemplateRefused) as refused:
        office.make("{{ customer.nmae }}\n\n  {{ quot.number }} {{ customer.name | money }}")
    places = [(each.line, each.column) for each in refused.value.problems]
    assert places == [(1, 4), (3, 6), (3, 24)]
    assert "is it “customer.name”?" in str(refused.value.problems[0].message)


def test_values_a_record_lacks_are_named_and_print_as_nothing(office: Office) -> None:
    made = office.make("A{{ contact.name }}B {{ customer.email }}")
    assert made.blanks == ("contact.name", "customer.email")
    assert "AB" in PdfReader(io.BytesIO(made.content)).pages[0].extract_text()


def test_a_character_no_font_has_is_named_with_its_field(office: Office) -> None:
    name = records.create(office.replica, "customer", {"name": "甲😀", "phone": "021 5550 0177"}).value
    quote = quotes.create(office.replica, {"customer_id": name.id, "currency": "CNY"}).value
    template = Template(name="T", kind="quote", language="zh", engine="pdf", body="{{ customer.name }}")
    with pytest.raises(UserError, match=r"😀 \(U\+1F600\) in Name"):
        template_records.make(office.replica, template, quote.id)


def test_the_same_record_gives_the_same_bytes(office: Office) -> None:
    body = "[[letterhead]]\n\n{{ customer.name }}\n\n[[lines]]"
    assert office.make(body).content == office.make(body).content


OF_QUOTES = [each for each in template_records.shipped() if KINDS[each.kind].entity == "quote"]


@pytest.mark.parametrize("shipped", OF_QUOTES, ids=lambda each: each.name)
def test_templates_that_are_shipped_can_be_filled(office: Office, shipped: Template) -> None:
    made = template_records.make(office.replica, shipped, office.quote)
    if made.suffix == ".pdf":
        printed = re.sub(
            r"\s", "", "".join(p.extract_text() for p in PdfReader(io.BytesIO(made.content)).pages)
        )
    else:
        printed = made.content.decode()
    assert "12,712.50" in printed
    assert "{" not in printed


def word_file(*paragraphs: str, table: tuple[str, ...] = ()) -> bytes:
    document = docx.Document()
    for text in paragraphs:
        document.add_paragraph(text)
    if table:
        grid = document.add_table(rows=0, cols=1)
        for text in table:
            grid.add_row().cells[0].text = text
    file = io.BytesIO()
    document.save(file)
    return file.getvalue()


def test_a_word_template_is_filled_with_the_same_values_and_gives_the_same_bytes(office: Office) -> None:
    content = word_file(
        "致 {{ customer.name }} <&> {{ totals.total | capitals }}",
        table=("{%tr for line in lines %}", "{{ line.number }} {{ line.description }}", "{%tr endfor %}"),
    )
    template = Template(name="W", kind="quote", language="zh", engine="word", word=content)
    made = template_records.make(office.replica, template, office.quote)
    assert made.suffix == ".docx"
    read = docx.Document(io.BytesIO(made.content))
    assert read.paragraphs[0].text == f"致 {RARE}*有限*|公司 [[page]] <&> 人民币壹万贰仟柒佰壹拾贰元伍角整"
    assert [row.cells[0].text for row in read.tables[0].rows][:2] == ["1 泵 0", "2 泵 1"]
    assert len(read.tables[0].rows) == 45
    assert made.content == template_records.make(office.replica, template, office.quote).content


def test_a_word_template_is_held_to_the_same_sandbox(office: Office) -> None:
    for bad in (
        "{{ customer.__class__ }}",
        "{{ cycler.__init__.__globals__ }}",
        "{% include 'x' %}",
        "{{ 9 ** 9 }}",
    ):
        template = Template(name="W", kind="quote", language="zh", engine="word", word=word_file(bad))
        with pytest.raises(TemplateRefused):
            template_records.make(office.replica, template, office.quote)


def test_what_is_no_word_file_or_holds_programs_is_not_taken() -> None:
    with pytest.raises(UserError, match="not a Word file"):
        word.stored("a.docx", b"PK\x03\x04")
    packed = io.BytesIO(word_file("x"))
    with zipfile.ZipFile(packed, "a") as file:
        file.writestr("word/vbaProject.bin", b"x")
    with pytest.raises(UserError, match="macros"):
        word.stored("a.docx", packed.getvalue())
    bomb = io.BytesIO()
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("word/document.xml", bytes(word.MOST_UNPACKED_BYTES + 1))
    with pytest.raises(UserError, match="too large when it is unpacked"):
        word.stored("a.docx", bomb.getvalue())


def test_a_template_that_cannot_be_filled_is_not_saved(office: Office) -> None:
    wrong = {"name": "T", "kind": "quote", "body": "{{ customer.nmae }}\n{{ nothing }}"}
    with pytest.raises(Invalid) as refused:
        records.create(office.replica, "document_template", wrong)
    said = [str(each.message) for each in refused.value.problems]
    assert [each.split(":")[0] for each in said] == ["Line 1, column 4", "Line 2, column 4"]
    kept = records.create(office.replica, "document_template", {**wrong, "body": "{{ customer.name }}"}).value
    assert template_records.named(office.replica, "quote", "t").body == "{{ customer.name }}"
    records.update(office.replica, "document_template", kept.id, {"active": False})
    with pytest.raises(UserError, match="there are: quote"):
        template_records.named(office.replica, "quote", "T")
