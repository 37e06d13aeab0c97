"""Which period, and whose deals: how long it is, one earlier, one later, and the scopes there are."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from crm_core.i18n import message
from crm_core.rules.stretches import Length, Stretch, stretch_at
from crm_desktop.models.replica import Replica
from crm_desktop.services.forecast_scopes import Scope
from crm_desktop.ui.forecast.words import stretch_words
from crm_desktop.ui.forms.editors import QuietCombo
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import M, S
from crm_desktop.ui.translate import show, tr
from crm_desktop.ui.widgets.buttons import IconButton
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live
from crm_desktop.ui.widgets.segments import Segment, SegmentedSwitch


class Chooser(Live, QWidget):
    """`chosen` says that the period or the scope is another one."""

    chosen = Signal()

    def __init__(self, replica: Replica) -> None:
        super().__init__()
        self._replica = replica
        self.stretch = stretch_at(replica.clock.today(), Length.QUARTER)
        self.scopes: tuple[Scope, ...] = ()
        self.length = SegmentedSwitch(
            [
                Segment(key=Length.MONTH, text=message("Month")),
                Segment(key=Length.QUARTER, text=message("Quarter")),
                Segment(key=Length.YEAR, text=message("Year")),
            ],
            name=message("How long the period is"),
            small=True,
        )
        self.length.choose(Length.QUARTER)
        self.length.chosen.connect(self._on_length_chosen)
        self.earlier = IconButton("left", message("Period before"), small=True)
        self.later = IconButton("right", message("Period after"), small=True)
        self.earlier.clicked.connect(lambda: self._move(-1))
        self.later.clicked.connect(lambda: self._move(1))
        self.name = Label(weight=600)
        self.scope_box = QuietCombo()
        self.scope_box.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.scope_box.activated.connect(lambda _place: self.chosen.emit())
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme().px(S))
        row.addWidget(self.length)
        row.addSpacing(theme().px(M))
        row.addWidget(self.earlier)
        row.addWidget(self.name)
        row.addWidget(self.later)
        row.addStretch(1)
        row.addWidget(self.scope_box)
        self.retranslate()

    @property
    def scope(self) -> Scope | None:
        """The scope that is chosen; None before there are any."""
        place = self.scope_box.currentIndex()
        return self.scopes[place] if 0 <= place < len(self.scopes) else None

    def show_scopes(self, scopes: Sequence[Scope]) -> None:
        """Offer the scopes there are; the one that was chosen stays."""
        held = self.scope.key if self.scope is not None else ""
        self.scopes = tuple(scopes)
        self.scope_box.clear()
        for each in self.scopes:
            self.scope_box.addItem(show(each.name), each.key)
        found = self.scope_box.findData(held)
        self.scope_box.setCurrentIndex(max(found, 0))
        self.scope_box.updateGeometry()

    def show_stretch(self, stretch: Stretch) -> None:
        """Show a period without telling anybody."""
        self.stretch = stretch
        self.length.choose(stretch.length)
        self.retranslate()

    def retranslate(self) -> None:
        """Write the period in the language on screen."""
        self.name.say(stretch_words(self.stretch))
        self.scope_box.setAccessibleName(tr("Whose deals"))
        for place, each in enumerate(self.scopes):
            self.scope_box.setItemText(place, show(each.name))

    def _on_length_chosen(self, key: str) -> None:
        today, (first, last) = self._replica.clock.today(), self.stretch.days
        self.show_stretch(stretch_at(today if first <= today <= last else first, Length(key)))
        self.chosen.emit()

    def _move(self, by: int) -> None:
        self.show_stretch(self.stretch.moved(by))
        self.chosen.emit()
