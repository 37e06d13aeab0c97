"""Charts as data become outlines and words: everything inside, marked, told, whatever the values."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from io import BytesIO
from itertools import pairwise
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader
from reportlab.pdfgen.canvas import Canvas

from crm_core.charts import patterns
from crm_core.charts.board import Placed, pages
from crm_core.charts.chart import (
    Band,
    Category,
    Chart,
    Form,
    Kind,
    Role,
    Series,
    Tone,
    Unit,
)
from crm_core.charts.drawing import Box, Drawing, Point, Shape, Writing, bounds, moved, rectangle, sector
from crm_core.charts.layout import layout, wrapped
from crm_core.charts.provinces import TILES, short_name
from crm_core.charts.rounds import MOST, OTHER
from crm_core.charts.scale import axis
from crm_core.charts.sheet import Sheet
from crm_core.charts.svg import as_svg
from crm_core.charts.told import rows_of, summary
from crm_core.charts.words import Words
from crm_core.schema.code_lists import CHINA, CodeList, entries
from resources import CHINESE, look, translation
from resources.chart_pdf import draw_on
from resources.chart_png import as_png
from tests.support import charts

ENGLISH = Words()
IN_CHINESE = Words(translation(CHINESE), CHINESE)
COLORS = look.colors(look.Scheme.LIGHT)
MAKERS = [pytest.param(make, id=name) for name, make in charts.MAKERS.items()]
Make = Callable[[int], Chart]


class SixWide:
    """Measures half the size a letter, the size a Chinese character."""

    def width(self, text: str, size: float, weight: int) -> float:
        return sum(size if ord(each) > 0x2E80 else size / 2 for each in text)


def drawn(chart: Chart, width: float = 400, height: float = 260, words: Words = ENGLISH) -> Drawing:
    """Return the chart laid out without a real face."""
    return layout(chart, width, height, SixWide(), words)


def texts(drawing: Drawing) -> list[str]:
    """Return the words of a drawing in the order they are drawn."""
    return [item.text for item in drawing.items if isinstance(item, Writing)]


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("count", [0, 1, 5, 90])
@pytest.mark.parametrize(("width", "height"), [(24, 24), (400, 260)])
def test_nothing_is_drawn_beyond_the_edges(make: Make, count: int, width: float, height: float) -> None:
    drawing = drawn(make(count), width, height)
    assert drawing.items or width < 100
    if width < 100:
        return  # too small for words; it must not fail
    for item in drawing.items:
        if isinstance(item, Shape):
            box = bounds(item.outline)
            assert box.x >= -6, item
            assert box.right <= width + 6, item
            assert box.y >= -6, item
            assert box.bottom <= height + 6, item
    _assert_inside(drawing, width, height)


def _assert_inside(drawing: Drawing, width: float, height: float) -> None:
    for item, left, right in _placed(drawing):
        assert left >= -8, item
        assert right <= width + 8, item
        assert 0 <= item.at.y <= height + 4, item


def _placed(drawing: Drawing) -> list[tuple[Writing, float, float]]:
    """Return each line of words with where it begins and ends."""
    found = []
    for item in drawing.items:
        if isinstance(item, Writing):
            wide = SixWide().width(item.text, item.size, item.weight)
            left = item.at.x - {"left": 0, "center": wide / 2, "right": wide}[item.align]
            found.append((item, left, left + wide))
    return found


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("width", [260, 700])
def test_long_names_stay_inside_and_clear_of_one_another(make: Make, width: float) -> None:
    names = ("Electromagnetic flow meters with ceramic lining and a remote display", "超长" * 30, "Valves")
    drawing = drawn(charts.renamed(make(6), names), width)
    _assert_inside(drawing, width, 260)
    lines: dict[float, list[tuple[float, float, str]]] = {}
    for item, left, right in _placed(drawing):
        lines.setdefault(item.at.y, []).append((left, right, item.text))
    for words in lines.values():
        for (_, end, before), (begin, _, after) in pairwise(sorted(words)):
            assert begin >= end - 1, (before, after)


def test_a_small_map_has_signs_instead_of_names_that_do_not_fit() -> None:
    assert {"蒙", "黑"} <= set(texts(drawn(charts.provinces(3), 250, words=IN_CHINESE)))
    assert {"内蒙古", "黑龙江", "北京"} <= set(texts(drawn(charts.provinces(3), 700, 480, IN_CHINESE)))


@pytest.mark.parametrize("make", MAKERS)
@pytest.mark.parametrize("count", [1, 5, 90])
def test_every_mark_has_a_key_of_its_own_words_and_an_area(make: Make, count: int) -> None:
    drawing = drawn(make(count))
    keys = [mark.key for mark in drawing.marks]
    assert keys
    assert len(set(keys)) == len(keys)
    for mark in drawing.marks:
        assert mark.words
        assert bounds(mark.area).width > 0
        assert bounds(mark.area).height > 0


@pytest.mark.parametrize("make", MAKERS)
def test_a_chart_without_values_says_so_and_has_no_mark(make: Make) -> None:
    drawing = drawn(make(0))
    assert "Nothing to show yet" in texts(drawing)
    assert drawing.summary == "Nothing to show yet"
    assert drawing.marks == ()


@pytest.mark.parametrize("make", MAKERS)
def test_the_table_has_a_cell_for_every_value_in_both_languages(make: Make) -> None:
    chart = make(5)
    english, chinese = rows_of(chart, ENGLISH), rows_of(chart, IN_CHINESE)
    assert {len(row) for row in english} == {len(english[0])}
    assert [len(row) for row in chinese] == [len(row) for row in english]
    values = len(chart.plain) if chart.kind is Kind.HEAT_MAP else len(chart.categories)
    assert len(english) == values + 1


def test_summaries_say_where_most_is_and_how_a_value_stands() -> None:
    told = {name: summary(make(charts.USUAL[name]), ENGLISH) for name, make in charts.MAKERS.items()}
    assert told == {
        "figure": "87 of 100, Behind, 23 % less, was 113",
        "months": "4,782 in 12 parts; most in Dec: 497",
        "grouped": "2,715 in 6 parts; most in Jun: 475",
        "stacked": "3,250 in 5 parts; most in East: 860",
        "lying": "most in Price: 31 %",
        "losses": "−36 in 6 parts; most in May: 60",
        "line": "2026: from 290 in Apr to 601 in Sep; forecast, 80 % range: 480 in Dec, between 395 and 565",
        "many_lines": told["many_lines"],
        "pie": "4,892,142 in 8 parts; most in Flow meters: 1,800,000",
        "disc": "190 in 5 parts; most in Name 1: 40",
        "funnel": "2,055,000 in 5 parts; most in New: 900,000, Weighted 685,000",
        "gauge": "72 % of 100 %, Behind",
        "heat": told["heat"],
        "provinces": told["provinces"],
        "table": "8 rows",
    }
    assert told["many_lines"].count(";") == len(charts.FAMILIES) - 1
    assert re.fullmatch(r"most in \w+, \d+: 7", told["heat"])
    chinese = {name: summary(make(charts.USUAL[name]), IN_CHINESE) for name, make in charts.MAKERS.items()}
    assert chinese["funnel"] == "共 2,055,000，5 项；最多：New 900,000，Weighted 685,000"
    assert chinese["figure"] == "87，目标 100，Behind，减少 23 %，此前 113"


def test_more_than_six_slices_become_five_and_the_rest() -> None:
    marks = drawn(charts.pie(8)).marks
    assert [mark.key for mark in marks] == ["k0", "k1", "k2", "k3", "k4", OTHER]
    assert len(marks) == MOST
    assert marks[-1].category is None  # it gathers several
    assert marks[0].words == "Flow meters: 1,800,000, 37 %"


def test_a_slice_of_nothing_or_less_is_left_out() -> None:
    chart = Chart(
        kind=Kind.PIE,
        title="x",
        categories=charts.named(4),
        series=(charts.series("v", (5, 0, None, 3)),),
    )
    assert [mark.key for mark in drawn(chart).marks] == ["k0", "k3"]


@pytest.mark.parametrize("values", [(5, 0, None, -3), (-1, -2, None, 0)])
def test_what_is_below_zero_is_no_slice_but_has_a_bar(values: tuple[int | None, ...]) -> None:
    series = (charts.series("v", values),)
    pie = Chart(kind=Kind.PIE, title="x", categories=charts.named(4), series=series)
    bars = drawn(replace(pie, kind=Kind.BAR))
    assert drawn(pie).marks == bars.marks
    assert drawn(pie).items == bars.items


def test_a_name_of_several_lines_is_written_on_one() -> None:
    for separator in "\n\r\x1c\x85\u2028\u2029":
        category = Category(key="a", label=f"Heron{separator}Pumps")
        chart = Chart(
            kind=Kind.BAR, title="x", categories=(category,), series=(charts.series("v", (5,)),), lying=True
        )
        assert as_png(drawn(chart), COLORS)
        assert drawn(chart).marks[0].words == "Heron Pumps: 5"


def test_rows_that_do_not_fit_are_counted() -> None:
    drawing = drawn(charts.lying(90))
    shown = [mark.category for mark in drawing.marks]
    assert shown == list(range(len(shown)))
    assert f"and {90 - len(shown)} more, see the table" in texts(drawing)


def test_values_and_categories_that_do_not_match_are_refused() -> None:
    with pytest.raises(ValueError, match="v has 2 values for 1 categories"):
        Chart(kind=Kind.BAR, title="x", categories=charts.named(1), series=(charts.series("v", (1, 2)),))
    bands = (Band(since=5, tone=Tone.GOOD, label="g"), Band(since=1, tone=Tone.BAD, label="b"))
    with pytest.raises(ValueError, match="bands go upwards"):
        Chart(kind=Kind.GAUGE, title="x", bands=bands)


@pytest.mark.parametrize(
    ("value", "tone"), [(-5, Tone.BAD), (0, Tone.BAD), (49, Tone.BAD), (50, Tone.WARN), (90, Tone.GOOD)]
)
def test_a_value_is_judged_by_the_band_it_reached(value: int, tone: Tone) -> None:
    band = charts.gauge(1).band_of(value)
    assert band is not None
    assert band.tone is tone


def test_a_state_is_a_word_and_a_shape_beside_its_colour() -> None:
    """No state is told by colour alone: three values differ in words, and in outlines without colour."""
    outlines = set()
    for value in (20, 70, 95):
        chart = charts.figure(1)
        won = charts.series("Won", (value,))
        drawing = drawn(
            Chart(kind=Kind.FIGURE, title="x", categories=charts.named(1), series=(won,), bands=chart.bands)
        )
        assert texts(drawing)[1] in ("Below 50 %", "Behind", "On target")
        icons = [item.outline for item in drawing.items if isinstance(item, Shape)][1:]
        outlines.add(tuple(icons))
    assert len(outlines) == 3


def test_neighbours_differ_by_pattern_without_colour() -> None:
    drawing = drawn(charts.pie(6))
    fills = [
        item.pattern for item in drawing.items if isinstance(item, Shape) and item.fill.startswith("chart")
    ]
    assert len(set(fills)) == 6
    assert tuple(look.tokens()["chart-pattern"]) == patterns.NAMES


def test_every_province_has_one_tile_and_a_name() -> None:
    codes = {each.code for each in entries(CodeList.PROVINCE) if each.within == CHINA}
    assert set(TILES) == codes
    assert len(set(TILES.values())) == len(TILES)
    assert short_name("CN-15", "zh_CN") == "内蒙古"
    assert len({short_name(code, "en") for code in codes}) == len(codes)


def test_what_lies_in_no_province_is_written_below_the_map() -> None:
    chart = Chart(
        kind=Kind.MAP,
        title="x",
        categories=(Category(key="CN-31", label="Shanghai"), Category(key="", label="(empty)")),
        series=(charts.series("v", (12, 3)),),
    )
    drawing = drawn(chart, words=IN_CHINESE)
    assert {"上海", "12", "(empty)：3"} <= set(texts(drawing))
    assert [mark.words for mark in drawing.marks] == ["上海市：12", "(empty)：3"]


@pytest.mark.parametrize(
    ("value", "form", "said"),
    [
        (1234567, Form(unit=Unit.MONEY, currency="CNY"), "1,234,567"),
        (Decimal("1234.56"), Form(unit=Unit.MONEY, currency="CNY"), "1,235"),
        (4_730_000, Form(unit=Unit.MONEY, thousands=True), "4,730"),
        (4_500, Form(unit=Unit.MONEY, thousands=True), "4.5"),
        (Decimal("33.5"), Form(unit=Unit.PERCENT), "34 %"),
        (Decimal("-0.125"), Form(), "−0.13"),
        (None, Form(), "—"),
        (47, Form(unit=Unit.DAYS), "47 d"),
        (46, Form(unit=Unit.MINUTES), "46 min"),
        (245, Form(unit=Unit.MINUTES), "4 h 05"),
        (5000, Form(unit=Unit.MINUTES), "3.5 d"),
        (0, Form(), "0"),
    ],
)
def test_values_are_written_as_their_form_says(value: Decimal | int | None, form: Form, said: str) -> None:
    assert ENGLISH.number(value, form) == said


@pytest.mark.parametrize(
    ("values", "lines"),
    [
        ([], [0, 1]),
        ([0], [0, 1]),
        ([601], [0, 200, 400, 600]),
        ([670], [0, 250, 500, 750]),
        ([1], [0, 0.5, 1]),
        ([-40, 100], [-50, 0, 50, 100]),
        ([2_140_000], [0, 1_000_000, 2_000_000, 3_000_000]),
    ],
)
def test_grids_have_at_most_four_round_lines_with_zero_among_them(
    values: list[int], lines: list[float]
) -> None:
    scale = axis(values)
    assert [float(line) for line in scale.lines] == lines
    assert all(0 <= scale.share(value) <= 1 for value in values)


@given(st.lists(st.integers(-(10**12), 10**12), min_size=1, max_size=8), st.booleans(), st.booleans())
def test_bars_are_as_long_as_their_values(values: list[int], lying: bool, stacked: bool) -> None:
    """Whatever the values: bars of one series keep their proportions to a pixel, and zero is the base."""
    chart = Chart(
        kind=Kind.BAR,
        title="x",
        categories=charts.named(len(values)),
        series=(charts.series("v", tuple(values)),),
        lying=lying,
        stacked=stacked,
    )
    drawing = drawn(chart, 500, 400)
    if chart.is_empty:
        return
    color = "ramp2" if lying else "ramp1"
    bars = [bounds(item.outline) for item in drawing.items if isinstance(item, Shape) and item.fill == color]
    sizes = [bar.width if lying else bar.height for bar in bars]
    largest = max(abs(value) for value in values)
    longest = max(sizes)
    for size, value in zip(sizes, values, strict=True):
        assert size == pytest.approx(longest * abs(value) / largest, abs=2)


@given(st.lists(st.integers(0, 10**9), min_size=1, max_size=30))
def test_shares_of_a_pie_make_a_whole_turn(values: list[int]) -> None:
    chart = Chart(
        kind=Kind.PIE,
        title="x",
        categories=charts.named(len(values)),
        series=(charts.series("v", tuple(values)),),
    )
    marks = drawn(chart).marks
    said = [Decimal(mark.words.split(": ")[1].rsplit(", ", 1)[0].replace(",", "")) for mark in marks]
    assert sum(said) == sum(values)


def test_a_ring_of_one_part_is_closed_and_has_its_hole() -> None:
    whole = sector(Point(50, 50), 40, 20, 0, 1.0)
    assert [step.to for step in whole].count("M") == 2
    assert bounds(whole).width == pytest.approx(80, abs=0.1)


def test_long_words_are_cut_and_notes_broken_where_either_language_may() -> None:
    sheet = Sheet(SixWide(), ENGLISH)
    assert sheet.fitted("Shanghai Puhua Instruments", 60) == "Shanghai…"
    assert wrapped(sheet, "one two three", 40) == ["one", "two", "three"]
    assert wrapped(sheet, "按汇率折算为人民币，未计入三条。", 72) == [
        "按汇率折算为",
        "人民币，未计",
        "入三条。",
    ]
    assert not any(line.startswith("，") for line in wrapped(sheet, "甲乙丙丁，" * 9, 48))


def test_years_are_among_the_labels_there_is_room_for() -> None:
    labels = ("Nov", "Dec", "2026", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct")
    for kind in (Kind.LINE, Kind.BAR):
        values = tuple(range(1, 13))
        categories = charts.named(12, labels)
        chart = Chart(kind=kind, title="x", categories=categories, series=(charts.series("v", values),))
        written = [text for text in texts(drawn(chart, 230, 200)) if text in labels]
        assert "2026" in written
        assert len(written) < 12


@pytest.mark.parametrize("make", MAKERS)
def test_a_picture_of_lines_is_well_formed_and_says_itself(make: Make) -> None:
    chart = make(5)
    named = Chart(**{each: getattr(chart, each) for each in Chart.__slots__} | {"title": "A < B & “C”"})
    drawing = drawn(named)
    root = ElementTree.fromstring(as_svg(drawing, COLORS, "Noto Sans SC"))
    space = "{http://www.w3.org/2000/svg}"
    assert root.findtext(f"{space}title") == "A < B & “C”"
    assert root.findtext(f"{space}desc") == drawing.summary
    assert [each.text for each in root.iter(f"{space}text")] == texts(drawing)


def test_the_same_words_stand_in_the_pdf() -> None:
    file = BytesIO()
    canvas = Canvas(file, pagesize=(400, 300))
    drawing = layout(charts.funnel(5), 400, 260, SixWide(), IN_CHINESE, headed=True)
    draw_on(canvas, drawing, COLORS, 20, 280)
    canvas.save()
    page = PdfReader(BytesIO(file.getvalue())).pages[0].extract_text()
    assert all(text in page.replace("\n", " ") for text in texts(drawing))


def test_a_picture_of_points_has_the_colours_of_its_parts() -> None:
    chart = charts.pie(1)
    drawing = drawn(chart, 200, 100)
    picture = Image.open(BytesIO(as_png(drawing, COLORS, 2)))
    assert picture.size == (400, 200)
    found = {f"#{r:02X}{g:02X}{b:02X}" for _, (r, g, b) in picture.getcolors(100_000) or []}
    assert {COLORS["surface"], COLORS["chart1"]} <= found
    side = 2 * bounds(drawing.marks[0].area).height
    hole = picture.getpixel((round(2 * bounds(drawing.marks[0].area).center.x), round(100 - side * 0.2)))
    assert hole == (255, 255, 255)  # the hole of the ring
    with pytest.raises(ValueError, match="too large"):
        as_png(Drawing(width=90_000, height=90_000), COLORS)


def test_a_drawing_can_be_put_beside_another() -> None:
    drawing = Drawing(width=10, height=10, items=(Shape(outline=rectangle(Box(1, 2, 3, 4)), fill="text"),))
    (shape,) = moved(drawing, Point(100, 50))
    assert isinstance(shape, Shape)
    assert bounds(shape.outline) == Box(101, 52, 3, 4)


def test_the_part_and_what_is_expected_are_told_with_the_value() -> None:
    words = [mark.words for mark in drawn(charts.months(3)).marks]
    assert words[-1] == "Mar: 374, Forecast 464, Target 420"
    assert charts.months(3).of(Role.TARGET) is not None
    assert Series(key="a", label="A", values=()).role is Role.PLAIN


def test_a_row_that_does_not_fit_a_page_begins_the_next() -> None:
    tiles = [
        Placed(title=f"T{row}", row=row, column=0, span=12, tall=True, chart=charts.pie(3))
        for row in range(3)
    ]
    tiles.append(Placed(title="Not here", row=2, column=0, span=3, tall=False, fault="May not be counted"))
    whole = pages(tiles, "Sales", "Your 3 customers", 1240, SixWide(), ENGLISH)
    assert len(whole) == 1
    assert whole[0].summary.count("By product family") == 3
    assert "May not be counted" in texts(whole[0])
    several = pages(tiles, "Sales", "", 1240, SixWide(), ENGLISH, height=700)
    assert len(several) == 2
    assert all(page.height <= 700 for page in several)
    assert [texts(page).count("By product family") for page in several] == [2, 1]
    assert all(texts(page)[0] == "Sales" for page in several)


@pytest.mark.parametrize("width", [120, 200, 260, 400])
def test_the_whole_of_a_ring_is_written_whole_or_not_at_all(width: float) -> None:
    chart = charts.MAKERS["pie"](5)
    said = texts(drawn(chart, width, 260))
    whole = f"{sum(value or 0 for value in chart.plain[0].values):,}"
    assert not [each for each in said if each != whole and each[:2] == whole[:2] and "…" in each]


@pytest.mark.parametrize("count", [1, 5, 60])
def test_the_legend_of_a_funnel_stays_inside(count: int) -> None:
    drawing = drawn(charts.MAKERS["funnel"](count), 230, 244)
    assert all(item.at.y <= 244 for item in drawing.items if isinstance(item, Writing))


@pytest.mark.parametrize("height", range(180, 300, 10))
def test_no_target_goes_through_the_words_above_a_bar(height: int) -> None:
    drawing = drawn(charts.MAKERS["months"](5), 260, height)
    ticks = [
        bounds(item.outline)
        for item in drawing.items
        if isinstance(item, Shape) and item.fill == "text" and bounds(item.outline).height <= 2
    ]
    assert ticks
    for item in drawing.items:
        if isinstance(item, Writing) and item.align == "center" and item.text.isdigit():
            over = [each for each in ticks if each.x <= item.at.x <= each.right]
            assert all(not item.at.y - item.size * 0.7 < each.y < item.at.y for each in over), item.text
