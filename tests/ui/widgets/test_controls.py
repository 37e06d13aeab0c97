"""Buttons, fields, chips, tabs and switches answer mouse and keyboard alike."""

from __future__ import annotations

from decimal import Decimal

import pytest
from PySide6.QtCore import QPoint, QRect, Qt
from PySide6.QtGui import QFontMetrics, QImage, QPainter, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QApplication,
    QCalendarWidget,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QMenu,
    QToolButton,
    QWidget,
)
from pytestqt.qtbot import QtBot

from crm_core.entities import SCHEMAS
from crm_desktop.ui.forms.day_editors import DayEditor
from crm_desktop.ui.forms.editors import QuietCombo
from crm_desktop.ui.theme import theme
from crm_desktop.ui.widgets import paint
from crm_desktop.ui.widgets.amount_room import amount_room
from crm_desktop.ui.widgets.buttons import Button, IconButton, Kind, _Ring
from crm_desktop.ui.widgets.cards import Avatar, Card, GroupRow, InfoRow
from crm_desktop.ui.widgets.chips import Chip, LevelBadge, Tags
from crm_desktop.ui.widgets.empty_state import EmptyState
from crm_desktop.ui.widgets.fields import DateField, Fact, Field, SearchField, line_up
from crm_desktop.ui.widgets.flow import FlowLayout
from crm_desktop.ui.widgets.info_bar import InfoBar
from crm_desktop.ui.widgets.labels import ElidedLabel, IconLabel, Label
from crm_desktop.ui.widgets.menus import Menu
from crm_desktop.ui.widgets.paint import Tone
from crm_desktop.ui.widgets.progress import Gauge, ProgressLine
from crm_desktop.ui.widgets.segments import Segment, SegmentedSwitch
from crm_desktop.ui.widgets.tabs import Tab, TabRow


def shown(qtbot: QtBot, *widgets: QWidget) -> QWidget:
    """Return a window with the widgets in a row, shown and active."""
    window = QWidget()
    window.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
    qtbot.addWidget(window)
    row = QHBoxLayout(window)
    row.setContentsMargins(8, 8, 8, 8)
    for widget in widgets:
        row.addWidget(widget)
        widget.kept = window  # qtbot holds it weakly
    window.show()
    window.activateWindow()
    qtbot.waitUntil(window.isActiveWindow, timeout=2000)
    return window


@pytest.mark.parametrize("kind", Kind)
def test_a_button_is_as_high_as_the_design_says_and_wide_enough_for_its_words(
    look: QApplication, qtbot: QtBot, kind: Kind
) -> None:
    plain, hinted = Button("Quick log", kind), Button("Quick log", kind, icon="pen", hint="Ctrl+L")
    shown(qtbot, plain, hinted)
    assert plain.height() == (24 if kind is Kind.LINK else theme().size("button"))
    assert hinted.sizeHint().width() > plain.sizeHint().width() + theme().px(16)
    assert plain.grab().toImage() != hinted.grab().toImage()


def test_a_menu_is_as_wide_as_its_longest_word(look: QApplication, qtbot: QtBot) -> None:
    menu = Menu()
    qtbot.addWidget(menu)
    for word in ("Deal", "Customer"):
        menu.add(word, "people")
    words = QFontMetrics(theme().font()).horizontalAdvance("Customer")
    room = menu.sizeHint().width() - 2 * 5 - theme().px(9 + 16 + 9 + 8)  # edge, icon, what is around them
    assert room >= words


def test_a_menu_leaves_room_for_its_arrow(look: QApplication, qtbot: QtBot) -> None:
    button = Button("New")
    qtbot.addWidget(button)
    before = button.sizeHint().width()
    button.setMenu(QMenu(button))
    assert button.sizeHint().width() > before


