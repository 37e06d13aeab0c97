"""What is owed by how long it is overdue: sums over a table of who owes; each opens the very instalments."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.i18n import Message, message
from crm_core.money import Money
from crm_core.rules.payments import BUCKETS, Bucket
from crm_desktop.services import ageing
from crm_desktop.services.ageing import AgeingRow, By
from crm_desktop.ui.context import Context
from crm_desktop.ui.format import figure, money
from crm_desktop.ui.itemmodels.rows import CellText
from crm_desktop.ui.payments.small_table import Head, SmallTable
from crm_desktop.ui.settling import Settling
from crm_desktop.ui.theme.tokens import M
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.cells import CellKind
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.margins import PAGE_MARGIN, keep_margins
from crm_desktop.ui.widgets.paint import Tone
from crm_desktop.ui.widgets.segments import Segment, SegmentedSwitch

_FOLLOWS = frozenset(("instalment", "receipt_share", "order", "contract"))
_FIRST_BUCKET = 1
_TONES = {"d30": Tone.WARN, "d60": Tone.BAD, "d90": Tone.BAD, "older": Tone.BAD}
_HEADS = (
    Head(title=message("Who owes"), stretch=True),
    *(Head(title=Message(bucket.text), kind=CellKind.RIGHT, width=112) for bucket in BUCKETS),
    Head(title=message("Sum"), kind=CellKind.RIGHT, width=120),
    Head(title=message("Instalments"), kind=CellKind.RIGHT, width=88),
)
Read = tuple[tuple[AgeingRow, ...], tuple[AgeingRow, ...]]


class AgeingPanel(Live, QWidget):
    """Choosing a cell narrows the list to what its sum is of."""

    chosen = Signal(object, str, object)
    """A `Bucket` or None for all of it, the id of a customer or '', and words for it."""

    def __init__(self, context: Context) -> None:
        super().__init__()
        self._context = context
        self._read: Read | None = None
        self.switch = SegmentedSwitch(
            [
                Segment(key=By.CUSTOMER.value, text=message("By customer")),
                Segment(key=By.OWNER.value, text=message("By owner")),
            ],
            name=message("Sums of"),
            small=True,
        )
        self.words = Label("", color="text-soft")
        self.table = SmallTable(_HEADS, message("Ageing"))
        self.table.most_rows = 7
        head = QHBoxLayout()
        head.setSpacing(M)
        head.addWidget(self.words, 1)
        head.addWidget(self.switch)
        column = QVBoxLayout(self)
        keep_margins(column, PAGE_MARGIN, 0, PAGE_MARGIN, 12)
        column.setSpacing(8)
        column.addLayout(head)
        column.addWidget(self.table)
        self._changes = Settling(self)
        self._changes.due.connect(self.read)
        self.switch.chosen.connect(lambda _key: self.read())
        self.table.picked.connect(self._on_picked)
        self.table.opened.connect(lambda key: self._on_picked(key, 0))
        context.records_changed.connect(self._on_records_changed)
        self.hide()
        self.read()

    def read(self) -> None:
        """Read the sums anew."""
        replica, by = self._context.replica, By(self.switch.key)
        self._context.tasks.read(
            self,
            lambda: (ageing.ageing(replica, By.ALL), ageing.ageing(replica, by)),
            self._show,
            lambda _error: self.hide(),  # who may not read amounts has a list without them
            topic="ageing",
        )

    def retranslate(self) -> None:
        """Write the sums in the language on screen."""
        self.setAccessibleName(tr("Ageing"))
        if self._read is not None:
            self._show(self._read)

    def _show(self, read: Read) -> None:
        self._read = read
        whole, rows = read
        self.setVisible(bool(whole))
        overdue = [money(Money(row.overdue_minor, row.currency)) for row in whole if row.overdue_minor]
        sums = [money(Money(row.total_minor, row.currency)) for row in whole]
        said = message("{sum} to collect, nothing overdue", sum=", ".join(sums))
        if overdue:
            late = ", ".join(overdue)
            said = message("{sum} to collect, {overdue} of it overdue", sum=", ".join(sums), overdue=late)
        self.words.say(said)
        shown = [(f"{row.key}/{row.currency}", _cells(row)) for row in rows]
        self.table.show_rows(shown)

    def _on_picked(self, key: str, column: int) -> None:
        row = self._row(key)
        if row is None:
            return
        bucket: Bucket | None = None
        words = message("{name}: overdue", name=_name(row))
        if _FIRST_BUCKET <= column < _FIRST_BUCKET + len(BUCKETS):
            bucket = BUCKETS[column - _FIRST_BUCKET]
            words = message("{name}: {days}", name=_name(row), days=Message(bucket.text))
        if self.switch.key == By.CUSTOMER.value:
            self.chosen.emit(bucket, row.key, words)
        else:
            self.chosen.emit(bucket, "", words)

    def _row(self, key: str) -> AgeingRow | None:
        rows = self._read[1] if self._read is not None else ()
        return next((row for row in rows if f"{row.key}/{row.currency}" == key), None)

    def _on_records_changed(self, changed: frozenset[tuple[str, str]]) -> None:
        if any(entity in _FOLLOWS for entity, _ in changed):
            self._changes.mark()


def _name(row: AgeingRow) -> str:
    return row.name or tr("Nobody")


def _cells(row: AgeingRow) -> list[CellText]:
    def amount(minor: int, tone: Tone | None = None) -> CellText:
        if not minor:
            return CellText("")
        return CellText(money(Money(minor, row.currency), decimals=True), None, tone)

    return [
        CellText(_name(row)),
        *(amount(row.buckets[bucket.key], _TONES.get(bucket.key)) for bucket in BUCKETS),
        amount(row.total_minor),
        CellText(figure(row.count)),
    ]
