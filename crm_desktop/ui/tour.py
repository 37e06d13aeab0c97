"""What to draw of the program, said in words, and how the window gets there.

`PAGE`, `PAGE:WORDS` for the first record found by the words, `PAGE!STEP!STEP` for what is done there
afterwards, `NAME=…` for a picture of another name. A step is the id of an action (`frame.find`), a key
(`Down`, `Shift+Tab`) or `'words` that are typed.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QApplication, QDialog

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_desktop.assembly import App
from crm_desktop.services import search
from crm_desktop.ui.context import Place
from crm_desktop.ui.pages.registry import BY_ID
from crm_desktop.ui.shell.frame import Frame

FIRST_RUN = "first-run"
"""Stands for the screen of a laptop that has nothing yet; it is no page."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One picture: its name, the place it shows, and what is done there first."""

    name: str
    place: Place | None
    """None for the first run."""
    steps: Sequence[str] = ()


def stop_of(app: App, wanted: str) -> Stop:
    """Return what the words ask for; `UserError` for a page or a record there is not."""
    name, named, what = wanted.rpartition("=")
    where, *steps = what.split("!")
    page, _, words = where.partition(":")
    if page == FIRST_RUN:
        return Stop(name=name if named else page, place=None)
    if page not in BY_ID:
        raise UserError(
            N_("There is no page “{page}”; there are {pages}"), page=page, pages=", ".join(sorted(BY_ID))
        )
    entity = BY_ID[page].entity
    if not words or entity is None:
        return Stop(name=name if named else page, place=Place(page=page), steps=steps)
    hits = search.find(app.replica, words, limit=1, entities={entity})
    if not hits:
        raise UserError(N_("Nothing was found for “{words}”"), words=words)
    place = Place(page=page, record_id=hits[0].id)
    return Stop(name=name if named else f"{page}-record", place=place, steps=steps)


def do_steps(frame: Frame, steps: Sequence[str], settle: Callable[[], None]) -> None:
    """Do the steps one after the other, each once the window has come to rest."""
    known = {spec.id for spec in frame.actions_of_program.specs()}
    for step in steps:
        if step in known:
            frame.actions_of_program.action(step).trigger()
        elif step.startswith("'"):
            for letter in step[1:]:
                _press(Qt.Key.Key_unknown, Qt.KeyboardModifier.NoModifier, letter)
        else:
            keys = QKeySequence(step)
            pressed = None if keys.isEmpty() else keys[0]  # type: ignore[index]  # its stub leaves it out
            if pressed is None or pressed.key() == Qt.Key.Key_unknown:
                raise UserError(N_("“{step}” is neither an action of this page nor a key"), step=step)
            _press(pressed.key(), pressed.keyboardModifiers(), "")
        settle()


def put_away() -> None:
    """Close the popups and dialogs that steps have opened."""
    while (popup := QApplication.activePopupWidget()) is not None:
        popup.close()
    for window in QApplication.topLevelWidgets():
        if isinstance(window, QDialog) and window.isVisible():
            window.reject()


def _press(key: Qt.Key, modifiers: Qt.KeyboardModifier, letter: str) -> None:
    """Press a key where the keyboard is: in the popup that is open, else in the field with the focus."""
    popup = QApplication.activePopupWidget()
    target = QApplication.focusWidget() or popup
    if popup is not None and target is not None and not popup.isAncestorOf(target):
        target = popup.focusWidget() or popup
    if target is not None:
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            QApplication.sendEvent(target, QKeyEvent(kind, key, modifiers, letter))


_TOUR: tuple[str, ...] = (
    "home",
    "customers",
    "customers-filter=customers!customer.filter",
    "customers-bulk=customers!Space!Down!Space!customer.bulk",
    "customer=customers:heron",
    "customer-contacts=customers:heron!customer.tab-contacts",
    "customer-deals=customers:heron!customer.tab-deals",
    "customer-quotes=customers:heron!customer.tab-quotes",
    "customer-tickets=customers:heron!customer.tab-tickets",
    "customer-files=customers:heron!customer.tab-files",
    "customer-points=customers:heron!customer.tab-points",
    "customer-organisation=customers:heron!customer.tab-organisation",
    "customer-comments=customers:heron!customer.tab-comments",
    "customer-orders=customers:heron!customer.tab-orders",
    "customer-history=customers:heron!customer.tab-history",
    "customer-edit=customers:heron!customer.edit",
    "customer-new=customers!frame.new",
    "hand-over=customers!customers.hand-over",
    "pool-return=customers!pool.return",
    "duplicates",
    "segments",
    "segment-new=segments!frame.new",
    "leads",
    "lead-convert=leads!leads.convert",
    "lead-put-aside=leads!leads.disqualify",
    "lead-new=leads!frame.new",
    "pipeline",
    "pipeline-to=pipeline!pipeline.to",
    "pipeline-lose=pipeline!pipeline.lose",
    "pipeline-new=pipeline!pipeline.new",
    "pipeline-table=pipeline!pipeline.view",
    "calendar-day=calendar!calendar.day",
    "calendar-week=calendar!calendar.week",
    "calendar-month=calendar!calendar.month",
    "calendar-agenda=calendar!calendar.agenda",
    "calendar-list=calendar!calendar.list",
    "calendar-plan=calendar!calendar.week!calendar.plan",
    "activity-new=calendar!calendar.new",
    "quotes",
    "quote=quotes:Q-",
    "quote-mail=quotes:Q-!quotes.mail",
    "quote-sign=quotes:Q-!quotes.sign",
    "orders",
    "order=orders:O-",
    "contracts",
    "contract=contracts:C-",
    "contract-new=contracts!frame.new",
    "installed",
    "clauses",
    "next-purchases=next_purchases",
    "tickets",
    "ticket-new=tickets!frame.new",
    "products",
    "product-new=products!frame.new",
    "product=products:pump",
    "approvals",
    "sync",
    "fields",
    "field-new=fields!frame.new",
    "pipelines",
    "stages",
    "conditions",
    "condition-new=conditions!frame.new",
    "milestones",
    "competitors",
    "tags",
    "tag-new=tags!frame.new",
    "pool-rules=pool_rules",
    "price-books=price_books",
    "price-book-new=price_books!frame.new",
    "tax-classes=tax_classes",
    "tax-class-new=tax_classes!frame.new",
    "exchange-rates=exchange_rates",
    "approval-flows=approval_flows",
    "approval-flow-new=approval_flows!frame.new",
    "mandates",
    "mandate-new=mandates!frame.new",
    "absences",
    "absence-new=absences!frame.new",
    "targets",
    "target-new=targets!frame.new",
    "document-templates=document_templates",
    "document-template-new=document_templates!frame.new",
    "import",
    "settings",
    "search=home!frame.find!'her",
    "search-pinyin=home!frame.find!'zhihe",
    "quick-log=home!frame.log",
    "shortcuts=home!frame.shortcuts",
    "first-run",
)
"""Every screen there is, as a profile with the sample data has it."""


def tour(names: Sequence[str]) -> list[str]:
    """Return the stops with these names, or all where there is none."""
    return [stop for stop in _TOUR if not any(names) or stop.split("=")[0] in names]
