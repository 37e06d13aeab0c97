"""What to draw of the program, said in words, and how the window gets there.

`PAGE`, `PAGE:WORDS` for the first record found by the words, `PAGE[CONDITION]` for the first one of which a
condition holds (`quotes[status = sent]`), either with `#TAB` for a part of it, `PAGE!STEP!STEP` for what is
done there afterwards, `NAME=…` for a picture of another name. A step is the id of an action (`frame.find`), a
key (`Down`, `Shift+Tab`), `*Words` for the button with these English words, or `'words` that are typed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence
from PySide6.QtWidgets import QAbstractButton, QApplication, QDialog

from crm_core.errors import UserError
from crm_core.i18n import N_
from crm_desktop.assembly import App
from crm_desktop.models.conditions import parse_condition
from crm_desktop.models.query import ListQuery
from crm_desktop.services import lists, records, search
from crm_desktop.ui.context import Place
from crm_desktop.ui.pages.registry import BY_ID
from crm_desktop.ui.shell.frame import Frame
from crm_desktop.ui.translate import tr

FIRST_RUN = "first-run"
"""Stands for the screen of a laptop that has nothing yet; it is no page."""
_ASKED = re.compile(
    r"((?P<name>[\w-]+)=)?(?P<page>[\w-]+)(:(?P<words>[^#!]+)|\[(?P<condition>[^]]+)])?(#(?P<tab>\w+))?"
    r"(?P<steps>(!.+)?)"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """One picture: its name, the place it shows, and what is done there first."""

    name: str
    place: Place | None
    """None for the first run."""
    steps: Sequence[str] = ()


def stop_of(app: App, wanted: str) -> Stop:
    """Return what the words ask for; `UserError` for a page or a record there is not."""
    asked = _ASKED.fullmatch(wanted)
    page = asked["page"] if asked else wanted
    if asked is None or (page not in BY_ID and page != FIRST_RUN):
        raise UserError(
            N_("There is no page “{page}”; there are {pages}"), page=page, pages=", ".join(sorted(BY_ID))
        )
    steps = asked["steps"].split("!")[1:]
    if page == FIRST_RUN:
        return Stop(name=asked["name"] or page, place=None)
    entity = BY_ID[page].entity
    if entity is None or not (asked["words"] or asked["condition"]):
        return Stop(name=asked["name"] or page, place=Place(page=page), steps=steps)
    options = {"tab": asked["tab"]} if asked["tab"] else {}
    place = Place(page=page, record_id=_found(app, entity, asked), options=options)
    return Stop(name=asked["name"] or f"{page}-record", place=place, steps=steps)


def _found(app: App, entity: str, asked: re.Match[str]) -> str:
    """Return the first record that is asked for by words or by a condition."""
    if asked["words"]:
        ids = [hit.id for hit in search.find(app.replica, asked["words"], limit=1, entities={entity})]
    else:
        fields = {shown.field.name: shown.field for shown in lists.shown_fields(app.replica, entity)}
        condition = parse_condition(fields, asked["condition"])
        wanted = ListQuery(entity=entity, conditions=(condition,), limit=1)
        ids = [row.id for row in records.page(app.replica, wanted).rows]
    if not ids:
        raise UserError(N_("Nothing was found for “{words}”"), words=asked["words"] or asked["condition"])
    return ids[0]


def do_steps(frame: Frame, steps: Sequence[str], settle: Callable[[], None]) -> None:
    """Do the steps one after the other, each once the window has come to rest."""
    known = {spec.id for spec in frame.actions_of_program.specs()}
    for step in steps:
        if step in known:
            frame.actions_of_program.action(step).trigger()
        elif step.startswith("'"):
            for letter in step[1:]:
                _press(Qt.Key.Key_unknown, Qt.KeyboardModifier.NoModifier, letter)
        elif step.startswith("*"):
            _button(frame, step[1:]).click()
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


def _button(frame: Frame, words: str) -> QAbstractButton:
    """Return the button that is to be seen and says the words; `UserError` where there is none."""
    inside = QApplication.activePopupWidget() or frame
    for button in inside.findChildren(QAbstractButton):
        if (
            button.isVisible()
            and button.isEnabled()
            and tr(words) in (button.text(), button.accessibleName())
        ):
            return button
    raise UserError(N_("There is no button “{words}” to press"), words=words)


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
    "customers-filter=customers!*Filter",
    "customers-columns=customers!*Columns",
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
    "quote-new=quotes!frame.new",
    "quote-draft=quotes[status = draft]",
    "quote=quotes[status = sent]",
    "quote-versions=quotes[status = sent]#versions",
    "quote-outgoing=quotes[status = declined]#outgoing",
    "quote-comments=quotes[status = sent]#comments",
    "quote-history=quotes[status = sent]#history",
    "quote-waiting=quotes[status = waiting]",
    "quote-send=quotes[status = sent]!*Send or sign…",
    "quote-make=quotes[status = accepted]!*Make…",
    "quote-mail=quotes[status = sent]!quotes.mail",
    "quote-sign=quotes[status = sent]!quotes.sign",
    "quote-drawn=quotes[status = sent]!quotes.sign!*Drawn with mouse, pen or finger",
    "knowledge",
    "article=knowledge:air in the pipe",
    "article-search=knowledge!'drift",
    "article-edit=knowledge:truck!knowledge.edit",
    "article-properties=knowledge:zero calibration!*Properties",
    "orders",
    "order-new=orders!frame.new",
    "order=orders[status = confirmed]",
    "order-lines=orders[status = confirmed]#lines",
    "order-deliveries=orders[status = confirmed]#deliveries",
    "order-return=orders[status = closed]#deliveries!*Take back",
    "order-plan=orders[status = confirmed]#plan",
    "order-document=orders[status = confirmed]#document",
    "order-sign=orders[status = confirmed]#document!orders.sign",
    "contracts",
    "contract=contracts[status = in_force]",
    "contract-lines=contracts[status = in_force]#lines",
    "contract-clauses=contracts[status = in_force]#clauses",
    "contract-clauses-draft=contracts[status = draft]#clauses",
    "contract-plan=contracts[status = draft]#plan",
    "contract-mail=contracts[status = in_force]#document!contracts.mail",
    "contract-new=contracts!frame.new",
    "payments",
    "payment=payments[state = part]",
    "receipts",
    "receipt=receipts[status = posted]",
    "receipt-match=receipts[status = reported]",
    "receipt-refund=receipts[status = posted]!*Give money back…",
    "receipt-new=receipts!frame.new",
    "invoices",
    "invoice=invoices[status = issued]",
    "invoice-requested=invoices[status = requested]",
    "invoice-new=invoices!frame.new",
    "invoice-titles=invoice_titles",
    "invoice-title-new=invoice_titles!frame.new",
    "installed",
    "installed-record=installed[status = in_use]",
    "clauses",
    "clause-new=clauses!frame.new",
    "next-purchases=next_purchases",
    "reports=reports!reports.begin",
    "reports-add-tile=reports!reports.add-tile",
    "reports-table=reports!*Show as a table",
    "report=report_builder",
    "report-change=report_builder!*Change",
    "report-text=report_builder!*Change!*As text",
    "customer-value=customer_value",
    "campaigns",
    "campaign-new=campaigns!frame.new",
    "value-rules=value_rules",
    "value-rule-new=value_rules!frame.new",
    "report-schedules=report_builder!report.schedule",
    "reports-schedules=reports!reports.schedule",
    "tickets",
    "ticket-unknown=tickets:T-3249",
    "call-taken=tickets!frame.call",
    "call-taken-known=tickets!frame.call!'heron!Return",
    "ticket-new=tickets!frame.new",
    "ticket-ask=tickets!tickets.ask!'Did they pay?",
    "ticket-hands=tickets!tickets.assign",
    "ticket-category=tickets!tickets.category!'spare",
    "products",
    "product-new=products!frame.new",
    "product=products:pump",
    "approvals",
    "approvals-others=approvals!*Waiting for others",
    "approvals-ended=approvals!*Ended",
    "sync",
    "fields",
    "field-new=fields!frame.new",
    "pipelines",
    "stages",
    "conditions",
    "condition-new=conditions!frame.new",
    "milestones",
    "competitors",
    "losses",
    "capture-forms=capture_forms",
    "capture-form-new=capture_forms!frame.new",
    "assignment-rules=assignment_rules",
    "assignment-rule-new=assignment_rules!frame.new",
    "assignment-rule=assignment_rules[applies_to = ticket]",
    "scoring-rules=scoring_rules",
    "scoring-rule-new=scoring_rules!frame.new",
    "tags",
    "tag-new=tags!frame.new",
    "pool-rules=pool_rules",
    "pool-rule-new=pool_rules!frame.new",
    "price-books=price_books",
    "price-book=price_books[active = yes]",
    "price-book-new=price_books!frame.new",
    "tax-classes=tax_classes",
    "tax-class=tax_classes[active = yes]",
    "tax-class-new=tax_classes!frame.new",
    "exchange-rates=exchange_rates",
    "exchange-rate-new=exchange_rates!frame.new",
    "plan-templates=plan_templates",
    "plan-template-new=plan_templates!frame.new",
    "work-calendar=work_calendars[standard = yes]",
    "service-levels=sla_policies",
    "service-level=sla_policies[active = yes]",
    "macro-new=macros!frame.new",
    "voice",
    "surveys=surveys",
    "survey=surveys[active = yes]",
    "survey-new=surveys!frame.new",
    "feedback-rule-new=feedback_rules!frame.new",
    "customer-complains=customers[feedback = complains]",
    "customer-promotes=customers[feedback = promotes]",
    "ticket-answered=tickets[satisfaction = 25]",
    "barred-senders=barred_senders",
    "request-forms=request_forms",
    "request-form=request_forms[name ~ Goodwill]",
    "request-form-new=request_forms!frame.new",
    "service-requests=service_requests",
    "service-request=service_requests[status = granted]",
    "service-request-new=service_requests!frame.new",
    "service-request-form=service_requests!frame.new!Return",
    "approval-flows=approval_flows",
    "approval-flow=approval_flows[active = yes]",
    "approval-flow-new=approval_flows!frame.new",
    "mandates",
    "mandate-new=mandates!frame.new",
    "absences",
    "absence-new=absences!frame.new",
    "forecast",
    "forecast-attainment=forecast!*Attainment!*Year",
    "forecast-history=forecast!*By history",
    "forecast-what-if=forecast!*What if",
    "target-plan=target_plan",
    "targets",
    "target-new=targets!frame.new",
    "document-templates=document_templates",
    "document-template-new=document_templates!frame.new",
    "mend",
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
