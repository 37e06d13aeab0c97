"""The charts of the home page: own pipeline, what was won by month and by owner."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from crm_core.charts import chart as drawn
from crm_core.charts.chart import Category, Form, Kind, Role, Series, Unit
from crm_core.charts.words import counts_in_thousands
from crm_core.i18n import message
from crm_core.rules.access import Action, Reach
from crm_desktop.models.replica import Replica
from crm_desktop.services import deals, figures, targets
from crm_desktop.services.calendar import local, months_back
from crm_desktop.services.figures import MONTHS, Chart, Part
from crm_desktop.ui.charts.chart_view import ChartView
from crm_desktop.ui.context import Context
from crm_desktop.ui.format import clock, figure
from crm_desktop.ui.home import words
from crm_desktop.ui.home.home_card import HomeCard
from crm_desktop.ui.record_words import reach_words
from crm_desktop.ui.theme import theme
from crm_desktop.ui.translate import Text
from crm_desktop.ui.widgets.segments import Segment, SegmentedSwitch

_HEIGHT = 258
MINE, EVERY = "mine", "every"
_NONE_OF_MINE = message("No open deals of yours")


@dataclass(frozen=True, slots=True, kw_only=True)
class _Funnels:
    """What the card of the pipeline read; `every` is None for whoever sees no deals but their own."""

    own: Chart
    every: Chart | None
    reach: Reach
    at: datetime.datetime


class PipelineCard(HomeCard):
    """Open deals stage by stage: the person's own, and those of everybody the person sees."""

    key = "pipeline"
    half = True
    follows = frozenset(("deal", "stage", "pipeline", "role"))

    def __init__(self, context: Context) -> None:
        super().__init__(context, message("My pipeline"))
        self._read: _Funnels | None = None
        self._chosen = ""
        self.chart = ChartView(drawn.Chart(kind=Kind.FUNNEL, title=message("My pipeline")))
        self.chart.part_clicked.connect(self._on_part_clicked)
        self.body.addWidget(self.chart, 1)
        self.switch: SegmentedSwitch | None = None

    @property
    def funnel(self) -> Chart | None:
        """The figures on screen."""
        if self._read is None:
            return None
        return self._read.own if self._whose() == MINE or self._read.every is None else self._read.every

    def reader(self, replica: Replica) -> Callable[[], Any]:
        """Return what reads the funnels of the first pipeline."""

        def read() -> _Funnels:
            first = next(iter(deals.pipelines(replica)), None)
            pipeline_id = first.id if first else None
            reach = replica.person.rights.reach_of("deal", Action.READ)
            return _Funnels(
                own=figures.funnel(replica, pipeline_id, replica.person.user_id),
                every=figures.funnel(replica, pipeline_id) if reach > Reach.OWN else None,
                reach=reach,
                at=local(replica.clock.now_ms()),
            )

        return read

    def take(self, read: Any) -> None:
        """Show the funnel."""
        before, self._read = self._read, read
        if self.switch is None or before is None or before.reach != read.reach:
            self._make_switch(read)
        self._show()

    def retint(self) -> None:
        """Keep the height at the person's font scale."""
        self.setMinimumHeight(theme().px(_HEIGHT))

    def _make_switch(self, read: _Funnels) -> None:
        if self.switch is not None:
            self.head.removeWidget(self.switch)
            self.switch.hide()
            self.switch.deleteLater()
        both = [Segment(key=MINE, text=message("Mine")), Segment(key=EVERY, text=reach_words(read.reach))]
        self.switch = SegmentedSwitch(both, name=message("Whose deals"), small=True)
        self.switch.chosen.connect(self._on_chosen)
        self.head.insertWidget(1, self.switch)
        self.switch.setVisible(read.every is not None)

    def _whose(self) -> str:
        """Return whose deals are shown: as chosen, else one's own where there are any."""
        if self._chosen or self._read is None:
            return self._chosen or MINE
        return MINE if any(part.count for part in self._read.own.parts) else EVERY

    def _show(self) -> None:
        read, chart = self._read, self.funnel
        if read is None or chart is None:
            return
        mine = self._whose() == MINE or read.every is None
        if self.switch is not None:
            self.switch.choose(MINE if mine else EVERY)
        self.title.say(message("My pipeline") if read.every is None else message("Pipeline"))
        self.chart.show_chart(
            _funnel(
                chart,
                message("My pipeline") if mine else message("Pipeline"),
                _NONE_OF_MINE if mine else message("No open deals"),
            )
        )
        if chart.others:
            others = figure(chart.others)
            self.set_remark(
                message(
                    "{currency}, {count} in other currencies left out", currency=chart.currency, count=others
                )
            )
        else:
            self.set_remark(
                message("{currency}, computed here {time}", currency=chart.currency, time=clock(read.at))
            )

    def _on_chosen(self, whose: str) -> None:
        self._chosen = whose
        self._show()

    def _on_part_clicked(self, key: str) -> None:
        part = _part(self.funnel, key)
        if part is not None:
            self.drill("pipeline", part.conditions, part.label)


