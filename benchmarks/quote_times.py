"""Typing in a long quote: `python -m benchmarks.quote_times LINES`, run by `quote_editor`.

Prints one line of JSON: the seconds each changed quantity and price held the window.
"""

from __future__ import annotations

import json
import sys
import tempfile
from functools import partial
from pathlib import Path

from PySide6.QtWidgets import QApplication

from benchmarks.heartbeat import Heartbeat
from crm_core.schema.field import Plain
from crm_desktop.models.replica import Replica
from crm_desktop.services import quotes, records
from crm_desktop.ui.context import Context, Place
from crm_desktop.ui.main_window import MainWindow
from crm_desktop.ui.opening import opened_of
from crm_desktop.ui.pages.quotes import QuotesPage
from crm_desktop.ui.quotes.lines import Col
from crm_desktop.ui.shell.frame import Frame
from crm_desktop.ui.tasks import Tasks
from crm_desktop.ui.theme import theme
from tests.support.desktop import empty_app

CHANGES = 240
GROUPS = 8


def main() -> None:
    """Fill a quote, change cells of it one after the other, and tell how long each held the window."""
    count = int(sys.argv[1])
    qapp = QApplication.instance() or QApplication(sys.argv[:1])
    assert isinstance(qapp, QApplication)
    theme().apply(qapp, "light", 1.0)
    with tempfile.TemporaryDirectory() as folder:
        app = empty_app(Path(folder))
        quote = _long_quote(app.replica, count)
        tasks = Tasks()
        opened = opened_of(app)
        frame = Frame(Context(app, tasks), opened.standing, sample=opened.sample)
        window = MainWindow()
        window.show_screen(frame)
        window.resize(1440, 900)
        window.show()
        heart = Heartbeat(window, tasks)
        heart.watch(lambda: frame.go(Place(page="quotes", record_id=quote)))
        page = frame.page
        assert isinstance(page, QuotesPage)
        editor = page.editor
        assert editor.lines.line_count == count
        editor.toggle_preview()
        held = []
        rows = [row for row in range(editor.lines.rowCount()) if editor.lines.id_at(row) is not None]
        for number in range(CHANGES):
            column = Col.QUANTITY if number % 2 else Col.DISCOUNT
            index = editor.lines.index(rows[number * 7 % len(rows)], column)
            held.append(heart.watch(partial(editor.lines.setData, index, str(number % 9 + 1))).held_s)
        print(json.dumps(held))
        window.close()
        tasks.close()
        app.close()


def _long_quote(replica: Replica, count: int) -> str:
    """Make a quote of so many lines in groups, and return its id."""
    customer = records.create(
        replica, "customer", {"name": "Long list (demo)", "phone": "02155500142"}
    ).value.id
    quote = quotes.create(replica, {"customer_id": customer, "currency": "CNY"}).value.id
    groups = [quotes.add_group(replica, quote, f"Part {number}").value.id for number in range(GROUPS)]
    with replica.write() as session:
        for number in range(count):
            line: dict[str, Plain] = {
                "quote_id": quote,
                "description": f"Part {number} (demo)",
                "quantity": str(number % 24 + 10),
                "unit_price": 260_00 + 317 * number,
                "tax_rate": ("13", "9", "6")[number % 3],
                "group_id": groups[number * GROUPS // count],
            }
            records.create_in(session, replica, "quote_line", line)
    return quote


if __name__ == "__main__":
    main()
