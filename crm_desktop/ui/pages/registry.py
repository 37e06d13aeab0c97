"""Which pages there are, in the order of the rail.

A page's module is imported when it is first shown, or before that by `ahead`, once the program rests.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from crm_core.i18n import N_
from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context
from crm_desktop.ui.pages.page import Page
from crm_desktop.ui.places import PAGE_OF_ENTITY

__all__ = ["BY_ID", "PAGES", "PAGE_OF_ENTITY", "PageSpec"]


@dataclass(frozen=True, slots=True, kw_only=True)
class PageSpec:
    """A page of the window. `factory` is `module:class` under `crm_desktop.ui.pages`."""

    id: str
    text: str
    icon: str
    factory: str
    shortcut: str = ""
    entity: str | None = None
    """Shown only to whoever may read this kind of record."""
    more: bool = False
    """Stands below the line."""
    in_rail: bool = True

    @property
    def module(self) -> str:
        """The module the page is in."""
        return f"crm_desktop.ui.pages.{self.factory.split(':')[0]}"

    def make(self, context: Context, actions: ActionRegistry) -> Page:
        """Import the page and return a new one."""
        name = self.factory.split(":")[1]
        page_class: type[Page] = getattr(importlib.import_module(self.module), name)
        return page_class(context, actions)


PAGES: tuple[PageSpec, ...] = (
    PageSpec(id="home", text=N_("Home"), icon="home", factory="home:HomePage", shortcut="Ctrl+1"),
    PageSpec(
        id="customers",
        text=N_("Customers"),
        icon="people",
        factory="customers:CustomersPage",
        shortcut="Ctrl+2",
        entity="customer",
    ),
    PageSpec(
        id="leads",
        text=N_("Leads"),
        icon="sprout",
        factory="leads:LeadsPage",
        shortcut="Ctrl+3",
        entity="lead",
    ),
    PageSpec(
        id="pipeline",
        text=N_("Pipeline"),
        icon="board",
        factory="pipeline:PipelinePage",
        shortcut="Ctrl+4",
        entity="deal",
    ),
    PageSpec(
        id="calendar",
        text=N_("Calendar"),
        icon="cal",
        factory="calendar:CalendarPage",
        shortcut="Ctrl+5",
        entity="activity",
    ),
    PageSpec(
        id="quotes",
        text=N_("Quotes"),
        icon="doc",
        factory="quotes:QuotesPage",
        shortcut="Ctrl+6",
        entity="quote",
    ),
    PageSpec(
        id="orders",
        text=N_("Orders"),
        icon="truck",
        factory="agreed:OrdersPage",
        shortcut="Ctrl+7",
        entity="order",
    ),
    PageSpec(
        id="contracts",
        text=N_("Contracts"),
        icon="contract",
        factory="agreed:ContractsPage",
        entity="contract",
    ),
    PageSpec(
        id="payments",
        text=N_("Payments"),
        icon="coin",
        factory="payments:PaymentsPage",
        entity="instalment",
    ),
    PageSpec(
        id="receipts",
        text=N_("Receipts"),
        icon="receipt",
        factory="payments:ReceiptsPage",
        entity="receipt",
    ),
    PageSpec(
        id="invoices",
        text=N_("Invoices"),
        icon="invoice",
        factory="payments:InvoicesPage",
        entity="invoice",
    ),
    PageSpec(
        id="tickets",
        text=N_("Tickets"),
        icon="ticket",
        factory="tickets:TicketsPage",
        shortcut="Ctrl+8",
        entity="ticket",
    ),
    PageSpec(
        id="knowledge",
        text=N_("Knowledge"),
        icon="book",
        factory="knowledge:KnowledgePage",
        shortcut="Ctrl+9",
        entity="article",
    ),
    PageSpec(
        id="products",
        text=N_("Products"),
        icon="box",
        factory="products:ProductsPage",
        entity="product",
        more=True,
    ),
    PageSpec(
        id="installed",
        text=N_("Installed products"),
        icon="pin",
        factory="agreed:InstalledPage",
        entity="installed_product",
        more=True,
    ),
    PageSpec(
        id="reports",
        text=N_("Reports"),
        icon="bars",
        factory="dashboards:DashboardsPage",
        entity="dashboard",
        more=True,
    ),
    PageSpec(
        id="report_builder",
        text=N_("Report builder"),
        icon="sliders",
        factory="report_builder:ReportBuilderPage",
        entity="report",
        more=True,
    ),
    PageSpec(
        id="voice",
        text=N_("What customers say"),
        icon="heart",
        factory="voice:VoicePage",
        entity="ticket",
        more=True,
    ),
    PageSpec(
        id="approvals",
        text=N_("Approvals"),
        icon="shield",
        factory="approvals:ApprovalsPage",
        entity="approval_request",
        more=True,
    ),
    PageSpec(
        id="sync",
        text=N_("Sync centre"),
        icon="sync",
        factory="sync_centre:SyncCentrePage",
        shortcut="Ctrl+0",
        more=True,
    ),
    PageSpec(
        id="fields",
        text=N_("Custom fields"),
        icon="sliders",
        factory="fields:FieldsPage",
        entity="custom_field",
        in_rail=False,
    ),
    PageSpec(
        id="pipelines",
        text=N_("Pipelines"),
        icon="board",
        factory="selling_setup:PipelinesPage",
        entity="pipeline",
        in_rail=False,
    ),
    PageSpec(
        id="stages",
        text=N_("Stages"),
        icon="cols",
        factory="selling_setup:StagesPage",
        entity="stage",
        in_rail=False,
    ),
    PageSpec(
        id="conditions",
        text=N_("Conditions of stages"),
        icon="shield",
        factory="selling_setup:ConditionsPage",
        entity="stage_rule",
        in_rail=False,
    ),
    PageSpec(
        id="milestones",
        text=N_("Milestones"),
        icon="flag",
        factory="selling_setup:MilestonesPage",
        entity="milestone",
        in_rail=False,
    ),
    PageSpec(
        id="competitors",
        text=N_("Competitors"),
        icon="flag",
        factory="selling_setup:CompetitorsPage",
        entity="competitor",
        in_rail=False,
    ),
    PageSpec(
        id="losses",
        text=N_("Lost deals"),
        icon="lost",
        factory="losses:LossesPage",
        entity="deal",
        in_rail=False,
    ),
    PageSpec(
        id="capture_forms",
        text=N_("Capture forms"),
        icon="globe",
        factory="lead_setup:CaptureFormsPage",
        entity="capture_form",
        in_rail=False,
    ),
    PageSpec(
        id="assignment_rules",
        text=N_("Assignment rules"),
        icon="sort",
        factory="lead_setup:AssignmentRulesPage",
        entity="assignment_rule",
        in_rail=False,
    ),
    PageSpec(
        id="scoring_rules",
        text=N_("Scoring rules"),
        icon="star",
        factory="lead_setup:ScoringRulesPage",
        entity="scoring_rule",
        in_rail=False,
    ),
    PageSpec(
        id="work_calendars",
        text=N_("Work calendars"),
        icon="cal",
        factory="service_setup:WorkCalendarsPage",
        entity="work_calendar",
        in_rail=False,
    ),
    PageSpec(
        id="sla_policies",
        text=N_("Service levels"),
        icon="clock",
        factory="service_setup:SlaPoliciesPage",
        entity="sla_policy",
        in_rail=False,
    ),
    PageSpec(
        id="ticket_categories",
        text=N_("Ticket categories"),
        icon="tag",
        factory="service_setup:TicketCategoriesPage",
        entity="ticket_category",
        in_rail=False,
    ),
    PageSpec(
        id="macros",
        text=N_("Macros"),
        icon="play",
        factory="service_setup:MacrosPage",
        entity="macro",
        in_rail=False,
    ),
    PageSpec(
        id="surveys",
        text=N_("Surveys"),
        icon="star",
        factory="survey_setup:SurveysPage",
        entity="survey",
        in_rail=False,
    ),
    PageSpec(
        id="feedback_rules",
        text=N_("Rules about feedback"),
        icon="flag",
        factory="survey_setup:FeedbackRulesPage",
        entity="feedback_rule",
        in_rail=False,
    ),
    PageSpec(
        id="barred_senders",
        text=N_("Barred senders"),
        icon="shield",
        factory="service_setup:BarredSendersPage",
        entity="barred_sender",
        in_rail=False,
    ),
    PageSpec(
        id="request_forms",
        text=N_("Request forms"),
        icon="note",
        factory="service_setup:RequestFormsPage",
        entity="request_form",
        in_rail=False,
    ),
    PageSpec(
        id="service_requests",
        text=N_("Service requests"),
        icon="note",
        factory="service_requests:ServiceRequestsPage",
        entity="service_request",
        in_rail=False,
    ),
    PageSpec(
        id="segments",
        text=N_("Segments"),
        icon="filter",
        factory="segments:SegmentsPage",
        entity="segment",
        in_rail=False,
    ),
    PageSpec(id="tags", text=N_("Tags"), icon="tag", factory="tags:TagsPage", entity="tag", in_rail=False),
    PageSpec(
        id="pool_rules",
        text=N_("Pool rules"),
        icon="filter",
        factory="pool_rules:PoolRulesPage",
        entity="pool_rule",
        in_rail=False,
    ),
    PageSpec(
        id="document_templates",
        text=N_("Document templates"),
        icon="file",
        factory="document_templates:DocumentTemplatesPage",
        entity="document_template",
        in_rail=False,
    ),
    PageSpec(
        id="next_purchases",
        text=N_("Next purchases"),
        icon="clock",
        factory="next_purchases:NextPurchasesPage",
        entity="order",
        in_rail=False,
    ),
    PageSpec(
        id="article_categories",
        text=N_("Article categories"),
        icon="book",
        factory="article_setup:ArticleCategoriesPage",
        entity="article_category",
        in_rail=False,
    ),
    PageSpec(
        id="clauses",
        text=N_("Clauses"),
        icon="book",
        factory="agreed:ClausesPage",
        entity="clause",
        in_rail=False,
    ),
    PageSpec(
        id="approval_flows",
        text=N_("Approval flows"),
        icon="shield",
        factory="approval_setup:ApprovalFlowsPage",
        entity="approval_flow",
        in_rail=False,
    ),
    PageSpec(
        id="mandates",
        text=N_("Discount mandates"),
        icon="shield",
        factory="approval_setup:MandatesPage",
        entity="mandate",
        in_rail=False,
    ),
    PageSpec(
        id="absences",
        text=N_("Absences"),
        icon="cal",
        factory="approval_setup:AbsencesPage",
        entity="absence",
        in_rail=False,
    ),
    PageSpec(
        id="targets",
        text=N_("Targets"),
        icon="trophy",
        factory="targets:TargetsPage",
        entity="target",
        in_rail=False,
    ),
    PageSpec(
        id="invoice_titles",
        text=N_("Invoice titles"),
        icon="doc",
        factory="payments:InvoiceTitlesPage",
        entity="invoice_title",
        in_rail=False,
    ),
    PageSpec(
        id="price_books",
        text=N_("Price books"),
        icon="coin",
        factory="price_setup:PriceBooksPage",
        entity="price_book",
        in_rail=False,
    ),
    PageSpec(
        id="tax_classes",
        text=N_("Tax classes"),
        icon="coin",
        factory="price_setup:TaxClassesPage",
        entity="tax_class",
        in_rail=False,
    ),
    PageSpec(
        id="exchange_rates",
        text=N_("Exchange rates"),
        icon="coin",
        factory="price_setup:ExchangeRatesPage",
        entity="exchange_rate",
        in_rail=False,
    ),
    PageSpec(
        id="plan_templates",
        text=N_("Plan templates"),
        icon="coin",
        factory="price_setup:PlanTemplatesPage",
        entity="plan_template",
        in_rail=False,
    ),
    PageSpec(
        id="mend",
        text=N_("Fields to mend"),
        icon="pen",
        factory="mending:MendingPage",
        in_rail=False,
    ),
    PageSpec(
        id="duplicates",
        text=N_("Possible duplicates"),
        icon="compare",
        factory="duplicates:DuplicatesPage",
        entity="customer",
        in_rail=False,
    ),
    PageSpec(id="import", text=N_("Import"), icon="dl", factory="imports:ImportPage", in_rail=False),
    PageSpec(id="settings", text=N_("Settings"), icon="sliders", factory="settings:SettingsPage", more=True),
)

BY_ID: Mapping[str, PageSpec] = MappingProxyType({page.id: page for page in PAGES})