def test_a_primary_button_with_focus_wears_a_ring_and_loses_it(look: QApplication, qtbot: QtBot) -> None:
    primary, other = Button("Save", Kind.PRIMARY), Button("Cancel")
    window = shown(qtbot, primary, other)
    primary.setFocus()
    qtbot.waitUntil(lambda: len(window.findChildren(_Ring)) == 1, timeout=2000)
    ring = window.findChildren(_Ring)[0]
    assert ring.geometry().contains(primary.geometry().adjusted(-2, -2, 2, 2))
    other.setFocus()
    qtbot.waitUntil(lambda: not window.findChildren(_Ring), timeout=2000)


def test_an_ampersand_in_a_buttons_words_is_shown_not_a_mnemonic(look: QApplication, qtbot: QtBot) -> None:
    button = Button("Juniper & Slate")
    qtbot.addWidget(button)
    assert button.accessibleName() == "Juniper & Slate"
    assert button.shortcut().isEmpty()


def test_an_icon_button_says_its_name_and_key(look: QApplication, qtbot: QtBot) -> None:
    button = IconButton("pane", "Details", hint="F4", checkable=True)
    shown(qtbot, button)
    assert button.accessibleName() == "Details"
    assert button.toolTip() == "Details (F4)"
    before = button.icon().pixmap(16, 16).toImage()
    button.setChecked(True)
    assert button.icon().pixmap(16, 16).toImage() != before


def test_a_wrong_value_is_said_in_edge_line_and_ear_and_unsaid_again(
    look: QApplication, qtbot: QtBot
) -> None:
    field = Field("Phone", QLineEdit("138"))
    shown(qtbot, field)
    rest = field.editor.grab().toImage()
    field.set_error("Needs 11 digits, has 3")
    assert field.editor.property("error") == "true"
    assert field.editor.accessibleDescription() == "Needs 11 digits, has 3"
    assert field._line.isVisible()
    assert field.editor.grab().toImage() != rest
    field.set_error("")
    assert not field._line.isVisible()
    assert field.editor.accessibleDescription() == ""
    assert field.editor.grab().toImage() == rest


def test_a_choice_shows_its_error_beside_the_line(look: QApplication, qtbot: QtBot) -> None:
    field = Field("Region", QComboBox())
    shown(qtbot, field)
    field.set_error("Choose one")
    assert field._icon.isVisible()
    field.set_note("Found: Clearwave Demo", "good")
    assert field._line.text() == "Found: Clearwave Demo"


def test_a_choice_without_room_ends_in_dots(look: QApplication, qtbot: QtBot) -> None:
    def painted(words: str) -> QImage:
        box = QuietCombo()
        box.addItem(words)
        window = shown(qtbot, box)
        window.setFocus()
        box.setFixedWidth(160)
        return box.grab().toImage()

    # Letters that come after the dots change nothing; those before them do.
    assert painted("Nora Blythe, Managing director") == painted("Nora Blythe, Managing board")
    assert painted("Nora Blythe, Managing director") != painted("Cora Blythe, Managing director")


def test_a_search_field_shows_its_key_only_while_empty(look: QApplication, qtbot: QtBot) -> None:
    hinted, plain = SearchField("Search", hint="Ctrl+K"), SearchField("Search")
    window = shown(qtbot, hinted, plain)
    window.setFocus()
    assert hinted.accessibleName() == "Search"
    for field in (hinted, plain):
        field.setFixedWidth(240)
    right = QRect(150, 4, 80, 24)
    assert hinted.grab(right).toImage() != plain.grab(right).toImage()
    for field in (hinted, plain):
        field.setText("pump")
    assert hinted.grab(right).toImage() == plain.grab(right).toImage()


def test_a_fact_is_text_a_person_can_copy(look: QApplication, qtbot: QtBot) -> None:
    fact = Fact("Terms", "30 days")
    shown(qtbot, fact)
    assert fact.accessibleName() == "Terms: 30 days"
    fact.say("45 days")
    assert fact.accessibleName() == "Terms: 45 days"


