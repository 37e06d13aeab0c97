"""The conditions of a rule in rows: on the record itself, or on what belongs to it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from crm_core.entities import SCHEMAS
from crm_core.errors import UserError
from crm_core.i18n import N_, Message, message
from crm_core.money import Money
from crm_core.rules.conditions import Condition, Op, Value
from crm_core.rules.segments import COUNTED, Related
from crm_core.schema.field import Choice, Field, Kind
from crm_core.schema.values import DEFAULT_CURRENCY
from crm_desktop.services.rule_offers import RelatedOffer, RuleOffers
from crm_desktop.ui.conditions.editor import ConditionsEditor
from crm_desktop.ui.conditions.field_picker import PickerBox, Picks
from crm_desktop.ui.conditions.row import ConditionRow, Offered, Said
from crm_desktop.ui.conditions.value import ConditionValue
from crm_desktop.ui.context import Context
from crm_desktop.ui.forms.editors import QuietCombo
from crm_desktop.ui.lists.conditions import NO_VALUE, OP_WORDS, can_filter, op_text, ops_of
from crm_desktop.ui.theme import theme
from crm_desktop.ui.theme.tokens import L, S
from crm_desktop.ui.translate import tr
from crm_desktop.ui.widgets.buttons import IconButton
from crm_desktop.ui.widgets.labels import Label
from crm_desktop.ui.widgets.live import Live

Leaf = Condition | Related
_WITHOUT_VALUE = frozenset(op.value for op in NO_VALUE)
_USUAL_COUNT = (Op.AT_LEAST, Op.EQUAL, Op.AT_MOST, Op.MORE, Op.LESS)
assert set(_USUAL_COUNT) == set(COUNTED)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfferedTotal(Offered):
    """The number of what belongs to a customer, or a sum over it; compared with in the form's own editor."""

    entity: str
    total: str = ""
    within: tuple[Offered, ...] = ()
    """What may be asked of the records that are counted or added up."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Further:
    """More fields than a list has room for: a tree to choose from, and each of them by its key."""

    picks: Picks
    offered: Callable[[str], Offered | None]


class FieldRow(ConditionRow):
    """A condition as lists have them, its value in the editor of the filter bar."""

    def __init__(
        self,
        context: Context,
        offered: Sequence[Offered],
        said: Said | None = None,
        *,
        further: Further | None = None,
        **how: Any,
    ) -> None:
        self._further = further
        known = {each.field.name for each in offered}
        if further is not None and said is not None and said.field not in known:
            more = further.offered(said.field)
            offered = [*offered, more] if more is not None else offered
        if said is not None:
            said = _one_of(said, next((each for each in offered if each.field.name == said.field), None))
            offered = [_also_by(each, said) for each in offered]
        super().__init__(context, offered, said, **how)

    def make_field_box(self) -> QuietCombo:
        """Return a box that opens a tree where there is one."""
        if self._further is None:
            return super().make_field_box()
        box = PickerBox(self._further.picks, self)
        box.picked.connect(self._on_picked)
        return box

    def make_value(self, offered: Offered) -> Any:
        """Return the filter bar's editor; that of the form for numbers and sums."""
        if isinstance(offered, OfferedTotal):
            return super().make_value(offered)
        return ConditionValue(self._context, offered.field, in_rule=True)

    def read_value(self, offered: Offered, comparison: str) -> Mapping[str, Any]:
        """Return what the field is compared with. `UserError` where it cannot be read."""
        if isinstance(offered, OfferedTotal):
            return super().read_value(offered, comparison)
        return {offered.field.name: self.value_editor.value(Op(comparison))}

    def offer(self) -> Offered | None:
        """Return what is chosen; None for nothing."""
        return self._offered.get(str(self.field_box.currentData() or ""))

    def _on_picked(self, key: str) -> None:
        if self.field_box.findData(key) < 0 and self._further is not None:
            more = self._further.offered(key)
            if more is None:
                return
            self._offered[key] = more
            self.field_box.addItem(more.words, key)
        place = self.field_box.findData(key)
        self.field_box.setCurrentIndex(place)
        self.field_box.activated.emit(place)


class OwnConditions(ConditionsEditor):
    """Conditions on the records that are counted or added up; all of them hold."""

    row_class = FieldRow


