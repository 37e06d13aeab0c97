# ruff: noqa: E501 - SQL is read best in its own lines
"""What standard reports count, as SQL somebody would write for each alone: floors of `benchmarks.reports`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

COPIED: Final[Mapping[str, tuple[str, ...]]] = {
    "stage": ("kind",),
    "customer": ("owner_id", "province", "created_at"),
    "deal": (
        *("customer_id", "owner_id", "stage_id", "probability", "amount", "currency", "close_date"),
        *("engaged_on", "product_id", "source", "loss_reason", "competitor_id", "stage_since", "campaign_id"),
    ),
    "lead": ("source", "status", "created_at", "campaign_id"),
    "order": ("customer_id", "status", "ordered_on", "total", "currency"),
    "order_line": ("order_id", "product_id", "unit_price", "quantity", "discount_percent", "currency"),
    "product": ("cost",),
    "instalment": ("customer_id", "state", "amount", "paid", "currency", "due_on"),
    "ticket": ("category", "created_at", "closed_at"),
    "activity": ("owner_id", "kind", "happened_at"),
    "campaign": ("source", "starts_on", "cost", "currency", "mails_sent", "mails_opened"),
}
"""Columns of each kind of record that are counted, besides `id` and `life`."""

_WON = "d.life % 2 = 1 AND d.stage_id IN (SELECT id FROM stage WHERE kind = 'won')"
_LOST = "d.life % 2 = 1 AND d.stage_id IN (SELECT id FROM stage WHERE kind = 'lost')"
_YEAR = "d.close_date >= strftime('%Y-01-01', 'now')"
_MONTHS = "d.close_date >= date('now', 'start of month', '-11 months')"
_MS = "strftime('%s', 'now', {}) * 1000"
_THIS_YEAR = _MS.format("'start of year'")
_ORDERED = "o.life % 2 = 1 AND o.status IN ('confirmed', 'closed')"
_NET = "l.unit_price * l.quantity * (1 - l.discount_percent / 100.0)"
_BOUGHT = f"""bought AS MATERIALIZED (
 SELECT customer_id, ordered_on AS day, total AS minor FROM "order" o WHERE {_ORDERED} AND ordered_on IS NOT NULL
 UNION ALL SELECT d.customer_id, d.close_date, d.amount FROM deal d WHERE {_WON}
 AND d.customer_id NOT IN (SELECT customer_id FROM "order" o WHERE {_ORDERED})),