def test_the_values_of_a_column_of_facts_begin_at_one_line(look: QApplication, qtbot: QtBot) -> None:
    facts = [Fact(label, "x") for label in ("Phone", "Payment terms", "A label of quite some length")]
    shown(qtbot, *facts)
    line_up(facts, least=40, most=120)
    qtbot.waitUntil(lambda: len({fact.value.x() for fact in facts}) == 1, timeout=2000)
    assert facts[0].label.width() == 120
    assert facts[2].label.height() > facts[1].label.fontMetrics().height() * 1.5  # it goes on below
    line_up(facts[:2], least=40, most=120)
    assert facts[0].label.width() < 120


def test_a_word_too_long_for_its_line_goes_on_in_the_next(look: QApplication, qtbot: QtBot) -> None:
    name = "Wolfeschlegelsteinhausenbergerdorff"
    long, usual = Fact("Contact", name), Fact("Mail", "nora@heron.example")
    shown(qtbot, long, usual)
    assert long.minimumSizeHint().width() < QFontMetrics(theme().font()).horizontalAdvance(name)
    assert long.accessibleName() == f"Contact: {name}"
    assert isinstance(usual.value, Label)
    assert usual.value.text() == "nora@heron.example"  # as it is copied


def test_tabs_without_room_have_two_whole_arrows_at_any_size_of_text(
    look: QApplication, qtbot: QtBot
) -> None:
    try:
        for scale in (1.0, 2.0):
            theme().apply(look, "light", scale)
            tabs = TabRow([Tab(key=str(n), text=f"Returns to the pool {n}", count=15) for n in range(9)])
            tabs.setFixedWidth(600)
            shown(qtbot, tabs)
            arrows = [button for button in tabs.findChildren(QToolButton) if button.isVisible()]
            left, right = sorted((arrow.geometry() for arrow in arrows), key=QRect.x)
            assert tabs.rect().contains(left.united(right))
            assert not left.intersects(right.adjusted(2, 0, 0, 0))
            assert left.width() >= 24
    finally:
        theme().apply(look, "light")


def test_the_calendar_in_a_field_is_as_large_as_its_text_and_makes_room_for_a_mark(
    look: QApplication, qtbot: QtBot
) -> None:
    editor = DayEditor(SCHEMAS["deal"].fields["close_date"])
    field = Field("Closing date", editor)
    try:
        for scale in (1.0, 2.0):
            theme().apply(look, "light", scale)
            shown(qtbot, field)
            assert editor.pick.iconSize().height() == theme().px(14)
            assert editor.rect().contains(editor.pick.geometry())
            assert editor.textMargins().right() >= editor.pick.width()
            room = editor.textMargins().right()
            field.set_error("This is no day")
            mark = next(each for each in editor.findChildren(IconLabel) if each.accessibleName())
            assert mark.height() == theme().px(16)
            assert editor.rect().contains(mark.geometry())
            assert not mark.geometry().intersects(editor.pick.geometry())
            assert editor.textMargins().right() > room + mark.width()
            field.set_error("")
            assert editor.textMargins().right() == room
            qtbot.waitUntil(lambda: not editor.findChildren(IconLabel))
    finally:
        theme().apply(look, "light")
    editor.pick.click()
    popup = QApplication.activePopupWidget()
    assert popup is not None
    assert popup.findChild(QCalendarWidget) is not None
    popup.close()


def test_what_does_not_fit_a_line_goes_to_the_next_and_both_end_at_the_right(
    look: QApplication, qtbot: QtBot
) -> None:
    holder = QWidget()
    row = FlowLayout(holder, right=True)
    buttons = [Button(words) for words in ("Send or sign…", "Deliver or take back…", "Close the order")]
    for button in buttons:
        row.addWidget(button)
    shown(qtbot, holder)
    holder.resize(sum(each.sizeHint().width() for each in buttons[:2]) + 12, 200)
    row.activate()
    assert buttons[0].y() == buttons[1].y() < buttons[2].y()
    assert {each.geometry().right() + 1 for each in buttons[1:]} == {holder.width()}
    assert row.heightForWidth(holder.width()) == buttons[2].geometry().bottom() + 1


