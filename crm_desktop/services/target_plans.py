"""A year of targets of one subject: read and saved whole, copied from the year before, added up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from crm_core.entities import schema_of
from crm_core.errors import Invalid, Problem, UserError
from crm_core.i18n import N_, message
from crm_core.reporting.reaching import TARGET, Reaching
from crm_core.rules.access import Action, decide
from crm_core.rules.attainment import Attainment
from crm_core.rules.conditions import Condition, Op
from crm_core.rules.reports import all_of
from crm_core.rules.segments import Rule
from crm_core.rules.target_plan import Goal, Sum, grown, roll_up, spread
from crm_core.rules.targets import IN_MONEY, MONTHS, OF_DEALS, default_name
from crm_core.schema.field import Plain
from crm_desktop.models import state
from crm_desktop.models.conditions import Condition as ListCondition
from crm_desktop.models.query import MAX_LIMIT, ListQuery
from crm_desktop.models.replica import Replica
from crm_desktop.models.report_source import LaptopSource
from crm_desktop.models.session import WriteSession
from crm_desktop.models.state import Key
from crm_desktop.services import records
from crm_desktop.services.company import company
from crm_desktop.services.dashboards import conditions_within
from crm_desktop.services.outcome import Outcome

_SUBJECT = ("user_id", "team_id", "product_id", "family")
PERIODS = ("year", *MONTHS)
YEAR = "year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subject:
    """What a plan is of: whose it is, what counts, in which currency, of which product or family."""

    year: int
    measure: str = "won_amount"
    currency: str | None = None
    user_id: str | None = None
    team_id: str | None = None
    product_id: str | None = None
    family: str | None = None

    @property
    def in_money(self) -> bool:
        """Whether it is of amounts."""
        return self.measure in IN_MONEY

    def fits(self, goal: Goal) -> bool:
        """Tell whether a target is one of this plan."""
        return (
            goal.year == self.year
            and goal.measure == self.measure
            and goal.currency == (self.currency if self.in_money else None)
            and goal.whose == ((self.user_id, None) if self.user_id else (None, self.team_id))
            and (goal.product_id, goal.family) == (self.product_id, self.family)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The targets of a subject: of the year and of each month, None where there is none."""

    subject: Subject
    year: int | None
    months: tuple[int | None, ...]
    ids: dict[str, str] = field(default_factory=dict)
    """The records, by period."""
    reached_before: tuple[int, ...] = ()
    """What was reached in each month of the year before."""
    before: int | None = None
    """The target of the year before."""

    @property
    def difference(self) -> int | None:
        """Return by how much all twelve months come to more than the year; None while some are missing."""
        if self.year is None or any(month is None for month in self.months):
            return None
        return sum(month or 0 for month in self.months) - self.year


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A target as a list shows it, with the very records behind what is reached."""

    attainment: Attainment
    whose: str
    """Name of the person or team; '' for the company."""
    product: str
    """Name of the product or family; '' for everything."""
    depth: int
    """0 the company, then teams by how far they are below one another, persons below their team."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attained:
    """The targets of a period and measure, teams below the company and persons below their team."""

    rows: tuple[Row, ...]
    sums: tuple[Sum, ...]
    """Targets beside what their parts come to, of the whole year."""
    names: dict[str, str]
    """Names of persons, teams and products by id."""
    may_set: bool
    as_of_ms: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Something a plan may be of: a field of a target with its value, and what it is called."""

    field: str
    value: str
    name: str


def whose_choices(replica: Replica) -> tuple[Choice, ...]:
    """Return the teams and the people a plan may be of, by name, teams first; the company is none of them."""
    found = []
    for entity, name in (("team", "team_id"), ("user", "user_id")):
        wanted = ListQuery(entity=entity, sort=(("name", False),), fields=("name",), limit=MAX_LIMIT)
        rows = records.page(replica, wanted).rows
        found += [Choice(field=name, value=row.id, name=row.title) for row in rows]
    return tuple(found)


def product_choices(replica: Replica) -> tuple[Choice, ...]:
    """Return the families of products and the products a plan may be of, by name, families first."""
    fields = ("name", "family")
    wanted = ListQuery(entity="product", sort=(("name", False),), fields=fields, limit=MAX_LIMIT)
    rows = records.page(replica, wanted).rows
    families = sorted({str(row.get("family")) for row in rows if row.get("family")})
    return (
        *(Choice(field="family", value=name, name=name) for name in families),
        *(Choice(field="product_id", value=row.id, name=row.title) for row in rows),
    )


def currency_of(replica: Replica) -> str:
    """Return the company's currency, in which plans of amounts are."""
    with replica.read() as session:
        return company(session).currency


