"""Who would buy again by now: found in SQL by product and customer, judged by the one rule."""

from __future__ import annotations

import datetime
import random
from collections import defaultdict
from pathlib import Path

from sqlalchemy import insert

from crm_core.entities import SCHEMAS
from crm_core.ids import new_id
from crm_core.rules import repurchase
from crm_desktop.services import purchases
from tests.support.desktop import empty_app

TODAY = datetime.date(2026, 11, 29)


def test_whoever_is_due_by_all_his_purchases_is_found_and_nobody_else(tmp_path: Path) -> None:
    chance = random.Random(7)
    app = empty_app(tmp_path)
    customers = {name: new_id() for name in ("mine", "his", "gone")}
    owners = {"mine": app.replica.person.user_id, "his": new_id(), "gone": new_id()}
    rows: dict[str, list[dict[str, object]]] = defaultdict(list)
    bought: dict[tuple[str, str], set[datetime.date]] = defaultdict(set)
    for name, customer in customers.items():
        rows["customer"].append({"id": customer, "life": 1, "name": name, "owner_id": owners[name]})
    products = [new_id() for _ in range(40)]
    rows["product"] = [{"id": each, "life": 1, "name": each[:6]} for each in products]
    for product in products:
        for customer in customers.values():
            usual, day = chance.choice((0, 1, 7, 30, 90)), TODAY - datetime.timedelta(chance.randint(0, 400))
            for _ in range(chance.randint(1, 7)):
                counts = chance.random() < 0.9
                order = {"id": new_id(), "life": 1, "customer_id": customer, "ordered_on": day.isoformat()}
                rows["order"].append({**order, "status": "confirmed" if counts else "draft"})
                line = {"id": new_id(), "life": 1, "order_id": order["id"], "product_id": product}
                rows["order_line"] += [line, {**line, "id": new_id()}]
                if counts:
                    bought[customer, product].add(day)
                day -= datetime.timedelta(usual + chance.choice((0, 0, 1, 5, 60)))
    with app.replica.write() as session:
        for entity in ("customer", "product", "order", "order_line"):
            session.connection().execute(insert(SCHEMAS[entity].table), rows[entity])
    names = {customer: name for name, customer in customers.items()}
    for today, within in ((TODAY, 0), (TODAY, 30), (TODAY - datetime.timedelta(200), 0)):
        wanted = sorted(
            (found.expected_on, customer, found.product_id)
            for (customer, product), days in bought.items()
            if (found := repurchase.expected(product, days)) and repurchase.is_due(found, today, within)
        )
        due = purchases.due(app.replica, today, within)
        assert [
            (each.expected.expected_on, each.customer_id, each.expected.product_id) for each in due
        ] == wanted
        assert len(wanted) > 5
        assert purchases.due(app.replica, today, within, limit=3) == due[:3]
        own = purchases.due(app.replica, today, within, owner_id=app.replica.person.user_id)
        assert own == tuple(each for each in due if names[each.customer_id] == "mine")
    app.close()
