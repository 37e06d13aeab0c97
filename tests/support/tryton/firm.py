"""Makes a firm in an empty Tryton database: company, accounts, one product of which there are 40 pieces.

Run by a Python that has Tryton: `firm.py DATABASE_URI CONFIGURATION`.
"""

import datetime
import sys
from decimal import Decimal

from proteus import Model, config

database, configuration = sys.argv[1:3]
config.set_trytond(database, config_file=configuration)

from trytond.modules.account.tests.tools import create_chart, create_fiscalyear, get_accounts  # noqa: E402
from trytond.modules.account_invoice.tests.tools import set_fiscalyear_invoice_sequences  # noqa: E402
from trytond.modules.company.tests.tools import create_company, get_company  # noqa: E402
from trytond.modules.currency.tests.tools import get_currency  # noqa: E402

create_company(currency=get_currency("EUR"))
company = get_company()
config.get_config()._context = {**config.get_config().context, "company": company.id}
set_fiscalyear_invoice_sequences(create_fiscalyear(company)).click("create_period")
create_chart(company)
accounts = get_accounts(company)

# For lines of a sale that are no product.
defaults = Model.get("account.configuration")(1)
defaults.default_category_account_revenue = accounts["revenue"]
defaults.save()

method = Model.get("account.invoice.payment.method")(name="Cash")
(method.journal,) = Model.get("account.journal").find([("type", "=", "cash")])
method.credit_account = method.debit_account = accounts["cash"]
method.save()

category = Model.get("product.category")(name="Goods", accounting=True)
category.account_expense, category.account_revenue = accounts["expense"], accounts["revenue"]
category.save()
template = Model.get("product.template")(name="Ball valve DN50", type="goods", salable=True)
(template.default_uom,) = Model.get("product.uom").find([("name", "=", "Unit")])
template.list_price = Decimal("12.50")
template.account_category = category
template.save()
(product,) = template.products
product.suffix_code = "V-1"
product.save()

location = Model.get("stock.location")
move = Model.get("stock.move")(product=product, quantity=40, unit_price=Decimal("8"))
(move.from_location,) = location.find([("type", "=", "lost_found")])
(move.to_location,) = location.find([("code", "=", "STO")])
move.currency = company.currency
move.effective_date = datetime.datetime.now().astimezone().date()
move.save()
move.click("do")