base AS MATERIALIZED (SELECT customer_id, count(DISTINCT day) AS times, min(day) AS first, max(day) AS last, sum(minor) AS minor,
 sum(minor) FILTER (WHERE day > date('now', '-12 months')) AS now,
 sum(minor) FILTER (WHERE day > date('now', '-24 months') AND day <= date('now', '-12 months')) AS before
 FROM bought GROUP BY 1)"""
_GAPS = """usual AS MATERIALIZED (SELECT customer_id, gap AS days FROM (
 SELECT customer_id, gap, row_number() OVER (PARTITION BY customer_id ORDER BY gap) AS place,
 count(*) OVER (PARTITION BY customer_id) AS gaps FROM (
 SELECT customer_id, julianday(day) - lag(julianday(day)) OVER (PARTITION BY customer_id ORDER BY day) AS gap
 FROM (SELECT DISTINCT customer_id, day FROM bought)) WHERE gap IS NOT NULL)
 WHERE place = (gaps + 1) / 2 AND gaps > 1)"""
_SCORES = """scored AS (SELECT customer_id, minor, ntile(5) OVER (ORDER BY last) AS r,
 ntile(5) OVER (ORDER BY times) AS f, ntile(5) OVER (ORDER BY minor) AS m FROM base)"""
_RUNS = """months AS (SELECT DISTINCT customer_id, substr(day, 1, 4) * 12 + substr(day, 6, 2) AS month FROM bought),
runs AS (SELECT customer_id, count(*) AS n FROM (SELECT customer_id, month - row_number() OVER
 (PARTITION BY customer_id ORDER BY month) AS run FROM months) GROUP BY customer_id, run)"""
_MAILED = "mails_sent >= 1 AND life % 2 = 1"
_CAMPAIGNS = f"""won AS (SELECT campaign_id, sum(first) AS customers, sum(amount) AS amount FROM (
 SELECT d.campaign_id, d.amount, row_number() OVER (PARTITION BY d.customer_id ORDER BY d.close_date, d.id) = 1 AS first
 FROM deal d WHERE {_WON}) WHERE campaign_id IS NOT NULL GROUP BY 1)"""

PLAINLY: Final[Mapping[str, str]] = {
    "funnel": "SELECT stage_id, currency, count(*), sum(amount), sum(amount * probability / 100), avg(stage_since)"
    " FROM deal d WHERE life % 2 = 1 AND stage_id NOT IN (SELECT id FROM stage WHERE kind = 'lost') GROUP BY 1, 2",
    "won_by_month": "SELECT substr(close_date, 1, 7), currency, count(*), sum(amount) FROM deal d"
    f" WHERE {_WON} AND {_MONTHS} GROUP BY 1, 2",
    "ranking": "SELECT owner_id, currency, count(*), sum(amount) FROM deal d"
    f" WHERE {_WON} AND {_YEAR} GROUP BY 1, 2",
    "win_rate": "SELECT d.owner_id, avg(s.kind = 'won'), count(*) FROM deal d JOIN stage s ON s.id = d.stage_id"
    f" WHERE d.life % 2 = 1 AND s.kind IN ('won', 'lost') AND {_YEAR} GROUP BY 1",
    "cycle": "SELECT substr(close_date, 1, 7), avg(julianday(close_date) - julianday(engaged_on)), count(*)"
    f" FROM deal d WHERE {_WON} AND {_MONTHS} GROUP BY 1",
    "lead_sources": "SELECT source, count(*), avg(status = 'converted') FROM lead"
    f" WHERE life % 2 = 1 AND created_at >= {_THIS_YEAR} GROUP BY 1",
    "sales_by_product": f"SELECT l.product_id, l.currency, sum({_NET}), sum(l.quantity), count(DISTINCT l.order_id)"
    f' FROM order_line l JOIN "order" o ON o.id = l.order_id WHERE l.life % 2 = 1 AND {_ORDERED}'
    " AND o.ordered_on >= strftime('%Y-01-01', 'now') GROUP BY 1, 2",
    "won_by_product": "SELECT product_id, currency, count(*), sum(amount) FROM deal d"
    f" WHERE {_WON} AND {_YEAR} GROUP BY 1, 2",
    "won_by_region": "SELECT c.province, d.currency, count(*), sum(d.amount) FROM deal d"
    f" LEFT JOIN customer c ON c.id = d.customer_id AND c.life % 2 = 1 WHERE {_WON} AND {_YEAR} GROUP BY 1, 2",
    "won_by_channel": "SELECT source, currency, count(*), sum(amount) FROM deal d"
    f" WHERE {_WON} AND {_YEAR} GROUP BY 1, 2",
    "ageing": "SELECT customer_id, currency, sum(amount - paid), sum((amount - paid) * (due_on >= date('now'))),"
    " sum((amount - paid) * (due_on < date('now') AND due_on >= date('now', '-30 days'))),"
    " sum((amount - paid) * (due_on < date('now', '-30 days'))) FROM instalment"
    " WHERE life % 2 = 1 AND state IN ('open', 'part') GROUP BY 1, 2",
    "customer_growth": "SELECT strftime('%Y-%m', created_at / 1000, 'unixepoch'), count(*) FROM customer"
    " WHERE life % 2 = 1 GROUP BY 1",
    "losses": "SELECT loss_reason, currency, count(*), sum(amount) FROM deal d"
    f" WHERE {_LOST} AND {_YEAR} GROUP BY 1, 2",
    "lost_to": "SELECT d.competitor_id, count(*), avg(s.kind = 'won') FROM deal d JOIN stage s ON s.id = d.stage_id"
    f" WHERE d.life % 2 = 1 AND s.kind IN ('won', 'lost') AND d.competitor_id IS NOT NULL AND {_YEAR} GROUP BY 1",
    "handling": "SELECT strftime('%Y-%m', closed_at / 1000, 'unixepoch'), avg(closed_at - created_at), count(*)"
    f" FROM ticket WHERE life % 2 = 1 AND closed_at >= {_MS.format(chr(39) + '-11 months' + chr(39))} GROUP BY 1",
    "issues": f"SELECT category, count(*) FROM ticket WHERE life % 2 = 1 AND created_at >= {_THIS_YEAR} GROUP BY 1",
    "ticket_hours": "SELECT strftime('%w', created_at / 1000, 'unixepoch'),"
    " strftime('%H', created_at / 1000, 'unixepoch'), count(*) FROM ticket WHERE life % 2 = 1 GROUP BY 1, 2",
    "activities": "SELECT owner_id, kind, count(*) FROM activity WHERE"
    " life % 2 = 1 AND kind IN ('call', 'mail', 'visit', 'meeting')"
    f" AND happened_at >= {_MS.format(chr(39) + 'start of month' + chr(39))} GROUP BY 1, 2",
    "rfm": f"WITH {_BOUGHT}, {_SCORES} SELECT r, f, count(*) FROM scored GROUP BY 1, 2",
    "value_classes": f"WITH {_BOUGHT}, {_SCORES}, {_GAPS} SELECT r, (f + m + 1) / 2, count(*), sum(s.minor),"
    " sum(s.minor / u.days) FROM scored s LEFT JOIN usual u USING (customer_id) GROUP BY 1, 2",
    "best_customers": f'SELECT customer_id, currency, sum(total), count(*) FROM "order" o WHERE {_ORDERED}'
    " AND ordered_on >= strftime('%Y-01-01', 'now') GROUP BY 1, 2 ORDER BY 3 DESC LIMIT 20",
    "lasting_customers": f"WITH {_BOUGHT}, {_RUNS} SELECT customer_id, max(n), sum(n), b.times, b.minor"
    " FROM runs JOIN base b USING (customer_id) GROUP BY 1 ORDER BY 2 DESC LIMIT 20",
    "lifetime_value": f"WITH {_BOUGHT}, {_GAPS} SELECT b.customer_id, b.minor, b.minor * 365 / b.times / u.days"
    " FROM base b LEFT JOIN usual u USING (customer_id) ORDER BY 2 DESC LIMIT 20",
    "customer_margin": f"SELECT o.customer_id, sum(p.cost * l.quantity), sum({_NET}) FROM order_line l"
    ' JOIN "order" o ON o.id = l.order_id JOIN product p ON p.id = l.product_id'
    f" WHERE l.life % 2 = 1 AND p.cost > 0 AND {_ORDERED} AND o.ordered_on >= strftime('%Y-01-01', 'now')"
    " GROUP BY 1 ORDER BY 3 DESC LIMIT 20",
    "product_growth": f"SELECT l.product_id, sum({_NET}) FILTER (WHERE o.ordered_on < date('now', '-364 days')),"
    f" sum({_NET}) FILTER (WHERE o.ordered_on >= date('now', '-364 days')), sum(l.quantity),"
    f' count(DISTINCT o.customer_id) FROM order_line l JOIN "order" o ON o.id = l.order_id'
    f" WHERE l.life % 2 = 1 AND {_ORDERED} AND o.ordered_on >= date('now', '-729 days') GROUP BY 1",
    "growth_and_loss": f"WITH {_BOUGHT} SELECT CASE WHEN coalesce(now, 0) = 0 THEN 'gone' WHEN before IS NULL THEN 'new'"
    " WHEN now > before THEN 'grown' ELSE 'shrunk' END, sum(now), sum(before), count(*) FROM base GROUP BY 1",
    "lost_customers": f"WITH {_BOUGHT}, {_GAPS} SELECT customer_id, b.minor * 365 / b.times / u.days FROM base b"
    " JOIN usual u USING (customer_id) WHERE julianday('now') - julianday(b.last) > 3 * u.days ORDER BY 2 DESC LIMIT 20",
    "won_by_year": "SELECT substr(close_date, 1, 7), currency, sum(amount) FROM deal d"
    f" WHERE {_WON} AND close_date >= date('now', 'start of month', '-23 months') GROUP BY 1, 2",
    "campaign_roi": f"WITH {_CAMPAIGNS} SELECT c.id, c.cost, w.amount, w.customers,"
    " (SELECT count(*) FROM lead l WHERE l.campaign_id = c.id AND l.life % 2 = 1)"
    " FROM campaign c LEFT JOIN won w ON w.campaign_id = c.id WHERE c.life % 2 = 1",
    "acquisition_by_source": f"WITH {_CAMPAIGNS} SELECT c.source, sum(c.cost), sum(w.customers), count(*)"
    " FROM campaign c LEFT JOIN won w ON w.campaign_id = c.id WHERE c.life % 2 = 1 GROUP BY 1",
    "open_rate": f"SELECT id, sum(mails_sent), sum(mails_opened) FROM campaign c WHERE {_MAILED} GROUP BY 1",
    "open_rate_by_month": "SELECT substr(starts_on, 1, 7), sum(mails_sent), sum(mails_opened) FROM campaign c"
    f" WHERE {_MAILED} GROUP BY 1",
    "acquisition_by_month": f"WITH {_CAMPAIGNS} SELECT substr(c.starts_on, 1, 7), sum(c.cost), sum(w.customers)"
    " FROM campaign c LEFT JOIN won w ON w.campaign_id = c.id WHERE c.life % 2 = 1 GROUP BY 1",
}
"""By key of the standard report; what needs no floor, or has none, is left out."""
