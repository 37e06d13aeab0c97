"""The pipeline stage by stage: all open deals, and what they weigh by their chance."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QRectF, QSize
from PySide6.QtGui import QPainter, QPainterPath
from PySide6.QtWidgets import QWidget

from crm_core.i18n import message, plural
from crm_desktop.ui.charts.chart import RIGHT, Chart, LegendEntry, Part, box, solid
from crm_desktop.ui.charts.scale import share
from crm_desktop.ui.charts.values import ShowNumber, StageBar
from crm_desktop.ui.format import figure
from crm_desktop.ui.record_words import counted
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import RADII
from crm_desktop.ui.translate import Text, show, tr

_PITCH = 32
_BAR = 20
_LEGEND = 36


class Funnel(Chart):
    """A bar per stage: weighted over all, how many deals after it, their amount at the right."""

    def __init__(
        self,
        name: Text,
        stages: Sequence[StageBar] = (),
        *,
        empty: Text | None = None,
        show_number: ShowNumber = figure,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(name, empty=empty, show_number=show_number, parent=parent)
        self._stages: tuple[StageBar, ...] = ()
        self.show_stages(stages)

    def show_stages(self, stages: Sequence[StageBar]) -> None:
        """Show other stages, in the order of the pipeline."""
        self._stages = tuple(stages)
        self.refresh()

    def is_empty(self) -> bool:
        """Say whether no stage has a deal."""
        return not any(stage.count or stage.amount for stage in self._stages)

    def as_table(self) -> list[tuple[str, ...]]:
        """Return stage, deals, amount and weighted amount."""
        rows: list[tuple[str, ...]] = [(tr("Stage"), tr("Deals"), tr("Amount"), tr("Weighted"))]
        for stage in self._stages:
            rows.append(
                (
                    show(stage.label),
                    figure(stage.count),
                    self.say_number(stage.amount),
                    self.say_number(stage.weighted),
                )
            )
        return rows

    def summary(self) -> str:
        """Return how many deals are open and what they are worth."""
        count = sum(stage.count for stage in self._stages)
        amount = self.say_number(sum(stage.amount for stage in self._stages))
        weighted = self.say_number(sum(stage.weighted for stage in self._stages))
        said = plural(
            count,
            message("1 open deal worth {amount}, {weighted} weighted", amount=amount, weighted=weighted),
            message(
                "{count} open deals worth {amount}, {weighted} weighted",
                count=figure(count),
                amount=amount,
                weighted=weighted,
            ),
        )
        return show(said)

    def sizeHint(self) -> QSize:
        """Ask for 32 px a stage and a legend."""
        return QSize(theme().px(356), theme().px(_PITCH * max(len(self._stages), 1) + _LEGEND))

    def _draw(self, painter: QPainter, area: QRectF) -> list[Part]:
        legend = theme().px(_LEGEND)
        pitch = min(theme().px(_PITCH), (area.height() - legend) / len(self._stages))
        thick = min(theme().px(_BAR), max(4, round(pitch * 0.62)))
        labels = min(self.width_of([show(stage.label) for stage in self._stages]) + 20, area.width() * 0.35)
        amounts = self.width_of([self.say_number(stage.amount) for stage in self._stages]) + 1
        counts = self.width_of([figure(stage.count) for stage in self._stages]) + 1
        room = max(8.0, area.width() - labels - amounts - counts - 26)
        top = max(stage.amount for stage in self._stages)
        parts = []
        for place, stage in enumerate(self._stages):
            row = QRectF(area.left(), area.top() + pitch * place, area.width(), pitch)
            whole = max(1, round(room * share(stage.amount, 0, top))) if stage.amount else 0
            weighted = min(round(room * share(stage.weighted, 0, top)), whole)
            y = round(row.center().y() - thick / 2)
            bar = QRectF(round(area.left() + labels), y, whole, thick)
            self._bar(painter, bar, weighted)
            self.write(painter, QRectF(row.left(), row.top(), labels - 8, pitch), show(stage.label))
            after = QRectF(bar.right() + 9, row.top(), counts, pitch)
            self.write(painter, after, figure(stage.count), color="text-soft")
            right = QRectF(row.right() - amounts, row.top(), amounts, pitch)
            self.write(painter, right, self.say_number(stage.amount), align=RIGHT)
            reach = box(row.adjusted(0, 1, 0, -1))
            ring = box(bar.adjusted(0, 0, max(0, 4 - bar.width()), 0), RADII["bar"])
            parts.append(Part(stage.key, self._words(stage), reach, ring))
        used = QRectF(area.left(), area.top(), area.width(), pitch * len(self._stages) + legend)
        self.draw_legend(painter, self.foot_of(used), self._legend())
        return parts

    def _bar(self, painter: QPainter, bar: QRectF, weighted: float) -> None:
        if bar.width() <= 0:
            return
        radius = RADII["bar"]
        outline = box(bar, radius)
        painter.fillPath(outline, theme().color("ramp4"))
        if weighted > 0:
            part = QPainterPath()
            part.addRect(QRectF(bar.left(), bar.top(), weighted, bar.height()))
            painter.fillPath(outline.intersected(part), theme().color("ramp1"))

    def _words(self, stage: StageBar) -> str:
        return tr(
            "{stage}: {deals}, {amount}, {weighted} weighted",
            stage=show(stage.label),
            deals=show(counted("deal", stage.count)),
            amount=self.say_number(stage.amount),
            weighted=self.say_number(stage.weighted),
        )

    def _legend(self) -> list[LegendEntry]:
        weighted = self.say_number(sum(stage.weighted for stage in self._stages))
        amount = self.say_number(sum(stage.amount for stage in self._stages))
        return [
            LegendEntry(tr("Weighted {amount}", amount=weighted), solid("ramp1")),
            LegendEntry(tr("All open {amount}", amount=amount), solid("ramp4")),
        ]
