"""What HQ does by itself now and then: the pool, neglected deals, forgetting what nobody needs any more."""

from __future__ import annotations

from contextlib import AbstractContextManager
from typing import Final

import structlog

from sync_server.jobs.every import every
from sync_server.services import (
    approving,
    article_days,
    contract_ends,
    feedback,
    forgetting,
    neglect,
    once,
    payment_reminders,
    price_books,
    quote_ends,
    recycling,
    share_ends,
    webhooks,
)
from sync_server.services.auth import now_ms
from sync_server.services.headquarters import Headquarters

EVERY_S: Final = 60 * 60

log = structlog.get_logger("satchel.jobs")


def keep_house(hq: Headquarters) -> AbstractContextManager[None]:
    """Do the chores every hour for as long as the block runs."""
    return every(EVERY_S, "housekeeping", hq, *CHORES)


def keep_pool(hq: Headquarters) -> None:
    """Warn of customers that are to return to the pool, and return those whose days are over."""
    done = recycling.recycle(hq.database, now_ms())
    if done != recycling.Recycled():
        log.info("pool", warned=done.warned, returned=done.returned, put_in=done.put_in)


def tell_of_neglect(hq: Headquarters) -> None:
    """Tell managers of neglected deals."""
    if told := neglect.tell_managers(hq.database, now_ms()):
        log.info("neglect", deals=told)


def end_shares(hq: Headquarters) -> None:
    """Take those out of whom a record was shared with until yesterday."""
    if ended := share_ends.end_shares(hq.database, now_ms()):
        log.info("shares ended", records=ended)


def expire_quotes(hq: Headquarters) -> None:
    """Mark the quotes whose last day is over."""
    if expired := quote_ends.expire_quotes(hq.database, now_ms()):
        log.info("quotes expired", quotes=expired)


def remind_of_payments(hq: Headquarters) -> None:
    """Remind owners of instalments that are due soon, or were."""
    days = hq.settings.remind_before_due_days, hq.settings.remind_after_due_days
    if told := payment_reminders.remind(hq.database, now_ms(), *days):
        log.info("payments due", reminders=told)


def follow_contracts(hq: Headquarters) -> None:
    """Let contracts begin, end and renew themselves, and remind their owners in time."""
    if concerned := contract_ends.follow_calendar(hq.database, now_ms()):
        log.info("contracts", concerned=concerned)


def tell_of_articles(hq: Headquarters) -> None:
    """Tell who wrote and who reviews articles of a day that has come."""
    if told := article_days.tell(hq.database, now_ms()):
        log.info("articles due", tasks=told)


def gather_price_books(hq: Headquarters) -> None:
    """Have prices name their book both ways, those of older programs too."""
    if any((done := price_books.gather(hq)).values()):
        log.info("price books", **done)


def mark_customers(hq: Headquarters) -> None:
    """Mark customers who complain often or recommend the company."""
    done = feedback.mark_customers(hq.database, now_ms())
    if done != feedback.Marked():
        log.info("feedback", marks=done.marks, tasks=done.tasks)


def look_at_approvals(hq: Headquarters) -> None:
    """Ask who decides for somebody whose absence began or ended."""
    approving.look_again(hq.database, now_ms())


def tidy_up(hq: Headquarters) -> None:
    """Forget old attempts to sign in and old answers, and drop contents of files nothing names."""
    log.info(
        "housekeeping",
        attempts_forgotten=hq.auth.forget_old_attempts(),
        answers_forgotten=once.forget_answers(hq.database, hq.settings.answers_days, now_ms()),
        webhook_messages_forgotten=webhooks.forget_messages(hq.database, now_ms()),
        files_dropped=hq.blobs.collect(),
    )


def forget(hq: Headquarters) -> None:
    """Forget what no laptop in use needs any more, once a day."""
    if forgetting.is_due(hq.database, now_ms()):
        log.info("forgotten", **forgetting.forget(hq.database, hq.settings.keep_days, now_ms()))


CHORES: Final = (
    keep_pool,
    tell_of_neglect,
    end_shares,
    expire_quotes,
    remind_of_payments,
    follow_contracts,
    tell_of_articles,
    gather_price_books,
    look_at_approvals,
    mark_customers,
    tidy_up,
    forget,
)