class WonMonthsCard(HomeCard):
    """What was won in each of the last twelve months."""

    key = "won_months"
    half = True
    follows = frozenset(("deal", "stage", "target", "team"))

    def __init__(self, context: Context) -> None:
        super().__init__(context, message("Won by month"))
        self._chart: Chart | None = None
        self._targets: Mapping[str, int] = {}
        self.chart = ChartView(drawn.Chart(kind=Kind.BAR, title=message("Won by month")))
        self.chart.part_clicked.connect(self._on_part_clicked)
        self.body.addWidget(self.chart, 1)

    def reader(self, replica: Replica) -> Callable[[], Any]:
        """Return what reads the months."""

        def read() -> tuple[Chart, dict[str, int]]:
            won = figures.won_by_month(replica, local(replica.clock.now_ms()).date())
            return won, targets.won_by_month(replica, [part.key for part in won.parts])

        return read

    def take(self, read: Any) -> None:
        """Show the months."""
        self._chart, self._targets = read
        self._show()

    def retranslate(self) -> None:
        """Name the months in the language on screen."""
        super().retranslate()
        if getattr(self, "_chart", None) is not None:
            self._show()

    def retint(self) -> None:
        """Keep the height at the person's font scale."""
        self.setMinimumHeight(theme().px(_HEIGHT))

    def _show(self) -> None:
        chart = self._chart
        if chart is None:
            return
        self.chart.show_chart(_months(chart, self._targets))
        self.set_remark(_unit(chart))

    def _on_part_clicked(self, key: str) -> None:
        part = _part(self._chart, key)
        if part is not None:
            month = words.month_name(_first_day(key))
            self.drill("pipeline", part.conditions, message("Won in {month}", month=month))


class WonOwnersCard(HomeCard):
    """Who won how much in the last twelve months; for whoever sees more than own deals."""

    key = "won_owners"
    follows = frozenset(("deal", "stage", "user"))

    def __init__(self, context: Context) -> None:
        super().__init__(context, message("Won by owner"))
        self._chart: Chart | None = None
        self.chart = ChartView(drawn.Chart(kind=Kind.BAR, title=message("Won by owner"), lying=True))
        self.chart.part_clicked.connect(self._on_part_clicked)
        self.body.addWidget(self.chart, 1)

    def reader(self, replica: Replica) -> Callable[[], Any]:
        """Return what reads the owners; None where the person sees nobody else's deals."""

        def read() -> Chart | None:
            if replica.person.rights.reach_of("deal", Action.READ) <= Reach.OWN:
                return None
            months = months_back(local(replica.clock.now_ms()).date(), MONTHS)
            return figures.won_by_owner(replica, _first_day(months[0]))

        return read

    def take(self, read: Any) -> None:
        """Show the owners."""
        self.offered = read is not None
        self._chart = read
        if read is None:
            return
        chart: Chart = read
        self.chart.show_chart(_owners(chart))
        self.set_remark(message("12 months, {unit}", unit=_unit(chart)))
        self.chart.updateGeometry()

    def _on_part_clicked(self, key: str) -> None:
        part = _part(self._chart, key)
        if part is not None:
            owner = part.label or message("Nobody")
            self.drill("pipeline", part.conditions, message("Won by {owner}", owner=owner))


def _funnel(chart: Chart, title: Text, empty: Text) -> drawn.Chart:
    """Return open deals stage by stage: what they weigh over all, their number beside."""

    def amounts(minor: Callable[[Part], int]) -> tuple[drawn.Number | None, ...]:
        return tuple(words.major(minor(part), chart.currency) for part in chart.parts)

    return drawn.Chart(
        kind=Kind.FUNNEL,
        title=title,
        empty=empty,
        categories=tuple(Category(key=part.key, label=part.label) for part in chart.parts),
        form=Form(unit=Unit.MONEY, currency=chart.currency),
        series=(
            Series(key="all", label=message("All open"), values=amounts(lambda part: part.amount_minor)),
            Series(
                key="weighted",
                label=message("Weighted"),
                values=amounts(lambda part: part.weighted_minor),
                role=Role.PART,
            ),
            Series(
                key="deals",
                label=message("Deals"),
                values=tuple(part.count for part in chart.parts),
                role=Role.BESIDE,
                form=Form(),
            ),
        ),
    )


def _months(chart: Chart, aimed: Mapping[str, int]) -> drawn.Chart:
    """Return what was won month by month, with the targets there are."""
    goals = tuple(
        words.major(aimed[part.key], chart.currency) if part.key in aimed else None for part in chart.parts
    )
    target = (Series(key="target", label=message("Target"), values=goals, role=Role.TARGET),)
    return drawn.Chart(
        kind=Kind.BAR,
        title=message("Won by month"),
        empty=message("Nothing won yet"),
        categories=tuple(
            Category(
                key=part.key,
                label=words.month_letter(_first_day(part.key)),
                name=words.month_name(_first_day(part.key)),
                current=part is chart.parts[-1],
            )
            for part in chart.parts
        ),
        form=_form(chart),
        series=(_won(chart), *(target if any(goal is not None for goal in goals) else ())),
    )


def _owners(chart: Chart) -> drawn.Chart:
    """Return who won how much."""
    return drawn.Chart(
        kind=Kind.BAR,
        lying=True,
        title=message("Won by owner"),
        empty=message("Nothing won yet"),
        categories=tuple(
            Category(key=part.key, label=part.label or message("Nobody")) for part in chart.parts
        ),
        form=_form(chart),
        series=(_won(chart),),
    )


def _won(chart: Chart) -> Series:
    values = tuple(words.major(part.amount_minor, chart.currency) for part in chart.parts)
    return Series(key="won", label=message("Won"), values=values)


def _form(chart: Chart) -> Form:
    amounts = (words.major(part.amount_minor, chart.currency) for part in chart.parts)
    return Form(unit=Unit.MONEY, currency=chart.currency, thousands=counts_in_thousands(amounts))


def _unit(chart: Chart) -> Text:
    if _form(chart).thousands:
        return message("thousand {currency}", currency=chart.currency)
    return chart.currency


def _part(chart: Chart | None, key: str) -> Part | None:
    parts: Mapping[str, Part] = {part.key: part for part in chart.parts} if chart else {}
    return parts.get(key)


def _first_day(month: str) -> datetime.date:
    return datetime.date.fromisoformat(f"{month}-01")