def test_no_figure_of_a_line_is_cut(look: QApplication) -> None:
    model = QStandardItemModel(2, 1)
    for place, text in enumerate(("8,600.00", "123,456,789,012.00")):
        model.setItem(place, QStandardItem(text))
    metrics = QFontMetrics(theme().font())
    assert amount_room(model, 0, 96, range(1)) == 96
    assert amount_room(model, 0, 96) > metrics.horizontalAdvance("123,456,789,012.00")
    assert amount_room(QStandardItemModel(0, 1), 0, 96) == 96


def test_words_of_several_lines_are_painted_as_one(look: QApplication) -> None:
    def painted(text: str) -> QImage:
        image = QImage(200, 20, QImage.Format.Format_RGB32)
        image.fill(Qt.GlobalColor.white)
        painter = QPainter(image)
        paint.words(painter, text, theme().font(), "text", image.rect())
        painter.end()
        return image

    assert painted("Long\nstory\n") == painted("Long story") != painted("Long")


def test_no_step_of_the_scale_cuts_what_hangs_below_the_line(look: QApplication, qtbot: QtBot) -> None:
    for step in ("caption", "body", "section", "title", "figure"):
        label = Label("gjpqy", step=step)
        qtbot.addWidget(label)
        label.resize(label.sizeHint())
        image = label.grab().toImage()
        ground = image.pixel(image.width() - 1, 0)
        rows = [
            y for y in range(image.height()) if any(image.pixel(x, y) != ground for x in range(image.width()))
        ]
        assert len(rows) >= label.fontMetrics().tightBoundingRect("gjpqy").height() - 1, step


def test_icon_buttons_are_as_high_as_those_with_words(look: QApplication, qtbot: QtBot) -> None:
    small, usual = IconButton("x", "Close", small=True), IconButton("menu", "Menu")
    shown(qtbot, small, usual, Button("New"))
    assert (usual.width(), usual.height()) == (theme().size("button"), theme().size("button"))
    assert small.height() == theme().size("button-small")


def test_the_search_glass_grows_with_the_text(look: QApplication, qtbot: QtBot) -> None:
    field = SearchField("Search")
    shown(qtbot, field)
    before = field.textMargins().left()
    theme().apply(look, "light", 2.0)
    assert field.textMargins().left() == 2 * before


def test_a_tab_names_the_key_that_leads_to_it(look: QApplication, qtbot: QtBot) -> None:
    plain = TabRow([Tab(key="reply", text="Reply")], trailing=False)
    hinted = TabRow([Tab(key="reply", text="Reply", hint="R")], trailing=False)
    shown(qtbot, plain, hinted)
    assert hinted.tabRect(0).width() > plain.tabRect(0).width()
    hinted.set_count("reply", 3)
    assert hinted.accessibleTabName(0) == "Reply 3"


@pytest.mark.parametrize(
    ("text", "shown_as"),
    [
        ("Blue Heron Valves (demo)", "Blue Heron Valves"),
        ("纸鹤食品（示例）", "纸鹤食品"),
        ("(demo)", "(demo)"),
    ],
)
def test_a_name_gives_up_its_remark_before_letters(look: QApplication, text: str, shown_as: str) -> None:
    font = theme().font()
    width = QFontMetrics(font).horizontalAdvance(shown_as)

    def drawn(words: str) -> QImage:
        image = QImage(240, 24, QImage.Format.Format_ARGB32)
        image.fill(Qt.GlobalColor.white)
        painter = QPainter(image)
        paint.name(painter, words, font, "text", QRect(0, 0, width, 24))
        painter.end()
        return image

    assert drawn(text) == drawn(shown_as)


def test_a_closable_chip_closes_by_its_x_and_by_delete(look: QApplication, qtbot: QtBot) -> None:
    chip = Chip("Level: A", closable=True)
    shown(qtbot, chip)
    with qtbot.waitSignal(chip.closed, timeout=1000):
        qtbot.mouseClick(chip, Qt.MouseButton.LeftButton, pos=QPoint(chip.width() - 6, 10))
    with qtbot.waitSignal(chip.closed, timeout=1000):
        qtbot.keyClick(chip, Qt.Key.Key_Delete)
    with qtbot.assertNotEmitted(chip.closed):
        qtbot.mouseClick(chip, Qt.MouseButton.LeftButton, pos=QPoint(4, 10))