def plan(replica: Replica, subject: Subject) -> Plan:
    """Return the plan of a subject as it is. `AccessDenied` for who reads no targets."""
    decide(replica.person, Action.READ, TARGET).demand()
    with replica.read() as session:
        reaching = Reaching(LaptopSource(session, replica.person, company(session).currency))
        found = _of_subject(reaching, subject)
        earlier = {goal.period: goal for goal in _of_subject(reaching, _moved(subject, -1))}
        probe = Goal(
            id="",
            year=subject.year - 1,
            period=YEAR,
            measure=subject.measure,
            goal=0,
            currency=subject.currency if subject.in_money else None,
            user_id=subject.user_id,
            team_id=None if subject.user_id else subject.team_id,
            product_id=subject.product_id,
            family=subject.family,
        )
        reached = reaching.by_month(probe)
    amounts = {goal.period: goal.goal for goal in found}
    before = earlier.get(YEAR)
    return Plan(
        subject=subject,
        year=amounts.get(YEAR),
        months=tuple(amounts.get(name) for name in MONTHS),
        ids={goal.period: goal.id for goal in found},
        reached_before=reached,
        before=before.goal if before is not None else None,
    )


def save(
    replica: Replica, subject: Subject, year: int | None, months: Sequence[int | None]
) -> Outcome[tuple[str, ...]]:
    """Keep the targets of a year and its months, in minor units or as numbers; None takes one away.

    `Invalid` or `AccessDenied` as for each of them; then none is changed.
    """
    _demand_sound(subject)
    wanted = dict(zip(PERIODS, (year, *months), strict=True))
    held = plan(replica, subject)
    changed: set[tuple[str, str]] = set()
    with replica.write() as session:
        for period, goal in wanted.items():
            target_id = held.ids.get(period)
            if goal is None and target_id is not None:
                records.delete_in(session, replica, TARGET, target_id)
            elif goal is not None and target_id is not None:
                present = held.year if period == YEAR else held.months[MONTHS.index(period)]
                if goal == present:
                    continue
                records.update_in(session, replica, TARGET, target_id, _goal(subject, goal))
            elif goal is not None:
                target_id = _create(session, replica, subject, period, goal)
            else:
                continue
            changed.add((TARGET, target_id or ""))
    return Outcome(tuple(sorted(each for _, each in changed)), frozenset(changed))


def spread_evenly(year: int) -> tuple[int, ...]:
    """Return a year shared out evenly."""
    return spread(year, [1] * len(MONTHS))


def copied(replica: Replica, subject: Subject, percent: Decimal) -> tuple[int | None, tuple[int | None, ...]]:
    """Return the plan of the year before, so many per cent higher: the year, and its months.

    Months that came to their year still do. `UserError` where there is no such plan.
    """
    before = plan(replica, _moved(subject, -1))
    if before.year is None and not any(before.months):
        raise UserError(N_("There are no targets of {year} to copy"), year=str(subject.year - 1))
    year = None if before.year is None else grown(before.year, percent)
    if year is not None and before.difference == 0:
        return year, spread(year, [month or 0 for month in before.months])
    return year, tuple(None if month is None else grown(month, percent) for month in before.months)


def attained(replica: Replica, year: int, period: str, measure: str = "won_amount") -> Attained:
    """Return how far the targets of a period are reached. `AccessDenied` for who reads no targets."""
    person = replica.person
    decide(person, Action.READ, TARGET).demand()
    with replica.read() as session:
        reaching = Reaching(LaptopSource(session, person, company(session).currency))
        of_year = reaching.goals(_all(year=year, measure=measure))
        goals = [goal for goal in of_year if goal.period == period]
        told = reaching.attainments(goals)
        parents, team_of = reaching.parents, reaching.team_of
        links = {(kind, value) for goal in of_year for kind, value in _links(goal)}
        as_of = state.read(session, Key.LAST_OK_MS) or None
    titles = records.titles(replica, links)
    names = {record_id: title for (_, record_id), title in titles.items()}
    rows = [
        Row(
            attainment=told[goal.id],
            whose=names.get(goal.user_id or goal.team_id or "", ""),
            product=names.get(goal.product_id or "", "") or goal.family or "",
            depth=len(_path(goal, parents, team_of)),
        )
        for goal in goals
        if goal.id in told
    ]
    rows.sort(key=lambda row: _order(row, names, parents, team_of))
    return Attained(
        rows=tuple(rows),
        sums=roll_up(of_year, parents, team_of),
        names=names,
        may_set=bool(decide(person, Action.CREATE, TARGET)),
        as_of_ms=as_of,
    )


