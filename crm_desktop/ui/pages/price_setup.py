"""What prices follow from, for whoever sets it up: price books, tax classes, exchange rates."""

from __future__ import annotations

from crm_desktop.ui.actions import ActionRegistry
from crm_desktop.ui.context import Context
from crm_desktop.ui.pages.records import RecordsLook, RecordsPage
from crm_desktop.ui.prices.forms import PriceBookForm, TaxClassForm


class PriceBooksPage(RecordsPage):
    """The price books; one with its prices."""

    form_class = PriceBookForm

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="price_books",
            entity="price_book",
            columns=(
                "name",
                "currency",
                "is_default",
                "customer_id",
                "level",
                "parent_id",
                "percent",
                "valid_until",
                "told_as_of",
                "active",
            ),
            sort=(("name", False),),
            widths={
                "currency": 64,
                "is_default": 88,
                "customer_id": 120,
                "level": 84,
                "parent_id": 120,
                "percent": 72,
                "valid_until": 96,
                "told_as_of": 96,
                "active": 64,
            },
        )
        super().__init__(context, actions, look)


class TaxClassesPage(RecordsPage):
    """Which products are taxed alike."""

    form_class = TaxClassForm

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="tax_classes",
            entity="tax_class",
            columns=("name", "name_zh", "active"),
            sort=(("name", False),),
            imports=False,
            widths={"active": 80},
        )
        super().__init__(context, actions, look)


class ExchangeRatesPage(RecordsPage):
    """What currencies cost in others, the newest first."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="exchange_rates",
            entity="exchange_rate",
            columns=("currency", "to_currency", "rate", "valid_from"),
            sort=(("valid_from", True),),
            widths={"currency": 120, "to_currency": 120, "rate": 120},
        )
        super().__init__(context, actions, look)


class PlanTemplatesPage(RecordsPage):
    """Usual payment plans under their names, in the order they are offered."""

    def __init__(self, context: Context, actions: ActionRegistry) -> None:
        look = RecordsLook(
            page="plan_templates",
            entity="plan_template",
            columns=("name", "name_zh", "parts", "months", "rank", "active"),
            sort=(("rank", False), ("name", False)),
            imports=False,
            widths={"parts": 260, "months": 120, "rank": 80, "active": 80},
        )
        super().__init__(context, actions, look)