class LeafRow(Live, QWidget):
    """One condition of a rule; below it, of what belongs to a customer, which records are meant."""

    edited = Signal()
    removed = Signal()
    grown = Signal()
    """It holds other controls than before."""

    def __init__(
        self,
        context: Context,
        offered: Sequence[Offered],
        leaf: Leaf | None,
        titles: Mapping[str, str],
        number: str,
        parent: QWidget | None = None,
        further: Further | None = None,
    ) -> None:
        """`titles`: what the records the condition names are called, by id."""
        super().__init__(parent)
        self._context, self._number, self._titles = context, number, titles
        said = said_of(leaf, titles)
        how: dict[str, Any] = {"currency": DEFAULT_CURRENCY, "number": number, "parent": self}
        self.row = FieldRow(context, offered, said, further=further, **how)
        self.where: OwnConditions | None = None
        """Which of the records are meant; None for a condition on the customer itself."""
        self._where_of = ""
        self._below = QHBoxLayout()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.addWidget(self.row)
        column.addLayout(self._below)
        self.setFocusProxy(self.row)
        self.row.edited.connect(self._on_row_edited)
        self.row.removed.connect(self.removed)
        self._show_where(leaf.conditions if isinstance(leaf, Related) else ())
        self.retint()

    def leaf(self) -> Leaf:
        """Return the condition. `UserError` where it is not finished or cannot be read."""
        said = self.row.said()
        offered = self.row.offer()
        if not isinstance(offered, OfferedTotal):
            return condition_in(said)
        compared: Value = said.values[said.field]
        if offered.field.kind is Kind.MONEY and isinstance(compared, int):
            code = said.values.get(offered.field.currency or "") or offered.field.unit
            compared = Money(compared, str(code))
        where = self.where.conditions() if self.where is not None else []
        return Related(
            entity=offered.entity,
            op=Op(said.comparison),
            value=compared,
            total=offered.total,
            conditions=tuple(map(condition_in, where)),
        )

    def wrong_stop(self) -> QWidget:
        """Return the control to go to where the condition is not finished."""
        for row in (self.row, *(self.where.rows if self.where is not None else ())):
            try:
                row.said()
            except UserError:
                return row.field_box if row.field_box.currentData() is None else row.value_editor
        return self.row.field_box

    def stops(self) -> list[QWidget]:
        """Return what the Tab key stops at, in its order."""
        return [*self.row.stops(), *(self.where.stops() if self.where is not None else ())]

    def renumber(self, number: str) -> None:
        """Take another place in the rule."""
        self._number = number
        self.row.renumber(number)
        if self.where is not None:
            self.where.renumber(f"{number}.")

    def retint(self) -> None:
        """Take the measures of the theme."""
        self.layout().setSpacing(theme().px(S))
        self._below.setContentsMargins(theme().px(L), 0, 0, 0)

    def retranslate(self) -> None:
        """Name what stands below in the language on screen."""
        if self.where is not None:
            self.where.add_button.say(message("Only those with…"))
            self.where.setAccessibleName(tr("Which records of condition {number}", number=self._number))

    def _on_row_edited(self) -> None:
        self._show_where(())
        self.grown.emit()
        self.edited.emit()

    def _show_where(self, conditions: Sequence[Condition]) -> None:
        offered = self.row.offer()
        entity = offered.entity if isinstance(offered, OfferedTotal) else ""
        if entity == self._where_of:
            return
        if self.where is not None:
            self._below.removeWidget(self.where)
            self.where.hide()
            self.where.deleteLater()
            self.where = None
        self._where_of = entity
        if isinstance(offered, OfferedTotal):
            self.where = OwnConditions(self._context, offered.within, prefix=f"{self._number}.", parent=self)
            self.where.show_conditions([said_of(each, self._titles) for each in conditions])
            self.where.edited.connect(self.grown)
            self.where.edited.connect(self.edited)
            self._below.addWidget(self.where)
            self.where.show()
            self.retranslate()