def records_behind(replica: Replica, goal: Goal) -> tuple[str, tuple[ListCondition, ...]]:
    """Return the kind of record a target counts, and what narrows its list to the very ones."""
    with replica.read() as session:
        reaching = Reaching(LaptopSource(session, replica.person, company(session).currency))
        counted = reaching.counted(goal)
        if counted is None:
            raise UserError(N_("This target was set by a newer version"))
        entity, rule = counted
        return entity, conditions_within(session, replica.person, entity, rule)


def _of_subject(reaching: Reaching, subject: Subject) -> list[Goal]:
    """Return the targets of a plan; of several of one period the one with the smallest id, everywhere."""
    found: dict[str, Goal] = {}
    every = reaching.goals(_all(year=subject.year, measure=subject.measure))
    for goal in sorted(every, key=lambda goal: goal.id):
        if subject.fits(goal) and goal.period in PERIODS:
            found.setdefault(goal.period, goal)
    return list(found.values())


def _all(**equal: str | int) -> Rule:
    return all_of(Condition(field=name, op=Op.EQUAL, value=value) for name, value in equal.items())


def _moved(subject: Subject, years: int) -> Subject:
    return Subject(
        year=subject.year + years,
        measure=subject.measure,
        currency=subject.currency,
        user_id=subject.user_id,
        team_id=subject.team_id,
        product_id=subject.product_id,
        family=subject.family,
    )


def _demand_sound(subject: Subject) -> None:
    if subject.in_money and not subject.currency:
        field_of = schema_of(TARGET).fields["currency"]
        raise Invalid([Problem(field=field_of.name, message=message(N_("Say in which currency")))])
    if (subject.product_id or subject.family) and subject.measure not in OF_DEALS:
        raise Invalid(
            [Problem(field="product_id", message=message(N_("Only what is won can be counted by product")))]
        )


def _goal(subject: Subject, goal: int) -> dict[str, Plain]:
    if subject.in_money:
        return {"amount": goal, "currency": subject.currency}
    return {"number": goal}


def _create(session: WriteSession, replica: Replica, subject: Subject, period: str, goal: int) -> str:
    values: dict[str, Plain] = {
        "name": default_name(subject.year, period),
        "year": subject.year,
        "period": period,
        "measure": subject.measure,
        **_goal(subject, goal),
        **{name: getattr(subject, name) for name in _SUBJECT if getattr(subject, name)},
    }
    return records.create_in(session, replica, TARGET, values).id


def _links(goal: Goal) -> list[tuple[str, str]]:
    found = [("user", goal.user_id), ("team", goal.team_id), ("product", goal.product_id)]
    return [(kind, value) for kind, value in found if value]


def _path(
    goal: Goal, parents: Mapping[str, str | None], team_of: Mapping[str, str | None]
) -> tuple[str, ...]:
    """Return the teams a target stands below, the topmost first, and then what it is of itself."""
    at = team_of.get(goal.user_id) if goal.user_id else goal.team_id
    chain: list[str] = []
    while at is not None and at not in chain:
        chain.append(at)
        at = parents.get(at)
    chain.reverse()
    return (*chain, goal.user_id) if goal.user_id else tuple(chain)


def _order(
    row: Row,
    names: Mapping[str, str],
    parents: Mapping[str, str | None],
    team_of: Mapping[str, str | None],
) -> tuple[str, tuple[tuple[str, str], ...], str, str]:
    goal = row.attainment.goal
    path = tuple((names.get(each, ""), each) for each in _path(goal, parents, team_of))
    return (goal.currency or "", path, row.product.casefold(), goal.id)
