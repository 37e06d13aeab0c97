"""Which pages there are, in the order of the rail.

A page's module is imported when it is first shown, or before that by `ahead`, once the program rests.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from crm_core.i18n import N_
from crm_desktop.ui.pages.beside_rail import BESIDE_RAIL
from crm_desktop.ui.pages.page_spec import PageSpec
from crm_desktop.ui.places import PAGE_OF_ENTITY

__all__ = ["BY_ID", "PAGES", "PAGE_OF_ENTITY", "PageSpec"]

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
        id="forecast",
        text=N_("Forecast"),
        icon="trophy",
        factory="forecast:ForecastPage",
        entity="deal",
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
        id="customer_value",
        text=N_("Customer value"),
        icon="star",
        factory="customer_value:CustomerValuePage",
        entity="order",
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
    *BESIDE_RAIL,
    PageSpec(id="settings", text=N_("Settings"), icon="sliders", factory="settings:SettingsPage", more=True),
)

BY_ID: Mapping[str, PageSpec] = MappingProxyType({page.id: page for page in PAGES})