class KeptRow(Live, QWidget):
    """A condition no row can show: it says in words what it asks, and stays as it is or is taken away."""

    removed = Signal()

    def __init__(
        self, kept: Any, words: Callable[[], Message], number: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.kept, self._words, self._number = kept, words, number
        self.label = Label(wrap=True)
        self.remove_button = IconButton("x", message("Remove the condition"), small=True)
        self.remove_button.clicked.connect(self.removed)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.addWidget(self.label, 1)
        row.addWidget(self.remove_button)
        self.setFocusProxy(self.remove_button)
        self.retranslate()

    def stops(self) -> list[QWidget]:
        """Return what the Tab key stops at."""
        return [self.remove_button]

    def renumber(self, number: str) -> None:
        """Take another place in the rule."""
        self._number = number
        self.retranslate()

    def retranslate(self) -> None:
        """Say it in the language on screen."""
        self.label.say(self._words())
        self.remove_button.setAccessibleName(tr("Remove condition {number}", number=self._number))


def offered_by(offers: RuleOffers) -> tuple[Offered, ...]:
    """Return everything a condition may ask of: the customer's fields, then numbers and sums."""
    own = [offered_of_field(each) for each in offers.fields if can_filter(each)]
    return (*own, *(total for of in offers.related for total in _totals(of)))


def _totals(of: RelatedOffer) -> Iterator[OfferedTotal]:
    records, within = Message(SCHEMAS[of.entity].meta.plural), tuple(_offered_of(of))
    yield OfferedTotal(
        field=Field(no=0, name=f"count({of.entity})", label=N_("Number"), kind=Kind.INTEGER),
        comparisons=_COUNTING,
        label=message("{records}: how many", records=records),
        entity=of.entity,
        within=within,
    )
    for each in of.summed:
        yield OfferedTotal(
            field=replace(each, name=f"sum({of.entity}.{each.name})"),
            comparisons=_COUNTING,
            label=message("{records}: sum of {field}", records=records, field=Message(each.label)),
            entity=of.entity,
            total=each.name,
            within=within,
        )


def is_shown_by(row: LeafRow, leaf: Leaf) -> bool:
    """Tell whether a row says the very condition it was made of."""
    try:
        return bool(_plainly(row.leaf()) == _plainly(leaf))
    except UserError:
        return False


def offered_of_field(field: Field, name: str = "", label: Message | str = "") -> Offered:
    """Return a field with the comparisons that fit it; `name` and `label` where it is called otherwise."""
    asked = replace(field, name=name) if name else field
    comparisons = tuple(Choice(value=op.value, label=op_text(field, op)) for op in ops_of(field))
    return Offered(field=asked, comparisons=comparisons, alone=_WITHOUT_VALUE, label=label)


def _offered_of(of: RelatedOffer) -> list[Offered]:
    own = [offered_of_field(each) for each in of.fields if can_filter(each)]
    linked = [
        offered_of_field(
            further,
            f"{link.name}.{further.name}",
            message("{field} of the {record}", field=Message(further.label), record=Message(link.label)),
        )
        for link, further in of.linked
    ]
    return [*own, *linked]


_COUNTING = tuple(Choice(value=op.value, label=OP_WORDS[op]) for op in _USUAL_COUNT)


def _also_by(offered: Offered, said: Said) -> Offered:
    """Return a field with the comparison a row says, where it is not one of the usual ones."""
    if offered.field.name != said.field or any(each.value == said.comparison for each in offered.comparisons):
        return offered
    further = Choice(value=said.comparison, label=op_text(offered.field, Op(said.comparison)))
    return replace(offered, comparisons=(*offered.comparisons, further))


def _one_of(said: Said, offered: Offered | None) -> Said:
    """Return what is said of a choice as ticks: that it is one value is that it is one of one."""
    usual = {each.value for each in offered.comparisons} if offered is not None else set()
    if said.comparison != Op.EQUAL.value or Op.EQUAL.value in usual or Op.IN.value not in usual:
        return said
    return replace(said, comparison=Op.IN.value, values={said.field: (said.values[said.field],)})


def said_of(leaf: Leaf | None, titles: Mapping[str, str]) -> Any:
    """Return a condition as a row shows it; None for one that is new."""
    if leaf is None:
        return None
    if isinstance(leaf, Related):
        name = f"sum({leaf.entity}.{leaf.total})" if leaf.total else f"count({leaf.entity})"
        values: dict[str, Any] = {name: leaf.value}
        if isinstance(leaf.value, Money):
            total = SCHEMAS[leaf.entity].fields.get(leaf.total)
            values = {name: leaf.value.minor}
            if total is not None and total.currency:
                values[total.currency] = leaf.value.currency
        return Said(field=name, comparison=leaf.op.value, values=values)
    leaf = _plainly(leaf)
    title = titles.get(str(leaf.value), "") if leaf.value is not None else ""
    return Said(
        field=leaf.field,
        comparison=leaf.op.value,
        values={leaf.field: leaf.value},
        titles={leaf.field: title} if title else {},
    )


def condition_in(said: Said) -> Condition:
    """Return the condition a row says."""
    made = Condition(field=said.field, op=Op(said.comparison), value=said.values.get(said.field))
    plain: Condition = _plainly(made)
    return plain


def _plainly(leaf: Any) -> Any:
    """Return a condition in one form: equal to nothing is empty, one of one equal, several are in order."""
    if isinstance(leaf, Related):
        return replace(leaf, conditions=tuple(map(_plainly, leaf.conditions)))
    if leaf.value in (None, "") and leaf.op in (Op.EQUAL, Op.NOT_EQUAL):
        return replace(leaf, op=Op.EMPTY if leaf.op is Op.EQUAL else Op.FILLED, value=None)
    if leaf.op is Op.IN and isinstance(leaf.value, tuple) and leaf.value:
        several = tuple(sorted(set(leaf.value), key=str))
        one = len(several) == 1
        return replace(leaf, op=Op.EQUAL if one else Op.IN, value=several[0] if one else several)
    return leaf