def test_a_chip_to_choose_is_chosen_by_space(look: QApplication, qtbot: QtBot) -> None:
    chip = Chip("Visits 14", checkable=True)
    shown(qtbot, chip)
    qtbot.keyClick(chip, Qt.Key.Key_Space)
    assert chip.isChecked()


def test_a_status_chip_says_its_state_by_an_icon_too(look: QApplication, qtbot: QtBot) -> None:
    chip = Chip("Good", tone=Tone.GOOD)
    qtbot.addWidget(chip)
    narrow = chip.sizeHint().width()
    chip.set_tone(Tone.NEUTRAL)
    assert chip.sizeHint().width() < narrow


def test_tags_name_all_of_them_even_where_few_fit(look: QApplication, qtbot: QtBot) -> None:
    tags = Tags(["marine", "spares", "key account"])
    shown(qtbot, tags)
    assert tags.accessibleName() == "Tags: marine, spares, key account"
    tags.setFixedWidth(80)
    narrow = tags.grab().toImage()
    tags.show_tags(["marine"])
    assert tags.grab().toImage() != narrow


def test_levels_look_unlike_one_another(look: QApplication, qtbot: QtBot) -> None:
    badges = [LevelBadge(letter) for letter in "ABC"]
    shown(qtbot, *badges)
    pictures = [badge.grab().toImage() for badge in badges]
    assert pictures[0] != pictures[1] != pictures[2]
    assert badges[0].accessibleName() == "Level A"


def test_a_switch_moves_by_arrow_keys_and_tells_the_key(look: QApplication, qtbot: QtBot) -> None:
    switch = SegmentedSwitch(
        [Segment(key="board", text="Board", icon="board"), Segment(key="table", text="Table", icon="dense")]
    )
    window = shown(qtbot, switch)
    assert switch.key == "board"
    buttons = switch.findChildren(QWidget)
    buttons[0].setFocus()
    with qtbot.waitSignal(switch.chosen, timeout=1000) as told:
        qtbot.keyClick(buttons[0], Qt.Key.Key_Right)
    assert told.args == ["table"]
    assert switch.key == "table"
    with qtbot.assertNotEmitted(switch.chosen):
        switch.choose("board")
    assert window.grab().width() > 0


def test_tabs_tell_the_key_of_the_one_picked_and_keep_it_over_new_counts(
    look: QApplication, qtbot: QtBot
) -> None:
    tabs = TabRow([Tab(key="mine", text="Mine", count=214), Tab(key="team", text="Team", count=2310)])
    shown(qtbot, tabs)
    with qtbot.waitSignal(tabs.chosen, timeout=1000) as told:
        qtbot.mouseClick(tabs, Qt.MouseButton.LeftButton, pos=tabs.tabRect(1).center())
    assert told.args == ["team"]
    assert tabs.accessibleTabName(1) == "Team 2,310"
    with qtbot.assertNotEmitted(tabs.chosen):
        tabs.set_count("team", 5)
        tabs.show_tabs([Tab(key="pool", text="Pool"), Tab(key="team", text="Team", count=5)])
    assert tabs.key == "team"
    assert tabs.accessibleTabName(1) == "Team 5"


def test_choosing_a_tab_moves_no_other_tab(look: QApplication, qtbot: QtBot) -> None:
    tabs = TabRow([Tab(key="a", text="Overview"), Tab(key="b", text="Outbox"), Tab(key="c", text="History")])
    shown(qtbot, tabs)
    before = [tabs.tabRect(place) for place in range(3)]
    tabs.choose("b")
    assert [tabs.tabRect(place) for place in range(3)] == before


def test_an_info_bar_offers_its_action_and_can_be_closed(look: QApplication, qtbot: QtBot) -> None:
    bar = InfoBar("Price list is from 20 Nov.", Tone.WARN, action="Refresh", closable=True)
    shown(qtbot, bar)
    with qtbot.waitSignal(bar.action_clicked, timeout=1000):
        qtbot.mouseClick(bar.action, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(bar.closed, timeout=1000):
        qtbot.mouseClick(bar._cross, Qt.MouseButton.LeftButton)
    assert not bar.isVisible()
    assert bar.height() == theme().size("info-bar")


def test_a_row_opens_by_click_and_by_enter(look: QApplication, qtbot: QtBot) -> None:
    row = InfoRow("T-3302 Wrong seal", "First reply was due 10:34", icon="ticket")
    shown(qtbot, row)
    with qtbot.waitSignal(row.opened, timeout=1000):
        qtbot.mouseClick(row, Qt.MouseButton.LeftButton)
    with qtbot.waitSignal(row.opened, timeout=1000):
        qtbot.keyClick(row, Qt.Key.Key_Return)
    assert row.accessibleName() == "T-3302 Wrong seal. First reply was due 10:34"


def test_a_job_shows_how_far_it_is_and_that_nobody_knows(look: QApplication, qtbot: QtBot) -> None:
    line = ProgressLine("Sending", action="Cancel")
    shown(qtbot, line)
    line.set_progress(4, 12)
    assert (line.bar.value(), line.bar.maximum()) == (4, 12)
    line.set_progress(30, 12)
    assert line.bar.value() == 12
    line.set_progress(0, None)
    assert line.bar.maximum() == 0
    with qtbot.waitSignal(line.action_clicked, timeout=1000):
        qtbot.mouseClick(line.action, Qt.MouseButton.LeftButton)


@pytest.mark.parametrize("share", ["-1", "0", "0.001", "0.56", "1", "7"])
def test_a_gauge_paints_any_share(look: QApplication, qtbot: QtBot, share: str) -> None:
    gauge = Gauge(Decimal(share), tick=Decimal("0.6"), name="Target")
    shown(qtbot, gauge)
    assert gauge.grab().width() > 0
    assert gauge.accessibleName().startswith("Target: ")


def test_a_label_that_does_not_fit_tells_the_whole_as_a_tooltip(look: QApplication, qtbot: QtBot) -> None:
    label = ElidedLabel("A customer with a very long name indeed")
    shown(qtbot, label)
    label.setFixedWidth(60)
    qtbot.waitUntil(lambda: label.toolTip() != "", timeout=1000)
    label.setFixedWidth(600)
    qtbot.waitUntil(lambda: label.toolTip() == "", timeout=1000)


def test_chips_flow_into_as_many_lines_as_they_need(look: QApplication, qtbot: QtBot) -> None:
    sheet = QWidget()
    flow = FlowLayout(sheet, gap=8, line_gap=6)
    for place in range(6):
        flow.addWidget(Chip(f"Filter number {place}"))
    qtbot.addWidget(sheet)
    height = theme().size("chip")
    assert flow.heightForWidth(4000) == height
    assert flow.heightForWidth(1) == 6 * height + 5 * 6


def test_a_menu_shows_icons_and_key_hints(look: QApplication, qtbot: QtBot) -> None:
    menu = Menu()
    qtbot.addWidget(menu)
    edit = menu.add("Edit", "pen", "F2")
    menu.addSeparator()
    menu.add("Transfer", "user").setEnabled(False)
    before = menu.grab().toImage()
    menu.setActiveAction(edit)
    assert menu.grab().toImage() != before


def test_frames_take_any_content(look: QApplication, qtbot: QtBot) -> None:
    card = Card("Needs attention", "9 items", flush=True)
    card.body.addWidget(GroupRow("Deadlines", "2"))
    card.body.addWidget(InfoRow("何苗", right=Avatar("何苗")))
    card.body.addWidget(EmptyState("people", "No customers yet", "Add one.", [Button("Import")]))
    shown(qtbot, card, DateField())
    assert card.accessibleName() == "Needs attention"
    assert card.remark.text() == "9 items"
